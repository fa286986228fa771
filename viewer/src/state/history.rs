//! Back and forward through where one has been: the view and the cursor of each place.

use crate::command::Command;
use crate::time_axis::Span;
use afterimage_format::time::WallTime;

/// A place one has been at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// What was shown.
    pub view: Span,
    /// Where the cursor stood.
    pub cursor: WallTime,
}

/// A way of leaving a place. A row of the same one, such as a scroll of the wheel or a drag of
/// the cursor, is a single journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Journey {
    /// The cursor was dragged.
    Cursor,
    /// Steps.
    Steps,
    /// Zooming and panning.
    View,
    /// Each is one of its own.
    Jump,
}

/// The places before this one, and after it when one has gone back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    past: Vec<Place>,
    future: Vec<Place>,
    /// The journey that is going on.
    going: Option<Journey>,
}

/// More places than anybody goes back to.
const MOST: usize = 200;

impl History {
    /// Whether there is a place to go back to.
    pub fn has_past(&self) -> bool {
        !self.past.is_empty()
    }

    /// Whether there is a place that one came back from.
    pub fn has_future(&self) -> bool {
        !self.future.is_empty()
    }

    /// Remembers the place that is being left.
    pub(crate) fn leave(&mut self, place: Place, journey: Journey) {
        if self.going == Some(journey) && journey != Journey::Jump {
            return;
        }
        self.going = Some(journey);
        if self.past.last() == Some(&place) {
            return;
        }
        self.future.clear();
        self.past.push(place);
        if self.past.len() > MOST {
            self.past.remove(0);
        }
    }

    /// The journey is over: the next one of its kind is another.
    pub(crate) fn arrive(&mut self) {
        self.going = None;
    }

    /// Where one was before, leaving `place`.
    pub(crate) fn back(&mut self, place: Place) -> Option<Place> {
        self.going = None;
        let found = loop {
            match self.past.pop() {
                // A journey that led nowhere.
                Some(found) if found == place => {}
                found => break found?,
            }
        };
        self.future.push(place);
        Some(found)
    }

    /// Where one came back from, leaving `place`.
    pub(crate) fn forward(&mut self, place: Place) -> Option<Place> {
        self.going = None;
        let found = self.future.pop()?;
        self.past.push(place);
        Some(found)
    }
}

/// What kind of journey a command is; `None` when it leads nowhere else.
pub(crate) fn journey(command: &Command) -> Option<Journey> {
    match command {
        Command::SetCursor(_) => Some(Journey::Cursor),
        Command::Step(_) => Some(Journey::Steps),
        Command::Zoom { .. } | Command::Pan(_) => Some(Journey::View),
        Command::First | Command::Last | Command::ShowAll => Some(Journey::Jump),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(cursor: i64) -> Place {
        let (from, to) = (WallTime(0), WallTime(100));
        Place {
            view: Span { from, to },
            cursor: WallTime(cursor),
        }
    }

    #[test]
    fn a_row_of_the_same_journey_is_gone_back_at_once() {
        let mut history = History::default();
        history.leave(place(1), Journey::Steps);
        history.leave(place(2), Journey::Steps);
        history.leave(place(3), Journey::View);
        assert_eq!(history.back(place(9)), Some(place(3)));
        assert_eq!(history.back(place(3)), Some(place(1)));
        assert_eq!(history.back(place(1)), None);
        assert_eq!(history.forward(place(1)), Some(place(3)));
        assert_eq!(history.forward(place(3)), Some(place(9)));
        assert!(!history.has_future());
    }

    #[test]
    fn going_elsewhere_forgets_what_was_ahead() {
        let mut history = History::default();
        history.leave(place(1), Journey::Jump);
        assert_eq!(history.back(place(2)), Some(place(1)));
        history.leave(place(1), Journey::Jump);
        assert!(!history.has_future() && history.has_past());
    }
}
