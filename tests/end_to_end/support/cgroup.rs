//! Control groups of version 1, and of version 2 with a quota of CPU time, removed when their guard goes.

use super::host::{is_root, skip};
use afterimage_format::kernel_view::CpuQuota;
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
            skip(&format!("no control group of {controller} can be made"));
            return None;
        }
        Some(Self(group))
    }

    /// One whose threads may use so much CPU time, of whichever version there is here. Where there
    /// can be none it says why.
    pub(crate) fn with_quota(quota: CpuQuota) -> Option<Self> {
        let [allowed, period] = [quota.allowed, quota.period].map(|time| time.as_micros());
        let root = Path::new("/sys/fs/cgroup");
        let controllers = fs::read_to_string(root.join("cgroup.controllers")).unwrap_or_default();
        if !controllers.split_whitespace().any(|one| one == "cpu") {
            let group = Self::make("cpu")?;
            if !group.0.join("cpu.cfs_quota_us").exists() {
                skip("the kernel knows no quotas of CPU time");
                return None;
            }
            group.set("cpu.cfs_period_us", &period.to_string());
            group.set("cpu.cfs_quota_us", &allowed.to_string());
            return Some(group);
        }
        // It may be on already, and may not be ours to switch on.
        drop(fs::write(root.join("cgroup.subtree_control"), "+cpu"));
        let group = Self::make("")?;
        if !group.0.join("cpu.max").exists() {
            skip("no quota of CPU time can be set here");
            return None;
        }
        group.set("cpu.max", &format!("{allowed} {period}"));
        Some(group)
    }

    /// What it is called.
    pub(crate) fn name(&self) -> &str {
        let name = self.0.file_name().and_then(|name| name.to_str());
        name.expect("it was given one")
    }

    /// A number of one of its files.
    pub(crate) fn count(&self, file: &str, name: &str) -> Option<u64> {
        let text = fs::read_to_string(self.0.join(file)).ok()?;
        let mut pairs = text.lines().filter_map(|line| line.split_once(' '));
        pairs.find(|(known, _)| *known == name)?.1.parse().ok()
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
