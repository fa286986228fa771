//! What is missing of a damaged capture is hatched and told, and the rest of it is shown.

use crate::generated::{Generated, wall};
use crate::{document, painted, settle};
use afterimage_format::time::{Seq, WallTime};
use afterimage_viewer::app::Viewer;
use afterimage_viewer::command::Command;
use afterimage_viewer::data::worker::Opener;
use afterimage_viewer::data::{
    DAMAGED, Damage, Events, Facts, GapBand, Life, LostPart, LostRows, Replay, ReplayError,
    RowGroup, RowsData, SeriesData, SeriesId, Snapshot, Things, ThingsOf, Want, Whom,
};
use afterimage_viewer::screenshot::{Screen, Size};
use afterimage_viewer::state::ThemeChoice;
use egui::Key;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

type Window = Harness<'static, Viewer>;

/// A capture of which not one sample can be read.
#[derive(Debug)]
struct WithoutSamples(Generated);

impl Replay for WithoutSamples {
    fn facts(&self) -> Arc<Facts> {
        self.0.facts()
    }

    fn refresh(&mut self) -> Result<(), ReplayError> {
        Ok(())
    }

    fn rest(&mut self) {}

    fn series(
        &mut self,
        wanted: &[SeriesId],
        from: WallTime,
        to: WallTime,
        buckets: usize,
    ) -> Result<Vec<SeriesData>, ReplayError> {
        self.0.series(wanted, from, to, buckets)
    }

    fn rows(
        &mut self,
        group: RowGroup,
        between: (WallTime, WallTime),
        most: usize,
    ) -> Result<RowsData, ReplayError> {
        self.0.rows(group, between, most)
    }

    fn events(&mut self) -> Result<Option<Events>, ReplayError> {
        self.0.events()
    }

    fn snapshot(&mut self, _want: Want, _curves: &[SeriesId]) -> Result<Snapshot, ReplayError> {
        Err(ReplayError::Damaged)
    }

    fn things(&mut self, _of: ThingsOf, _seq: Seq) -> Result<Things, ReplayError> {
        Err(ReplayError::Damaged)
    }

    fn life(
        &mut self,
        _whom: &Whom,
        _from: WallTime,
        _to: WallTime,
        _buckets: usize,
    ) -> Result<Life, ReplayError> {
        Err(ReplayError::Damaged)
    }
}

fn all_is_damaged(facts: &mut Facts) {
    facts.gaps = vec![GapBand {
        from: facts.first,
        to: facts.last,
        kind: DAMAGED.to_owned(),
        detail: "its checksum does not match".to_owned(),
    }];
    facts.damage.time = Duration::from_secs(7_199);
}

fn without_samples(ctx: &egui::Context) -> Viewer {
    let opener_for = |_path| -> Opener {
        Box::new(|_told| {
            let mut generated = Generated::new();
            generated.change_facts(all_is_damaged);
            Ok(Box::new(WithoutSamples(generated)))
        })
    };
    let mut viewer = Viewer::with_opener(ctx, Box::new(opener_for));
    let path = PathBuf::from("web-07.afterimage");
    viewer.perform(Command::Open { path, at: None });
    viewer
}

#[test]
fn a_capture_without_a_sound_sample_keeps_its_time_its_lanes_and_its_curves() {
    let mut harness = Harness::builder()
        .with_size(egui::vec2(1280.0, 800.0))
        .with_max_steps(40)
        .build_eframe(|creation| without_samples(&creation.egui_ctx));
    settle(&mut harness);
    let time = &document(&harness).time;
    assert_eq!(time.folds.folded_span(time.capture), time.capture);
    assert!(time.shown().micros() >= time.capture.micros());
    harness.get_by_label("OOM kills: 1 events");
    assert!(!document(&harness).series.is_empty());
    let told = painted(&harness);
    let has = |words: &str| told.iter().any(|text| text.contains(words));
    assert!(has("1 h 59 m recorded"), "{told:?}");
    assert!(has("This cannot be read: the samples there are damaged"));
    assert!(has("killed 2013"), "{told:?}");
}

#[test]
fn of_a_capture_without_a_sound_sample_a_picture_is_painted_all_the_same() {
    let ctx = egui::Context::default();
    let mut viewer = without_samples(&ctx);
    let size = Size {
        width: 900,
        height: 600,
    };
    let image = Screen::new(&ctx).picture(&mut viewer, size, ThemeChoice::Dark, &[]);
    assert_eq!(image.expect("it is painted").size, [900, 600]);
    // What was asked for beside the samples is waited for.
    let timeline = &viewer.state().document().expect("it is open").timeline;
    assert!(timeline.events.is_some() && !timeline.overview.is_empty());
}

fn window_of(change: fn(&mut Facts), at: &'static str) -> Window {
    let opener_for = move |_path| -> Opener {
        Box::new(move |_told| {
            let mut generated = Generated::new();
            generated.change_facts(change);
            Ok(Box::new(generated))
        })
    };
    let mut harness = Harness::builder()
        .with_size(egui::vec2(1280.0, 800.0))
        .with_max_steps(40)
        .build_eframe(move |creation| {
            let mut viewer = Viewer::with_opener(&creation.egui_ctx, Box::new(opener_for));
            let path = PathBuf::from("web-07.afterimage");
            let at = Some(at.parse().expect("a moment"));
            viewer.perform(Command::Open { path, at });
            viewer
        });
    settle(&mut harness);
    harness
}

fn hover(harness: &mut Window, label: &str, share: f32) {
    let lane = harness.get_by_label(label).rect();
    let x = lane.left() + lane.width() * share;
    harness.hover_at(egui::pos2(x, lane.center().y));
    harness.run_steps(12);
}

#[test]
fn a_lane_whose_rows_are_lost_says_so_where_it_is_empty() {
    let lost = |facts: &mut Facts| {
        facts.damage = Damage {
            rows: 3,
            tables: vec![LostRows {
                table: "kernel_log",
                rows: 3,
                is_torn: true,
                when: vec![(wall(6_000), WallTime(i64::MAX))],
            }],
            ..Damage::default()
        };
    };
    let mut harness = window_of(lost, "14:00:00");
    // Those of other tables are whole.
    harness.get_by_label("Failures: 62 events");
    harness.get_by_label("OOM kills: 1 events, others are lost or may be");
    let words = "The kernel log: rows from 14:40:00 on are damaged and left out.";
    hover(
        &mut harness,
        "OOM kills: 1 events, others are lost or may be",
        0.3,
    );
    assert!(harness.query_by_label(words).is_none());
    hover(
        &mut harness,
        "OOM kills: 1 events, others are lost or may be",
        0.95,
    );
    harness.get_by_label(words);
    harness.get_by_label("What is missing").click();
    harness.run();
    harness
        .get_by_label("The kernel log: damaged, and cannot be read to its end, from 14:40:00 on");
}

#[test]
fn of_a_salvaged_file_every_lane_may_lack_events_and_the_list_names_them() {
    let salvaged = |facts: &mut Facts| {
        let pages = LostPart {
            what: "15 pages (60 KiB) that are damaged".to_owned(),
            when: None,
        };
        let ticks = LostPart {
            what: "60 ticks from tick 1 on".to_owned(),
            when: Some((wall(0), wall(60))),
        };
        facts.damage.salvaged = Some(vec![pages, ticks]);
    };
    let mut harness = window_of(salvaged, "14:00:00");
    harness.get_by_label_contains("lanes where events may be");
    harness.get_by_label("Failures: 62 events, others are lost or may be");
    hover(
        &mut harness,
        "OOM kills: 1 events, others are lost or may be",
        0.95,
    );
    harness.get_by_label_contains("does not mean that nothing happened");
    harness.get_by_label("What is missing").click();
    harness.run();
    harness.get_by_label("lost: 15 pages (60 KiB) that are damaged");
    harness.get_by_label("lost: 60 ticks from tick 1 on, from 13:00:00 to 13:01:00");
    harness.get_by_label("OOM kills: 1 event left, from 14:01:42 to 14:01:42; others may be lost");
    // When only ticks are lost, nothing else is doubted.
    let ticks = |facts: &mut Facts| {
        facts.damage.salvaged = Some(vec![LostPart {
            what: "60 ticks from tick 1 on".to_owned(),
            when: Some((wall(0), wall(60))),
        }]);
    };
    let harness = window_of(ticks, "14:00:00");
    harness.get_by_label("OOM kills: 1 events");
}

#[test]
fn what_is_shown_after_a_damaged_beginning_is_not_called_what_was_before() {
    let beginning = |facts: &mut Facts| {
        facts.first = wall(-120);
        facts.gaps.insert(
            0,
            GapBand {
                from: wall(-120),
                to: wall(0),
                kind: DAMAGED.to_owned(),
                detail: String::new(),
            },
        );
        facts.damage.time = Duration::from_mins(2);
    };
    let mut harness = window_of(beginning, "12:59:00");
    harness.get_by_label_contains("Shown is 13:00:00, the first after it.");
    harness.state_mut().perform(Command::SetCursor(wall(2_500)));
    settle(&mut harness);
    harness.get_by_label_contains("Shown is 13:41:09, the last before it.");
    harness.key_press(Key::Escape);
}
