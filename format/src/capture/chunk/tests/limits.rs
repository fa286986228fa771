//! However little is stored, what is made of it in memory is bounded: counts that claim much are
//! refused before anything is allocated for them.

use super::*;
use crate::capture::bytes::{put_signed, put_unsigned};
use crate::capture::frame::{FrameKind, seal};
use crate::capture::pyramid;

/// What a chunk may take: its cells, their changes, its rows and its texts at their most.
const MOST_MEMORY: usize = 256 << 20;

fn sealed(kind: FrameKind, raw: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    seal(&mut frame, kind, KEY, raw, &mut Packer::new(1).unwrap()).unwrap();
    frame
}

/// An index of one tick, with so many empty texts, and of each group so many rows without names.
fn index(texts: usize, rows: [usize; Group::COUNT]) -> Vec<u8> {
    let mut raw = vec![1];
    raw.extend([0; tail::TIME_NUMBERS]);
    put_unsigned(&mut raw, texts as u64);
    raw.resize(raw.len() + texts, 0);
    for group in INDEXED {
        put_rows(&mut raw, rows[group.index()]);
    }
    raw
}

fn put_rows(raw: &mut Vec<u8>, rows: usize) {
    put_unsigned(raw, rows as u64);
    raw.resize(raw.len() + 4 * rows, 0);
}

/// Columns in which each row has a value, that is 0.
fn columns(groups: &[Group], rows: [usize; Group::COUNT]) -> Vec<u8> {
    let mut raw = Vec::new();
    for group in groups {
        put_unsigned(&mut raw, group.fields().len() as u64);
        let rows = rows[group.index()];
        for _ in group.fields() {
            if rows > 0 {
                raw.push(0);
                put_unsigned(&mut raw, rows as u64);
                raw.resize(raw.len() + rows, 0);
            }
            // Nothing changes later.
            raw.extend([0, 0]);
        }
    }
    raw
}

/// The chunk of these claims, in as many bytes as it takes to make them.
fn claimed(texts: usize, rows: [usize; Group::COUNT]) -> (Result<Chunk, FrameFault>, usize) {
    let machine: Vec<_> = of_machine().collect();
    let mut rest = Vec::new();
    for group in REST {
        put_rows(&mut rest, rows[group.index()]);
        rest.extend(columns(&[group], rows));
    }
    let frames = [
        sealed(FrameKind::Index, &index(texts, rows)),
        sealed(FrameKind::Machine, &columns(&machine, rows)),
        sealed(FrameKind::Processes, &columns(&[Group::Process], rows)),
        sealed(FrameKind::Rest, &rest),
    ];
    let frames = frames.concat();
    (decode(&frames, KEY, Part::All), frames.len())
}

#[test]
fn texts_rows_and_values_have_limits_over_all_groups() {
    let none = [0; Group::COUNT];
    assert!(claimed(1000, [10; Group::COUNT]).0.is_ok());
    let (texts, stored) = claimed(MOST_TEXTS + 1, none);
    assert!(stored < 10_000, "{stored} bytes");
    assert_eq!(
        texts.map(drop),
        Err(FrameFault::Number(MOST_TEXTS as u64 + 1))
    );
    // None of the groups is too large by itself.
    let each = MOST_ROWS / Group::COUNT + 1;
    let mut rows = [each; Group::COUNT];
    rows[Group::Process.index()] = 1;
    rows[Group::Memory.index()] = 2 * each;
    assert!(claimed(0, rows).0.is_err());
    // 50 thousand processes have more values than may be.
    let mut rows = none;
    rows[Group::Process.index()] = MOST_CHANGES / Group::Process.fields().len() + 1;
    assert!(claimed(0, rows).0.is_err());
}

#[test]
fn a_row_of_a_tail_has_the_same_limits() {
    let head = |texts: usize| {
        let mut raw = vec![0; tail::TIME_NUMBERS];
        put_unsigned(&mut raw, texts as u64);
        raw.resize(raw.len() + texts, 0);
        raw
    };
    let groups = |raw: &mut Vec<u8>, count: usize| raw.extend(vec![0; 3 * count]);
    let mut texts = head(MOST_TEXTS + 1);
    groups(&mut texts, Group::COUNT);
    let mut rows = head(0);
    put_unsigned(&mut rows, MOST_ROWS as u64 + 1);
    rows.resize(rows.len() + 2 * (MOST_ROWS + 1), 0);
    rows.extend([0, 0]);
    groups(&mut rows, Group::COUNT - 1);
    let mut dead = head(0);
    dead.push(0);
    put_unsigned(&mut dead, MOST_ROWS as u64 + 1);
    dead.resize(dead.len() + MOST_ROWS + 1, 0);
    dead.push(0);
    groups(&mut dead, Group::COUNT - 1);
    // One row of the machine, and one of its values again and again.
    let mut changes = head(0);
    changes.extend([1, 0, 0, 0, 1, 0]);
    put_unsigned(&mut changes, MOST_CHANGES as u64 + 1);
    changes.resize(changes.len() + 2 * (MOST_CHANGES + 1), 0);
    groups(&mut changes, Group::COUNT - 1);
    for (what, raw) in [
        ("texts", texts),
        ("rows", rows),
        ("dead", dead),
        ("changes", changes),
    ] {
        let pushed = ChunkBuilder::default().push_tail(&raw);
        assert!(
            matches!(pushed, Err(FrameFault::Number(_))),
            "{what}: {pushed:?}"
        );
    }
}

#[test]
fn the_rows_of_a_whole_tail_are_counted_together() {
    let mut builder = ChunkBuilder::default();
    // Half of the rows that there may be have to find room.
    let fields = |group: &Group| group.fields().len();
    let narrow = Group::ALL.into_iter().min_by_key(fields).unwrap();
    let half = MOST_ROWS / 2 + 1;
    let mut raw = vec![0; tail::TIME_NUMBERS + 1];
    raw.resize(raw.len() + 3 * narrow.index(), 0);
    put_unsigned(&mut raw, half as u64);
    raw.resize(raw.len() + 2 * half, 0);
    raw.extend([0, 0]);
    raw.resize(raw.len() + 3 * (Group::COUNT - 1 - narrow.index()), 0);
    assert_eq!(builder.push_tail(&raw), Ok(()));
    assert_eq!(
        builder.push_tail(&raw),
        Err(FrameFault::Number(2 * half as u64))
    );
}

#[test]
fn lives_have_a_limit() {
    let count = MOST_ROWS + 1;
    let mut raw = Vec::new();
    put_unsigned(&mut raw, count as u64);
    raw.resize(raw.len() + 19 * count, 0);
    let frame = sealed(FrameKind::Lives, &raw);
    let lives = pyramid::decode_lives(&frame, KEY.capture, Seq(KEY.seq));
    assert_eq!(lives.map(drop), Err(FrameFault::Number(count as u64)));
}

#[test]
fn a_field_twice_in_one_tick_is_refused() {
    let mut raw = vec![0; tail::TIME_NUMBERS + 1];
    // A row of the machine; of two fields the first is the second again.
    raw.extend([1, 0, 0, 0, 2]);
    for value in [5, 6] {
        raw.extend([3, 1, 0]);
        put_signed(&mut raw, value);
    }
    raw.extend([0; 3 * (Group::COUNT - 1)]);
    let pushed = ChunkBuilder::default().push_tail(&raw);
    assert_eq!(pushed, Err(FrameFault::Misplaced));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_is_claimed_little_memory_is_taken(
        texts in 0..21_u32,
        rows in proptest::array::uniform17(10..19_u32),
    ) {
        let many = |power: u32| (1_usize << power) - 1;
        let (chunk, _) = claimed(many(texts), rows.map(many));
        if let Ok(chunk) = chunk {
            let bytes = chunk.bytes();
            prop_assert!(bytes <= MOST_MEMORY, "{bytes} bytes");
        }
    }
}
