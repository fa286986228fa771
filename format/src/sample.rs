//! One instant as a reader wants it: every value, typed, in units that cannot be mistaken.
//!
//! Built from the raw cells of a [`Chunk`] at one of its ticks. Nothing is derived here:
//! counters are still counters, and what was not read says why. Rows that have names come in
//! pairs with them, in no particular order.

mod file_locks;
mod file_systems;
mod interrupts;
pub(crate) mod listing;
mod machine;
mod process;
mod sockets;
mod tasks;

pub use file_locks::FileLock;
pub use file_systems::FileSystem;
pub use interrupts::Interrupt;
pub use listing::{Counters, Listed, Listing};
pub use machine::{CpuTimes, Disk, Line, Lines, Machine, Network, Pressure, SchedulerTimes};
pub use process::{Process, State};
pub use sockets::Socket;
pub use tasks::{Task, Why};

use crate::capture::chunk::{Chunk, REST};
use crate::group::{Group, ProcessField};
use crate::process::ProcessKey;
use crate::reading::{Missing, Reading};
use crate::tick::{Key, TickTimes};
use std::sync::Arc;

/// Everything known of one instant.
#[derive(Debug, Clone)]
pub struct Sample {
    /// When it was taken, and what was left out.
    pub times: TickTimes,
    /// The machine as a whole.
    pub machine: Machine,
    /// Every process, by pid.
    pub processes: Vec<Process>,
    /// Threads that were worth a look, by tid. As the next three not read where its frame of the
    /// capture is damaged.
    pub tasks: Reading<Vec<Task>>,
    /// Sockets, by a name made of protocol, state, addresses and process.
    pub sockets: Reading<Vec<(Box<str>, Socket)>>,
    /// Mounted file systems, by mount point.
    pub file_systems: Reading<Vec<(Box<str>, FileSystem)>>,
    /// `/proc/locks`, by the number of the line.
    pub file_locks: Reading<Vec<(Box<str>, FileLock)>>,
    /// Counters of the network protocols, such as `Tcp.RetransSegs`.
    pub protocols: Lines,
    /// Interrupts, by `irq:NAME` and `softirq:NAME`.
    pub interrupts: Vec<(Box<str>, Interrupt)>,
    /// Limits of the kernel and what is used of them, such as `fs.file-nr.used`.
    pub limits: Lines,
    /// Memory of the NUMA nodes, such as `node0.MemFree`.
    pub nodes: Lines,
}

/// What is wanted of a sample, for who goes over many: less costs less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extract {
    /// The machine as a whole; else none of it counts as read.
    pub machine: bool,
    /// Fields of processes; the others count as not read. Without any there are no processes.
    pub processes: &'static [ProcessField],
    /// Groups beside the machine and its processes; the others count as not read.
    pub things: &'static [Group],
}

impl Extract {
    /// The machine alone.
    pub const MACHINE: Self = Self {
        machine: true,
        processes: &[],
        things: &[],
    };

    /// Whether all of it is among what is stored of the machine.
    pub(crate) fn is_of_machine(&self) -> bool {
        let mut things = self.things.iter();
        self.processes.is_empty() && things.all(|group| !REST.contains(group))
    }
}

impl Sample {
    /// A process, if it was there.
    pub fn process(&self, key: ProcessKey) -> Option<&Process> {
        let found = self
            .processes
            .binary_search_by_key(&key, |process| process.key);
        found.ok().map(|place| &self.processes[place])
    }

    /// The sample at one tick of a chunk. Costs a binary search for each cell: about a third of
    /// a millisecond for 500 processes.
    pub(crate) fn from_chunk(chunk: &Chunk, tick: usize) -> Self {
        let mut sample = Self::of_processes(chunk, tick);
        for group in Group::ALL {
            sample.read(group, chunk, tick);
        }
        sample
    }

    /// The same of the machine and its processes alone.
    pub(crate) fn of_processes(chunk: &Chunk, tick: usize) -> Self {
        let columns = Columns::at(chunk, Group::Process, tick);
        let machine = Machine::from_chunk(chunk, tick);
        let processes = Self::processes_of(&columns, tick);
        Self::of(chunk.ticks()[tick], machine, processes)
    }

    /// Whether something that is wanted of it could not be read: its frame of the capture is
    /// damaged.
    pub fn lacks(&self, wanted: &Extract) -> bool {
        wanted.things.iter().any(|group| match group {
            Group::Task => self.tasks.is_err(),
            Group::Socket => self.sockets.is_err(),
            Group::FileSystem => self.file_systems.is_err(),
            Group::FileLock => self.file_locks.is_err(),
            _ => false,
        })
    }

    /// One group that is neither the machine's nor of processes, if it is such a one.
    fn read(&mut self, group: Group, chunk: &Chunk, tick: usize) {
        let rest = if chunk.lacks_rest {
            Err(Missing::NotRead)
        } else {
            Ok(())
        };
        let lines = || Lines::from_chunk(chunk, group, tick);
        match group {
            Group::Task => self.tasks = rest.map(|()| tasks::from_chunk(chunk, tick)),
            Group::Socket => {
                self.sockets = rest.map(|()| named(chunk, group, tick, Socket::from_cells));
            }
            Group::FileSystem => {
                self.file_systems =
                    rest.map(|()| named(chunk, group, tick, FileSystem::from_cells));
            }
            Group::FileLock => {
                self.file_locks = rest.map(|()| named(chunk, group, tick, FileLock::from_cells));
            }
            Group::Interrupt => {
                self.interrupts = named(chunk, group, tick, Interrupt::from_cells);
            }
            Group::Protocol => self.protocols = lines(),
            Group::Limit => self.limits = lines(),
            Group::Node => self.nodes = lines(),
            Group::Machine
            | Group::Cpu
            | Group::Scheduler
            | Group::Memory
            | Group::Vmstat
            | Group::Pressure
            | Group::Disk
            | Group::Network
            | Group::Process => {}
        }
    }

    /// A sample of which only this was read.
    pub fn of(times: TickTimes, machine: Machine, processes: Vec<Process>) -> Self {
        Self {
            times,
            machine,
            processes,
            tasks: Err(Missing::NotRead),
            sockets: Err(Missing::NotRead),
            file_systems: Err(Missing::NotRead),
            file_locks: Err(Missing::NotRead),
            protocols: Lines::default(),
            interrupts: vec![],
            limits: Lines::default(),
            nodes: Lines::default(),
        }
    }

    /// What is wanted of it.
    pub(crate) fn extract(chunk: &Chunk, tick: usize, extract: &Extract) -> Self {
        let machine = if extract.machine {
            Machine::from_chunk(chunk, tick)
        } else {
            Machine::not_read()
        };
        let processes = if extract.processes.is_empty() {
            vec![]
        } else {
            let is_wanted =
                |field: usize| (extract.processes.iter()).any(|wanted| wanted.column() == field);
            let columns = Columns::some_at(chunk, Group::Process, tick, is_wanted);
            Self::processes_of(&columns, tick)
        };
        let mut sample = Self::of(chunk.ticks()[tick], machine, processes);
        for group in extract.things {
            sample.read(*group, chunk, tick);
        }
        sample
    }

    fn processes_of(columns: &Columns<'_>, tick: usize) -> Vec<Process> {
        let swept = columns.chunk.ticks()[..=tick]
            .iter()
            .rev()
            .find(|times| times.full_sweep);
        // A process is over a kilobyte: growing step by step would copy them all a few times.
        let mut processes = Vec::with_capacity(columns.keys.len());
        for (row, key) in columns.keys.iter().enumerate() {
            let Key::Process(key) = key else { continue };
            let mut process = Process::from_cells(*key, &columns.row(row));
            // A sweep read the `stat` of all, and says so once for all of them.
            if let (Ok(read), Some(swept)) = (&mut process.stat_read_at, swept) {
                *read = (*read).max(swept.seq);
            }
            processes.push(process);
        }
        // Rows are in order but for those born within the chunk.
        processes.sort_by_key(|process| process.key);
        processes
    }
}

/// Every cell of a group at one tick, field by field, as a chunk has them.
#[derive(Debug)]
struct Columns<'a> {
    chunk: &'a Chunk,
    /// The keys of the rows that were there.
    keys: Vec<&'a Key>,
    cells: Vec<Reading<i64>>,
}

impl<'a> Columns<'a> {
    fn at(chunk: &'a Chunk, group: Group, tick: usize) -> Self {
        Self::some_at(chunk, group, tick, |_| true)
    }

    /// The same with nothing said of the fields that are not wanted.
    fn some_at(
        chunk: &'a Chunk,
        group: Group,
        tick: usize,
        is_wanted: impl Fn(usize) -> bool,
    ) -> Self {
        let (rows, keys): (Vec<usize>, Vec<&Key>) = chunk.rows_at(group, tick).unzip();
        let fields = group.fields().len();
        let mut cells = Vec::with_capacity(fields * rows.len());
        for field in 0..fields {
            if !is_wanted(field) {
                cells.resize(cells.len() + rows.len(), Err(Missing::NotRead));
                continue;
            }
            let column = rows.iter().map(|&row| chunk.cell(group, row, field, tick));
            cells.extend(column);
        }
        Self { chunk, keys, cells }
    }

    fn row(&self, row: usize) -> Cells<'_> {
        Cells { columns: self, row }
    }
}

/// The rows of a group with their names, each made into something typed.
fn named<T>(
    chunk: &Chunk,
    group: Group,
    tick: usize,
    make: impl Fn(&Cells<'_>) -> T,
) -> Vec<(Box<str>, T)> {
    let columns = Columns::at(chunk, group, tick);
    let rows = columns.keys.iter().enumerate();
    let named = rows.filter_map(|(row, key)| match key {
        Key::Name(name) => {
            let name = String::from_utf8_lossy(name).into_owned();
            Some((name.into(), make(&columns.row(row))))
        }
        Key::Process(_) => None,
    });
    named.collect()
}

/// One row at one tick.
#[derive(Debug, Clone, Copy)]
struct Cells<'a> {
    columns: &'a Columns<'a>,
    row: usize,
}

impl Cells<'_> {
    fn signed(&self, field: usize) -> Reading<i64> {
        self.columns.cells[field * self.columns.keys.len() + self.row]
    }

    /// Counters are kept as the kernel's unsigned 64 bits.
    fn count(&self, field: usize) -> Reading<u64> {
        self.signed(field).map(i64::cast_unsigned)
    }

    /// Shared with the chunk: a command line is in each of its ticks.
    fn text(&self, field: usize) -> Reading<Arc<[u8]>> {
        let number = self.signed(field)?;
        self.columns.chunk.shared_string(number).map(Arc::clone)
    }
}
