//! Zooming and panning with the mouse.

use crate::{harness, settle};
use afterimage_viewer::app::Viewer;
use afterimage_viewer::time_axis::Span;
use egui::{Event, Modifiers, MouseWheelSource, MouseWheelUnit, Pos2, TouchPhase, Vec2};
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
