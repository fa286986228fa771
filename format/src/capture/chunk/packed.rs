//! A chunk as it is stored, with its index unpacked: where a look at any of its ticks begins.
//!
//! In: the four frames of a chunk. Out: all of it as a [`Chunk`], or only what lists of
//! processes need of a tick or two ([`Picked`]). Frames that nobody asks for stay packed.

use super::Chunk;
use super::decode::{self, Part, Window};
use super::pick::{Picked, Texts, Wanted, pick};
use crate::capture::bytes::Input;
use crate::capture::error::FrameFault;
use crate::capture::frame::{self, FrameKey, FrameKind, Unpacker, skip};
use crate::group::Group;
use crate::tick::TickTimes;

/// The frames of a chunk.
#[derive(Debug)]
pub(crate) struct Packed {
    key: FrameKey,
    /// The index, unpacked.
    index: Vec<u8>,
    ticks: Vec<TickTimes>,
    /// The frames behind the index, as they are stored.
    rest: Vec<u8>,
}

/// Whether the bytes of a chunk's frames are those that were stored; nothing is unpacked.
pub(crate) fn verify(mut frames: &[u8], key: FrameKey) -> Result<(), FrameFault> {
    let kinds = [
        FrameKind::Index,
        FrameKind::Machine,
        FrameKind::Processes,
        FrameKind::Rest,
    ];
    kinds
        .into_iter()
        .try_for_each(|kind| frame::verify(&mut frames, kind, key))
}

impl Packed {
    /// Unpacks the index.
    pub(crate) fn open(
        mut frames: &[u8],
        key: FrameKey,
        unpacker: &mut Unpacker,
    ) -> Result<Self, FrameFault> {
        let mut index = Vec::new();
        unpacker.open(&mut frames, FrameKind::Index, key, &mut index)?;
        let ticks = decode::times(&mut Input(&index))?;
        Ok(Self {
            key,
            index,
            ticks,
            rest: frames.to_owned(),
        })
    }

    /// About how much memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.index.len() + self.rest.len()
    }

    /// When its ticks were taken, in order.
    pub(crate) fn ticks(&self) -> &[TickTimes] {
        &self.ticks
    }

    /// A part of it, as far as the window needs. What is not wanted stays without values, the rest
    /// without rows.
    pub(crate) fn chunk(
        &self,
        (part, window): (Part, Window),
        unpacker: &mut Unpacker,
    ) -> Result<Chunk, FrameFault> {
        let mut chunk = decode::index(&self.index)?;
        let (mut frames, mut raw) = (&self.rest[..], Vec::new());
        unpacker.open(&mut frames, FrameKind::Machine, self.key, &mut raw)?;
        decode::machine(&raw, &mut chunk, window)?;
        if part.has_processes() {
            unpacker.open(&mut frames, FrameKind::Processes, self.key, &mut raw)?;
            decode::processes(&raw, &mut chunk, window)?;
        } else if part.has_rest() {
            skip(&mut frames)?;
        }
        if part.has_rest() {
            unpacker.open(&mut frames, FrameKind::Rest, self.key, &mut raw)?;
            decode::rest(&raw, &mut chunk, window)?;
        }
        for group in Group::ALL {
            chunk.groups[group.index()].complete(group.fields().len());
        }
        Ok(chunk)
    }

    /// Chosen cells of the processes at some of its ticks, the earlier tick first.
    pub(crate) fn pick(
        &self,
        wanted: &[Wanted],
        unpacker: &mut Unpacker,
    ) -> Result<Vec<Picked>, FrameFault> {
        let rows = decode::process_rows(&self.index, self.ticks.len())?;
        let (mut frames, mut raw) = (&self.rest[..], Vec::new());
        skip(&mut frames)?;
        unpacker.open(&mut frames, FrameKind::Processes, self.key, &mut raw)?;
        pick(&raw, &rows, &self.ticks, wanted)
    }

    /// The strings that its cells refer to.
    pub(crate) fn texts(&self) -> Result<Texts, FrameFault> {
        let mut texts = Texts::default();
        decode::strings(&self.index, |text| texts.push(text))?;
        Ok(texts)
    }
}
