//! What the account says of invented times.

use super::*;
use crate::schedule::Schedule;
use afterimage_format::time::BootTime;
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);
const CALM: Signs = Signs {
    starved: Some(Duration::ZERO),
    major_faults: 0,
    continued: false,
};

fn at(monotonic_ms: i64, boot_ms: i64, wall_ms: i64) -> Instants {
    Instants {
        monotonic: MonotonicTime(monotonic_ms * 1000),
        boot: BootTime(boot_ms * 1000),
        wall: WallTime(wall_ms * 1000),
    }
}

/// A schedule of a second, its account, and the gaps that were sent.
struct Run {
    schedule: Schedule,
    account: TimeAccount,
    gaps: Vec<Gap>,
    anchors: Vec<Anchor>,
}

impl Run {
    /// Its first tick is taken at 0.
    fn new() -> Self {
        let mut run = Self {
            schedule: Schedule::new(MonotonicTime(0), SECOND),
            account: TimeAccount::new(SECOND, Seq(1)),
            gaps: Vec::new(),
            anchors: Vec::new(),
        };
        run.tick(at(0, 0, 0), CALM, true);
        run
    }

    /// A tick that begins then and is over at once; the queue has room for it, or not.
    fn tick(&mut self, now: Instants, signs: Signs, has_room: bool) -> Due {
        let due = self.schedule.take(now.monotonic);
        self.account.begins(due, now, signs);
        self.account.ended(now.monotonic);
        self.account.rests(now.monotonic);
        let records = self.account.records(now.wall);
        if !has_room {
            self.account.is_refused(records);
            return due;
        }
        for record in records {
            match record {
                Record::Gap(gap) => self.gaps.push(gap),
                Record::Clock(anchor) => self.anchors.push(anchor),
                other => panic!("{other:?}"),
            }
        }
        self.account.is_sent(now.wall);
        due
    }

    fn told(&self) -> Vec<(GapKind, u64, &str)> {
        let gaps = self.gaps.iter();
        gaps.map(|gap| (gap.kind, gap.missed, &*gap.detail))
            .collect()
    }
}

#[test]
fn a_suspend_in_which_no_tick_was_due_is_a_gap_that_counts_none() {
    let mut run = Run::new();
    run.tick(at(1_000, 61_000, 61_000), CALM, true);
    assert_eq!(run.told(), [(GapKind::Suspended, 0, "for 60.0 s")]);
    assert_eq!(
        (run.gaps[0].after, run.gaps[0].to),
        (Seq(1), WallTime(61_000_000))
    );
}

#[test]
fn a_suspend_in_which_ticks_were_due_is_one_gap() {
    let mut run = Run::new();
    run.tick(at(4_000, 64_000, 64_000), CALM, true);
    assert_eq!(run.told(), [(GapKind::Suspended, 3, "for 60.0 s")]);
}

#[test]
fn a_clock_set_during_a_suspend_or_a_stop_is_told_beside_it() {
    let mut run = Run::new();
    run.tick(at(1_000, 61_000, 56_000), CALM, true);
    let continued = Signs {
        continued: true,
        ..CALM
    };
    run.tick(at(4_000, 64_000, 3_659_000), continued, true);
    let stop = "by a signal (SIGSTOP), and continued";
    let expected = [
        (GapKind::Suspended, 0, "for 60.0 s"),
        (
            GapKind::ClockStepped,
            0,
            "the clock was set back by 5.000 s",
        ),
        (GapKind::Stopped, 2, stop),
        (
            GapKind::ClockStepped,
            0,
            "the clock was set forward by 3600.000 s",
        ),
    ];
    assert_eq!(run.told(), expected);
    let walls: Vec<_> = run
        .anchors
        .iter()
        .map(|anchor| (anchor.seq, anchor.wall))
        .collect();
    assert_eq!(
        walls,
        [
            (Seq(2), WallTime(56_000_000)),
            (Seq(3), WallTime(3_659_000_000))
        ]
    );
}

/// The reading of a tick takes time too: what happens then is no less seen.
#[test]
fn what_happens_while_a_tick_is_read_is_seen_by_the_next() {
    let mut run = Run::new();
    let due = run.schedule.take(MonotonicTime(1_000_000));
    run.account.begins(due, at(1_000, 1_000, 1_000), CALM);
    // Suspended for a minute here, and the clock was set.
    run.account.ended(MonotonicTime(1_010_000));
    run.account.is_sent(WallTime(1_000_000));
    run.tick(at(2_000, 62_000, 72_000), CALM, true);
    let kinds: Vec<_> = run.gaps.iter().map(|gap| gap.kind).collect();
    assert_eq!(kinds, [GapKind::Suspended, GapKind::ClockStepped]);
}

#[test]
fn what_a_refused_tick_had_to_say_is_said_by_the_next() {
    let mut run = Run::new();
    run.tick(at(1_000, 1_000, 9_000), CALM, false);
    run.tick(at(2_000, 2_000, 10_000), CALM, true);
    let full = "the writer was busy for longer than the queue is";
    let step = "the clock was set forward by 8.000 s";
    assert_eq!(
        run.told(),
        [
            (GapKind::QueueFull, 1, full),
            (GapKind::ClockStepped, 0, step)
        ]
    );
    assert_eq!(run.anchors.len(), 1);
    assert_eq!(run.anchors[0].seq, Seq(2));
}

#[test]
fn one_hole_of_several_causes_is_one_gap_that_names_them_all() {
    let mut run = Run::new();
    run.tick(at(1_000, 1_000, 1_000), CALM, false);
    run.tick(at(2_000, 2_000, 2_000), CALM, false);
    let starved = Signs {
        starved: Some(Duration::from_secs(5)),
        ..CALM
    };
    run.tick(at(8_000, 8_000, 8_000), starved, true);
    let full = "the writer was busy for longer than the queue is";
    let words = format!("waited 5.0 s for a CPU; 2 of the ticks: queue-full, {full}");
    assert_eq!(run.told(), [(GapKind::Stalled, 7, words.as_str())]);
    assert_eq!(run.gaps[0].after, Seq(1));
}

fn step() -> impl Strategy<Value = (Instants, Signs, bool)> {
    let anything = (any::<i64>(), any::<i64>(), any::<bool>(), any::<bool>());
    // Centuries, back and forth: the kernel's clock does neither.
    let monotonic = prop_oneof![0..20_000_000_i64, 0..1_i64 << 60];
    let signs = (any::<Option<u32>>(), any::<u64>());
    (monotonic, anything, signs).prop_map(
        |(monotonic, (boot, wall, continued, has_room), signs)| {
            let now = Instants {
                monotonic: MonotonicTime(monotonic),
                boot: BootTime(boot),
                wall: WallTime(wall),
            };
            let signs = Signs {
                starved: signs.0.map(|millis| Duration::from_millis(millis.into())),
                major_faults: signs.1,
                continued,
            };
            (now, signs, has_room)
        },
    )
}

fn slot(due: Due) -> u64 {
    u64::try_from(due.planned.0).unwrap() / 1_000_000
}

proptest! {
    #[test]
    fn whatever_the_clocks_show_each_hole_has_one_gap_that_counts_it(
        steps in proptest::collection::vec(step(), 1..40),
    ) {
        let mut run = Run::new();
        let mut slots = vec![0];
        let mut last = 0;
        for (now, signs, has_room) in steps {
            let due = run.tick(now, signs, has_room);
            prop_assert!(slot(due) > last);
            last = slot(due);
            if has_room {
                slots.push(last);
            }
        }
        let counted = |after: Seq| run.gaps.iter().filter(move |gap| gap.after == after && gap.missed > 0);
        for (pair, seq) in slots.windows(2).zip(1..) {
            let said: Vec<_> = counted(Seq(seq)).map(|gap| gap.missed).collect();
            let absent = pair[1] - pair[0] - 1;
            prop_assert_eq!(said, if absent > 0 { vec![absent] } else { vec![] });
        }
        let missed: u64 = run.gaps.iter().map(|gap| gap.missed).sum();
        let pending = run.account.lost.told().map_or(0, |(_, missed, _)| missed);
        prop_assert_eq!(slots.len() as u64 + missed + pending, last + 1);
        prop_assert!(run.gaps.iter().all(|gap| !gap.detail.is_empty()));
    }
}
