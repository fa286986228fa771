//! What a thread dump says, whoever wrote it.
//!
//! Texts that occur over and over (frames, stacks, classes) are shared: of 5,600 frames of a dump
//! 120 differ.

use jiff::Timestamp;
use jiff::civil::DateTime;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// Who wrote a dump, and in which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// HotSpot's text: `jstack`, `jcmd PID Thread.print`, `kill -3`.
    HotSpot,
    /// `jcmd PID Thread.dump_to_file -format=json`, JDK 21 and later.
    HotSpotJson,
    /// `jcmd PID Thread.dump_to_file`, JDK 21 and later.
    HotSpotPlain,
    /// `goroutine?debug=2` of pprof, or what a dying Go program writes.
    Go,
    /// `py-spy dump`, as text or as JSON.
    PySpy,
    /// `eu-stack` of elfutils.
    EuStack,
    /// Nobody but the kernel: its view of the threads, where there is no dump.
    Kernel,
}

impl Source {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HotSpot => "hotspot",
            Self::HotSpotJson => "hotspot-json",
            Self::HotSpotPlain => "hotspot-plain",
            Self::Go => "go",
            Self::PySpy => "py-spy",
            Self::EuStack => "eu-stack",
            Self::Kernel => "kernel",
        }
    }

    /// Whether it is a dump of a Java VM.
    pub const fn is_java(self) -> bool {
        matches!(self, Self::HotSpot | Self::HotSpotJson | Self::HotSpotPlain)
    }
}

/// What a thread did, in the words of `java.lang.Thread.State`, which fit other runtimes as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Wants a lock that somebody else has.
    Blocked,
    /// Not started yet.
    New,
    /// Runs, could run, or is in a system call that the runtime does not look into.
    Runnable,
    /// Has ended.
    Terminated,
    /// Waits, with a time limit.
    TimedWaiting,
    /// Waits without one.
    Waiting,
    /// The runtime gives no state: threads of the VM itself, and carriers of virtual threads.
    Vm,
    /// The dump says nothing of states.
    Unknown,
}

impl State {
    /// The word for it, as JSON has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blocked => "BLOCKED",
            Self::New => "NEW",
            Self::Runnable => "RUNNABLE",
            Self::Terminated => "TERMINATED",
            Self::TimedWaiting => "TIMED_WAITING",
            Self::Waiting => "WAITING",
            Self::Vm => "VM",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// The state that the JVM calls so.
    pub fn from_java(word: &str) -> Option<Self> {
        Some(match word {
            "BLOCKED" => Self::Blocked,
            "NEW" => Self::New,
            "RUNNABLE" => Self::Runnable,
            "TERMINATED" => Self::Terminated,
            "TIMED_WAITING" => Self::TimedWaiting,
            "WAITING" => Self::Waiting,
            _ => return None,
        })
    }

    /// Whether it waits, with or without a limit.
    pub const fn is_waiting(self) -> bool {
        matches!(self, Self::TimedWaiting | Self::Waiting)
    }
}

/// A stack, innermost frame first. Threads with the same stack share it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Stack(pub Box<[Arc<str>]>);

impl Stack {
    /// The frames, innermost first.
    pub fn frames(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|frame| &**frame)
    }
}

/// Something that threads wait for until whoever has it gives it up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lock {
    /// What tells it from the others in its dump: an address (it moves with each collection, so it
    /// says nothing across dumps), or `Class@hash`.
    pub id: Arc<str>,
    /// Its class; empty where the dump does not say.
    pub class: Arc<str>,
}

impl Lock {
    /// As a dump writes it: `<0x00000000e020de30> (a java.lang.Object)`.
    pub fn words(&self) -> String {
        if self.class.is_empty() || self.id.starts_with(&*self.class) {
            format!("<{}>", self.id)
        } else {
            format!("<{}> (a {})", self.id, self.class)
        }
    }
}

/// What a thread does with a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum How {
    /// Has its monitor, unless it waits on it further up.
    Locked,
    /// The compiler left the lock out.
    Eliminated,
    /// Wants its monitor.
    WaitingToLock,
    /// Waits to be notified, and has given its monitor up.
    WaitingOn,
    /// Was notified, and wants its monitor again.
    Relocking,
    /// Is parked because of it: a synchronizer of `java.util.concurrent`, or whatever was named.
    Parking,
    /// Has it, as the list of synchronizers says (`-l`).
    Owns,
    /// Waits until another thread has initialized this class; the class may not be known.
    ClassInitialization,
}

/// A line about a lock in a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockUse {
    /// What the thread does with it.
    pub how: How,
    /// Which one; none where the dump cannot say.
    pub lock: Option<Lock>,
    /// How many frames of the stack stand before the line.
    pub depth: usize,
    /// Who has it, where the dump says so beside it: a number as in [`Thread::number`].
    pub owner: Option<u64>,
}

/// One thread of a dump.
#[derive(Debug, Clone, PartialEq)]
pub struct Thread {
    /// Its name: anything, also nothing.
    pub name: Box<str>,
    /// What the runtime calls it: `#N` of HotSpot, the number of a goroutine.
    pub number: Option<u64>,
    /// What the kernel calls it, in the innermost pid namespace: `nid` of HotSpot.
    pub os_id: Option<u64>,
    /// What it did.
    pub state: State,
    /// The same in the words of the dump: `waiting for monitor entry`, `chan receive, 5 minutes`.
    pub status: Box<str>,
    /// Whether the program may end without it.
    pub is_daemon: bool,
    /// Whether it is a virtual thread.
    pub is_virtual: bool,
    /// CPU that it has used since it began.
    pub cpu: Option<Duration>,
    /// Since it began.
    pub elapsed: Option<Duration>,
    /// Bytes that it has allocated since it began.
    pub allocated_bytes: Option<u64>,
    /// For how long it has waited, where the runtime says so (Go: in minutes).
    pub waited: Option<Duration>,
    /// Its stack.
    pub stack: Arc<Stack>,
    /// What it does with locks, innermost first.
    pub locks: Box<[LockUse]>,
    /// The number of the virtual thread that it carries.
    pub carries: Option<u64>,
    /// Of a virtual thread that runs: the number of its carrier.
    pub carrier: Option<u64>,
    /// Who made it: the frame that Go names.
    pub created_by: Option<Arc<str>>,
    /// Whether it has a heading of its own. A virtual thread within its carrier has none, and is not
    /// counted.
    pub is_listed: bool,
    /// Where it stands in the text, in bytes; empty in JSON.
    pub place: Range<usize>,
}

impl Thread {
    /// One of this name and state, of which nothing else is known.
    pub(super) fn new(name: &str, state: State) -> Self {
        Self {
            name: name.into(),
            number: None,
            os_id: None,
            state,
            status: "".into(),
            is_daemon: false,
            is_virtual: false,
            cpu: None,
            elapsed: None,
            allocated_bytes: None,
            waited: None,
            stack: Arc::default(),
            locks: [].into(),
            carries: None,
            carrier: None,
            created_by: None,
            is_listed: true,
            place: 0..0,
        }
    }

    /// What to call it, where its name says nothing.
    pub fn called(&self) -> String {
        let kind = if self.is_virtual {
            "virtual thread"
        } else {
            "thread"
        };
        match (&*self.name, self.number, self.os_id) {
            ("", Some(number), _) => format!("{kind} #{number}"),
            ("", None, Some(id)) => format!("{kind} {id}"),
            (name, ..) => name.to_owned(),
        }
    }

    /// The innermost frame.
    pub fn top(&self) -> Option<&str> {
        self.stack.frames().next()
    }

    /// Whether a line of the stack says that it does this with some lock.
    pub fn does(&self, how: How) -> bool {
        self.locks.iter().any(|used| used.how == how)
    }
}

/// One thread of a deadlock, as the JVM reported it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// Its name.
    pub thread: Box<str>,
    /// What it waits for: the address in the text, where there is one.
    pub lock: Option<Lock>,
    /// The name of who has it.
    pub holder: Option<Box<str>>,
}

/// When a dump was taken, by its own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// On the clock of where it was taken; nobody says in which zone.
    Local(DateTime),
    /// Exactly.
    Exact(Timestamp),
}

impl When {
    /// How long after `earlier` this is, where both are of one kind.
    pub fn since(self, earlier: Self) -> Option<Duration> {
        match (self, earlier) {
            (Self::Local(now), Self::Local(then)) => now.duration_since(then).try_into().ok(),
            (Self::Exact(now), Self::Exact(then)) => now.duration_since(then).try_into().ok(),
            _ => None,
        }
    }
}

/// Lines that no rule knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnknownLines {
    /// How many.
    pub count: usize,
    /// The first of them, with their numbers in the text, from 1.
    pub first: Vec<(usize, Box<str>)>,
}

impl UnknownLines {
    /// So many are kept.
    pub const MOST_KEPT: usize = 100;
    /// So much of each is kept, in bytes.
    const MOST_OF_ONE: usize = 400;

    pub(super) fn add(&mut self, number: usize, line: &str) {
        self.count += 1;
        if self.first.len() < Self::MOST_KEPT {
            let end = line.floor_char_boundary(Self::MOST_OF_ONE.min(line.len()));
            self.first.push((number, line[..end].into()));
        }
    }

    /// How many there are now, to go back to.
    pub(super) fn mark(&self) -> usize {
        self.count
    }

    /// Forgets what came after a mark.
    pub(super) fn go_back(&mut self, mark: usize) {
        self.count = mark;
        self.first.truncate(mark);
    }
}

/// One thread dump.
#[derive(Debug, Clone, PartialEq)]
pub struct Dump {
    /// Who wrote it.
    pub source: Source,
    /// When, by its own words.
    pub at: Option<When>,
    /// The runtime and its version, in its own words.
    pub vm: Option<Box<str>>,
    /// The process, where the dump names it.
    pub pid: Option<i64>,
    /// Its threads, in the order of the text.
    pub threads: Vec<Thread>,
    /// The deadlocks that the JVM reported.
    pub reported: Vec<Vec<Reported>>,
    /// How many Java threads there should be, as the JVM counted them (`length=` of its list).
    pub expected: Option<usize>,
    /// Whether it lists who has the locks of `java.util.concurrent` (`-l`).
    pub lists_synchronizers: bool,
    /// Whether its end is missing.
    pub is_truncated: bool,
    /// Lines that no rule knows.
    pub unknown: UnknownLines,
    /// Where it stands in the text, in bytes.
    pub place: Range<usize>,
    /// What of that place is not its own: lines of others that came in between.
    pub gaps: Vec<Range<usize>>,
}

impl Dump {
    /// One that says nothing yet.
    pub fn new(source: Source) -> Self {
        Self {
            source,
            at: None,
            vm: None,
            pid: None,
            threads: Vec::new(),
            reported: Vec::new(),
            expected: None,
            lists_synchronizers: false,
            is_truncated: false,
            unknown: UnknownLines::default(),
            place: 0..0,
            gaps: Vec::new(),
        }
    }

    /// Its own parts of the text, in bytes.
    pub fn parts(&self) -> impl Iterator<Item = Range<usize>> {
        let ends = self.gaps.iter().map(|gap| gap.start);
        let begins = self.gaps.iter().map(|gap| gap.end);
        let ends = ends.chain([self.place.end]);
        let begins = [self.place.start].into_iter().chain(begins);
        begins.zip(ends).map(|(begin, end)| begin..end)
    }

    /// The threads that the dump gives a heading of their own.
    pub fn listed(&self) -> impl Iterator<Item = &Thread> {
        self.threads.iter().filter(|thread| thread.is_listed)
    }

    /// How many Java threads the list of the JVM has more than were found, or the other way round.
    pub fn missing(&self) -> Option<i64> {
        let found = self.listed().filter(|thread| thread.number.is_some());
        let found = i64::try_from(found.count()).ok()?;
        Some(i64::try_from(self.expected?).ok()? - found)
    }
}
