//! The processes of a moment, as lists show them.

use super::Capture;
use super::stored::Stored;
use crate::capture::chunk::pick::{Picked, Texts, Wanted};
use crate::capture::error::{CaptureError, FrameFault};
use crate::sample::Listing;
use crate::sample::listing::{COUNTED, LISTED};
use crate::tick::TickTimes;
use crate::time::Seq;

impl Capture {
    /// Every process at the tick with that number, as lists show it, with the counters of the
    /// tick before it. `None` as with [`Capture::sample`], but that what is damaged of the
    /// machine as a whole does not matter. Costs about a millisecond, at the first tick of a
    /// chunk two.
    pub fn listing(&mut self, seq: Seq) -> Result<Option<Listing>, CaptureError> {
        let Some(stored) = self.stored_of(seq)? else {
            return Ok(None);
        };
        let Some(tick) = stored.tick(seq) else {
            return Ok(None);
        };
        let seq_before = Seq(seq.0.saturating_sub(1));
        let beside = stored.tick(seq_before);
        let mut wanted = Vec::from_iter(beside.map(counted));
        wanted.push(Wanted {
            tick,
            fields: LISTED,
        });
        let Some((mut picked, texts)) = self.picked(&stored, &wanted) else {
            return Ok(None);
        };
        let (now, before) = (picked.pop(), picked.pop());
        let before = match beside.zip(before) {
            Some((tick, before)) => Some((stored.ticks()[tick], before)),
            None => self.counted(seq_before)?,
        };
        let (times_before, before) = before.unzip();
        Ok(now.map(|now| Listing {
            times: stored.ticks()[tick],
            times_before,
            now,
            texts,
            before,
        }))
    }

    /// The counters of a tick alone: the last of a chunk, for the first of the next.
    fn counted(&mut self, seq: Seq) -> Result<Option<(TickTimes, Picked)>, CaptureError> {
        let Some(stored) = self.stored_of(seq)? else {
            return Ok(None);
        };
        let Some(tick) = stored.tick(seq) else {
            return Ok(None);
        };
        let picked = self.picked(&stored, &[counted(tick)]);
        let picked = picked.and_then(|(mut picked, _)| picked.pop());
        Ok(picked.map(|picked| (stored.ticks()[tick], picked)))
    }

    /// What is wanted of a chunk or of the tail, the earlier tick first; `None` when that is
    /// damaged.
    fn picked(&mut self, stored: &Stored, wanted: &[Wanted]) -> Option<(Vec<Picked>, Texts)> {
        let picked = match stored {
            Stored::Chunk(first, chunk) => {
                let picked = chunk.pick(wanted, self.cache.unpacker());
                let picked = picked.and_then(|picked| Ok((picked, chunk.texts()?)));
                picked.map_err(|fault| ("chunk_body", *first, fault))
            }
            Stored::Tail(rows) => rows
                .pick(wanted)
                .map_err(|(tick, fault)| ("tail", rows.ticks()[tick].seq.0, fault)),
        };
        let picked = picked.map(|(mut picked, texts)| {
            for picked in &mut picked {
                picked.note_sweep(stored.ticks());
            }
            (picked, texts)
        });
        let damaged = |(table, row, fault): (_, u64, FrameFault)| {
            self.note_damage(table, row.cast_signed(), fault);
        };
        picked.map_err(damaged).ok()
    }
}

fn counted(tick: usize) -> Wanted {
    Wanted {
        tick,
        fields: COUNTED,
    }
}
