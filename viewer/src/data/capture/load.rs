//! The load over a stretch of time, read sample by sample: a few at a time, so that whatever else
//! is wanted meanwhile need not wait.

use super::CaptureReplay;
use super::rows::edges;
use crate::data::ReplayError;
use crate::data::load::{LoadColumn, LoadData, LoadMoment, LoadPart, LoadQuestion};
use afterimage_analysis::load::{By, Follow, Group, Moment, groups, hidden, residual};
use afterimage_analysis::rate::Step;
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::sample::Sample;
use afterimage_format::time::{Seq, WallTime};
use afterimage_format::units::TickRate;
use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};

/// So many samples are read before something else may be: about 20 ms.
const AT_A_TIME: usize = 6;
/// More columns than a picture has room for, whatever the gaps.
const MOST: usize = 480;
/// So many groups have a colour of their own.
const PARTS: usize = 7;

/// Everything of the load at one instant.
pub(super) fn moment(
    now: &Sample,
    step: Option<&Step<'_>>,
    (recorder, ticks): (Option<Pid>, TickRate),
) -> LoadMoment {
    let moment = Moment::of(now, recorder);
    LoadMoment {
        groups: By::ALL.map(|by| groups(&moment.parts, by)),
        counts: moment.counts,
        residual: residual(&moment.counts, &hidden(now, step, ticks)),
    }
}

/// An answer of which a part has been read.
#[derive(Debug)]
pub(super) struct Reading {
    question: LoadQuestion,
    left: VecDeque<Seq>,
    follow: Follow,
    read: Vec<Read>,
}

/// What was read of one sample.
#[derive(Debug)]
struct Read {
    seq: Seq,
    from: WallTime,
    to: WallTime,
    groups: Vec<Group>,
    not_seen: f64,
    load_one: Option<f64>,
    computed: Option<f64>,
}

impl CaptureReplay {
    /// Goes on answering a question; `None` when there is more to read. Costs about 3 ms for each
    /// column.
    pub(super) fn load_of(
        &mut self,
        question: &LoadQuestion,
    ) -> Result<Option<LoadData>, ReplayError> {
        let begun = self.load.take();
        let mut reading = match begun.filter(|begun| begun.question == *question) {
            Some(reading) => reading,
            None => self.begin_load(*question)?,
        };
        for _ in 0..AT_A_TIME {
            let Some(seq) = reading.left.pop_front() else {
                break;
            };
            self.read_load(&mut reading, seq)?;
        }
        self.notice_damage()?;
        if reading.left.is_empty() {
            return Ok(Some(reading.finish()));
        }
        self.load = Some(reading);
        Ok(None)
    }

    fn begin_load(&mut self, question: LoadQuestion) -> Result<Reading, ReplayError> {
        let capture = self.reader()?;
        let first = capture.at_or_before(question.from)?;
        let first = first.or(capture.at_or_after(question.from)?);
        let ends = first.zip(capture.at_or_before(question.to)?);
        let mut left: Vec<Seq> = match ends.filter(|(first, last)| first <= last) {
            Some(ends) => edges(&self.whole, ends, question.most),
            None => vec![],
        };
        if left.len() > MOST {
            let every = left.len().div_ceil(MOST);
            left = left.into_iter().step_by(every).collect();
        }
        Ok(Reading {
            question,
            left: left.into(),
            follow: Follow::default(),
            read: Vec::new(),
        })
    }

    fn read_load(&mut self, reading: &mut Reading, seq: Seq) -> Result<(), ReplayError> {
        if self.damage.stretch_of(seq).is_some() {
            return Ok(());
        }
        let Some(sample) = self
            .reader()?
            .extract(seq, &Moment::grouped(reading.question.by))?
        else {
            return Ok(());
        };
        let from = sample.times.began.wall;
        let ends = from.plus(self.whole.interval_at(seq));
        match reading.read.last_mut() {
            Some(last) if self.whole.has_gap(last.seq, seq) => reading.follow.restart(),
            // A clock that was set back shows time once.
            Some(last) if last.from < from => last.to = from,
            _ => {}
        }
        let moment = Moment::of(&sample, self.whole.recorder_at(seq));
        reading
            .follow
            .go_on(sample.times.began.monotonic, &moment.counts);
        let computed = reading.follow.take().computed;
        let rest = moment.counts.running_not_seen().unwrap_or(0).max(0);
        let load = moment.counts.load_hundredths[0].ok();
        reading.read.push(Read {
            seq,
            from,
            to: ends,
            groups: groups(&moment.parts, reading.question.by),
            not_seen: rest as f64,
            load_one: load.map(|load| load as f64 / 100.0),
            computed: computed.map(|computed| computed[0]),
        });
        Ok(())
    }
}

impl Reading {
    fn finish(self) -> LoadData {
        let mut sums: BTreeMap<(&_, Option<ProcessKey>), u64> = BTreeMap::new();
        for group in self.read.iter().flat_map(|read| &read.groups) {
            *sums.entry((&group.name, group.process)).or_default() += group.tasks();
        }
        let mut order: Vec<_> = sums.into_iter().collect();
        order.sort_by_key(|(_, tasks)| Reverse(*tasks));
        let parts: Vec<LoadPart> = order
            .into_iter()
            .take(PARTS)
            .map(|((name, process), _)| LoadPart {
                name: name.clone(),
                process,
            })
            .collect();
        let mut data = LoadData {
            by: self.question.by,
            parts,
            columns: vec![],
        };
        data.columns = self.read.iter().map(|read| read.column(&data)).collect();
        data
    }
}

impl Read {
    fn column(&self, data: &LoadData) -> LoadColumn {
        let mut column = LoadColumn {
            from: self.from,
            to: self.to,
            tasks: vec![0.0; data.parts.len()],
            others: 0.0,
            not_seen: self.not_seen,
            load_one: self.load_one,
            computed: self.computed,
        };
        for group in &self.groups {
            let tasks = group.tasks() as f64;
            match data.place_of(group) {
                Some(place) => column.tasks[place] += tasks,
                None => column.others += tasks,
            }
        }
        column
    }
}
