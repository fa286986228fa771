//! How many ends are kept one by one: all of them, until a flood lasts.
//!
//! 30,000 rows may come at once (2-3 MB), then 50 a second; what is beyond that is counted by
//! parent and name. So a build of ten minutes is kept whole, and a storm that goes on for hours
//! neither fills the share of these rows nor makes the recorder write megabytes a minute.

use afterimage_format::facts::{EndsSum, Exited};
use afterimage_format::process::Pid;
use afterimage_format::time::MonotonicTime;
use std::collections::BTreeMap;
use std::time::Duration;

/// Rows that may come at once, and that are regained in a second.
const BURST: u64 = 30_000;
const EACH_SECOND: u64 = 50;
/// How long sums grow before they are stored, and how many there may be.
const FLUSH_EVERY: Duration = Duration::from_secs(10);
const MOST_SUMS: usize = 1000;

type ParentAndName = (Option<Pid>, Option<Vec<u8>>);

/// Lets ends pass, or adds them up.
#[derive(Debug)]
pub(crate) struct Gate {
    /// In thousandths of a row.
    tokens: u64,
    refilled: Option<MonotonicTime>,
    sums: BTreeMap<ParentAndName, EndsSum>,
    flushed: Option<MonotonicTime>,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            tokens: BURST * 1000,
            refilled: None,
            sums: BTreeMap::new(),
            flushed: None,
        }
    }
}

impl Gate {
    /// Time passes.
    pub(crate) fn refill(&mut self, now: MonotonicTime) {
        let passed = self.refilled.and_then(|before| now.since(before));
        let millis = passed.map_or(0, |passed| passed.as_millis());
        if passed.is_none() || millis > 0 {
            self.refilled = Some(now);
        }
        let gained = u64::try_from(millis)
            .unwrap_or(u64::MAX)
            .saturating_mul(EACH_SECOND);
        self.tokens = self.tokens.saturating_add(gained).min(BURST * 1000);
    }

    /// The end, if it is kept as a row.
    pub(crate) fn pass(&mut self, exited: Exited) -> Option<Exited> {
        if let Some(left) = self.tokens.checked_sub(1000) {
            self.tokens = left;
            return Some(exited);
        }
        let cpu = exited.cpu();
        let key = (exited.ppid, exited.comm);
        let key = if self.sums.len() < MOST_SUMS || self.sums.contains_key(&key) {
            key
        } else {
            // Too many kinds: the rest is one.
            (None, None)
        };
        let sum = self.sums.entry(key.clone()).or_insert_with(|| EndsSum {
            from: exited.wall,
            to: exited.wall,
            ppid: key.0,
            comm: key.1,
            lives: 0,
            cpu: None,
        });
        sum.lives += 1;
        sum.from = sum.from.min(exited.wall);
        sum.to = sum.to.max(exited.wall);
        sum.cpu = [sum.cpu, cpu].into_iter().flatten().reduce(|a, b| a + b);
        None
    }

    /// The sums, if it is time to store them.
    pub(crate) fn sums(&mut self, now: MonotonicTime, is_over: bool) -> Vec<EndsSum> {
        let since = self.flushed.and_then(|before| now.since(before));
        let is_due = since.is_none_or(|since| since >= FLUSH_EVERY);
        if !is_over && (self.sums.is_empty() || !is_due) {
            return Vec::new();
        }
        self.flushed = Some(now);
        std::mem::take(&mut self.sums).into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterimage_format::facts::KnownBy;
    use afterimage_format::time::WallTime;

    fn end(second: i64, comm: &[u8]) -> Exited {
        Exited {
            wall: WallTime(second * 1_000_000),
            pid: Pid(9),
            ppid: Some(Pid(7)),
            started: None,
            comm: Some(comm.to_vec()),
            command_line: None,
            uid: None,
            wait_status: Some(0),
            user: Some(Duration::from_millis(2)),
            system: Some(Duration::from_millis(1)),
            read: None,
            written: None,
            peak_rss: None,
            lifetime: None,
            flags: None,
            tty_nr: None,
            known_by: KnownBy::Taskstats,
        }
    }

    #[test]
    fn a_flood_that_lasts_is_added_up_and_nothing_of_it_is_uncounted() {
        let mut gate = Gate::default();
        let mut kept = 0;
        for second in 0..60 {
            gate.refill(MonotonicTime(second * 1_000_000));
            let passed = (0..1000).filter_map(|_| gate.pass(end(second, b"storm")));
            kept += passed.count();
        }
        // 30,000 at once, and 50 in each of the 59 seconds after the first.
        assert_eq!(kept, 30_000 + 59 * 50);
        let sums = gate.sums(MonotonicTime(60_000_000), false);
        let [sum] = &sums[..] else {
            panic!("one parent and one name: {sums:?}");
        };
        assert_eq!(sum.lives, 60_000 - 32_950);
        assert_eq!(sum.comm.as_deref(), Some(&b"storm"[..]));
        let cpu = Duration::from_millis(3) * u32::try_from(sum.lives).unwrap();
        assert_eq!(sum.cpu, Some(cpu));
        assert_eq!(gate.sums(MonotonicTime(90_000_000), false), []);
    }

    #[test]
    fn two_hundred_a_second_for_two_minutes_are_kept_one_by_one() {
        let mut gate = Gate::default();
        for second in 0..120 {
            gate.refill(MonotonicTime(second * 1_000_000));
            assert!((0..200).all(|_| gate.pass(end(second, b"make")).is_some()));
        }
        assert_eq!(gate.sums(MonotonicTime(121_000_000), true), []);
    }

    #[test]
    fn too_many_names_become_one_sum() {
        let mut gate = Gate {
            tokens: 0,
            ..Gate::default()
        };
        for number in 0..3000 {
            let name = format!("name-{number}");
            assert_eq!(gate.pass(end(1, name.as_bytes())), None);
        }
        let sums = gate.sums(MonotonicTime(0), false);
        assert_eq!(sums.len(), MOST_SUMS + 1);
        assert_eq!(sums.iter().map(|sum| sum.lives).sum::<u64>(), 3000);
    }
}
