//! What the keyboard does alone: groups and branches, one thing a key, and everything that a
//! mouse drags.

use crate::{commands, cursor, document, harness, settle};
use afterimage_viewer::app::Viewer;
use afterimage_viewer::command::{Command, TrackCommand};
use afterimage_viewer::data::Lane;
use afterimage_viewer::state::table::{Arrangement, Column};
use afterimage_viewer::state::tabs::Tab;
use afterimage_viewer::state::tracks::TrackId;
use egui::accesskit::Toggled;
use egui::{Key, Modifiers, Role};
use egui_kittest::Harness;
use egui_kittest::kittest::{AccessKitNode, By, NodeT as _, Queryable as _};

type Window = Harness<'static, Viewer>;

fn press(harness: &mut Window, key: Key) {
    harness.key_press(key);
    settle(harness);
}

fn grouped() -> Window {
    use afterimage_analysis::processes::group::GroupBy;
    let mut harness = harness("14:00:00");
    let by_user = Command::Arrange(Arrangement::By(GroupBy::User));
    harness.state_mut().perform(by_user);
    settle(&mut harness);
    harness
}

/// Whether the row of a group is marked as the chosen one.
fn is_chosen(harness: &Window, name: &str) -> bool {
    let is_its = |node: &AccessKitNode<'_>| {
        let label = node.label().unwrap_or_default();
        label.starts_with(name) && label.ends_with(" processes")
    };
    let rows = harness.query_all(By::new().role(Role::Row).predicate(is_its));
    let last = rows.last().expect("it is in sight");
    last.accesskit_node().toggled() == Some(Toggled::True)
}

/// What the keyboard is on, by its name.
fn on(harness: &Window) -> Option<String> {
    let is_it = |node: &AccessKitNode<'_>| node.is_focused() && node.label().is_some();
    let mut all = harness.query_all(By::new().predicate(is_it));
    all.find_map(|node| node.accesskit_node().label())
}

#[test]
fn the_arrows_go_to_groups_and_enter_opens_and_closes_them() {
    let mut harness = grouped();
    let closed = commands(&harness);
    press(&mut harness, Key::ArrowDown);
    assert!(is_chosen(&harness, &format!("{}, ", closed[0])));
    press(&mut harness, Key::ArrowDown);
    let second = closed[1].clone();
    assert!(is_chosen(&harness, &format!("{second}, ")));
    assert!(!is_chosen(&harness, &format!("{}, ", closed[0])));
    press(&mut harness, Key::Enter);
    let open = commands(&harness);
    assert!(open.len() > closed.len(), "{open:?}");
    assert_eq!(open[..2], closed[..2]);

    press(&mut harness, Key::ArrowDown);
    assert!(document(&harness).page.is_some(), "its first process");
    press(&mut harness, Key::ArrowUp);
    assert!(document(&harness).page.is_none());
    assert!(is_chosen(&harness, &format!("{second}, ")));
    press(&mut harness, Key::Enter);
    assert_eq!(commands(&harness), closed);
}

#[test]
fn enter_closes_and_opens_a_branch_of_the_tree() {
    let mut harness = harness("14:00:00");
    press(&mut harness, Key::T);
    let all = commands(&harness);
    press(&mut harness, Key::ArrowDown);
    let first = document(&harness).page.as_ref().map(|page| page.key.pid.0);
    assert_eq!(first, Some(1), "the first line of the tree has children");
    press(&mut harness, Key::Enter);
    let fewer = commands(&harness);
    assert!(fewer.len() < all.len());
    press(&mut harness, Key::Enter);
    assert_eq!(commands(&harness), all);
}

#[test]
fn an_arrow_moves_the_cursor_or_the_keyboard_and_never_both() {
    let mut harness = harness("14:00:00");
    press(&mut harness, Key::Tab);
    press(&mut harness, Key::Tab);
    press(&mut harness, Key::Tab);
    let before = on(&harness);
    assert!(before.is_some());
    press(&mut harness, Key::ArrowRight);
    assert_eq!(cursor(&harness), "14:00:01");
    assert_eq!(on(&harness), before);
}

#[test]
fn in_a_menu_the_arrows_are_the_menus() {
    let mut harness = harness("14:00:00");
    harness.get_by_label("Columns").click();
    harness.run();
    harness
        .get_by_role_and_label(Role::CheckBox, "Swap")
        .focus();
    harness.run();
    let before = on(&harness);
    press(&mut harness, Key::ArrowDown);
    assert!(document(&harness).page.is_none(), "no process was chosen");
    assert_ne!(on(&harness), before);
}

#[test]
fn enter_presses_the_button_that_the_keyboard_is_on_and_nothing_else() {
    let mut harness = grouped();
    press(&mut harness, Key::ArrowDown);
    let before = commands(&harness);
    harness.get_by_label("Pin").focus();
    harness.run();
    press(&mut harness, Key::Enter);
    assert!(document(&harness).pinned.is_some());
    assert_eq!(
        commands(&harness).len(),
        before.len(),
        "no group was opened"
    );
}

#[test]
fn one_key_goes_through_the_parts_of_the_window() {
    let mut harness = harness("14:00:00");
    let parts = [
        "Curves and lanes",
        "Page under the curves",
        "Status and keys",
        "Captures and commands",
        "Curves and lanes",
    ];
    for part in parts {
        press(&mut harness, Key::F6);
        assert_eq!(on(&harness).as_deref(), Some(part));
    }
    harness.key_press_modifiers(Modifiers::SHIFT, Key::F6);
    settle(&mut harness);
    assert_eq!(on(&harness).as_deref(), Some("Captures and commands"));
    for _ in 0..2 {
        press(&mut harness, Key::F6);
    }
    press(&mut harness, Key::Tab);
    assert_eq!(on(&harness).as_deref(), Some("Processes"), "the first page");

    press(&mut harness, Key::ArrowDown);
    press(&mut harness, Key::F6);
    assert_eq!(on(&harness).as_deref(), Some("Page of the process"));
}

/// How often the ring of what the keyboard is on is drawn.
fn rings(harness: &Window) -> usize {
    fn count(shape: &egui::Shape) -> usize {
        match shape {
            egui::Shape::Vec(all) => all.iter().map(count).sum(),
            egui::Shape::Rect(rect) => {
                let is_ring = (rect.stroke.width - 1.5).abs() < 0.01
                    && rect.fill == egui::Color32::TRANSPARENT;
                usize::from(is_ring)
            }
            _ => 0,
        }
    }
    let shapes = harness.output().shapes.iter();
    shapes.map(|clipped| count(&clipped.shape)).sum()
}

#[test]
fn what_the_keyboard_is_on_has_a_ring() {
    let mut harness = harness("14:00:00");
    harness.key_press(Key::P);
    harness.key_press_modifiers(Modifiers::SHIFT, Key::ArrowLeft);
    settle(&mut harness);
    assert_eq!(rings(&harness), 0);
    for name in [
        "Lane: Marks",
        "Shown: ",
        "Overview of the whole capture",
        "Folded gap of ",
        "Pinned moment ",
        "Load against wait over time",
        "Height of Load against wait",
        "/usr/bin/java",
    ] {
        if name.starts_with("Folded") {
            press(&mut harness, Key::F);
        }
        let nodes = harness.query_all(By::new().label_contains(name));
        nodes.last().unwrap_or_else(|| panic!("no {name}")).focus();
        harness.run();
        assert_eq!(rings(&harness), 1, "{name}");
    }
    press(&mut harness, Key::Num9);
    let lines = harness.query_all(By::new().role(Role::Row));
    lines.last().expect("the log has lines").focus();
    harness.run();
    assert_eq!(rings(&harness), 1, "a line of the kernel log");
}

#[test]
fn arrows_move_the_edge_that_the_keyboard_is_on() {
    let mut harness = harness("14:00:00");
    let height = |harness: &Window| {
        let track = document(harness).timeline.tracks.0[0];
        track.height_in_points()
    };
    harness.get_by_label("Height of Load against wait").focus();
    harness.run();
    press(&mut harness, Key::ArrowUp);
    let before = height(&harness);
    press(&mut harness, Key::ArrowUp);
    assert!((before - height(&harness) - 8.0).abs() < 0.1);
    press(&mut harness, Key::ArrowDown);
    assert!((height(&harness) - before).abs() < 0.1);
    assert!(document(&harness).page.is_none(), "no process was chosen");
    press(&mut harness, Key::ArrowRight);
    assert_eq!(cursor(&harness), "14:00:01", "that arrow is free");

    let width = |harness: &Window| {
        let heading = harness.get_by_role_and_label(Role::ColumnHeader, "User");
        heading.rect().width()
    };
    let before = width(&harness);
    harness
        .get_by_role_and_label(Role::Splitter, "Width of User")
        .focus();
    harness.run();
    press(&mut harness, Key::ArrowRight);
    assert!((width(&harness) - before - 8.0).abs() < 0.6);
    press(&mut harness, Key::ArrowLeft);
    press(&mut harness, Key::ArrowLeft);
    assert!((width(&harness) - before + 8.0).abs() < 0.6);
    assert_eq!(cursor(&harness), "14:00:01");
}

#[test]
fn arrows_move_what_divides_the_window() {
    let mut harness = harness("14:00:00");
    let share = |harness: &Window| harness.state().state().desk.shares;
    let before = share(&harness).timeline.expect("it was drawn");
    harness.get_by_label("Height of the curves").focus();
    harness.run();
    press(&mut harness, Key::ArrowDown);
    press(&mut harness, Key::ArrowDown);
    let after = share(&harness).timeline.expect("it was drawn");
    assert!(before < after && after < before + 0.1, "{before} {after}");

    press(&mut harness, Key::Escape);
    harness.key_press(Key::Slash);
    settle(&mut harness);
    press(&mut harness, Key::Escape);
    press(&mut harness, Key::ArrowDown);
    let before = share(&harness).page.expect("it was drawn");
    harness.get_by_label("Width of the process's page").focus();
    harness.run();
    press(&mut harness, Key::ArrowLeft);
    let after = share(&harness).page.expect("it was drawn");
    assert!(before < after && after < before + 0.1, "{before} {after}");
}

#[test]
fn the_palette_moves_columns_and_tracks_and_makes_tracks_higher() {
    let mut harness = harness("14:00:00");
    let ask = |harness: &mut Window, name: &str| {
        harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
        settle(harness);
        harness.get_by_label("Find a command").type_text(name);
        settle(harness);
        press(harness, Key::Enter);
    };
    ask(&mut harness, "Move the column RSS to the left");
    let columns = &document(&harness).table.columns;
    assert_eq!(columns[4..6], [Column::Rss, Column::Wait]);
    ask(&mut harness, "Move the column User to the right");
    assert_eq!(
        document(&harness).table.columns[..3],
        [Column::Pid, Column::State, Column::User]
    );
    let height = document(&harness).timeline.tracks.0[0].height_in_points();
    ask(&mut harness, "Make the track Load against wait higher");
    let higher = document(&harness).timeline.tracks.0[0].height_in_points();
    assert!((higher / height - 1.25).abs() < 0.01);
    harness
        .state_mut()
        .perform(Command::Track(TrackCommand::Toggle(TrackId::Memory)));
    settle(&mut harness);
    ask(&mut harness, "Move the track Memory up");
    assert_eq!(document(&harness).timeline.tracks.0[0].id, TrackId::Memory);
}

#[test]
fn e_shows_what_the_event_is_about() {
    let mut harness = harness("14:00:00");
    harness.get_by_label("Lane: OOM kills").click();
    settle(&mut harness);
    press(&mut harness, Key::N);
    assert_eq!(cursor(&harness), "14:01:42");
    press(&mut harness, Key::E);
    let followed = document(&harness).page.as_ref().map(|page| page.key.pid.0);
    assert_eq!(followed, Some(2013), "the process that was killed");
    let choose = TrackCommand::ChooseLane(Lane::KernelLog);
    harness.state_mut().perform(Command::Track(choose));
    press(&mut harness, Key::E);
    assert_eq!(document(&harness).tab, Tab::Log);
}
