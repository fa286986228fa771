//! What the app does beside asking workers: dialogs, looking for files, painting pictures. Each
//! on a thread of its own, so that no frame waits; what comes of it is a command.

use super::Viewer;
use crate::command::{Command, DeskCommand, Errand};
use crate::picture::{self, Shown};
use crate::state::desk::{Chosen, NotSaved, Recent, Word, path_from};
use afterimage_format::time::WallTime;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Shows the desktop's dialog and waits for it; tests put another one here.
pub type Dialog = Arc<dyn Fn() -> Chosen + Send + Sync>;

impl Viewer {
    /// Does something beside the captures.
    pub(super) fn run(&mut self, errand: Errand) {
        match errand {
            Errand::Close(document) => {
                self.workers.remove(&document);
            }
            Errand::OpenTyped(text) => {
                let home = std::env::var_os("HOME").map(PathBuf::from);
                let path = path_from(&text, home.as_deref());
                self.perform(Command::Open { path, at: None });
            }
            // There dialogs belong to the main thread, and draw the window themselves meanwhile.
            Errand::Choose if cfg!(target_os = "macos") => {
                let chosen = (self.dialog)();
                self.perform(Command::Desk(DeskCommand::Chosen(chosen)));
            }
            Errand::Choose => {
                let dialog = Arc::clone(&self.dialog);
                self.start("dialog", move || DeskCommand::Chosen(dialog()));
            }
            Errand::LookFor(files) => self.start("recent files", move || {
                let look = |path: PathBuf| {
                    let is_missing = !path.exists();
                    (path, is_missing)
                };
                DeskCommand::Found(files.into_iter().map(look).collect())
            }),
            Errand::Picture { to, replaces } => {
                let shown = Shown::of(&self.ctx, &self.state, self.has_system_fonts);
                let home = std::env::var_os("HOME").map(PathBuf::from);
                let path = path_from(&to, home.as_deref());
                self.start("picture", move || {
                    DeskCommand::PictureSaved(saved(&shown, &path, replaces))
                });
            }
        }
    }

    /// Does something on a thread of its own.
    fn start(&mut self, name: &str, task: impl FnOnce() -> DeskCommand + Send + 'static) {
        let (send, wake) = (self.errand_to.clone(), Arc::clone(&self.wake));
        let started = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                // Nobody listens any more once the window is closed.
                let _closed = send.send(Command::Desk(task())).is_err();
                wake();
            });
        if let Err(error) = started {
            let text = format!("No thread could be started ({error}).");
            let word = Word {
                text,
                is_problem: true,
            };
            self.perform(Command::Desk(DeskCommand::Say(word)));
        }
    }

    /// Waits for what one errand brings, for tests; whether it came.
    pub fn wait_for_errand(&mut self, longest: Duration) -> bool {
        let came = self.errands.recv_timeout(longest);
        came.map(|command| self.perform(command)).is_ok()
    }

    /// Puts a capture that was opened just now at the top of those that were open before.
    pub(super) fn remember(&mut self, path: PathBuf, host: String) {
        let opened = WallTime(jiff::Timestamp::now().as_microsecond());
        let recent = Recent {
            path,
            host,
            opened,
            is_missing: false,
        };
        self.perform(Command::Desk(DeskCommand::Remember(recent)));
    }
}

fn saved(shown: &Shown, path: &Path, replaces: bool) -> Result<PathBuf, NotSaved> {
    let failed = |error: &dyn std::fmt::Display| NotSaved::Failed(format!("{error:#}"));
    let path = std::path::absolute(path).map_err(|error| failed(&error))?;
    if !replaces && path.symlink_metadata().is_ok() {
        return Err(NotSaved::Exists);
    }
    let image = picture::paint(shown);
    match picture::write(&image, &path, replaces) {
        Ok(()) => Ok(path),
        Err(error) if error.is_taken => Err(NotSaved::Exists),
        Err(error) => Err(NotSaved::Failed(error.text)),
    }
}

/// The desktop's own dialog.
pub(super) fn desktop() -> Chosen {
    let dialog = rfd::FileDialog::new()
        .set_title("Open captures")
        .add_filter("Captures", &["afterimage"])
        .add_filter("All files", &["*"]);
    match dialog.pick_files() {
        Some(files) => Chosen::Files(files),
        // Elsewhere this means that it was cancelled; here that would be an empty list.
        None if cfg!(target_os = "linux") => Chosen::Unavailable(
            "This desktop offers no file dialog (neither an XDG portal nor zenity answered): \
             type or paste the path instead."
                .to_owned(),
        ),
        None => Chosen::Files(vec![]),
    }
}
