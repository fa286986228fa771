//! What can be done about time, the tracks and the lanes.

use crate::data::Lane;
use crate::state::time::{Grip, Speed};
use crate::state::tracks::TrackId;
use crate::time_axis::Span;
use afterimage_format::time::WallTime;

/// Something a person did about what is shown of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TimeCommand {
    /// Go back to where one was before.
    Back,
    /// Go forward again to where one came back from.
    Forward,
    /// A gesture is over: the next one of its kind is a journey of its own.
    Settle,
    /// While something is dragged: show what is so many microseconds later.
    Drag(i64),
    /// Take hold of something on the overview.
    BeginBrush(Grip, WallTime),
    /// The pointer is here while that is held.
    Brush(WallTime),
    /// Mark a stretch on the curves, to zoom into.
    Band(Span),
    /// What was dragged is let go of, and is what is shown from now on.
    Commit,
    /// What was dragged is forgotten.
    Cancel,
    /// Zoom around the cursor; a factor under 1 shows less time.
    ZoomAtCursor(f64),
    /// Show what is so many times the view later.
    PanBy(f64),
    /// Let time run as fast as that.
    SetSpeed(Speed),
    /// Let time run at the next speed.
    NextSpeed,
    /// Fold the gap that begins there away, or unfold it.
    ToggleFold(WallTime),
    /// Fold the gap at the cursor away, or unfold it; without one there the nearest long one.
    ToggleNearestFold,
}

/// In which zone times are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ZoneChoice {
    /// That of the recorded host.
    #[default]
    Host,
    /// Coordinated universal time.
    Utc,
    /// That of the machine that the viewer runs on.
    Local,
}

impl ZoneChoice {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::Host, Self::Utc, Self::Local];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Host => "Recorded host",
            Self::Utc => "UTC",
            Self::Local => "This machine",
        }
    }

    /// The next one.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Host => Self::Utc,
            Self::Utc => Self::Local,
            Self::Local => Self::Host,
        }
    }
}

/// Something a person did about the tracks or the lanes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TrackCommand {
    /// Show a track at the bottom, or take it away.
    Toggle(TrackId),
    /// Move a track so many places down, or up.
    Shift(TrackId, isize),
    /// Make a track so high; `None` is its usual height.
    Resize(TrackId, Option<f32>),
    /// Choose the lane that the keys go along.
    ChooseLane(Lane),
    /// Choose the next lane.
    NextLane,
    /// Go to the next event of that lane.
    NextEvent,
    /// Go to the one before.
    PreviousEvent,
    /// Show what the event at the cursor is about: its process, its dump or its line.
    ShowEvent,
}
