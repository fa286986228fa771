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
    fn a_name_counts_as_a_whole_word_and_not_when_it_is_too_short() {
        assert!(of("oom-kill: task=postgres,uid=0"));
        assert!(!of("postgresql started"));
        assert!(!names("sh: not found", Pid(9), "sh"));
        assert!(names("Killed (보고서-생성)", Pid(9), "보고서-생성"));
    }
}
