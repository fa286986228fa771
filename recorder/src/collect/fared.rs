//! How each source fared: what changed becomes a row of the capture, and what is missing is said.

use super::Collector;
use crate::exits::NO_NETLINK;
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
            let missing = state.err()?;
            Some((*name, self.why(name, missing)))
        })
    }

    /// Why a source is missing, in words. Some processes refuse everybody, root too: it matters how
    /// many do.
    fn why(&self, name: &str, missing: Missing) -> String {
        if name == "PID/stat" && self.hides_processes {
            return "/proc hides the processes of other users".to_owned();
        }
        let refused = match name {
            _ if missing != Missing::PermissionDenied => None,
            "PID/io" => Some((self.io_denied, "processes")),
            sockets::SOURCE => return NO_NETLINK.to_owned(),
            sockets::OWNERS => Some((self.sockets.refused().unwrap_or_default(), "processes")),
            name => {
                let refused = self.tasks.refused(name);
                refused.map(|(denied, all)| ((denied as u64, all as u64), "threads"))
            }
        };
        match refused {
            Some(((denied, all), what)) => format!("{missing}, of {denied} of {all} {what}"),
            None => missing.to_string(),
        }
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
        let mut source = source_from_state(name, state);
        if let Err(missing) = state {
            source.detail = self.why(name, missing);
        }
        self.news.push(source);
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
