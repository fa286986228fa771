//! The binary `afterimage-viewer`: arguments in; a window, or a picture in a file.

use afterimage_viewer::app::Viewer;
use afterimage_viewer::cli::Cli;
use afterimage_viewer::command::Command;
use afterimage_viewer::screenshot::{Screen, write_png};
use afterimage_viewer::state::ThemeChoice;
use anyhow::{anyhow, bail};
use clap::Parser as _;
use egui_system_font_provider::SystemFontProvider;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

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
    let mut screen = Screen::new(&ctx).scaled(cli.scale);
    let mut image = screen.picture(&mut viewer, cli.size, choice, &[])?;
    for option in &cli.view {
        for step in option.steps(viewer.state()) {
            for command in step {
                viewer.perform(command);
            }
            image = screen.picture(&mut viewer, cli.size, choice, &[])?;
        }
    }
    write_png(&image, path)
}

fn window(cli: &Cli) -> anyhow::Result<()> {
    let asked = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if cfg!(target_os = "linux") && !asked("DISPLAY") && !asked("WAYLAND_DISPLAY") {
        bail!(
            "there is no display (neither WAYLAND_DISPLAY nor DISPLAY is set); \
             --screenshot OUT.png writes the picture to a file without one"
        );
    }
    let size = [f32::from(cli.size.width), f32::from(cli.size.height)];
    let viewport = egui::ViewportBuilder::default()
        .with_title("afterimage")
        .with_app_id("afterimage-viewer")
        .with_inner_size(size);
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
            let mut viewer = Viewer::new(&creation.egui_ctx);
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
