//! A capture that opens and of which then nothing can be read: each part says so, and why.

use crate::generated::Generated;
use crate::settle;
use afterimage_format::time::{Seq, WallTime};
use afterimage_viewer::app::Viewer;
use afterimage_viewer::command::Command;
use afterimage_viewer::data::worker::Opener;
use afterimage_viewer::data::{
    Events, Facts, Life, Replay, ReplayError, RowGroup, RowsData, SeriesData, SeriesId, Snapshot,
    Things, ThingsOf, Want, Whom,
};
use egui::Key;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use std::path::PathBuf;
use std::sync::Arc;

/// Knows what is true of the whole, and nothing else.
#[derive(Debug)]
struct Broken(Generated);

impl Replay for Broken {
    fn facts(&self) -> Arc<Facts> {
        self.0.facts()
    }

    fn refresh(&mut self) -> Result<(), ReplayError> {
        Ok(())
    }

    fn rest(&mut self) {}

    fn series(
        &mut self,
        _wanted: &[SeriesId],
        _from: WallTime,
        _to: WallTime,
        _buckets: usize,
    ) -> Result<Vec<SeriesData>, ReplayError> {
        Err(ReplayError::Damaged)
    }

    fn rows(
        &mut self,
        _group: RowGroup,
        _between: (WallTime, WallTime),
        _most: usize,
    ) -> Result<RowsData, ReplayError> {
        Err(ReplayError::Damaged)
    }

    fn events(&mut self) -> Result<Option<Events>, ReplayError> {
        Err(ReplayError::Damaged)
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

#[test]
fn what_cannot_be_read_is_hatched_with_the_reason_and_not_blank() {
    let opener_for = |_path| -> Opener { Box::new(|_told| Ok(Box::new(Broken(Generated::new())))) };
    let mut harness = Harness::builder()
        .with_size(egui::vec2(1280.0, 800.0))
        .with_max_steps(40)
        .build_eframe(move |creation| {
            let mut viewer = Viewer::with_opener(&creation.egui_ctx, Box::new(opener_for));
            let path = PathBuf::from("web-07.afterimage");
            viewer.perform(Command::Open { path, at: None });
            viewer
        });
    settle(&mut harness);
    let words = "This cannot be read: the samples there are damaged";
    for key in [Key::Num1, Key::Num2, Key::Num5, Key::Num9] {
        harness.key_press(key);
        settle(&mut harness);
        assert!(harness.query_by_label(words).is_some(), "{key:?}");
        // The same over the curves, which are painted.
        let painted = crate::painted(&harness);
        let told = painted.iter().filter(|text| *text == words).count();
        assert!(told >= 2, "{key:?}: {painted:?}");
    }
}
