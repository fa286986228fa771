//! Pictures that stay as they are, pixel by pixel: painted by the processor with the fonts that
//! are built in, they are the same on every machine.
//!
//! After a change that is meant to be seen: `UPDATE_SNAPSHOTS=1 cargo test -p afterimage-viewer
//! snapshots`, and look at what git shows.

use crate::dumps::capture::written;
use crate::keeping::damaged_viewer as damaged;
use crate::viewer;
use afterimage_analysis::processes::group::GroupBy;
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::units::Ticks;
use afterimage_viewer::app::Viewer;
use afterimage_viewer::command::{Command, DeskCommand, DumpCommand, TrackCommand, WindowCommand};
use afterimage_viewer::data::ReplayError;
use afterimage_viewer::screenshot::{Screen, Size, write_png};
use afterimage_viewer::state::ThemeChoice;
use afterimage_viewer::state::dumps::DumpPage;
use afterimage_viewer::state::table::{Arrangement, Branch, Column};
use afterimage_viewer::state::tabs::Tab;
use afterimage_viewer::state::tracks::TrackId;
use egui::ColorImage;
use std::io::BufReader;
use std::path::{Path, PathBuf};

const SIZE: Size = Size {
    width: 1100,
    height: 760,
};

/// What need not be large to be seen.
const SMALL: Size = Size {
    width: 900,
    height: 600,
};

fn painted(theme: ThemeChoice, at: &str, commands: &[Command]) -> ColorImage {
    let ctx = egui::Context::default();
    let viewer = viewer(&ctx, at);
    painted_by(&ctx, viewer, (SIZE, theme), commands)
}

fn small(at: &str, commands: &[Command]) -> ColorImage {
    let ctx = egui::Context::default();
    let viewer = viewer(&ctx, at);
    painted_by(&ctx, viewer, (SMALL, ThemeChoice::Dark), commands)
}

fn painted_by(
    ctx: &egui::Context,
    mut viewer: Viewer,
    (size, theme): (Size, ThemeChoice),
    commands: &[Command],
) -> ColorImage {
    let mut screen = Screen::new(ctx);
    let mut image = screen.picture(&mut viewer, size, theme, &[]);
    for command in commands {
        viewer.perform(command.clone());
        image = screen.picture(&mut viewer, size, theme, &[]);
    }
    image.expect("it is painted")
}

/// The process with this number, as it was when the capture was made up.
fn select(pid: i32) -> Command {
    Command::Follow(ProcessKey {
        pid: Pid(pid),
        started: Ticks(500),
    })
}

fn kept(path: &Path) -> Option<Vec<u8>> {
    let file = std::fs::File::open(path).ok()?;
    let mut reader = png::Decoder::new(BufReader::new(file)).read_info().ok()?;
    let mut bytes = vec![0; reader.output_buffer_size()?];
    reader.next_frame(&mut bytes).ok()?;
    Some(bytes)
}

fn compare(name: &str, image: &ColorImage) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join(format!("tests/panels/snapshots/{name}.png"));
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        write_png(image, &path).expect("it can be written");
    }
    let pixels = image.pixels.iter();
    let shown: Vec<u8> = pixels
        .flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b()])
        .collect();
    let known = kept(&path).unwrap_or_default();
    let differing = known.chunks_exact(3).zip(shown.chunks_exact(3));
    let differing = differing.filter(|(known, shown)| known != shown).count();
    if known.len() == shown.len() && differing == 0 {
        return;
    }
    let seen: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.png"));
    write_png(image, &seen).expect("it can be written");
    panic!(
        "{differing} pixels of {name} are different: what is painted now is {}",
        seen.display()
    );
}

#[test]
fn the_curves_and_the_table() {
    compare("dark", &painted(ThemeChoice::Dark, "13:57:03", &[]));
}

#[test]
fn more_tracks_and_a_page_of_the_machine_in_light_colours() {
    let commands = [
        Command::Track(TrackCommand::Toggle(TrackId::Memory)),
        Command::Track(TrackCommand::Toggle(TrackId::Cpus)),
        Command::ShowTab(Tab::Memory),
    ];
    compare("light", &painted(ThemeChoice::Light, "14:31:07", &commands));
}

#[test]
fn sockets_of_which_some_are_in_trouble() {
    let commands = [Command::ShowTab(Tab::Sockets)];
    compare(
        "sockets",
        &painted(ThemeChoice::Dark, "13:57:03", &commands),
    );
}

#[test]
fn the_palette_over_the_kernel_log() {
    let commands = [
        Command::ShowTab(Tab::Log),
        Command::Window(WindowCommand::OpenPalette),
        Command::Window(WindowCommand::EditPalette("track".to_owned())),
    ];
    compare(
        "palette",
        &painted(ThemeChoice::Dark, "13:57:03", &commands),
    );
}

#[test]
fn the_page_of_a_process() {
    let commands = [select(1_180), Command::TogglePageWidth];
    compare("process", &small("14:31:07", &commands));
}

#[test]
fn the_tree_with_a_branch_that_is_closed() {
    let closed = ProcessKey {
        pid: Pid(1_422),
        started: Ticks(500),
    };
    let commands = [
        Command::Arrange(Arrangement::Tree),
        Command::Turn(Branch::Process(closed)),
    ];
    compare("tree", &painted(ThemeChoice::Dark, "13:57:03", &commands));
}

#[test]
fn groups_of_which_one_is_open() {
    let commands = [
        Command::Arrange(Arrangement::By(GroupBy::Cgroup)),
        Command::SortBy(Column::Rss),
        Command::SelectNext(1),
        Command::SelectNext(1),
        Command::TurnHere,
    ];
    compare("groups", &painted(ThemeChoice::Dark, "13:57:03", &commands));
}

#[test]
fn a_moment_beside_the_one_that_is_pinned() {
    let commands = [Command::TogglePin, Command::First, Command::Step(1)];
    compare(
        "compare",
        &painted(ThemeChoice::Dark, "13:57:03", &commands),
    );
}

#[test]
fn the_help_page() {
    let commands = [Command::Window(WindowCommand::ToggleHelp)];
    compare("help", &small("13:57:03", &commands));
}

#[test]
fn the_window_without_a_capture() {
    let ctx = egui::Context::default();
    let viewer = Viewer::with_opener(&ctx, Box::new(|_| Box::new(|_| Err(ReplayError::Damaged))));
    let image = painted_by(&ctx, viewer, (SMALL, ThemeChoice::Light), &[]);
    compare("empty", &image);
}

#[test]
fn a_damaged_capture_says_what_is_missing() {
    let ctx = egui::Context::default();
    let viewer = damaged(&ctx);
    let commands = [Command::Desk(DeskCommand::ToggleMissing)];
    let image = painted_by(&ctx, viewer, (SMALL, ThemeChoice::Dark), &commands);
    compare("damaged", &image);
}

#[test]
fn threads_that_wait_for_one_lock() {
    let ctx = egui::Context::default();
    let mut viewer = Viewer::new(&ctx);
    viewer.perform(Command::Open {
        path: written().to_owned(),
        at: Some("14:01:22".parse().expect("a moment")),
    });
    let commands = [
        Command::ShowTab(Tab::Threads),
        Command::Dumps(DumpCommand::Show(DumpPage::Groups)),
    ];
    let image = painted_by(&ctx, viewer, (SIZE, ThemeChoice::Dark), &commands);
    compare("threads", &image);
}

#[test]
fn the_load_taken_apart_over_time() {
    let commands = [Command::ShowTab(Tab::Load)];
    compare("load", &painted(ThemeChoice::Dark, "13:57:03", &commands));
}
