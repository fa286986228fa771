//! Ticks that wait in memory: small, and each able to take over what another one said.
//!
//! While a capture cannot be written its ticks wait, packed: then they take a small part of what
//! they took when they were handed over. When there are too many all the same, details go before
//! ticks: what one tick says of processes is told by the next one instead ([`PackedTick::thin`]),
//! or the whole of it ([`PackedTick::fold`]), so that what is left is still true.

use super::{Change, GroupChanges, Shed, Tick, TickTimes};
use crate::capture::bytes::{Input, put_bytes, put_signed, put_unsigned};
use crate::capture::chunk::tail::{key, numbers_from_times, put_key, times};
use crate::capture::error::FrameFault;
use crate::group::{Group, Kind};
use std::collections::HashSet;
use std::io;

/// The fastest of zstd's ordinary levels: the host may be in trouble.
const LEVEL: i32 = 1;

/// A tick as bytes.
#[derive(Debug, Clone)]
pub struct PackedTick {
    times: TickTimes,
    has_details: bool,
    reset: bool,
    /// The length of what is packed.
    length: usize,
    bytes: Box<[u8]>,
}

/// Packs ticks and unpacks them, with buffers of its own.
pub struct TickPacker {
    raw: Vec<u8>,
    packed: Vec<u8>,
    compressor: zstd::bulk::Compressor<'static>,
    decompressor: zstd::bulk::Decompressor<'static>,
}

impl std::fmt::Debug for TickPacker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TickPacker").finish_non_exhaustive()
    }
}

impl TickPacker {
    /// A packer. Fails where zstd gets no memory.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            raw: Vec::new(),
            packed: Vec::new(),
            compressor: zstd::bulk::Compressor::new(LEVEL)?,
            decompressor: zstd::bulk::Decompressor::new()?,
        })
    }

    /// A tick as bytes.
    pub fn pack(&mut self, tick: &Tick) -> io::Result<PackedTick> {
        self.raw.clear();
        encode(&mut self.raw, tick);
        self.packed.clear();
        let most = zstd::zstd_safe::compress_bound(self.raw.len());
        self.packed.reserve(most);
        self.compressor
            .compress_to_buffer(&self.raw, &mut self.packed)?;
        let details = Group::ALL.into_iter().filter(|group| group.is_detail());
        Ok(PackedTick {
            times: tick.times,
            has_details: details
                .into_iter()
                .any(|group| !tick.group(group).is_empty()),
            reset: tick.reset,
            length: self.raw.len(),
            bytes: self.packed.as_slice().into(),
        })
    }

    /// Fills `tick` with what was packed.
    pub fn unpack(&mut self, packed: &PackedTick, tick: &mut Tick) -> io::Result<()> {
        self.raw.clear();
        self.raw.reserve(packed.length);
        self.decompressor
            .decompress_to_buffer(&packed.bytes, &mut self.raw)?;
        tick.clear();
        tick.reset = packed.reset;
        decode(&self.raw, tick).map_err(io::Error::other)
    }
}

impl PackedTick {
    /// When it was taken, and how.
    pub fn times(&self) -> &TickTimes {
        &self.times
    }

    /// The memory that it takes.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.bytes.len()
    }

    /// Whether it has details that a later tick could tell instead. What a tick says that begins
    /// everything anew is no detail.
    pub fn has_details(&self) -> bool {
        self.has_details && !self.reset
    }

    /// Whether it says everything anew.
    pub fn is_reset(&self) -> bool {
        self.reset
    }

    /// Whether it can tell the details of an earlier tick beside its own.
    pub fn takes_details(&self) -> bool {
        self.has_details
    }

    /// Leaves its details to `next`, the next tick that has some.
    pub fn thin(&mut self, next: &mut Self, packer: &mut TickPacker) -> io::Result<()> {
        let (mut tick, mut later) = (Tick::new(self.times), Tick::new(next.times));
        packer.unpack(self, &mut tick)?;
        packer.unpack(next, &mut later)?;
        let details = Group::ALL.into_iter().filter(|group| group.is_detail());
        for group in details {
            later.tell_of(&tick, group);
            tick.groups[group.index()] = GroupChanges::default();
        }
        tick.times.shed = tick.times.shed.with(Shed::DETAILS);
        *self = packer.pack(&tick)?;
        *next = packer.pack(&later)?;
        Ok(())
    }

    /// Takes over all that `earlier` said, which was the tick before it.
    pub fn fold(&mut self, earlier: &Self, packer: &mut TickPacker) -> io::Result<()> {
        let (mut tick, mut later) = (Tick::new(earlier.times), Tick::new(self.times));
        packer.unpack(earlier, &mut tick)?;
        packer.unpack(self, &mut later)?;
        for group in Group::ALL {
            later.tell_of(&tick, group);
        }
        later.reset |= tick.reset;
        *self = packer.pack(&later)?;
        Ok(())
    }
}

impl GroupChanges {
    fn is_empty(&self) -> bool {
        self.births.is_empty() && self.deaths.is_empty() && self.changes.is_empty()
    }
}

impl Tick {
    /// Says of one group what `earlier` said too, as far as that still holds.
    fn tell_of(&mut self, earlier: &Self, group: Group) {
        if self.reset {
            return;
        }
        let (old, new) = (earlier.group(group), self.group(group));
        let born: HashSet<u32> = old.births.iter().map(|(slot, _)| *slot).collect();
        let died: HashSet<u32> = new.deaths.iter().copied().collect();
        let told: HashSet<(u32, u8)> = new
            .changes
            .iter()
            .map(|change| (change.row, change.field))
            .collect();
        let lives = |slot: u32| !died.contains(&slot);
        let births = old.births.iter().filter(|(slot, _)| lives(*slot)).cloned();
        let births = births.chain(new.births.iter().cloned()).collect();
        // What was born and died between the two was never there.
        let deaths = new.deaths.iter().filter(|slot| !born.contains(slot));
        let deaths = old.deaths.iter().chain(deaths).copied().collect();
        let still =
            |change: &&Change| lives(change.row) && !told.contains(&(change.row, change.field));
        let mut changes: Vec<Change> = old.changes.iter().filter(still).copied().collect();
        for change in &mut changes {
            if change.missing == 0 && kind(group, change.field) == Some(Kind::Text) {
                change.value = self.keep_text(earlier.text_at(change.value));
            }
        }
        changes.extend(&self.groups[group.index()].changes);
        self.groups[group.index()] = GroupChanges {
            births,
            deaths,
            changes,
        };
    }
}

fn kind(group: Group, field: u8) -> Option<Kind> {
    group
        .fields()
        .get(usize::from(field))
        .map(|field| field.kind)
}

fn encode(out: &mut Vec<u8>, tick: &Tick) {
    for number in numbers_from_times(&tick.times) {
        put_signed(out, number);
    }
    for group in Group::ALL {
        let changes = tick.group(group);
        put_unsigned(out, changes.births.len() as u64);
        for (slot, named) in &changes.births {
            put_unsigned(out, u64::from(*slot));
            put_key(out, named);
        }
        put_unsigned(out, changes.deaths.len() as u64);
        for slot in &changes.deaths {
            put_unsigned(out, u64::from(*slot));
        }
        put_unsigned(out, changes.changes.len() as u64);
        for change in &changes.changes {
            put_unsigned(out, u64::from(change.row));
            out.extend_from_slice(&[change.field, change.missing]);
            match kind(group, change.field) {
                _ if change.missing != 0 => {}
                Some(Kind::Text) => put_bytes(out, tick.text_at(change.value)),
                _ => put_signed(out, change.value),
            }
        }
    }
}

fn decode(bytes: &[u8], tick: &mut Tick) -> Result<(), FrameFault> {
    let mut input = Input(bytes);
    tick.times = times(&mut input)?;
    for group in Group::ALL {
        for _ in 0..input.count(2)? {
            let slot = input.small()?;
            tick.begin(group, slot, key(&mut input)?);
        }
        for _ in 0..input.count(1)? {
            tick.end(group, input.small()?);
        }
        for _ in 0..input.count(3)? {
            let (row, field, missing) = (input.small()?, input.byte()?, input.byte()?);
            let value = match kind(group, field) {
                _ if missing != 0 => 0,
                Some(Kind::Text) => tick.keep_text(input.bytes()?),
                _ => input.signed()?,
            };
            tick.push(
                group,
                Change {
                    row,
                    field,
                    missing,
                    value,
                },
            );
        }
    }
    input.end()
}
