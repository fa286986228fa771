//! Going along the lanes of events.

use crate::{cursor, document, harness, settle};
use afterimage_viewer::data::Lane;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;

#[test]
fn the_keys_go_from_mark_to_mark() {
    let mut harness = harness("14:00:00");
    harness.get_by_label("Lane: Marks").click();
    settle(&mut harness);
    harness.key_press(Key::N);
    settle(&mut harness);
    assert_eq!(cursor(&harness), "14:06:40");
    harness.key_press_modifiers(Modifiers::SHIFT, Key::N);
    settle(&mut harness);
    assert_eq!(cursor(&harness), "13:51:40");
    harness.key_press_modifiers(Modifiers::SHIFT, Key::N);
    settle(&mut harness);
    assert_eq!(cursor(&harness), "13:29:50");
}

#[test]
fn failures_are_gone_to_one_by_one_and_told_in_words() {
    let mut harness = harness("13:20:00");
    harness.get_by_label("Lane: Failures").click();
    settle(&mut harness);
    harness.key_press(Key::N);
    settle(&mut harness);
    assert_eq!(cursor(&harness), "13:31:00");
    let lane = harness.get_by_label("Failures: 62 events").rect();
    let time = &document(&harness).time;
    let micros = time.view.micros() as f64;
    let share = (time.capture.from.0 + 1_860_000_000 - time.view.from.0) as f64 / micros;
    #[expect(clippy::cast_possible_truncation, reason = "a place on a screen")]
    let x = lane.left() + lane.width() * share as f32;
    harness.hover_at(egui::pos2(x, lane.center().y));
    harness.run_steps(12);
    let words = "8123 (job) was killed by SIGSEGV (core) after 0.2 s";
    assert!(harness.query_by_label_contains(words).is_some());
}

#[test]
fn a_click_on_an_event_goes_there_and_chooses_its_lane() {
    let mut harness = harness("14:00:00");
    let lane = harness.get_by_label("OOM kills: 1 events").rect();
    let time = &document(&harness).time;
    // The kill is at 14:01:42, 3702 s after the beginning of 7199.
    let (from, micros) = (time.view.from.0, time.view.micros() as f64);
    let share = (time.capture.from.0 + 3_702_000_000 - from) as f64 / micros;
    #[expect(clippy::cast_possible_truncation, reason = "a place on a screen")]
    let x = lane.left() + lane.width() * share as f32;
    let place = egui::pos2(x + 2.0, lane.center().y);
    harness.hover_at(place);
    harness.run();
    harness.drag_at(place);
    harness.drop_at(place);
    settle(&mut harness);
    assert_eq!(cursor(&harness), "14:01:42");
    assert_eq!(document(&harness).timeline.lane, Lane::OomKills);
    let followed = document(&harness).page.as_ref().map(|page| page.key.pid.0);
    assert_eq!(
        followed,
        Some(2013),
        "the process that was killed is followed"
    );
    harness.key_press(Key::L);
    harness.run();
    assert_eq!(document(&harness).timeline.lane, Lane::ThreadDumps);
}
