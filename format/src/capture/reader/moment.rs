//! The machine and its processes at a moment, for who jumps from one to another: of a chunk no
//! more is unpacked than that needs.

use super::{Capture, Part, Place};
use crate::capture::chunk::Chunk;
use crate::capture::chunk::decode::Window;
use crate::capture::error::CaptureError;
use crate::time::Seq;
use std::rc::Rc;

/// A chunk of which a tick and the one before it are unpacked.
#[derive(Debug)]
pub(super) struct Moment {
    first: u64,
    window: Window,
    chunk: Rc<Chunk>,
}

impl Capture {
    /// Where a tick is, without the rest. Of a chunk that nobody looked into before only this tick
    /// and the one before it are unpacked, and all of it at the second look: who jumps about wants
    /// no more, and who steps wants the rest of it next.
    pub(super) fn moment(&mut self, seq: Seq) -> Result<Option<Place>, CaptureError> {
        let part = Part::Processes;
        let chunk = match self.chunk_at(seq)? {
            Some(first) if !self.is_in_tail(seq) && !self.cache.has(first, part) => first,
            _ => return self.place(seq, part),
        };
        let Some(packed) = self.packed(chunk)? else {
            return Ok(None);
        };
        let ticks = packed.ticks();
        let Ok(tick) = ticks.binary_search_by_key(&seq, |times| times.seq) else {
            return Ok(None);
        };
        if let Some(known) = self.cache.moment.take_if(|known| known.first == chunk) {
            if !known.window.has(tick) {
                return self.place(seq, part);
            }
            let chunk = Rc::clone(&known.chunk);
            self.cache.moment = Some(known);
            return Ok(Some(Place { chunk, tick }));
        }
        let window = Window::up_to(tick);
        let unpacked = packed.chunk((part, window), self.cache.unpacker());
        if let Err(fault) = &unpacked {
            self.note_damage("chunk_body", chunk.cast_signed(), fault.clone());
        }
        Ok(unpacked.ok().map(|unpacked| {
            let (first, unpacked) = (chunk, Rc::new(unpacked));
            self.cache.moment = Some(Moment {
                first,
                window,
                chunk: Rc::clone(&unpacked),
            });
            Place {
                chunk: unpacked,
                tick,
            }
        }))
    }
}
