//! What the kernel says of every thread of a process: the view before and after each dump, and
//! all there is of a process that is stuck or runs on something that cannot be asked.
//!
//! Nothing is done to the process: these are files of `/proc`. `syscall` and `stack` may wait
//! where an exec is stuck, so this runs on a thread that nobody waits for without a limit.

use super::descriptors::Descriptors;
use super::quota;
use crate::clock;
use crate::source::numbers::{Words, lines};
use crate::source::process::{schedstat, stat, status};
use crate::source::read_record;
use afterimage_format::kernel_view::{KernelView, ThreadView};
use afterimage_format::process::Pid;
use afterimage_format::units::{TickRate, Ticks};
use rustix::fs::{Mode, OFlags, openat};
use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

/// No more threads are looked at,
const MOST_THREADS: usize = 4096;
/// nor for longer.
const MOST_TIME: Duration = Duration::from_millis(500);

/// A view, and what tells whether a thread has run since.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Looked {
    pub(super) view: KernelView,
    /// For each thread of the view, in its order.
    turns: Vec<Option<Turns>>,
}

/// What no thread keeps that has been on a CPU meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Turns {
    /// When it began.
    started: Ticks,
    /// All three numbers of `schedstat`: time run, time waited, turns on a CPU.
    schedstat: [u64; 3],
}

/// Looks at every thread of a process; nothing when it is gone. Of a thread that has not run since
/// it was `seen` asleep is taken what was said then: nothing of it can have changed.
pub(super) fn look(pid: Pid, rate: TickRate, seen: Option<&Looked>) -> Option<Looked> {
    let folder = format!("/proc/{}/task", pid.0);
    let entries = fs::read_dir(&folder).ok()?;
    let mut tids: Vec<i32> = entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    tids.sort_unstable();
    let tasks = fs::File::open(&folder).ok()?;
    let began = clock::now();
    let mut view = KernelView {
        at: began.wall,
        at_boot: began.boot,
        took: Duration::ZERO,
        unread: 0,
        cgroup: quota::of(pid),
        threads: Vec::with_capacity(tids.len()),
    };
    let mut looker = Looker {
        rate,
        text: vec![0; 8192],
        path: String::new(),
        thread: 0,
        may_read_stack: true,
        descriptors: Descriptors::of(pid),
    };
    let mut turns = Vec::with_capacity(tids.len());
    for (place, tid) in tids.iter().enumerate() {
        let passed = clock::now().monotonic.since(began.monotonic);
        view.took = passed.unwrap_or_default();
        if place == MOST_THREADS || view.took > MOST_TIME {
            view.unread = (tids.len() - place) as u64;
            break;
        }
        if let Some((thread, turn)) = looker.thread(&tasks, *tid, seen) {
            view.threads.push(thread);
            turns.push(turn);
        }
    }
    let passed = clock::now().monotonic.since(began.monotonic);
    view.took = passed.unwrap_or_default();
    Some(Looked { view, turns })
}

impl Looked {
    /// How many threads were looked at.
    pub(super) fn threads(&self) -> usize {
        self.view.threads.len()
    }

    /// One of so many threads of which nothing is known.
    #[cfg(test)]
    pub(super) fn with_threads(threads: usize) -> Self {
        use afterimage_format::time::{BootTime, WallTime};
        Self {
            view: KernelView {
                at: WallTime(0),
                at_boot: BootTime(0),
                took: Duration::ZERO,
                unread: 0,
                cgroup: None,
                threads: vec![ThreadView::default(); threads],
            },
            turns: vec![None; threads],
        }
    }

    /// The thread of this number, if it has not been on a CPU since it was seen here.
    fn unmoved(&self, tid: i32, turns: Turns) -> Option<&ThreadView> {
        // In the order of their numbers.
        let threads = &self.view.threads;
        let place = threads.binary_search_by_key(&tid, |thread| thread.tid);
        let place = place.ok()?;
        (self.turns.get(place) == Some(&Some(turns))).then(|| &threads[place])
    }
}

/// Reads the files of one thread after the other into one buffer.
struct Looker {
    rate: TickRate,
    text: Vec<u8>,
    /// The file, beginning with the thread, and where that ends.
    path: String,
    thread: usize,
    /// The first one said that it may not be read: the others would say the same.
    may_read_stack: bool,
    descriptors: Descriptors,
}

impl Looker {
    /// One thread; nothing when it has ended.
    fn thread(
        &mut self,
        tasks: &fs::File,
        tid: i32,
        seen: Option<&Looked>,
    ) -> Option<(ThreadView, Option<Turns>)> {
        let rate = self.rate;
        self.of(tid);
        let mut view = ThreadView {
            tid,
            ..ThreadView::default()
        };
        // Before everything else: who has not run since then has changed nothing of the rest.
        let schedstat = self.read(tasks, "schedstat").ok();
        let schedstat = schedstat.and_then(|text| schedstat::parse(text).ok());
        if let Some([run, wait, _]) = schedstat {
            view.run = Some(Duration::from_nanos(run));
            view.wait = Some(Duration::from_nanos(wait));
        }
        let stat = stat::parse(self.read(tasks, "stat").ok()?).ok()?;
        let time = |ticks: Ticks| ticks.to_duration(rate);
        let [user, system] = stat.cpu_times().map(|ticks| ticks.ok().map(time));
        (view.user, view.system) = (user, system);
        view.state = Some(char::from(stat.state()));
        view.comm = Some(stat.comm.to_owned());
        // Without turns the kernel does not count them: then they tell nothing.
        let turns = schedstat
            .filter(|[.., turns]| *turns > 0 && matches!(stat.state(), b'S' | b'D' | b'I'))
            .zip(stat.started().ok())
            .map(|(schedstat, started)| Turns { started, schedstat });
        let unmoved = seen.zip(turns);
        if let Some(same) = unmoved.and_then(|(seen, turns)| seen.unmoved(tid, turns)) {
            view.nstid = same.nstid;
            (view.voluntary, view.involuntary) = (same.voluntary, same.involuntary);
            (view.syscall, view.wchan) = (same.syscall.clone(), same.wchan.clone());
            view.stack.clone_from(&same.stack);
            view.file.clone_from(&same.file);
        } else {
            self.read_rest(tasks, &mut view);
            view.file = self.descriptors.awaited(&view);
        }
        Some((view, turns))
    }

    /// What costs more, and stands still while the thread sleeps.
    fn read_rest(&mut self, tasks: &fs::File, view: &mut ThreadView) {
        if let Ok(text) = self.read(tasks, "status") {
            view.nstid = innermost(text, b"NSpid:");
            let [voluntary, involuntary] = status::switches(text);
            (view.voluntary, view.involuntary) = (voluntary.ok(), involuntary.ok());
        }
        view.syscall = self.read(tasks, "syscall").ok().map(trimmed);
        if self.may_read_stack {
            let stack = self.read(tasks, "stack").map(functions);
            self.may_read_stack = stack != Err(rustix::io::Errno::ACCESS);
            view.stack = stack.ok();
        }
        // Of who sleeps `wchan` is the innermost function of the stack: both leave out those of
        // the scheduler. Where that is known a file less is looked up and opened.
        let innermost = view
            .stack
            .as_deref()
            .and_then(|stack| stack.split(';').next());
        let sleeps = matches!(view.state, Some('S' | 'D' | 'I'));
        if let Some(function) = innermost.filter(|function| sleeps && !function.is_empty()) {
            view.wchan = Some(function.to_owned());
            return;
        }
        // `0` is the word for "does not sleep", and for "you may not know": who may know the
        // system call may know this.
        let wchan = self.read(tasks, "wchan").ok().map(trimmed);
        view.wchan = match wchan.as_deref() {
            Some("0") => view.syscall.as_ref().map(|_| String::new()),
            _ => wchan,
        };
    }

    /// The files that are read from now on are those of this thread.
    fn of(&mut self, tid: i32) {
        self.path.clear();
        // Writing to a String does not fail.
        let _infallible = write!(self.path, "{tid}/");
        self.thread = self.path.len();
    }

    fn read(&mut self, tasks: &fs::File, name: &str) -> rustix::io::Result<&[u8]> {
        self.path.truncate(self.thread);
        self.path.push_str(name);
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let file = openat(tasks, self.path.as_str(), flags, Mode::empty())?;
        let length = read_record(&file, &mut self.text)?;
        Ok(&self.text[..length])
    }
}

fn trimmed(text: &[u8]) -> String {
    String::from_utf8_lossy(text.trim_ascii()).into_owned()
}

/// The functions of a stack, innermost first, without where in each of them.
fn functions(text: &[u8]) -> String {
    let names = lines(text).map(|line| {
        let start = line.iter().position(|byte| *byte == b' ');
        let name = &line[start.map_or(0, |start| start + 1)..];
        let end = name.iter().position(|byte| *byte == b'+');
        String::from_utf8_lossy(&name[..end.unwrap_or(name.len())]).into_owned()
    });
    names.collect::<Vec<_>>().join(";")
}

/// The last number of a line of `status`: that in the innermost namespace.
pub(super) fn innermost(status: &[u8], name: &[u8]) -> Option<i32> {
    let line = lines(status).find_map(|line| line.strip_prefix(name))?;
    let mut words = Words(line);
    let mut last = None;
    while let Some(word) = words.word() {
        last = Some(word);
    }
    str::from_utf8(last?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::num::NonZeroU64;
    use std::process::{Command, Stdio};
    use std::sync::{Arc, Barrier};

    fn rate() -> TickRate {
        TickRate(NonZeroU64::new(rustix::param::clock_ticks_per_second()).unwrap())
    }

    #[test]
    fn the_innermost_number_is_the_last_one() {
        let status = b"Name:\tNSpid: 5\nNStgid:\t14513\t7\nNSpid:\t14520\t8\n";
        assert_eq!(innermost(status, b"NSpid:"), Some(8));
        assert_eq!(innermost(status, b"NStgid:"), Some(7));
        assert_eq!(innermost(b"Pid:\t5\n", b"NSpid:"), None);
        assert_eq!(innermost(b"NSpid:\t\n", b"NSpid:"), None);
    }

    #[test]
    fn a_stack_is_its_functions_joined() {
        let text = b"[<0>] futex_wait_queue+0x60/0x90\n[<0>] __futex_wait+0x1/0x2\n";
        assert_eq!(functions(text), "futex_wait_queue;__futex_wait");
        assert_eq!(functions(b""), "");
    }

    #[test]
    fn every_thread_of_this_process_is_seen_with_its_name_and_state() {
        let (inside, outside) = (Arc::new(Barrier::new(3)), Arc::new(Barrier::new(3)));
        let threads = ["seen-one", "seen-two"].map(|name| {
            let (inside, outside) = (Arc::clone(&inside), Arc::clone(&outside));
            let thread = std::thread::Builder::new().name(name.to_owned());
            thread
                .spawn(move || {
                    inside.wait();
                    outside.wait();
                })
                .unwrap()
        });
        inside.wait();
        let own = Pid(i32::try_from(std::process::id()).unwrap());
        let looked = look(own, rate(), None).unwrap();
        outside.wait();
        for thread in threads {
            thread.join().unwrap();
        }
        for name in [&b"seen-one"[..], b"seen-two"] {
            let mut found = looked.view.threads.iter();
            let found = found.find(|thread| thread.comm.as_deref() == Some(name));
            let found = found.unwrap_or_else(|| panic!("{looked:?}"));
            assert!(found.state.is_some() && found.run.is_some() && found.nstid.is_some());
            assert!(found.voluntary.is_some() && found.user.is_some());
        }
        assert_eq!(looked.view.unread, 0);
        assert_eq!(look(Pid(i32::MAX), rate(), None), None);
    }

    #[test]
    fn who_has_not_run_is_not_asked_again_and_who_has_is() {
        let mut cat = Command::new("cat");
        let mut cat = cat
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let pid = Pid(i32::try_from(cat.id()).unwrap());
        let echo = |cat: &mut std::process::Child| {
            let mut byte = [0];
            cat.stdin.as_mut().unwrap().write_all(b"x").unwrap();
            cat.stdout.as_mut().unwrap().read_exact(&mut byte).unwrap();
        };
        echo(&mut cat);
        // What was said of it is marked, to be told from what is said anew.
        let marked = |seen: &mut Looked| {
            for thread in &mut seen.view.threads {
                thread.syscall = Some("marked".to_owned());
            }
        };
        let syscall = |looked: &Looked| looked.view.threads[0].syscall.clone();
        let end = clock::now().monotonic;
        let (mut seen, asleep) = loop {
            let mut seen = look(pid, rate(), None).unwrap();
            marked(&mut seen);
            let again = look(pid, rate(), Some(&seen)).unwrap();
            let late = clock::now().monotonic.since(end) > Some(Duration::from_secs(30));
            if syscall(&again).as_deref() == Some("marked") || late {
                break (seen, again);
            }
        };
        // Read, or taken from the stack.
        let wchan = fs::read_to_string(format!("/proc/{}/wchan", pid.0)).unwrap();
        if wchan != "0" {
            assert_eq!(
                asleep.view.threads[0].wchan.as_deref(),
                Some(wchan.as_str())
            );
        }
        let counts = seen.turns[0].is_some();
        assert!(counts || schedstat_is_zero(pid), "{seen:?}");
        if counts {
            assert_eq!(syscall(&asleep).as_deref(), Some("marked"));
        }
        marked(&mut seen);
        echo(&mut cat);
        let awake = look(pid, rate(), Some(&seen)).unwrap();
        cat.kill().unwrap();
        cat.wait().unwrap();
        assert_ne!(syscall(&awake).as_deref(), Some("marked"));
    }

    /// A kernel that does not count turns.
    fn schedstat_is_zero(pid: Pid) -> bool {
        let text = fs::read(format!("/proc/{}/schedstat", pid.0));
        text.map_or(true, |text| text.ends_with(b" 0\n"))
    }

    #[test]
    fn a_thread_of_the_same_number_that_began_later_or_has_run_is_another() {
        let turns = |started, turns| Turns {
            started: Ticks(started),
            schedstat: [5, 6, turns],
        };
        let thread = |tid| ThreadView {
            tid,
            ..ThreadView::default()
        };
        let mut seen = Looked::with_threads(2);
        seen.view.threads = vec![thread(7), thread(9)];
        seen.turns = vec![Some(turns(1, 2)), None];
        assert_eq!(seen.unmoved(7, turns(1, 2)), Some(&thread(7)));
        assert_eq!(seen.unmoved(7, turns(1, 3)), None);
        assert_eq!(seen.unmoved(7, turns(2, 2)), None);
        assert_eq!(seen.unmoved(9, turns(1, 2)), None);
        assert_eq!(seen.unmoved(8, turns(1, 2)), None);
    }
}
