//! Moving the one cursor with the keyboard and the mouse.

use crate::{cursor, document, harness, settle};
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;

#[test]
fn arrows_step_one_snapshot_and_with_shift_ten() {
    let mut harness = harness("14:00:00");
    harness.key_press(Key::ArrowRight);
    settle(&mut harness);
    assert_eq!(cursor(&harness), "14:00:01");
    harness.key_press_modifiers(Modifiers::SHIFT, Key::ArrowLeft);
    settle(&mut harness);
    assert_eq!(cursor(&harness), "13:59:51");
}

#[test]
fn a_step_from_the_edge_of_a_gap_goes_over_it() {
    let mut harness = harness("13:41:09");
    harness.key_press(Key::ArrowRight);
    settle(&mut harness);
    assert_eq!(cursor(&harness), "13:44:20");
}

#[test]
fn home_and_end_are_the_first_and_the_last_snapshot() {
    let mut harness = harness("14:00:00");
    harness.key_press(Key::Home);
    settle(&mut harness);
    assert_eq!(cursor(&harness), "13:00:00");
    harness.key_press(Key::End);
    settle(&mut harness);
    assert_eq!(cursor(&harness), "14:59:59");
}

#[test]
fn g_takes_a_time_and_goes_there() {
    let mut harness = harness("14:00:00");
    harness.key_press(Key::G);
    harness.run();
    harness.get_by_label("Go to a time").type_text("13:30");
    harness.run();
    harness.key_press(Key::Enter);
    settle(&mut harness);
    assert_eq!(cursor(&harness), "13:30:00");
    // The keyboard is no longer in the field.
    harness.key_press(Key::ArrowRight);
    settle(&mut harness);
    assert_eq!(cursor(&harness), "13:30:01");
}

#[test]
fn a_click_on_the_curves_puts_the_cursor_there() {
    let mut harness = harness("14:30:00");
    let label = "Load against wait over time, cursor at 14:30:00";
    harness.get_by_label(label).click();
    settle(&mut harness);
    // The middle of a view that shows 13:00 to 15:00 and as much more at either end.
    assert!(cursor(&harness).starts_with("13:59:5") || cursor(&harness).starts_with("14:00:0"));
}

#[test]
fn a_curve_is_switched_off_in_the_legend() {
    let mut harness = harness("14:00:00");
    harness.get_by_label_contains("Blocked (D): ").click();
    harness.run();
    let document = harness.state().state().document().unwrap();
    assert_eq!(document.hidden.len(), 1);
}

#[test]
fn space_plays_as_fast_as_was_chosen_and_stops_again() {
    let mut harness = harness("14:00:00");
    harness.get_by_label("10×").click();
    settle(&mut harness);
    harness.key_press(Key::Space);
    harness.step();
    assert!(document(&harness).time.playing);
    // A quarter of a second a step, unless told otherwise: 20 of them are five seconds.
    for _ in 0..20 {
        harness.step();
    }
    while harness.state().state().is_waiting() {
        harness.state_mut().wait(std::time::Duration::from_secs(30));
    }
    harness.key_press(Key::Space);
    settle(&mut harness);
    assert!(!document(&harness).time.playing);
    let shown = cursor(&harness);
    assert!(
        "14:00:30" < shown.as_str() && shown.as_str() < "14:01:10",
        "{shown}"
    );
    let (cursor, shown) = (
        document(&harness).time.cursor,
        document(&harness).shown_at(),
    );
    let behind = cursor.since(shown.unwrap()).unwrap();
    assert!(behind.as_secs() < 1, "the table is that of the cursor");
}
