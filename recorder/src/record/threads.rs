//! Starts a recording: the capture, the threads around the sampler, and their orderly end.

use super::reload::Reload;
use super::screen::Screen;
use super::time_account::TimeAccount;
use super::{Outcome, Output, Sampler};
use crate::accounts_at::AccountsAt;
use crate::backlog::{Backlog, Ended, Fallback, Message, Ring};
use crate::budget::Budget;
use crate::collect::Collector;
use crate::config::{Config, Tunable};
use crate::control::{Control, default_path};
use crate::details::Details;
use crate::dumps::{self, Asker, Dumps, Lookout};
use crate::own_thread::OwnThread;
use crate::schedule::Schedule;
use crate::source::ProcRoot;
use crate::standing::{self, Grant};
use crate::status::{Shared, Status};
use crate::store::{Opened, Store};
use crate::tasks::{Tasks, ThreadsOf};
use crate::{clock, exits, host, kernel_log, memory};
use afterimage_format::capture::writer::{Record, RunFacts, Start};
use afterimage_format::tick::Tick;
use afterimage_format::time::Seq;
use anyhow::{Context as _, bail};
use rustix::fd::OwnedFd;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use signal_hook::consts::signal::{SIGCONT, SIGHUP, SIGINT, SIGTERM};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;

/// How many ticks may wait for the backlog's thread, which waits for nothing but a CPU.
const QUEUE: usize = 120;
/// How long a service waits for its file before it begins without.
const PATIENCE_TO_OPEN: Duration = Duration::from_secs(5);
const PANICKED: &str = "a thread of the recorder panicked; please report this";
/// Descriptors kept open at most: some 4 KB of kernel memory each.
const MOST_KEPT_FILES: usize = 4096;
/// Descriptors left for everything else, half of them for the threads.
const OTHER_FILES: u64 = 512;

/// What to record, and how.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) output: PathBuf,
    pub(crate) interval: Duration,
    pub(crate) duration: Option<Duration>,
    pub(crate) tunable: Tunable,
    /// For what cannot be written yet, in bytes.
    pub(crate) memory: usize,
    /// How thread dumps are taken.
    pub(crate) dumps: dumps::Settings,
    /// Where a second capture would be.
    pub(crate) fallback: Option<PathBuf>,
    pub(crate) proc_root: PathBuf,
    pub(crate) socket: Option<PathBuf>,
    /// Nobody is there to choose another file.
    pub(crate) is_service: bool,
    /// All that was said of it, what the command line said of that, and the file with the rest:
    /// SIGHUP reads that again.
    pub(crate) config: Config,
    pub(crate) line: Config,
    pub(crate) config_file: Option<PathBuf>,
}

/// Records until a signal or the time ends it, and says on standard error how that goes.
pub(crate) fn record(settings: Settings) -> anyhow::Result<()> {
    memory::return_freed_blocks();
    let memory_lock = memory::lock();
    let shared = Arc::new(Shared::default());
    let screen = Screen::start(Arc::clone(&shared))?;
    let outcome = run(settings, memory_lock, &shared, &screen)?;
    shared.say(outcome.to_string());
    Ok(())
}

fn run(
    mut settings: Settings,
    memory_lock: Grant,
    shared: &Arc<Shared>,
    screen: &Screen,
) -> anyhow::Result<Outcome> {
    let root = ProcRoot::open(&settings.proc_root).with_context(|| {
        format!(
            "cannot read {}: is it mounted?",
            settings.proc_root.display()
        )
    })?;
    let facts = run_facts(&settings, &root);
    let (queue, messages) = sync_channel(QUEUE);
    let (give_back, empty) = channel();
    let (backlog, opened) =
        keep_and_write(&settings, &facts, (&queue, messages), give_back, shared)?;
    if let Some(Opened { path, .. }) = &opened {
        path.clone_into(&mut settings.output);
    }
    let (stop_read, stop_write) = rustix::pipe::pipe()?;
    let signals = Signals::catch()?;
    announce(shared, &settings, &facts, opened.as_ref());
    screen.update();
    let (next_seq, after) = match opened {
        Some(opened) => (opened.next, opened.newest_line),
        None => (Seq(1), None),
    };
    shared.set_args(settings.tunable.args);
    let ends = exits(&root, shared, &stop_read)?;
    let kmsg = kernel_log(&root, after, (queue.clone(), Arc::clone(shared)), stop_read)?;
    let dumps = dumps(&settings, &queue, shared)?;
    let control = listen(&settings, shared, (&queue, dumps.asker()));

    let begin = clock::now().monotonic;
    let mut sampler = Sampler {
        collector: collector(&settings, root, dumps.lookout()),
        budget: Budget::new(settings.tunable.budget_percent),
        schedule: Schedule::new(begin, settings.interval),
        interval: settings.interval,
        queue: queue.clone(),
        empty,
        shared: Arc::clone(shared),
        continued: signals.continued,
        own_thread: OwnThread::new(),
        account: TimeAccount::new(settings.interval, next_seq),
        spent: None,
    };
    tell_grants(memory_lock, &queue);
    let until = settings.duration.map(|duration| begin.plus(duration));
    let mut reload = Reload::new(&settings);
    let why = sampler.run(&signals.ending, until, &mut || {
        let change = if signals.reload.swap(false, Ordering::Relaxed) {
            let (change, line) = reload.again();
            shared.say(line);
            change
        } else {
            None
        };
        screen.update();
        change
    });

    drop(stop_write);
    kmsg.map(join).transpose()?;
    ends.map(join).transpose()?;
    // What it still has to say goes before the end.
    drop(dumps);
    // A backlog that is gone already has left its error in its result, which is joined below.
    let end = why.as_ref().map_or("crashed", |why| why).to_owned();
    drop(queue.send(Message::End(end)));
    drop(control);
    if let Ended::Unsaved(why) = join(backlog)? {
        bail!("{why}");
    }
    let Status {
        ticks,
        missed,
        file,
        ..
    } = shared.status();
    Ok(Outcome {
        path: file.unwrap_or(settings.output),
        ticks,
        missed,
        why: why?,
    })
}

/// The thread that decides on thread dumps.
fn dumps(
    settings: &Settings,
    queue: &SyncSender<Message>,
    shared: &Arc<Shared>,
) -> anyhow::Result<Dumps> {
    let dumps = Dumps::start(&settings.dumps, queue.clone(), Arc::clone(shared));
    dumps.context("cannot start the dumps thread")
}

/// The control socket. It can be done without.
fn listen(
    settings: &Settings,
    shared: &Arc<Shared>,
    (queue, asker): (&SyncSender<Message>, Asker),
) -> Option<Control> {
    let control = match Control::start(settings, shared, (queue, asker)) {
        Ok(control) => control,
        Err(error) => {
            shared.say(format!(
                "no control socket ({error:#}): `status`, `mark` and `dump` will not find this recorder"
            ));
            return None;
        }
    };
    if settings.socket.is_none() && control.path() != default_path() {
        shared.say(format!(
            "another recorder is running: `afterimage status -o {}` asks this one",
            settings.output.display()
        ));
    }
    Some(control)
}

/// The thread that keeps what waits, with the one that writes behind it; and the file, unless it
/// cannot be written now and a service begins without.
fn keep_and_write(
    settings: &Settings,
    facts: &RunFacts,
    (queue, messages): (&SyncSender<Message>, Receiver<Message>),
    give_back: Sender<Box<Tick>>,
    shared: &Arc<Shared>,
) -> anyhow::Result<(thread::JoinHandle<Ended>, Option<Opened>)> {
    let (jobs, work) = sync_channel(1);
    let (tell, opened) = sync_channel(0);
    let output = Output::new(settings, facts.clone(), shared);
    let store = Store::new(facts.now, output);
    let done = queue.clone();
    // Not waited for at the end: a disk that hangs may keep it for ever.
    spawn("writer", move || store.run(&tell, &work, &done))?;
    let opened = if settings.is_service {
        opened.recv_timeout(PATIENCE_TO_OPEN)
    } else {
        opened
            .recv()
            .map_err(|_gone| RecvTimeoutError::Disconnected)
    };
    let (opened, hangs) = match opened {
        Ok(opened) => (opened?, false),
        Err(RecvTimeoutError::Timeout) => (None, true),
        Err(RecvTimeoutError::Disconnected) => bail!("{PANICKED}"),
    };
    let ring = Ring::new(settings.memory).context("no memory for what waits")?;
    let path = opened.as_ref().map_or(&settings.output, |file| &file.path);
    let fallback = Fallback::new(path, settings.fallback.as_deref(), facts);
    let mut backlog = Backlog::new(ring, (jobs, give_back), Arc::clone(shared), fallback);
    if hangs {
        backlog = backlog.while_it_opens(facts.now.monotonic);
    }
    let backlog = spawn("backlog", move || backlog.run(&messages))?;
    Ok((backlog, opened))
}

/// From here on the sampler goes first, if it may; what else it was granted is told too.
fn tell_grants(memory_lock: Grant, queue: &SyncSender<Message>) {
    let grants = [memory_lock, standing::go_first(), standing::oom_score()];
    let grants = grants.map(|grant| Record::Source(grant.source()));
    // A backlog that is gone has left its error in its result.
    drop(queue.send(Message::Records(grants.into())));
}

/// The thread that reads the kernel log; there is none for a directory that stands in for /proc.
fn kernel_log(
    root: &ProcRoot,
    after: Option<u64>,
    (queue, shared): (SyncSender<Message>, Arc<Shared>),
    stop: OwnedFd,
) -> anyhow::Result<Option<thread::JoinHandle<()>>> {
    if !root.is_live() {
        return Ok(None);
    }
    let read = move || {
        kernel_log::run(Path::new("/dev/kmsg"), after, (&queue, &shared), &stop);
    };
    spawn("kernel-log", read).map(Some)
}

/// The thread that hears of the ends of processes; a directory that stands in for /proc has none.
fn exits(
    root: &ProcRoot,
    shared: &Arc<Shared>,
    stop: &OwnedFd,
) -> anyhow::Result<Option<thread::JoinHandle<()>>> {
    if !root.is_live() {
        return Ok(None);
    }
    let (path, shared) = (root.path().to_owned(), Arc::clone(shared));
    let stop = stop.try_clone()?;
    spawn("exits", move || exits::run(&path, &shared, stop)).map(Some)
}

fn collector(settings: &Settings, root: ProcRoot, lookout: Lookout) -> Collector {
    let details = Details::new(settings.proc_root.clone(), settings.tunable.args);
    let accounts = AccountsAt::new(PathBuf::from("/"));
    let threads_of = settings.config.threads_of.iter().flatten();
    let tasks = Tasks::new(
        settings.proc_root.clone(),
        threads_of
            .map(|name| ThreadsOf::from(name.as_str()))
            .collect(),
    );
    let mut collector = Collector::new(root, accounts, details, (tasks, kept_files()));
    collector.leave_at(lookout);
    collector
}

fn run_facts(settings: &Settings, root: &ProcRoot) -> RunFacts {
    RunFacts {
        host: host::facts(root),
        pid: i32::try_from(std::process::id()).unwrap_or(0),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        interval: settings.interval,
        args: settings.tunable.args.to_string(),
        now: clock::now(),
        mounts: host::mounts(root),
    }
}

fn announce(shared: &Shared, settings: &Settings, facts: &RunFacts, opened: Option<&Opened>) {
    let path = settings.output.display();
    let host = &facts.host.hostname;
    shared.say(format!(
        "recording {host} to {path}, every {:?}; Ctrl-C ends it",
        settings.interval
    ));
    if let Some(Start::Continued(gap)) = opened.map(|file| &file.start) {
        shared.say(format!("going on in an existing capture: {}", gap.detail));
    }
}

/// As many descriptors as the limits allow: the soft one is raised to the hard one.
fn kept_files() -> usize {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let raised = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: maximum,
            maximum,
        },
    );
    let limit = match raised {
        Ok(()) => maximum,
        Err(_kept) => getrlimit(Resource::Nofile).current,
    };
    let usable = limit.map_or(u64::MAX, |limit| limit.saturating_sub(OTHER_FILES));
    usize::try_from(usable)
        .unwrap_or(usize::MAX)
        .min(MOST_KEPT_FILES)
}

fn spawn<T: Send + 'static>(
    name: &str,
    run: impl FnOnce() -> T + Send + 'static,
) -> anyhow::Result<thread::JoinHandle<T>> {
    let thread = thread::Builder::new().name(name.to_owned()).spawn(run);
    thread.with_context(|| format!("cannot start the {name} thread"))
}

fn join<T>(thread: thread::JoinHandle<T>) -> anyhow::Result<T> {
    thread
        .join()
        .map_err(|_panic| anyhow::anyhow!("{PANICKED}"))
}

/// The signals that matter.
struct Signals {
    /// Readable once SIGTERM or SIGINT has come.
    ending: OwnedFd,
    continued: Arc<AtomicBool>,
    /// SIGHUP has come.
    reload: Arc<AtomicBool>,
}

impl Signals {
    /// From now on SIGTERM and SIGINT end the run cleanly, and SIGHUP does not end it: closing
    /// the terminal that started it must not.
    fn catch() -> anyhow::Result<Self> {
        let (ending, write) = std::os::unix::net::UnixStream::pair()?;
        for signal in [SIGTERM, SIGINT] {
            signal_hook::low_level::pipe::register(signal, write.try_clone()?)?;
        }
        let reload = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(SIGHUP, Arc::clone(&reload))?;
        let continued = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(SIGCONT, Arc::clone(&continued))?;
        Ok(Self {
            ending: ending.into(),
            continued,
            reload,
        })
    }
}
