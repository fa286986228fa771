//! The figures: the viewer as a whole, driven by commands and drawn without a window.
#![expect(
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a measurement: of the clock, and of times that are not negative"
)]

use crate::cpu::{of_process, of_thread, percentile, status_mib};
use afterimage_format::time::WallTime;
use afterimage_viewer::app::Viewer;
use afterimage_viewer::command::{Command, TimeCommand, TrackCommand};
use afterimage_viewer::state::tabs::Tab;
use afterimage_viewer::state::time::Speed;
use afterimage_viewer::state::tracks::TrackId;
use afterimage_viewer::state::{Document, Phase};
use afterimage_viewer::time_axis::Span;
use egui::{Context, Pos2, RawInput, Rect, Vec2};
use std::path::Path;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_mins(2);
const MIB_MOST: f64 = 400.0;
/// What a table may cost is said of so many processes; with more of them it is printed.
const MOST_JUDGED: usize = 600;

/// The viewer on a canvas of 1600x1000, with a clock of its own.
struct Stage {
    ctx: Context,
    viewer: Viewer,
    seconds: f64,
}

/// What a frame cost, in milliseconds of CPU: laying out and drawing, then tessellation.
#[derive(Clone, Copy)]
struct Frame {
    ui: f64,
    tessellation: f64,
}

impl Frame {
    fn both(self) -> f64 {
        self.ui + self.tessellation
    }
}

impl Stage {
    fn new() -> Self {
        let ctx = Context::default();
        let viewer = Viewer::new(&ctx);
        Self {
            ctx,
            viewer,
            seconds: 0.0,
        }
    }

    fn frame(&mut self) -> Frame {
        self.seconds += 1.0 / 60.0;
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, Vec2::new(1600.0, 1000.0))),
            time: Some(self.seconds),
            ..RawInput::default()
        };
        let begin = of_thread();
        let mut output = self.ctx.run_ui(input, |ui| self.viewer.frame(ui));
        let middle = of_thread();
        let shapes = std::mem::take(&mut output.shapes);
        let primitives = self.ctx.tessellate(shapes, output.pixels_per_point);
        let end = of_thread();
        drop(primitives);
        output.drop_without_applying_deltas();
        Frame {
            ui: middle - begin,
            tessellation: end - middle,
        }
    }

    /// Frames until nothing is owed any more.
    fn settle(&mut self) {
        for _ in 0..8 {
            self.frame();
            self.answers();
        }
    }

    fn answers(&mut self) {
        while self.viewer.state().is_waiting() {
            assert!(self.viewer.wait(PATIENCE), "no answer came");
        }
    }

    fn snapshot(&mut self) {
        while self.document().owed_snapshot.is_some() {
            assert!(self.viewer.wait(PATIENCE), "no answer came");
        }
    }

    fn document(&self) -> &Document {
        self.viewer.state().document().expect("one is open")
    }

    fn open(&mut self, path: &Path) {
        let path = path.to_path_buf();
        self.viewer.perform(Command::Open { path, at: None });
    }
}

/// Prints every figure; whether each is as it must be.
pub(crate) fn all(week: &Path) -> bool {
    let bytes = std::fs::metadata(week).expect("it was made").len();
    println!("{}, {} MiB", week.display(), bytes >> 20);
    println!("| what | measured | must | |\n| --- | --- | --- | --- |");
    let mut passed = opening(week);
    let mut stage = Stage::new();
    stage.open(week);
    stage.settle();
    passed &= moments(&mut stage);
    passed &= frames(&mut stage);
    passed &= pages(&mut stage);
    passed &= stepping(&mut stage);
    passed &= playing(&mut stage);
    let (peak, now) = (status_mib("VmHWM"), status_mib("VmRSS"));
    passed
        & row(
            "memory, all of the above done",
            &format!("peak {peak:.0} MiB, now {now:.0}"),
            &format!("<= {MIB_MOST} MiB"),
            peak <= MIB_MOST,
        )
}

fn row(what: &str, measured: &str, must: &str, is_well: bool) -> bool {
    let verdict = if is_well { "pass" } else { "FAIL" };
    println!("| {what} | {measured} | {must} | {verdict} |");
    is_well
}

/// To the first overview that is drawn; the file was opened before, so it is in memory.
fn opening(week: &Path) -> bool {
    let mut cpu = vec![];
    let mut wall = vec![];
    for _ in 0..4 {
        let mut stage = Stage::new();
        stage.frame();
        let (begun, before) = (Instant::now(), of_process());
        stage.open(week);
        loop {
            stage.frame();
            let document = stage.document();
            assert!(
                !matches!(document.phase, Phase::Failed(_)),
                "it cannot be opened"
            );
            if !document.timeline.overview.is_empty() && document.snapshot.is_some() {
                break;
            }
            assert!(stage.viewer.wait(PATIENCE), "no answer came");
        }
        stage.frame();
        cpu.push(of_process() - before);
        wall.push(begun.elapsed().as_secs_f64() * 1000.0);
        stage.answers();
    }
    // The first one also brought the file into memory.
    let (cpu, wall) = (percentile(&cpu[1..], 50), percentile(&wall[1..], 50));
    let measured = format!("{cpu:.0} ms CPU, {wall:.0} ms on the clock");
    row(
        "open, to the first overview and table",
        &measured,
        "<= 200 ms",
        cpu <= 200.0,
    )
}

/// Instants all over the capture, always the same ones.
fn anywhere(span: Span) -> impl Iterator<Item = WallTime> {
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    std::iter::from_fn(move || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let share = (random >> 11) as f64 / (1_u64 << 53) as f64;
        Some(
            span.from
                .plus(Duration::from_micros((span.micros() as f64 * share) as u64)),
        )
    })
}

/// The cursor at any moment, to the table in order; before anything is drawn.
fn moments(stage: &mut Stage) -> bool {
    let span = stage.document().time.capture;
    let mut all = vec![];
    for at in anywhere(span).take(500) {
        let before = of_process();
        stage.viewer.perform(Command::SetCursor(at));
        stage.snapshot();
        all.push(of_process() - before);
        stage.answers();
    }
    let (half, nearly_all) = (percentile(&all, 50), percentile(&all, 99));
    let rows = stage
        .document()
        .snapshot
        .as_ref()
        .map_or(0, |snapshot| snapshot.rows.len());
    let measured = format!("CPU p50 {half:.1}, p99 {nearly_all:.1} ms, {rows} processes");
    let must = "p50 <= 3, p99 <= 8 ms; of up to 600 processes";
    row(
        "cursor to a full table, random moments",
        &measured,
        must,
        rows > MOST_JUDGED || half <= 3.0 && nearly_all <= 8.0,
    )
}

/// Frames over the whole week while the cursor moves: with the usual track, with four, with all.
fn frames(stage: &mut Stage) -> bool {
    let toggle = |id: &TrackId| Command::Track(TrackCommand::Toggle(*id));
    let more: [(&str, &[TrackId]); 4] = [
        ("usual tracks", &[]),
        (
            "four tracks",
            &[TrackId::Cpu, TrackId::Memory, TrackId::Disk],
        ),
        (
            "nine tracks",
            &[
                TrackId::Cpus,
                TrackId::Swap,
                TrackId::Disks,
                TrackId::Network,
                TrackId::Kernel,
            ],
        ),
        (
            "every track",
            &[
                TrackId::Speed,
                TrackId::Faults,
                TrackId::Waits,
                TrackId::Space,
                TrackId::FileSystems,
                TrackId::NetworkTrouble,
                TrackId::Connections,
                TrackId::Sockets,
                TrackId::Interrupts,
            ],
        ),
    ];
    let mut passed = true;
    stage.viewer.perform(Command::ShowAll);
    for (name, added) in more {
        for command in added.iter().map(toggle) {
            stage.viewer.perform(command);
        }
        stage.settle();
        let span = stage.document().time.capture;
        let frames: Vec<Frame> = anywhere(span)
            .take(200)
            .map(|at| {
                stage.viewer.perform(Command::SetCursor(at));
                stage.answers();
                stage.frame()
            })
            .collect();
        passed &= row_of_frames(
            &format!("frame over the whole capture, {name}"),
            &frames,
            6.0,
            95,
        );
        let frames: Vec<Frame> = (0..200)
            .map(|_| {
                stage
                    .viewer
                    .perform(Command::Time(TimeCommand::PanBy(-0.001)));
                stage.answers();
                stage.frame()
            })
            .collect();
        passed &= row_of_frames(&format!("the same while panning, {name}"), &frames, 6.0, 95);
        stage.viewer.perform(Command::ShowAll);
    }
    for command in more.iter().flat_map(|(_, added)| *added).map(toggle) {
        stage.viewer.perform(command);
    }
    stage.settle();
    passed
}

/// Frames of each page over the whole week while the cursor moves.
fn pages(stage: &mut Stage) -> bool {
    let mut passed = true;
    for tab in Tab::ALL {
        stage.viewer.perform(Command::ShowTab(tab));
        stage.settle();
        let span = stage.document().time.capture;
        let frames: Vec<Frame> = anywhere(span)
            .take(100)
            .map(|at| {
                stage.viewer.perform(Command::SetCursor(at));
                stage.answers();
                stage.frame()
            })
            .collect();
        let what = format!("frame with the page {}", tab.title());
        passed &= row_of_frames(&what, &frames, 6.0, 95);
    }
    stage.viewer.perform(Command::ShowTab(Tab::Processes));
    stage.settle();
    passed
}

fn row_of_frames(what: &str, frames: &[Frame], most: f64, percent: usize) -> bool {
    let of = |part: fn(&Frame) -> f64| frames.iter().map(part).collect::<Vec<f64>>();
    let both = of(|frame| frame.both());
    let (half, judged) = (percentile(&both, 50), percentile(&both, percent));
    let ui = percentile(&of(|frame| frame.ui), 50);
    let longest = percentile(&both, 100);
    let measured = format!(
        "CPU p50 {half:.1} (ui {ui:.1}), p95 {:.1}, longest {longest:.1} ms",
        percentile(&both, 95)
    );
    let which = if percent == 100 {
        "each".to_owned()
    } else {
        format!("p{percent}")
    };
    row(
        what,
        &measured,
        &format!("{which} <= {most} ms"),
        judged <= most,
    )
}

fn stepping(stage: &mut Stage) -> bool {
    let hour = stage.document().time.capture;
    let middle = WallTime(hour.from.0 + hour.micros() / 2);
    stage.viewer.perform(Command::SetCursor(middle));
    stage
        .viewer
        .perform(Command::Time(TimeCommand::ZoomAtCursor(1.0 / 168.0)));
    stage.settle();
    let frames: Vec<Frame> = (0..600)
        .map(|_| {
            stage.viewer.perform(Command::Step(1));
            stage.answers();
            stage.frame()
        })
        .collect();
    row_of_frames("frame while stepping, an hour in view", &frames, 16.0, 100)
}

/// A minute each second, sixty frames a second: each frame waits for what a sixtieth of a second
/// of work can bring, and no longer.
fn playing(stage: &mut Stage) -> bool {
    stage
        .viewer
        .perform(Command::Time(TimeCommand::SetSpeed(Speed::Sixty)));
    stage.viewer.perform(Command::TogglePlay);
    let from = stage.document().time.cursor;
    let mut frames = vec![];
    let (mut late, mut before) = (0_u32, None);
    for _ in 0..600 {
        let begun = Instant::now();
        frames.push(stage.frame());
        let left = Duration::from_millis(16).saturating_sub(begun.elapsed());
        std::thread::sleep(left);
        let shown = stage.document().shown_at();
        late += u32::from(shown == before);
        before = shown;
    }
    let to = stage.document().time.cursor;
    stage.viewer.perform(Command::TogglePlay);
    stage.answers();
    let played = to.since(from).unwrap_or_default().as_secs();
    let name = format!(
        "frame while playing at 60x, {played} s in 600 frames, {late} of them with no newer table"
    );
    row_of_frames(&name, &frames, 16.0, 100)
}
