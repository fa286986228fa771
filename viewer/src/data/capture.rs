//! A capture file as the viewer replays it: the reader of `afterimage-format` behind [`Replay`].
//!
//! In: questions with instants. Out: snapshots with rates and curves in pieces. What can be
//! computed from samples alone is in `afterimage-analysis`; what is damaged becomes a gap.

mod curves;
mod damage;
mod dumps;
mod events;
mod life;
mod lives;
mod load;
mod rows;
mod search;
mod table;
mod things;
mod travel;
mod whole;

use crate::data::dumps::{DumpContent, DumpList, Grid, ThreadCurve};
use crate::data::events::Events;
use crate::data::rows::{RowGroup, RowsData};
use crate::data::things::{Things, ThingsOf};
use crate::data::{
    Facts, Life, LoadData, LoadQuestion, LostPart, Replay, ReplayError, Search, SeriesData,
    SeriesId, Snapshot, Want, Whom,
};
use afterimage_analysis::rate::Step;
use afterimage_format::capture::error::CaptureError;
use afterimage_format::capture::pyramid::Bucket;
use afterimage_format::capture::salvage::Loss;
use afterimage_format::capture::watch::Watch;
use afterimage_format::capture::{Capture, Maker, Mode};
use afterimage_format::process::Pid;
use afterimage_format::sample::Sample;
use afterimage_format::time::{Seq, WallTime};
use damage::DamageSeen;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use travel::Travel;
use whole::Whole;

/// How many samples are kept: a step needs the one that is shown already, and the one that was
/// read ahead.
const KEPT_SAMPLES: usize = 6;
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
    whole: Whole,
    facts: Arc<Facts>,
    damage: DamageSeen,
    samples: VecDeque<Rc<Sample>>,
    counters: rows::Known,
    travel: Travel,
    /// Events of which a part has been read.
    events: Option<events::Reading>,
    /// The load of which a part has been read.
    load: Option<load::Reading>,
    /// What was read of thread dumps.
    dumps: dumps::Library,
    watch: Arc<dyn Watch>,
    searched: search::Searched,
    waited: things::Waited,
}

impl CaptureReplay {
    /// Opens a capture that nobody else waits for.
    #[cfg(test)]
    pub(super) fn open(path: &Path) -> Result<Self, ReplayError> {
        use afterimage_format::capture::watch::Unwatched;
        let watch: Arc<dyn Watch> = Arc::new(Unwatched);
        Self::open_watched(path, &watch)
    }

    /// Opens a capture, or what is sound of it, and reads what is true of all of it.
    pub(super) fn open_watched(path: &Path, watch: &Arc<dyn Watch>) -> Result<Self, ReplayError> {
        let maker = Maker {
            now: WallTime(jiff::Timestamp::now().as_microsecond()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let capture = Capture::open_or_salvage(path, &maker, watch)?;
        match Self::read(path, capture, watch) {
            // Damage that hides the rest, where nobody saw it yet.
            Err(ReplayError::Capture(reason @ CaptureError::Sqlite { .. }))
                if reason.is_damage() =>
            {
                let capture = Capture::of_what_is_sound(path, &maker, (reason, watch))?;
                Self::read(path, capture, watch)
            }
            opened => opened,
        }
    }

    fn read(
        path: &Path,
        mut capture: Capture,
        watch: &Arc<dyn Watch>,
    ) -> Result<Self, ReplayError> {
        let whole = Whole::read(&mut capture)?;
        let mut damage = DamageSeen::default();
        if let Some(rescue) = capture.rescue() {
            let losses = rescue.salvaged.losses.iter();
            let part = |loss: &Loss| LostPart {
                what: loss.to_string(),
                when: loss.from.zip(loss.to),
            };
            damage.was_salvaged(losses.map(part).collect());
        }
        Ok(Self {
            path: path.to_owned(),
            facts: Arc::new(whole.facts((path, capture.mode()), &damage)),
            capture: Some(capture),
            whole,
            damage,
            samples: VecDeque::new(),
            counters: rows::Known::new(),
            travel: Travel::default(),
            events: None,
            load: None,
            dumps: dumps::Library::default(),
            watch: Arc::clone(watch),
            searched: search::Searched::default(),
            waited: things::Waited::default(),
        })
    }

    /// The reader, opened anew if it was let go of.
    fn reader(&mut self) -> Result<&mut Capture, ReplayError> {
        let capture = if let Some(capture) = self.capture.take() {
            capture
        } else {
            self.damage.reader_is_new();
            Capture::open_watched(&self.path, Arc::clone(&self.watch))?
        };
        Ok(self.capture.insert(capture))
    }

    /// Reads again what is true of all of it.
    fn read_whole(&mut self) -> Result<(), ReplayError> {
        let capture = self.reader()?;
        let (whole, mode) = (Whole::read(capture)?, capture.mode());
        let facts = whole.facts((&self.path, mode), &self.damage);
        if facts != *self.facts {
            self.facts = Arc::new(facts);
        }
        self.whole = whole;
        Ok(())
    }

    /// Tells of what was found damaged since.
    fn notice_damage(&mut self) -> Result<(), ReplayError> {
        let Some(capture) = &mut self.capture else {
            return Ok(());
        };
        if self.damage.notice(capture, self.whole.ends)? {
            self.read_whole()?;
        }
        Ok(())
    }

    /// A sample, from memory if it was read lately; `None` when it is damaged.
    fn sample(&mut self, seq: Seq) -> Result<Option<Rc<Sample>>, ReplayError> {
        if let Some(known) = self.samples.iter().find(|known| known.times.seq == seq) {
            return Ok(Some(Rc::clone(known)));
        }
        if self.damage.stretch_of(seq).is_some() {
            return Ok(None);
        }
        let Some(sample) = self.reader()?.sample_of_processes(seq)?.map(Rc::new) else {
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
                seq = if back {
                    Seq(first.0.saturating_sub(1))
                } else {
                    Seq(last.0 + 1)
                };
                if seq < self.whole.ends.0 || self.whole.ends.1 < seq {
                    break;
                }
            }
        }
        Err(ReplayError::Damaged)
    }

    /// What the curves show at a sample; nothing when another one has the same time.
    fn curves_at(
        &mut self,
        sample: &Sample,
        wanted: &[SeriesId],
    ) -> Result<Option<Bucket>, ReplayError> {
        let at = sample.times.began.wall;
        let wanted = curves::sources(wanted);
        let mut buckets = self.reader()?.curves_of(&wanted, at, at, 1)?.buckets;
        let found = buckets.pop();
        Ok(found.filter(|bucket| bucket.first == sample.times.seq && bucket.ticks == 1))
    }

    /// The sample that is wanted.
    fn wanted(&mut self, want: Want) -> Result<Rc<Sample>, ReplayError> {
        let (first, last) = self.whole.ends;
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
        let sources = curves::sources(wanted);
        let curves = self.reader()?.curves_of(&sources, from, to, buckets)?;
        self.notice_damage()?;
        let interval_at = |seq| self.whole.interval_at(seq);
        let after_gap = |seq| self.whole.is_after_gap(seq);
        let pieces = curves::pieces(&curves.buckets, interval_at, after_gap);
        let page_bytes = self.whole.host.page_size.get() as f64;
        let of = |id: &SeriesId| curves::of(*id, &pieces, page_bytes, after_gap);
        Ok(wanted.iter().map(of).collect())
    }

    fn rows(
        &mut self,
        group: RowGroup,
        (from, to): (WallTime, WallTime),
        most: usize,
    ) -> Result<RowsData, ReplayError> {
        let (from, to) = (from.max(self.facts.first), to.min(self.facts.last));
        self.rows_of(group, (from, to), most)
    }

    fn events(&mut self) -> Result<Option<Events>, ReplayError> {
        self.reader()?;
        let Some(capture) = &mut self.capture else {
            return Ok(Some(Events::default()));
        };
        let mut reading = self.events.take().unwrap_or_else(events::Reading::begin);
        if reading.go_on(capture, &self.whole)? {
            self.events = Some(reading);
            return Ok(None);
        }
        let events = reading.finish(capture, &self.whole, &self.facts)?;
        self.notice_damage()?;
        Ok(Some(events))
    }

    fn snapshot(&mut self, want: Want, curves: &[SeriesId]) -> Result<Snapshot, ReplayError> {
        let now = self.wanted(want)?;
        self.travel.arrive(now.times.seq, self.whole.ends);
        let before = match now.times.seq {
            seq if seq > self.whole.ends.0 => self.sample(Seq(seq.0 - 1))?,
            _ => None,
        };
        let bucket = self.curves_at(&now, curves)?;
        self.notice_damage()?;
        let interval = self.whole.interval_at(now.times.seq);
        let step = before
            .as_deref()
            .and_then(|before| Step::between(before, &now, interval));
        Ok(table::snapshot(
            &now,
            step.as_ref(),
            &self.whole.host,
            &self.facts.zone,
            (bucket.as_ref(), curves),
        ))
    }

    fn things(&mut self, of: ThingsOf, seq: Seq) -> Result<Things, ReplayError> {
        self.things_of(of, seq)
    }

    fn look_ahead(&mut self) {
        if let Some(ahead) = self.travel.ahead() {
            // Whoever asks for it will be told what is wrong with it.
            let _read = self.sample(ahead).is_ok();
        }
    }

    fn life(
        &mut self,
        whom: &Whom,
        from: WallTime,
        to: WallTime,
        buckets: usize,
    ) -> Result<Life, ReplayError> {
        let span = (from.max(self.facts.first), to.min(self.facts.last));
        self.reader()?;
        let Some(capture) = &mut self.capture else {
            return Err(ReplayError::Damaged);
        };
        let life = life::of(capture, &self.whole, whom, span, buckets)?;
        self.notice_damage()?;
        Ok(life)
    }

    fn load(&mut self, question: &LoadQuestion) -> Result<Option<LoadData>, ReplayError> {
        let (first, last) = (self.facts.first, self.facts.last);
        let question = LoadQuestion {
            from: question.from.max(first),
            to: question.to.min(last),
            ..*question
        };
        self.load_of(&question)
    }

    fn dumps(&mut self) -> Result<DumpList, ReplayError> {
        self.dump_list()
    }

    fn dump(&mut self, id: i64) -> Result<DumpContent, ReplayError> {
        self.dump_content(id)
    }

    fn thread_curve(
        &mut self,
        of: (Pid, i32),
        at: WallTime,
        span: (WallTime, WallTime),
    ) -> Result<ThreadCurve, ReplayError> {
        self.curve_of(of, at, span)
    }

    fn dump_grid(&mut self, id: i64) -> Result<Option<Grid>, ReplayError> {
        self.grid_of(id)
    }

    fn search(&mut self) -> Result<Search, ReplayError> {
        self.search_on()
    }
}

#[cfg(test)]
mod tests;
