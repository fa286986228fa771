//! Everything that can change what is shown, and everything that may then have to be done.
//!
//! Panels and keys push a [`Command`]; [`apply`](crate::state::apply) changes the state and
//! answers with [`Request`]s; the app carries those out. What they bring comes back as a command.

mod desk;
mod dumps;
mod list;
mod log;
mod time;
mod window;

use crate::data::SeriesId;
use crate::data::worker::{Job, Reply};
use crate::state::ThemeChoice;
use crate::state::table::export::CopyAs;
use crate::state::table::{Arrangement, Branch, Column};
use crate::state::tabs::Tab;
use afterimage_analysis::lists::ListId;
use afterimage_analysis::load::By;
use afterimage_analysis::when::When;
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::time::WallTime;
pub use desk::{DeskCommand, Errand};
pub use dumps::DumpCommand;
pub use list::ListCommand;
pub use log::LogCommand;
use std::path::PathBuf;
use std::time::Duration;
pub use time::{TimeCommand, TrackCommand, ZoneChoice};
pub use window::WindowCommand;

/// One open capture, for as long as the program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentId(pub u32);

/// Something a person did, or something that arrived.
#[derive(Debug, Clone)]
pub enum Command {
    /// Open a capture file, with the cursor at a moment of it (its end when none is named).
    Open {
        /// The file.
        path: PathBuf,
        /// Where the cursor goes.
        at: Option<When>,
    },
    /// Something about opening and closing captures, and about the window.
    Desk(DeskCommand),
    /// Show another of the open captures.
    Activate(DocumentId),
    /// A worker answered.
    Received(DocumentId, Reply),
    /// Put the cursor at an instant.
    SetCursor(WallTime),
    /// Go so many snapshots later, or earlier.
    Step(i64),
    /// Go to the first snapshot.
    First,
    /// Go to the last snapshot.
    Last,
    /// Let time run, or stop it.
    TogglePlay,
    /// While playing: so much time went by.
    Advance(Duration),
    /// Open the field that takes a time.
    BeginJump,
    /// The text in that field changed.
    EditJump(String),
    /// Go to the time in that field.
    Jump,
    /// Close that field.
    CancelJump,
    /// Zoom around an instant; a factor under 1 shows less time.
    Zoom {
        /// What stays in place.
        at: WallTime,
        /// How much more time is shown.
        factor: f64,
    },
    /// Show what is so many microseconds later.
    Pan(i64),
    /// Show the whole capture.
    ShowAll,
    /// Something else about what is shown of time.
    Time(TimeCommand),
    /// Something about the tracks or the lanes.
    Track(TrackCommand),
    /// Something about what lies over the window.
    Window(WindowCommand),
    /// Show this page in the lower half.
    ShowTab(Tab),
    /// Group the tasks of the load by this.
    GroupLoadBy(By),
    /// Something about the thread dumps.
    Dumps(DumpCommand),
    /// Something about the kernel log.
    Log(LogCommand),
    /// Something about a list of a page.
    List(ListId, ListCommand),
    /// Go to a moment and follow the process that had this number then.
    FollowPid(Pid, WallTime),
    /// Show times in this zone.
    SetZone(ZoneChoice),
    /// The curves are drawn this many points wide.
    Width(usize),
    /// Show a curve, or hide it.
    ToggleSeries(SeriesId),
    /// Sort the table by a column, or turn its order round.
    SortBy(Column),
    /// Show only processes that match.
    Filter(String),
    /// Put the keyboard into the filter, or into the search field of the kernel log.
    FocusFilter,
    /// The keyboard is where it was wanted.
    FocusTaken,
    /// Follow a process and show its page, or stop doing so.
    Select(ProcessKey),
    /// Follow a process and show its page.
    Follow(ProcessKey),
    /// Follow the process so many lines further down.
    SelectNext(i64),
    /// The line that should come into sight has.
    LineShown,
    /// Stop following a process.
    ClosePage,
    /// Give the page all the room, or put it beside the table again.
    TogglePageWidth,
    /// Show a column, or hide it.
    ToggleColumn(Column),
    /// Move a column in front of another one, or to the end.
    MoveColumn {
        /// Which.
        column: Column,
        /// In front of which.
        before: Option<Column>,
    },
    /// Make a column so many points wide, or as wide as usual.
    SetColumnWidth {
        /// Which.
        column: Column,
        /// How wide.
        width: Option<f32>,
    },
    /// Show the columns that are shown at first, as wide as usual.
    ResetColumns,
    /// Put the rows together in another way.
    Arrange(Arrangement),
    /// Show the rows as a tree, or one under the other again.
    ToggleTree,
    /// Open or close a branch of the tree or a group.
    Turn(Branch),
    /// Open or close the branch or the group that the keys are at.
    TurnHere,
    /// Compare with the moment at the cursor, or no longer.
    TogglePin,
    /// Put the table, as it is shown, on the clipboard.
    CopyTable(CopyAs),
    /// Put a text on the clipboard.
    CopyText(String),
    /// Show the light colours or the dark ones.
    SetTheme(ThemeChoice),
}

/// Something the app has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Start a worker on a file.
    Open(DocumentId, PathBuf),
    /// Ask a worker.
    Ask(DocumentId, Job),
    /// Do something around the captures.
    Run(Errand),
    /// Put a text on the clipboard.
    Copy(String),
}
