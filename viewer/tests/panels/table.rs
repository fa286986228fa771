//! Columns, trees, groups, expressions and copies of the process table.

use crate::{commands, harness, settle};
use afterimage_viewer::app::Viewer;
use afterimage_viewer::command::Command;
use afterimage_viewer::state::table::Column;
use egui::{Event, Key, Modifiers, OutputCommand, PointerButton, Pos2, Rect, Role, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{By, NodeT as _, Queryable as _};

fn columns(harness: &Harness<'static, Viewer>) -> Vec<Column> {
    let document = harness.state().state().document().expect("one is open");
    document.table.columns.clone()
}

/// Opens a menu and clicks a choice in it.
fn choose(harness: &mut Harness<'static, Viewer>, menu: &str, choice: &str) {
    harness.get_by_label(menu).click();
    harness.run();
    harness.get_by_label(choice).click();
    settle(harness);
}

fn type_filter(harness: &mut Harness<'static, Viewer>, text: &str) {
    harness.key_press(Key::Slash);
    harness.run();
    harness.get_by_label("Filter").type_text(text);
    settle(harness);
}

#[test]
fn the_column_menu_shows_and_hides_columns() {
    let mut harness = harness("14:00:00");
    harness.get_by_label("Columns").click();
    harness.run();
    harness
        .get_by_role_and_label(Role::CheckBox, "Swap")
        .click();
    settle(&mut harness);
    assert!(columns(&harness).contains(&Column::Swap));
    assert!(
        harness
            .query_by_role_and_label(Role::ColumnHeader, "Swap")
            .is_some()
    );
    harness
        .get_by_role_and_label(Role::CheckBox, "Swap")
        .click();
    settle(&mut harness);
    assert!(!columns(&harness).contains(&Column::Swap));
}

#[test]
fn a_heading_dragged_onto_another_moves_its_column() {
    let mut harness = harness("14:00:00");
    let from = heading(&harness, "RSS").center();
    let to = heading(&harness, "User").left_center() + vec2(8.0, 0.0);
    harness.drag_at(from);
    harness.run();
    harness.hover_at(from - vec2(30.0, 0.0));
    harness.run();
    harness.hover_at(to);
    harness.run();
    harness.drop_at(to);
    settle(&mut harness);
    assert_eq!(
        columns(&harness)[..3],
        [Column::Pid, Column::Rss, Column::User]
    );
}

fn heading(harness: &Harness<'static, Viewer>, name: &str) -> Rect {
    harness
        .get_by_role_and_label(Role::ColumnHeader, name)
        .rect()
}

/// Takes the edge of a heading and lets it go so much further to the right.
fn drag_edge(harness: &mut Harness<'static, Viewer>, name: &str, by: f32) {
    let label = format!("Width of {name}");
    let edge = harness.get_by_role_and_label(Role::Splitter, &label);
    let from = edge.rect().center();
    harness.drag_at(from);
    harness.run();
    harness.hover_at(from + vec2(by / 2.0, 0.0));
    harness.run();
    harness.hover_at(from + vec2(by, 0.0));
    harness.run();
    harness.drop_at(from + vec2(by, 0.0));
    settle(harness);
}

#[test]
fn a_dragged_edge_makes_a_column_wider_and_a_double_click_makes_it_fit() {
    let mut harness = harness("14:00:00");
    let (before, next) = (heading(&harness, "User"), heading(&harness, "State"));
    let order = columns(&harness);
    drag_edge(&mut harness, "User", 60.0);
    let wider = heading(&harness, "User");
    assert!((wider.width() - before.width() - 60.0).abs() < 1.0);
    assert!((heading(&harness, "State").left() - next.left() - 60.0).abs() < 1.0);
    drag_edge(&mut harness, "User", -400.0);
    let narrow = heading(&harness, "User").width();
    assert!((28.0..30.0).contains(&narrow), "{narrow}");
    assert_eq!(columns(&harness), order, "a heading was moved instead");

    let edge = harness.get_by_role_and_label(Role::Splitter, "Width of User");
    let edge = edge.rect().center();
    // Each event has a frame of its own, a quarter of a second after the one before.
    harness
        .ctx
        .options_mut(|options| options.input_options.max_double_click_delay = 9.0);
    harness.hover_at(edge);
    for is_down in [true, false, true, false] {
        harness.event(press(edge, is_down));
    }
    settle(&mut harness);
    // `postgres` and `www-data` need more than 28 points and less than the usual 88.
    let fitting = heading(&harness, "User").width();
    assert!((50.0..88.0).contains(&fitting), "{fitting}");
    assert_eq!(
        harness.state().state().document().unwrap().table.sort,
        Column::Cpu
    );
}

fn press(pos: Pos2, pressed: bool) -> Event {
    Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    }
}

#[test]
fn the_command_line_gets_the_rest_until_its_own_width_is_chosen() {
    let mut harness = harness("14:00:00");
    let before = heading(&harness, "Command");
    drag_edge(&mut harness, "User", 60.0);
    assert!((before.width() - heading(&harness, "Command").width() - 60.0).abs() < 1.0);
    drag_edge(&mut harness, "Command", -100.0);
    drag_edge(&mut harness, "User", -60.0);
    assert!((before.width() - heading(&harness, "Command").width() - 160.0).abs() < 1.0);
    harness.state_mut().perform(Command::ResetColumns);
    settle(&mut harness);
    assert!((before.width() - heading(&harness, "Command").width()).abs() < 1.0);
}

#[test]
fn the_tree_shows_children_under_their_parents_and_closes() {
    let mut harness = harness("14:00:00");
    harness.key_press(Key::T);
    settle(&mut harness);
    type_filter(&mut harness, "nginx");
    assert_eq!(
        commands(&harness)[..2],
        ["/sbin/init", "nginx: master process /usr/sbin/nginx"]
    );
    harness.get_by_label("Filter").focus();
    type_filter(&mut harness, "");
    let before = commands(&harness).len();
    assert!(before > 4);
}

#[test]
fn grouped_by_user_there_is_a_line_a_user_that_opens() {
    let mut harness = harness("14:00:00");
    choose(&mut harness, "List", "Grouped by user");
    let users = commands(&harness);
    assert!(
        users.len() < 8 && users.contains(&"postgres".to_owned()),
        "{users:?}"
    );
    let group = By::new().role(Role::Row).label("postgres, 47 processes");
    let rows: Vec<_> = harness.query_all(group).collect();
    rows.last().expect("it is in sight").click();
    settle(&mut harness);
    assert_eq!(commands(&harness).len(), users.len() + 47);
}

#[test]
fn an_expression_filters_and_a_wrong_one_is_explained() {
    let mut harness = harness("13:57:03");
    type_filter(&mut harness, "state:D user:postgres");
    let blocked = commands(&harness);
    assert!(
        !blocked.is_empty()
            && blocked
                .iter()
                .all(|command| command.starts_with("postgres"))
    );
    type_filter(&mut harness, " rss>");
    let told = |harness: &Harness<'static, Viewer>| {
        let words = "needs a value, as in `rss>500M`";
        harness.query_all_by_label_contains(words).count()
    };
    assert_eq!(told(&harness), 1, "under the field, while it is typed");
    assert_eq!(commands(&harness), blocked);
    harness
        .get_by_role_and_label(Role::ColumnHeader, "Command")
        .focus();
    harness.run();
    assert_eq!(told(&harness), 1, "in the bar, once the field is left");
}

#[test]
fn escape_takes_the_filter_away_and_once_more_leaves_the_field() {
    let mut harness = harness("14:00:00");
    let all = commands(&harness).len();
    type_filter(&mut harness, "nginx");
    assert!(commands(&harness).len() < all);
    harness.key_press(Key::Escape);
    settle(&mut harness);
    assert_eq!(commands(&harness).len(), all);
    assert!(harness.get_by_label("Filter").accesskit_node().is_focused());
    harness.key_press(Key::Escape);
    settle(&mut harness);
    assert!(!harness.get_by_label("Filter").accesskit_node().is_focused());
}

#[test]
fn tab_takes_what_is_offered() {
    let mut harness = harness("14:00:00");
    type_filter(&mut harness, "user:post");
    harness.run();
    assert!(harness.query_by_label("user:postgres").is_some());
    harness.key_press(Key::Tab);
    settle(&mut harness);
    let document = harness.state().state().document().unwrap();
    assert_eq!(document.table.filter, "user:postgres");
    assert_eq!(commands(&harness).len(), 47);
}

#[test]
fn the_table_is_copied_as_csv_and_as_text() {
    let mut harness = harness("14:00:00");
    let copied = |harness: &Harness<'static, Viewer>| {
        let all = &harness.output().platform_output.commands;
        all.iter().find_map(|command| match command {
            OutputCommand::CopyText(text) => Some(text.clone()),
            _ => None,
        })
    };
    for (choice, begins) in [
        ("As CSV", "pid,user,state,cpu_percent"),
        ("As text", "  PID  User"),
    ] {
        harness.get_by_label("Copy").click();
        harness.run();
        harness.get_by_label(choice).click();
        let mut text = None;
        for _ in 0..4 {
            harness.step();
            text = text.or_else(|| copied(&harness));
        }
        let text = text.expect("something was copied");
        assert!(text.trim_start().starts_with(begins.trim_start()), "{text}");
        assert!(text.lines().count() > 200);
    }
}
