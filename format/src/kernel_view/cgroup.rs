//! The CPU quota that holds for a process, in the first line of a view: what keeps threads that
//! could run from running.

use super::{escaped, number, unescaped};
use std::fmt::Write as _;
use std::time::Duration;

/// Of the cgroup of a process and those above it, the one with the smallest quota for each period;
/// the innermost where several have the same, and its own where none has one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CpuCgroup {
    /// Its path in the hierarchy of the `cpu` controller, as `/proc/PID/cgroup` has it.
    pub path: Vec<u8>,
    /// What it may use; `None` when no cgroup on the way is limited.
    pub quota: Option<CpuQuota>,
    /// `nr_periods` of `cpu.stat`: periods in which something in it could run.
    pub periods: Option<u64>,
    /// `nr_throttled` of `cpu.stat`: those of them in which its quota was used up.
    pub throttled: Option<u64>,
    /// `throttled_usec` of `cpu.stat` (version 1: `throttled_time`): how long it was then kept
    /// from running, of each CPU added up.
    pub throttled_for: Option<Duration>,
}

/// So much CPU time in each period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CpuQuota {
    /// First number of `cpu.max` (version 1: `cpu.cfs_quota_us`).
    pub allowed: Duration,
    /// Second number of `cpu.max` (version 1: `cpu.cfs_period_us`).
    pub period: Duration,
}

impl CpuQuota {
    /// How many CPUs that is.
    pub fn cpus(&self) -> Option<f64> {
        (!self.period.is_zero()).then(|| self.allowed.as_secs_f64() / self.period.as_secs_f64())
    }
}

impl CpuCgroup {
    pub(super) fn push_to(&self, text: &mut String) {
        let mut push = |name: &str, value: Option<u128>| {
            if let Some(value) = value {
                // Writing to a String does not fail.
                let _infallible = write!(text, "\t{name}\t{value}");
            }
        };
        let micros = |time: Duration| time.as_micros();
        push("nr_periods", self.periods.map(u128::from));
        push("nr_throttled", self.throttled.map(u128::from));
        push("throttled_us", self.throttled_for.map(micros));
        push("period_us", self.quota.map(|quota| micros(quota.period)));
        push("quota_us", self.quota.map(|quota| micros(quota.allowed)));
        if self.quota.is_none() {
            text.push_str("\tquota_us\t-");
        }
        text.push_str("\tcgroup\t");
        text.push_str(&escaped(Some(&self.path)));
    }

    /// Out of the fields of the first line by their names; `None` where nothing is said of it.
    pub(super) fn from_fields<'t>(field: impl Fn(&str) -> Option<&'t [u8]>) -> Option<Self> {
        let count = |name| number::<u64>(field(name)?);
        let micros = |name| count(name).map(Duration::from_micros);
        let quota = match field("quota_us")? {
            b"-" => None,
            _ => Some(CpuQuota {
                allowed: micros("quota_us")?,
                period: micros("period_us")?,
            }),
        };
        Some(Self {
            path: unescaped(field("cgroup")?)?,
            quota,
            periods: count("nr_periods"),
            throttled: count("nr_throttled"),
            throttled_for: micros("throttled_us"),
        })
    }
}
