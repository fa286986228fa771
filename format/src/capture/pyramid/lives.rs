//! What each process did over a stretch of time: the part of the pyramid that is per life.
//!
//! A minute's sums are made from the ticks, those of longer stretches from the minutes. Lives
//! that began and ended within a stretch are added up as one, so that a busy shell script does
//! not fill the pyramid.

use crate::capture::bytes::{Input, put_signed, put_unsigned};
use crate::capture::chunk::decode::next_process;
use crate::capture::chunk::{MOST_ROWS, check_count};
use crate::capture::error::FrameFault;
use crate::process::{Pid, ProcessKey};
use crate::units::Ticks;
use std::collections::BTreeMap;

/// The key under which lives too short to be kept apart are added up.
pub const SHORT_LIVES: ProcessKey = ProcessKey {
    pid: Pid(0),
    started: Ticks(0),
};

/// A sum over a stretch, and the largest share of it in one tick.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SumAndMost {
    /// Over the ticks at which it is known.
    pub sum: u64,
    /// In one tick.
    pub most: u64,
    /// Of how many ticks it is known; without any, the others mean nothing. What was read rarely
    /// may be of ticks before the stretch as well.
    pub ticks: u64,
}

/// A value over a stretch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeastAndMost {
    /// The smallest.
    pub least: u64,
    /// The largest.
    pub most: u64,
    /// The sum over the ticks at which it is known.
    pub sum: u64,
    /// At how many ticks it is known; without any, the others mean nothing.
    pub ticks: u64,
}

/// What one process did over a stretch of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LifeSums {
    /// At how many ticks it was there; of added-up lives, over all of them.
    pub ticks: u64,
    /// CPU time, in microseconds.
    pub cpu_us: SumAndMost,
    /// Time runnable without a CPU, in microseconds (of the leader thread).
    pub wait_us: SumAndMost,
    /// Bytes fetched from storage.
    pub read_bytes: SumAndMost,
    /// Bytes sent to storage.
    pub write_bytes: SumAndMost,
    /// The resident set in pages.
    pub rss_pages: LeastAndMost,
    /// Whether it was there at the first and at the last tick.
    pub(super) at_ends: [bool; 2],
}

/// How many numbers a life is stored as.
const NUMBERS: usize = 17;

impl SumAndMost {
    /// What it is over so many ticks of which only the sum is known.
    pub(super) fn over(ticks: u64, sum: Option<u64>) -> Self {
        let known = sum.filter(|_| ticks > 0);
        known.map_or_else(Self::default, |sum| Self {
            sum,
            most: sum.div_ceil(ticks),
            ticks,
        })
    }

    fn add(&mut self, other: Self) {
        self.sum = self.sum.saturating_add(other.sum);
        self.most = self.most.max(other.most);
        self.ticks = self.ticks.saturating_add(other.ticks);
    }
}

impl LeastAndMost {
    /// What it is at one tick.
    pub(super) fn once(value: Option<u64>) -> Self {
        value.map_or_else(Self::default, |value| Self {
            least: value,
            most: value,
            sum: value,
            ticks: 1,
        })
    }

    fn add(&mut self, other: Self) {
        self.least = match (self.ticks, other.ticks) {
            (0, _) => other.least,
            (_, 0) => self.least,
            _ => self.least.min(other.least),
        };
        self.most = self.most.max(other.most);
        self.sum = self.sum.saturating_add(other.sum);
        self.ticks = self.ticks.saturating_add(other.ticks);
    }
}

impl LifeSums {
    pub(super) fn add(&mut self, other: &Self) {
        self.ticks = self.ticks.saturating_add(other.ticks);
        self.cpu_us.add(other.cpu_us);
        self.wait_us.add(other.wait_us);
        self.read_bytes.add(other.read_bytes);
        self.write_bytes.add(other.write_bytes);
        self.rss_pages.add(other.rss_pages);
    }

    fn numbers(&self) -> [u64; NUMBERS] {
        let three = |of: SumAndMost| [of.sum, of.most, of.ticks];
        let rss = self.rss_pages;
        let rss = [
            rss.least,
            rss.most.saturating_sub(rss.least),
            // Of a set that did not change the sum is known: then this is 0.
            rss.sum.wrapping_sub(rss.least.wrapping_mul(rss.ticks)),
            rss.ticks,
        ];
        let sums = [self.cpu_us, self.wait_us, self.read_bytes, self.write_bytes];
        let all = [self.ticks]
            .into_iter()
            .chain(sums.into_iter().flat_map(three));
        let mut numbers = [0; NUMBERS];
        for (number, value) in numbers.iter_mut().zip(all.chain(rss)) {
            *number = value;
        }
        numbers
    }

    fn from_numbers(numbers: [u64; NUMBERS]) -> Self {
        let ticks = numbers[0];
        let three = |at: usize| SumAndMost {
            sum: numbers[at],
            most: numbers[at + 1],
            ticks: numbers[at + 2],
        };
        let (least, rss_ticks) = (numbers[13], numbers[16]);
        Self {
            ticks,
            cpu_us: three(1),
            wait_us: three(4),
            read_bytes: three(7),
            write_bytes: three(10),
            rss_pages: LeastAndMost {
                least,
                most: least.saturating_add(numbers[14]),
                sum: numbers[15].wrapping_add(least.wrapping_mul(rss_ticks)),
                ticks: rss_ticks,
            },
            at_ends: [false; 2],
        }
    }
}

/// The lives of one stretch, by pid and start.
pub(crate) type Lives = BTreeMap<ProcessKey, LifeSums>;

/// Adds the lives of a shorter stretch to those of a longer one.
pub(super) fn merge(into: &mut Lives, shorter: &Lives, is_first: bool) {
    for (key, sums) in shorter {
        let known = into.contains_key(key);
        let mine = into.entry(*key).or_default();
        mine.add(sums);
        mine.at_ends = [
            if known {
                mine.at_ends[0]
            } else {
                is_first && sums.at_ends[0]
            },
            sums.at_ends[1],
        ];
    }
    for (key, mine) in into {
        mine.at_ends[1] &= shorter.contains_key(key);
    }
}

/// Adds up the lives that neither were there at the beginning nor are at the end.
pub(super) fn fold_short(lives: &mut Lives) {
    let mut short = LifeSums::default();
    lives.retain(|key, sums| {
        let keep = sums.at_ends != [false; 2] || *key == SHORT_LIVES;
        if !keep {
            short.add(sums);
        }
        keep
    });
    if short.ticks > 0 {
        lives.entry(SHORT_LIVES).or_default().add(&short);
    }
}

/// Keys as steps from the one before, then the numbers, like beside like.
pub(super) fn encode(out: &mut Vec<u8>, lives: &Lives) {
    put_unsigned(out, lives.len() as u64);
    let mut previous = SHORT_LIVES;
    for key in lives.keys() {
        put_signed(out, i64::from(key.pid.0) - i64::from(previous.pid.0));
        put_signed(
            out,
            key.started.0.wrapping_sub(previous.started.0).cast_signed(),
        );
        previous = *key;
    }
    let numbers: Vec<[u64; NUMBERS]> = lives.values().map(LifeSums::numbers).collect();
    for column in 0..NUMBERS {
        for row in &numbers {
            put_unsigned(out, row[column]);
        }
    }
}

pub(super) fn decode(raw: &[u8]) -> Result<Vec<(ProcessKey, LifeSums)>, FrameFault> {
    let mut input = Input(raw);
    let count = input.count(2 + NUMBERS)?;
    check_count(count, MOST_ROWS)?;
    let mut lives = Vec::with_capacity(count);
    let mut previous = SHORT_LIVES;
    for _ in 0..count {
        previous = next_process(&mut input, previous)?;
        lives.push((previous, [0; NUMBERS]));
    }
    for column in 0..NUMBERS {
        for (_, numbers) in &mut lives {
            numbers[column] = input.unsigned()?;
        }
    }
    input.end()?;
    let sums = lives
        .into_iter()
        .map(|(key, numbers)| (key, LifeSums::from_numbers(numbers)));
    Ok(sums.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(ticks: u64, cpu: u64, rss: u64, at_ends: [bool; 2]) -> LifeSums {
        LifeSums {
            ticks,
            cpu_us: SumAndMost {
                sum: cpu,
                most: cpu,
                ticks,
            },
            rss_pages: LeastAndMost {
                least: rss,
                most: rss,
                sum: rss * ticks,
                ticks,
            },
            at_ends,
            ..LifeSums::default()
        }
    }

    fn key(pid: i32) -> ProcessKey {
        ProcessKey {
            pid: Pid(pid),
            started: Ticks(9),
        }
    }

    #[test]
    fn lives_within_the_stretch_are_added_up_and_the_others_kept_apart() {
        let mut lives = Lives::from([
            (key(1), sums(60, 5, 10, [true, true])),
            (key(2), sums(2, 70, 3, [false, false])),
            (key(3), sums(4, 30, 8, [false, false])),
            (key(4), sums(9, 1, 1, [false, true])),
        ]);
        fold_short(&mut lives);
        assert_eq!(
            lives.keys().copied().collect::<Vec<_>>(),
            [SHORT_LIVES, key(1), key(4)]
        );
        let short = lives[&SHORT_LIVES];
        assert_eq!(
            (short.ticks, short.cpu_us.sum, short.cpu_us.most),
            (6, 100, 70)
        );
        let rss = short.rss_pages;
        assert_eq!((rss.least, rss.most, rss.sum), (3, 8, 2 * 3 + 4 * 8));
        assert_eq!((rss.ticks, short.read_bytes.ticks), (6, 0));
    }

    #[test]
    fn what_is_not_known_is_no_smallest_and_no_sum() {
        let mut minute = sums(60, 5, 10, [true; 2]);
        let denied = LifeSums {
            ticks: 60,
            ..LifeSums::default()
        };
        minute.add(&denied);
        assert_eq!((minute.ticks, minute.cpu_us.ticks), (120, 60));
        let rss = minute.rss_pages;
        assert_eq!((rss.least, rss.most, rss.sum, rss.ticks), (10, 10, 600, 60));
        let mut reversed = denied;
        reversed.add(&sums(60, 5, 10, [true; 2]));
        assert_eq!(reversed.rss_pages, rss);
    }

    #[test]
    fn a_longer_stretch_knows_who_was_there_at_its_ends() {
        let mut hour = Lives::new();
        merge(
            &mut hour,
            &Lives::from([
                (key(1), sums(60, 1, 1, [true, true])),
                (key(2), sums(60, 1, 1, [true, true])),
            ]),
            true,
        );
        merge(
            &mut hour,
            &Lives::from([
                (key(1), sums(60, 1, 1, [true, true])),
                (key(3), sums(5, 1, 1, [false, true])),
            ]),
            false,
        );
        assert_eq!(hour[&key(1)].at_ends, [true, true]);
        assert_eq!(hour[&key(2)].at_ends, [true, false]);
        assert_eq!(hour[&key(3)].at_ends, [false, true]);
    }

    #[test]
    fn lives_come_back_as_they_were() {
        let mut one = sums(60, 5, 10, [false; 2]);
        one.rss_pages = LeastAndMost {
            least: 10,
            most: 4000,
            sum: 90_000,
            ticks: 60,
        };
        one.read_bytes = SumAndMost {
            sum: u64::MAX,
            most: 7,
            ticks: 59,
        };
        let lives = Lives::from([(key(40), one), (key(7), sums(1, 0, 0, [false; 2]))]);
        let mut raw = Vec::new();
        encode(&mut raw, &lives);
        assert_eq!(decode(&raw).unwrap().into_iter().collect::<Lives>(), lives);
        assert!(decode(&raw[..raw.len() - 1]).is_err());
    }
}
