//! Threads over several dumps: those that did not move, and what changed.

use super::super::super::{Worked, safe};
use super::MOST_LINES;
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
    line!(text, "DUMPS    OVER S  CPU MS  STATE          THREAD");
    for stuck in stuck.iter().take(MOST_LINES) {
        let row = &worked.series.rows[stuck.row];
        let cell = row.cells.last().copied().flatten();
        let thread = cell.map(|cell| &worked.dump.threads[cell.thread]);
        let state = thread.map_or("", |thread| thread.state.name());
        let at = thread
            .and_then(frame::telling)
            .map(frame::short)
            .unwrap_or_default();
        let over = stuck
            .over
            .map_or("-".to_owned(), |over| format!("{:.1}", over.as_secs_f64()));
        let cpu = stuck.cpu.map_or("-".to_owned(), |cpu| {
            format!("{:.0}", cpu.as_secs_f64() * 1e3)
        });
        line!(
            text,
            "{:>5}  {over:>8}  {cpu:>6}  {state:<13}  {}: {}",
            stuck.dumps,
            safe(&row.name),
            safe(&at)
        );
    }
    if stuck.len() > MOST_LINES {
        line!(
            text,
            "... and {} more threads (--format json)",
            stuck.len() - MOST_LINES
        );
    }
}

/// Threads and dumps: what each thread did in each dump, of those that changed or are blocked.
pub(super) fn grid(worked: &Worked<'_>, text: &mut String) {
    let series = &worked.series;
    if series.dumps.len() < 2 {
        return;
    }
    let first = series.dumps.len().saturating_sub(MOST_DUMPS);
    let letter = |state: State| match state {
        State::Blocked => 'B',
        State::Runnable => 'R',
        State::TimedWaiting => 'T',
        State::Waiting => 'W',
        State::New => 'N',
        State::Terminated => 'X',
        State::Vm => 'V',
        State::Unknown => '?',
    };
    let mut rows = Vec::new();
    for row in &series.rows {
        let cells = &row.cells[first..];
        let states: Vec<Option<State>> = cells
            .iter()
            .map(|cell| cell.map(|cell| cell.state))
            .collect();
        let changes = states.windows(2).filter(|pair| pair[0] != pair[1]).count();
        let was_blocked = states.contains(&Some(State::Blocked));
        if changes > 0 || was_blocked {
            let shown = cells.iter().map(|cell| match cell {
                None => " .  ".to_owned(),
                Some(cell) if cell.is_unchanged => format!(" {}= ", letter(cell.state)),
                Some(cell) => format!(" {}  ", letter(cell.state)),
            });
            rows.push((shown.collect::<String>(), &row.name));
        }
    }
    if rows.is_empty() {
        return;
    }
    let dumps = worked.dumps.len().min(MOST_DUMPS);
    line!(
        text,
        "\nTHREAD BY DUMP, the last {dumps} (B blocked, R runnable, T and W wait with and without a limit, = the same stack, . not there)"
    );
    for (cells, name) in rows.iter().take(2 * MOST_LINES) {
        line!(text, "{cells} {}", safe(name));
    }
    if rows.len() > 2 * MOST_LINES {
        line!(
            text,
            "... and {} more threads (--format csv)",
            rows.len() - 2 * MOST_LINES
        );
    }
}
