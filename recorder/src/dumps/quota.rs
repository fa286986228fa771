//! The CPU quota of a process: of its cgroup and those above it the tightest one, and how often
//! that has kept it from running.
//!
//! In: `cgroup` of the process, and the files of the `cpu` controller, version 1 or 2. A cgroup
//! that this process cannot see (outside its own namespace) is not known.

use crate::source::numbers::{Words, count, lines};
use afterimage_format::kernel_view::{CpuCgroup, CpuQuota};
use afterimage_format::process::Pid;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

const ROOT: &str = "/sys/fs/cgroup";
/// No path is followed up further.
const MOST_DEEP: usize = 64;

/// What holds for a process now; nothing where that cannot be read.
pub(super) fn of(pid: Pid) -> Option<CpuCgroup> {
    let groups = fs::read(format!("/proc/{}/cgroup", pid.0)).ok()?;
    within(&groups, Path::new(ROOT))
}

fn within(groups: &[u8], root: &Path) -> Option<CpuCgroup> {
    let (path, top, is_first) = place(groups, root)?;
    let inside = Path::new(OsStr::from_bytes(path)).strip_prefix("/").ok()?;
    let is_plain = |part| matches!(part, Component::Normal(_));
    if !inside.components().all(is_plain) || !top.join(inside).join("cgroup.procs").exists() {
        return None;
    }
    let mut tightest: Option<(&Path, CpuQuota)> = None;
    for folder in inside.ancestors().take(MOST_DEEP) {
        let quota = quota(&top.join(folder), is_first);
        if let Some(quota) = quota.filter(|quota| is_tighter(quota, tightest.as_ref())) {
            tightest = Some((folder, quota));
        }
    }
    let folder = tightest.map_or(inside, |(folder, _)| folder);
    let stat = fs::read(top.join(folder).join("cpu.stat")).unwrap_or_default();
    let number = |name: &[u8]| {
        let mut found = lines(&stat).filter_map(|line| line.strip_prefix(name));
        Words(found.next()?).count().ok()
    };
    let kept = if is_first {
        number(b"throttled_time ").map(Duration::from_nanos)
    } else {
        number(b"throttled_usec ").map(Duration::from_micros)
    };
    Some(CpuCgroup {
        path: [b"/", folder.as_os_str().as_bytes()].concat(),
        quota: tightest.map(|(_, quota)| quota),
        periods: number(b"nr_periods "),
        throttled: number(b"nr_throttled "),
        throttled_for: kept,
    })
}

/// The path of a process in the hierarchy of the `cpu` controller, where that is mounted, and
/// whether it is of version 1.
fn place<'a>(groups: &'a [u8], root: &Path) -> Option<(&'a [u8], PathBuf, bool)> {
    let mut second = None;
    for line in lines(groups) {
        let mut parts = line.splitn(3, |byte| *byte == b':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        if controllers
            .split(|byte| *byte == b',')
            .any(|one| one == b"cpu")
        {
            let together = root.join(OsStr::from_bytes(controllers));
            let tops = [root.join("cpu"), together];
            let top = tops.into_iter().find(|top| top.exists())?;
            return Some((path, top, true));
        }
        if controllers.is_empty() {
            second = Some(path);
        }
    }
    let tops = [root.to_owned(), root.join("unified")];
    let is_mounted = |top: &PathBuf| top.join("cgroup.controllers").exists();
    Some((second?, tops.into_iter().find(is_mounted)?, false))
}

/// The quota of one cgroup, if it has one.
fn quota(folder: &Path, is_first: bool) -> Option<CpuQuota> {
    let read = |name: &str| fs::read(folder.join(name)).ok();
    // No quota is `-1`, and `max`: neither is a number.
    let micros = |word: &[u8]| count(word).ok().map(Duration::from_micros);
    let (allowed, period) = if is_first {
        let period = micros(read("cpu.cfs_period_us")?.trim_ascii())?;
        (micros(read("cpu.cfs_quota_us")?.trim_ascii())?, period)
    } else {
        let most = read("cpu.max")?;
        let mut words = Words(most.trim_ascii());
        (micros(words.word()?)?, micros(words.word()?)?)
    };
    (!period.is_zero()).then_some(CpuQuota { allowed, period })
}

fn is_tighter(quota: &CpuQuota, than: Option<&(&Path, CpuQuota)>) -> bool {
    let times = |one: &CpuQuota, other: &CpuQuota| one.allowed.as_nanos() * other.period.as_nanos();
    than.is_none_or(|(_, other)| times(quota, other) < times(other, quota))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hierarchy with these files.
    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    const STAT: &str = "usage_usec 9\nuser_usec 5\nsystem_usec 4\nnr_periods 40\nnr_throttled 12\nthrottled_usec 345678\n";

    #[test]
    fn of_version_2_the_tightest_quota_on_the_way_holds() {
        let files = [
            ("cgroup.controllers", "cpu\n"),
            ("cgroup.procs", ""),
            ("pods/cpu.max", "150000 100000\n"),
            ("pods/a b/cpu.max", "50000 50000\n"),
            ("pods/a b/cpu.stat", STAT),
            ("pods/a b/c/cpu.max", "max 100000\n"),
            ("pods/a b/c/cgroup.procs", "5\n"),
        ];
        let tree = tree(&files);
        let found = within(b"0::/pods/a b/c\n", tree.path()).unwrap();
        assert_eq!(found.path, b"/pods/a b");
        assert_eq!(found.quota.unwrap().cpus(), Some(1.0));
        assert_eq!((found.periods, found.throttled), (Some(40), Some(12)));
        assert_eq!(found.throttled_for, Some(Duration::from_micros(345_678)));
        // Above all of them nobody is limited, and nothing is counted.
        let found = within(b"0::/\n", tree.path()).unwrap();
        assert_eq!((found.path.as_slice(), found.quota), (&b"/"[..], None));
        assert_eq!((found.periods, found.throttled_for), (None, None));
    }

    #[test]
    fn of_version_1_nanoseconds_are_counted_and_minus_one_is_no_quota() {
        let files = [
            ("cpu,cpuacct/shop/cgroup.procs", "5\n"),
            ("cpu,cpuacct/shop/cpu.cfs_quota_us", "25000\n"),
            ("cpu,cpuacct/shop/cpu.cfs_period_us", "100000\n"),
            (
                "cpu,cpuacct/shop/cpu.stat",
                "nr_periods 7\nnr_throttled 3\nthrottled_time 2500000\n",
            ),
            ("cpu,cpuacct/free/cgroup.procs", ""),
            ("cpu,cpuacct/free/cpu.cfs_quota_us", "-1\n"),
            ("cpu,cpuacct/free/cpu.cfs_period_us", "100000\n"),
            ("cpu,cpuacct/free/cpu.stat", "nr_periods 0\n"),
        ];
        let tree = tree(&files);
        let groups =
            |path: &str| format!("9:memory:/x\n2:cpu,cpuacct:/{path}\n0::/y\n").into_bytes();
        let found = within(&groups("shop"), tree.path()).unwrap();
        assert_eq!(found.path, b"/shop");
        assert_eq!(found.quota.unwrap().cpus(), Some(0.25));
        assert_eq!(found.throttled_for, Some(Duration::from_micros(2500)));
        let found = within(&groups("free"), tree.path()).unwrap();
        assert_eq!((found.quota, found.periods), (None, Some(0)));
        assert_eq!(found.throttled, None);
    }

    #[test]
    fn what_cannot_be_seen_is_not_known() {
        let tree = tree(&[("cgroup.controllers", "cpu\n"), ("cgroup.procs", "")]);
        for groups in [
            &b"0::/../other\n"[..],
            b"0::/gone\n",
            b"2:cpu:/\n",
            b"",
            b"nonsense\n0::/\n",
        ] {
            assert_eq!(within(groups, tree.path()), None, "{groups:?}");
        }
        assert_eq!(of(Pid(i32::MAX)), None);
    }
}
