//! How much the CPU quota of a cgroup kept the threads of a process from running around a dump.

use afterimage_format::kernel_view::KernelView;
use std::time::Duration;

/// What its cgroup was kept from between two views.
#[derive(Debug, Clone, PartialEq)]
pub struct Throttled {
    /// The cgroup.
    pub path: Box<[u8]>,
    /// How many CPUs its quota is.
    pub cpus: f64,
    /// Periods of the quota that ended in that time.
    pub periods: u64,
    /// Those of them in which it was used up.
    pub used_up: u64,
    /// How long its threads were kept from running, of each CPU added up.
    pub kept: Duration,
}

impl Throttled {
    /// What it was kept from between these views; `None` where one of them does not say, where
    /// there is no quota, and where they speak of two cgroups or of one that was made anew.
    pub(super) fn between(first: &KernelView, last: &KernelView) -> Option<Self> {
        let (then, now) = (first.cgroup.as_ref()?, last.cgroup.as_ref()?);
        if then.path != now.path {
            return None;
        }
        let rise = |then: Option<u64>, now: Option<u64>| now?.checked_sub(then?);
        Some(Self {
            path: now.path.as_slice().into(),
            cpus: now.quota?.cpus()?,
            periods: rise(then.periods, now.periods)?,
            used_up: rise(then.throttled, now.throttled)?,
            kept: now.throttled_for?.checked_sub(then.throttled_for?)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::dumps::kernel::Views;
    use crate::dumps::model::{Dump, Source};
    use crate::dumps::report::{Around, Report};
    use afterimage_format::kernel_view::{CpuCgroup, CpuQuota, KernelView};
    use afterimage_format::time::{BootTime, WallTime};
    use std::time::Duration;

    /// A view at this millisecond, in a cgroup with these counts and half a CPU.
    fn view(millis: i64, path: &str, [periods, throttled, kept]: [u64; 3]) -> KernelView {
        KernelView {
            at: WallTime(millis * 1000),
            at_boot: BootTime(millis * 1000),
            took: Duration::ZERO,
            unread: 0,
            cgroup: Some(CpuCgroup {
                path: path.into(),
                quota: Some(CpuQuota {
                    allowed: Duration::from_millis(50),
                    period: Duration::from_millis(100),
                }),
                periods: Some(periods),
                throttled: Some(throttled),
                throttled_for: Some(Duration::from_millis(kept)),
            }),
            threads: Vec::new(),
        }
    }

    /// What is said of a dump between these views.
    fn said(before: &KernelView, after: &KernelView) -> Option<(&'static str, String)> {
        let around = Around {
            views: Views {
                before: Some(before),
                after: Some(after),
                ..Views::default()
            },
            ..Around::default()
        };
        let report = Report::of(&Dump::new(Source::HotSpot), &around);
        let mut findings = report.findings.into_iter();
        let found = findings.find(|finding| finding.kind == "cpu-throttled")?;
        Some((found.severity.name(), found.summary))
    }

    #[test]
    fn a_cgroup_that_used_up_its_quota_starves_its_threads() {
        let before = view(1000, "/shop", [10, 4, 1000]);
        let after = view(1600, "/shop", [16, 9, 1290]);
        let (severity, summary) = said(&before, &after).unwrap();
        assert_eq!(severity, "warning");
        assert_eq!(
            summary,
            "Starved: its cgroup /shop was throttled 290 ms of 600 ms by its quota of 0.5 CPUs, in 5 of 6 periods. Its threads could run and were kept from it."
        );
        // All four CPUs were kept from it.
        let after = view(1600, "/shop", [16, 9, 3000]);
        let (_, summary) = said(&before, &after).unwrap();
        assert!(
            summary.contains("throttled 2000 ms (each CPU counted) of 600 ms"),
            "{summary}"
        );
    }

    #[test]
    fn little_another_cgroup_a_fall_and_what_is_not_known_are_no_finding() {
        let before = view(1000, "/shop", [10, 4, 1000]);
        assert_eq!(said(&before, &view(1600, "/shop", [16, 4, 1000])), None);
        assert_eq!(said(&before, &view(1600, "/shop", [16, 5, 1020])), None);
        assert_eq!(said(&before, &view(1600, "/else", [16, 9, 1290])), None);
        assert_eq!(said(&before, &view(1600, "/shop", [6, 3, 290])), None);
        let mut free = view(1600, "/shop", [16, 9, 1290]);
        free.cgroup.as_mut().unwrap().quota = None;
        assert_eq!(said(&before, &free), None);
        let mut old = view(1600, "/shop", [16, 9, 1290]);
        old.cgroup = None;
        assert_eq!(said(&before, &old), None);
    }
}
