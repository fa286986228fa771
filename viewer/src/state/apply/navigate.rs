//! Commands about time: the view and where one has been, drags, folds, speed, tracks and lanes.

use super::{go_to, leave_end, machine, with_active};
use crate::command::{Request, TimeCommand, TrackCommand, ZoneChoice};
use crate::data::{GapBand, Lane};
use crate::state::history::{Journey, Place};
use crate::state::tabs::Tab;
use crate::state::time::Brush;
use crate::state::{Document, State};
use afterimage_analysis::zone::Zone;
use afterimage_format::time::WallTime;

/// Changes what is shown of time.
pub(super) fn change(document: &mut Document, command: TimeCommand) -> Vec<Request> {
    match command {
        TimeCommand::Back => {
            let place = here(document);
            let found = document.time.history.back(place);
            found.map_or(vec![], |found| return_to(document, found))
        }
        TimeCommand::Forward => {
            let place = here(document);
            let found = document.time.history.forward(place);
            found.map_or(vec![], |found| return_to(document, found))
        }
        TimeCommand::Settle => {
            document.time.history.arrive();
            vec![]
        }
        TimeCommand::Drag(micros) => {
            let time = &mut document.time;
            let moved = time.changed(time.shown(), |view| view.moved(micros));
            time.preview = Some(moved);
            document.want_series()
        }
        TimeCommand::BeginBrush(grip, at) => {
            let before = document.time.view;
            document.time.brush = Some(Brush { grip, at, before });
            vec![]
        }
        TimeCommand::Brush(at) => {
            let time = &mut document.time;
            if let Some(brush) = time.brush {
                time.preview = Some(time.brushed(brush, at));
            }
            document.want_series()
        }
        TimeCommand::Band(span) => {
            document.time.band = Some(span);
            vec![]
        }
        TimeCommand::Commit => commit(document),
        TimeCommand::Cancel => {
            forget_drag(document);
            document.want_series()
        }
        TimeCommand::ZoomAtCursor(factor) => {
            leave(document, Journey::View);
            let at = document.time.view.nearest(document.time.cursor);
            document.time.view = document.time.zoomed(at, factor);
            document.want_series()
        }
        TimeCommand::PanBy(share) => {
            leave(document, Journey::View);
            let time = &mut document.time;
            time.view = time.changed(time.view, |view| {
                view.moved(crate::time_axis::whole(view.micros() as f64 * share))
            });
            document.want_series()
        }
        TimeCommand::SetSpeed(speed) => {
            document.time.speed = speed;
            vec![]
        }
        TimeCommand::NextSpeed => {
            document.time.speed = document.time.speed.next();
            vec![]
        }
        TimeCommand::ToggleFold(at) => toggle_fold(document, at),
        TimeCommand::ToggleNearestFold => {
            let nearest = nearest_gap(document);
            nearest.map_or(vec![], |at| toggle_fold(document, at))
        }
    }
}

/// Changes which tracks and lanes are shown, and goes along a lane.
pub(super) fn change_track(document: &mut Document, command: TrackCommand) -> Vec<Request> {
    let timeline = &mut document.timeline;
    match command {
        TrackCommand::Toggle(id) => {
            timeline.tracks.toggle(id);
            let mut requests = document.want_series();
            requests.extend(document.want_values());
            requests
        }
        TrackCommand::Shift(id, by) => {
            timeline.tracks.shift(id, by);
            vec![]
        }
        TrackCommand::Resize(id, height) => {
            timeline.tracks.resize(id, height);
            vec![]
        }
        TrackCommand::ChooseLane(lane) => {
            timeline.lane = lane;
            vec![]
        }
        TrackCommand::NextLane => {
            let place = Lane::ALL.iter().position(|lane| *lane == timeline.lane);
            timeline.lane = Lane::ALL[(place.unwrap_or(0) + 1) % Lane::ALL.len()];
            vec![]
        }
        TrackCommand::ShowEvent => show_event(document),
        TrackCommand::NextEvent | TrackCommand::PreviousEvent => {
            let (lane, at) = (timeline.lane, document.time.wanted);
            let events = timeline.events.clone();
            let found = events.as_ref().and_then(|events| match command {
                TrackCommand::NextEvent => events.after(lane, at),
                _ => events.before(lane, at),
            });
            let Some(found) = found else { return vec![] };
            leave(document, Journey::Steps);
            leave_end(document);
            go_to(document, found)
        }
    }
}

/// Shows what an event of the chosen lane is about, as a click on it does.
fn show_event(document: &mut Document) -> Vec<Request> {
    let (lane, at) = (document.timeline.lane, document.time.wanted);
    let Some(events) = document.timeline.events.clone() else {
        return vec![];
    };
    let whose = match lane {
        Lane::OomKills => events.killed_at(at),
        Lane::Failures => events.failed_at(at),
        Lane::ThreadDumps => return machine::show_tab(document, Tab::Threads),
        Lane::KernelLog => return machine::show_tab(document, Tab::Log),
        Lane::Marks | Lane::Processes | Lane::Recorder => None,
    };
    whose.map_or(vec![], |pid| machine::follow_pid(document, pid, at))
}

/// Shows times in a zone; `local` is that of this machine.
pub(super) fn set_zone(state: &mut State, choice: ZoneChoice) -> Vec<Request> {
    state.zone = choice;
    let local = state.local_zone.clone();
    for document in &mut state.documents {
        document.zone = zone_of(document, choice, local.as_ref());
    }
    with_active(state, |_| vec![])
}

/// The zone that a capture's times are shown in.
pub(super) fn zone_of(document: &Document, choice: ZoneChoice, local: Option<&Zone>) -> Zone {
    let host = document.facts().map(|facts| facts.zone.clone());
    match choice {
        ZoneChoice::Host => host.unwrap_or_else(Zone::utc),
        ZoneChoice::Utc => Zone::utc(),
        ZoneChoice::Local => local.cloned().unwrap_or_else(Zone::utc),
    }
}

/// Remembers where one is, before going somewhere else.
pub(super) fn leave(document: &mut Document, journey: Journey) {
    let place = here(document);
    document.time.history.leave(place, journey);
}

fn here(document: &Document) -> Place {
    Place {
        view: document.time.view,
        cursor: document.time.cursor,
    }
}

fn return_to(document: &mut Document, place: Place) -> Vec<Request> {
    forget_drag(document);
    leave_end(document);
    document.time.show(place.view);
    go_to(document, place.cursor)
}

fn forget_drag(document: &mut Document) {
    let time = &mut document.time;
    (time.preview, time.band, time.brush) = (None, None, None);
}

/// What was dragged becomes what is shown.
fn commit(document: &mut Document) -> Vec<Request> {
    let time = &document.time;
    let view = time.band.map(|band| time.changed(band, widest_enough));
    let view = view.or(time.preview);
    forget_drag(document);
    if let Some(view) = view.filter(|view| *view != document.time.view) {
        leave(document, Journey::Jump);
        document.time.show(view);
    }
    document.time.history.arrive();
    document.want_series()
}

/// A stretch that was marked, at least as long as one can zoom in.
fn widest_enough(span: crate::time_axis::Span) -> crate::time_axis::Span {
    let middle = WallTime(span.from.0 + span.micros() / 2);
    span.zoomed(middle, 1.0)
}

fn toggle_fold(document: &mut Document, at: WallTime) -> Vec<Request> {
    let Some(facts) = document.facts() else {
        return vec![];
    };
    let gaps = facts.gaps.clone();
    let time = &mut document.time;
    let was_whole = time.view == time.whole();
    let was_folded = time.fold_choices.get(&at) == Some(&true);
    time.fold_choices.insert(at, !was_folded);
    time.fold_again(&gaps);
    let view = if was_whole { time.whole() } else { time.view };
    time.show(view);
    document.want_series()
}

/// Where the gap begins that the cursor stands in, or else the nearest that is worth folding.
fn nearest_gap(document: &Document) -> Option<WallTime> {
    let time = &document.time;
    let facts = document.facts()?;
    let worth = |gap: &&GapBand| {
        let is_folded = time.fold_choices.get(&gap.from) == Some(&true);
        let length = gap.to.0.saturating_sub(gap.from.0);
        is_folded || length > time.view.micros() / 50
    };
    let distance = |gap: &&GapBand| {
        let before = gap.from.0.saturating_sub(time.cursor.0);
        let after = time.cursor.0.saturating_sub(gap.to.0);
        before.max(after).max(0)
    };
    let nearest = facts.gaps.iter().filter(worth).min_by_key(distance);
    nearest.map(|gap| gap.from)
}

#[cfg(test)]
#[path = "navigate_tests.rs"]
mod tests;
