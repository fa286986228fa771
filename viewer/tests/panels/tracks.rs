//! Adding tracks, moving them, making them higher, and taking them away.

use crate::{document, harness_of, settle};
use afterimage_viewer::app::Viewer;
use afterimage_viewer::state::tracks::TrackId;
use egui::{Pos2, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

/// A viewer with one track more.
fn with(title: &str) -> Harness<'static, Viewer> {
    let mut harness = harness_of(egui::vec2(1280.0, 1200.0), "14:00:00");
    harness.get_by_label("Tracks").click();
    harness.run();
    harness
        .get_by_role_and_label(egui::Role::CheckBox, title)
        .click();
    settle(&mut harness);
    harness
}

fn ids(harness: &Harness<'static, Viewer>) -> Vec<TrackId> {
    let tracks = &document(harness).timeline.tracks;
    tracks.0.iter().map(|track| track.id).collect()
}

#[test]
fn a_track_is_added_from_the_menu_with_its_curves() {
    let harness = with("Memory");
    assert_eq!(ids(&harness), [TrackId::Load, TrackId::Memory]);
    // 14:00 is in the backup: some memory is used, and the value stands in the legend.
    let mut legend = harness.query_all_by_label_contains(" GiB");
    assert!(legend.next().is_some());
}

#[test]
fn each_cpu_has_a_row() {
    let harness = with("Each CPU");
    let rows = &document(&harness).timeline.rows;
    assert_eq!(rows.len(), 1);
    assert!(
        rows.values()
            .all(|rows| rows.names.len() == 4 && rows.cells.len() > 100)
    );
}

#[test]
fn a_track_is_moved_and_taken_away_by_its_buttons() {
    let mut harness = with("Network");
    harness.get_by_label("Move up: Network").click();
    settle(&mut harness);
    assert_eq!(ids(&harness), [TrackId::Network, TrackId::Load]);
    harness.get_by_label("Remove: Network").click();
    settle(&mut harness);
    assert_eq!(ids(&harness), [TrackId::Load]);
}

#[test]
fn a_track_is_made_higher_by_its_lower_edge() {
    let mut harness = with("CPU");
    let edge = harness.get_by_label("Height of CPU").rect().center();
    let lower: Pos2 = edge + Vec2::new(0.0, 30.0);
    harness.drag_at(edge);
    harness.run();
    harness.hover_at(lower);
    harness.run();
    harness.drop_at(lower);
    settle(&mut harness);
    let height = document(&harness).timeline.tracks.0[1].height;
    let more = height.expect("it was chosen") - TrackId::Cpu.track().height;
    assert!((20.0..=31.0).contains(&more), "{more}");
}
