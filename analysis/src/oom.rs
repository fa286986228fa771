//! The kernel's words about the OOM killer, read out of a line of its log.

/// Whom the OOM killer killed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OomKill {
    /// The pid, in the kernel's own numbering.
    pub pid: i32,
    /// Its name (`comm`).
    pub comm: String,
    /// Whether a cgroup ran out of its memory, and not the machine.
    pub is_in_cgroup: bool,
}

/// The kill that a line of the kernel log tells of; `None` when it tells of something else.
///
/// The line is `Out of memory: Killed process 1 (comm) …`, before Linux 5.1 also `Kill process`
/// followed by a second line `Killed process …`, of which only the second counts.
pub fn oom_kill(line: &str) -> Option<OomKill> {
    let (before, rest) = line.split_once("Killed process ")?;
    let (pid, rest) = rest.split_once(" (")?;
    // A name may hold brackets itself; what follows the last one is never a bracket.
    let end = rest.find(") total-vm").or_else(|| rest.rfind(')'))?;
    Some(OomKill {
        pid: pid.trim().parse().ok()?,
        comm: rest[..end].to_owned(),
        is_in_cgroup: before.contains("emory cgroup"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kill_in_a_cgroup_and_one_of_the_machine_are_told_apart() {
        let line = "Memory cgroup out of memory: Killed process 12921 (python3) total-vm:110880kB, \
                    anon-rss:97920kB, file-rss:6492kB, shmem-rss:0kB, UID:0 pgtables:253952kB";
        let kill = oom_kill(line).unwrap();
        assert_eq!((kill.pid, kill.comm.as_str()), (12_921, "python3"));
        assert!(kill.is_in_cgroup);
        let line = "Out of memory: Killed process 77 (a) (b) total-vm:1kB, anon-rss:1kB";
        let kill = oom_kill(line).unwrap();
        assert_eq!((kill.pid, kill.comm.as_str()), (77, "a) (b"));
        assert!(!kill.is_in_cgroup);
    }

    #[test]
    fn other_lines_and_damaged_ones_tell_of_no_kill() {
        for line in [
            "",
            "Out of memory: Kill process 5 (x) score 9",
            "Killed process x (y)",
            "Killed process 5",
        ] {
            assert_eq!(oom_kill(line), None, "{line}");
        }
    }
}
