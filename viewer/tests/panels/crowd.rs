//! What a frame costs with 2,000 processes, and with the lists of a busy host, in CPU time of the
//! thread that draws.

use crate::generated::Generated;
use afterimage_analysis::lists::{Field, ListId};
use afterimage_format::process::Pid;
use afterimage_format::time::{Seq, WallTime};
use afterimage_viewer::app::Viewer;
use afterimage_viewer::command::Command;
use afterimage_viewer::data::worker::Opener;
use afterimage_viewer::data::{
    Events, Facts, Life, LoadData, LoadQuestion, Replay, ReplayError, RowGroup, RowsData,
    SeriesData, SeriesId, Snapshot, Things, ThingsOf, Want, Whom,
};
use afterimage_viewer::screenshot::{Screen, Size};
use afterimage_viewer::state::ThemeChoice;
use afterimage_viewer::state::table::Arrangement;
use afterimage_viewer::state::tabs::Tab;
use egui::{Pos2, RawInput, Rect, Vec2};
use rustix::time::{ClockId, clock_gettime};
use std::path::PathBuf;
use std::sync::Arc;

/// The made-up capture with each process seven times.
#[derive(Debug)]
struct Crowd(Generated);

impl Replay for Crowd {
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

    fn snapshot(&mut self, want: Want, curves: &[SeriesId]) -> Result<Snapshot, ReplayError> {
        let mut snapshot = self.0.snapshot(want, curves)?;
        let few = std::mem::take(&mut snapshot.rows);
        for copy in 0..7 {
            for row in &few {
                let mut row = row.clone();
                row.key.pid = Pid(row.key.pid.0 + copy * 20_000);
                snapshot.rows.push(row);
            }
        }
        snapshot.rows.truncate(2_000);
        Ok(snapshot)
    }

    fn things(&mut self, of: ThingsOf, seq: Seq) -> Result<Things, ReplayError> {
        let mut things = self.0.things(of, seq)?;
        for list in &mut things.lists {
            // As many as a capture can have, of what there are many.
            let most = match list.id {
                ListId::Sockets => 1_500,
                ListId::Waits => 500,
                _ => 60,
            };
            let few = std::mem::take(&mut list.lines);
            for (number, line) in few.iter().cycle().take(most).enumerate() {
                let mut line = line.clone();
                for field in &mut line.fields {
                    if let Field::Number(value) = field {
                        *value += number as f64;
                    }
                }
                list.lines.extend((!few.is_empty()).then_some(line));
            }
        }
        Ok(things)
    }

    fn load(&mut self, question: &LoadQuestion) -> Result<Option<LoadData>, ReplayError> {
        self.0.load(question)
    }

    fn life(
        &mut self,
        whom: &Whom,
        from: WallTime,
        to: WallTime,
        buckets: usize,
    ) -> Result<Life, ReplayError> {
        self.0.life(whom, from, to, buckets)
    }
}

/// CPU time of this thread so far, in milliseconds.
fn cpu_ms() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

fn spread(mut costs: Vec<f64>) -> String {
    costs.sort_by(f64::total_cmp);
    let at = |share: usize| costs[(costs.len() * share / 100).min(costs.len() - 1)];
    format!(
        "p50 {:.2} ms, p95 {:.2} ms, p99 {:.2} ms",
        at(50),
        at(95),
        at(99)
    )
}

/// A viewer of the crowd, loaded.
fn crowded(ctx: &egui::Context) -> Viewer {
    let opener_for = |_path| -> Opener { Box::new(|_told| Ok(Box::new(Crowd(Generated::new())))) };
    let mut viewer = Viewer::with_opener(ctx, Box::new(opener_for));
    let at = Some("13:57:03".parse().expect("a moment"));
    let path = PathBuf::from("web-07.afterimage");
    viewer.perform(Command::Open { path, at });
    let size = Size {
        width: 1600,
        height: 1000,
    };
    let mut screen = Screen::new(ctx);
    let loaded = screen.picture(&mut viewer, size, ThemeChoice::Dark, &[]);
    loaded.expect("it can be painted");
    viewer
}

/// What frames cost while it is stepped: to draw, to tessellate, and to take a snapshot in.
fn costs(ctx: &egui::Context, viewer: &mut Viewer) -> [Vec<f64>; 3] {
    let (mut ui, mut tessellated, mut received) = (vec![], vec![], vec![]);
    for number in 0..300 {
        viewer.perform(Command::Step(-1));
        while viewer.state().is_waiting() {
            // What is measured is taking it in, which is arranging the table.
            let before = cpu_ms();
            viewer.wait(std::time::Duration::from_secs(5));
            received.push(cpu_ms() - before);
        }
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, Vec2::new(1600.0, 1000.0))),
            time: Some(1_000.0 + f64::from(number) / 60.0),
            ..RawInput::default()
        };
        let before = cpu_ms();
        let mut output = ctx.run_ui(input, |ui| viewer.frame(ui));
        ui.push(cpu_ms() - before);
        output.textures_delta.clear();
        let before = cpu_ms();
        let primitives = ctx.tessellate(output.shapes, output.pixels_per_point);
        tessellated.push(cpu_ms() - before);
        assert!(!primitives.is_empty());
    }
    [ui, tessellated, received]
}

fn told(what: &str, [ui, tessellated, received]: [Vec<f64>; 3]) -> String {
    let both = ui.iter().zip(&tessellated);
    let both = both.map(|(ui, mesh)| ui + mesh).collect();
    format!(
        "{what}: frame {}; tessellation {}; both {}; taking in a snapshot {}\n",
        spread(ui),
        spread(tessellated),
        spread(both),
        spread(received),
    )
}

/// Not a test of anything: writes figures into the target directory.
#[test]
#[ignore = "for looking at: cargo test --release -p afterimage-viewer --test panels -- --ignored"]
fn cost_of_a_frame() {
    let mut all = String::new();
    for arrangement in [Arrangement::Flat, Arrangement::Tree, Arrangement::ALL[2]] {
        let ctx = egui::Context::default();
        let mut viewer = crowded(&ctx);
        viewer.perform(Command::Arrange(arrangement));
        all += &told(arrangement.title(), costs(&ctx, &mut viewer));
    }
    for tab in Tab::ALL {
        let ctx = egui::Context::default();
        let mut viewer = crowded(&ctx);
        viewer.perform(Command::ShowTab(tab));
        all += &told(tab.title(), costs(&ctx, &mut viewer));
    }
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("frame-cost.txt");
    std::fs::write(path, all).expect("it can be written");
}
