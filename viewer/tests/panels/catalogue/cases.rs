//! Every command of the catalogue by its name, with what it changes.

use super::scenes::{
    at_group, at_kill, at_marks, at_start, back_from_start, begin, columns, copied, dark, filtered,
    first_track, followed, has, is_open, is_usually_high, length, light, line, node_has_focus,
    other_columns, part, plain, scrolled_log, searched, second, two, two_tracks, zoomed,
};
use super::{Case, case};
use crate::keeping::damaged_window;
use crate::{cursor, document};

/// What the palette offers beside the catalogue, one of each kind, by how their names begin.
pub(super) const CHOICES: &[(&str, Case)] = &[
    (
        "Play at ",
        case(
            "Play at 60×",
            plain,
            |harness| document(harness).time.speed.factor().to_string(),
            "60",
        ),
    ),
    (
        "Times of: ",
        case(
            "Times of: UTC",
            plain,
            |harness| harness.state().state().zone.name().to_owned(),
            "UTC",
        ),
    ),
    (
        "Show the track ",
        case(
            "Show the track Memory",
            plain,
            |harness| document(harness).timeline.tracks.0.len().to_string(),
            "2",
        ),
    ),
    (
        "Hide the track ",
        case(
            "Hide the track Load against wait",
            plain,
            |harness| document(harness).timeline.tracks.0.len().to_string(),
            "0",
        ),
    ),
    (
        "Make the track ",
        case(
            "Make the track Load against wait higher",
            plain,
            is_usually_high,
            "false",
        ),
    ),
    (
        "Move the track ",
        case(
            "Move the track Load against wait down",
            two_tracks,
            first_track,
            "Memory",
        ),
    ),
    (
        "Hide the curve ",
        case(
            "Hide the curve Blocked (D) of Load against wait",
            plain,
            |harness| document(harness).hidden.len().to_string(),
            "1",
        ),
    ),
    (
        "Go along the lane ",
        case(
            "Go along the lane OOM kills",
            at_marks,
            |harness| document(harness).timeline.lane.name().to_owned(),
            "OOM kills",
        ),
    ),
    (
        "Processes: ",
        case(
            "Processes: Grouped by state",
            plain,
            |harness| document(harness).table.arrangement.title().to_owned(),
            "Grouped by state",
        ),
    ),
    (
        "Sort by ",
        case(
            "Sort by RSS",
            plain,
            |harness| document(harness).table.sort.key().to_owned(),
            "rss",
        ),
    ),
    (
        "Show the column ",
        case("Show the column Swap", plain, columns, "13"),
    ),
    (
        "Hide the column ",
        case("Hide the column Nice", plain, columns, "11"),
    ),
    (
        "Move the column ",
        case(
            "Move the column PID to the right",
            plain,
            |harness| document(harness).table.columns[0].key().to_owned(),
            "user",
        ),
    ),
    (
        "Show the capture ",
        case(
            "Show the capture web-07.afterimage",
            two,
            |harness| document(harness).name(),
            "web-07.afterimage",
        ),
    ),
];

pub(super) const TIME: &[Case] = &[
    case("Previous snapshot", plain, cursor, "13:59:59"),
    case("Next snapshot", plain, cursor, "14:00:01"),
    case("Ten snapshots back", plain, cursor, "13:59:50"),
    case("Ten snapshots on", plain, cursor, "14:00:10"),
    case("First snapshot", plain, cursor, "13:00:00"),
    case("Last snapshot", plain, cursor, "14:59:59"),
    case(
        "Play or stop",
        plain,
        |harness| document(harness).time.playing.to_string(),
        "true",
    ),
    case(
        "Next speed of playing",
        plain,
        |harness| document(harness).time.speed.factor().to_string(),
        "10",
    ),
    case(
        "Go to a time …",
        plain,
        |harness| node_has_focus(harness, "Go to a time").to_string(),
        "true",
    ),
    case("Back to where you were", at_start, cursor, "14:00:00"),
    case("Forward again", back_from_start, cursor, "13:00:00"),
];

pub(super) const VIEW: &[Case] = &[
    case("Zoom in at the cursor", plain, length, "50 %"),
    case("Zoom out", zoomed, length, "100 %"),
    case("Show what is earlier", zoomed, begin, "earlier"),
    case("Show what is later", zoomed, begin, "later"),
    case("Show the whole capture", zoomed, length, "100 %"),
    case(
        "Fold or unfold the gap here",
        plain,
        |harness| has(harness, "Folded gap of 3 m 10 s"),
        "true",
    ),
    case(
        "Next time zone",
        plain,
        |harness| harness.state().state().zone.name().to_owned(),
        "UTC",
    ),
];

pub(super) const TRACKS: &[Case] = &[
    case("Next event", at_marks, cursor, "14:06:40"),
    case("Previous event", at_marks, cursor, "13:51:40"),
    case(
        "Show what the event here is about",
        at_kill,
        |harness| has(harness, "pid 2013"),
        "true",
    ),
    case(
        "Next lane",
        at_marks,
        |harness| document(harness).timeline.lane.name().to_owned(),
        "OOM kills",
    ),
];

pub(super) const LOG: &[Case] = &[
    case(
        "Kernel log: only the lines found, or all",
        searched,
        |harness| document(harness).log.only_matches.to_string(),
        "true",
    ),
    case(
        "Kernel log: keep the lines at the cursor in sight",
        scrolled_log,
        |harness| document(harness).log.follows.to_string(),
        "true",
    ),
];

pub(super) const PROCESSES: &[Case] = &[
    case(
        "Filter the processes",
        plain,
        |harness| node_has_focus(harness, "Filter").to_string(),
        "true",
    ),
    case(
        "Show every process",
        filtered,
        |harness| document(harness).table.filter.clone(),
        "",
    ),
    case("Previous process", second, line, "Some(0)"),
    case("Next process", plain, line, "Some(0)"),
    case(
        "Open or close the group or branch here",
        at_group,
        is_open,
        "true",
    ),
    case(
        "Tree of processes, or the list",
        plain,
        |harness| document(harness).table.arrangement.title().to_owned(),
        "Tree by parent",
    ),
    case(
        "Pin this moment, or unpin it",
        plain,
        |harness| has(harness, "compared with 14:00:00"),
        "true",
    ),
    case(
        "Close the process's page",
        followed,
        |harness| document(harness).page.is_some().to_string(),
        "false",
    ),
    case(
        "Give the process's page all the room",
        followed,
        |harness| has(harness, "Beside the table"),
        "true",
    ),
    case("Copy the table as text", plain, copied, "PID"),
    case("Copy the table as CSV", plain, copied, "pid"),
    case(
        "Show the usual columns",
        other_columns,
        |harness| document(harness).table.columns.len().to_string(),
        "12",
    ),
];

pub(super) const WINDOW: &[Case] = &[
    case(
        "Find a command …",
        plain,
        |harness| node_has_focus(harness, "Find a command").to_string(),
        "true",
    ),
    case(
        "Help",
        plain,
        |harness| has(harness, "On the strip above them"),
        "true",
    ),
    case("Next part of the window", plain, part, "Curves and lanes"),
    case(
        "Previous part of the window",
        plain,
        part,
        "Status and keys",
    ),
    case(
        "Open a capture …",
        plain,
        |harness| harness.state().state().desk.is_asking().to_string(),
        "true",
    ),
    case(
        "Close this capture",
        two,
        |harness| harness.state().state().documents.len().to_string(),
        "1",
    ),
    case(
        "Next capture",
        two,
        |harness| document(harness).name(),
        "web-07.afterimage",
    ),
    case(
        "Previous capture",
        two,
        |harness| document(harness).name(),
        "web-07.afterimage",
    ),
    case(
        "Save what is shown as a picture …",
        plain,
        |harness| has(harness, "Name of the picture"),
        "true",
    ),
    case(
        "Show or hide what is missing of this capture",
        damaged_window,
        |harness| has(harness, "Put this notice away"),
        "false",
    ),
    case(
        "List what is missing of this capture",
        damaged_window,
        |harness| has(harness, "The kernel log: 2 rows left out"),
        "true",
    ),
    case(
        "Light colours",
        dark,
        |harness| harness.ctx.global_style().visuals.dark_mode.to_string(),
        "false",
    ),
    case(
        "Dark colours",
        light,
        |harness| harness.ctx.global_style().visuals.dark_mode.to_string(),
        "true",
    ),
];
