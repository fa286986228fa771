//! The cursor in time and the stretch of time around it that is shown.

use crate::time_axis::Span;
use afterimage_format::time::{Seq, WallTime};

/// The cursor and the view of one capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeView {
    /// The whole capture.
    pub capture: Span,
    /// What the curves show.
    pub view: Span,
    /// The moment everything else shows.
    pub cursor: WallTime,
    /// The instant that was pointed at or named last; the cursor goes to the snapshot of it.
    pub wanted: WallTime,
    /// Whether time runs.
    pub playing: bool,
    /// Whether the cursor stays at the end of a capture that is still being recorded.
    pub following: bool,
    /// How many points wide the curves are drawn; 0 until the first frame.
    pub width: usize,
    /// Steps taken since the snapshot that is shown: where they began, and how many.
    pub(crate) stepping: Option<(Seq, i64)>,
}

/// How much empty time is shown at either end of a capture.
const MARGIN: f64 = 0.01;

impl Default for TimeView {
    fn default() -> Self {
        let nothing = Span {
            from: WallTime(0),
            to: WallTime(0),
        };
        Self {
            capture: nothing,
            view: nothing,
            cursor: WallTime(0),
            wanted: WallTime(0),
            playing: false,
            following: false,
            width: 0,
            stepping: None,
        }
    }
}

impl TimeView {
    /// Everything there is to show.
    pub fn whole(&self) -> Span {
        self.capture.widened(MARGIN)
    }

    /// Moves the cursor, and the view with it when it would leave it.
    pub(crate) fn move_cursor(&mut self, at: WallTime) {
        self.cursor = self.capture.nearest(at);
        self.show(self.view.showing(self.cursor));
    }

    /// The capture has grown: what was shown whole stays so, and an end that is followed stays
    /// where it is on the screen.
    pub(crate) fn grow(&mut self, capture: Span) {
        let (was_whole, old) = (self.view == self.whole(), self.capture);
        self.capture = capture;
        if was_whole {
            self.show(self.whole());
        } else if self.following && self.view.contains(old.to) {
            self.show(self.view.moved(capture.to.0.saturating_sub(old.to.0)));
        } else {
            self.show(self.view);
        }
    }

    pub(crate) fn show(&mut self, view: Span) {
        self.view = view.kept_within(self.whole());
    }
}
