//! What is shown of time: zooming, panning, the overview, the history, the zone.

use crate::{harness, settle};
use afterimage_viewer::app::Viewer;
use afterimage_viewer::time_axis::Span;
use egui::{Event, Key, Modifiers, MouseWheelSource, MouseWheelUnit, Pos2, TouchPhase, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

fn view(harness: &Harness<'static, Viewer>) -> Span {
    let document = harness.state().state().document().expect("one is open");
    document.time.view
}

/// The middle of the widget whose name begins like this.
fn middle(harness: &Harness<'static, Viewer>, label: &str) -> Pos2 {
    harness.get_by_label_contains(label).rect().center()
}

#[test]
fn the_wheel_zooms_in_around_the_pointer() {
    let mut harness = harness("14:00:00");
    let before = view(&harness);
    harness.hover_at(middle(&harness, "Load against wait over time"));
    harness.run();
    harness.event(Event::MouseWheel {
        source: MouseWheelSource::Unknown,
        unit: MouseWheelUnit::Point,
        delta: Vec2::new(0.0, 120.0),
        phase: TouchPhase::Move,
        modifiers: Modifiers::NONE,
    });
    settle(&mut harness);
    let after = view(&harness);
    assert!(after.micros() < before.micros() * 3 / 4);
    let moved = (after.from.0 + after.to.0) - (before.from.0 + before.to.0);
    assert!(
        moved.abs() < before.micros() / 100,
        "the middle moved by {moved}"
    );
}

#[test]
fn a_drag_on_the_ruler_pans_and_leaves_the_cursor_alone() {
    let mut harness = harness("14:00:00");
    harness.hover_at(middle(&harness, "Load against wait over time"));
    harness.run();
    harness.event(Event::Zoom(4.0));
    settle(&mut harness);
    let before = view(&harness);
    let ruler = middle(&harness, "Shown: ");
    harness.drag_at(ruler);
    harness.run();
    harness.hover_at(ruler - Vec2::new(100.0, 0.0));
    harness.run();
    harness.drop_at(ruler - Vec2::new(100.0, 0.0));
    settle(&mut harness);
    let after = view(&harness);
    assert_eq!(after.micros(), before.micros());
    assert!(after.from > before.from);
    assert_eq!(crate::cursor(&harness), "14:00:00");
}

#[test]
fn an_edge_of_the_brush_is_dragged_and_back_undoes_it() {
    let mut harness = harness("14:00:00");
    let before = view(&harness);
    let strip = harness.get_by_label("Overview of the whole capture").rect();
    // The strip is a little wider than the curves, so that its edges can be held.
    let edge = Pos2::new(strip.left() + 6.0, strip.top() + 10.0);
    harness.drag_at(edge);
    harness.run();
    let middle = Pos2::new(strip.center().x, edge.y);
    harness.hover_at(middle);
    harness.run();
    assert!(crate::document(&harness).time.preview.is_some());
    assert_eq!(
        view(&harness),
        before,
        "nothing is committed while it is held"
    );
    harness.drop_at(middle);
    settle(&mut harness);
    let after = view(&harness);
    assert_eq!(after.to, before.to);
    let share = after.micros() as f64 / before.micros() as f64;
    assert!((share - 0.5).abs() < 0.02, "{share}");
    harness.get_by_label("Back").click();
    settle(&mut harness);
    assert_eq!(view(&harness), before);
    harness.get_by_label("Forward").click();
    settle(&mut harness);
    assert_eq!(view(&harness), after);
}

#[test]
fn a_stretch_marked_with_the_other_button_is_zoomed_into() {
    let mut harness = harness("14:00:00");
    let before = view(&harness);
    let plot = harness
        .get_by_label_contains("Load against wait over time")
        .rect();
    let at = |share: f32| Pos2::new(plot.left() + plot.width() * share, plot.center().y);
    let button = |pos, pressed| Event::PointerButton {
        pos,
        button: egui::PointerButton::Secondary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    harness.hover_at(at(0.5));
    harness.run();
    harness.event(button(at(0.5), true));
    harness.run();
    harness.hover_at(at(0.75));
    harness.run();
    assert!(crate::document(&harness).time.band.is_some());
    harness.event(button(at(0.75), false));
    settle(&mut harness);
    let share = view(&harness).micros() as f64 / before.micros() as f64;
    assert!((share - 0.25).abs() < 0.02, "{share}");
    assert_eq!(crate::cursor(&harness), "14:00:00");
}

#[test]
fn keys_zoom_pan_and_go_back() {
    let mut harness = harness("14:00:00");
    let whole = view(&harness);
    harness.key_press(Key::Plus);
    harness.key_press(Key::Plus);
    settle(&mut harness);
    assert!(view(&harness).micros() < whole.micros() / 2);
    let zoomed = view(&harness);
    harness.key_press(Key::D);
    settle(&mut harness);
    assert!(view(&harness).from > zoomed.from);
    harness.key_press_modifiers(Modifiers::ALT, Key::ArrowLeft);
    settle(&mut harness);
    assert_eq!(
        view(&harness),
        whole,
        "a row of zooms and pans is one journey"
    );
}

#[test]
fn times_are_shown_in_the_zone_that_was_chosen() {
    let mut harness = harness("14:00:00");
    harness.get_by_label("CET").click();
    harness.run();
    harness.get_by_label("UTC").click();
    settle(&mut harness);
    assert_eq!(crate::cursor(&harness), "13:00:00");
    harness.key_press(Key::Z);
    harness.key_press(Key::Z);
    settle(&mut harness);
    assert_eq!(crate::cursor(&harness), "14:00:00");
}

#[test]
fn a_gap_is_folded_and_unfolded() {
    let mut harness = harness("13:42:00");
    let before = view(&harness);
    harness.key_press(Key::F);
    settle(&mut harness);
    let label = "Folded gap of 3 m 10 s: unfold it";
    assert!(view(&harness).micros() < before.micros());
    harness.get_by_label(label).click();
    settle(&mut harness);
    assert!(harness.query_by_label(label).is_none());
    assert_eq!(view(&harness), before);
}

#[test]
fn the_speed_of_playing_is_chosen() {
    let mut harness = harness("14:00:00");
    harness.get_by_label("60×").click();
    harness.run();
    assert_eq!(crate::document(&harness).time.speed.factor(), 60);
    harness.key_press(Key::X);
    harness.run();
    assert_eq!(crate::document(&harness).time.speed.factor(), 1);
}
