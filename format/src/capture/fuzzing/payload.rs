//! Frames, and payloads behind a sound frame: a checksum would turn away all a fuzzer comes up with.
//!
//! In: bytes that mean nothing. Out: nothing. What two ways of reading say must be the same, and
//! what can be read can be written and read again.

use crate::capture::chunk::builder::ChunkBuilder;
use crate::capture::chunk::decode::{Part, Window, decode};
use crate::capture::chunk::encode::encode;
use crate::capture::chunk::packed::{self, Packed};
use crate::capture::chunk::pick::{Picked, Wanted};
use crate::capture::chunk::replay::TailRows;
use crate::capture::chunk::{Chunk, tail};
use crate::capture::frame::{self, FrameKey, FrameKind, Packer, Unpacker, seal};
use crate::capture::pyramid;
use crate::group::Group;
use crate::sample::Sample;
use crate::sample::listing::{COUNTED, LISTED};
use crate::series::SeriesReader;
use crate::tick::Key;
use crate::time::Seq;

const KEY: FrameKey = FrameKey {
    capture: 7,
    seq: 60,
};

/// The first byte says what the rest is: 0 a frame, 1 the payloads of a chunk (two lengths of two
/// bytes, then index, machine and processes), 2 those of rows of a tail (a length of two bytes
/// before each), 3 lives, 4 a bucket of the pyramid.
///
/// # Panics
/// When two ways of reading the same do not agree, or what can be read cannot be written again.
pub fn frame(data: &[u8]) {
    let Some((kind, data)) = data.split_first() else {
        return;
    };
    match kind {
        0 => any_frame(data),
        1 => chunk(data),
        2 => tail_of(data),
        3 => {
            let frame = sealed(FrameKind::Lives, data);
            drop(pyramid::decode_lives(&frame, KEY.capture, Seq(KEY.seq)));
        }
        _ => drop(pyramid::decode(data)),
    }
}

fn any_frame(data: &[u8]) {
    let kinds = [
        FrameKind::Index,
        FrameKind::Machine,
        FrameKind::Processes,
        FrameKind::Tick,
        FrameKind::Lives,
    ];
    let mut raw = Vec::new();
    for kind in kinds {
        let is_open = frame::open(&mut &*data, kind, KEY, &mut raw).is_ok();
        let is_sound = frame::verify(&mut &*data, kind, KEY).is_ok();
        assert!(is_sound || !is_open, "opened, but not sound");
    }
    drop(frame::skip(&mut &*data));
    drop(frame::reseal(data, KEY.capture, 8));
    drop(packed::verify(data, KEY));
    drop(decode(data, KEY, Part::All));
}

fn sealed(kind: FrameKind, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    let mut packer = Packer::new(1).expect("zstd knows its lowest level");
    seal(&mut frame, kind, KEY, payload, &mut packer).expect("it is short");
    frame
}

/// Takes so many bytes, by a length before them.
fn part<'a>(data: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = data.split_first_chunk()?;
    let length = usize::from(u16::from_le_bytes(*length)).min(rest.len());
    let (part, rest) = rest.split_at(length);
    *data = rest;
    Some(part)
}

fn chunk(mut data: &[u8]) {
    let (Some(index), Some(machine)) = (part(&mut data), part(&mut data)) else {
        return;
    };
    let parts = [
        (FrameKind::Index, index),
        (FrameKind::Machine, machine),
        (FrameKind::Processes, data),
    ];
    let frames = parts.map(|(kind, payload)| sealed(kind, payload)).concat();
    let mut unpacker = Unpacker::default();
    let Ok(packed) = Packed::open(&frames, KEY, &mut unpacker) else {
        return;
    };
    let wanted = wanted(packed.ticks().len() - 1);
    let some = packed.pick(&wanted, &mut unpacker);
    drop(packed.texts());
    drop(packed.chunk((Part::Machine, Window::up_to(1)), &mut unpacker));
    let Ok(chunk) = packed.chunk((Part::All, Window::ALL), &mut unpacker) else {
        return;
    };
    agree(&chunk, &some.expect("all of it can be read"), &wanted);
    read(chunk);
}

/// The last tick as a list shows it, and the counters of the one before.
fn wanted(last: usize) -> Vec<Wanted> {
    let before = last.checked_sub(1).map(|tick| Wanted {
        tick,
        fields: COUNTED,
    });
    let last = Wanted {
        tick: last,
        fields: LISTED,
    };
    before.into_iter().chain([last]).collect()
}

/// What is picked of a tick is what all of it says.
fn agree(chunk: &Chunk, picked: &[Picked], wanted: &[Wanted]) {
    for (picked, Wanted { tick, fields }) in picked.iter().zip(wanted) {
        let there = chunk.rows_at(Group::Process, *tick);
        let there = there.filter(|(_, key)| matches!(key, Key::Process(_)));
        assert_eq!(picked.there().len(), there.count());
        for (_, row) in picked.there() {
            for field in *fields {
                let whole = chunk.cell(Group::Process, *row, field.column(), *tick);
                assert_eq!(picked.cell(*row, *field), whole, "{field:?} of {row}");
            }
        }
    }
}

/// Everything that is done with a chunk that can be read.
fn read(mut chunk: Chunk) {
    let mut series = SeriesReader::default();
    for tick in 0..chunk.ticks().len() {
        drop(Sample::from_chunk(&chunk, tick));
        series.read(&chunk, tick);
    }
    let mut packer = Packer::new(1).expect("zstd knows its lowest level");
    let frames = encode(&chunk, KEY, &mut packer).expect("it is short");
    let again = decode(&frames, KEY, Part::All).expect("what we write can be read");
    assert_eq!(again.ticks(), chunk.ticks());
    let ticks = chunk.ticks().len();
    chunk.keep(ticks / 3..ticks - ticks / 3);
    let frames = encode(&chunk, KEY, &mut packer).expect("it is short");
    decode(&frames, KEY, Part::All).expect("a part of it can be read");
}

fn tail_of(mut data: &[u8]) {
    let (mut rows, mut builder) = (TailRows::default(), ChunkBuilder::default());
    while let Some(row) = part(&mut data) {
        drop(tail::decode(row));
        if builder.push_tail(row).is_err() {
            break;
        }
        rows.push(row).expect("its times were read before");
    }
    let Some(last) = rows.ticks().len().checked_sub(1) else {
        return;
    };
    let wanted = wanted(last);
    let picked = rows.pick(&wanted);
    let (picked, _) = picked.expect("all of it could be read");
    let chunk = builder.take();
    agree(&chunk, &picked, &wanted);
    read(chunk);
}
