//! Threads over several dumps: those that did not move, and what changed. Threads of one pool that did
//! the same share a line.

use super::super::super::shared::Shared;
use super::super::super::{Worked, safe};
use afterimage_analysis::dumps::{State, frame};
use std::fmt::Write as _;

/// So many dumps stand side by side.
const MOST_DUMPS: usize = 8;

/// Those that did not move.
pub(super) fn stuck(worked: &Worked<'_>, text: &mut String) {
    let stuck = &worked.series.stuck;
    if stuck.is_empty() {
        return;
    }
    line!(
        text,
        "\nDID NOT MOVE (the same state and stack as in the dumps before; idle ones left out)"
    );
    line!(text, "DUMPS    OVER S  STATE          WHERE  THREAD");
    let mut shared = Shared::default();
    for stuck in stuck {
        let row = &worked.series.rows[stuck.row];
        let cell = row.cells.last().copied().flatten();
        let thread = cell.map(|cell| &worked.dump.threads[cell.thread]);
        let state = thread.map_or("", |thread| thread.state.name());
        let at = thread.and_then(frame::telling).map(frame::short);
        let over = stuck.over.map(|over| format!("{:.1}", over.as_secs_f64()));
        let over = over.unwrap_or_else(|| "-".to_owned());
        let at = safe(&at.unwrap_or_default());
        let dumps = stuck.dumps;
        shared.add(
            format!("{dumps:>5}  {over:>8}  {state:<13}  {at}"),
            &row.name,
        );
    }
    shared.write(text);
}

/// What each thread did in each dump, of those that changed or are blocked.
pub(super) fn grid(worked: &Worked<'_>, text: &mut String) {
    let series = &worked.series;
    if series.dumps.len() < 2 {
        return;
    }
    let first = series.dumps.len().saturating_sub(MOST_DUMPS);
    let mut shared = Shared::default();
    for row in &series.rows {
        let cells = &row.cells[first..];
        let states: Vec<Option<State>> = cells
            .iter()
            .map(|cell| cell.map(|cell| cell.state))
            .collect();
        let has_changed = states.windows(2).any(|pair| pair[0] != pair[1]);
        if !has_changed && !states.contains(&Some(State::Blocked)) {
            continue;
        }
        let shown = cells.iter().map(|cell| match cell {
            None => " . ".to_owned(),
            Some(cell) if cell.is_unchanged => format!(" {}=", letter(cell.state)),
            Some(cell) => format!(" {} ", letter(cell.state)),
        });
        shared.add(shown.collect(), &row.name);
    }
    if shared.lines.is_empty() {
        return;
    }
    let dumps = series.dumps.len().min(MOST_DUMPS);
    line!(
        text,
        "\nTHREAD BY DUMP, the last {dumps} (B blocked, R runnable, T and W wait with and without a limit, = the same stack, . not there)"
    );
    shared.write(text);
}

fn letter(state: State) -> char {
    match state {
        State::Blocked => 'B',
        State::Runnable => 'R',
        State::TimedWaiting => 'T',
        State::Waiting => 'W',
        State::New => 'N',
        State::Terminated => 'X',
        State::Vm => 'V',
        State::Unknown => '?',
    }
}
