//! The page of one process.

use crate::{harness, settle};
use afterimage_viewer::app::Viewer;
use afterimage_viewer::command::Command;
use egui::{Key, Role};
use egui_kittest::Harness;
use egui_kittest::kittest::{By, Queryable as _};

/// The pid of the process whose page is shown.
fn page(harness: &Harness<'static, Viewer>) -> Option<i32> {
    let document = harness.state().state().document().expect("one is open");
    document.page.as_ref().map(|page| page.key.pid.0)
}

/// Clicks the row whose name begins like this.
fn press_row(harness: &mut Harness<'static, Viewer>, name: &str) {
    // A row has two parts: the column that stays, and those that scroll.
    let row = By::new().role(Role::Row).label_contains(name);
    let rows: Vec<_> = harness.query_all(row).collect();
    rows.last().expect("it is in sight").click();
    settle(harness);
}

#[test]
fn a_click_on_a_row_opens_its_page_with_curves_and_escape_closes_it() {
    let mut harness = harness("14:00:00");
    press_row(&mut harness, "/usr/bin/java");
    assert_eq!(page(&harness), Some(1_180));
    for curve in ["CPU", "Wait for CPU", "RSS", "Read and write"] {
        let name = format!("{curve} of the process over time");
        assert!(harness.query_by_label(&name).is_some(), "{name}");
    }
    assert!(harness.query_by_label("Copy command line").is_some());
    harness.key_press(Key::Escape);
    settle(&mut harness);
    assert_eq!(page(&harness), None);
}

#[test]
fn the_parent_is_a_link_to_its_own_page() {
    let mut harness = harness("14:00:00");
    press_row(&mut harness, "/usr/bin/java");
    harness
        .get_by_role_and_label(Role::Link, "1  systemd")
        .click();
    settle(&mut harness);
    assert_eq!(page(&harness), Some(1));
}

#[test]
fn the_arrows_up_and_down_go_from_process_to_process() {
    let mut harness = harness("14:00:00");
    harness.key_press(Key::ArrowDown);
    settle(&mut harness);
    let first = page(&harness);
    harness.key_press(Key::ArrowDown);
    settle(&mut harness);
    assert!(first.is_some() && page(&harness) != first);
    harness.key_press(Key::ArrowUp);
    settle(&mut harness);
    assert_eq!(page(&harness), first);
}

#[test]
fn a_line_of_the_kernel_log_moves_the_cursor() {
    let mut harness = harness("13:57:03");
    harness.key_press(Key::ArrowDown);
    settle(&mut harness);
    harness.get_by_label("Whole width").click();
    settle(&mut harness);
    assert!(
        harness
            .query_all_by_label_contains("segfault")
            .next()
            .is_some()
    );
    harness
        .get_by_role_and_label(Role::Link, "14:00:00")
        .scroll_to_me();
    settle(&mut harness);
    harness
        .get_by_role_and_label(Role::Link, "14:00:00")
        .click();
    settle(&mut harness);
    assert_eq!(crate::cursor(&harness), "14:00:00");
}

#[test]
fn a_process_that_is_gone_at_the_cursor_keeps_its_page_and_says_so() {
    let mut harness = harness("13:57:03");
    press_row(&mut harness, "tar --zstd");
    harness.key_press(Key::End);
    settle(&mut harness);
    assert_eq!(page(&harness), Some(9_114));
    let mut words = harness.query_all_by_label_contains("It was gone at the cursor");
    assert!(words.next().is_some());
}

/// Opens the page of one of the jobs of the burst, and goes to when it had ended.
fn ended(pid: i32) -> Harness<'static, Viewer> {
    let mut harness = harness("13:31:00");
    harness
        .state_mut()
        .perform(Command::Filter(pid.to_string()));
    settle(&mut harness);
    press_row(&mut harness, "convert");
    assert_eq!(page(&harness), Some(pid));
    harness.state_mut().perform(Command::Filter(String::new()));
    harness.key_press(Key::End);
    settle(&mut harness);
    harness
}

#[test]
fn the_page_of_a_process_that_was_killed_for_want_of_memory_says_so() {
    let harness = ended(8_003);
    harness.get_by_label_contains(
        "The OOM killer killed it at 13:32:05: its cgroup had no memory left.",
    );
}

#[test]
fn of_a_process_whose_end_nobody_told_of_the_page_says_when_it_was_last_seen() {
    let mut harness = ended(8_004);
    harness.get_by_label_contains("It was last seen at 13:32:04; how it ended was not recorded.");
    harness
        .get_by_label("Go to where it was last seen, 13:32:04")
        .click();
    settle(&mut harness);
    assert_eq!(crate::cursor(&harness), "13:32:04");
}

/// Whether a text with this in it is set even on both sides.
fn is_justified(harness: &Harness<'static, Viewer>, words: &str) -> Option<bool> {
    fn look(shape: &egui::Shape, words: &str) -> Option<bool> {
        match shape {
            egui::Shape::Text(text) => {
                let is_it = text.galley.text().contains(words) && text.galley.rows.len() > 1;
                is_it.then_some(text.galley.job.justify)
            }
            egui::Shape::Vec(all) => all.iter().find_map(|shape| look(shape, words)),
            _ => None,
        }
    }
    let shapes = harness.output().shapes.iter();
    shapes
        .into_iter()
        .find_map(|clipped| look(&clipped.shape, words))
}

#[test]
fn the_command_line_has_only_its_own_blanks() {
    let mut harness = crate::harness_of(egui::vec2(900.0, 700.0), "14:00:00");
    press_row(&mut harness, "/usr/bin/java");
    assert_eq!(page(&harness), Some(1_180));
    let line = is_justified(&harness, "-jar /srv/shop/shop.jar");
    assert_eq!(line, Some(false), "it stands in several rows");
}
