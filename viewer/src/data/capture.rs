//! A capture file as the viewer replays it: the reader of `afterimage-format` behind [`Replay`].
//!
//! In: questions with instants. Out: snapshots with rates and curves in pieces. What can be
//! computed from samples alone is in `afterimage-analysis`; what is damaged becomes a gap.

mod curves;
mod damage;
mod table;

use crate::data::{Ending, Facts, GapBand, Replay, ReplayError, SeriesData, SeriesId};
use crate::data::{Snapshot, Want};
use afterimage_analysis::rate::Step;
use afterimage_analysis::zone::Zone;
use afterimage_format::capture::error::CaptureError;
use afterimage_format::capture::{Capture, Mode};
use afterimage_format::facts::{Gap, GapKind, Host, Run};
use afterimage_format::sample::Sample;
use afterimage_format::time::{Seq, WallTime};
use damage::DamageSeen;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// How many samples are kept: a step needs the one that is shown already.
const KEPT_SAMPLES: usize = 4;
/// How many samples are tried on either side of a damaged one. A damaged stretch that is known
/// is passed in one go, so this many are hardly ever tried.
const MOST_TRIED: u64 = 600;

/// An open capture file.
#[derive(Debug)]
pub(super) struct CaptureReplay {
    path: PathBuf,
    /// None between two questions to a capture that is being recorded: while a reader has it
    /// open, its recorder can neither tidy up its log nor close the file.
    capture: Option<Capture>,
    host: Host,
    runs: Vec<Run>,
    gaps: Vec<Gap>,
    /// The first and the last tick.
    ends: (Seq, Seq),
    facts: Arc<Facts>,
    damage: DamageSeen,
    samples: VecDeque<Rc<Sample>>,
}

impl CaptureReplay {
    /// Opens a capture and reads what is true of all of it.
    pub(super) fn open(path: &Path) -> Result<Self, ReplayError> {
        let mut capture = Capture::open(path)?;
        let whole = Whole::read(&mut capture)?;
        let damage = DamageSeen::default();
        Ok(Self {
            path: path.to_owned(),
            facts: Arc::new(whole.facts(capture.mode(), &damage)),
            capture: Some(capture),
            host: whole.host,
            runs: whole.runs,
            gaps: whole.gaps,
            ends: whole.ends,
            damage,
            samples: VecDeque::new(),
        })
    }

    /// The reader, opened anew if it was let go of.
    fn reader(&mut self) -> Result<&mut Capture, ReplayError> {
        let capture = match self.capture.take() {
            Some(capture) => capture,
            None => {
                self.damage.reader_is_new();
                Capture::open(&self.path)?
            }
        };
        Ok(self.capture.insert(capture))
    }

    /// Reads again what is true of all of it.
    fn read_whole(&mut self) -> Result<(), ReplayError> {
        let capture = self.reader()?;
        let (whole, mode) = (Whole::read(capture)?, capture.mode());
        let facts = whole.facts(mode, &self.damage);
        if facts != *self.facts {
            self.facts = Arc::new(facts);
        }
        Whole {
            host: self.host,
            runs: self.runs,
            gaps: self.gaps,
            ends: self.ends,
            ..
        } = whole;
        Ok(())
    }

    /// Tells of what was found damaged since.
    fn notice_damage(&mut self) -> Result<(), ReplayError> {
        let Some(capture) = &mut self.capture else {
            return Ok(());
        };
        if self.damage.notice(capture, self.ends)? {
            self.read_whole()?;
        }
        Ok(())
    }

    /// The time between ticks when `seq` was taken.
    fn interval_at(&self, seq: Seq) -> Duration {
        interval_at(&self.runs, seq)
    }

    /// A sample, from memory if it was read lately; `None` when it is damaged.
    fn sample(&mut self, seq: Seq) -> Result<Option<Rc<Sample>>, ReplayError> {
        if let Some(known) = self.samples.iter().find(|known| known.times.seq == seq) {
            return Ok(Some(Rc::clone(known)));
        }
        if self.damage.stretch_of(seq).is_some() {
            return Ok(None);
        }
        let Some(sample) = self.reader()?.sample(seq)?.map(Rc::new) else {
            return Ok(None);
        };
        self.samples.truncate(KEPT_SAMPLES - 1);
        self.samples.push_front(Rc::clone(&sample));
        Ok(Some(sample))
    }

    /// The nearest sample that can be read: `seq`, or from there in the direction that was
    /// gone, or else the other way.
    fn readable(&mut self, seq: Seq, back: bool) -> Result<Rc<Sample>, ReplayError> {
        for back in [back, !back] {
            let mut seq = seq;
            for _ in 0..MOST_TRIED {
                if let Some(sample) = self.sample(seq)? {
                    return Ok(sample);
                }
                self.notice_damage()?;
                let (first, last) = self.damage.stretch_of(seq).unwrap_or((seq, seq));
                seq = match back {
                    true => Seq(first.0.saturating_sub(1)),
                    false => Seq(last.0 + 1),
                };
                if seq < self.ends.0 || self.ends.1 < seq {
                    break;
                }
            }
        }
        Err(ReplayError::Damaged)
    }

    /// The sample that is wanted.
    fn wanted(&mut self, want: Want) -> Result<Rc<Sample>, ReplayError> {
        let (first, last) = self.ends;
        match want {
            Want::At(at) => {
                let seq = self.reader()?.at_or_before(at)?.unwrap_or(first);
                self.readable(seq, true)
            }
            Want::Step { from, by } => {
                let seq = Seq(from.0.saturating_add_signed(by)).clamp(first, last);
                self.readable(seq, by < 0)
            }
            Want::First => self.readable(first, false),
            Want::Last => self.readable(last, true),
        }
    }
}

impl Replay for CaptureReplay {
    fn facts(&self) -> Arc<Facts> {
        Arc::clone(&self.facts)
    }

    fn refresh(&mut self) -> Result<(), ReplayError> {
        // Opening it again costs as much as looking at its end again, and shows how it ended
        // once its recorder is gone.
        self.capture = None;
        self.read_whole()
    }

    fn rest(&mut self) {
        self.capture
            .take_if(|capture| capture.mode() == Mode::Recording);
    }

    fn series(
        &mut self,
        wanted: &[SeriesId],
        from: WallTime,
        to: WallTime,
        buckets: usize,
    ) -> Result<Vec<SeriesData>, ReplayError> {
        // Time without data must not cost resolution.
        let (from, to) = (from.max(self.facts.first), to.min(self.facts.last));
        let curves = self.reader()?.curves(from, to, buckets)?;
        self.notice_damage()?;
        let after_gap = |seq: Seq| {
            let mut gaps = self.gaps.iter().filter(|gap| has_no_ticks(gap));
            gaps.any(|gap| gap.after.0 + 1 == seq.0)
        };
        let pieces = curves::pieces(&curves.buckets, |seq| self.interval_at(seq), after_gap);
        let of = |id: &SeriesId| curves::of(*id, &pieces, after_gap);
        Ok(wanted.iter().map(of).collect())
    }

    fn snapshot(&mut self, want: Want) -> Result<Snapshot, ReplayError> {
        let now = self.wanted(want)?;
        let before = match now.times.seq {
            seq if seq > self.ends.0 => self.sample(Seq(seq.0 - 1))?,
            _ => None,
        };
        self.notice_damage()?;
        let interval = self.interval_at(now.times.seq);
        let step = before
            .as_deref()
            .and_then(|before| Step::between(before, &now, interval));
        Ok(table::snapshot(
            &now,
            step.as_ref(),
            &self.host,
            &self.facts.zone,
        ))
    }
}

/// What is read of a capture as a whole.
struct Whole {
    host: Host,
    runs: Vec<Run>,
    gaps: Vec<Gap>,
    ends: (Seq, Seq),
    first: WallTime,
    last: WallTime,
}

impl Whole {
    fn read(capture: &mut Capture) -> Result<Self, ReplayError> {
        let nothing = |capture: &Capture| CaptureError::NoSample {
            path: capture.path().to_owned(),
            place: "yet".to_owned(),
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

    fn facts(&self, mode: Mode, damage: &DamageSeen) -> Facts {
        let host = &self.host;
        let recorded = self.gaps.iter().filter(|gap| has_no_ticks(gap));
        let recorded = recorded.map(|gap| band(gap, interval_at(&self.runs, gap.after)));
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
            damage: damage.total(),
        }
    }
}

/// The time between ticks when `seq` was taken.
fn interval_at(runs: &[Run], seq: Seq) -> Duration {
    let run = runs.iter().rev().find(|run| run.first <= seq);
    run.map_or(Duration::from_secs(1), |run| run.interval)
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
    let end = last.and_then(|run| run.end.as_deref());
    match mode {
        Mode::Recording => Ending::Recording,
        Mode::CopiedLive => Ending::CopiedLive,
        Mode::Whole | Mode::WithLog if matches!(end, Some("signal" | "duration")) => Ending::Clean,
        Mode::Whole | Mode::WithLog => Ending::Unclean,
    }
}

#[cfg(test)]
mod tests;
