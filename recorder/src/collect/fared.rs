//! How each source fared: what changed becomes a row of the capture, and what is missing is said.

use super::Collector;
use crate::sockets;
use afterimage_format::facts::Source;
use afterimage_format::reading::{Missing, Reading};

impl Collector {
    /// Sources whose state changed since this was asked last.
    pub(crate) fn news(&mut self) -> Vec<Source> {
        std::mem::take(&mut self.news)
    }

    /// What is not readable now, and why, if that has changed since it was asked last.
    pub(crate) fn missing_news(&mut self) -> Option<Vec<(&'static str, String)>> {
        std::mem::take(&mut self.is_missing_news).then(|| self.missing().collect())
    }

    fn missing(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.states.iter().filter_map(|(name, state)| {
            let why = state.err()?.to_string();
            // Some processes refuse everybody, root too: it matters how many do.
            let (denied, processes) = self.io_denied;
            Some(match *name {
                "PID/stat" if self.hides_processes => {
                    (*name, "/proc hides the processes of other users".to_owned())
                }
                "PID/io" => (
                    *name,
                    format!("{why}, of {denied} of {processes} processes"),
                ),
                sockets::OWNERS => {
                    let (denied, all) = self.sockets.refused().unwrap_or_default();
                    (*name, format!("{why}, of {denied} of {all} processes"))
                }
                name => (name, why),
            })
        })
    }

    pub(super) fn note_all(&mut self, mut fared: Vec<(&'static str, Reading<()>)>) {
        for (name, state) in fared.drain(..) {
            self.note(name, state);
        }
        self.fared = fared;
    }

    /// Notes a source whose state is not what it was.
    pub(super) fn note(&mut self, name: &'static str, state: Reading<()>) {
        let known = self.states.iter_mut().find(|(known, _)| *known == name);
        let before = known.map(|known| std::mem::replace(&mut known.1, state));
        if before == Some(state) {
            return;
        }
        if before.is_none() {
            self.states.push((name, state));
        }
        self.is_missing_news = true;
        self.news.push(source_from_state(name, state));
    }
}

/// A source's state in words.
pub(crate) fn source_from_state(name: &str, state: Reading<()>) -> Source {
    let word = match state {
        Ok(()) => "ok",
        Err(Missing::NotSupported | Missing::NotRead) => "absent",
        Err(Missing::PermissionDenied) => "denied",
        Err(Missing::Blocked) => "blocked",
        Err(Missing::Malformed) => "malformed",
        Err(Missing::Shed) => "shed",
        Err(_) => "unreadable",
    };
    let detail = state
        .err()
        .map_or_else(String::new, |missing| missing.to_string());
    Source {
        name: name.to_owned(),
        state: word.to_owned(),
        detail,
    }
}
