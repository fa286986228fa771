//! Everything sound of a damaged capture, as a new one.
//!
//! In: a file that may be cut, overwritten or altered anywhere. Out: a capture that is sound. A
//! file in which nothing is damaged is read as by any reader. Of every other one the pages are
//! read directly, and each row and frame is taken by its own check alone, whatever the file says
//! of its tables: that needs one row above all, that of `capture`, with the number that seeds
//! every check. What is derived from the ticks is made anew from those that are left.

mod found;
mod numbers;
mod pages;
mod records;
mod signs;
mod ticks;

use super::error::CaptureError;
use super::reader::Capture;
use super::remake::{Made, Maker, Remake, column, lost};
use super::watch::{self, Stage, Watch, Work};
use crate::facts::Gap;
use crate::time::{Seq, WallTime};
use found::Found;
pub(super) use signs::may_help;
use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use ticks::Source;

/// What came of it.
#[derive(Debug)]
pub struct Salvaged {
    /// Why the file could not be read as it is, when it could not be opened at all.
    pub reason: Option<CaptureError>,
    /// The new capture.
    pub made: Made,
    /// What is not in it; nothing when nothing was lost.
    pub losses: Vec<Loss>,
}

/// Something that was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// In words.
    pub what: String,
    /// From when on that was, if that is known.
    pub from: Option<WallTime>,
    /// Up to when.
    pub to: Option<WallTime>,
}

impl Loss {
    fn without_time(what: String) -> Self {
        let (from, to) = (None, None);
        Self { what, from, to }
    }

    fn of_ticks(gap: &Gap) -> Self {
        let first = gap.after.0 + 1;
        let what = match gap.missed {
            1 => format!("tick {first}"),
            missed => format!("{missed} ticks from tick {first} on"),
        };
        let (from, to) = (Some(gap.from), Some(gap.to));
        Self { what, from, to }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// Writes everything sound of the capture at `from` into a new one at `to`, where nothing may be
/// yet. `from` is not changed. Costs about 10 ms a recorded minute, and reading the file twice.
pub fn salvage(
    from: &Path,
    to: &Path,
    said: (&Maker, &str),
    watch: &Arc<dyn Watch>,
) -> Result<Salvaged, CaptureError> {
    let reason = match remake_if_sound(from, to, said, watch)? {
        Looked::Sound(made) => {
            let (reason, losses) = (None, Vec::new());
            return Ok(Salvaged {
                reason,
                made,
                losses,
            });
        }
        Looked::Damaged(reason) => reason,
    };
    let salvaged = salvage_pages(from, to, said, watch)?;
    Ok(Salvaged { reason, ..salvaged })
}

/// The same for what is known to be damaged.
pub(super) fn salvage_pages(
    from: &Path,
    to: &Path,
    (maker, note): (&Maker, &str),
    watch: &Arc<dyn Watch>,
) -> Result<Salvaged, CaptureError> {
    let cancelled = || CaptureError::Cancelled {
        path: from.to_owned(),
    };
    let failed = |source| {
        if watch.is_over() {
            return cancelled();
        }
        let path = from.to_owned();
        CaptureError::Open { path, source }
    };
    super::open::file_bytes(from)?;
    let real = fs::canonicalize(from).map_err(failed)?;
    let mut found = Found::read(&real, watch.as_ref()).map_err(failed)?;
    let found = found.as_mut().ok_or_else(|| CaptureError::NotACapture {
        path: from.to_owned(),
        why: "nowhere in it is the number that its checksums begin with: the pages with both \
              copies of it are lost, or it never was one"
            .to_owned(),
    })?;
    let mut losses = found.losses();
    let mut unreadable = Vec::new();
    let made = remake(found, (from, to), (maker, note), (watch, &mut unreadable))?;
    // What a page once held may be in another one by now.
    unreadable.retain(|&seq| !has_tick(&made, seq));
    losses.extend(unreadable.into_iter().map(|seq| {
        Loss::without_time(format!("the chunk of tick {seq}, which cannot be unpacked"))
    }));
    losses.extend(made.lost.iter().map(Loss::of_ticks));
    if made.ends.is_none() {
        losses.push(Loss::without_time("every tick".to_owned()));
    }
    let reason = None;
    Ok(Salvaged {
        reason,
        made,
        losses,
    })
}

/// What came of the ordinary way.
enum Looked {
    Sound(Made),
    /// Something is damaged, and if that is why it cannot be opened, this is.
    Damaged(Option<CaptureError>),
}

/// The ordinary way, for a capture in which there is nothing to be salvaged.
fn remake_if_sound(
    from: &Path,
    to: &Path,
    said: (&Maker, &str),
    watch: &Arc<dyn Watch>,
) -> Result<Looked, CaptureError> {
    let sound = Capture::open_watched(from, Arc::clone(watch)).and_then(|mut capture| {
        let checked = capture.check()?;
        let is_sound = checked.structure.is_empty() && capture.damage().is_empty();
        Ok(is_sound.then_some(capture))
    });
    match sound {
        Ok(Some(mut capture)) => capture.remake(to, said).map(Looked::Sound),
        // Of a version that this program does not read, nothing can be taken for right.
        Err(error @ (CaptureError::OtherFormat { .. } | CaptureError::Cancelled { .. })) => {
            Err(error)
        }
        Ok(None) => Ok(Looked::Damaged(None)),
        Err(reason) => Ok(Looked::Damaged(Some(reason))),
    }
}

fn remake(
    found: &mut Found,
    (from, to): (&Path, &Path),
    (maker, note): (&Maker, &str),
    (watch, unreadable): (&Arc<dyn Watch>, &mut Vec<u64>),
) -> Result<Made, CaptureError> {
    let failed = |source| {
        let path = from.to_owned();
        if watch.is_over() {
            return CaptureError::Cancelled { path };
        }
        CaptureError::Open { path, source }
    };
    let mut new = Remake::begin(to, maker, found.rows.only(&["host", "run"]))?;
    let sources = found.sources();
    let (count, total) = (sources.len() as u64, found.bytes());
    for (place, (seq, source)) in sources.into_iter().enumerate() {
        let (work, done) = (Work::SavingSound, total / count * place as u64);
        watch::go_on(watch.as_ref(), Stage { work, done, total }).map_err(failed)?;
        let Some((chunk, frames)) = found.chunk(&source).map_err(failed)? else {
            unreadable.push(seq);
            continue;
        };
        let run = found.listed.get(&seq).map(|listed| listed.run);
        let number = found.number;
        let stored = frames.as_deref().map(|frames| (frames, number));
        new.add(
            &chunk,
            run.filter(|_| matches!(source, Source::Chunk(_))),
            stored,
        )?;
    }
    add_lost_ends(found, &mut new);
    new.add_rows(found.large_rows(), failed)?;
    let rows = std::mem::take(&mut found.rows);
    new.finish(rows, (note, maker.now))
}

fn has_tick(made: &Made, seq: u64) -> bool {
    let within = made
        .ends
        .is_some_and(|(first, last)| (first.0..=last.0).contains(&seq));
    let lost = |gap: &Gap| gap.after.0 < seq && seq <= gap.after.0.saturating_add(gap.missed);
    within && !made.lost.iter().any(lost)
}

/// Ticks before the first and after the last that was found, as far as the list of chunks, or the
/// last run, still tells of them.
fn add_lost_ends(found: &Found, new: &mut Remake) {
    let (Some((first, last)), (from, to)) = (new.ends(), new.walls()) else {
        return;
    };
    if let Some((&id, listed)) = found.listed.first_key_value()
        && id < first.0
    {
        let after = Seq(id.saturating_sub(1));
        new.add_lost(lost(after, (listed.from, from), first.0 - id));
    }
    let listed = found.listed.last_key_value();
    let listed = listed.map(|(id, listed)| (id.saturating_add(listed.ticks) - 1, listed.to));
    let run = found.rows.table("run").next_back();
    let run = run.and_then(|(_, values)| {
        let wall = column(values, 10).map(WallTime::from_file)?;
        Some((u64::try_from(column(values, 9)?).ok()?, wall))
    });
    if let Some((end, wall)) = listed.max(run).filter(|(end, _)| *end > last.0) {
        new.add_lost(lost(last, (to, wall.max(to)), end - last.0));
    }
}
