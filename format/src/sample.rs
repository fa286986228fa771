//! One instant as a reader wants it: every value, typed, in units that cannot be mistaken.
//!
//! Built from the raw cells of a [`Chunk`] at one of its ticks. Nothing is derived here:
//! counters are still counters, and what was not read says why.

mod machine;
mod process;

pub use machine::{CpuTimes, Disk, Line, Lines, Machine, Network, Pressure, SchedulerTimes};
pub use process::{Process, State};

use crate::capture::chunk::Chunk;
use crate::group::Group;
use crate::reading::Reading;
use crate::tick::{Key, TickTimes};

/// Everything known of one instant.
#[derive(Debug, Clone)]
pub struct Sample {
    /// When it was taken, and what was left out.
    pub times: TickTimes,
    /// The machine as a whole.
    pub machine: Machine,
    /// Every process, by pid.
    pub processes: Vec<Process>,
}

impl Sample {
    /// The sample at one tick of a chunk. Costs a binary search for each cell: about half a
    /// millisecond for 500 processes.
    pub(crate) fn from_chunk(chunk: &Chunk, tick: usize) -> Self {
        let times = chunk.ticks()[tick];
        let swept = chunk.ticks()[..=tick]
            .iter()
            .rev()
            .find(|times| times.full_sweep);
        let mut processes: Vec<Process> = chunk
            .rows_at(Group::Process, tick)
            .filter_map(|(row, key)| match key {
                Key::Process(key) => {
                    let cells = Cells::new(chunk, Group::Process, row, tick);
                    let mut process = Process::from_cells(*key, &cells);
                    // A sweep read the `stat` of all, and says so once for all of them.
                    if let (Ok(read), Some(swept)) = (&mut process.stat_read_at, swept) {
                        *read = (*read).max(swept.seq);
                    }
                    Some(process)
                }
                Key::Name(_) => None,
            })
            .collect();
        processes.sort_unstable_by_key(|process| process.key);
        let machine = Machine::from_chunk(chunk, tick);
        Self {
            times,
            machine,
            processes,
        }
    }
}

/// One row of a chunk at one tick.
#[derive(Debug, Clone, Copy)]
struct Cells<'a> {
    chunk: &'a Chunk,
    group: Group,
    row: usize,
    tick: usize,
}

impl<'a> Cells<'a> {
    fn new(chunk: &'a Chunk, group: Group, row: usize, tick: usize) -> Self {
        Self {
            chunk,
            group,
            row,
            tick,
        }
    }

    fn signed(&self, field: usize) -> Reading<i64> {
        self.chunk.cell(self.group, self.row, field, self.tick)
    }

    /// Counters are kept as the kernel's unsigned 64 bits.
    fn count(&self, field: usize) -> Reading<u64> {
        self.signed(field).map(i64::cast_unsigned)
    }

    fn text(&self, field: usize) -> Reading<Box<[u8]>> {
        let text = self.chunk.text(self.group, self.row, field, self.tick);
        text.map(Into::into)
    }
}
