//! What lies around the captures: the way to open one, those that were opened before, the way to
//! save a picture, words to the person, and how the window is divided.
//!
//! Only data, and what can be worked out of it alone; what is done about it is in `apply`.

mod path;
mod preferences;

use afterimage_format::time::WallTime;
pub use path::path_from;
pub use preferences::Preferences;
use std::path::{Path, PathBuf};

/// How many files are remembered.
const MOST_RECENT: usize = 12;

/// Everything around the captures.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Desk {
    /// The number of the next capture that is opened: none is given twice.
    pub(crate) next: u32,
    /// The way to open one.
    pub chooser: Chooser,
    /// What was opened before, the newest first.
    pub recent: Vec<Recent>,
    /// The way to save a picture, while it is open.
    pub saving: Option<Saving>,
    /// What there is to say, until it is put away.
    pub word: Option<Word>,
    /// How a capture is shown at first.
    pub preferences: Preferences,
    /// How the window is divided.
    pub shares: Shares,
    /// Whether files that are dropped on the window are not told of, so that none are asked for.
    pub takes_no_drops: bool,
}

/// The way to open a file: the field that takes a path, beside the desktop's own dialog.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chooser {
    /// Whether it stands over the window.
    pub is_open: bool,
    /// What is in the field.
    pub text: String,
    /// What was typed and is being opened; it comes back when that fails.
    pub tried: Option<String>,
    /// Why the desktop's dialog could not help.
    pub problem: Option<String>,
    /// Whether the desktop's dialog is open.
    pub is_choosing: bool,
}

/// What the desktop's dialog said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// These files; none when it was cancelled.
    Files(Vec<PathBuf>),
    /// There is no such dialog here, and why.
    Unavailable(String),
}

/// A file that was opened before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recent {
    /// Where it was.
    pub path: PathBuf,
    /// Which host it is of.
    pub host: String,
    /// When it was opened last.
    pub opened: WallTime,
    /// Whether it is no longer there.
    pub is_missing: bool,
}

/// The way to save a picture.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Saving {
    /// Where to, as it stands in the field.
    pub text: String,
    /// What went wrong.
    pub problem: Option<String>,
    /// There is such a file already: it is replaced only when that is asked for.
    pub exists: bool,
    /// Whether it is being painted.
    pub is_busy: bool,
}

/// Why a picture is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotSaved {
    /// There is a file of that name already.
    Exists,
    /// Something went wrong.
    Failed(String),
}

/// Something to say, that nobody asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// What.
    pub text: String,
    /// Whether something went wrong.
    pub is_problem: bool,
}

/// How the window is divided, where that was chosen: each a share of what there is.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Shares {
    /// How high the part above the processes is.
    pub timeline: Option<f32>,
    /// How wide the page of a process is.
    pub page: Option<f32>,
}

/// What divides the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Divider {
    /// The line under the curves.
    Timeline,
    /// The line beside the page of a process.
    Page,
}

impl Desk {
    /// Whether something stands over the window that takes the keys.
    pub fn is_asking(&self) -> bool {
        self.chooser.is_open || self.saving.is_some()
    }

    /// A number for another capture.
    pub(crate) fn number(&mut self) -> u32 {
        self.next += 1;
        self.next - 1
    }

    /// Puts a file at the top of those that were opened before.
    pub(crate) fn remember(&mut self, file: Recent) {
        self.recent.retain(|known| known.path != file.path);
        self.recent.insert(0, file);
        self.recent.truncate(MOST_RECENT);
    }

    /// Forgets a file.
    pub(crate) fn forget(&mut self, path: &Path) {
        self.recent.retain(|known| known.path != path);
    }
}

impl Shares {
    pub(crate) fn set(&mut self, divider: Divider, share: f32) {
        let share = Some(share.clamp(0.05, 0.95));
        match divider {
            Divider::Timeline => self.timeline = share,
            Divider::Page => self.page = share,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recent(name: &str) -> Recent {
        Recent {
            path: name.into(),
            host: "web-07".to_owned(),
            opened: WallTime(0),
            is_missing: false,
        }
    }

    #[test]
    fn a_file_is_remembered_once_and_only_so_many_are() {
        let mut desk = Desk::default();
        for number in 0..20 {
            desk.remember(recent(&format!("{number}.afterimage")));
        }
        desk.remember(recent("15.afterimage"));
        assert_eq!(desk.recent.len(), MOST_RECENT);
        assert_eq!(desk.recent[0], recent("15.afterimage"));
        assert_eq!(desk.recent[1], recent("19.afterimage"));
        desk.forget(Path::new("15.afterimage"));
        assert!(!desk.recent.contains(&recent("15.afterimage")));
    }
}
