//! Whether a line of the kernel log names a process.
//!
//! The kernel writes pids as `pid 123`, `[123]`, `123 (name)` or `task name:123`; a bare number
//! may be anything. A name counts when it stands alone and is long enough to mean something.

use afterimage_format::process::Pid;

/// The shortest name that is looked for: `sh` would be found everywhere.
const SHORTEST_NAME: usize = 3;

/// Whether a line names the process with this pid, or one of this name.
pub fn names(line: &str, pid: Pid, comm: &str) -> bool {
    names_pid(line, pid) || (comm.chars().count() >= SHORTEST_NAME && has_word(line, comm))
}

/// Whether a line names this very pid.
pub fn names_pid(line: &str, pid: Pid) -> bool {
    if pid.0 <= 0 {
        return false;
    }
    let digits = pid.0.to_string();
    line.match_indices(&digits).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + digits.len()..]);
        let joined = |c: char| c.is_ascii_digit() || c == '.';
        let is_whole =
            !before.ends_with(joined) && !after.starts_with(|c: char| c.is_ascii_alphanumeric());
        is_whole
            && (is_announced(before) || after.starts_with(" ("))
            && !(before.ends_with('[') && after.starts_with('.'))
    })
}

/// The first process that a line names by its pid, as far as that can be told from the line.
///
/// Stricter than [`names_pid`], which knows what to look for: `xstate_offset[2]` is no process.
pub fn first_pid(line: &str) -> Option<Pid> {
    let mut rest = 0;
    while let Some(found) = line[rest..].find(|c: char| c.is_ascii_digit()) {
        let begin = rest + found;
        let digits = line[begin..].bytes().take_while(u8::is_ascii_digit).count();
        rest = begin + digits;
        let (before, after) = (&line[..begin], &line[rest..]);
        let pid = line[begin..rest].parse().ok().map(Pid);
        let in_brackets = before.ends_with('[') && after.starts_with(']');
        let is_told_of = !in_brackets || is_first_word(before) || tells_of_a_fault(after);
        let found = pid.filter(|pid| is_told_of && is_announced(before) && names_pid(line, *pid));
        if found.is_some() {
            return found;
        }
    }
    None
}

/// `systemd[1]: …`
fn is_first_word(before: &str) -> bool {
    !before.contains([' ', ':'])
}

/// `traps: name[7] general protection fault …`
fn tells_of_a_fault(after: &str) -> bool {
    let words = [
        "segfault",
        "general protection",
        "trap ",
        "fault",
        "signal",
        "vsyscall",
    ];
    words.iter().any(|word| after.contains(word))
}

/// Whether what stands before a number says that it is a pid.
fn is_announced(before: &str) -> bool {
    let lower = before.to_ascii_lowercase();
    let word = lower.trim_end_matches([' ', ':', '=']);
    ["pid", "process", "tgid", "task", "ppid"]
        .iter()
        .any(|name| word.ends_with(name))
        || (lower.ends_with('[')
            && lower[..lower.len() - 1].ends_with(|c: char| c.is_ascii_alphanumeric()))
        || task_colon(&lower)
}

/// `task postgres:1234 blocked for more than 120 seconds`.
fn task_colon(before: &str) -> bool {
    before.strip_suffix(':').is_some_and(|name| {
        name.rsplit_once("task ")
            .is_some_and(|(_, name)| !name.contains(' '))
    })
}

fn has_word(line: &str, word: &str) -> bool {
    let in_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    line.match_indices(word).any(|(at, found)| {
        let (before, after) = (&line[..at], &line[at + found.len()..]);
        !before.ends_with(in_word) && !after.starts_with(in_word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> bool {
        names(line, Pid(1234), "postgres")
    }

    #[test]
    fn pids_are_found_where_the_kernel_writes_them() {
        for line in [
            "Memory cgroup out of memory: Killed process 1234 (x) total-vm:9kB",
            "x[1234]: segfault at 0 ip 00007f sp 00007f error 4",
            "INFO: task x:1234 blocked for more than 120 seconds.",
            "CPU: 1 PID: 1234 Comm: x Not tainted",
            "[   1234]  1000  1234 (x)",
        ] {
            assert!(of(line), "{line}");
        }
    }

    #[test]
    fn a_number_that_is_no_pid_is_not_one() {
        for line in [
            "took 1234 ms",
            "[ 1234.5678] eth0: up",
            "sector 1234",
            "pid 12345",
            "pid 51234",
            "pid 1234ab",
        ] {
            assert!(!of(line), "{line}");
        }
        assert!(!names("pid 0", Pid(0), "x"));
    }

    #[test]
    fn the_first_process_of_a_line_is_found_and_other_numbers_are_not_taken_for_one() {
        let found = |line: &str| first_pid(line).map(|pid| pid.0);
        for line in [
            "Out of memory: Killed process 77 (postgres) total-vm:9kB",
            "traps: python3[77] general protection fault ip:7f sp:7f",
            "systemd[77]: Starting 1234 things",
            "INFO: task jbd2/vda1-8:77 blocked for more than 120 seconds.",
            "CPU: 1 PID: 77 Comm: x Not tainted",
        ] {
            assert_eq!(found(line), Some(77), "{line}");
        }
        for line in [
            "x86/fpu: xstate_offset[2]:  576, xstate_sizes[2]:  256",
            "Linux version 6.1.0 (gcc-12 (Debian 12.2.0-14) 12.2.0)",
            "eth0: link is up, 1000 Mbps",
            "pid 99999999999999",
            "",
        ] {
            assert_eq!(found(line), None, "{line}");
        }
    }

    #[test]
    fn a_name_counts_as_a_whole_word_and_not_when_it_is_too_short() {
        assert!(of("oom-kill: task=postgres,uid=0"));
        assert!(!of("postgresql started"));
        assert!(!names("sh: not found", Pid(9), "sh"));
        assert!(names("Killed (보고서-생성)", Pid(9), "보고서-생성"));
    }
}
