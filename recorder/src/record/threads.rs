//! Starts a recording: the capture, the threads around the sampler, and their orderly end.

use super::{Outcome, Sampler, output};
use crate::accounts_at::AccountsAt;
use crate::budget::Budget;
use crate::collect::Collector;
use crate::config::{Config, Tunable};
use crate::control::Control;
use crate::details::Details;
use crate::readers::Readers;
use crate::schedule::Schedule;
use crate::source::ProcRoot;
use crate::status::{Shared, Status};
use crate::store::{self, Message};
use crate::{clock, host, kernel_log, memory};
use afterimage_analysis::amount::HumanBytes;
use afterimage_format::capture::writer::{RunFacts, Start};
use afterimage_format::units::Bytes;
use anyhow::Context as _;
use rustix::fd::OwnedFd;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use signal_hook::consts::signal::{SIGCONT, SIGHUP, SIGINT, SIGTERM};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;

/// How many ticks may wait for the writer.
const QUEUE: usize = 120;
/// Descriptors kept open at most: some 4 KB of kernel memory each.
const MOST_KEPT_FILES: usize = 4096;
/// Descriptors left for everything else.
const OTHER_FILES: u64 = 256;

/// What to record, and how.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) output: PathBuf,
    pub(crate) interval: Duration,
    pub(crate) duration: Option<Duration>,
    pub(crate) tunable: Tunable,
    pub(crate) proc_root: PathBuf,
    pub(crate) socket: Option<PathBuf>,
    /// Nobody is there to choose another file.
    pub(crate) is_service: bool,
    /// What the command line said, and the file with the rest: SIGHUP reads that again.
    pub(crate) line: Config,
    pub(crate) config_file: Option<PathBuf>,
    /// Show a status line that is rewritten with each tick.
    pub(crate) live: bool,
}

/// Records until a signal or the time ends it. Lines about it go to `out`.
pub(crate) fn record(mut settings: Settings, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    memory::return_freed_blocks();
    let root = ProcRoot::open(&settings.proc_root).with_context(|| {
        format!(
            "cannot read {}: is it mounted?",
            settings.proc_root.display()
        )
    })?;
    let facts = run_facts(&settings, &root);
    let (writer, start) = output::open(&mut settings, &facts, out)?;
    let (stop_read, stop_write) = rustix::pipe::pipe()?;
    let signals = Signals::catch()?;
    let shared = Arc::new(Shared::default());
    let (queue, messages) = sync_channel(QUEUE);
    let (give_back, empty) = channel();
    let next_seq = writer.next_seq();
    let after = writer.last_kernel_sequence()?;
    let readers = Readers::new(&settings.output);
    // Nobody may be there to read it; the recording goes on all the same.
    drop(announce(out, &settings, &facts, &start));

    let store = {
        let (shared, mut readers) = (Arc::clone(&shared), readers);
        spawn("writer", move || {
            store::run(writer, &messages, &give_back, &mut readers, &shared)
        })?
    };
    let kmsg = kernel_log(&root, after, queue.clone(), stop_read)?;
    let control = Control::start(&settings, &shared, &queue);
    if let Err(error) = &control {
        shared.say(format!(
            "no control socket ({error:#}): `status` and `mark` will not find this recorder"
        ));
    }

    let begin = clock::now().monotonic;
    let mut sampler = Sampler {
        collector: collector(&settings, root),
        budget: Budget::new(settings.tunable.budget_percent),
        schedule: Schedule::new(begin, settings.interval),
        interval: settings.interval,
        queue: queue.clone(),
        empty,
        shared: Arc::clone(&shared),
        continued: signals.continued,
        next_seq,
        before: None,
        lost: None,
    };
    let until = settings.duration.map(|duration| begin.plus(duration));
    let mut show = StatusLine {
        out,
        live: settings.live,
        shared: &shared,
    };
    let why = sampler.run(&signals.ending, until, &mut || {
        let asked = signals.reload.swap(false, Ordering::Relaxed);
        let tunable = if asked {
            reload(&settings, &shared)
        } else {
            None
        };
        show.update();
        tunable
    });

    drop(stop_write);
    kmsg.map(join).transpose()?;
    // A writer that is gone already has left its error in its result, which is joined below.
    let end = why.as_ref().map_or("crashed", |why| why).to_owned();
    drop(queue.send(Message::End(end)));
    drop(control);
    show.update();
    show.end();
    join(store)??;
    let Status { ticks, missed, .. } = shared.status();
    Ok(Outcome {
        path: settings.output.clone(),
        ticks,
        missed,
        why: why?,
    })
}

/// The thread that reads the kernel log; there is none for a directory that stands in for /proc.
fn kernel_log(
    root: &ProcRoot,
    after: Option<u64>,
    queue: SyncSender<Message>,
    stop: OwnedFd,
) -> anyhow::Result<Option<thread::JoinHandle<()>>> {
    if !root.is_live() {
        return Ok(None);
    }
    let read = move || kernel_log::run(Path::new("/dev/kmsg"), after, &queue, &stop);
    spawn("kernel-log", read).map(Some)
}

fn collector(settings: &Settings, root: ProcRoot) -> Collector {
    let details = Details::new(settings.proc_root.clone(), settings.tunable.args);
    let accounts = AccountsAt::new(PathBuf::from("/"));
    Collector::new(root, accounts, details, kept_files())
}

/// What the configuration says now; one that is not understood changes nothing.
fn reload(settings: &Settings, shared: &Shared) -> Option<Tunable> {
    let file = settings.config_file.as_deref()?;
    let config = Config::read(file).map(|file| settings.line.clone().or(file));
    match config.and_then(|config| config.tunable()) {
        Ok(tunable) => {
            shared.say(format!("read {} again", file.display()));
            Some(tunable)
        }
        Err(error) => {
            shared.say(format!("{error:#}; the settings stay as they are"));
            None
        }
    }
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

fn announce(
    out: &mut dyn Write,
    settings: &Settings,
    facts: &RunFacts,
    start: &Start,
) -> std::io::Result<()> {
    let path = settings.output.display();
    let host = &facts.host.hostname;
    writeln!(
        out,
        "recording {host} to {path}, every {:?}; Ctrl-C ends it",
        settings.interval
    )?;
    if let Start::Continued(gap) = start {
        writeln!(out, "going on in an existing capture: {}", gap.detail)?;
    }
    Ok(())
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
        .map_err(|_panic| anyhow::anyhow!("a thread of the recorder panicked; please report this"))
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

/// What whoever started the recorder sees of it.
struct StatusLine<'a> {
    out: &'a mut dyn Write,
    live: bool,
    shared: &'a Arc<Shared>,
}

impl StatusLine<'_> {
    /// Shows what changed; on a terminal also how the recording goes. A terminal that is gone is
    /// no reason to stop recording.
    fn update(&mut self) {
        let mut shown = Ok(());
        for line in self.shared.said() {
            let clear = if self.live { "\r\x1b[K" } else { "" };
            shown = shown.and_then(|()| writeln!(self.out, "{clear}{line}"));
        }
        if self.live {
            let status = self.shared.status();
            shown = shown.and_then(|()| write!(self.out, "\r\x1b[K{}", line(&status)));
            shown = shown.and_then(|()| self.out.flush());
        }
        self.live &= shown.is_ok();
    }

    fn end(&mut self) {
        if self.live {
            self.live = writeln!(self.out).is_ok();
        }
    }
}

fn line(status: &Status) -> String {
    let size = HumanBytes(Bytes(status.data_bytes));
    let cost = status.cost.as_secs_f64() * 1e3;
    let mut line = format!(
        "{} ticks, {} missed, {size}, last tick {cost:.1} ms CPU",
        status.ticks, status.missed
    );
    let shed: Vec<_> = status.shed.names().collect();
    if !shed.is_empty() {
        line = format!("{line}, left out: {}", shed.join(" "));
    }
    if status.backlog > 1 {
        line = format!("{line}, {} ticks not on disk yet", status.backlog);
    }
    if !status.missing.is_empty() {
        line = format!("{line}, not visible: {}", status.missing.join("; "));
    }
    line
}
