//! What of a capture is damaged, as time: which ticks are lost, and when that was.
//!
//! The reader lists a damaged chunk by its first tick, once it has met it. How far it reaches
//! shows where the next sample can be read.

use crate::data::{DAMAGED, Damage, GapBand, LostPart, LostRows, ReplayError, joined};
use afterimage_format::capture::Capture;
use afterimage_format::capture::error::FrameFault;
use afterimage_format::time::{Seq, WallTime};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How far the next readable sample is looked for.
const FARTHEST: u64 = 3_600;
/// Of so many damaged rows it is looked up when they were; of more nobody reads it.
const MOST_PLACED: usize = 2_000;

/// Two moments between which something was, as far as they are known.
type Between = (Option<WallTime>, Option<WallTime>);

/// What was met so far.
#[derive(Debug, Default)]
pub(super) struct DamageSeen {
    /// How many entries of the reader's list are worked in.
    known: usize,
    /// The rows, by table and id, and between which moments they were.
    rows: BTreeMap<(&'static str, i64), Between>,
    /// Tables of which nothing can be read from some row on.
    torn: BTreeSet<&'static str>,
    stretches: Vec<Stretch>,
    /// What a salvage could not save; `None` when there was no need for one.
    salvaged: Option<Vec<LostPart>>,
}

/// Neighbouring ticks that cannot be read.
#[derive(Debug)]
struct Stretch {
    first: Seq,
    last: Seq,
    from: WallTime,
    to: WallTime,
    why: String,
}

impl DamageSeen {
    /// What is shown is what was sound of a broken file, without these.
    pub(super) fn was_salvaged(&mut self, losses: Vec<LostPart>) {
        self.salvaged = Some(losses);
    }

    /// The reader was opened anew, and its list begins anew.
    pub(super) fn reader_is_new(&mut self) {
        self.known = 0;
    }

    /// Works in what the reader has met since; whether there was anything.
    pub(super) fn notice(
        &mut self,
        capture: &mut Capture,
        ends: (Seq, Seq),
    ) -> Result<bool, ReplayError> {
        let before = self.known;
        // Looking for the end of a stretch may meet more of it.
        while let Some(damage) = capture.damage().get(self.known).cloned() {
            self.known += 1;
            let first = Seq(damage.row.cast_unsigned());
            if damage.table != "chunk_body" {
                let row = (damage.table, damage.row);
                let is_torn = damage.fault == FrameFault::Torn;
                if is_torn {
                    self.torn.insert(damage.table);
                }
                if !self.rows.contains_key(&row) {
                    let is_placed = self.rows.len() < MOST_PLACED;
                    let when = is_placed.then(|| capture.time_of(&damage)).transpose()?;
                    let (from, to) = when.unwrap_or((None, None));
                    self.rows.insert(row, (from, to.filter(|_| !is_torn)));
                }
            } else if self.stretch_of(first).is_none() {
                let stretch = measure(capture, first, ends, damage.fault.to_string())?;
                // One that was met first from its middle on is a part of it.
                let known =
                    |known: &Stretch| known.first < stretch.first || stretch.last < known.last;
                self.stretches.retain(known);
                self.stretches.push(stretch);
            }
        }
        Ok(self.known > before)
    }

    /// The first and the last tick of the damaged stretch that `seq` lies in.
    pub(super) fn stretch_of(&self, seq: Seq) -> Option<(Seq, Seq)> {
        let mut stretches = self.stretches.iter();
        let stretch = stretches.find(|stretch| stretch.first <= seq && seq <= stretch.last)?;
        Some((stretch.first, stretch.last))
    }

    /// The stretches as gaps.
    pub(super) fn bands(&self) -> impl Iterator<Item = GapBand> {
        self.stretches.iter().map(|stretch| GapBand {
            from: stretch.from,
            to: stretch.to,
            kind: DAMAGED.to_owned(),
            detail: stretch.why.clone(),
        })
    }

    /// How much it is.
    pub(super) fn total(&self) -> Damage {
        let lengths = self
            .stretches
            .iter()
            .filter_map(|stretch| stretch.to.since(stretch.from));
        let mut tables: Vec<LostRows> = Vec::new();
        // In the order of the set, so the same ones stand beside each other.
        let mut before = None;
        for ((table, row), (from, to)) in &self.rows {
            let (from, to) = (
                from.unwrap_or(WallTime(i64::MIN)),
                to.unwrap_or(WallTime(i64::MAX)),
            );
            let is_next = before == Some((*table, row.saturating_sub(1)));
            before = Some((*table, *row));
            match tables.last_mut().filter(|known| known.table == *table) {
                Some(known) => {
                    known.rows += 1;
                    match known.when.last_mut().filter(|_| is_next) {
                        // Of rows behind each other the first and the last have a sound one beside
                        // them.
                        Some(when) => when.1 = to,
                        None => known.when.push((from, to)),
                    }
                }
                None => tables.push(LostRows {
                    table,
                    rows: 1,
                    is_torn: self.torn.contains(table),
                    when: vec![(from, to)],
                }),
            }
        }
        for lost in &mut tables {
            let order = |(from, to): (WallTime, WallTime)| (from, to.max(from));
            let stretches = std::mem::take(&mut lost.when).into_iter();
            lost.when = joined(stretches.map(order));
        }
        Damage {
            time: lengths.fold(Duration::ZERO, Duration::saturating_add),
            rows: self.rows.len(),
            tables,
            behind: None,
            salvaged: self.salvaged.clone(),
        }
    }
}

/// How far the damaged chunk that begins at `first` reaches, with those that follow it.
fn measure(
    capture: &mut Capture,
    first: Seq,
    ends: (Seq, Seq),
    why: String,
) -> Result<Stretch, ReplayError> {
    let mut after = Seq(first.0 + 1);
    let farthest = Seq(first.0.saturating_add(FARTHEST).min(ends.1.0));
    while after <= farthest && capture.sample(after)?.is_none() {
        after = Seq(after.0 + 1);
    }
    let before = Seq(first.0.saturating_sub(1)).max(ends.0);
    let wall = |capture: &mut Capture, seq| capture.wall_of(seq);
    let begin = wall(capture, before)?;
    let end = wall(capture, after.min(ends.1))?;
    // At the very end of a capture, and at its beginning, only one side is known.
    let (from, to) = match (begin, end) {
        (Some(from), Some(to)) => (from, to),
        (Some(at), None) | (None, Some(at)) => (at, at),
        (None, None) => (WallTime(0), WallTime(0)),
    };
    Ok(Stretch {
        first,
        last: Seq(after.0 - 1),
        from,
        to,
        why,
    })
}
