//! What is true of a capture as a whole: the host, the runs, where it begins and ends, the gaps.

use super::damage::DamageSeen;
use crate::data::events::RunBand;
use crate::data::{Damage, Ending, Facts, GapBand, ReplayError};
use afterimage_analysis::zone::Zone;
use afterimage_format::capture::error::CaptureError;
use afterimage_format::capture::{Capture, Mode};
use afterimage_format::facts::{Gap, GapKind, Host, Run};
use afterimage_format::process::Pid;
use afterimage_format::time::{Seq, WallTime};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

/// What is read of a capture as a whole.
#[derive(Debug)]
pub(super) struct Whole {
    /// The host as it was last.
    pub(super) host: Host,
    runs: Vec<Run>,
    gaps: Vec<Gap>,
    /// The first and the last tick.
    pub(super) ends: (Seq, Seq),
    first: WallTime,
    last: WallTime,
}

impl Whole {
    /// Reads it.
    pub(super) fn read(capture: &mut Capture) -> Result<Self, ReplayError> {
        let nothing = |capture: &Capture| CaptureError::NoSample {
            path: capture.path().to_owned(),
            place: match capture.rescue() {
                Some(_) => "any more: it is cut off or damaged before its first one",
                None => "yet",
            }
            .to_owned(),
        };
        let ends = capture.ends()?.ok_or_else(|| nothing(capture))?;
        let runs = capture.runs()?;
        let gaps = capture.gaps()?;
        let first = match capture.wall_of(ends.0)? {
            // The first chunk is damaged: its run began with it, or earlier.
            None => runs.first().map(|run| run.from),
            first => first,
        };
        let last = match capture.wall_of(ends.1)? {
            // The last chunk is damaged: its run ended with it, else what is before it counts.
            None => runs.last().and_then(|run| run.to),
            last => last,
        };
        let last = match last {
            None => {
                let seq = capture.at_or_before(WallTime(i64::MAX))?;
                seq.map_or(Ok(None), |seq| capture.wall_of(seq))?
            }
            last => last,
        };
        let (first, last) = first.zip(last).ok_or(ReplayError::Damaged)?;
        Ok(Self {
            host: capture.host()?.1,
            runs,
            gaps,
            ends,
            first,
            last,
        })
    }

    /// The time between ticks when `seq` was taken.
    pub(super) fn interval_at(&self, seq: Seq) -> Duration {
        let run = self.runs.iter().rev().find(|run| run.first <= seq);
        run.map_or(Duration::from_secs(1), |run| run.interval)
    }

    /// The pid of the recorder that took a tick.
    pub(super) fn recorder_at(&self, seq: Seq) -> Option<Pid> {
        let run = self.runs.iter().rev().find(|run| run.first <= seq);
        run.map(|run| Pid(run.pid))
    }

    /// Whether ticks are missing between two of them, or another run began.
    pub(super) fn has_gap(&self, before: Seq, now: Seq) -> bool {
        let mut gaps = self.before_gaps();
        let mut runs = self.runs.iter();
        gaps.any(|after| before <= after && after < now)
            || runs.any(|run| before < run.first && run.first <= now)
    }

    /// The runs of the recorder as the viewer shows them; one that has no end reaches to `last`,
    /// or to where the next one begins.
    pub(super) fn runs(&self, last: WallTime) -> Vec<RunBand> {
        let next = self.runs.iter().skip(1).map(|run| run.first);
        let ends = next.map(Some).chain([None]);
        let band = |(run, next): (&Run, Option<Seq>)| {
            let before = next.and_then(|next| {
                let mut gaps = self.gaps.iter();
                gaps.find(|gap| gap.after.0 + 1 == next.0)
            });
            RunBand {
                from: run.from,
                to: run.to.or(before.map(|gap| gap.from)).unwrap_or(last),
                interval: run.interval,
                end: run.end.clone(),
            }
        };
        self.runs.iter().zip(ends).map(band).collect()
    }

    /// Whether a run began with this tick.
    pub(super) fn is_first_of_run(&self, seq: Seq) -> bool {
        self.runs.iter().any(|run| run.first == seq)
    }

    /// Whether a run ended with this tick.
    pub(super) fn is_last_of_run(&self, seq: Seq) -> bool {
        self.is_first_of_run(Seq(seq.0 + 1)) || seq == self.ends.1
    }

    /// The ticks after which others are missing.
    pub(super) fn before_gaps(&self) -> impl Iterator<Item = Seq> {
        let gaps = self.gaps.iter().filter(|gap| has_no_ticks(gap));
        gaps.map(|gap| gap.after)
    }

    /// Whether ticks are missing right before `seq`.
    pub(super) fn is_after_gap(&self, seq: Seq) -> bool {
        let mut gaps = self.gaps.iter().filter(|gap| has_no_ticks(gap));
        gaps.any(|gap| gap.after.0 + 1 == seq.0)
    }

    /// The same as the viewer shows it, with what was found damaged so far.
    pub(super) fn facts(&self, (path, mode): (&Path, Mode), damage: &DamageSeen) -> Facts {
        let host = &self.host;
        let recorded = self.gaps.iter().filter(|gap| has_no_ticks(gap));
        let recorded = recorded.map(|gap| band(gap, self.interval_at(gap.after)));
        let mut gaps: Vec<GapBand> = recorded.chain(damage.bands()).collect();
        gaps.sort_by_key(|gap| gap.from);
        Facts {
            host: host.hostname.clone(),
            kernel: host.kernel.clone(),
            zone: Zone::from_capture(host.timezone.as_deref(), host.utc_offset_seconds),
            zone_name: host.timezone.clone(),
            cpus: Some(host.cpus).filter(|cpus| *cpus > 0),
            ending: ending(mode, self.runs.last()),
            first: self.first,
            last: self.last,
            gaps,
            damage: Damage {
                behind: behind(mode, path, self.last),
                ..damage.total()
            },
        }
    }
}

/// How much older than a copy made while it was recorded its newest tick is: unless the copy kept
/// the time of change, so much was not in the file yet.
fn behind(mode: Mode, path: &Path, last: WallTime) -> Option<Duration> {
    if mode != Mode::CopiedLive {
        return None;
    }
    let changed = std::fs::metadata(path).ok()?.modified().ok()?;
    let changed = changed.duration_since(UNIX_EPOCH).ok()?;
    let changed = WallTime(i64::try_from(changed.as_micros()).ok()?);
    changed.since(last)
}

/// Whether time passed without ticks; when only the clock was set, it did not.
fn has_no_ticks(gap: &Gap) -> bool {
    gap.kind != GapKind::ClockStepped
}

/// The last tick before a gap stands for one interval, as every tick does.
fn band(gap: &Gap, interval: Duration) -> GapBand {
    GapBand {
        from: gap.from.plus(interval).min(gap.to),
        to: gap.to,
        kind: gap.kind.name().to_owned(),
        detail: gap.detail.clone(),
    }
}

/// How a recording stands, by how the file was opened and how its last run ended.
fn ending(mode: Mode, last: Option<&Run>) -> Ending {
    let is_clean = last.is_some_and(Run::ended_cleanly);
    match mode {
        Mode::Recording => Ending::Recording,
        Mode::CopiedLive => Ending::CopiedLive,
        Mode::Whole | Mode::WithLog if is_clean => Ending::Clean,
        Mode::Whole | Mode::WithLog => Ending::Unclean,
    }
}
