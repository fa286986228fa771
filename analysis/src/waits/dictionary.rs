//! Functions of the kernel that tasks wait in, and system calls, in plain words.
//!
//! In: a name as `/proc/PID/wchan` or a kernel stack has it; an architecture and the number of a
//! system call. Out: words from `data/waits.toml`, names from `data/syscalls.toml`, so that whoever
//! improves them need not read code. What is not in them is nothing here: it is shown as it is.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;
use toml::Table;

/// A wait of the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// What is waited for: a sentence.
    pub what: String,
    /// What kind of thing that is: one of [`KINDS`].
    pub on: String,
}

/// Kinds of things that are waited for.
pub const KINDS: [&str; 12] = [
    "cpu", "disk", "memory", "lock", "network", "remote", "process", "pipe", "input", "timer",
    "event", "idle",
];

/// A system call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// Its name.
    pub name: &'static str,
    /// What it does, to go on with after "which".
    pub what: Option<&'static str>,
}

#[derive(Debug, Default)]
struct Book {
    waits: BTreeMap<String, Wait>,
    calls: BTreeMap<String, String>,
    /// The names of the calls by number, for each architecture.
    numbers: HashMap<String, HashMap<u64, String>>,
}

static BOOK: LazyLock<Book> = LazyLock::new(|| {
    let waits = include_str!("../../data/waits.toml");
    let calls = include_str!("../../data/syscalls.toml");
    read(waits, calls).expect("a test reads the files that are built in")
});

fn read(waits: &str, calls: &str) -> Option<Book> {
    let mut book = Book::default();
    let waits: Table = waits.parse().ok()?;
    for (name, entry) in waits.get("wchan")?.as_table()? {
        let words = |key| Some(entry.get(key)?.as_str()?.to_owned());
        let wait = Wait {
            what: words("what")?,
            on: words("on")?,
        };
        for other in entry
            .get("also")
            .and_then(|also| also.as_array())
            .into_iter()
            .flatten()
        {
            let other = other.as_str()?.to_owned();
            if book.waits.insert(other, wait.clone()).is_some() {
                return None;
            }
        }
        if book.waits.insert(name.clone(), wait).is_some() {
            return None;
        }
    }
    for (name, what) in waits.get("syscall")?.as_table()? {
        book.calls.insert(name.clone(), what.as_str()?.to_owned());
    }
    let architectures: Table = calls.parse().ok()?;
    for (architecture, calls) in &architectures {
        let mut numbers = HashMap::new();
        for (name, number) in calls.as_table()? {
            let number = u64::try_from(number.as_integer()?).ok()?;
            if numbers.insert(number, name.clone()).is_some() {
                return None;
            }
        }
        book.numbers.insert(architecture.clone(), numbers);
    }
    Some(book)
}

/// What is waited for in a function of the kernel. What the compiler adds to its name does not
/// count.
pub fn wait(function: &[u8]) -> Option<&'static Wait> {
    let name = str::from_utf8(function).ok()?.trim();
    let name = name.split(['.', '+', ' ']).next().unwrap_or(name);
    BOOK.waits.get(name)
}

/// The system call of a number, on an architecture as `uname -m` names it.
pub fn call(architecture: &str, number: u64) -> Option<Call> {
    let name = BOOK.numbers.get(architecture)?.get(&number)?;
    Some(Call {
        name,
        what: BOOK.calls.get(name).map(String::as_str),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::fs;

    #[test]
    fn every_wait_is_a_sentence_about_a_kind_of_thing() {
        assert!(BOOK.waits.len() > 500, "{}", BOOK.waits.len());
        for (name, wait) in &BOOK.waits {
            assert!(KINDS.contains(&wait.on.as_str()), "{name}: {}", wait.on);
            let first = wait.what.chars().next().unwrap();
            assert!(first.is_uppercase() && wait.what.ends_with('.'), "{name}");
            let is_symbol = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            assert!(name.bytes().all(is_symbol), "{name}");
        }
    }

    #[test]
    fn what_a_server_shows_is_in_the_dictionary_under_old_and_new_names() {
        for (name, on) in [
            ("futex_wait_queue", "lock"),
            ("futex_do_wait", "lock"),
            ("ep_poll", "event"),
            ("do_wait", "process"),
            ("pipe_read", "pipe"),
            ("anon_pipe_read", "pipe"),
            ("wait_on_page_bit_common", "disk"),
            ("folio_wait_bit_common", "disk"),
            ("io_schedule", "disk"),
            ("jbd2_log_wait_commit", "disk"),
            ("rwsem_down_read_slowpath", "lock"),
            ("rwsem_down_write_slowpath", "lock"),
            ("rpc_wait_bit_killable", "remote"),
            ("inet_csk_accept", "network"),
            ("balance_dirty_pages", "disk"),
            ("hrtimer_nanosleep", "timer"),
            ("poll_schedule_timeout.constprop.0", "event"),
            ("worker_thread", "idle"),
            ("kernel_clone", "process"),
        ] {
            assert_eq!(wait(name.as_bytes()).unwrap().on, on, "{name}");
        }
        for unknown in [&b"no_such_function"[..], b"", b"0", b"\xff"] {
            assert_eq!(wait(unknown), None);
        }
    }

    #[test]
    fn a_call_has_the_name_that_its_architecture_gives_the_number() {
        let name = |architecture, number| call(architecture, number).map(|call| call.name);
        assert_eq!(name("x86_64", 0), Some("read"));
        assert_eq!(name("aarch64", 63), Some("read"));
        assert_eq!(name("x86_64", 202), Some("futex"));
        assert_eq!(name("aarch64", 98), Some("futex"));
        assert_eq!(name("x86_64", 400), None);
        assert_eq!(name("riscv64", 63), None);
        let fsync = call("x86_64", 74).unwrap();
        assert_eq!(fsync.what, Some("makes sure that a file is on the disk"));
        assert_eq!(call("x86_64", 205).unwrap().what, None, "set_thread_area");
    }

    #[test]
    fn words_are_only_about_calls_that_there_are() {
        let known: BTreeSet<&String> = BOOK.numbers.values().flat_map(HashMap::values).collect();
        for name in BOOK.calls.keys() {
            assert!(known.contains(name), "{name}");
        }
    }

    #[test]
    fn a_name_twice_is_a_defect_of_the_data() {
        let twice = "[wchan.a]\nwhat = \"A.\"\non = \"disk\"\nalso = [\"b\"]\n[wchan.b]\nwhat = \"B.\"\non = \"disk\"\n[syscall]\n";
        assert!(read(twice, "[x86_64]\nread = 0\n").is_none());
        let once = twice.replace("also = [\"b\"]\n", "");
        assert!(read(&once, "[x86_64]\nread = 0\n").is_some());
        assert!(read(&once, "[x86_64]\nread = 0\nwrite = 0\n").is_none());
    }

    /// `#define __NR_read 0`, and `#define __NR3264_lseek 62` of the header that aarch64 uses, where
    /// the name is found by the second part.
    fn numbers_of_header(text: &str) -> Vec<(String, u64)> {
        let line = |line: &str| {
            let mut words = line.strip_prefix("#define ")?.split_whitespace();
            let name = words.next()?;
            let name = name
                .strip_prefix("__NR_")
                .or_else(|| name.strip_prefix("__NR3264_"))?;
            Some((name.to_owned(), words.next()?.parse().ok()?))
        };
        text.lines().filter_map(line).collect()
    }

    /// Names that the header of many architectures has for what aarch64 calls otherwise.
    const GENERIC: [(&str, &str); 2] = [("fstatat", "newfstatat"), ("fadvise64", "fadvise64")];

    #[test]
    fn the_numbers_are_those_of_the_headers_of_this_host() {
        let headers = [
            ("x86_64", "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
            ("x86_64", "/usr/include/asm/unistd_64.h"),
            ("aarch64", "/usr/include/asm-generic/unistd.h"),
        ];
        let mut compared = 0;
        for (architecture, path) in headers {
            let Ok(text) = fs::read_to_string(path) else {
                continue;
            };
            let ours = &BOOK.numbers[architecture];
            for (name, number) in numbers_of_header(&text) {
                let generic = GENERIC.iter().find(|(theirs, _)| *theirs == name);
                let name = generic.map_or(name.as_str(), |(_, ours)| ours);
                if ["syscalls", "arch_specific_syscall", "sync_file_range2"].contains(&name) {
                    continue;
                }
                // Of a kernel of 32 bits, for the time after 2038.
                let is_of_32_bits = architecture == "aarch64" && (403..=423).contains(&number);
                // A header that is newer than the table may have more at its end.
                if number <= 469 && !is_of_32_bits {
                    let known = ours.get(&number).map(String::as_str);
                    assert_eq!(known, Some(name), "{architecture} {number}");
                    compared += 1;
                }
            }
        }
        if compared == 0 {
            println!("skipped: there are no headers of the kernel here");
        }
    }
}
