//! What is picked of a tick, out of the frames or out of the tail, is what all of it says.

use super::*;
use crate::capture::bytes::{Input, put_unsigned};
use crate::capture::chunk::decode::Window;
use crate::capture::chunk::packed::Packed;
use crate::capture::chunk::pick::{Picked, Texts, Wanted, pick};
use crate::capture::chunk::replay::TailRows;
use crate::capture::chunk::tail::TIME_NUMBERS;
use crate::capture::frame::{FrameKind, Unpacker, skip};

const FIELDS: &[ProcessField] = &[
    ProcessField::IoReadAt,
    ProcessField::Wait,
    ProcessField::State,
    ProcessField::Ppid,
    ProcessField::Session,
    ProcessField::Comm,
];
const FEWER: &[ProcessField] = &[ProcessField::Wait, ProcessField::State];

/// A tick, with fewer fields of the one before it.
fn wanted(tick: usize) -> Vec<Wanted> {
    let before = tick.checked_sub(1).map(|tick| Wanted {
        tick,
        fields: FEWER,
    });
    let now = Wanted {
        tick,
        fields: FIELDS,
    };
    before.into_iter().chain([now]).collect()
}

fn assert_agrees(chunk: &Chunk, picked: &[Picked], wanted: &[Wanted], texts: Option<&Texts>) {
    assert_eq!(picked.len(), wanted.len());
    for (picked, Wanted { tick, fields }) in picked.iter().zip(wanted) {
        let mut rows: Vec<_> = chunk
            .rows_at(Group::Process, *tick)
            .filter_map(|(row, key)| match key {
                Key::Process(key) => Some((*key, row)),
                Key::Name(_) => None,
            })
            .collect();
        rows.sort_unstable();
        let keys = picked.there().iter().map(|(key, _)| *key);
        assert!(keys.eq(rows.iter().map(|(key, _)| *key)), "keys at {tick}");
        for ((key, row), &(_, place)) in rows.into_iter().zip(picked.there()) {
            for field in *fields {
                let column = field.column();
                let cell = picked.cell(place, *field);
                let want = chunk.cell(Group::Process, row, column, *tick);
                assert_eq!(cell, want, "{key:?} {field:?} at {tick}");
                if let (ProcessField::Comm, Some(texts)) = (field, texts) {
                    let want = chunk.text(Group::Process, row, column, *tick);
                    let text = cell.and_then(|number| texts.text(number));
                    assert_eq!(text, want, "{key:?} at {tick}");
                }
            }
        }
    }
}

/// What was unpacked for a window says of its ticks what the whole chunk says.
fn assert_same_in(window: Window, narrow: &Chunk, whole: &Chunk) {
    assert_eq!(narrow.ticks, whole.ticks);
    let ticks = (0..whole.ticks.len()).filter(|tick| window.has(*tick));
    for (tick, group) in ticks.flat_map(|tick| Group::ALL.map(|group| (tick, group))) {
        let rows: Vec<_> = whole.rows_at(group, tick).collect();
        assert!(narrow.rows_at(group, tick).eq(rows.iter().copied()));
        for (row, field) in rows
            .iter()
            .flat_map(|(row, _)| (0..group.fields().len()).map(move |field| (*row, field)))
        {
            let cell = narrow.cell(group, row, field, tick);
            let want = whole.cell(group, row, field, tick);
            assert_eq!(cell, want, "{group:?} {row} {field} at {tick}");
        }
    }
}

/// The second half of a script as one chunk and as the rows of a tail.
fn stored(script: &[Vec<Act>]) -> (Chunk, Vec<u8>, Vec<Vec<u8>>) {
    let (mut builder, mut rows) = (ChunkBuilder::default(), Vec::new());
    for (number, (tick, _)) in play(script).iter().enumerate() {
        if number == script.len() / 2 {
            builder.take();
            rows.clear();
        }
        let mut row = Vec::new();
        builder.push(tick, &mut row);
        rows.push(row);
    }
    let chunk = builder.take();
    let frames = encode(&chunk, KEY, &mut Packer::new(3).unwrap()).unwrap();
    (chunk, frames, rows)
}

fn tail_of(rows: &[Vec<u8>]) -> Result<TailRows, FrameFault> {
    let mut tail = TailRows::default();
    rows.iter().try_for_each(|row| tail.push(row))?;
    Ok(tail)
}

fn script() -> impl Strategy<Value = Vec<Vec<Act>>> {
    proptest::collection::vec(proptest::collection::vec(act(), 0..12), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_tick_is_the_same_whether_picked_or_taken_from_the_whole(script in script()) {
        let (chunk, frames, rows) = stored(&script);
        let mut unpacker = Unpacker::default();
        let packed = Packed::open(&frames, KEY, &mut unpacker).unwrap();
        let tail = tail_of(&rows).unwrap();
        prop_assert_eq!(packed.ticks(), &chunk.ticks[..]);
        prop_assert_eq!(tail.ticks(), &chunk.ticks[..]);
        for tick in 0..chunk.ticks.len() {
            let wanted = wanted(tick);
            let texts = packed.texts().unwrap();
            let picked = packed.pick(&wanted, &mut unpacker).unwrap();
            assert_agrees(&chunk, &picked, &wanted, Some(&texts));
            let (picked, texts) = tail.pick(&wanted).unwrap();
            assert_agrees(&chunk, &picked, &wanted, Some(&texts));
            let window = Window::up_to(tick);
            let narrow = packed.chunk((Part::All, window), &mut unpacker).unwrap();
            assert_same_in(window, &narrow, &chunk);
        }
    }

    #[test]
    fn no_changed_byte_makes_picking_panic_or_say_something_else(
        script in script(),
        (place, byte) in (any::<prop::sample::Index>(), any::<u8>()),
    ) {
        let (chunk, frames, mut rows) = stored(&script);
        // As if whoever wrote it had written this: its checksum is right.
        let (mut unpacker, mut raw, mut input) = (Unpacker::default(), Vec::new(), &frames[..]);
        skip(&mut input).unwrap();
        skip(&mut input).unwrap();
        unpacker.open(&mut input, FrameKind::Processes, KEY, &mut raw).unwrap();
        let changed = place.index(raw.len());
        raw[changed] = byte;
        let mut whole = Packed::open(&frames, KEY, &mut unpacker)
            .and_then(|packed| packed.chunk((Part::Machine, Window::ALL), &mut unpacker))
            .unwrap();
        let group = &mut whole.groups[Group::Process.index()];
        *group = GroupRows { rows: std::mem::take(&mut group.rows), ..GroupRows::default() };
        let is_sound = decode::processes(&raw, &mut whole, Window::ALL).is_ok();
        whole.sort();
        let tail_row = place.index(rows.len());
        let changed = place.index(rows[tail_row].len());
        rows[tail_row][changed] = byte;
        let mut builder = ChunkBuilder::default();
        let tail_is_sound = rows.iter().all(|row| builder.push_tail(row).is_ok());
        for tick in 0..chunk.ticks.len() {
            let wanted = wanted(tick);
            let picked = pick(&raw, &whole.groups[Group::Process.index()].rows, &chunk.ticks, &wanted);
            if is_sound {
                assert_agrees(&whole, &picked.unwrap(), &wanted, None);
            }
            let picked = tail_of(&rows).map(|tail| tail.pick(&wanted));
            if tail_is_sound {
                assert_agrees(builder.chunk(), &picked.unwrap().unwrap().0, &wanted, None);
            }
        }
    }

    #[test]
    fn no_bytes_make_picking_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let times = [times(0)];
        let row = |pid| Row { key: process(pid), born: 0, died: ALIVE };
        let rows = [row(1), row(2), row(3)];
        drop(pick(&bytes, &rows, &times, &wanted(0)));
        let mut tail = TailRows::default();
        if tail.push(&bytes).is_ok() {
            drop(tail.pick(&wanted(0)));
        }
        prop_assert!(Input(&bytes).skip(401).is_err());
    }
}

#[test]
fn an_index_that_asks_for_much_memory_is_refused_before_it_gets_any() {
    let mut raw = Vec::new();
    put_unsigned(&mut raw, 1);
    raw.extend([0; TIME_NUMBERS]);
    // No strings, and no rows of the eight groups before.
    raw.extend([0; 9]);
    let claimed = 1_000_000;
    put_unsigned(&mut raw, claimed);
    // Nameless rows, two bytes each, and their births and deaths.
    raw.resize(raw.len() + 4 * 1_000_000, 0);
    let refused = FrameFault::Number(claimed);
    assert_eq!(decode::index(&raw).map(drop), Err(refused.clone()));
    assert_eq!(decode::process_rows(&raw, 1).map(drop), Err(refused));
}
