//! Lists of what is there at one instant beside processes: who waits, file systems, locks,
//! sockets, interrupts, limits of the kernel.
//!
//! In: a sample, and the [`Step`](crate::rate::Step) that led to it when there is one. Out: a
//! [`List`] of lines of typed fields, each of which says why it is absent when it is; and for a
//! list without lines, why it has none. What is bad is decided here ([`Mood`]); how a field is
//! written, sorted and drawn is left to whoever shows it.

mod cpus;
mod file_locks;
mod file_systems;
mod interrupts;
mod limits;
mod protocols;
mod sockets;
mod waits;

pub use cpus::{nodes, speeds};
pub use file_locks::file_locks;
pub use file_systems::file_systems;
pub use interrupts::{interrupts, soft_interrupts};
pub use limits::limits;
pub use protocols::protocols;
pub use sockets::{close_waits, listeners, local_ports, socket_states, sockets};
pub use waits::{channels, waits};

use crate::machine::{Absent, Measure, Value};
use afterimage_format::process::Pid;
use afterimage_format::reading::Reading;
use afterimage_format::sample::Sample;

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ListId {
    /// Threads that wait, and for what.
    Waits,
    /// The same by the function of the kernel that they wait in.
    WaitChannels,
    /// Mounted file systems.
    FileSystems,
    /// Who holds locks on files, and who waits for them.
    FileLocks,
    /// Interrupts of devices.
    Interrupts,
    /// Soft interrupts.
    SoftInterrupts,
    /// How fast each CPU runs.
    Speeds,
    /// The memory of each NUMA node.
    Nodes,
    /// Counters of the network protocols that tell of trouble.
    Protocols,
    /// Limits of the kernel.
    Limits,
    /// Sockets.
    Sockets,
    /// How many sockets are in each state.
    SocketStates,
    /// The queues of those who listen.
    Listeners,
    /// Who did not close a connection that the other end has closed.
    CloseWaits,
    /// How many local ports each destination takes.
    LocalPorts,
}

/// What the fields of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A name or a word.
    Text,
    /// Words that take the room that is left.
    Words,
    /// Numbers.
    Figure(Measure),
    /// Percent of something that can be full.
    Share,
}

/// One column of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name in filters, copies and explanations.
    pub key: &'static str,
    /// Its name for people.
    pub heading: &'static str,
    /// What its fields are.
    pub kind: Kind,
}

impl Column {
    const fn text(key: &'static str, heading: &'static str) -> Self {
        let kind = Kind::Text;
        Self { key, heading, kind }
    }

    const fn words(key: &'static str, heading: &'static str) -> Self {
        let kind = Kind::Words;
        Self { key, heading, kind }
    }

    const fn figure(key: &'static str, heading: &'static str, measure: Measure) -> Self {
        let kind = Kind::Figure(measure);
        Self { key, heading, kind }
    }

    const fn share(key: &'static str, heading: &'static str) -> Self {
        let kind = Kind::Share;
        Self { key, heading, kind }
    }

    /// What its numbers are.
    pub const fn measure(&self) -> Measure {
        match self.kind {
            Kind::Figure(measure) => measure,
            Kind::Text | Kind::Words | Kind::Share => Measure::Percent,
        }
    }

    /// Whether it holds numbers.
    pub const fn is_number(&self) -> bool {
        matches!(self.kind, Kind::Figure(_) | Kind::Share)
    }
}

/// What stands in one place of a list.
#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    /// Text out of a capture, so not safe to print as it is.
    Text(Box<str>),
    /// A number.
    Number(f64),
    /// A number that may be larger: the record does not go back further.
    AtLeast(f64),
    /// There should be something, and is not.
    Absent(Absent),
    /// There is nothing to be said.
    Empty,
}

impl Field {
    /// Words of our own.
    fn word(word: impl Into<Box<str>>) -> Self {
        Self::Text(word.into())
    }

    /// Bytes that somebody else wrote.
    fn bytes(bytes: &[u8]) -> Self {
        Self::Text(String::from_utf8_lossy(bytes).into())
    }

    /// Bytes, or why there are none.
    fn text(reading: Reading<impl AsRef<[u8]>>) -> Self {
        match reading {
            Ok(bytes) => Self::bytes(bytes.as_ref()),
            Err(missing) => Self::Absent(missing.into()),
        }
    }

    /// A count, or why there is none.
    fn count(reading: Reading<u64>) -> Self {
        match reading {
            Ok(count) => Self::Number(count as f64),
            Err(missing) => Self::Absent(missing.into()),
        }
    }

    /// A number, or why there is none.
    fn value(value: Value) -> Self {
        match value {
            Ok(number) => Self::Number(number),
            Err(Absent::NotHere) => Self::Empty,
            Err(absent) => Self::Absent(absent),
        }
    }

    /// Its number.
    pub const fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) | Self::AtLeast(number) => Some(*number),
            _ => None,
        }
    }
}

/// How bad a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Mood {
    /// Nothing is wrong.
    #[default]
    Usual,
    /// It is worth a look.
    Warning,
    /// Something is wrong.
    Problem,
}

/// One line of a list.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Line {
    /// A field for every column.
    pub fields: Vec<Field>,
    /// The process that it is about.
    pub process: Option<Pid>,
    /// How bad it is.
    pub mood: Mood,
    /// More about it, in lines: as little safe to print as any text of a capture.
    pub more: Option<Box<str>>,
    /// What it is about as a whole, by the name it is explained under.
    pub meaning: Option<&'static str>,
}

/// Lines under columns.
#[derive(Debug, Clone, PartialEq)]
pub struct List {
    /// Which list it is.
    pub id: ListId,
    /// Its columns.
    pub columns: &'static [Column],
    /// Its lines, in the order that says most.
    pub lines: Vec<Line>,
    /// Why there are no lines: a sentence. With lines, what more is to be known of all of them.
    pub note: Option<String>,
}

impl ListId {
    /// Every list there is.
    pub const ALL: [Self; 15] = [
        Self::Waits,
        Self::WaitChannels,
        Self::FileSystems,
        Self::FileLocks,
        Self::Interrupts,
        Self::SoftInterrupts,
        Self::Speeds,
        Self::Nodes,
        Self::Protocols,
        Self::Limits,
        Self::Sockets,
        Self::SocketStates,
        Self::Listeners,
        Self::CloseWaits,
        Self::LocalPorts,
    ];

    /// Its name in explanations.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Waits => "waits",
            Self::WaitChannels => "wait-channels",
            Self::FileSystems => "file-systems",
            Self::FileLocks => "file-locks",
            Self::Interrupts => "interrupts",
            Self::SoftInterrupts => "soft-interrupts",
            Self::Speeds => "speeds",
            Self::Nodes => "nodes",
            Self::Protocols => "protocols",
            Self::Limits => "limits",
            Self::Sockets => "sockets",
            Self::SocketStates => "socket-states",
            Self::Listeners => "listeners",
            Self::CloseWaits => "close-waits",
            Self::LocalPorts => "local-ports",
        }
    }

    /// Its name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Waits => "Who waits",
            Self::WaitChannels => "Where they wait",
            Self::FileSystems => "File systems",
            Self::FileLocks => "File locks",
            Self::Interrupts => "Interrupts of devices",
            Self::SoftInterrupts => "Soft interrupts",
            Self::Speeds => "Speed of the CPUs",
            Self::Nodes => "NUMA nodes",
            Self::Protocols => "What goes wrong in the network",
            Self::Limits => "Limits of the kernel",
            Self::Sockets => "Sockets",
            Self::SocketStates => "How many",
            Self::Listeners => "Listen queues",
            Self::CloseWaits => "Never closed (CLOSE-WAIT)",
            Self::LocalPorts => "Local ports by destination",
        }
    }

    /// Its columns.
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Waits => &waits::WAITS,
            Self::WaitChannels => &waits::CHANNELS,
            Self::FileSystems => &file_systems::COLUMNS,
            Self::FileLocks => &file_locks::COLUMNS,
            Self::Interrupts => &interrupts::INTERRUPTS,
            Self::SoftInterrupts => &interrupts::SOFT,
            Self::Speeds => &cpus::SPEEDS,
            Self::Nodes => &cpus::NODES,
            Self::Protocols => &protocols::COLUMNS,
            Self::Limits => &limits::COLUMNS,
            Self::Sockets => &sockets::SOCKETS,
            Self::SocketStates => &sockets::COUNTS,
            Self::Listeners => &sockets::LISTENERS,
            Self::CloseWaits => &sockets::CLOSE_WAITS,
            Self::LocalPorts => &sockets::PORTS,
        }
    }

    /// A list of these lines; when there are none, `otherwise` says why.
    fn list(self, lines: Vec<Line>, otherwise: impl Into<String>) -> List {
        List {
            id: self,
            columns: self.columns(),
            note: lines.is_empty().then(|| otherwise.into()),
            lines,
        }
    }
}

/// Every name that a line may be explained under.
pub fn meanings() -> impl Iterator<Item = &'static str> {
    let counters = protocols::COUNTERS.iter().map(|counter| counter.meaning);
    let states = sockets::STATES.iter().map(|(_, meaning)| *meaning);
    let soft = interrupts::KNOWN.iter().map(|(_, meaning)| *meaning);
    let others = [
        limits::MEANINGS.as_slice(),
        &waits::MEANINGS,
        &sockets::MEANINGS,
    ];
    let others = others.into_iter().flatten().copied();
    counters.chain(states).chain(soft).chain(others)
}

/// The command of a process: of two lives of one pid the later is the one that is there.
fn command(now: &Sample, pid: Pid) -> Field {
    let mut named = now.processes.iter().rev();
    match named.find(|process| process.key.pid == pid) {
        Some(process) => Field::text(process.comm.as_deref().map_err(|missing| *missing)),
        None => Field::Absent(afterimage_format::reading::Missing::Gone.into()),
    }
}

/// How bad it is that so many percent of something are used.
fn fullness(percent: Option<f64>) -> Mood {
    match percent {
        Some(percent) if percent >= 97.0 => Mood::Problem,
        Some(percent) if percent >= 85.0 => Mood::Warning,
        _ => Mood::Usual,
    }
}

/// Percent of a limit.
fn share(used: Reading<u64>, limit: Reading<u64>) -> Value {
    let (used, limit) = (used?, limit?);
    if limit == 0 {
        return Err(Absent::NotHere);
    }
    Ok(used as f64 * 100.0 / limit as f64)
}

#[cfg(test)]
mod tests;
