//! Frames that are whole, and frames that are not.

use super::*;

const KEY: FrameKey = FrameKey {
    capture: 7,
    seq: 60,
};

fn sealed() -> Vec<u8> {
    let mut out = Vec::new();
    let mut packer = Packer::new(3).unwrap();
    seal(
        &mut out,
        FrameKind::Index,
        KEY,
        b"what was said",
        &mut packer,
    )
    .unwrap();
    out
}

fn opened(frame: &[u8], kind: FrameKind, key: FrameKey) -> Result<Vec<u8>, FrameFault> {
    let mut raw = Vec::new();
    open(&mut &frame[..], kind, key, &mut raw).map(|()| raw)
}

#[test]
fn a_frame_gives_back_its_bytes_and_the_place_after_it() {
    let mut two = sealed();
    two.extend_from_slice(b"next");
    let (mut input, mut raw) = (&two[..], Vec::new());
    open(&mut input, FrameKind::Index, KEY, &mut raw).unwrap();
    assert_eq!(
        (raw.as_slice(), input),
        (&b"what was said"[..], &b"next"[..])
    );
    let mut input = &two[..];
    skip(&mut input).unwrap();
    assert_eq!(input, b"next");
}

#[test]
fn every_single_flipped_bit_is_found() {
    let good = sealed();
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(opened(&bad, FrameKind::Index, KEY).is_err(), "bit {bit}");
    }
}

#[test]
fn a_sound_frame_in_the_wrong_place_is_refused() {
    let frame = sealed();
    let other_capture = FrameKey { capture: 8, ..KEY };
    let other_tick = FrameKey { seq: 61, ..KEY };
    assert_eq!(
        opened(&frame, FrameKind::Index, other_capture),
        Err(FrameFault::Check)
    );
    assert_eq!(
        opened(&frame, FrameKind::Index, other_tick),
        Err(FrameFault::Misplaced)
    );
    assert_eq!(
        opened(&frame, FrameKind::Tick, KEY),
        Err(FrameFault::Misplaced)
    );
}

#[test]
fn a_frame_goes_into_another_capture_only_when_it_is_sound() {
    let frame = sealed();
    let moved = reseal(&frame, 7, 8).unwrap();
    let key = FrameKey { capture: 8, ..KEY };
    let opened = opened(&moved, FrameKind::Index, key);
    assert_eq!(opened, Ok(b"what was said".to_vec()));
    assert_eq!(reseal(&frame, 9, 8), Err(FrameFault::Check));
    assert_eq!(reseal(&frame[1..], 7, 8), Err(FrameFault::Short));
}

#[test]
fn a_frame_cut_anywhere_is_short() {
    let good = sealed();
    for length in 0..good.len() {
        assert_eq!(
            opened(&good[..length], FrameKind::Index, KEY),
            Err(FrameFault::Short)
        );
    }
}

#[test]
fn more_than_was_declared_is_not_unpacked() {
    let bomb = zstd::bulk::compress(&vec![0; 10 << 20], 3).unwrap();
    let (mut unpacker, mut raw) = (Unpacker::default(), Vec::new());
    let result = unpacker.unpack(&bomb, 1000, &mut raw);
    assert!(matches!(result, Err(FrameFault::Zstd(_))), "{result:?}");
    assert!(raw.capacity() < 1 << 20);
}

#[test]
fn less_than_was_declared_is_not_taken_for_all_of_it() {
    let short = zstd::bulk::compress(b"seven b", 3).unwrap();
    let unpacked = Unpacker::default().unpack(&short, 8, &mut Vec::new());
    assert_eq!(unpacked, Err(FrameFault::Number(7)));
}
