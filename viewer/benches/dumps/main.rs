//! What a thousand thread dumps cost in the viewer: `cargo bench -p afterimage-viewer --bench dumps`.
//!
//! Writes a capture of real dumps, each with what the kernel said before and after it, and opens it
//! on the page of the dumps. Prints what the worker took to read them all and the longest frame
//! meanwhile; exit code 1 if that is more than two seconds or the longest frame.
#![expect(clippy::print_stdout, reason = "a measurement")]

#[path = "../../tests/panels/dumps/capture.rs"]
#[expect(dead_code, reason = "shared with the tests")]
mod capture;
#[path = "../week/cpu.rs"]
#[expect(dead_code, reason = "shared with the other measurements")]
mod cpu;
#[path = "../../tests/panels/written.rs"]
#[expect(dead_code, reason = "shared with the tests")]
mod written;

use afterimage_viewer::app::Viewer;
use afterimage_viewer::command::Command;
use afterimage_viewer::screenshot::{Screen, Size};
use afterimage_viewer::state::tabs::Tab;
use afterimage_viewer::state::{Document, ThemeChoice};
use std::process::ExitCode;
use std::time::Duration;

const DUMPS: usize = 1_000;
/// All of them must be read in so much CPU time, in milliseconds.
const MOST: f64 = 2_000.0;
const SIZE: Size = Size {
    width: 1600,
    height: 1000,
};

fn main() -> ExitCode {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("thousand.afterimage");
    capture::many(&path, DUMPS);
    let bytes = std::fs::metadata(&path).map_or(0, |file| file.len());
    println!("{DUMPS} dumps in {} KiB", bytes / 1024);
    let ctx = egui::Context::default();
    let mut viewer = Viewer::new(&ctx);
    let mut screen = Screen::new(&ctx);
    let mut draw = |viewer: &mut Viewer| {
        let drawn = screen.picture(viewer, SIZE, ThemeChoice::Dark, &[]);
        drawn.expect("it is drawn");
    };
    viewer.perform(Command::Open { path, at: None });
    draw(&mut viewer);
    let (before, memory) = (cpu::of_process(), cpu::status_mib("VmRSS"));
    viewer.perform(Command::ShowTab(Tab::Threads));
    let is_reading = |viewer: &Viewer| viewer.state().is_waiting();
    while is_reading(&viewer) {
        assert!(viewer.wait(Duration::from_secs(30)), "no answer came");
    }
    let read = cpu::of_process() - before;
    let first = cpu::of_process();
    draw(&mut viewer);
    let drawn = cpu::of_process() - first;
    let columns = |document: &Document| document.dumps.grid.as_ref().map(|grid| grid.columns.len());
    let columns = viewer.state().document().and_then(columns);
    println!("all read: {read:.0} ms of CPU, {columns:?} dumps over time");
    println!("pictures of the page, eight frames and the painting: {drawn:.0} ms");
    println!(
        "memory: {:.0} MiB more, {:.0} at most",
        cpu::status_mib("VmRSS") - memory,
        cpu::status_mib("VmHWM")
    );
    if read <= MOST && columns == Some(DUMPS) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
