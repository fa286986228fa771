//! Pictures that stay as they are, pixel by pixel: painted by the processor with the fonts that
//! are built in, they are the same on every machine.
//!
//! After a change that is meant to be seen: `UPDATE_SNAPSHOTS=1 cargo test -p afterimage-viewer
//! snapshots`, and look at what git shows.

use crate::viewer;
use afterimage_viewer::command::{Command, TrackCommand, WindowCommand};
use afterimage_viewer::screenshot::{Screen, Size, write_png};
use afterimage_viewer::state::ThemeChoice;
use afterimage_viewer::state::tabs::Tab;
use afterimage_viewer::state::tracks::TrackId;
use egui::ColorImage;
use std::io::BufReader;
use std::path::{Path, PathBuf};

const SIZE: Size = Size {
    width: 1100,
    height: 760,
};

fn painted(theme: ThemeChoice, at: &str, commands: &[Command]) -> ColorImage {
    let ctx = egui::Context::default();
    let mut viewer = viewer(&ctx, at);
    let mut screen = Screen::new(&ctx);
    let mut image = screen.picture(&mut viewer, SIZE, theme, &[]);
    for command in commands {
        viewer.perform(command.clone());
        image = screen.picture(&mut viewer, SIZE, theme, &[]);
    }
    image.expect("it is painted")
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
fn the_load_taken_apart_over_time() {
    let commands = [Command::ShowTab(Tab::Load)];
    compare("load", &painted(ThemeChoice::Dark, "13:57:03", &commands));
}
