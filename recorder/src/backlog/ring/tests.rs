//! What waits comes out in order, within its memory, and what was given up is counted.

use super::*;
use afterimage_format::facts::{Gap, GapKind, KernelLogLine};
use afterimage_format::group::{Group, MachineField, ProcessField};
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::tick::{Key, Shed};
use afterimage_format::time::{MonotonicTime, Seq, WallTime};
use afterimage_format::units::Ticks;

/// Processes of which each tick says something new.
const PROCESSES: u32 = 60;

fn tick(number: u64) -> Box<Tick> {
    let mut tick = Box::new(crate::test_tick());
    tick.times.seq = Seq(number);
    tick.times.began.wall = WallTime(number.cast_signed() * 1_000_000);
    if number == 1 {
        tick.begin(Group::Machine, 0, Key::name(""));
        for slot in 0..PROCESSES {
            let key = ProcessKey {
                pid: Pid(slot.cast_signed() + 1),
                started: Ticks(1),
            };
            tick.begin(Group::Process, slot, Key::Process(key));
        }
    }
    let load = MachineField::Load1.column();
    tick.number(Group::Machine, 0, load, Ok(number.cast_signed()));
    for slot in 0..PROCESSES {
        let mixed = (number << 32 | u64::from(slot)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let rss = (mixed >> 40).cast_signed();
        tick.number(Group::Process, slot, ProcessField::Rss.column(), Ok(rss));
    }
    tick
}

fn line(text: &str) -> Record {
    Record::KernelLog(KernelLogLine {
        sequence: 1,
        at: MonotonicTime(0),
        wall: WallTime(0),
        severity: 4,
        facility: 0,
        text: text.as_bytes().to_vec(),
    })
}

/// A ring through which so many ticks have gone that nobody took.
fn filled(most_bytes: usize, ticks: u64) -> (Ring, usize) {
    let mut ring = Ring::new(most_bytes).unwrap();
    let mut given_back = 0;
    for number in 1..=ticks {
        ring.push(Job::Tick(tick(number), Vec::new()));
        ring.pack(&mut |_| given_back += 1);
    }
    (ring, given_back)
}

/// Everything that waits, in order.
fn drained(ring: &mut Ring) -> Vec<(Box<Tick>, Vec<Record>)> {
    let mut all = Vec::new();
    while let Some(job) = ring.pop(|packed| Box::new(Tick::new(*packed.times()))) {
        match job {
            Job::Tick(tick, records) => all.push((tick, records)),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(
        (ring.ticks, ring.packed_bytes, ring.record_bytes),
        (0, 0, 0)
    );
    all
}

fn seqs(ticks: &[(Box<Tick>, Vec<Record>)]) -> Vec<u64> {
    ticks.iter().map(|(tick, _)| tick.times.seq.0).collect()
}

#[test]
fn what_waits_comes_out_as_it_went_in() {
    let (mut ring, given_back) = filled(16 << 20, 100);
    assert_eq!(given_back, 100 - FRESH);
    assert_eq!(ring.ticks(), 100);
    let all = drained(&mut ring);
    assert_eq!(seqs(&all), (1..=100).collect::<Vec<_>>());
    for (tick, _) in &all {
        let original = self::tick(tick.times.seq.0);
        for group in Group::ALL {
            assert_eq!(tick.group(group).changes, original.group(group).changes);
            assert_eq!(tick.group(group).births, original.group(group).births);
        }
    }
    assert_eq!(ring.take_given_up(), GivenUp::default());
}

#[test]
fn memory_is_kept_to_and_details_go_evenly_before_any_tick_does() {
    let (whole, _) = filled(16 << 20, 300);
    let half = whole.packed_bytes / 2;
    let (mut ring, _) = filled(half, 300);
    assert!(ring.packed_bytes <= half, "{} of {half}", ring.packed_bytes);
    let given_up = ring.take_given_up();
    assert_eq!((given_up.ticks, given_up.lines), (0, 0));
    let all = drained(&mut ring);
    assert_eq!(seqs(&all), (1..=300).collect::<Vec<_>>());
    let thinned: Vec<_> = all
        .iter()
        .filter(|(tick, _)| tick.times.shed.contains(Shed::DETAILS))
        .map(|(tick, _)| tick.times.seq.0)
        .collect();
    assert_eq!(thinned.len() as u64, given_up.thinned);
    // In each third some were thinned and some were not.
    for third in 0..3 {
        let here = thinned
            .iter()
            .filter(|seq| (**seq - 1) / 100 == third)
            .count();
        assert!(
            (5..=95).contains(&here),
            "{here} of the ticks in third {third}"
        );
    }
    for (tick, _) in &all {
        let load = tick.group(Group::Machine).changes[0];
        assert_eq!(
            load.value,
            tick.times.seq.0.cast_signed(),
            "the machine is always there"
        );
    }
}

#[test]
fn when_nothing_else_is_left_the_oldest_ticks_go_and_are_counted_as_one_gap() {
    let (mut ring, _) = filled(6 << 10, 400);
    let given_up = ring.take_given_up();
    assert!(given_up.ticks > 100, "{given_up:?}");
    let words = given_up.to_string();
    assert!(words.starts_with("memory was short: "), "{words}");
    let all = drained(&mut ring);
    assert_eq!(all.len() as u64 + given_up.ticks, 400);
    assert_eq!(all.last().unwrap().0.times.seq, Seq(400));
    let births = |tick: &Tick| tick.group(Group::Process).births.len();
    // What the lost ticks said of rows that began is said by one that is left.
    let births: usize = all.iter().map(|(tick, _)| births(tick)).sum();
    assert_eq!(births, PROCESSES as usize);
    let (first, records) = &all[0];
    let [Record::Gap(gap)] = &records[..] else {
        panic!("{records:?}");
    };
    assert_eq!((gap.kind, gap.after), (GapKind::StorageOutage, Seq(0)));
    assert_eq!(gap.missed, given_up.ticks);
    assert_eq!(gap.to, first.times.began.wall);
}

#[test]
fn gaps_among_lost_ticks_follow_the_last_tick_before_them() {
    let mut ring = Ring::new(6 << 10).unwrap();
    for number in 1..=400 {
        // At each tick the one before it was missed.
        let gap = Record::Gap(Gap {
            kind: GapKind::Stalled,
            after: Seq(number - 1),
            from: WallTime(0),
            to: WallTime(0),
            missed: 1,
            detail: String::new(),
        });
        ring.push(Job::Tick(tick(number), vec![gap]));
        ring.pack(&mut |_| {});
    }
    let lost = ring.take_given_up().ticks;
    assert!(lost > 100, "{lost}");
    let all = drained(&mut ring);
    let (first, records) = &all[0];
    let mut missed = 0;
    for record in records {
        let Record::Gap(gap) = record else {
            panic!("{record:?}");
        };
        assert_eq!(gap.after, Seq(0), "{gap:?}");
        missed += gap.missed;
    }
    // What was lost, what was missed before each of it, and before the first that is left.
    assert_eq!(missed, 2 * lost + 1);
    let after = |records: &[Record]| match records {
        [Record::Gap(gap)] => gap.after,
        other => panic!("{other:?}"),
    };
    for (tick, records) in &all[1..] {
        assert_eq!(after(records).0, tick.times.seq.0 - 1);
    }
    assert!(first.times.seq.0 > lost);
}

#[test]
fn a_flood_of_the_kernel_log_is_bounded_and_counted() {
    let mut ring = Ring::new(64 << 20).unwrap();
    for number in 1..=30 {
        let lines = (0..1000).map(|_| line("again")).collect();
        ring.push(Job::Tick(tick(number), lines));
    }
    assert_eq!(ring.take_given_up().lines, 10_000);
    let all = drained(&mut ring);
    let kept: usize = all.iter().map(|(_, records)| records.len()).sum();
    assert_eq!(kept, MOST_LINES);
}

#[test]
fn what_could_not_be_taken_comes_out_first_again() {
    let (mut ring, _) = filled(16 << 20, 30);
    let unpack = |packed: &PackedTick| Box::new(Tick::new(*packed.times()));
    let job = ring.pop(unpack).unwrap();
    ring.put_back(job);
    assert_eq!(ring.ticks(), 30);
    assert_eq!(seqs(&drained(&mut ring)), (1..=30).collect::<Vec<_>>());
}

#[test]
fn the_fallback_begins_where_everything_is_said_anew() {
    let (mut ring, _) = filled(16 << 20, 30);
    assert!(!ring.since_reset(|_, _| panic!("there is none")));
    let mut reset = tick(31);
    reset.reset = true;
    ring.push(Job::Tick(reset, Vec::new()));
    for number in 32..=60 {
        ring.push(Job::Tick(tick(number), Vec::new()));
        ring.pack(&mut |_| {});
    }
    let mut seen = Vec::new();
    assert!(ring.since_reset(|tick, _| seen.push(tick.times.seq.0)));
    assert_eq!(seen, (31..=60).collect::<Vec<_>>());
}
