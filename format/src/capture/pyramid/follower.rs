//! Follows the counters of every process through the ticks of a chunk, and adds up what they did.

use super::lives::{LeastAndMost, LifeSums, Lives, SumAndMost};
use crate::capture::chunk::{CellChange, Chunk};
use crate::group::{Group, ProcessField};
use crate::process::ProcessKey;
use crate::tick::{Key, Shed, TickTimes};
use std::collections::HashMap;
use std::ops::Range;

/// Counters of one process at one tick.
#[derive(Debug, Clone, Copy)]
struct Totals {
    /// The tick that last read `stat` of it.
    read_at: Option<u64>,
    /// Whether CPU time is that of `schedstat`: one thread.
    exact: bool,
    numbers: [Option<u64>; 4],
}

/// Follows the counters of every process from tick to tick.
#[derive(Debug, Clone, Default)]
pub(crate) struct Follower {
    before: HashMap<ProcessKey, Totals>,
    /// The one process that matters; of the others nothing is said.
    only: Option<ProcessKey>,
}

const FIELDS: [ProcessField; 9] = [
    ProcessField::Threads,
    ProcessField::Run,
    ProcessField::Utime,
    ProcessField::Stime,
    ProcessField::Wait,
    ProcessField::ReadBytes,
    ProcessField::WriteBytes,
    ProcessField::Rss,
    ProcessField::StatReadAt,
];

impl Follower {
    /// Follows one process only.
    pub(crate) fn of(key: ProcessKey) -> Self {
        Self {
            before: HashMap::new(),
            only: Some(key),
        }
    }

    /// What each process did in each segment of a chunk. What a counter did over a break, before
    /// which ticks are missing, belongs to no segment.
    pub(crate) fn follow(
        &mut self,
        chunk: &Chunk,
        (segments, breaks): (&[Range<usize>], &[bool]),
        tick_rate: u64,
    ) -> Vec<Lives> {
        let mut by_segment = vec![Lives::new(); segments.len()];
        let mut after = HashMap::new();
        let rows = &chunk.groups[Group::Process.index()];
        for (number, row) in rows.rows.iter().enumerate() {
            let Key::Process(key) = row.key else { continue };
            if self.only.is_some_and(|only| only != key) {
                continue;
            }
            let mut row = Row {
                changes: FIELDS.map(|field| rows.changes_of(field.column(), number)),
                values: [None; FIELDS.len()],
                life: row.born.into()..usize::from(row.died).min(chunk.ticks.len()),
                before: self.before.get(&key).copied(),
            };
            for (segment, lives) in segments.iter().zip(&mut by_segment) {
                if let Some(sums) = row.sums_over(segment, (&chunk.ticks, breaks), tick_rate) {
                    lives.insert(key, sums);
                }
            }
            let lives_on = row.life.end == chunk.ticks.len();
            if let Some(last) = row.before.filter(|_| lives_on) {
                after.insert(key, last);
            }
        }
        self.before = after;
        by_segment
    }

    /// Ticks are missing: what the counters did meanwhile belongs to no stretch.
    pub(crate) fn forget(&mut self) {
        self.before.clear();
    }
}

/// One process on its way through a chunk.
struct Row<'a> {
    /// What is still ahead of each field.
    changes: [&'a [CellChange]; FIELDS.len()],
    values: [Option<u64>; FIELDS.len()],
    /// The ticks at which it is there.
    life: Range<usize>,
    before: Option<Totals>,
}

impl Row<'_> {
    fn sums_over(
        &mut self,
        segment: &Range<usize>,
        (ticks, breaks): (&[TickTimes], &[bool]),
        tick_rate: u64,
    ) -> Option<LifeSums> {
        let here = self.life.start.max(segment.start)..self.life.end.min(segment.end);
        let mut sums = LifeSums::default();
        for tick in here.clone() {
            for (value, changes) in self.values.iter_mut().zip(&mut self.changes) {
                while let [change, rest @ ..] = changes
                    && usize::from(change.tick) <= tick
                {
                    *value = (change.missing == 0).then_some(change.value.cast_unsigned());
                    *changes = rest;
                }
            }
            let now = Totals::from_values(&self.values, tick_rate);
            let before = self.before.filter(|_| !breaks[tick]);
            let idle_left_out = |tick: usize| ticks[tick].shed.contains(Shed::IDLE_PROCESSES);
            let left_out = idle_left_out(tick) || tick > 0 && idle_left_out(tick - 1);
            sums.add(&now.sums_since(before, left_out, self.values[7]));
            self.before = Some(now);
        }
        sums.at_ends = [
            self.life.start <= segment.start,
            self.life.end >= segment.end,
        ];
        (!here.is_empty()).then_some(sums)
    }
}

impl Totals {
    fn from_values(values: &[Option<u64>; FIELDS.len()], tick_rate: u64) -> Self {
        let [threads, run, utime, stime, wait, read, written, _, read_at] = *values;
        let exact = threads == Some(1) && run.is_some();
        let ticks = utime
            .zip(stime)
            .map(|(user, system)| user.saturating_add(system));
        let micros = |ticks: u64| ticks.saturating_mul(1_000_000) / tick_rate.max(1);
        let cpu = if exact { run } else { ticks.map(micros) };
        Self {
            read_at,
            exact,
            numbers: [cpu, wait, read, written],
        }
    }

    /// What the counters did since the tick before. Where idle processes were left out, that is
    /// known only once this one was read, and then of all the ticks since it was read before.
    fn sums_since(self, before: Option<Self>, left_out: bool, rss: Option<u64>) -> LifeSums {
        let reads = before.and_then(|before| self.read_at?.checked_sub(before.read_at?));
        let ticks = if left_out { reads.unwrap_or(0) } else { 1 };
        let rise = |at: usize| {
            let before = before.filter(|before| at > 0 || before.exact == self.exact);
            let both = self.numbers[at].zip(before.and_then(|before| before.numbers[at]));
            let sum = both.and_then(|(now, before)| now.checked_sub(before));
            SumAndMost::over(ticks, sum)
        };
        LifeSums {
            ticks: 1,
            cpu_us: rise(0),
            wait_us: rise(1),
            read_bytes: rise(2),
            write_bytes: rise(3),
            rss_pages: LeastAndMost::once(rss),
            at_ends: [false; 2],
        }
    }
}
