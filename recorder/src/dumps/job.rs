//! One dump of one process, from the first look to the rows: what the kernel says before, what
//! the process says, what the kernel says after. It runs on a thread of its own, and may take
//! minutes where the process hangs.

use super::asking::{self, Answer, Listener};
use super::helper::Request;
use super::hook::Hook;
use super::kernel::{self, Looked};
use super::life::{self, Life};
use super::nature::{self, HotSpot, Nature};
use super::other_ends::OtherEnds;
use super::safety::Evidence;
use super::signalled;
use crate::clock;
use afterimage_analysis::dumps;
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::thread_dump::{
    DumpFacts, DumpStatus, DumpSummary, HOTSPOT, KERNEL, PackedText, ThreadDump,
};
use afterimage_format::time::WallTime;
use afterimage_format::units::Ticks;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

/// What a process is, is found out within this, or not at all.
const NATURE_WITHIN: Duration = Duration::from_secs(3);

/// What may be done to find out.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    /// A process that is younger is not signalled.
    pub(crate) least_age: Duration,
    /// Processes may be signalled at all.
    pub(crate) may_signal: bool,
    /// Where it is noted who was.
    pub(crate) signalled: PathBuf,
    /// What is run or fetched for which processes.
    pub(crate) hooks: Arc<[Hook]>,
}

/// What a dump is taken for that somebody asked for.
pub(super) const MANUAL: &str = "manual";
/// What a dump is taken for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reason {
    pub(crate) trigger: &'static str,
    pub(crate) detail: String,
}

/// What is wanted of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Its own word on its threads, and the kernel's.
    Dump,
    /// The kernel's alone.
    KernelView,
}

/// A dump to be taken.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) pid: Pid,
    /// The life that is meant, where that is known.
    pub(super) started: Option<Ticks>,
    /// What it is, where that was found out before.
    pub(super) nature: Option<Nature>,
    pub(super) reason: Reason,
    pub(super) burst: Option<i64>,
    pub(super) wanted: Wanted,
}

/// What a job has to tell while it goes on.
#[derive(Debug)]
pub(super) enum Told {
    /// What the process is.
    Nature(ProcessKey, Nature),
    /// It does not answer in time: what the kernel says of it meanwhile.
    Late(Box<ThreadDump>),
    /// What its threads were in when they were looked at last.
    Looked(ProcessKey, Arc<Looked>),
}

/// Takes it. Threads that have not run since they were `seen` need not be asked everything again.
pub(super) fn run(
    job: &Job,
    seen: Option<Arc<Looked>>,
    (rules, tell): (&Rules, &dyn Fn(Told)),
) -> ThreadDump {
    let (began, cpu) = (clock::now(), clock::own_thread_cpu());
    let mut taken = Taken {
        job,
        began: began.wall,
        life: None,
        seen,
        before: None,
        after: None,
        other_ends: OtherEnds::default(),
        helper_cpu: Duration::ZERO,
        vm: None,
    };
    let mut dump = taken.take(rules, tell);
    let ended = clock::now();
    dump.facts.end = ended.wall;
    dump.facts.took = ended.monotonic.since(began.monotonic).unwrap_or_default();
    let own = clock::own_thread_cpu().saturating_sub(cpu);
    dump.facts.cpu = Some(own + taken.helper_cpu);
    let last = taken.after.or(taken.before);
    if let Some((life, looked)) = taken.life.zip(last) {
        tell(Told::Looked(life.key, looked));
    }
    dump
}

/// The row of a job that came to nothing.
pub(super) fn unanswered(job: &Job, why: &str) -> ThreadDump {
    let taken = Taken {
        job,
        began: clock::now().wall,
        life: life::look(job.pid).filter(|life| job.started == Some(life.key.started)),
        seen: None,
        before: None,
        after: None,
        other_ends: OtherEnds::default(),
        helper_cpu: Duration::ZERO,
        vm: None,
    };
    taken.row(HOTSPOT, DumpStatus::Failed, why)
}

struct Taken<'a> {
    job: &'a Job,
    began: WallTime,
    life: Option<Life>,
    seen: Option<Arc<Looked>>,
    before: Option<Arc<Looked>>,
    after: Option<Arc<Looked>>,
    other_ends: OtherEnds,
    helper_cpu: Duration,
    vm: Option<String>,
}

impl Taken<'_> {
    fn take(&mut self, rules: &Rules, tell: &dyn Fn(Told)) -> ThreadDump {
        let job = self.job;
        let is_meant = |life: &Life| job.started.is_none_or(|meant| meant == life.key.started);
        self.life = life::look(job.pid).filter(is_meant);
        let Some(life) = self.life.clone() else {
            return self.row(HOTSPOT, DumpStatus::Failed, "there is no such process");
        };
        self.before = self.look(self.seen.clone().as_deref());
        if life.is_kernel_thread {
            let why = "it is a thread of the kernel, which has nothing to say of itself";
            return self.row(KERNEL, DumpStatus::Ok, why);
        }
        if job.wanted == Wanted::KernelView {
            return self.row(KERNEL, DumpStatus::Ok, "");
        }
        if let Some(hook) = rules.hooks.iter().find(|hook| hook.matches(&life)) {
            return self.hooked(hook, &life);
        }
        let nature = job.nature.clone().unwrap_or_else(|| nature_of(&life));
        if job.nature.is_none() {
            tell(Told::Nature(life.key, nature.clone()));
        }
        let hotspot = match nature {
            Nature::HotSpot(hotspot) => hotspot,
            other => return self.row(HOTSPOT, DumpStatus::Refused, &why_not(&other)),
        };
        self.vm.clone_from(&hotspot.vm);
        self.ask(&life, &hotspot, (rules, tell))
    }

    fn ask(
        &mut self,
        life: &Life,
        hotspot: &HotSpot,
        (rules, tell): (&Rules, &dyn Fn(Told)),
    ) -> ThreadDump {
        let has_dispatcher = self.before.as_ref().map(|view| {
            let mut names = view
                .view
                .threads
                .iter()
                .filter_map(|thread| thread.comm.as_deref());
            names.any(|name| name.starts_with(b"Signal Dispatch"))
        });
        let mut may_signal = || {
            // As it is by now.
            let life = life::look(life.key.pid).filter(|now| now.key == life.key);
            let life = life.ok_or("it has ended")?;
            let evidence = Evidence {
                life: &life,
                hotspot,
                is_frozen: life::is_frozen(life.key.pid),
                has_dispatcher,
                least_age: rules.least_age,
                is_allowed: rules.may_signal,
            };
            match evidence.refusal() {
                Some(why) => Err(why),
                None => signalled::note(&rules.signalled, life.key)
                    .map_err(|error| format!("not signalled: {error:#}")),
            }
        };
        let late = "the dump that was asked for is late: this is what the kernel says meanwhile";
        let mut is_late = || {
            let row = self.row(KERNEL, DumpStatus::Ok, late);
            tell(Told::Late(Box::new(row)));
        };
        let request = Request {
            key: life.key,
            feature: hotspot.feature,
        };
        let listener = Listener {
            may_signal: &mut may_signal,
            is_late: &mut is_late,
        };
        let answer = asking::ask(request, listener);
        self.helper_cpu = answer.cpu;
        self.row_of(answer)
    }

    /// What is configured for this process.
    fn hooked(&mut self, hook: &Hook, life: &Life) -> ThreadDump {
        let output = hook.take(life);
        self.helper_cpu = output.cpu;
        let kind = format!("hook:{}", hook.name);
        let mut dump = self.row(&kind, output.status, &output.detail);
        dump.facts.arguments = output.arguments;
        dump.text = output.text.and_then(|text| PackedText::pack(&text).ok());
        dump.after = self.look_again();
        dump
    }

    fn row_of(&mut self, answer: Answer) -> ThreadDump {
        let mut dump = self.row(HOTSPOT, answer.status, &answer.detail);
        let facts = &mut dump.facts;
        facts.arguments = answer.arguments;
        facts.signalled = answer.signalled;
        facts.attach = answer.attach;
        facts.pause = answer.pause;
        dump.facts.summary = answer.text.as_deref().and_then(summary);
        // What is too large was cut off already.
        dump.text = answer.text.and_then(|text| PackedText::pack(&text).ok());
        if answer.attach.is_some() {
            dump.after = self.look_again();
        }
        dump
    }

    fn look(&mut self, seen: Option<&Looked>) -> Option<Arc<Looked>> {
        let (pid, began) = (self.job.pid, clock::own_thread_cpu());
        let mut looked = kernel::look(pid, life::tick_rate(), seen)?;
        let spent = clock::own_thread_cpu().saturating_sub(began);
        self.other_ends.fill(pid, &mut looked.view, spent);
        Some(Arc::new(looked))
    }

    /// What the kernel says now.
    fn look_again(&mut self) -> Option<PackedText> {
        self.after = self.look(self.before.clone().as_deref());
        self.after.as_deref().and_then(packed)
    }

    /// A row without what the process says.
    fn row(&self, kind: &str, status: DumpStatus, detail: &str) -> ThreadDump {
        let life = self.life.as_ref();
        ThreadDump {
            facts: DumpFacts {
                wall: self.began,
                end: clock::now().wall,
                pid: self.job.pid,
                started: life.map(|life| life.key.started),
                comm: life.map(|life| life.comm.clone()).unwrap_or_default(),
                kind: kind.to_owned(),
                trigger: self.job.reason.trigger.to_owned(),
                trigger_detail: self.job.reason.detail.clone(),
                burst: self.job.burst,
                status,
                detail: detail.to_owned(),
                arguments: String::new(),
                signalled: false,
                attach: None,
                took: Duration::ZERO,
                pause: None,
                vm: self.vm.clone(),
                cpu: None,
                summary: None,
            },
            text: None,
            before: self.before.as_deref().and_then(packed),
            after: None,
        }
    }
}

/// A few numbers of the text, for marks and filters. Whatever is wrong with it, the text itself
/// is kept.
fn summary(text: &[u8]) -> Option<DumpSummary> {
    let read = || {
        let (_, found) = dumps::read_bytes(text);
        found.dumps.first().map(dumps::summary::summary)
    };
    std::panic::catch_unwind(read).ok().flatten()
}

fn packed(looked: &Looked) -> Option<PackedText> {
    PackedText::pack(looked.view.to_text().as_bytes()).ok()
}

/// What a process is, if that can be told within a time.
pub(super) fn nature_of(life: &Life) -> Nature {
    let (found, heard) = channel();
    let (pid, uid, nspid) = (life.key.pid, life.uid, life.nspid);
    let find = move || drop(found.send(nature::of(pid, uid, nspid)));
    let thread = std::thread::Builder::new().name("dump-nature".to_owned());
    if let Err(error) = thread.spawn(find) {
        return Nature::Unknown(format!("no thread to look at it: {error}"));
    }
    heard.recv_timeout(NATURE_WITHIN).unwrap_or_else(|_late| {
        Nature::Unknown(
            "its mappings cannot be read: the kernel keeps their reader waiting".to_owned(),
        )
    })
}

/// Why a process of this nature is not asked.
fn why_not(nature: &Nature) -> String {
    match nature {
        Nature::OpenJ9 => {
            "it is an OpenJ9 virtual machine, which is not supported: `jcmd PID Thread.print` asks it"
                .to_owned()
        }
        Nature::Unknown(why) => why.clone(),
        Nature::Other | Nature::HotSpot(_) => {
            "it is no Java virtual machine: nothing that is mapped executable is called libjvm.so"
                .to_owned()
        }
    }
}
