//! Thread dumps: what goes on inside a process, at the moment when it matters.
//!
//! One thread of the recorder decides (`decider.rs`), and has each dump taken by a thread of its own
//! (`job.rs`), which lets a helper process ask a Java virtual machine (`asking.rs`, `helper.rs`,
//! `words.rs`), or does what the configuration says for such a process (`hook.rs`). Whether that
//! does any harm is decided in `safety.rs`, by what `life.rs` and `nature.rs` know of the process;
//! `kernel.rs` looks at threads from outside, `descriptors.rs` at what they read, `quota.rs` at what
//! their cgroup allows them. When nobody asks, `watching.rs` says of which
//! process a dump is due, by what the sampler leaves in `look.rs` and by the rules of `trigger.rs`.
//! Each dump, each refusal and each failure becomes a row of the capture.

mod asking;
mod bursts;
mod clients;
mod decider;
mod descriptors;
mod everyone;
mod family;
mod helper;
mod history;
mod hook;
mod hsperf;
mod job;
mod kernel;
mod last_looks;
mod life;
mod look;
mod nature;
mod other_ends;
mod quota;
mod safety;
mod signalled;
mod trigger;
mod vitals;
mod watching;
mod words;

pub(crate) use helper::{Request, run as run_helper};
pub(crate) use hook::{HookConfig, all as hooks};
pub(crate) use look::{Look, Lookout};

use crate::backlog::Message;
use crate::status::Shared;
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::thread_dump::ThreadDump;
use decider::{Decider, Found};
use hook::Hook;
use job::{Rules, Told};
use rustix::thread::CapabilitySet;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{Sender, SyncSender, channel};
use std::thread::JoinHandle;
use std::time::Duration;
use watching::Watching;

/// Which virtual machines this process may ask, in words; an error where that is not all of them,
/// or not those that do not listen yet.
pub(crate) fn reach() -> Result<String, String> {
    let (uid, gid) = (rustix::process::geteuid(), rustix::process::getegid());
    let path = signalled::usual_path();
    let (path, remembered) = (path.display(), signalled::is_usable(&path));
    if let Err(why) = remembered {
        return Err(format!(
            "only virtual machines that listen already: who was signalled cannot be remembered in {path}: {why}"
        ));
    }
    let is_capable = |set| crate::standing::is_capable(set);
    let becomes = is_capable(CapabilitySet::SETUID) && is_capable(CapabilitySet::SETGID);
    let reads = is_capable(CapabilitySet::SYS_PTRACE);
    if uid.is_root() && becomes && reads {
        Ok("of every Java virtual machine (as root)".to_owned())
    } else {
        let (uid, gid) = (uid.as_raw(), gid.as_raw());
        Err(format!(
            "only of virtual machines of uid {uid} and gid {gid}"
        ))
    }
}

/// How to take dumps.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Dumps are taken for reasons of the recorder's own, too.
    pub(crate) is_on: bool,
    /// A process that is younger is not signalled.
    pub(crate) least_age: Duration,
    /// Processes may be signalled at all.
    pub(crate) may_signal: bool,
    /// What is run or fetched for which processes.
    pub(crate) hooks: Arc<[Hook]>,
}

/// Of which processes somebody wants dumps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whom {
    /// This one.
    One(Pid),
    /// Every Java virtual machine, what is called like one, and what a hook is meant for.
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
    /// It is known what a process is.
    Found(ProcessKey, Box<Found>),
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
    lookout: Lookout,
    thread: Option<JoinHandle<()>>,
}

impl Dumps {
    pub(crate) fn start(
        settings: &Settings,
        queue: SyncSender<Message>,
        shared: Arc<Shared>,
    ) -> std::io::Result<Self> {
        let (tell, heard) = channel();
        let mut lookout = Lookout::new(settings.is_on);
        if !settings.hooks.is_empty() {
            lookout = lookout.of_any_process();
        }
        let watched = lookout.clone();
        let watching = Watching::new(watched, settings.is_on, settings.least_age);
        shared.update(|status| status.dumps.is_on = settings.is_on);
        let rules = Rules {
            least_age: settings.least_age,
            may_signal: settings.may_signal,
            signalled: signalled::usual_path(),
            hooks: Arc::clone(&settings.hooks),
        };
        let to_others = (queue, shared, tell.clone());
        let mut decider = Decider::new(rules, watching, to_others);
        let thread = std::thread::Builder::new().name("dumps".to_owned());
        let thread = thread.spawn(move || decider.run(&heard))?;
        Ok(Self {
            asker: Asker(tell),
            lookout,
            thread: Some(thread),
        })
    }

    /// For the sampler, which leaves its ticks there.
    pub(crate) fn lookout(&self) -> Lookout {
        self.lookout.clone()
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
