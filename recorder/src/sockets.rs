//! Sockets: who listens, who is connected to whom, and what waits.
//!
//! In: the kernel's list by `sock_diag`, made on a thread of its own, asked for when a tick
//! begins and awaited for a moment when it ends. Out: rows of [`Group::Socket`]. Up to
//! [`FEW`] sockets are listed at each tick, more of them more rarely; the rows for all sockets of a
//! protocol say at which tick. Those of other network namespaces are not seen.

mod group;
mod listing;
mod name;
mod owner;
mod served;
mod table;

use crate::rows::NamedRows;
use crate::source::ProcRoot;
use crate::standing::Niceness;
use afterimage_format::facts::Source;
use afterimage_format::group::{Group, SocketField};
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::tick::{Shed, Tick};
use afterimage_format::time::MonotonicTime;
use listing::{Ask, Lister};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::time::Duration;
use table::Table;

/// With fewer sockets they are listed at each tick; with more of them every second, third, ...
const FEW: usize = 2000;
/// So rarely at most, in ticks.
const MOST_RARELY: u64 = 30;
/// And at least so rarely when the recorder is over its budget.
const RARELY: u64 = 10;
/// How long the end of a tick waits for a listing of few sockets.
const PATIENCE: Duration = Duration::from_millis(25);
/// A listing that takes so long does not come back.
const LATE: Duration = Duration::from_secs(3);

/// The name of the source in the capture.
pub(crate) const SOURCE: &str = "sock_diag";
/// That of what owners are found by.
pub(crate) const OWNERS: &str = "PID/fd";

/// Asks for listings, and keeps the rows.
#[derive(Debug)]
pub(crate) struct Sockets {
    proc_root: PathBuf,
    thread: Thread,
    niceness: Niceness,
    rows: NamedRows,
    /// The newest listing, and one to be filled anew.
    current: Option<Table>,
    spare: Option<Table>,
    /// When the listing was asked for that has not come, and whether that was at this tick.
    asked: Option<(MonotonicTime, bool)>,
    /// Ticks to go without.
    wait: u64,
    /// The rows have to be said anew.
    is_forgotten: bool,
    said: Option<Said>,
}

/// What the sources said last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Said {
    state: Reading<()>,
    every: u64,
    is_refused: bool,
}

/// Where listings are made.
#[derive(Debug)]
enum Thread {
    /// None was asked for yet.
    Idle,
    Running(SyncSender<Ask>, Receiver<Table>),
    /// There is none, for this reason.
    Missing(Missing),
}

impl Sockets {
    pub(crate) fn new(root: &ProcRoot) -> Self {
        let thread = if root.is_live() {
            Thread::Idle
        } else {
            // Sockets are the kernel's: a directory that stands in for /proc has none.
            Thread::Missing(Missing::NotRead)
        };
        Self {
            proc_root: root.path().to_owned(),
            thread,
            niceness: Niceness::own(),
            rows: NamedRows::new(Group::Socket),
            current: None,
            spare: None,
            asked: None,
            wait: 0,
            is_forgotten: true,
            said: None,
        }
    }

    /// To be called when a tick begins: asks for a listing when one is due.
    pub(crate) fn ask(&mut self, tick: &Tick) {
        if let Some((_, is_now)) = &mut self.asked {
            *is_now = false;
            return;
        }
        if self.wait > 0 {
            self.wait -= 1;
            return;
        }
        self.start();
        let Thread::Running(asks, _) = &self.thread else {
            return;
        };
        let ask = Ask {
            tick: tick.times.seq.0,
            at: tick.times.began.boot,
            with_owners: !tick.times.shed.contains(Shed::SOCKETS),
            table: self.spare.take().unwrap_or_default(),
        };
        match asks.try_send(ask) {
            Ok(()) => self.asked = Some((tick.times.began.monotonic, true)),
            Err(_gone) => self.thread = Thread::Missing(Missing::Unreadable),
        }
    }

    /// To be called when a tick ends: puts the newest listing into the rows, and says how that
    /// fared and, when that has changed, how often sockets are listed and whose cannot be known.
    pub(crate) fn take(
        &mut self,
        tick: &mut Tick,
        now: MonotonicTime,
        note: &mut dyn FnMut(&'static str, Reading<()>),
    ) -> Vec<Source> {
        let mut came = self.came(tick.times.seq.0);
        let is_late = self
            .asked
            .is_some_and(|(asked, _)| now.since(asked).is_some_and(|time| time >= LATE));
        if is_late && self.current.is_none() {
            came = Some(Table::missing(tick.times.seq.0, Missing::Blocked));
        }
        if let Some(table) = came {
            self.wait = every(table.sockets, tick.times.shed) - 1;
            self.spare = self.current.replace(table);
        } else if !self.is_forgotten && !is_late {
            return Vec::new();
        }
        let Some(table) = &self.current else {
            return Vec::new();
        };
        put(table, &mut self.rows, tick);
        self.is_forgotten = false;
        let listed = table.missing.map_or(Ok(()), Err);
        let state = if is_late {
            Err(Missing::Blocked)
        } else {
            listed
        };
        let refused = table.refused.filter(|(denied, _)| *denied > 0);
        let said = Said {
            state,
            every: self.wait + 1,
            is_refused: refused.is_some(),
        };
        if self.said.replace(said) == Some(said) {
            return Vec::new();
        }
        note(SOURCE, state);
        if refused.is_some() || table.refused.is_some() {
            note(
                OWNERS,
                refused.map_or(Ok(()), |_| Err(Missing::PermissionDenied)),
            );
        }
        self.words(said, refused)
    }

    /// Forgets every row: a tick was lost, so the next one says it all anew.
    pub(crate) fn forget(&mut self) {
        self.rows.forget();
        self.is_forgotten = true;
    }

    /// Of how many processes the owners cannot be known, of how many that were looked at.
    pub(crate) fn refused(&self) -> Option<(u64, u64)> {
        self.current.as_ref()?.refused
    }

    /// What a source says beside its state.
    fn words(&self, said: Said, refused: Option<(u64, u64)>) -> Vec<Source> {
        let source = |name: &str, state: &str, detail: String| Source {
            name: name.to_owned(),
            state: state.to_owned(),
            detail,
        };
        let mut sources = Vec::new();
        match (said.state, &self.thread) {
            (Ok(()), _) => {
                let detail = match said.every {
                    1 => "listed at each tick".to_owned(),
                    every => format!("listed every {every} ticks"),
                };
                sources.push(source(SOURCE, "ok", detail));
            }
            (Err(_), Thread::Missing(Missing::NotRead)) => {
                let detail = "a directory stands in for /proc: sockets are not listed";
                sources.push(source(SOURCE, "absent", detail.to_owned()));
            }
            (Err(_), _) => {}
        }
        if let Some((denied, all)) = refused {
            let detail =
                format!("owners of sockets: {denied} of {all} processes do not show theirs");
            sources.push(source(OWNERS, "denied", detail));
        }
        sources
    }

    /// The listing that has come, after waiting a moment for one of few sockets.
    fn came(&mut self, tick: u64) -> Option<Table> {
        let (_, replies) = match &self.thread {
            Thread::Running(asks, replies) => (asks, replies),
            Thread::Missing(missing) => {
                let is_news = self
                    .current
                    .as_ref()
                    .is_none_or(|table| table.missing != Some(*missing));
                return is_news.then(|| Table::missing(tick, *missing));
            }
            Thread::Idle => return None,
        };
        let (_, is_now) = self.asked?;
        let few = self
            .current
            .as_ref()
            .is_none_or(|table| table.sockets < FEW);
        let came = if is_now && few {
            replies.recv_timeout(PATIENCE).ok()
        } else {
            match replies.try_recv() {
                Ok(table) => Some(table),
                Err(TryRecvError::Empty) => None,
                Err(TryRecvError::Disconnected) => {
                    (self.thread, self.asked) = (Thread::Missing(Missing::Unreadable), None);
                    return None;
                }
            }
        };
        if came.is_some() {
            self.asked = None;
        }
        came
    }

    fn start(&mut self) {
        if !matches!(self.thread, Thread::Idle) {
            return;
        }
        let (asks, incoming) = sync_channel::<Ask>(1);
        let (replies, answers) = sync_channel(1);
        let (path, niceness) = (self.proc_root.clone(), self.niceness);
        let list = move || {
            niceness.apply();
            let Ok(root) = ProcRoot::open(&path) else {
                return;
            };
            let mut lister = Lister::new(root);
            for ask in incoming {
                if replies.send(lister.list(ask)).is_err() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("sockets".to_owned());
        self.thread = match thread.spawn(list) {
            Ok(_runs) => Thread::Running(asks, answers),
            Err(_none) => Thread::Missing(Missing::Unreadable),
        };
    }
}

/// At every how many ticks so many sockets are listed.
fn every(sockets: usize, shed: Shed) -> u64 {
    let every = (sockets / FEW + 1) as u64;
    let least = if shed.contains(Shed::SOCKETS) {
        RARELY
    } else {
        1
    };
    every.clamp(least, MOST_RARELY)
}

/// Says what a listing has. Only the rows for all sockets of a protocol tell when that was: it
/// was the same for each of theirs.
fn put(table: &Table, rows: &mut NamedRows, tick: &mut Tick) {
    let read_at = Ok(table.tick.cast_signed());
    for (name, values, is_total) in table.rows() {
        let row = rows.row(tick, name);
        for (field, value) in values.iter().enumerate() {
            row.set(tick, field, *value);
        }
        if is_total {
            row.set(tick, SocketField::ReadAt.column(), read_at);
        }
    }
    rows.end_unseen(tick);
}

#[cfg(test)]
mod tests;
