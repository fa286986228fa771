//! What the samples say of a thread before its dump: its CPU from tick to tick, and since when it has
//! been as it is.
//!
//! In: the ticks that recorded a thread. Out: pieces of a curve, with holes where it was not recorded;
//! and words such as `at full CPU since 12:04:10, 14 s before the first dump`.

use super::kernel::Seen;
use crate::zone::Zone;
use afterimage_format::capture::reader::TaskTick;
use afterimage_format::time::WallTime;
use std::collections::BTreeMap;
use std::time::Duration;

/// From this share of a core on a thread is at full CPU.
const FULL: f64 = 0.9;
/// One that gets at least so much, and wants more nearly all the time, is on a busy host.
const GETS: f64 = 0.2;
/// Below this share it uses none.
const NONE: f64 = 0.01;
/// Of less time nothing is said.
const SHORTEST: Duration = Duration::from_secs(3);
/// The dump may be so much later than the last tick.
const NEAR: Duration = Duration::from_secs(15);
/// So many times the usual time between ticks, and some are missing.
const MISSING: u32 = 4;

/// A thread from one tick to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    /// From when on.
    pub from: WallTime,
    /// Until when.
    pub to: WallTime,
    /// How much of a core it used, 1 is all of it.
    pub cpu: f64,
    /// For how much of the time it could have run, and did not.
    pub wait: Option<f64>,
}

/// The pieces between ticks that follow each other: in between it was recorded.
pub fn pieces(ticks: &[TaskTick]) -> Vec<Piece> {
    let apart = |pair: &[TaskTick]| pair[1].at_boot.since(pair[0].at_boot);
    let usual = ticks
        .windows(2)
        .filter_map(apart)
        .filter(|apart| !apart.is_zero())
        .min();
    let piece = |pair: &[TaskTick]| {
        let (then, now) = (pair[0], pair[1]);
        let over = apart(pair).filter(|over| !over.is_zero())?;
        if now.seq.0 != then.seq.0 + 1 || usual.is_some_and(|usual| over > usual * MISSING) {
            return None;
        }
        let share = |now: Duration, then: Duration| {
            let used = now.checked_sub(then)?;
            Some(used.as_secs_f64() / over.as_secs_f64())
        };
        Some(Piece {
            from: then.at,
            to: now.at,
            cpu: share(now.run.ok()?, then.run.ok()?)?,
            wait: now
                .wait
                .ok()
                .zip(then.wait.ok())
                .and_then(|(now, then)| share(now, then)),
        })
    };
    ticks.windows(2).filter_map(piece).collect()
}

/// What the samples say of the threads of a process up to a dump of it.
#[derive(Debug)]
pub struct Past {
    /// The pieces of each thread's curve, by its number on the host.
    pub threads: BTreeMap<i32, Vec<Piece>>,
    /// When the dump was taken.
    pub at: WallTime,
    /// When the first dump of its series was.
    pub first: WallTime,
    /// How times are told.
    pub zone: Zone,
}

impl Past {
    /// Since when a thread has been at full CPU, or has used none.
    pub fn words(&self, seen: &Seen) -> Option<String> {
        let pieces = self.threads.get(&seen.tid)?;
        let end = pieces.iter().rposition(|piece| piece.from <= self.at)?;
        let last = pieces[end];
        // What comes later than the dump says nothing of it, nor what was long before.
        if self.at.since(last.to).is_some_and(|since| since > NEAR) {
            return None;
        }
        // On a busy host a thread gets less than it wants.
        let is_busy = |piece: &Piece| {
            let wants = |wait| piece.cpu >= GETS && piece.cpu + wait >= FULL;
            piece.cpu >= FULL || piece.wait.is_some_and(wants)
        };
        let is_full = is_busy(&last);
        let is_like = |piece: &Piece| {
            if is_full {
                is_busy(piece)
            } else {
                piece.cpu < NONE
            }
        };
        if !is_like(&last) {
            return None;
        }
        let mut begin = end;
        while begin > 0 && is_like(&pieces[begin - 1]) && pieces[begin - 1].to == pieces[begin].from
        {
            begin -= 1;
        }
        let since = pieces[begin].from;
        if self.at.since(since).is_none_or(|over| over < SHORTEST) {
            return None;
        }
        let got = pieces[begin..=end].iter().map(|piece| piece.cpu);
        let got = got.sum::<f64>() / (end + 1 - begin) as f64;
        let what = match (is_full, got >= FULL) {
            (true, true) => "at full CPU",
            (true, false) => "wanted a CPU all the time",
            (false, _) => "no CPU used",
        };
        let clock = self.zone.time_of_day(since);
        let clock = clock
            .split_once('.')
            .map_or(&*clock, |(seconds, _)| seconds);
        let early = self.first.since(since).filter(|early| early.as_secs() > 0);
        let early = early.map_or(String::new(), |early| {
            format!(", {} s before the first dump", early.as_secs())
        });
        let was_seen = begin > 0 && pieces[begin - 1].to == pieces[begin].from;
        let or_longer = if was_seen {
            ""
        } else {
            " or longer (it was not recorded before)"
        };
        Some(format!("{what} since {clock}{early}{or_longer}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterimage_format::time::{BootTime, Seq};

    fn tick(seq: u64, run_millis: u64) -> TaskTick {
        let micros = i64::try_from(seq).unwrap() * 1_000_000;
        TaskTick {
            seq: Seq(seq),
            at: WallTime(micros),
            at_boot: BootTime(micros),
            run: Ok(Duration::from_millis(run_millis)),
            wait: Ok(Duration::from_millis(run_millis / 10)),
        }
    }

    fn seen() -> Seen {
        Seen {
            tid: 7,
            ..Seen::default()
        }
    }

    fn words(pieces: Vec<Piece>, at: i64, first: i64) -> Option<String> {
        let past = Past {
            threads: BTreeMap::from([(7, pieces)]),
            at: WallTime(at * 1_000_000),
            first: WallTime(first * 1_000_000),
            zone: Zone::utc(),
        };
        past.words(&seen())
    }

    #[test]
    fn a_tick_that_is_missing_leaves_a_hole_and_no_zero() {
        let ticks = [tick(1, 0), tick(2, 500), tick(4, 2500), tick(5, 3500)];
        let pieces = pieces(&ticks);
        let cpu: Vec<(i64, f64)> = pieces
            .iter()
            .map(|piece| (piece.from.0 / 1_000_000, piece.cpu))
            .collect();
        assert_eq!(cpu.len(), 2, "{cpu:?}");
        assert!((cpu[0].1 - 0.5).abs() < 1e-9 && cpu[0].0 == 1);
        assert!((cpu[1].1 - 1.0).abs() < 1e-9 && cpu[1].0 == 4);
        assert!((pieces[0].wait.unwrap() - 0.05).abs() < 1e-9);
    }

    #[test]
    fn since_when_is_told_with_how_long_before_the_first_dump() {
        let mut ticks: Vec<TaskTick> = (1..=10).map(|seq| tick(seq, 0)).collect();
        ticks.extend((11..=30).map(|seq| tick(seq, (seq - 10) * 1000)));
        let pieces = pieces(&ticks);
        assert_eq!(
            words(pieces.clone(), 30, 24).as_deref(),
            Some("at full CPU since 00:00:10, 14 s before the first dump")
        );
        let turn = words(pieces.clone(), 10, 10);
        assert_eq!(turn, None, "at the turn neither was so for long");
        assert_eq!(
            words(pieces.clone(), 9, 9).as_deref(),
            Some(
                "no CPU used since 00:00:01, 8 s before the first dump or longer (it was not recorded before)"
            )
        );
        assert_eq!(words(pieces.clone(), 90, 90), None, "too long ago");
        let busy = pieces.into_iter().map(|piece| Piece {
            cpu: piece.cpu / 2.0,
            wait: Some(piece.cpu / 2.0),
            ..piece
        });
        assert_eq!(
            words(busy.collect(), 30, 30).as_deref(),
            Some("wanted a CPU all the time since 00:00:10, 20 s before the first dump")
        );
    }
}
