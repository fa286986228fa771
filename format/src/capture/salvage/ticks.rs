//! The ticks of what was found: chunks as they were stored, and what hangs together of tails.

use super::found::Found;
use crate::capture::chunk::builder::ChunkBuilder;
use crate::capture::chunk::chain::Chain;
use crate::capture::chunk::decode::{Part, decode};
use crate::capture::chunk::{Chunk, tail};
use crate::capture::frame::{FrameKind, Unpacker};
use crate::group::Group;
use std::io;

/// Where ticks can be had from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// A chunk that begins with that tick.
    Chunk(u64),
    /// Rows of the tail, from and to these ticks.
    Tail(u64, u64),
}

/// A chunk, and its frames where it was stored as one.
pub(super) type Unpacked = (Chunk, Option<Vec<u8>>);

impl Found {
    /// Everything with ticks in it, by the first of them; chunks before the tail.
    pub(super) fn sources(&mut self) -> Vec<(u64, Source)> {
        let chunks = self.chunks.keys().map(|&seq| (seq, Source::Chunk(seq)));
        let mut sources: Vec<_> = chunks.collect();
        let mut from: Option<u64> = None;
        let mut before = 0;
        for seq in self.tail.keys().copied() {
            match from {
                Some(first) if seq == before + 1 => from = Some(first),
                Some(first) => {
                    sources.push((first, Source::Tail(first, before)));
                    from = Some(seq);
                }
                None => from = Some(seq),
            }
            before = seq;
        }
        sources.extend(from.map(|first| (first, Source::Tail(first, before))));
        sources.sort_by_key(|(seq, source)| (*seq, matches!(source, Source::Tail(..))));
        sources
    }

    /// Unpacks; `None` when that cannot be done.
    pub(super) fn chunk(&mut self, source: &Source) -> io::Result<Option<Unpacked>> {
        match source {
            Source::Chunk(seq) => {
                let place = self.chunks.get(seq).copied();
                let Some(frames) = self.blob(place)? else {
                    return Ok(None);
                };
                let chunk = decode(&frames, self.key(*seq), Part::All).ok();
                Ok(chunk.map(|chunk| (chunk, Some(frames))))
            }
            Source::Tail(first, last) => {
                let chunk = self.tail_chunk(*first, *last)?;
                Ok(chunk.map(|chunk| (chunk, None)))
            }
        }
    }

    /// The ticks of a tail that begin with its first row, up to the first damaged one: what
    /// follows one that is missing builds on it.
    fn tail_chunk(&mut self, first: u64, last: u64) -> io::Result<Option<Chunk>> {
        let mut builder = ChunkBuilder::default();
        let (mut unpacker, mut raw) = (Unpacker::default(), Vec::new());
        let mut chain = Chain::default();
        for seq in first..=last {
            let place = self.tail.get(&seq).copied();
            let Some(frame) = self.blob(place)? else {
                break;
            };
            let key = self.key(seq);
            let opened = unpacker.open(&mut &frame[..], FrameKind::Tick, key, &mut raw);
            if opened.is_err() || is_first(&raw) != builder.is_empty() {
                break;
            }
            let follows = chain.follow(seq, &frame, &raw);
            if let Err(fault) = follows.and_then(|()| builder.push_tail(&raw)) {
                if chain.is_in_doubt(&fault) {
                    builder.clear();
                }
                break;
            }
        }
        Ok((!builder.is_empty()).then(|| builder.take()))
    }
}

/// Whether a row of the tail is the first, which holds every row and every value: only that
/// announces the machine itself.
fn is_first(row: &[u8]) -> bool {
    let row = tail::decode(row);
    row.is_ok_and(|row| !row.deltas[Group::Machine.index()].born.is_empty())
}
