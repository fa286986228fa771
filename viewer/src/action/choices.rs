//! What the palette offers beside the actions of fixed names: a choice for each track, curve,
//! lane, column, zone and capture there is, and whatever the text that is typed may mean.

use crate::action::Topic::{Processes, Time, Tracks, View, Window};
use crate::action::{Action, Topic};
use crate::command::{Command, TimeCommand, TrackCommand, ZoneChoice};
use crate::data::Lane;
use crate::display::escape::escaped;
use crate::explain;
use crate::state::table::{Arrangement, Column};
use crate::state::time::Speed;
use crate::state::tracks::{ShownTrack, TrackId, What};
use crate::state::{Document, State};
use afterimage_analysis::when::When;

/// How much higher a track becomes at once.
const LARGER: f32 = 1.25;
/// The most processes that are offered.
const MOST_PROCESSES: usize = 8;

/// A choice for everything there is.
pub(super) fn all(state: &State) -> Vec<Action> {
    let Some(document) = state.document() else {
        return vec![];
    };
    if document.facts().is_none() {
        return of_captures(state);
    }
    let mut all = of_time(state);
    all.extend(of_tracks(document));
    all.extend(of_table(document));
    all.extend(of_captures(state));
    all
}

fn of_captures(state: &State) -> Vec<Action> {
    let others = state.documents.iter();
    let others = others.filter(|other| Some(other.id) != state.active);
    let actions = others.map(|other| {
        let name = format!("Show the capture {}", escaped(&other.name()));
        Action::new(Window, name, Command::Activate(other.id))
    });
    actions.collect()
}

fn of_time(state: &State) -> Vec<Action> {
    let speeds = Speed::ALL.into_iter().map(|speed| {
        let name = format!("Play at {}×", speed.factor());
        Action::new(Time, name, Command::Time(TimeCommand::SetSpeed(speed)))
    });
    let zones = ZoneChoice::ALL
        .into_iter()
        .filter(|zone| *zone != state.zone);
    let zones = zones.map(|zone| {
        let name = format!("Times of: {}", zone.name());
        Action::new(View, name, Command::SetZone(zone))
    });
    speeds.chain(zones).collect()
}

fn of_tracks(document: &Document) -> Vec<Action> {
    let shown = &document.timeline.tracks;
    let tracks = TrackId::ALL.into_iter().map(|id| {
        let track = id.track();
        let name = format!("{} the track {}", verb(shown.contains(id)), track.title);
        Action::new(Tracks, name, Command::Track(TrackCommand::Toggle(id))).what(track.meaning)
    });
    let sizes = shown.0.iter().flat_map(|shown| sizes_of(*shown));
    let curves = shown
        .0
        .iter()
        .flat_map(|shown| curves_of(document, shown.id));
    let lanes = Lane::ALL.into_iter().map(|lane| {
        let name = format!("Go along the lane {}", lane.name());
        let choose = Command::Track(TrackCommand::ChooseLane(lane));
        Action::new(Tracks, name, choose).what(lane.meaning())
    });
    tracks.chain(sizes).chain(curves).chain(lanes).collect()
}

/// What the edge under a track does by mouse, and dragging its title.
fn sizes_of(shown: ShownTrack) -> [Action; 4] {
    let (id, title) = (shown.id, shown.id.track().title);
    let new = |what: &str, command| {
        let name = format!("Make the track {title} {what}");
        Action::new(Tracks, name, Command::Track(command))
    };
    let resized = |factor| TrackCommand::Resize(id, Some(shown.height_in_points() * factor));
    let moved = |way: &str, by| {
        let name = format!("Move the track {title} {way}");
        Action::new(Tracks, name, Command::Track(TrackCommand::Shift(id, by)))
    };
    [
        new("higher", resized(LARGER)),
        new("lower", resized(1.0 / LARGER)),
        moved("up", -1),
        moved("down", 1),
    ]
}

const fn verb(is_shown: bool) -> &'static str {
    if is_shown { "Hide" } else { "Show" }
}

fn curves_of(document: &Document, id: TrackId) -> Vec<Action> {
    let track = id.track();
    let What::Curves(up, down) = track.what else {
        return vec![];
    };
    let halves = [Some(up), down].into_iter().flatten();
    let curves = halves.flat_map(|half| half.legend.iter().copied());
    let actions = curves.map(|id| {
        let verb = verb(!document.hidden.contains(&id));
        let name = format!("{verb} the curve {} of {}", id.name(), track.title);
        let what = explain::series(id).map_or("", |entry| entry.what.as_str());
        Action::new(Tracks, name, Command::ToggleSeries(id)).what(what)
    });
    actions.collect()
}

fn of_table(document: &Document) -> Vec<Action> {
    let table = &document.table;
    let new = |name: String, command| Action::new(Processes, name, command);
    let arrangements = Arrangement::ALL.into_iter();
    let arrangements = arrangements.map(|arrangement| {
        let name = format!("Processes: {}", arrangement.title());
        new(name, Command::Arrange(arrangement))
    });
    let shown = table.shown_columns(document.pinned.is_some());
    let sorts = shown.iter().map(|column| {
        let name = format!("Sort by {}", column.title());
        new(name, Command::SortBy(*column)).what(words(*column))
    });
    let columns = Column::ALL.into_iter().map(|column| {
        let verb = verb(shown.contains(&column));
        let name = format!("{verb} the column {}", column.title());
        new(name, Command::ToggleColumn(column)).what(words(column))
    });
    let moves = (0..table.columns.len()).flat_map(|place| moves_of(&table.columns, place));
    let all = arrangements.chain(sorts).chain(columns).chain(moves);
    all.collect()
}

/// What dragging a heading does.
fn moves_of(columns: &[Column], place: usize) -> Vec<Action> {
    let column = columns[place];
    let new = |way: &str, before| {
        let name = format!("Move the column {} to the {way}", column.title());
        Action::new(Processes, name, Command::MoveColumn { column, before })
    };
    let left = place
        .checked_sub(1)
        .map(|left| new("left", Some(columns[left])));
    let is_last = place + 1 == columns.len();
    let right = (!is_last).then(|| new("right", columns.get(place + 2).copied()));
    left.into_iter().chain(right).collect()
}

fn words(column: Column) -> &'static str {
    explain::column(column).map_or("", |entry| entry.what.as_str())
}

/// What the text may mean: a time, a process of the snapshot that is shown, a filter.
pub(super) fn typed(state: &State, typed: &str) -> Vec<Action> {
    let text = typed.trim();
    let (Some(document), false) = (state.document(), text.is_empty()) else {
        return vec![];
    };
    let mut all = vec![];
    if text.parse::<When>().is_ok() {
        let jump = [
            Command::BeginJump,
            Command::EditJump(text.to_owned()),
            Command::Jump,
        ];
        all.push(several(Time, format!("Go to {text}"), jump.to_vec()));
    }
    all.extend(processes(document, text));
    all
}

fn several(topic: Topic, name: String, commands: Vec<Command>) -> Action {
    let first = Action::new(topic, name, Command::FocusTaken);
    Action { commands, ..first }
}

fn processes(document: &Document, text: &str) -> Vec<Action> {
    let Some(rows) = document.rows() else {
        return vec![];
    };
    let wanted = text.to_lowercase();
    let pid: Option<i32> = text.parse().ok();
    let all = rows.all();
    let fits = all.iter().filter(|seen| {
        let is_named = || seen.row.title().to_lowercase().contains(&wanted);
        pid == Some(seen.row.key.pid.0) || (pid.is_none() && is_named())
    });
    let actions = fits.take(MOST_PROCESSES).map(|seen| {
        let (pid, title) = (seen.row.key.pid.0, seen.row.title());
        let name = format!("Process {pid} {}", escaped(&title));
        Action::new(Processes, name, Command::Follow(seen.row.key))
    });
    actions.collect()
}
