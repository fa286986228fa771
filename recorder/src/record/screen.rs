//! What whoever started the recorder sees of it: a line for each thing that happens and, on a
//! terminal, one more that is drawn anew with each tick.
//!
//! It has a thread of its own: a terminal may stop taking output at any time (Ctrl-S, an ssh
//! connection that hangs), and the sampler waits for nobody. What nobody takes is dropped.

use super::status_line::status_line;
use crate::status::Shared;
use anyhow::Context as _;
use rustix::fd::BorrowedFd;
use rustix::io::{retry_on_intr, write};
use rustix::process::getpgrp;
use rustix::stdio::stderr;
use rustix::termios::{LocalModes, isatty, tcgetattr, tcgetpgrp, tcgetwinsize};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;

/// How long the end of a run waits for a terminal that takes no output.
const PATIENCE: Duration = Duration::from_secs(1);
/// Of a terminal that does not tell.
const USUAL_COLUMNS: usize = 80;

/// The thread that shows things, ended when this is dropped.
#[derive(Debug)]
pub(super) struct Screen {
    wake: Option<SyncSender<Wake>>,
    ended: Receiver<Wake>,
}

/// Something is to be shown, or has been.
#[derive(Debug)]
struct Wake;

impl Screen {
    pub(super) fn start(shared: Arc<Shared>) -> anyhow::Result<Self> {
        let (wake, wakes) = sync_channel(1);
        let (end, ended) = channel();
        let thread = thread::Builder::new().name("screen".to_owned());
        let mut shown = Shown {
            shared,
            live: is_drawable(),
            drawn: 0,
            is_gone: false,
        };
        let show = move || {
            for Wake in wakes {
                shown.update();
            }
            shown.end();
            // The run does not wait any more.
            drop(end.send(Wake));
        };
        thread.spawn(show).context("cannot start a thread")?;
        let wake = Some(wake);
        Ok(Self { wake, ended })
    }

    /// Something changed. If the last change is still being shown, this one comes with the next.
    pub(super) fn update(&self) {
        if let Some(wake) = &self.wake {
            drop(wake.try_send(Wake));
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.wake = None;
        drop(self.ended.recv_timeout(PATIENCE));
    }
}

/// What is on the screen.
struct Shown {
    shared: Arc<Shared>,
    live: bool,
    /// The length of the line that is drawn there now.
    drawn: usize,
    /// Nobody is there any more: no reason to stop recording.
    is_gone: bool,
}

impl Shown {
    fn update(&mut self) {
        let place = Place::now();
        if place == Place::Stopping {
            return;
        }
        let columns = columns();
        let mut text = self.lines(columns, place);
        if self.live && place == Place::Foreground {
            let line = status_line(&self.shared.status(), columns - 1);
            if text.is_empty() {
                text = erasing(self.drawn, columns);
            }
            self.drawn = line.chars().count();
            text.push_str(&line);
        }
        self.put(&text);
    }

    /// In place of the live line, what is still to be said.
    fn end(&mut self) {
        let place = Place::now();
        if place == Place::Stopping {
            return;
        }
        let mut text = self.lines(columns(), place);
        if self.drawn > 0 && text.is_empty() {
            text.push_str("\r\n");
        }
        self.put(&text);
    }

    /// What was said since, where the live line was.
    fn lines(&mut self, columns: usize, place: Place) -> String {
        let said = self.shared.said();
        let drawn = std::mem::replace(&mut self.drawn, 0);
        if said.is_empty() {
            self.drawn = drawn;
            return String::new();
        }
        // In the background the shell has written since.
        let over = if drawn > 0 && place == Place::Foreground {
            erasing(drawn, columns)
        } else {
            String::new()
        };
        said.into_iter()
            .fold(over, |text, line| text + &line + "\n")
    }

    fn put(&mut self, text: &str) {
        let mut bytes = text.as_bytes();
        while !bytes.is_empty() && !self.is_gone {
            match retry_on_intr(|| write(stderr(), bytes)) {
                Ok(written) => bytes = &bytes[written..],
                Err(_nobody_there) => self.is_gone = true,
            }
        }
    }
}

/// Goes back to where a line of `drawn` characters began, and clears from there on. If the
/// terminal has become narrower, the line has wrapped.
fn erasing(drawn: usize, columns: usize) -> String {
    match drawn.saturating_sub(1) / columns.max(1) {
        0 => "\r\x1b[K".to_owned(),
        rows => format!("\r\x1b[{rows}A\x1b[J"),
    }
}

/// Whether we may write to the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Foreground,
    /// Lines may be written, but the last line of the screen is the shell's.
    Background,
    /// To write would stop the recorder (`stty tostop`).
    Stopping,
}

impl Place {
    fn now() -> Self {
        let terminal: BorrowedFd<'static> = stderr();
        match tcgetpgrp(terminal) {
            Ok(group) if group != getpgrp() => {
                let stops = tcgetattr(terminal)
                    .is_ok_and(|modes| modes.local_modes.contains(LocalModes::TOSTOP));
                if stops {
                    Self::Stopping
                } else {
                    Self::Background
                }
            }
            // It is no terminal, or not the one that controls us.
            Ok(_) | Err(_) => Self::Foreground,
        }
    }
}

/// Whether a line can be drawn over another.
fn is_drawable() -> bool {
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    isatty(stderr()) && !is_dumb
}

fn columns() -> usize {
    let columns = tcgetwinsize(stderr()).map_or(0, |size| usize::from(size.ws_col));
    if columns == 0 { USUAL_COLUMNS } else { columns }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_has_wrapped_is_cleared_from_its_beginning() {
        assert_eq!(erasing(79, 80), "\r\x1b[K");
        assert_eq!(erasing(80, 80), "\r\x1b[K");
        assert_eq!(erasing(150, 60), "\r\x1b[2A\x1b[J");
        assert_eq!(erasing(0, 0), "\r\x1b[K");
    }
}
