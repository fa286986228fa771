//! Settings between the window and their file: taken at the start, written now and then and at
//! the end, and only when they are others.

use super::Viewer;
use crate::command::{Command, DeskCommand};
use crate::settings::{Settings, Window, file};
use crate::state::desk::Word;
use egui::Context;
use std::path::PathBuf;

/// How often it is looked whether there is anything to write, in seconds.
const EACH: f64 = 10.0;

/// Keeps settings in a file.
#[derive(Debug)]
pub(super) struct Keeper {
    path: PathBuf,
    /// What is in the file.
    written: String,
    /// When it is looked again, on egui's clock.
    next: f64,
    window: Option<Window>,
}

impl Viewer {
    /// Takes what was remembered, and keeps it from now on in that file.
    pub fn keep_settings(&mut self, path: PathBuf, read: &file::Read) {
        read.settings.restore(&mut self.state);
        if let Some(zoom) = read.settings.zoom.filter(|zoom| (0.2..=5.0).contains(zoom)) {
            self.ctx.set_zoom_factor(zoom);
        }
        self.keeper = Some(Keeper {
            path,
            written: String::new(),
            next: EACH,
            window: read.settings.window,
        });
        self.remembers = true;
        if let Some(problem) = &read.problem {
            let text = problem.clone();
            let word = Word {
                text,
                is_problem: true,
            };
            self.perform(Command::Desk(DeskCommand::Say(word)));
        }
        let recent = self.state.desk.recent.iter();
        let files: Vec<PathBuf> = recent.map(|recent| recent.path.clone()).collect();
        self.run(crate::command::Errand::LookFor(files));
    }

    /// Writes them when it is time to and they are others; from a thread, so that no frame waits.
    pub(super) fn remember_now_and_then(&mut self, ctx: &Context) {
        let now = ctx.input(|input| input.time);
        let zoom = ctx.zoom_factor();
        let Some(keeper) = &mut self.keeper else {
            return;
        };
        keeper.window = window(ctx, zoom, keeper.window);
        if now < keeper.next {
            return;
        }
        keeper.next = now + EACH;
        if let Some((path, text)) = self.news() {
            let write = move || file::write(&path, &text);
            let started = std::thread::Builder::new()
                .name("settings".to_owned())
                .spawn(write);
            // They are written again at the end, where a failure is told.
            drop(started);
        }
    }

    /// Writes them at the end.
    pub(super) fn remember_at_last(&mut self) {
        if let Some((path, text)) = self.news()
            && let Err(error) = file::write(&path, &text)
        {
            #[expect(clippy::print_stderr, reason = "the window is gone")]
            {
                let path = path.display();
                eprintln!("afterimage-viewer: settings cannot be kept in {path}: {error}");
            }
        }
    }

    /// What is to be written where, if it is not there yet.
    fn news(&mut self) -> Option<(PathBuf, String)> {
        let zoom = self.ctx.zoom_factor();
        let keeper = self.keeper.as_mut()?;
        let settings = Settings {
            window: keeper.window,
            zoom: ((zoom - 1.0).abs() > 0.001).then_some(zoom),
            ..Settings::of(&self.state)
        };
        let text = toml::to_string(&settings).ok()?;
        let text =
            format!("# What afterimage-viewer remembers; --no-settings does without.\n{text}");
        if text == keeper.written {
            return None;
        }
        keeper.written.clone_from(&text);
        Some((keeper.path.clone(), text))
    }
}

/// Where the window is; while it fills the screen or is not seen, how it was before.
fn window(ctx: &Context, zoom: f32, before: Option<Window>) -> Option<Window> {
    let info = ctx.input(|input| input.viewport().clone());
    let fills = info.maximized == Some(true) || info.fullscreen == Some(true);
    if info.minimized == Some(true) {
        return before;
    }
    if fills {
        return before.map(|before| Window {
            maximized: true,
            ..before
        });
    }
    let Some(inner) = info.inner_rect else {
        return before;
    };
    let outer = info.outer_rect.map(|outer| outer.min * zoom);
    Some(Window {
        width: inner.width() * zoom,
        height: inner.height() * zoom,
        x: outer.map(|corner| corner.x),
        y: outer.map(|corner| corner.y),
        maximized: false,
    })
}
