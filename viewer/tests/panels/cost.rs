//! What a frame costs: not a test but a measurement, to be run in a release build.

use crate::generated::Generated;
use afterimage_viewer::app::Viewer;
use afterimage_viewer::command::{Command, TimeCommand, TrackCommand};
use afterimage_viewer::data::worker::Opener;
use afterimage_viewer::state::tracks::TrackId;
use egui::{Context, Pos2, RawInput, Rect, Vec2};
use std::path::PathBuf;
use std::time::Duration;

/// CPU time of this thread, in milliseconds.
fn cpu_millis() -> f64 {
    // The kernel brings its count up to date when a thread gives way.
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let nanos = text.split(' ').next().expect("three numbers");
    nanos.parse::<f64>().expect("a number") / 1e6
}

fn frame(ctx: &Context, viewer: &mut Viewer, number: u32) -> (f64, f64, usize) {
    let size = Vec2::new(1600.0, 1000.0);
    let input = RawInput {
        screen_rect: Some(Rect::from_min_size(Pos2::ZERO, size)),
        time: Some(f64::from(number) / 60.0),
        ..RawInput::default()
    };
    let begin = cpu_millis();
    let mut output = ctx.run_ui(input, |ui| viewer.frame(ui));
    let middle = cpu_millis();
    let shapes = std::mem::take(&mut output.shapes);
    let primitives = ctx.tessellate(shapes, output.pixels_per_point);
    let vertices = primitives
        .iter()
        .map(|primitive| match &primitive.primitive {
            egui::epaint::Primitive::Mesh(mesh) => mesh.vertices.len(),
            egui::epaint::Primitive::Callback(_) => 0,
        });
    let vertices = vertices.sum();
    let tessellation = cpu_millis() - middle;
    output.drop_without_applying_deltas();
    (middle - begin, tessellation, vertices)
}

#[expect(clippy::print_stdout, reason = "a measurement")]
fn measure(name: &str, is_rough: bool, moves: &Command, commands: &[Command]) {
    let ctx = Context::default();
    let opener_for = move |_path| -> Opener {
        Box::new(move |_told| {
            let mut generated = Generated::new();
            generated.many = 50_000;
            generated.is_rough = is_rough;
            Ok(Box::new(generated))
        })
    };
    let mut viewer = Viewer::with_opener(&ctx, Box::new(opener_for));
    let path = PathBuf::from("web-07.afterimage");
    viewer.perform(Command::Open { path, at: None });
    let mut number = 0;
    let mut load = |viewer: &mut Viewer| {
        for _ in 0..20 {
            number += 1;
            frame(&ctx, viewer, number);
            while viewer.state().is_waiting() {
                assert!(viewer.wait(Duration::from_mins(1)), "no answer came");
            }
        }
        number
    };
    load(&mut viewer);
    for command in commands {
        viewer.perform(command.clone());
    }
    let first = load(&mut viewer);
    let (mut ui, mut tessellation, mut vertices) = (vec![], vec![], 0);
    for number in 0..200 {
        viewer.perform(moves.clone());
        while viewer.state().is_waiting() {
            assert!(viewer.wait(Duration::from_mins(1)), "no answer came");
        }
        let cost = frame(&ctx, &mut viewer, first + 1 + number);
        ui.push(cost.0);
        tessellation.push(cost.1);
        vertices = cost.2;
    }
    let both: Vec<f64> = ui.iter().zip(&tessellation).map(|(a, b)| a + b).collect();
    let percentile = |all: &[f64], share: usize| {
        let mut all = all.to_vec();
        all.sort_by(f64::total_cmp);
        all[(all.len() - 1) * share / 100]
    };
    println!(
        "{name}: ui p50 {:.2} p95 {:.2}, tessellation p50 {:.2} p95 {:.2}, both p95 {:.2} max {:.2} ms, {vertices} vertices",
        percentile(&ui, 50),
        percentile(&ui, 95),
        percentile(&tessellation, 50),
        percentile(&tessellation, 95),
        percentile(&both, 95),
        percentile(&both, 100),
    );
}

#[test]
#[ignore = "a measurement: cargo test --release -p afterimage-viewer --test panels -- --ignored --nocapture what_a_frame_costs"]
fn what_a_frame_costs() {
    let tracks = |ids: &[TrackId]| -> Vec<Command> {
        let toggle = |id: &TrackId| Command::Track(TrackCommand::Toggle(*id));
        ids.iter().map(toggle).collect()
    };
    let (step, pan) = (Command::Step(-1), Command::Pan(-1_000_000));
    let zoom = Command::Time(TimeCommand::ZoomAtCursor(0.7));
    let some = [TrackId::Cpu, TrackId::Memory, TrackId::Disk];
    let mut all = tracks(&TrackId::ALL[1..]);
    all.push(zoom.clone());
    for is_rough in [false, true] {
        let data = if is_rough {
            "the worst curves"
        } else {
            "ordinary curves"
        };
        measure(&format!("{data}, stepping"), is_rough, &step, &[]);
        measure(
            &format!("{data}, panning"),
            is_rough,
            &pan,
            std::slice::from_ref(&zoom),
        );
        measure(
            &format!("{data}, four tracks, stepping"),
            is_rough,
            &step,
            &tracks(&some),
        );
        measure(
            &format!("{data}, all tracks, panning"),
            is_rough,
            &pan,
            &all,
        );
    }
}
