//! What the kernel says of every thread of a process: the view before and after each dump, and
//! all there is of a process that is stuck or runs on something that cannot be asked.
//!
//! Nothing is done to the process: these are files of `/proc`. `syscall` and `stack` may wait
//! where an exec is stuck, so this runs on a thread that nobody waits for without a limit.

use super::descriptors;
use crate::clock;
use crate::source::numbers::{Words, lines};
use crate::source::process::{schedstat, stat, status};
use crate::source::read_record;
use afterimage_format::kernel_view::{KernelView, ThreadView};
use afterimage_format::process::Pid;
use afterimage_format::units::{TickRate, Ticks};
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, openat};
use std::fs;
use std::os::fd::AsFd;
use std::time::Duration;

/// No more threads are looked at,
const MOST_THREADS: usize = 4096;
/// nor for longer.
const MOST_TIME: Duration = Duration::from_millis(500);

/// Looks at every thread of a process; nothing when it is gone.
pub(super) fn look(pid: Pid, rate: TickRate) -> Option<KernelView> {
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
        threads: Vec::with_capacity(tids.len()),
    };
    let mut looker = Looker {
        rate,
        text: vec![0; 8192],
        may_read_stack: true,
    };
    for (place, tid) in tids.iter().enumerate() {
        let passed = clock::now().monotonic.since(began.monotonic);
        view.took = passed.unwrap_or_default();
        if place == MOST_THREADS || view.took > MOST_TIME {
            view.unread = (tids.len() - place) as u64;
            break;
        }
        view.threads.extend(looker.thread(&tasks, *tid));
    }
    descriptors::add(pid, &mut view);
    let passed = clock::now().monotonic.since(began.monotonic);
    view.took = passed.unwrap_or_default();
    Some(view)
}

/// Reads the files of one thread after the other into one buffer.
struct Looker {
    rate: TickRate,
    text: Vec<u8>,
    /// The first one said that it may not be read: the others would say the same.
    may_read_stack: bool,
}

impl Looker {
    /// One thread; nothing when it has ended.
    fn thread(&mut self, tasks: &fs::File, tid: i32) -> Option<ThreadView> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = openat(tasks, tid.to_string(), flags, Mode::empty()).ok()?;
        let rate = self.rate;
        let mut view = ThreadView {
            tid,
            ..ThreadView::default()
        };
        let stat = stat::parse(self.read(&folder, "stat").ok()?).ok()?;
        let time = |ticks: Ticks| ticks.to_duration(rate);
        let [user, system] = stat.cpu_times().map(|ticks| ticks.ok().map(time));
        (view.user, view.system) = (user, system);
        view.state = Some(char::from(stat.state()));
        view.comm = Some(stat.comm.to_owned());
        if let Some([run, wait, _]) = self.parsed(&folder, "schedstat", schedstat::parse) {
            view.run = Some(Duration::from_nanos(run));
            view.wait = Some(Duration::from_nanos(wait));
        }
        if let Ok(text) = self.read(&folder, "status") {
            view.nstid = innermost(text, b"NSpid:");
            let [voluntary, involuntary] = status::switches(text);
            (view.voluntary, view.involuntary) = (voluntary.ok(), involuntary.ok());
        }
        view.syscall = self.read(&folder, "syscall").ok().map(trimmed);
        // `0` is the word for "does not sleep", and for "you may not know": who may know the
        // system call may know this.
        let wchan = self.read(&folder, "wchan").ok().map(trimmed);
        view.wchan = match wchan.as_deref() {
            Some("0") => view.syscall.as_ref().map(|_| String::new()),
            _ => wchan,
        };
        if self.may_read_stack {
            let stack = self.read(&folder, "stack").map(functions);
            self.may_read_stack = stack != Err(rustix::io::Errno::ACCESS);
            view.stack = stack.ok();
        }
        Some(view)
    }

    fn parsed<T>(
        &mut self,
        folder: &OwnedFd,
        name: &str,
        parse: impl FnOnce(&[u8]) -> afterimage_format::reading::Reading<T>,
    ) -> Option<T> {
        parse(self.read(folder, name).ok()?).ok()
    }

    fn read(&mut self, folder: &OwnedFd, name: &str) -> rustix::io::Result<&[u8]> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let file = openat(folder.as_fd(), name, flags, Mode::empty())?;
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
    use std::num::NonZeroU64;
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
        let view = look(own, rate()).unwrap();
        outside.wait();
        for thread in threads {
            thread.join().unwrap();
        }
        for name in [&b"seen-one"[..], b"seen-two"] {
            let mut found = view.threads.iter();
            let found = found.find(|thread| thread.comm.as_deref() == Some(name));
            let found = found.unwrap_or_else(|| panic!("{view:?}"));
            assert!(found.state.is_some() && found.run.is_some() && found.nstid.is_some());
            assert!(found.voluntary.is_some() && found.user.is_some());
        }
        assert_eq!(view.unread, 0);
        assert_eq!(look(Pid(i32::MAX), rate()), None);
    }
}
