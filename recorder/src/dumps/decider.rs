//! The thread that decides which dump is taken next, and stores how each went.

use super::bursts::Bursts;
use super::clients::Clients;
use super::job::{self, Job, Reason, Rules, Told, Wanted};
use super::last_looks::LastLooks;
use super::nature::{self, Hsperf, Nature};
use super::watching::Watching;
use super::{Heard, Whom, everyone, life};
use crate::backlog::Message;
use crate::clock;
use crate::standing::Niceness;
use crate::status::Shared;
use afterimage_format::capture::writer::Record;
use afterimage_format::facts::Event;
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::thread_dump::{HOTSPOT, ThreadDump};
use afterimage_format::time::MonotonicTime;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, TrySendError};
use std::time::Duration;

/// Dumps that wait for their turn.
const MOST_WAITING: usize = 1000;
/// Dumps that are late, and waited for.
const MOST_LATE: usize = 16;
/// Processes whose nature is kept.
const MOST_KNOWN: usize = 20_000;
/// So often is looked for a new tick.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// What a process is, is found out of so many at once; more of them are stuck.
const MOST_FINDING: usize = 4;

/// A dump that is wanted, and who waits for it.
#[derive(Debug)]
struct Ordered {
    job: Job,
    client: Option<u64>,
}

/// What a process was found to be.
#[derive(Debug)]
pub(super) struct Found {
    nature: Nature,
    hsperf: Option<Hsperf>,
    /// A hook is meant for it, and may be used again after so long.
    hooked_each: Option<Duration>,
}

/// How often what is configured for a process may be done.
#[derive(Debug)]
struct Hooked {
    least: Duration,
    /// When a trigger had it done.
    last: Option<MonotonicTime>,
}

/// A dump that is being taken.
#[derive(Debug)]
struct AtWork {
    ordered: Ordered,
    is_late: bool,
}

/// Who decides which dump is taken next.
pub(super) struct Decider {
    rules: Rules,
    watching: Watching,
    bursts: Bursts,
    looks: LastLooks,
    /// Of these nobody knows what they are.
    unknown: VecDeque<ProcessKey>,
    /// Of these it is being found out.
    finding: BTreeSet<ProcessKey>,
    /// Processes that a hook is meant for.
    hooked: BTreeMap<ProcessKey, Hooked>,
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
    /// It tells of dumps the writer, who asks for the status, and itself.
    pub(super) fn new(
        rules: Rules,
        watching: Watching,
        (queue, shared, tell): (SyncSender<Message>, Arc<Shared>, Sender<Heard>),
    ) -> Self {
        Self {
            rules,
            watching,
            bursts: Bursts::default(),
            looks: LastLooks::default(),
            unknown: VecDeque::new(),
            finding: BTreeSet::new(),
            hooked: BTreeMap::new(),
            queue,
            shared,
            tell,
            niceness: Niceness::own(),
            natures: BTreeMap::new(),
            clients: Clients::default(),
            waiting: VecDeque::new(),
            at_work: BTreeMap::new(),
            next: 0,
        }
    }

    /// Until it hears that the run ends.
    pub(super) fn run(&mut self, heard: &Receiver<Heard>) {
        self.niceness.apply();
        loop {
            match heard.recv_timeout(LOOK_EVERY) {
                Ok(Heard::Manual(whom, client)) => self.order(whom, client),
                Ok(Heard::Told(number, told)) => self.told(number, told),
                Ok(Heard::Done(number, dump)) => self.done(number, *dump),
                Ok(Heard::Found(key, found)) => self.found(key, *found),
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Heard::Stop) | Err(RecvTimeoutError::Disconnected) => break,
            }
            self.look();
            self.begin_next();
        }
        self.give_up();
    }

    /// What the newest tick asks for.
    fn look(&mut self) {
        let at_work = self.at_work.values().map(|at_work| &at_work.ordered);
        let busy: BTreeSet<Pid> = at_work
            .chain(&self.waiting)
            .map(|ordered| ordered.job.pid)
            .collect();
        let is_busy = |pid: Pid| busy.contains(&pid);
        let round = self.watching.look(&self.natures, &is_busy);
        for wish in round.wishes {
            if wish.wanted == Wanted::Dump && !self.may_hook_again(wish.key) {
                continue;
            }
            let burst = self.bursts.triggered(wish.key, wish.due.is_first);
            let job = Job {
                pid: wish.key.pid,
                started: Some(wish.key.started),
                nature: self.natures.get(&wish.key).cloned(),
                reason: wish.due.reason,
                burst: Some(burst),
                wanted: wish.wanted,
            };
            if self.waiting.len() < MOST_WAITING {
                self.waiting.push_back(Ordered { job, client: None });
            }
        }
        if !round.unknown.is_empty() {
            self.unknown = round.unknown.into();
        }
        while self.finding.len() < MOST_FINDING {
            let Some(key) = self.unknown.pop_front() else {
                break;
            };
            if !self.natures.contains_key(&key) && self.finding.insert(key) {
                self.find_out(key);
            }
        }
        let machines = self.watching.machines();
        self.shared
            .update(|status| status.dumps.machines = machines);
    }

    /// Whether what is configured for this process, if anything is, may be done again; then it is
    /// as good as done.
    fn may_hook_again(&mut self, key: ProcessKey) -> bool {
        let Some(hooked) = self.hooked.get_mut(&key) else {
            return true;
        };
        let now = clock::now().monotonic;
        let passed = hooked.last.and_then(|last| now.since(last));
        let may = passed.is_none_or(|passed| passed >= hooked.least);
        if may {
            hooked.last = Some(now);
        }
        may
    }

    /// On a thread of its own: the file that tells may not be readable for as long as it likes.
    fn find_out(&self, key: ProcessKey) {
        let (tell, niceness) = (self.tell.clone(), self.niceness);
        let hooks = Arc::clone(&self.rules.hooks);
        let find = move || {
            niceness.apply();
            let life = life::look(key.pid).filter(|life| life.key == key);
            let gone = || Nature::Unknown("it has ended".to_owned());
            let nature = life
                .as_ref()
                .map_or_else(gone, |life| nature::of(key.pid, life.uid, life.nspid));
            let hook = life
                .as_ref()
                .and_then(|life| hooks.iter().find(|hook| hook.matches(life)));
            let is_machine = matches!(nature, Nature::HotSpot(_));
            let life = life.as_ref().filter(|_| is_machine);
            let found = Found {
                hsperf: life.and_then(|life| Hsperf::open(key.pid, life.uid, life.nspid)),
                hooked_each: hook.map(|hook| hook.min_interval),
                nature,
            };
            drop(tell.send(Heard::Found(key, Box::new(found))));
        };
        let thread = std::thread::Builder::new().name("dump-nature".to_owned());
        // Where no thread can be had, this process is not watched.
        drop(thread.spawn(find));
    }

    fn found(&mut self, key: ProcessKey, found: Found) {
        self.finding.remove(&key);
        if matches!(found.nature, Nature::HotSpot(_)) || found.hooked_each.is_some() {
            self.watching.add(key, found.hsperf);
        }
        if let Some(least) = found.hooked_each {
            if self.hooked.len() >= MOST_KNOWN {
                self.hooked.clear();
            }
            self.hooked.insert(key, Hooked { least, last: None });
        }
        self.know(key, found.nature);
    }

    fn know(&mut self, key: ProcessKey, nature: Nature) {
        // What is gone is not asked for again: keys are never used twice.
        if self.natures.len() >= MOST_KNOWN {
            self.natures.clear();
        }
        self.natures.insert(key, nature);
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
                let all = everyone::all(&self.natures, &self.rules.hooks).into_iter();
                all.map(|meant| (meant.key.pid, Some(meant.key.started), meant.nature))
                    .collect()
            }
        };
        if self.waiting.len() + meant.len() > MOST_WAITING {
            Clients::refuse(client, "too many dumps wait already: try again");
            return;
        }
        let client = Some(self.clients.add(client, meant.len()));
        let now = clock::now();
        for (pid, started, nature) in meant {
            let key = started.map(|started| ProcessKey { pid, started });
            let burst = self.bursts.by_hand(key, (now.monotonic, now.wall));
            let job = Job {
                pid,
                started,
                nature,
                reason: Reason {
                    trigger: job::MANUAL,
                    detail: "somebody asked for it".to_owned(),
                },
                burst: Some(burst),
                wanted: Wanted::Dump,
            };
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
        let seen = self.looks.of(job.pid, job.started);
        let take = move || {
            let told = |told| drop(tell.send(Heard::Told(number, told)));
            let dump = job::run(&job, seen, (&rules, &told));
            drop(tell.send(Heard::Done(number, Box::new(dump))));
        };
        let at_work = AtWork {
            ordered,
            is_late: false,
        };
        self.at_work.insert(number, at_work);
        let thread = std::thread::Builder::new().name("dump".to_owned());
        if let Err(error) = thread.spawn(take) {
            let why = format!("no thread could be started: {error}");
            if let Some(dump) = self.unanswered(number, &why) {
                self.done(number, dump);
            }
        }
    }

    fn told(&mut self, number: u64, told: Told) {
        match told {
            Told::Nature(key, nature) if self.watching.leaves(&key) => self.know(key, nature),
            Told::Nature(..) => {}
            Told::Looked(key, looked) => self.looks.keep(key, looked),
            Told::Late(dump) => {
                if let Some(at_work) = self.at_work.get_mut(&number) {
                    at_work.is_late = true;
                }
                self.store(*dump);
            }
        }
    }

    fn done(&mut self, number: u64, dump: ThreadDump) {
        let Some(at_work) = self.at_work.remove(&number) else {
            return;
        };
        if let Some(client) = at_work.ordered.client {
            self.clients.tell(client, &dump);
        }
        self.shared
            .update(|status| status.dumps.count(dump.facts.status));
        self.account(&dump);
        self.store(dump);
    }

    /// What it cost the process decides when the next one may come.
    fn account(&mut self, dump: &ThreadDump) {
        let facts = &dump.facts;
        let Some(started) = facts
            .started
            .filter(|_| facts.kind == HOTSPOT && dump.text.is_some())
        else {
            return;
        };
        let key = ProcessKey {
            pid: facts.pid,
            started,
        };
        let pause = facts.pause.unwrap_or(facts.took);
        if self.watching.heard(key, pause) {
            let event = Event {
                wall: facts.end,
                kind: "thread-dumps-stopped".to_owned(),
                text: format!(
                    "pid {} stood still for {} ms: no more dumps of it but by hand",
                    key.pid.0,
                    pause.as_millis()
                ),
            };
            self.shared.leave([Record::Event(event)]);
        }
    }

    fn store(&self, dump: ThreadDump) {
        let record = Record::ThreadDump(Box::new(dump));
        if let Err(unsent) = self.queue.try_send(Message::Records(vec![record])) {
            let (TrySendError::Full(message) | TrySendError::Disconnected(message)) = unsent;
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
                self.done(number, dump);
            }
        }
    }

    fn unanswered(&self, number: u64, why: &str) -> Option<ThreadDump> {
        let at_work = self.at_work.get(&number)?;
        Some(job::unanswered(&at_work.ordered.job, why))
    }
}
