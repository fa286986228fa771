//! What the kernel says of every thread of one process at one moment, as text and back.
//!
//! The text is what a capture keeps, before and after each thread dump: a line of facts, a line
//! that names the columns, a line a thread, with tabs between. An empty field was not readable;
//! `-` is readable and empty. Reading takes anything and never fails: columns that it does not
//! know are left out, as are lines that are none.

mod cgroup;
mod other_end;

use crate::time::{BootTime, WallTime};
pub use cgroup::{CpuCgroup, CpuQuota};
pub use other_end::OtherEnd;
use std::fmt::Write as _;
use std::time::Duration;

/// The threads of a process, one after the other: the moment is that of the first, and reading
/// all took [`KernelView::took`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KernelView {
    /// When it was begun.
    pub at: WallTime,
    /// The same by the clock that never steps: the distance of two views.
    pub at_boot: BootTime,
    /// How long it took.
    pub took: Duration,
    /// Threads that are there and were not looked at, as they are too many or time was up.
    pub unread: u64,
    /// What CPU quota holds for it; `None` where that is not known.
    pub cgroup: Option<CpuCgroup>,
    /// The threads, in the order of `/proc/PID/task`.
    pub threads: Vec<ThreadView>,
}

/// A thread, by the files of `/proc/PID/task/TID`. What is `None` could not be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ThreadView {
    /// Its number on the host.
    pub tid: i32,
    /// Its number in the innermost pid namespace (`NSpid` of `status`, the last): what the
    /// process itself calls it.
    pub nstid: Option<i32>,
    /// Its name, cut by the kernel at 15 bytes.
    pub comm: Option<Vec<u8>>,
    /// Field 3 of `stat`: the state letter.
    pub state: Option<char>,
    /// Field 14 of `stat` (`utime`): CPU time in user mode.
    pub user: Option<Duration>,
    /// Field 15 of `stat` (`stime`): CPU time in kernel mode.
    pub system: Option<Duration>,
    /// First number of `schedstat`: time on a CPU, to the microsecond.
    pub run: Option<Duration>,
    /// Second number of `schedstat`: time runnable and not running.
    pub wait: Option<Duration>,
    /// `voluntary_ctxt_switches` of `status`: how often it went to sleep.
    pub voluntary: Option<u64>,
    /// `nonvoluntary_ctxt_switches` of `status`: how often it was taken off the CPU.
    pub involuntary: Option<u64>,
    /// `wchan`: the function of the kernel it sleeps in; empty for one that does not sleep.
    pub wchan: Option<String>,
    /// `syscall`: the number of the system call and its arguments, or `running`.
    pub syscall: Option<String>,
    /// `stack`: the functions of the kernel it is in, innermost first, joined by `;`.
    pub stack: Option<String>,
    /// What `fd/N` links to, of a thread in a call that reads, writes or polls it: `socket:[123]` or
    /// `pipe:[123]`. Other files and other calls have none.
    pub file: Option<String>,
    /// Who has the other end of that, where it is a pipe or a UNIX socket.
    pub other_end: Option<OtherEnd>,
}

const COLUMNS: [&str; 14] = [
    "tid",
    "nstid",
    "comm",
    "state",
    "utime_us",
    "stime_us",
    "run_us",
    "wait_us",
    "voluntary",
    "involuntary",
    "wchan",
    "syscall",
    "stack",
    "file",
];
/// No process has more threads that anybody looks at.
const MOST_THREADS: usize = 1 << 18;
/// No text of a field is longer.
const MOST_FIELD: usize = 64 << 10;

impl KernelView {
    /// The text of it.
    pub fn to_text(&self) -> String {
        let mut text = format!(
            "at_us\t{}\tat_boot_us\t{}\ttook_us\t{}\tunread\t{}",
            self.at.0,
            self.at_boot.0,
            self.took.as_micros(),
            self.unread
        );
        if let Some(cgroup) = &self.cgroup {
            cgroup.push_to(&mut text);
        }
        text.push('\n');
        text.push_str(&COLUMNS.join("\t"));
        let has_ends = self.threads.iter().any(|thread| thread.other_end.is_some());
        for name in other_end::COLUMNS.iter().filter(|_| has_ends) {
            text.push('\t');
            text.push_str(name);
        }
        text.push('\n');
        for thread in &self.threads {
            thread.push_to(&mut text);
            if has_ends {
                OtherEnd::push_to(thread.other_end.as_ref(), &mut text);
            }
            text.push('\n');
        }
        text
    }

    /// What such a text says; `None` when it does not begin as one.
    pub fn from_text(text: &[u8]) -> Option<Self> {
        let mut lines = text.split(|byte| *byte == b'\n');
        let head: Vec<&[u8]> = lines.next()?.split(|byte| *byte == b'\t').collect();
        let field = |name: &str| {
            let pair = head.chunks(2).find(|pair| pair[0] == name.as_bytes())?;
            pair.get(1).copied()
        };
        let fact = |name| number::<i64>(field(name)?);
        let micros = |name| u64::try_from(fact(name).unwrap_or(0)).unwrap_or(0);
        let mut view = Self {
            at: WallTime::from_file(fact("at_us")?),
            at_boot: BootTime(fact("at_boot_us").unwrap_or(0)),
            took: Duration::from_micros(micros("took_us")),
            unread: micros("unread"),
            cgroup: CpuCgroup::from_fields(field),
            threads: Vec::new(),
        };
        let names: Vec<&[u8]> = lines.next()?.split(|byte| *byte == b'\t').collect();
        let threads = lines.filter_map(|line| ThreadView::from_line(line, &names));
        view.threads = threads.take(MOST_THREADS).collect();
        Some(view)
    }

    /// The thread that the process itself calls by this number.
    pub fn by_nstid(&self, nstid: i32) -> Option<&ThreadView> {
        let mut threads = self.threads.iter();
        threads.find(|thread| thread.nstid.unwrap_or(thread.tid) == nstid)
    }
}

impl ThreadView {
    fn push_to(&self, text: &mut String) {
        push(text, Some(self.tid));
        push(text, self.nstid);
        text.push_str(&escaped(self.comm.as_deref()));
        text.push('\t');
        push(text, self.state);
        for time in [self.user, self.system, self.run, self.wait] {
            push(text, time.map(|time| time.as_micros()));
        }
        push(text, self.voluntary);
        push(text, self.involuntary);
        let texts = [&self.wchan, &self.syscall, &self.stack, &self.file];
        let texts = texts.map(|field| escaped(field.as_deref().map(str::as_bytes)));
        text.push_str(&texts.join("\t"));
    }

    fn from_line(line: &[u8], names: &[&[u8]]) -> Option<Self> {
        let mut thread = Self::default();
        let mut is_named = false;
        let fields = line.split(|byte| *byte == b'\t');
        for (field, name) in fields.zip(names) {
            let micros = || number(field).map(Duration::from_micros);
            let text = || {
                let text = unescaped(field)?;
                Some(String::from_utf8_lossy(&text).into_owned())
            };
            match *name {
                b"tid" => {
                    thread.tid = number(field)?;
                    is_named = true;
                }
                b"nstid" => thread.nstid = number(field),
                b"comm" => thread.comm = unescaped(field),
                b"state" => thread.state = field.first().map(|byte| char::from(*byte)),
                b"utime_us" => thread.user = micros(),
                b"stime_us" => thread.system = micros(),
                b"run_us" => thread.run = micros(),
                b"wait_us" => thread.wait = micros(),
                b"voluntary" => thread.voluntary = number(field),
                b"involuntary" => thread.involuntary = number(field),
                b"wchan" => thread.wchan = text(),
                b"syscall" => thread.syscall = text(),
                b"stack" => thread.stack = text(),
                b"file" => thread.file = text(),
                name => OtherEnd::take(&mut thread.other_end, name, field),
            }
        }
        is_named.then_some(thread)
    }
}

fn push(text: &mut String, field: Option<impl std::fmt::Display>) {
    if let Some(field) = field {
        // Writing to a String does not fail.
        let _infallible = write!(text, "{field}");
    }
    text.push('\t');
}

fn number<T: std::str::FromStr>(field: &[u8]) -> Option<T> {
    str::from_utf8(field).ok()?.parse().ok()
}

/// Bytes as printable ASCII: what is neither, and the backslash, as `\xNN`. The empty text and
/// the text `-` are told apart from what is absent.
fn escaped(bytes: Option<&[u8]>) -> String {
    let Some(bytes) = bytes else {
        return String::new();
    };
    match bytes {
        b"" => "-".to_owned(),
        b"-" => "\\x2d".to_owned(),
        bytes => {
            let mut text = String::with_capacity(bytes.len());
            for byte in &bytes[..bytes.len().min(MOST_FIELD)] {
                if matches!(byte, b' '..=b'~') && *byte != b'\\' {
                    text.push(char::from(*byte));
                } else {
                    let _infallible = write!(text, "\\x{byte:02x}");
                }
            }
            text
        }
    }
}

fn unescaped(field: &[u8]) -> Option<Vec<u8>> {
    match field {
        b"" => None,
        b"-" => Some(Vec::new()),
        mut rest => {
            let mut bytes = Vec::with_capacity(rest.len());
            while let Some((first, after)) = rest.split_first() {
                let code = after.strip_prefix(b"x").and_then(|code| code.get(..2));
                let code = code.and_then(|code| str::from_utf8(code).ok());
                let code = code.and_then(|code| u8::from_str_radix(code, 16).ok());
                if let (b'\\', Some(byte)) = (first, code) {
                    bytes.push(byte);
                    rest = &after[3..];
                } else {
                    bytes.push(*first);
                    rest = after;
                }
            }
            Some(bytes)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn view() -> KernelView {
        let blocked = ThreadView {
            tid: 14513,
            nstid: Some(7),
            comm: Some(b"http-nio\t\xff\\".to_vec()),
            state: Some('S'),
            user: Some(Duration::from_millis(120)),
            system: Some(Duration::from_millis(30)),
            run: Some(Duration::from_micros(151_234)),
            wait: Some(Duration::from_micros(99)),
            voluntary: Some(12),
            involuntary: Some(0),
            wchan: Some("futex_wait_queue".to_owned()),
            syscall: Some("202 0x7f 0x0".to_owned()),
            stack: Some("futex_wait_queue;do_futex".to_owned()),
            file: Some("socket:[4711]".to_owned()),
            other_end: None,
        };
        let unreadable = ThreadView {
            tid: 14514,
            wchan: Some(String::new()),
            comm: Some(b"-".to_vec()),
            ..ThreadView::default()
        };
        KernelView {
            at: WallTime(1_700_000_000_000_000),
            at_boot: BootTime(5_000_000),
            took: Duration::from_micros(2_500),
            unread: 3,
            cgroup: None,
            threads: vec![blocked, unreadable],
        }
    }

    #[test]
    fn the_text_has_a_line_of_facts_one_of_names_and_one_a_thread() {
        let text = view().to_text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "at_us\t1700000000000000\tat_boot_us\t5000000\ttook_us\t2500\tunread\t3"
        );
        assert!(lines[1].starts_with("tid\tnstid\tcomm\tstate\tutime_us\t"));
        assert_eq!(
            lines[2],
            "14513\t7\thttp-nio\\x09\\xff\\x5c\tS\t120000\t30000\t151234\t99\t12\t0\tfutex_wait_queue\t202 0x7f 0x0\tfutex_wait_queue;do_futex\tsocket:[4711]"
        );
        assert_eq!(lines[3], "14514\t\t\\x2d\t\t\t\t\t\t\t\t-\t\t\t");
        assert_eq!(lines.len(), 4);
    }

    #[test]
    fn what_was_written_is_read_and_absent_stays_absent() {
        let read = KernelView::from_text(view().to_text().as_bytes());
        assert_eq!(read, Some(view()));
        let read = read.unwrap();
        assert_eq!(read.by_nstid(7).map(|thread| thread.tid), Some(14513));
        assert_eq!(read.by_nstid(14514).map(|thread| thread.tid), Some(14514));
        assert_eq!(read.by_nstid(14513), None);
    }

    #[test]
    fn a_quota_is_in_the_first_line_and_none_is_not_the_same_as_not_known() {
        let mut view = view();
        let limited = CpuCgroup {
            path: b"/kubepods/pod 5\t".to_vec(),
            quota: Some(CpuQuota {
                allowed: Duration::from_millis(50),
                period: Duration::from_millis(100),
            }),
            periods: Some(40),
            throttled: Some(0),
            throttled_for: None,
        };
        let free = CpuCgroup {
            path: b"/".to_vec(),
            ..CpuCgroup::default()
        };
        for (cgroup, end) in [
            (
                limited,
                "unread\t3\tnr_periods\t40\tnr_throttled\t0\tperiod_us\t100000\tquota_us\t50000\tcgroup\t/kubepods/pod 5\\x09",
            ),
            (free, "unread\t3\tquota_us\t-\tcgroup\t/"),
        ] {
            view.cgroup = Some(cgroup);
            let text = view.to_text();
            assert!(text.lines().next().unwrap().ends_with(end), "{text}");
            assert_eq!(KernelView::from_text(text.as_bytes()), Some(view.clone()));
        }
        let old = KernelView::from_text(b"at_us\t5\nstate\ttid\nR\t8\n").unwrap();
        assert_eq!(old.cgroup, None);
        let quota = |text| {
            let cgroup = KernelView::from_text(text).unwrap().cgroup?;
            cgroup.quota?.cpus()
        };
        let text = b"at_us\t5\tquota_us\t5\tperiod_us\t10\tcgroup\t/a\n\n";
        assert_eq!(quota(text), Some(0.5));
        let text = b"at_us\t5\tquota_us\t5\tperiod_us\t0\tcgroup\t/a\n\n";
        assert_eq!(quota(text), None);
    }

    #[test]
    fn columns_may_be_missing_new_or_in_another_order() {
        let text = b"at_us\t5\nstate\tlater\ttid\nR\tx\t8\nno thread\n";
        let read = KernelView::from_text(text).unwrap();
        assert_eq!((read.at, read.threads.len()), (WallTime(5), 1));
        assert_eq!((read.threads[0].tid, read.threads[0].state), (8, Some('R')));
        assert_eq!(KernelView::from_text(b"\"main\" #1\n\n"), None);
    }

    proptest! {
        #[test]
        fn reading_takes_any_bytes(mut bytes: Vec<u8>, cut: usize) {
            let _ = KernelView::from_text(&bytes);
            let mut text = view().to_text().into_bytes();
            text.truncate(cut % (text.len() + 1));
            text.append(&mut bytes);
            let _ = KernelView::from_text(&text);
        }

        #[test]
        fn every_name_comes_back(comm: Vec<u8>) {
            let mut view = view();
            view.threads[0].comm = Some(comm);
            prop_assert_eq!(KernelView::from_text(view.to_text().as_bytes()), Some(view));
        }
    }
}
