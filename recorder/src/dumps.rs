//! Thread dumps: what goes on inside a process, at the moment when it matters.
//!
//! One thread of the recorder decides (this file), and has each dump taken by a thread of its own
//! (`job.rs`), which lets a helper process ask a Java virtual machine (`asking.rs`, `helper.rs`,
//! `words.rs`). Whether that does any harm is decided in `safety.rs`, by what `life.rs` and
//! `nature.rs` know of the process; `kernel.rs` looks at threads from outside. Each dump, each
//! refusal and each failure becomes a row of the capture.

mod asking;
mod clients;
mod everyone;
mod helper;
mod hsperf;
mod job;
mod kernel;
mod life;
mod nature;
mod safety;
mod signalled;
mod words;

pub(crate) use helper::{Request, run as run_helper};

use crate::backlog::Message;
use crate::clock;
use crate::standing::Niceness;
use crate::status::Shared;
use afterimage_format::capture::writer::Record;
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::thread_dump::{DumpStatus, ThreadDump};
use clients::Clients;
use job::{Job, Reason, Rules, Told, Wanted};
use nature::Nature;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Dumps that wait for their turn.
const MOST_WAITING: usize = 1000;
/// Dumps that are late, and waited for.
const MOST_LATE: usize = 16;
/// Processes whose nature is kept.
const MOST_KNOWN: usize = 20_000;

/// How to take dumps.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// A process that is younger is not signalled.
    pub(crate) least_age: Duration,
    /// Processes may be signalled at all.
    pub(crate) may_signal: bool,
}

/// Of which processes somebody wants dumps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whom {
    /// This one.
    One(Pid),
    /// Every Java virtual machine, and what is called like one.
    All,
}

/// What the deciding thread hears.
#[derive(Debug)]
enum Heard {
    /// Somebody wants dumps, and waits for how they go.
    Manual(Whom, UnixStream),
    /// A job has something to tell.
    Told(u64, Told),
    /// A job is done.
    Done(u64, Box<ThreadDump>),
    /// The run ends.
    Stop,
}

/// What others say to the deciding thread.
#[derive(Debug, Clone)]
pub(crate) struct Asker(Sender<Heard>);

impl Asker {
    /// Has dumps taken, and the client told how they went.
    pub(crate) fn ask(&self, whom: Whom, client: UnixStream) {
        // A thread that is gone closes the connection, which says as much.
        drop(self.0.send(Heard::Manual(whom, client)));
    }
}

/// The deciding thread, which ends with this.
#[derive(Debug)]
pub(crate) struct Dumps {
    asker: Asker,
    thread: Option<JoinHandle<()>>,
}

impl Dumps {
    pub(crate) fn start(
        settings: &Settings,
        queue: SyncSender<Message>,
        shared: Arc<Shared>,
    ) -> std::io::Result<Self> {
        let (tell, heard) = channel();
        let mut decider = Decider {
            rules: Rules {
                least_age: settings.least_age,
                may_signal: settings.may_signal,
                signalled: signalled::usual_path(),
            },
            queue,
            shared,
            tell: tell.clone(),
            niceness: Niceness::own(),
            natures: BTreeMap::new(),
            clients: Clients::default(),
            waiting: VecDeque::new(),
            at_work: BTreeMap::new(),
            next: 0,
        };
        let thread = std::thread::Builder::new().name("dumps".to_owned());
        let thread = thread.spawn(move || decider.run(&heard))?;
        Ok(Self {
            asker: Asker(tell),
            thread: Some(thread),
        })
    }

    /// For who hands on what people ask for.
    pub(crate) fn asker(&self) -> Asker {
        self.asker.clone()
    }
}

impl Drop for Dumps {
    fn drop(&mut self) {
        drop(self.asker.0.send(Heard::Stop));
        if let Some(thread) = self.thread.take() {
            // One that panicked has nothing more to say.
            drop(thread.join());
        }
    }
}

/// A dump that is wanted, and who waits for it.
#[derive(Debug)]
struct Ordered {
    job: Job,
    client: Option<u64>,
}

/// A dump that is being taken.
#[derive(Debug)]
struct AtWork {
    ordered: Ordered,
    is_late: bool,
}

/// Who decides which dump is taken next.
struct Decider {
    rules: Rules,
    queue: SyncSender<Message>,
    shared: Arc<Shared>,
    tell: Sender<Heard>,
    niceness: Niceness,
    /// What processes are, as far as it was found out.
    natures: BTreeMap<ProcessKey, Nature>,
    clients: Clients,
    waiting: VecDeque<Ordered>,
    at_work: BTreeMap<u64, AtWork>,
    next: u64,
}

impl Decider {
    fn run(&mut self, heard: &Receiver<Heard>) {
        self.niceness.apply();
        for heard in heard {
            match heard {
                Heard::Manual(whom, client) => self.order(whom, client),
                Heard::Told(number, told) => self.told(number, told),
                Heard::Done(number, dump) => self.done(number, &dump),
                Heard::Stop => break,
            }
            self.begin_next();
        }
        self.give_up();
    }

    fn order(&mut self, whom: Whom, client: UnixStream) {
        let meant = match whom {
            Whom::One(pid) => {
                let started = life::started(pid);
                let key = started.map(|started| ProcessKey { pid, started });
                let nature = key.and_then(|key| self.natures.get(&key).cloned());
                vec![(pid, started, nature)]
            }
            Whom::All => {
                let all = everyone::all(&self.natures).into_iter();
                all.map(|meant| (meant.key.pid, Some(meant.key.started), Some(meant.nature)))
                    .collect()
            }
        };
        if self.waiting.len() + meant.len() > MOST_WAITING {
            Clients::refuse(client, "too many dumps wait already: try again");
            return;
        }
        let client = self.clients.add(client, meant.len());
        let burst = clock::now().wall.0;
        for (pid, started, nature) in meant {
            let job = Job {
                pid,
                started,
                nature,
                reason: Reason {
                    trigger: "manual",
                    detail: "somebody asked for it".to_owned(),
                },
                burst: Some(burst),
                wanted: Wanted::Dump,
            };
            let client = Some(client);
            self.waiting.push_back(Ordered { job, client });
        }
    }

    /// One at a time on the whole host; one that is late keeps only its own process.
    fn begin_next(&mut self) {
        let late = self.at_work.values().filter(|at_work| at_work.is_late);
        let is_busy = late.count() < self.at_work.len() || self.at_work.len() >= MOST_LATE;
        let busy: BTreeSet<Pid> = self
            .at_work
            .values()
            .map(|work| work.ordered.job.pid)
            .collect();
        let mut free = self.waiting.iter();
        let place = free.position(|ordered| !busy.contains(&ordered.job.pid));
        let Some(ordered) = place
            .filter(|_| !is_busy)
            .and_then(|at| self.waiting.remove(at))
        else {
            return;
        };
        let number = self.next;
        self.next += 1;
        let (job, rules, tell) = (ordered.job.clone(), self.rules.clone(), self.tell.clone());
        let take = move || {
            let told = |told| drop(tell.send(Heard::Told(number, told)));
            let dump = job::run(&job, &rules, &told);
            drop(tell.send(Heard::Done(number, Box::new(dump))));
        };
        let at_work = AtWork {
            ordered,
            is_late: false,
        };
        self.at_work.insert(number, at_work);
        let thread = std::thread::Builder::new().name("dump".to_owned());
        if let Err(error) = thread.spawn(take) {
            let mut dump = self.unanswered(number, "no thread could be started");
            if let Some(dump) = &mut dump {
                dump.facts.detail += &format!(": {error}");
            }
            if let Some(dump) = dump {
                self.done(number, &dump);
            }
        }
    }

    fn told(&mut self, number: u64, told: Told) {
        match told {
            Told::Nature(key, nature) => {
                // What is gone is not asked for again: keys are never used twice.
                if self.natures.len() >= MOST_KNOWN {
                    self.natures.clear();
                }
                self.natures.insert(key, nature);
            }
            Told::Late(dump) => {
                if let Some(at_work) = self.at_work.get_mut(&number) {
                    at_work.is_late = true;
                }
                self.store(*dump);
            }
        }
    }

    fn done(&mut self, number: u64, dump: &ThreadDump) {
        let Some(at_work) = self.at_work.remove(&number) else {
            return;
        };
        if let Some(client) = at_work.ordered.client {
            self.clients.tell(client, dump);
        }
        self.shared.update(|status| {
            let count = match dump.facts.status {
                DumpStatus::Ok | DumpStatus::Late | DumpStatus::Truncated => {
                    &mut status.dumps.taken
                }
                DumpStatus::Refused => &mut status.dumps.refused,
                _ => &mut status.dumps.failed,
            };
            *count += 1;
        });
        self.store(dump.clone());
    }

    fn store(&self, dump: ThreadDump) {
        let record = Record::ThreadDump(Box::new(dump));
        if let Err(unsent) = self.queue.try_send(Message::Records(vec![record])) {
            let (std::sync::mpsc::TrySendError::Full(message)
            | std::sync::mpsc::TrySendError::Disconnected(message)) = unsent;
            if let Message::Records(records) = message {
                self.shared.leave(records);
            }
        }
    }

    /// What is being taken when the run ends has no answer yet; the helper ends with the recorder.
    fn give_up(&mut self) {
        let numbers: Vec<u64> = self.at_work.keys().copied().collect();
        for number in numbers {
            if let Some(dump) = self.unanswered(number, "recording ended before it answered") {
                self.done(number, &dump);
            }
        }
    }

    fn unanswered(&self, number: u64, why: &str) -> Option<ThreadDump> {
        let at_work = self.at_work.get(&number)?;
        Some(job::unanswered(&at_work.ordered.job, why))
    }
}
