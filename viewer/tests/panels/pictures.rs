//! The whole viewer painted without a display.

use crate::viewer;
use afterimage_format::time::WallTime;
use afterimage_viewer::app::Viewer;
use afterimage_viewer::command::Command;
use afterimage_viewer::data::SeriesId;
use afterimage_viewer::screenshot::{Screen, Size, write_png};
use afterimage_viewer::state::ThemeChoice;
use afterimage_viewer::state::table::Column;
use egui::Event;
use std::path::Path;

const SMALL: Size = Size {
    width: 1280,
    height: 800,
};

#[test]
fn the_same_state_is_the_same_picture() {
    let paint = || {
        let ctx = egui::Context::default();
        let mut viewer = viewer(&ctx, "13:57:03");
        Screen::new(&ctx)
            .picture(&mut viewer, SMALL, ThemeChoice::Dark, &[])
            .unwrap()
    };
    let (one, other) = (paint(), paint());
    let differing = one
        .pixels
        .iter()
        .zip(&other.pixels)
        .enumerate()
        .filter(|(_, (a, b))| a != b);
    let places: Vec<_> = differing
        .map(|(place, _)| (place % 1280, place / 1280))
        .collect();
    assert!(
        places.is_empty(),
        "{} pixels, the first at {:?}",
        places.len(),
        places.first()
    );
    assert_eq!(one.size, [1280, 800]);
}

/// Not a test of anything: writes pictures to look at into the target directory.
#[test]
#[ignore = "for looking at: cargo test -p afterimage-viewer --test panels -- --ignored"]
fn pictures_to_look_at() {
    use ThemeChoice::{Dark, Light};
    let large = Size {
        width: 1600,
        height: 1000,
    };
    look("dark", large, Dark, "13:57:03", &[], &[]);
    look("light", large, Light, "13:57:03", &[], &[]);
    look("dark-small", SMALL, Dark, "14:31:07", &[], &[]);
    look(
        "light-small-gap",
        SMALL,
        Light,
        "13:42:00",
        &[],
        &[hover(490.0, 150.0)],
    );
    let zoom = |at: i64, factor| Command::Zoom {
        at: WallTime(at * 1_000_000),
        factor,
    };
    let close = zoom(1_795_348_800 + 5_467, 0.008);
    let commands = [
        close,
        Command::ToggleSeries(SeriesId::LoadFifteen),
        Command::SortBy(Column::Wait),
    ];
    look(
        "dark-close",
        SMALL,
        Dark,
        "14:31:07",
        &commands,
        &[hover(300.0, 120.0)],
    );
    let commands = [
        Command::Filter("redis".to_owned()),
        Command::SortBy(Column::Read),
        Command::BeginJump,
    ];
    look("light-filter", large, Light, "start", &commands, &[]);
    let typed = [Event::Text("state:D us".to_owned())];
    let focus = [Command::FocusFilter];
    look("dark-typing", large, Dark, "13:57:03", &focus, &typed);
    look(
        "light-explained",
        SMALL,
        Light,
        "13:57:03",
        &[],
        &[hover(420.0, 442.0)],
    );
    look(
        "dark-state",
        SMALL,
        Dark,
        "13:57:03",
        &[Command::SortBy(Column::State)],
        &[hover(190.0, 480.0)],
    );
}

fn hover(x: f32, y: f32) -> Event {
    Event::PointerMoved(egui::pos2(x, y))
}

#[expect(clippy::too_many_arguments, reason = "a line a picture")]
fn look(
    name: &str,
    size: Size,
    choice: ThemeChoice,
    at: &str,
    commands: &[Command],
    events: &[Event],
) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let ctx = egui::Context::default();
    let mut viewer = viewer(&ctx, at);
    let mut screen = Screen::new(&ctx);
    let loaded = screen.picture(&mut viewer, size, choice, &[]);
    loaded.expect("it can be painted");
    for command in commands {
        viewer.perform(command.clone());
    }
    let image = screen
        .picture(&mut viewer, size, choice, events)
        .expect("it can be painted");
    write_png(&image, &folder.join(format!("viewer-{name}.png"))).expect("it can be painted");
}

/// Not a test of anything either: the same of a capture file that the environment names.
#[test]
#[ignore = "for looking at: AFTERIMAGE_LOOK=FILE cargo test -p afterimage-viewer --test panels -- --ignored capture"]
fn pictures_of_a_capture_to_look_at() {
    use afterimage_viewer::command::{TimeCommand, TrackCommand};
    use afterimage_viewer::state::tracks::TrackId;
    let Some(file) = std::env::var_os("AFTERIMAGE_LOOK") else {
        return;
    };
    let at = std::env::var("AFTERIMAGE_AT").unwrap_or_else(|_| "end".to_owned());
    let tracks = |all: &[TrackId]| -> Vec<Command> {
        let toggle = |id: &TrackId| Command::Track(TrackCommand::Toggle(*id));
        all.iter().map(toggle).collect()
    };
    let (large, none) = ((1600, 1000, 1.0), Vec::<Command>::new());
    let all = tracks(&TrackId::ALL[1..]);
    let some = tracks(&[TrackId::Cpus, TrackId::Memory, TrackId::Disk]);
    let fold = vec![Command::Time(TimeCommand::ToggleNearestFold)];
    let zoom = vec![
        Command::Time(TimeCommand::ZoomAtCursor(0.25)),
        Command::Track(TrackCommand::NextEvent),
    ];
    let pictures = [
        (
            "dark",
            large,
            ThemeChoice::Dark,
            none.clone(),
            hover(498.0, 502.0),
        ),
        ("light", large, ThemeChoice::Light, fold, hover(10.0, 999.0)),
        (
            "dark-small",
            (1000, 700, 1.0),
            ThemeChoice::Dark,
            none.clone(),
            hover(10.0, 699.0),
        ),
        (
            "light-twice",
            (3200, 2000, 2.0),
            ThemeChoice::Light,
            some.clone(),
            hover(10.0, 999.0),
        ),
        (
            "dark-some",
            large,
            ThemeChoice::Dark,
            some,
            hover(700.0, 540.0),
        ),
        (
            "dark-all",
            (1600, 1400, 1.0),
            ThemeChoice::Dark,
            all,
            hover(10.0, 999.0),
        ),
        (
            "light-zoom",
            large,
            ThemeChoice::Light,
            zoom,
            hover(10.0, 999.0),
        ),
    ];
    for (name, size, choice, commands, event) in pictures {
        let mut viewer = |ctx: &egui::Context| {
            let mut viewer = Viewer::new(ctx);
            viewer.perform(Command::Open {
                path: file.clone().into(),
                at: at.parse().ok(),
            });
            viewer
        };
        look_at(name, (&mut viewer, size), choice, (&commands, event));
    }
}

/// Opens a capture.
type Opened<'a> = &'a mut dyn FnMut(&egui::Context) -> Viewer;

/// Opens a viewer, does something in it, and writes its picture.
fn look_at(
    name: &str,
    (viewer, (width, height, scale)): (Opened<'_>, (u16, u16, f32)),
    choice: ThemeChoice,
    (commands, event): (&[Command], Event),
) {
    let ctx = egui::Context::default();
    let mut viewer = viewer(&ctx);
    let mut screen = Screen::new(&ctx).scaled(scale);
    let size = Size { width, height };
    let loaded = screen.picture(&mut viewer, size, choice, &[]);
    loaded.expect("it can be painted");
    for command in commands {
        viewer.perform(command.clone());
    }
    let image = screen.picture(&mut viewer, size, choice, &[event]);
    let image = image.expect("it can be painted");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    write_png(&image, &folder.join(format!("capture-{name}.png"))).expect("it is written");
}
