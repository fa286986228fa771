//! A capture opened by our own reader, in this process: what the commands do not show.

use afterimage_format::capture::Capture;
use afterimage_format::facts::{Gap, Run};
use afterimage_format::sample::Sample;
use afterimage_format::time::Seq;
use std::path::Path;

/// The number of the newest tick that can be read; 0 while there is none.
pub(crate) fn last_tick(file: &Path) -> u64 {
    let ends = Capture::open(file).and_then(|capture| capture.ends());
    ends.ok().flatten().map_or(0, |(_, last)| last.0)
}

/// The newest sample that can be read.
pub(crate) fn last_sample(file: &Path) -> Option<Sample> {
    let mut capture = Capture::open(file).ok()?;
    let (_, last) = capture.ends().ok()??;
    capture.sample(last).ok()?
}

/// Every sample, in order. None may be damaged.
#[track_caller]
pub(crate) fn samples(file: &Path) -> Vec<Sample> {
    let mut capture = Capture::open(file).expect("the capture opens");
    let (first, last) = capture.ends().unwrap().expect("it has ticks");
    let samples = (first.0..=last.0).map(|seq| {
        let sample = capture.sample(Seq(seq)).unwrap();
        sample.unwrap_or_else(|| panic!("tick {seq} is damaged"))
    });
    samples.collect()
}

/// What each run of a capture had due, took and missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) due: u64,
    pub(crate) ticks: u64,
    pub(crate) missed: u64,
}

/// Counts each run's ticks, and checks that whatever is missing between two of them is covered by
/// a gap that says exactly how many.
#[track_caller]
pub(crate) fn account(file: &Path) -> Vec<Account> {
    let mut capture = Capture::open(file).expect("the capture opens");
    let (runs, gaps) = (capture.runs().unwrap(), capture.gaps().unwrap());
    let samples = samples(file);
    let ends = runs.iter().skip(1).map(|run| run.first.0);
    let ends: Vec<u64> = ends.chain([u64::MAX]).collect();
    let accounts = runs.iter().zip(ends).map(|(run, end)| {
        let own = samples.iter().filter(|sample| {
            let seq = sample.times.seq;
            seq >= run.first && seq.0 < end
        });
        account_of(run, &own.collect::<Vec<_>>(), &gaps)
    });
    accounts.collect()
}

#[track_caller]
fn account_of(run: &Run, samples: &[&Sample], gaps: &[Gap]) -> Account {
    let interval = run.interval.as_micros();
    let apart = |before: &Sample, now: &Sample| {
        let time = now.times.planned.since(before.times.planned);
        let time = time.expect("ticks are planned one after the other");
        assert_eq!(
            time.as_micros() % interval,
            0,
            "off the grid: {:?}",
            now.times
        );
        u64::try_from(time.as_micros() / interval).unwrap()
    };
    let mut missed = 0;
    for pair in samples.windows(2) {
        let (before, absent) = (pair[0].times.seq, apart(pair[0], pair[1]) - 1);
        let said = gaps.iter().filter(|gap| gap.after == before);
        let said: u64 = said.map(|gap| gap.missed).sum();
        assert_eq!(said, absent, "after tick {before:?}: {gaps:?}");
        missed += said;
    }
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else {
        return Account {
            due: 0,
            ticks: 0,
            missed: 0,
        };
    };
    Account {
        due: apart(first, last) + 1,
        ticks: samples.len() as u64,
        missed,
    }
}
