//! The only thing that changes the state: a command in, what is to be done about it out.

mod desk;
mod dumps;
mod machine;
mod navigate;
mod processes;
mod received;

use crate::command::{Command, Request};
use crate::data::{Ending, Want};
use crate::state::history::{Journey, journey};
use crate::state::moment::instant;
use crate::state::{Document, Focus, State, palette};
use crate::time_axis::Span;
use afterimage_analysis::when::When;
use afterimage_format::time::WallTime;
use std::time::Duration;

/// Changes the state by one command. Pure: what must be done outside of it is returned.
pub fn apply(state: &mut State, command: Command) -> Vec<Request> {
    let mut requests = perform(state, command);
    // Whatever it was, it may have moved the view or chosen another process.
    requests.extend(with_active(state, Document::keep_up));
    requests
}

fn perform(state: &mut State, command: Command) -> Vec<Request> {
    match command {
        Command::Open { path, at } => desk::open(state, path, at),
        Command::Desk(command) => desk::change(state, command),
        Command::Received(document, reply) => received::received(state, document, reply),
        Command::Activate(document) => {
            desk::keep_preferences(state);
            state.active = Some(document);
            vec![]
        }
        Command::FocusFilter => machine::focus_field(state),
        Command::FocusTaken => focus(state, None),
        Command::SetZone(choice) => navigate::set_zone(state, choice),
        Command::SetTheme(choice) => {
            state.theme = Some(choice);
            vec![]
        }
        Command::Window(command) => {
            palette::change(state, command);
            vec![]
        }
        Command::CopyText(text) => vec![Request::Copy(text)],
        Command::BeginJump => {
            let asked = with_active(state, |document| {
                document.jump = Some(String::new());
                vec![]
            });
            focus(state, Some(Focus::Jump));
            asked
        }
        Command::Jump => {
            let requests = with_active(state, jump);
            // A time that is none stays in the field: so does the keyboard.
            if state
                .document()
                .is_some_and(|document| document.jump.is_some())
            {
                state.focus = Some(Focus::Jump);
            }
            requests
        }
        command => with_active(state, |document| change(document, command)),
    }
}

fn focus(state: &mut State, focus: Option<Focus>) -> Vec<Request> {
    state.focus = focus;
    vec![]
}

fn with_active(
    state: &mut State,
    change: impl FnOnce(&mut Document) -> Vec<Request>,
) -> Vec<Request> {
    let Some(active) = state.active else {
        return vec![];
    };
    state.find_mut(active).map(change).unwrap_or_default()
}

/// Everything that concerns the capture that is shown.
fn change(document: &mut Document, command: Command) -> Vec<Request> {
    if let Some(journey) = journey(&command) {
        navigate::leave(document, journey);
    }
    match command {
        Command::Time(command) => navigate::change(document, command),
        Command::Track(command) => navigate::change_track(document, command),
        Command::SetCursor(at) => {
            leave_end(document);
            go_to(document, at)
        }
        Command::Step(by) => step(document, by),
        Command::First => go_to_end(document, Want::First),
        Command::Last => go_to_end(document, Want::Last),
        Command::TogglePlay => {
            document.time.following = false;
            document.time.playing = !document.time.playing && document.facts().is_some();
            vec![]
        }
        Command::Advance(elapsed) => advance(document, elapsed),
        Command::EditJump(text) => {
            document.jump = Some(text);
            document.problem = None;
            vec![]
        }
        Command::CancelJump => {
            document.jump = None;
            document.problem = None;
            vec![]
        }
        Command::Zoom { at, factor } => {
            let view = document.time.zoomed(at, factor);
            look_at(document, view)
        }
        Command::Pan(micros) => {
            let time = &document.time;
            let view = time.changed(time.view, |view| view.moved(micros));
            look_at(document, view)
        }
        Command::ShowAll => {
            let whole = document.time.whole();
            look_at(document, whole)
        }
        Command::Width(points) => {
            document.time.width = points;
            document.want_series()
        }
        Command::ToggleSeries(id) => {
            if !document.hidden.remove(&id) {
                document.hidden.insert(id);
            }
            vec![]
        }
        command => machine::change(document, command),
    }
}

fn look_at(document: &mut Document, view: Span) -> Vec<Request> {
    document.time.show(view);
    document.want_series()
}

/// The cursor is moved by hand: time stops, and a growing end is no longer followed.
fn leave_end(document: &mut Document) {
    document.time.playing = false;
    document.time.following = false;
}

fn is_recorded(document: &Document) -> bool {
    document
        .facts()
        .is_some_and(|facts| facts.ending == Ending::Recording)
}

fn go_to(document: &mut Document, at: WallTime) -> Vec<Request> {
    document.wanted_pid = None;
    document.time.stepping = None;
    document.time.wanted = at;
    document.time.move_cursor(at);
    let mut requests = document.want(Want::At(document.time.cursor));
    requests.extend(document.want_series());
    requests
}

fn go_to_end(document: &mut Document, want: Want) -> Vec<Request> {
    leave_end(document);
    document.time.following = want == Want::Last && is_recorded(document);
    document.time.stepping = None;
    let capture = document.time.capture;
    document.time.move_cursor(if want == Want::First {
        capture.from
    } else {
        capture.to
    });
    document.time.wanted = document.time.cursor;
    let mut requests = document.want(want);
    requests.extend(document.want_series());
    requests
}

/// Steps are counted from the snapshot that is shown, so that pressing the key faster than a
/// disk answers loses none of them.
fn step(document: &mut Document, by: i64) -> Vec<Request> {
    leave_end(document);
    let Some(shown) = document.snapshot.as_ref().map(|snapshot| snapshot.seq) else {
        return vec![];
    };
    let (from, taken) = document.time.stepping.unwrap_or((shown, 0));
    let by = taken.saturating_add(by);
    document.time.stepping = Some((from, by));
    document.want(Want::Step { from, by })
}

fn advance(document: &mut Document, elapsed: Duration) -> Vec<Request> {
    if !document.time.playing {
        return vec![];
    }
    let elapsed = elapsed * document.time.speed.factor();
    let mut at = document.time.cursor.plus(elapsed);
    // What is folded away is passed at once.
    if let Some(fold) = document
        .time
        .folds
        .within(Span {
            from: at,
            to: at.plus(Duration::from_micros(1)),
        })
        .next()
    {
        at = fold.to;
    }
    document.time.playing = at < document.time.capture.to;
    go_to(document, at)
}

fn jump(document: &mut Document) -> Vec<Request> {
    let Some(text) = document.jump.take() else {
        return vec![];
    };
    let found = text
        .parse::<When>()
        .map_err(|error| error.to_string())
        .and_then(|when| instant(document, &when));
    match found {
        Ok(at) => {
            document.problem = None;
            navigate::leave(document, Journey::Jump);
            leave_end(document);
            go_to(document, at)
        }
        Err(problem) => {
            document.problem = Some(problem);
            document.jump = Some(text);
            vec![]
        }
    }
}

#[cfg(test)]
mod tests;
