//! Who may have inherited the same descriptors as a process: its parent, its children, and the other
//! children of its parent.
//!
//! Out of `stat` and `/proc/PID/task/TID/children` (`CONFIG_PROC_CHILDREN`). Children of pid 1 are
//! brought up by it or were left to it; they have nothing in common.

use crate::source::process::stat;
use std::fs;

/// No process of which more threads would have to be asked for their children.
const MOST_THREADS: usize = 1024;

/// The parent of everybody who has lost theirs is 1, that of the kernel's threads 2.
const INIT: i32 = 2;

/// Those of a process, without itself; nothing where the kernel does not tell.
pub(super) fn of(pid: i32) -> Option<Vec<i32>> {
    let mut family = children(pid)?;
    let parent = parent(pid)?;
    if parent > INIT {
        family.push(parent);
        family.extend(children(parent)?);
    }
    family.retain(|member| *member != pid);
    Some(family)
}

fn parent(pid: i32) -> Option<i32> {
    let text = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let parent = stat::parse(&text).ok()?.parent().ok()?;
    i32::try_from(parent).ok()
}

fn children(pid: i32) -> Option<Vec<i32>> {
    let mut children = Vec::new();
    let threads = fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    for (place, thread) in threads.flatten().enumerate() {
        if place == MOST_THREADS {
            return None;
        }
        let path = thread.path().join("children");
        match fs::read_to_string(&path) {
            Ok(text) => children.extend(text.split(' ').filter_map(|pid| pid.parse::<i32>().ok())),
            // A thread may have ended meanwhile, and with it nobody.
            Err(_) if !thread.path().exists() => {}
            Err(_) => return None,
        }
    }
    Some(children)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn a_parent_its_children_and_these_among_each_other_are_family() {
        let own = i32::try_from(std::process::id()).unwrap();
        let path = format!("/proc/{own}/task/{own}/children");
        if fs::read(path).is_err() {
            return println!("skipped: this kernel does not list children");
        }
        let start = || Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let mut started = [start(), start()];
        let pids = [0, 1].map(|place: usize| i32::try_from(started[place].id()).unwrap());
        let families = [own, pids[0], pids[1]].map(of);
        for child in &mut started {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let [parents, first, second] = families.map(Option::unwrap);
        assert!(pids.iter().all(|pid| parents.contains(pid)));
        assert!(first.contains(&own) && first.contains(&pids[1]) && !first.contains(&pids[0]));
        assert!(second.contains(&own) && second.contains(&pids[0]));
        assert_eq!(of(i32::MAX), None);
    }
}
