//! The binary `afterimage-viewer`: arguments in; a window, or a picture in a file.

use afterimage_viewer::app::Viewer;
use afterimage_viewer::cli::{Cli, USUAL_SIZE};
use afterimage_viewer::command::{Command, DeskCommand};
use afterimage_viewer::screenshot::{Screen, Size, write_png};
use afterimage_viewer::settings::{Window, file};
use afterimage_viewer::state::ThemeChoice;
use anyhow::{anyhow, bail};
use clap::Parser as _;
use egui_system_font_provider::SystemFontProvider;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// In a smaller window there is no room for all that can be pressed, in points.
const LEAST: [f32; 2] = [640.0, 420.0];

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match &cli.screenshot {
        Some(path) => picture(&cli, path),
        None => window(&cli),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "the one place that tells of a failure")]
            {
                eprintln!("afterimage-viewer: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}

fn open(viewer: &mut Viewer, cli: &Cli) {
    for path in &cli.files {
        viewer.perform(Command::Open {
            path: path.clone(),
            at: cli.at,
        });
    }
}

fn picture(cli: &Cli, path: &Path) -> anyhow::Result<()> {
    let ctx = egui::Context::default();
    // In a window eframe does this. In tests nobody does: they look the same everywhere.
    ctx.add_font_provider(Arc::new(SystemFontProvider::new()));
    let mut viewer = Viewer::new(&ctx);
    open(&mut viewer, cli);
    let choice = cli.theme.unwrap_or(ThemeChoice::Dark);
    let size = cli.size.unwrap_or(USUAL_SIZE);
    let mut screen = Screen::new(&ctx).scaled(cli.scale);
    let mut image = screen.picture(&mut viewer, size, choice, &[])?;
    for option in &cli.view {
        let steps = option
            .steps(viewer.state())
            .map_err(|problem| anyhow!(problem))?;
        for step in steps {
            for command in step {
                viewer.perform(command);
            }
            image = screen.picture(&mut viewer, size, choice, &[])?;
        }
    }
    write_png(&image, path)
}

fn window(cli: &Cli) -> anyhow::Result<()> {
    let asked = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    // As winit chooses.
    let is_wayland = asked("WAYLAND_DISPLAY") || asked("WAYLAND_SOCKET");
    if cfg!(target_os = "linux") && !asked("DISPLAY") && !is_wayland {
        bail!(
            "there is no display (neither WAYLAND_DISPLAY nor DISPLAY is set); \
             --screenshot OUT.png writes the picture to a file without one"
        );
    }
    let kept = file::path().filter(|_| !cli.no_settings);
    let kept = kept.map(|path| (file::read(&path), path));
    let window = kept.as_ref().and_then(|(read, _)| read.settings.window);
    let viewport = egui::ViewportBuilder::default()
        .with_title("afterimage")
        .with_app_id("afterimage-viewer")
        .with_min_inner_size(LEAST);
    let viewport = placed(viewport, cli.size, window);
    let options = eframe::NativeOptions {
        viewport,
        dithering: false,
        ..Default::default()
    };
    let cli = cli.clone();
    let shown = eframe::run_native(
        "afterimage-viewer",
        options,
        Box::new(move |creation| {
            let mut viewer = Viewer::new(&creation.egui_ctx).in_window();
            if cfg!(target_os = "linux") && is_wayland {
                viewer.perform(Command::Desk(DeskCommand::NothingCanBeDropped));
            }
            if let Some((read, path)) = &kept {
                viewer.keep_settings(path.clone(), read);
            }
            if let Some(choice) = cli.theme {
                viewer.perform(Command::SetTheme(choice));
            }
            open(&mut viewer, &cli);
            Ok(Box::new(viewer))
        }),
    );
    // eframe's error cannot be sent between threads, so its words are kept instead of itself.
    shown.map_err(|error| {
        anyhow!(
            "no window can be opened on this machine ({error}); \
             --screenshot OUT.png writes the picture to a file without one"
        )
    })
}

/// A window as large as was asked for, else where and as large as it was last.
fn placed(
    viewport: egui::ViewportBuilder,
    asked: Option<Size>,
    last: Option<Window>,
) -> egui::ViewportBuilder {
    let usual = asked.unwrap_or(USUAL_SIZE);
    let usual = [f32::from(usual.width), f32::from(usual.height)];
    let is_usable = |window: &Window| {
        let usable = 320.0..=16_384.0;
        usable.contains(&window.width) && usable.contains(&window.height)
    };
    let Some(last) = last.filter(is_usable).filter(|_| asked.is_none()) else {
        return viewport.with_inner_size(usual);
    };
    let viewport = viewport
        .with_inner_size([last.width, last.height])
        .with_maximized(last.maximized);
    // Left of and above the first screen there may be none any more.
    match last.x.zip(last.y) {
        Some((x, y)) if (0.0..8_192.0).contains(&x) && (0.0..8_192.0).contains(&y) => {
            viewport.with_position([x, y])
        }
        _ => viewport,
    }
}
