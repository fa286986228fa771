//! The viewer driven as a person drives it, on a generated capture and without a display.

mod catalogue;
mod columns;
mod crowd;
mod dragging;
mod dumps;
mod explaining;
mod filtering;
mod generated;
mod hostile;
mod keeping;
mod keyboard;
mod lanes;
mod lists;
mod load;
mod log;
mod looking;
mod machine;
mod missing;
mod mouse;
mod narrow;
mod opening;
mod page;
mod pictures;
mod pinning;
mod real_window;
mod snapshots;
mod sorting;
mod stepping;
mod table;
mod tracks;
mod unreadable;
mod wayland;
mod window;
mod written;

use afterimage_viewer::app::Viewer;
use afterimage_viewer::command::Command;
use afterimage_viewer::data::worker::Opener;
use afterimage_viewer::state::Document;
use afterimage_viewer::state::table::{Line, What};
use egui::Shape;
use egui_kittest::Harness;
use generated::Generated;
use std::path::PathBuf;
use std::time::Duration;

/// A viewer with the generated capture open and loaded.
fn viewer(ctx: &egui::Context, at: &str) -> Viewer {
    let opener_for = |_path| -> Opener { Box::new(|_told| Ok(Box::new(Generated::new()))) };
    let mut viewer = Viewer::with_opener(ctx, Box::new(opener_for));
    let at = Some(at.parse().expect("a moment"));
    viewer.perform(Command::Open {
        path: PathBuf::from("web-07.afterimage"),
        at,
    });
    viewer
}

/// The whole viewer as a person sees it.
fn harness(at: &'static str) -> Harness<'static, Viewer> {
    harness_of(egui::vec2(1280.0, 800.0), at)
}

fn harness_of(size: egui::Vec2, at: &'static str) -> Harness<'static, Viewer> {
    let mut harness = Harness::builder()
        .with_size(size)
        .with_max_steps(40)
        .build_eframe(move |creation| viewer(&creation.egui_ctx, at));
    settle(&mut harness);
    harness
}

/// Draws until nothing is owed any more.
fn settle(harness: &mut Harness<'static, Viewer>) {
    harness.run();
    while harness.state().state().is_waiting() {
        assert!(
            harness.state_mut().wait(Duration::from_secs(30)),
            "no answer came"
        );
        harness.run();
    }
}

/// Draws until something is so that a thread beside the workers brings about.
fn until(harness: &mut Harness<'static, Viewer>, is_so: impl Fn(&Viewer) -> bool) {
    harness.run();
    while !is_so(harness.state()) {
        assert!(
            harness.state_mut().wait_for_errand(Duration::from_secs(30)),
            "nothing came"
        );
        harness.run();
    }
}

/// Every text that is painted.
fn painted(harness: &Harness<'static, Viewer>) -> Vec<String> {
    fn texts(shape: &Shape, all: &mut Vec<String>) {
        match shape {
            Shape::Text(text) => all.push(text.galley.text().to_owned()),
            Shape::Vec(shapes) => shapes.iter().for_each(|shape| texts(shape, all)),
            _ => {}
        }
    }
    let mut all = vec![];
    for clipped in &harness.output().shapes {
        texts(&clipped.shape, &mut all);
    }
    all
}

/// The capture that is shown.
fn document<'a>(harness: &'a Harness<'static, Viewer>) -> &'a Document {
    harness.state().state().document().expect("one is open")
}

/// The time the cursor stands at.
fn cursor(harness: &Harness<'static, Viewer>) -> String {
    let document = harness.state().state().document().expect("one is open");
    document.zone.time_of_day(document.time.cursor)
}

/// The commands of the processes that are shown, from the top.
fn commands(harness: &Harness<'static, Viewer>) -> Vec<String> {
    let document = harness.state().state().document().expect("one is open");
    let rows = document.rows().expect("it is loaded");
    let line = |line: &Line| match line.what {
        What::Process(place) => rows.get(place).map(|seen| seen.row.title().into_owned()),
        What::Group(group) => document.table.groups[group].name.clone().ok(),
    };
    document.table.lines.iter().filter_map(line).collect()
}
