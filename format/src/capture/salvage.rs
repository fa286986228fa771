//! Everything sound of a damaged capture, as a new one.
//!
//! In: a file that may be cut, overwritten or altered anywhere. Out: a capture that is sound. A
//! file in which nothing is damaged is read as by any reader. Of every other one the pages are
//! read directly, and each row and frame is taken by its own check alone, whatever the file says
//! of its tables: that needs one row above all, that of `capture`, with the number that seeds
//! every check. What is derived from the ticks is made anew from those that are left.

mod found;
mod pages;
mod records;

use super::error::CaptureError;
use super::reader::Capture;
use super::remake::{Made, Maker, Remake, column, lost};
use crate::time::{Seq, WallTime};
use found::{Found, Source};
use std::path::Path;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salvaged {
    /// The new capture.
    pub made: Made,
    /// What is not in it, in words; nothing when nothing was lost.
    pub losses: Vec<String>,
}

/// Writes everything sound of the capture at `from` into a new one at `to`, where nothing may be
/// yet. `from` is not changed. Costs about 10 ms a recorded minute, and reading the file twice.
pub fn salvage(
    from: &Path,
    to: &Path,
    (maker, note): (&Maker, &str),
) -> Result<Salvaged, CaptureError> {
    if let Some(made) = remake_if_sound(from, to, (maker, note))? {
        let losses = Vec::new();
        return Ok(Salvaged { made, losses });
    }
    let mut found = Found::read(from).map_err(|source| CaptureError::Open {
        path: from.to_owned(),
        source,
    })?;
    let found = found.as_mut().ok_or_else(|| CaptureError::NotACapture {
        path: from.to_owned(),
        why: "nowhere in it is the row that says which capture it is, and with which number \
              everything else is checked; nothing can be told from damage without it"
            .to_owned(),
    })?;
    let mut losses = found.losses();
    let made = remake(found, to, (maker, note), &mut losses)?;
    losses.extend(made.lost.iter().map(|gap| {
        let first = gap.after.0 + 1;
        format!("{} ticks from tick {first} on", gap.missed)
    }));
    Ok(Salvaged { made, losses })
}

/// The ordinary way, for a capture in which there is nothing to be salvaged.
fn remake_if_sound(
    from: &Path,
    to: &Path,
    said: (&Maker, &str),
) -> Result<Option<Made>, CaptureError> {
    let sound = Capture::open(from).and_then(|mut capture| {
        capture.check()?;
        Ok(capture.damage().is_empty().then_some(capture))
    });
    match sound {
        Ok(Some(mut capture)) => capture.remake(to, said).map(Some),
        // Of a version that this program does not read, nothing can be taken for right.
        Err(error @ CaptureError::OtherFormat { .. }) => Err(error),
        Ok(None) | Err(_) => Ok(None),
    }
}

fn remake(
    found: &mut Found,
    to: &Path,
    (maker, note): (&Maker, &str),
    losses: &mut Vec<String>,
) -> Result<Made, CaptureError> {
    let mut new = Remake::begin(to, maker, found.rows.clone())?;
    for (seq, source) in found.sources() {
        let chunk = found.chunk(&source).map_err(|source| CaptureError::Open {
            path: to.to_owned(),
            source,
        })?;
        let Some((chunk, frames)) = chunk else {
            losses.push(format!("the chunk of tick {seq} cannot be unpacked"));
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
    let rows = std::mem::take(&mut found.rows);
    new.finish(rows, (note, maker.now))
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
