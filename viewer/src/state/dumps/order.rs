//! In which order the threads of a process are shown, and which of them.

use super::{DumpsView, GridSort};
use crate::data::dumps::{Grid, GridRow, ReadDump};
use afterimage_analysis::dumps::frame;
use afterimage_analysis::dumps::groups::Group;
use afterimage_analysis::dumps::model::State;
use std::cmp::{Ordering, Reverse};

/// What changed is looked for in so many dumps up to the one that is shown.
pub const COLUMNS_BACK: usize = 30;
/// Threads are shown that are in one of so many dumps after it.
const COLUMNS_ON: usize = 30;
/// From this share of a core on a thread is at work, where others want the core as well.
const AT_WORK: f32 = 0.2;

impl DumpsView {
    /// Works out anew which threads and groups are shown, and in what order.
    pub(crate) fn arrange(&mut self) {
        self.arrange_groups();
        self.compare();
        let (Some(grid), Some(content)) = (self.grid.clone(), self.content.clone()) else {
            self.order.clear();
            return;
        };
        let Some(shown) = grid.column(content.id) else {
            self.order.clear();
            return;
        };
        let wanted = self.search.to_lowercase();
        let end = (shown + 1 + COLUMNS_ON).min(grid.columns.len());
        let near = shown.saturating_sub(COLUMNS_BACK)..end;
        let mut rows: Vec<(Rank<'_>, u32)> = (0..)
            .zip(&grid.rows)
            .filter(|(_, row)| near.clone().any(|column| row.cell(column).is_some()))
            .filter(|(_, row)| wanted.is_empty() || matches(&grid, row, shown, &wanted))
            .map(|(place, row)| (Rank::of(content.read.as_ref(), row, shown), place))
            .collect();
        rows.sort_by(|(a, at), (b, bt)| a.compare(b, self.sort).then(at.cmp(bt)));
        self.order = rows.into_iter().map(|(_, place)| place).collect();
    }

    /// The groups of which a thread is called so, or that are in something that is.
    fn arrange_groups(&mut self) {
        let wanted = self.search.to_lowercase();
        let content = self.content.clone();
        let Some(read) = content.as_deref().and_then(|content| content.read.as_ref()) else {
            return self.groups.clear();
        };
        let fits = |group: &Group| {
            let names = group
                .threads
                .iter()
                .map(|place| &*read.dump.threads[*place].name);
            let methods = group.stack.frames().map(frame::method);
            let mut all = names.chain(methods);
            wanted.is_empty() || all.any(|name| name.to_lowercase().contains(&wanted))
        };
        let groups = (0..).zip(&read.report.groups);
        let fitting = groups.filter(|(_, group)| fits(group));
        self.groups = fitting.map(|(place, _)| place).collect();
    }
}

/// Whether a thread is called so, or is in something that is.
fn matches(grid: &Grid, row: &GridRow, shown: usize, wanted: &str) -> bool {
    if row.key.name.to_lowercase().contains(wanted) {
        return true;
    }
    let stack = row.cell(shown).and_then(|cell| grid.stack(cell));
    let mut frames = stack.iter().flat_map(|stack| stack.frames());
    frames.any(|name| frame::method(name).to_lowercase().contains(wanted))
}

/// What a thread is sorted by.
struct Rank<'g> {
    is_there: bool,
    has_changed: bool,
    is_idle: bool,
    blocks: usize,
    cpu: f32,
    state: u8,
    name: &'g str,
}

impl<'g> Rank<'g> {
    fn of(read: Option<&ReadDump>, row: &'g GridRow, shown: usize) -> Self {
        let cell = row.cell(shown);
        let place = read.and_then(|read| Some((read, read.place(&row.key)?)));
        let blocks = place.map_or(0, |(read, place)| {
            let held = read.report.locks.held_by(place);
            held.map(|wanted| wanted.total).max().unwrap_or(0)
        });
        Self {
            is_there: cell.is_some(),
            has_changed: row.changes(shown.saturating_sub(COLUMNS_BACK)..shown + 1) > 0,
            is_idle: cell.is_some_and(|cell| cell.is_idle),
            blocks,
            cpu: cell.and_then(|cell| cell.cpu).unwrap_or(0.0),
            state: cell.map_or(u8::MAX, |cell| severity(cell.state)),
            name: &row.key.name,
        }
    }

    fn compare(&self, other: &Self, by: GridSort) -> Ordering {
        let natural = || natural(self.name, other.name);
        let there = other.is_there.cmp(&self.is_there);
        let state = || self.state.cmp(&other.state);
        let cpu = || other.cpu.total_cmp(&self.cpu);
        there.then_with(|| match by {
            GridSort::Change => {
                let worst = |rank: &Self| (Reverse(rank.blocks), rank.cpu < AT_WORK);
                let news = |rank: &Self| (rank.is_idle, !rank.has_changed);
                let worst = worst(self).cmp(&worst(other));
                let changed = news(self).cmp(&news(other));
                worst.then(changed).then_with(state).then_with(natural)
            }
            GridSort::State => state().then_with(cpu).then_with(natural),
            GridSort::Cpu => cpu().then_with(state).then_with(natural),
            GridSort::Name => natural(),
        })
    }
}

/// How soon one looks at threads in a state.
const fn severity(state: State) -> u8 {
    match state {
        State::Blocked => 0,
        State::Runnable => 1,
        State::TimedWaiting => 2,
        State::Waiting => 3,
        State::New | State::Terminated => 4,
        State::Unknown => 5,
        State::Vm => 6,
    }
}

/// `exec-9` comes before `exec-10`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        match (digits(a), digits(b)) {
            (0, 0) => match (a.split_first(), b.split_first()) {
                (Some((first, rest)), Some((other, others))) => {
                    if first != other {
                        return first.cmp(other);
                    }
                    (a, b) = (rest, others);
                }
                (a, b) => return a.is_some().cmp(&b.is_some()),
            },
            (0, _) | (_, 0) => return a.cmp(b),
            (long, other) => {
                let number = |text: &[u8], long: usize| {
                    let zeros = text[..long]
                        .iter()
                        .take_while(|byte| **byte == b'0')
                        .count();
                    text[zeros..long].to_vec()
                };
                let (one, two) = (number(a, long), number(b, other));
                let order = one.len().cmp(&two.len()).then(one.cmp(&two));
                if order != Ordering::Equal {
                    return order;
                }
                (a, b) = (&a[long..], &b[other..]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_are_sorted_as_numbers() {
        let mut names = ["exec-10", "exec-9", "exec-", "a", "exec-010", "exec-9b", ""];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(
            names,
            ["", "a", "exec-", "exec-9", "exec-9b", "exec-10", "exec-010"]
        );
    }
}
