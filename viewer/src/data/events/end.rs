//! Ends of processes as lanes tell of them: who, how, after how long, and whose child it was.

use super::{LifeEvent, Name};
use crate::display;
use afterimage_analysis::ending::Ending;
use std::time::Duration;

/// An end of which the kernel told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EndEvent {
    /// When, and whose.
    pub life: LifeEvent,
    /// How.
    pub how: How,
}

/// What the kernel told of an end. Kept small: there may be a million.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct How {
    /// How it ended.
    pub ending: Option<Ending>,
    /// How long it had lived, in seconds.
    pub lifetime_seconds: Option<f32>,
    /// CPU time of all its threads, in seconds.
    pub cpu_seconds: Option<f32>,
    /// Its parent's pid.
    pub parent: Option<i32>,
    /// Which of the names is the parent's.
    pub parent_name: Option<u32>,
}

impl How {
    /// Whether a signal ended it.
    pub fn is_killed(&self) -> bool {
        matches!(self.ending, Some(Ending::Killed { .. }))
    }

    /// Whether it told of an error.
    pub fn has_error(&self) -> bool {
        matches!(self.ending, Some(Ending::Exited(status)) if status != 0)
    }

    /// `ended by SIGSEGV (core) after 0.2 s, 0.05 s of CPU, child of 812 (cron)`.
    pub(super) fn words(&self, names: &[Name]) -> String {
        let mut words = match self.ending {
            Some(ending @ Ending::Exited(_)) => format!("exited with status {ending}"),
            Some(ending @ Ending::Killed { .. }) => format!("was killed by {ending}"),
            None => "ended".to_owned(),
        };
        let parts = [
            self.lifetime_seconds
                .map(|lifetime| format!(" after {}", length(lifetime))),
            self.cpu_seconds
                .map(|cpu| format!(", {} of CPU", length(cpu))),
            self.parent.map(|parent| format!(", child of {parent}")),
            self.parent_in(names).map(|name| format!(" ({name})")),
        ];
        words.extend(parts.into_iter().flatten());
        words
    }

    /// The parent's name.
    fn parent_in<'a>(&self, names: &'a [Name]) -> Option<&'a str> {
        match names.get(self.parent_name? as usize)? {
            Name::One(name) => Some(name),
            Name::Many(..) => None,
        }
    }
}

/// A time as it is told, short ones in milliseconds.
fn length(seconds: f32) -> String {
    if seconds < 0.1 {
        return format!("{:.1} ms", seconds * 1000.0);
    }
    let length = Duration::try_from_secs_f32(seconds);
    length.map_or_else(|_too_long| display::ABSENT.to_owned(), display::duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_in_words_as_far_as_it_is_known() {
        let names = [Name::One("cron".into())];
        let how = How {
            ending: Some(Ending::from_wait_status(0x8b)),
            lifetime_seconds: Some(12.3),
            cpu_seconds: Some(0.004),
            parent: Some(812),
            parent_name: Some(0),
        };
        assert!(how.is_killed() && !how.has_error());
        assert_eq!(
            how.words(&names),
            "was killed by SIGSEGV (core) after 12 s, 4.0 ms of CPU, child of 812 (cron)"
        );
        let how = How {
            ending: Some(Ending::from_wait_status(3 << 8)),
            parent: Some(1),
            ..How::default()
        };
        assert!(how.has_error() && !how.is_killed());
        assert_eq!(how.words(&[]), "exited with status 3, child of 1");
        assert_eq!(How::default().words(&[]), "ended");
    }
}
