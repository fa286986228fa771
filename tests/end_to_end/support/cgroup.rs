//! Control groups of version 1, removed when their guard goes.

use super::host::{is_root, skip};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A group of our own. What is in it must end before this goes.
#[derive(Debug)]
pub(crate) struct Cgroup(PathBuf);

impl Cgroup {
    /// One of this controller. Where there can be none it says why.
    pub(crate) fn make(controller: &str) -> Option<Self> {
        let (own, number) = (std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let root = Path::new("/sys/fs/cgroup").join(controller);
        let group = root.join(format!("afterimage-test-{own}-{number}"));
        if !is_root() || !root.join("cgroup.procs").exists() || fs::create_dir(&group).is_err() {
            skip(&format!(
                "no control group (version 1) of {controller} can be made"
            ));
            return None;
        }
        Some(Self(group))
    }

    #[track_caller]
    pub(crate) fn enter(&self, pid: i64) {
        self.set("cgroup.procs", &pid.to_string());
    }

    #[track_caller]
    pub(crate) fn set(&self, file: &str, value: &str) {
        fs::write(self.0.join(file), value).expect("the group is ours");
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // The kernel takes a moment to forget the last process that was in it.
        for _ in 0..100 {
            if fs::remove_dir(&self.0).is_ok() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }
}
