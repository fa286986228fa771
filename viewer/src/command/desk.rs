//! What can be done around the captures: open, close and choose them, save a picture.

use crate::command::DocumentId;
use crate::state::desk::{Chosen, Divider, NotSaved, Recent, Word};
use std::path::PathBuf;

/// Something about opening and closing captures, and about the window.
#[derive(Debug, Clone, PartialEq)]
pub enum DeskCommand {
    /// Have a file chosen: the desktop's dialog, and the field that takes a path.
    Choose,
    /// The desktop's dialog has answered.
    Chosen(Chosen),
    /// The text in the field that takes a path changed.
    EditPath(String),
    /// Open the file in that field.
    OpenPath,
    /// Put that field away.
    CancelChoice,
    /// Close a capture.
    Close(DocumentId),
    /// Close the capture that is shown.
    CloseShown,
    /// Show the capture so many tabs to the right, and round.
    Next(isize),
    /// Try again to open a capture that could not be opened.
    Retry(DocumentId),
    /// A file was opened.
    Remember(Recent),
    /// The window cannot have files dropped on it: nothing of Wayland tells winit of them.
    NothingCanBeDropped,
    /// Forget a file that was opened before.
    Forget(PathBuf),
    /// It was looked whether these files are missing.
    Found(Vec<(PathBuf, bool)>),
    /// Open the field that says where a picture goes, with this in it.
    BeginPicture,
    /// The text in that field changed.
    EditPicture(String),
    /// Save the picture there; what is there already stays, unless it is to be replaced.
    SavePicture {
        /// Whether it is.
        replaces: bool,
    },
    /// It was saved, or was not.
    PictureSaved(Result<PathBuf, NotSaved>),
    /// Put that field away.
    CancelPicture,
    /// Say something.
    Say(Word),
    /// Put away what was said.
    Unsay,
    /// Open or close the list of what is missing.
    ToggleMissing,
    /// Put away the notice of what is missing, or show it again.
    ToggleNotice,
    /// Something divides the window at this share.
    Divide(Divider, f32),
}

/// Something around the captures that the app has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Errand {
    /// Show the desktop's dialog.
    Choose,
    /// Open the file that this text names.
    OpenTyped(String),
    /// End the worker of a capture.
    Close(DocumentId),
    /// Look which of these files are missing.
    LookFor(Vec<PathBuf>),
    /// Paint what is shown and write it there.
    Picture {
        /// Where, as it was typed.
        to: String,
        /// Whether what is there is replaced.
        replaces: bool,
    },
}
