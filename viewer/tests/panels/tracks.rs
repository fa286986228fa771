//! Adding tracks, moving them, making them higher, and taking them away.

use crate::written::incident;
use crate::{document, harness_of, painted, settle};
use afterimage_viewer::app::Viewer;
use afterimage_viewer::command::{Command, TrackCommand};
use afterimage_viewer::data::SeriesId;
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

#[test]
fn curves_begin_under_the_last_line_of_their_legend() {
    let mut harness = harness_of(egui::vec2(800.0, 700.0), "14:00:00");
    let add = Command::Track(TrackCommand::Toggle(TrackId::Memory));
    harness.state_mut().perform(add);
    settle(&mut harness);
    let rect = |label: &str| {
        let mut found = harness.query_all_by_label_contains(label);
        found.next().expect("it is there").rect()
    };
    let (first, last) = (rect("Load, 1 min: "), rect("Blocked (D): "));
    assert!(last.top() > first.top(), "there is room for one line only");
    let curves = rect("Load against wait over time");
    assert!(curves.top() >= last.bottom(), "{curves:?} {last:?}");
}

#[test]
fn sockets_have_their_values_in_the_legend_as_soon_as_the_track_is_there() {
    let harness = with("TCP sockets");
    let label = "CLOSE-WAIT: ";
    // 14:00 is 3600 s after the beginning, and a socket leaks each 20 s.
    let mut legend = harness.query_all_by_label_contains(label);
    let entry = legend.next().expect("it is in the legend");
    assert!(
        format!("{entry:?}").contains("CLOSE-WAIT: 180"),
        "{entry:?}"
    );
    assert!(
        document(&harness)
            .series
            .contains_key(&SeriesId::TcpCloseWait)
    );
}

#[test]
fn what_a_host_does_not_tell_is_said_and_its_value_is_a_dash() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("web-07.afterimage");
    incident(&path);
    let mut harness = Harness::builder()
        .with_size(egui::vec2(1280.0, 1000.0))
        .with_max_steps(40)
        .build_eframe(move |creation| {
            let mut viewer = Viewer::new(&creation.egui_ctx);
            viewer.perform(Command::Open { path, at: None });
            viewer
        });
    settle(&mut harness);
    for id in [TrackId::Speed, TrackId::Sockets, TrackId::Space] {
        let toggle = Command::Track(TrackCommand::Toggle(id));
        harness.state_mut().perform(toggle);
    }
    settle(&mut harness);
    let said = painted(&harness);
    let nothing = said
        .iter()
        .filter(|text| *text == "Nothing was recorded of this.");
    assert_eq!(nothing.count(), 5, "two halves of two tracks, and one");
    for label in ["CLOSE-WAIT: —", "mean of the CPUs: —", "space: —"] {
        assert!(harness.query_by_label(label).is_some(), "{label}");
    }
}
