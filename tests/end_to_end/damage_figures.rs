//! Bits flipped, files cut, pages overwritten: every value that is shown of such a capture is the
//! one that was recorded, what is absent is said to be, and what was not touched is shown.

#[cfg(test)]
mod flips;
mod frames;

use crate::support::command::{AFTERIMAGE, finish};
use crate::support::files::{DAMAGED, DONE, FAILED};
use crate::support::host::quick_folder;
use crate::support::random::Random;
use crate::support::recorder::Recorder;
use crate::support::truth::Said;
use afterimage_format::capture::Maker;
use afterimage_format::capture::salvage::salvage;
use afterimage_format::capture::watch::{Unwatched, Watch};
use afterimage_format::time::WallTime;
use frames::Frames;
use rustix::process::Signal;
use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread;
use tempfile::TempDir;

const PAGE: usize = 4096;
/// Two chunks and a tail.
const TICKS: u64 = 150;
/// Of so many damaged captures one is shown by the command itself, too.
const BY_COMMAND: u64 = 20;
/// What the command may take for that: CPU seconds, twice as many in an unoptimised build, and KiB
/// of memory.
const LIMITS: &str = if cfg!(debug_assertions) {
    "ulimit -t 4; ulimit -v 524288"
} else {
    "ulimit -t 2; ulimit -v 524288"
};
/// What a salvage takes over row by row. (Runs and gaps tell of what it lost. Of a source the newest
/// word counts: where that is lost, it is the one before.)
const SAVED: [&str; 4] = ["host", "clock", "kernel log", "event"];
const EVERY: [&str; 10] = [
    "host",
    "run",
    "gap",
    "note",
    "clock",
    "kernel log",
    "event",
    "life",
    "command line",
    "bucket",
];

/// How often each kind of damage is done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) flipped: u64,
    pub(crate) cut: u64,
    pub(crate) overwritten: u64,
}

/// A sound capture: its file and, behind that, its log.
struct Original {
    bytes: Vec<u8>,
    /// Where the log begins; the end without one.
    log: usize,
    truth: Said,
    frames: Frames,
}

/// What was done to the bytes of one.
#[derive(Debug)]
struct Damage {
    what: &'static str,
    at: Range<usize>,
}

/// What came of it.
#[derive(Debug, Default)]
struct Outcome {
    refused: u64,
    told: u64,
    unchanged: u64,
    saved: u64,
    ticks_lost: u64,
    /// What must not be.
    faults: Vec<String>,
}

#[test]
fn damaged_captures_say_nothing_wrong() {
    let counts = Counts {
        flipped: 16,
        cut: 8,
        overwritten: 8,
    };
    damage_often(counts, &mut Random::from_clock());
}

/// Half of the captures ended cleanly, half have the log of a recorder that was killed.
pub(crate) fn damage_often(counts: Counts, random: &mut Random) {
    let originals = [recorded(false), recorded(true)];
    let kinds = [counts.flipped, counts.cut, counts.overwritten];
    let numbers = (0..)
        .zip(kinds)
        .flat_map(|(kind, count)| (0..count).map(move |nth| (kind, nth)));
    let work: Vec<_> = numbers
        .map(|(kind, nth)| (kind, nth, random.below(u64::MAX)))
        .collect();
    let halves: Vec<Outcome> = thread::scope(|scope| {
        let halves = (0..2).map(|half| {
            let (original, work) = (&originals[half], &work);
            let mine = work
                .iter()
                .filter(move |(_, nth, _)| nth % 2 == half as u64);
            scope.spawn(move || outcome(original, mine))
        });
        let threads: Vec<_> = halves.collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    for (half, outcome) in ["ended cleanly", "killed, with its log"]
        .iter()
        .zip(&halves)
    {
        let Outcome {
            refused,
            told,
            unchanged,
            saved,
            ticks_lost,
            faults,
        } = outcome;
        eprintln!(
            "{half}: {refused} refused, {told} said to be damaged, {unchanged} the same, {saved} salvaged, \
             {ticks_lost} ticks lost, {} faults",
            faults.len()
        );
    }
    let faults: Vec<_> = halves
        .into_iter()
        .flat_map(|outcome| outcome.faults)
        .collect();
    assert!(faults.is_empty(), "{} faults: {faults:#?}", faults.len());
}

fn recorded(killed: bool) -> Original {
    let folder = quick_folder();
    let file = folder.path().join("good");
    let mut recorder = Recorder::start(&file, &["-i", "20ms"]);
    recorder.wait_for_tick(TICKS / 2);
    recorder.ask(&["mark", "half of it"]);
    recorder.wait_for_tick(TICKS);
    let mut log = Vec::new();
    if killed {
        recorder.signal(Signal::KILL);
        recorder.wait();
        log = fs::read(log_of(&file)).unwrap();
    } else {
        recorder.stop();
    }
    let truth = Said::of(&file).expect("it is sound");
    assert_eq!(truth.damage, [""; 0]);
    assert!(truth.ticks.values().all(|cells| cells.are_all()));
    let mut bytes = fs::read(&file).unwrap();
    // The room that a recorder reserves behind the database is no part of it.
    let pages = u32::from_be_bytes(bytes[28..32].try_into().unwrap()) as usize;
    bytes.truncate(pages * PAGE);
    let end = bytes.len();
    bytes.extend_from_slice(&log);
    let frames = Frames::find(&file, &bytes, end);
    Original {
        bytes,
        log: end,
        truth,
        frames,
    }
}

fn log_of(file: &Path) -> PathBuf {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

/// Damages a copy.
fn damaged(original: &Original, kind: u64, random: &mut Random) -> (Vec<u8>, usize, Damage) {
    let mut bytes = original.bytes.clone();
    let below =
        |random: &mut Random, end: usize| usize::try_from(random.below(end as u64)).unwrap();
    let has_log = original.log < bytes.len();
    let in_log = has_log && random.below(2) == 0;
    let part = if in_log {
        original.log..bytes.len()
    } else {
        0..original.log
    };
    let mut log = original.log;
    let (what, at) = match kind {
        0 => {
            let at = part.start + below(random, part.len());
            bytes[at] ^= 1 << random.below(8);
            ("flipped", at..at + 1)
        }
        1 => {
            let at = part.start + below(random, part.len());
            bytes.drain(at..part.end);
            if !in_log {
                log = at;
            }
            ("cut", at..part.end)
        }
        _ => {
            let at = part.start + below(random, part.len() / PAGE) * PAGE;
            let from = part.start + below(random, part.len() / PAGE) * PAGE;
            let how = below(random, 4);
            match how {
                0 => bytes[at..at + PAGE].fill(0),
                1 => bytes[at..at + PAGE].fill(0xff),
                2 => bytes[at..at + PAGE]
                    .iter_mut()
                    .for_each(|byte| *byte = random.below(256).to_le_bytes()[0]),
                _ => bytes.copy_within(from..from + PAGE, at),
            }
            let how = ["zeros", "ones", "noise", "another page"][how];
            (how, at..at + PAGE)
        }
    };
    (bytes, log, Damage { what, at })
}

fn outcome<'a>(original: &Original, work: impl Iterator<Item = &'a (u64, u64, u64)>) -> Outcome {
    let folder = quick_folder();
    let mut outcome = Outcome::default();
    for (kind, nth, seed) in work {
        let (bytes, log, damage) = damaged(original, *kind, &mut Random::new(*seed));
        let file = written(&folder, &bytes, log);
        let faults = outcome.faults.len();
        examine(original, (&folder, &file), &damage, &mut outcome);
        if nth % BY_COMMAND < 2 {
            by_command(&file, &mut outcome);
        }
        for fault in &mut outcome.faults[faults..] {
            *fault = format!("{damage:?}: {fault}");
        }
    }
    outcome
}

fn written(folder: &TempDir, bytes: &[u8], log: usize) -> PathBuf {
    let file = folder.path().join("damaged");
    fs::write(&file, &bytes[..log]).unwrap();
    let beside = log_of(&file);
    if log < bytes.len() {
        fs::write(beside, &bytes[log..]).unwrap();
    } else {
        drop(fs::remove_file(beside));
    }
    file
}

fn examine(
    original: &Original,
    (folder, file): (&TempDir, &Path),
    damage: &Damage,
    outcome: &mut Outcome,
) {
    let truth = &original.truth;
    let said = Said::of(file);
    let mut shown = BTreeSet::new();
    match &said {
        None => outcome.refused += 1,
        Some(said) => {
            // Where gaps are said to be damaged, rates may go over one.
            let has_gaps = !said.damage.iter().any(|found| found.contains("\"gap\""));
            let compared = EVERY.iter().filter(|table| has_gaps || **table != "bucket");
            let compared: Vec<_> = compared.copied().collect();
            outcome.faults.extend(said.beyond(truth, &compared));
            // A row has a check, a table has none: a sound page of another one can hide its rows.
            let mut lacks = said.lacks(truth);
            lacks.retain(|row| damage.what != "another page" || row.starts_with("tick"));
            let told = !said.damage.is_empty();
            outcome.told += u64::from(told);
            outcome.unchanged += u64::from(!told && lacks.is_empty());
            // A log that is shorter is what the recorder left a little earlier.
            let is_in_log = damage.at.start >= original.log;
            let is_earlier = damage.what == "cut" && is_in_log;
            // What ends in pieces is said to, and lacks what it was about to write. Zeros look as
            // if nothing had been.
            let may_end = said.ends_in_pieces || damage.what == "zeros" && is_in_log;
            let newest = truth.ticks.keys().rev().take(2);
            let newest: Vec<_> = newest.map(|seq| format!("tick {seq}")).collect();
            let mut ticks = lacks.iter().filter(|row| row.starts_with("tick"));
            let is_in_flight = may_end && ticks.all(|tick| newest.contains(tick));
            if !told && !lacks.is_empty() && !is_earlier && !is_in_flight {
                outcome.faults.push(format!(
                    "nothing was said of {} that are lost: {:?}",
                    lacks.len(),
                    lacks[0]
                ));
            }
            shown.extend(said.ticks.keys().copied());
        }
    }
    let mut untouched = original.frames.untouched(&damage.at);
    let ends_in_pieces = said.as_ref().is_some_and(|said| said.ends_in_pieces);
    if let Some(newest) = truth.ticks.keys().last().filter(|_| ends_in_pieces) {
        // It was in the commit that counts as one that was never ended.
        untouched.remove(newest);
    }
    if said.is_none() || !untouched.is_subset(&shown) {
        let saved = folder.path().join("saved");
        if let Some(said) = salvaged(file, &saved) {
            outcome.saved += 1;
            outcome
                .faults
                .extend(said.damage.iter().map(|found| format!("saved: {found}")));
            let beyond = said.beyond(truth, &SAVED);
            outcome
                .faults
                .extend(beyond.iter().map(|found| format!("saved: {found}")));
            shown.extend(said.ticks.keys().copied());
            fs::remove_file(saved).unwrap();
        }
    }
    let lost: Vec<_> = untouched.difference(&shown).collect();
    if let [first, ..] = lost[..] {
        outcome.faults.push(format!(
            "{} ticks were not touched, but are not shown, from {first} on",
            lost.len()
        ));
    }
    outcome.ticks_lost += truth
        .ticks
        .keys()
        .filter(|seq| !shown.contains(seq))
        .count() as u64;
}

fn salvaged(file: &Path, saved: &Path) -> Option<Said> {
    let maker = Maker {
        now: WallTime(1_700_000_000_000_000),
        version: "test".to_owned(),
    };
    let watch: Arc<dyn Watch> = Arc::new(Unwatched);
    salvage(file, saved, (&maker, "salvaged"), &watch).ok()?;
    Some(Said::of(saved).expect("what was saved can be opened"))
}

/// The command ends in time, with little memory, and without a panic.
fn by_command(file: &Path, outcome: &mut Outcome) {
    for verb in ["check", "info", "ps", "vmstat"] {
        let mut command = Command::new("sh");
        command
            .args([
                "-c",
                &format!("{LIMITS}; exec \"$0\" \"$@\""),
                AFTERIMAGE,
                verb,
            ])
            .arg(file);
        let ran = finish(&mut command);
        if ![DONE, FAILED, DAMAGED].contains(&ran.code) {
            outcome
                .faults
                .push(format!("{verb} ended with {}: {}", ran.code, ran.stderr));
        }
    }
}
