//! What each process did over a stretch of time: the part of the pyramid that is per life.
//!
//! A minute's sums are made from the ticks, those of longer stretches from the minutes. Lives
//! that began and ended within a stretch are added up as one, so that a busy shell script does
//! not fill the pyramid.

use crate::capture::bytes::{Input, put_signed, put_unsigned};
use crate::capture::chunk::decode::next_process;
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
    /// Over the whole stretch.
    pub sum: u64,
    /// In one tick.
    pub most: u64,
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
    /// The resident set in pages: smallest, largest, and the sum over the ticks.
    pub rss_pages: [u64; 3],
    /// Whether it was there at the first and at the last tick.
    pub(super) at_ends: [bool; 2],
}

/// How many numbers a life is stored as.
const NUMBERS: usize = 12;

impl LifeSums {
    pub(super) fn add(&mut self, other: &Self) {
        let smallest = match (self.ticks, other.ticks) {
            (0, _) => other.rss_pages[0],
            (_, 0) => self.rss_pages[0],
            _ => self.rss_pages[0].min(other.rss_pages[0]),
        };
        self.ticks += other.ticks;
        for (mine, theirs) in [
            (&mut self.cpu_us, other.cpu_us),
            (&mut self.wait_us, other.wait_us),
            (&mut self.read_bytes, other.read_bytes),
            (&mut self.write_bytes, other.write_bytes),
        ] {
            mine.sum = mine.sum.saturating_add(theirs.sum);
            mine.most = mine.most.max(theirs.most);
        }
        let [_, most, sum] = other.rss_pages;
        self.rss_pages = [
            smallest,
            self.rss_pages[1].max(most),
            self.rss_pages[2].saturating_add(sum),
        ];
    }

    fn numbers(&self) -> [u64; NUMBERS] {
        let pair = |pair: SumAndMost| [pair.sum, pair.most];
        let [cpu, wait] = [pair(self.cpu_us), pair(self.wait_us)];
        let [read, write] = [pair(self.read_bytes), pair(self.write_bytes)];
        let [least, most, sum] = self.rss_pages;
        let spread = most.saturating_sub(least);
        // Of a set that did not change the sum is known: then this is 0.
        let beyond = sum.wrapping_sub(least.wrapping_mul(self.ticks));
        [
            self.ticks, cpu[0], cpu[1], wait[0], wait[1], read[0], read[1], write[0], write[1],
            least, spread, beyond,
        ]
    }

    fn from_numbers(numbers: [u64; NUMBERS]) -> Self {
        let pair = |at: usize| SumAndMost {
            sum: numbers[at],
            most: numbers[at + 1],
        };
        let (ticks, least) = (numbers[0], numbers[9]);
        let sum = numbers[11].wrapping_add(least.wrapping_mul(ticks));
        Self {
            ticks,
            cpu_us: pair(1),
            wait_us: pair(3),
            read_bytes: pair(5),
            write_bytes: pair(7),
            rss_pages: [least, least.saturating_add(numbers[10]), sum],
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
            },
            rss_pages: [rss, rss, rss * ticks],
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
        assert_eq!(short.rss_pages, [3, 8, 2 * 3 + 4 * 8]);
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
        one.rss_pages = [10, 4000, 90_000];
        one.read_bytes = SumAndMost {
            sum: u64::MAX,
            most: 7,
        };
        let lives = Lives::from([(key(40), one), (key(7), sums(1, 0, 0, [false; 2]))]);
        let mut raw = Vec::new();
        encode(&mut raw, &lives);
        assert_eq!(decode(&raw).unwrap().into_iter().collect::<Lives>(), lives);
        assert!(decode(&raw[..raw.len() - 1]).is_err());
    }
}
