//! A checked frame: the unit in which anything compressed is stored.
//!
//! ```text
//! magic "AFFR" · version u8 · kind u8 · link u16 · seq u64 · raw length u32 · stored length u32 · check u64 · stored bytes
//! ```
//! Integers are little-endian. The check is XXH3-64 over the header before it and the stored
//! bytes, seeded with the capture's own number: a frame that was copied to another place or
//! out of another capture does not pass. The stored bytes are one zstd frame. The link is the
//! [`name`] of the frame that this one follows in a tail, else 0.

use super::error::FrameFault;
use xxhash_rust::xxh3::xxh3_64_with_seed;
use zstd::zstd_safe::CParameter;

/// The tables of zstd, as logarithms: over 256 KiB of input it would take four times as much
/// memory, on a host that has little left.
const MOST_HASH_LOG: u32 = 19;
const MOST_CHAIN_LOG: u32 = 18;

/// A packer keeps a buffer of this size; what one large frame took goes back.
const MOST_KEPT: usize = 1 << 20;

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum FrameKind {
    /// A chunk's tick times, strings, and rows of all groups but those of the rest.
    Index = 1,
    /// A chunk's columns of the machine.
    Machine = 2,
    /// A chunk's columns of processes.
    Processes = 3,
    /// One tick of the tail.
    Tick = 4,
    /// What each process did in a bucket of the pyramid.
    Lives = 5,
    /// A chunk's rows and columns of tasks, sockets, file systems and file locks.
    Rest = 6,
}

const MAGIC: [u8; 4] = *b"AFFR";
const VERSION: u8 = 0;
const HEADER: usize = 32;
/// No frame unpacks to more than this, whatever it claims.
const RAW_LIMIT: usize = 64 << 20;

/// What the check of a frame covers beside its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameKey {
    /// The capture's own number.
    pub(crate) capture: u64,
    /// The tick it belongs to, or the first of them.
    pub(crate) seq: u64,
}

impl FrameKey {
    pub(crate) fn new(capture: u64, seq: u64) -> Self {
        Self { capture, seq }
    }
}

/// Appends `raw` as a frame.
pub(crate) fn seal(
    out: &mut Vec<u8>,
    kind: FrameKind,
    key: FrameKey,
    raw: &[u8],
    packer: &mut Packer,
) -> Result<(), FrameFault> {
    seal_linked(out, (kind, 0), key, raw, packer)
}

/// The same for a frame that follows the one of that name.
pub(crate) fn seal_linked(
    out: &mut Vec<u8>,
    (kind, link): (FrameKind, u16),
    key: FrameKey,
    raw: &[u8],
    packer: &mut Packer,
) -> Result<(), FrameFault> {
    let stored = packer.pack(raw)?;
    let length = |bytes: &[u8]| match u32::try_from(bytes.len()) {
        Ok(length) if bytes.len() <= RAW_LIMIT => Ok(length),
        _ => Err(FrameFault::Number(bytes.len() as u64)),
    };
    let start = out.len();
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&[VERSION, kind as u8]);
    out.extend_from_slice(&link.to_le_bytes());
    out.extend_from_slice(&key.seq.to_le_bytes());
    out.extend_from_slice(&length(raw)?.to_le_bytes());
    out.extend_from_slice(&length(stored)?.to_le_bytes());
    let check = check(&out[start..], stored, key.capture);
    out.extend_from_slice(&check.to_le_bytes());
    out.extend_from_slice(stored);
    Ok(())
}

/// Takes the next frame off `input`, unpacked into `raw`. Who opens many uses one [`Unpacker`].
pub(crate) fn open(
    input: &mut &[u8],
    kind: FrameKind,
    key: FrameKey,
    raw: &mut Vec<u8>,
) -> Result<(), FrameFault> {
    Unpacker::default().open(input, kind, key, raw)
}

/// Takes the next frame off `input` and says whether its bytes are those that were stored.
pub(crate) fn verify(input: &mut &[u8], kind: FrameKind, key: FrameKey) -> Result<(), FrameFault> {
    checked(input, kind, key).map(drop)
}

/// Takes the next frame off `input`: how many bytes it unpacks to, and what is stored of them.
fn checked<'a>(
    input: &mut &'a [u8],
    kind: FrameKind,
    key: FrameKey,
) -> Result<(usize, &'a [u8]), FrameFault> {
    let (header, rest) = input.split_at_checked(HEADER).ok_or(FrameFault::Short)?;
    let (head, checked) = header.split_at(24);
    if head[..4] != MAGIC {
        return Err(FrameFault::Foreign);
    }
    let stored_length = u32::from_le_bytes(array(&head[20..])) as usize;
    let raw_length = u32::from_le_bytes(array(&head[16..20])) as usize;
    let (stored, rest) = rest
        .split_at_checked(stored_length)
        .ok_or(FrameFault::Short)?;
    if check(head, stored, key.capture) != u64::from_le_bytes(array(checked)) {
        return Err(FrameFault::Check);
    }
    if head[4] != VERSION {
        return Err(FrameFault::Version(head[4]));
    }
    if head[5] != kind as u8 || u64::from_le_bytes(array(&head[8..16])) != key.seq {
        return Err(FrameFault::Misplaced);
    }
    *input = rest;
    Ok((raw_length, stored))
}

/// What a frame is called by the one that follows it: the low half of its check, and never 0.
pub(crate) fn name(frame: &[u8]) -> u16 {
    number(frame, 24).max(1)
}

/// The name of the frame that this one follows; 0 when it says none.
pub(crate) fn link(frame: &[u8]) -> u16 {
    number(frame, 6)
}

fn number(frame: &[u8], at: usize) -> u16 {
    let bytes = frame.get(at..at + 2);
    bytes.map_or(0, |bytes| u16::from_le_bytes(array(bytes)))
}

/// Steps over the next frame without unpacking it.
pub(crate) fn skip(input: &mut &[u8]) -> Result<(), FrameFault> {
    let (header, rest) = input.split_at_checked(HEADER).ok_or(FrameFault::Short)?;
    let stored_length = u32::from_le_bytes(array(&header[20..24])) as usize;
    let (_, rest) = rest
        .split_at_checked(stored_length)
        .ok_or(FrameFault::Short)?;
    *input = rest;
    Ok(())
}

/// Frames of one capture as frames of another: the same bytes under another check. What is not
/// sound is refused.
pub(crate) fn reseal(frames: &[u8], from: u64, to: u64) -> Result<Vec<u8>, FrameFault> {
    let (mut out, mut rest) = (Vec::with_capacity(frames.len()), frames);
    while !rest.is_empty() {
        let begin = rest;
        skip(&mut rest)?;
        let (header, stored) = begin[..begin.len() - rest.len()].split_at(HEADER);
        let (head, checked) = header.split_at(24);
        if check(head, stored, from) != u64::from_le_bytes(array(checked)) {
            return Err(FrameFault::Check);
        }
        out.extend_from_slice(head);
        out.extend_from_slice(&check(head, stored, to).to_le_bytes());
        out.extend_from_slice(stored);
    }
    Ok(out)
}

fn check(head: &[u8], stored: &[u8], capture: u64) -> u64 {
    let of_head = xxh3_64_with_seed(head, capture);
    xxh3_64_with_seed(stored, of_head)
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes
        .try_into()
        .expect("the header was cut to its fields' lengths")
}

/// Unpacks, keeping its context from frame to frame: to make one takes longer than a tick of the
/// tail.
#[derive(Default)]
pub(crate) struct Unpacker {
    context: zstd::bulk::Decompressor<'static>,
}

impl Unpacker {
    /// Takes the next frame off `input`, unpacked into `raw`.
    pub(crate) fn open(
        &mut self,
        input: &mut &[u8],
        kind: FrameKind,
        key: FrameKey,
        raw: &mut Vec<u8>,
    ) -> Result<(), FrameFault> {
        let mut rest = *input;
        let (length, stored) = checked(&mut rest, kind, key)?;
        self.unpack(stored, length, raw)?;
        *input = rest;
        Ok(())
    }

    /// Into memory for as much as was declared, and not a byte more.
    fn unpack(
        &mut self,
        stored: &[u8],
        length: usize,
        raw: &mut Vec<u8>,
    ) -> Result<(), FrameFault> {
        if length > RAW_LIMIT {
            return Err(FrameFault::Number(length as u64));
        }
        raw.clear();
        raw.reserve(length);
        let unpacked = self.context.decompress_to_buffer(stored, raw);
        unpacked.map_err(|e| FrameFault::Zstd(e.to_string()))?;
        if raw.len() == length {
            Ok(())
        } else {
            Err(FrameFault::Number(raw.len() as u64))
        }
    }
}

impl std::fmt::Debug for Unpacker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unpacker").finish_non_exhaustive()
    }
}

/// Compresses, keeping its context and its buffer from frame to frame.
pub(crate) struct Packer {
    context: zstd::bulk::Compressor<'static>,
    packed: Vec<u8>,
}

impl Packer {
    /// A packer at a zstd level.
    pub(crate) fn new(level: i32) -> Result<Self, FrameFault> {
        let fault = |e: std::io::Error| FrameFault::Zstd(e.to_string());
        let mut context = zstd::bulk::Compressor::new(level).map_err(fault)?;
        // The fast levels have small tables.
        if level > 4 {
            let bounds = [
                CParameter::HashLog(MOST_HASH_LOG),
                CParameter::ChainLog(MOST_CHAIN_LOG),
            ];
            let set = |bound| context.set_parameter(bound);
            bounds.into_iter().try_for_each(set).map_err(fault)?;
        }
        Ok(Self {
            context,
            packed: Vec::new(),
        })
    }

    fn pack(&mut self, raw: &[u8]) -> Result<&[u8], FrameFault> {
        self.packed.clear();
        self.packed.shrink_to(MOST_KEPT);
        self.packed
            .reserve(zstd::zstd_safe::compress_bound(raw.len()));
        let packed = self.context.compress_to_buffer(raw, &mut self.packed);
        packed.map_err(|e| FrameFault::Zstd(e.to_string()))?;
        Ok(&self.packed)
    }
}

impl std::fmt::Debug for Packer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Packer").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
