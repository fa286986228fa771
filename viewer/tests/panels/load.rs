//! The page that takes the load apart.

use crate::generated::wall;
use crate::{cursor, document, harness, settle};
use afterimage_analysis::load::By as GroupBy;
use afterimage_viewer::app::Viewer;
use afterimage_viewer::command::Command;
use afterimage_viewer::state::tabs::Tab;
use egui::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{By, NodeT as _, Queryable as _};

fn rows(harness: &Harness<'static, Viewer>) -> Vec<String> {
    let rows = harness.query_all(By::new().role(Role::Row));
    rows.filter_map(|row| row.accesskit_node().label())
        .collect()
}

fn plot(harness: &Harness<'static, Viewer>) -> String {
    let plot = By::new().role(Role::Image).label_contains("Load over time");
    let label = harness.get(plot).accesskit_node().label();
    label.expect("it has one")
}

/// The page as it is at first.
fn first(at: &'static str) -> Harness<'static, Viewer> {
    let mut harness = harness(at);
    harness.get_by_role_and_label(Role::Tab, "Load").click();
    settle(&mut harness);
    harness
}

/// The page with a row for each process.
fn page(at: &'static str) -> Harness<'static, Viewer> {
    let mut harness = first(at);
    harness
        .get_by_role_and_label(Role::Button, "Process")
        .click();
    settle(&mut harness);
    harness
}

#[test]
fn it_is_grouped_by_command_at_first_as_short_lives_would_all_be_others() {
    let harness = first("13:57:03");
    assert!(plot(&harness).starts_with("Load over time by command: postgres, "));
}

#[test]
fn the_tasks_at_the_cursor_are_grouped_and_what_was_not_seen_is_a_row() {
    let mut harness = page("14:31:07");
    // Of forty that want to run one was not seen: 39, of which a third are workers.
    let shown = rows(&harness);
    assert!(
        shown[0].starts_with("postgres 811: 26 tasks, 6"),
        "{shown:?}"
    );
    assert!(
        shown[1].starts_with("php-fpm8.2 2013: 13 tasks, 3"),
        "{shown:?}"
    );
    assert!(
        shown.contains(&"Running, not seen: 1 task".to_owned()),
        "{shown:?}"
    );
    let words = "39 tasks: 39 running or runnable (postgres 26, php-fpm8.2 13), 0 in D";
    harness.get_by_label(words);
    harness.get_by_label("The kernel counted one more running task than were seen.");
    harness.state_mut().perform(Command::SetCursor(wall(3_423)));
    settle(&mut harness);
    let shown = rows(&harness);
    let waits = shown.iter().find(|row| row.starts_with("rsync 1180: "));
    assert!(
        waits.is_some_and(|row| row.contains(" 0 R, ") && row.contains("disk")),
        "{shown:?}"
    );
}

#[test]
fn the_grouping_is_chosen_in_the_page_and_holds_for_the_plot() {
    let mut harness = page("13:57:03");
    assert!(
        plot(&harness).starts_with("Load over time by process: "),
        "{}",
        plot(&harness)
    );
    assert!(
        plot(&harness).contains("postgres 811"),
        "{}",
        plot(&harness)
    );
    harness.get_by_role_and_label(Role::Button, "Wait").click();
    settle(&mut harness);
    assert_eq!(document(&harness).load.by, GroupBy::Wchan);
    assert!(
        plot(&harness).starts_with("Load over time by wchan: "),
        "{}",
        plot(&harness)
    );
    let shown = rows(&harness);
    assert!(
        shown
            .iter()
            .any(|row| row.starts_with("folio_wait_bit_common: ")),
        "{shown:?}"
    );
    assert!(
        shown
            .iter()
            .any(|row| row.starts_with("running or runnable: ")),
        "{shown:?}"
    );
    harness.get_by_role_and_label(Role::Button, "User").click();
    settle(&mut harness);
    let shown = rows(&harness);
    assert!(
        shown.iter().any(|row| row.starts_with("www-data: ")),
        "{shown:?}"
    );
}

#[test]
fn a_click_in_the_plot_moves_the_cursor_and_one_on_a_process_shows_its_page() {
    let mut harness = page("13:57:03");
    let place = harness.get(By::new().role(Role::Image).label_contains("Load over time"));
    let place = place.rect().left_center() + egui::vec2(3.0, 0.0);
    harness.hover_at(place);
    harness.drag_at(place);
    harness.drop_at(place);
    settle(&mut harness);
    assert!(
        cursor(&harness).starts_with("13:00:"),
        "{}",
        cursor(&harness)
    );
    let row = harness.get(By::new().role(Role::Row).label_contains("postgres 811: "));
    row.click();
    settle(&mut harness);
    assert_eq!(document(&harness).tab, Tab::Processes);
}

#[test]
fn what_a_number_means_is_told_on_hover() {
    let mut harness = page("13:57:03");
    let rect = harness.get_by_label("Running, not seen: 1 task").rect();
    harness.hover_at(rect.center());
    harness.run_steps(8);
    let words = "Tasks that the kernel counted as running at the same moment, without a name";
    assert!(harness.query_all_by_label_contains(words).next().is_some());
}
