//! Whatever ticks say, the chunk, its frames and its tail say the same afterwards.

mod limits;
mod picked;
mod waiting;

use super::builder::ChunkBuilder;
use super::decode::{Part, decode};
use super::encode::encode;
use super::*;
use crate::capture::error::FrameFault;
use crate::capture::frame::{FrameKey, Packer};
use crate::group::{LineField, ProcessField};
use crate::process::{Pid, ProcessKey};
use crate::tick::{Instants, Shed, Tick};
use crate::time::{BootTime, MonotonicTime, Seq, WallTime};
use crate::units::Ticks;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const KEY: FrameKey = FrameKey {
    capture: 99,
    seq: 1000,
};

fn times(number: u64) -> TickTimes {
    let micros = i64::try_from(number).unwrap() * 1_000_000;
    let at = |late: i64| Instants {
        monotonic: MonotonicTime(micros + late),
        boot: BootTime(micros + late + 77),
        wall: WallTime(micros + late + 1_700_000_000_000_000),
    };
    TickTimes {
        seq: Seq(KEY.seq + number),
        planned: MonotonicTime(micros),
        began: at(150),
        ended: at(4_150),
        recorder_cpu: Duration::from_micros(5_000 * number),
        shed: Shed::NONE,
        full_sweep: number.is_multiple_of(3),
    }
}

fn process(pid: i32) -> Key {
    let (pid, started) = (Pid(pid), Ticks(5));
    Key::Process(ProcessKey { pid, started })
}

/// Rows of a group have names, or are processes or threads.
fn key(group: Group, number: i32) -> Key {
    match group {
        Group::Process | Group::Task => process(number),
        _ => Key::name(format!("row {number}")),
    }
}

/// What one tick does to one of eight slots.
#[derive(Debug, Clone)]
enum Step {
    Begin,
    End,
    Number(usize, Result<i64, Missing>),
    Text(usize, Vec<u8>),
}

/// What happens to which slot of which group.
type Act = (Group, u32, Step);

/// Mostly of one group, sometimes of any.
fn act() -> impl Strategy<Value = Act> {
    let group = prop_oneof![
        Just(Group::Process),
        proptest::sample::select(&Group::ALL[..])
    ];
    let value = prop_oneof![
        any::<i64>().prop_map(|v| Ok(v >> 2)),
        (0..100_i64).prop_map(Ok),
        Just(Err(Missing::PermissionDenied)),
    ];
    let step = prop_oneof![
        2 => Just(Step::Begin),
        1 => Just(Step::End),
        6 => (0..60_usize, value).prop_map(|(field, value)| Step::Number(field, value)),
        2 => (0..60_usize, proptest::collection::vec(any::<u8>(), 0..6))
            .prop_map(|(field, text)| Step::Text(field, text)),
    ];
    (group, 0..8_u32, step)
}

/// One of the fields of a group that hold texts, or that do not; `None` if it has none.
fn field(group: Group, number: usize, is_text: bool) -> Option<usize> {
    let fields = group.fields().iter().enumerate();
    // When `stat` was read depends on the sweeps of other ticks.
    let fits = fields.filter(|(column, field)| {
        (field.kind == Kind::Text) == is_text && (group != Group::Process || *column >= 3)
    });
    let columns: Vec<usize> = fits.map(|(column, _)| column).collect();
    columns.get(number % columns.len().max(1)).copied()
}

/// No field: says only that the row was there.
const ALIVE_FIELD: usize = 999;

/// The truth, kept the plainest way: every cell of every row at one tick.
type Truth = BTreeMap<(Group, Key, usize), Result<Vec<u8>, Missing>>;

/// Plays a script into ticks, and says what must be read back at each. Within a tick rows end
/// first, then begin (a slot may be used again at once), then change.
fn play(script: &[Vec<Act>]) -> Vec<(Tick, Truth)> {
    let (mut live, mut numbers, mut truth) = (BTreeMap::new(), 100, Truth::new());
    let mut played = Vec::new();
    for (number, acts) in (0..).zip(script) {
        let mut tick = Tick::new(times(number));
        for (group, slot, step) in acts {
            if let (Step::End, Some(key)) = (step, live.get(&(*group, *slot)).cloned()) {
                live.remove(&(*group, *slot));
                tick.end(*group, *slot);
                truth.retain(|(of, known, _), _| (*of, known) != (*group, &key));
            }
        }
        for (group, slot, step) in acts {
            if matches!(step, Step::Begin) && !live.contains_key(&(*group, *slot)) {
                numbers += 1;
                let key = key(*group, numbers);
                tick.begin(*group, *slot, key.clone());
                live.insert((*group, *slot), key.clone());
                truth.insert((*group, key, ALIVE_FIELD), Ok(Vec::new()));
            }
        }
        let mut changed = BTreeSet::new();
        for (group, slot, step) in acts {
            let Some(key) = live.get(&(*group, *slot)).cloned() else {
                continue;
            };
            let (number, is_text) = match step {
                Step::Number(number, _) => (*number, false),
                Step::Text(number, _) => (*number, true),
                _ => continue,
            };
            let Some(field) = field(*group, number, is_text) else {
                continue;
            };
            if !changed.insert((*group, *slot, field)) {
                continue;
            }
            let said = match step {
                Step::Number(_, value) => {
                    tick.number(*group, *slot, field, *value);
                    value.map(|value| value.to_le_bytes().to_vec())
                }
                Step::Text(_, text) => {
                    tick.text(*group, *slot, field, Ok(text));
                    Ok(text.clone())
                }
                _ => continue,
            };
            truth.insert((*group, key, field), said);
        }
        played.push((tick, truth.clone()));
    }
    played
}

fn assert_says(chunk: &Chunk, tick: usize, truth: &Truth) {
    let said = |group: Group, row, field: usize| {
        if group.fields()[field].kind == Kind::Text {
            return chunk.text(group, row, field, tick).map(<[u8]>::to_vec);
        }
        let value = chunk.cell(group, row, field, tick);
        value.map(|v| v.to_le_bytes().to_vec())
    };
    for group in Group::ALL {
        let rows: Vec<_> = chunk.rows_at(group, tick).collect();
        let keys = truth.keys().filter(|(of, ..)| *of == group);
        let keys: BTreeSet<_> = keys.map(|(_, key, _)| key).collect();
        assert_eq!(rows.len(), keys.len(), "rows of {group:?} at {tick}");
        for (row, key) in rows {
            for field in 0..group.fields().len() {
                let want = truth.get(&(group, key.clone(), field)).cloned();
                let want = want.unwrap_or(Err(Missing::NotRead));
                let got = said(group, row, field);
                assert_eq!(got, want, "{group:?} {key:?} field {field} at {tick}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn chunk_frames_and_tail_all_say_what_the_ticks_said(
        script in proptest::collection::vec(proptest::collection::vec(act(), 0..20), 1..12),
    ) {
        let mut played = play(&script);
        let (mut builder, mut again) = (ChunkBuilder::default(), ChunkBuilder::default());
        let mut tail = Vec::new();
        // The first half goes into a chunk of its own: the second begins by carrying over.
        let half = played.len() / 2;
        for (number, (tick, _)) in played.iter_mut().enumerate() {
            if number == half && number > 0 {
                let chunk = builder.take();
                let frames = encode(&chunk, KEY, &mut Packer::new(3).unwrap()).unwrap();
                prop_assert!(decode(&frames, KEY, Part::All).is_ok());
                again.take();
                again.clear();
            }
            tail.clear();
            builder.push(tick, &mut tail);
            again.push_tail(&tail).unwrap();
        }
        let chunk = builder.take();
        let frames = encode(&chunk, KEY, &mut Packer::new(3).unwrap()).unwrap();
        let decoded = decode(&frames, KEY, Part::All).unwrap();
        prop_assert_eq!(&decoded.ticks, &chunk.ticks);
        let from = played.len() - chunk.ticks.len();
        for (tick, (_, truth)) in played[from..].iter().enumerate() {
            assert_says(&chunk, tick, truth);
            assert_says(&decoded, tick, truth);
            assert_says(again.chunk(), tick, truth);
        }
    }

    #[test]
    fn no_bytes_make_the_decoders_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(tail::decode(&bytes).is_err() || !bytes.is_empty());
        prop_assert!(decode(&bytes, KEY, Part::All).is_err());
    }
}

#[test]
fn a_lost_tick_starts_every_row_anew_and_ends_those_that_are_gone() {
    let group = Group::Process;
    let mut builder = ChunkBuilder::default();
    let mut tick = Tick::new(times(0));
    tick.begin(group, 0, process(1));
    tick.begin(group, 1, process(2));
    tick.number(group, 1, ProcessField::Rss.column(), Ok(10));
    builder.push(&tick, &mut Vec::new());

    let mut tick = Tick::new(times(1));
    tick.reset = true;
    tick.begin(group, 0, process(2));
    tick.number(group, 0, ProcessField::Rss.column(), Ok(12));
    builder.push(&tick, &mut Vec::new());

    let chunk = builder.chunk();
    let rows: Vec<_> = chunk
        .rows_at(group, 1)
        .map(|(_, key)| key.clone())
        .collect();
    assert_eq!(rows, [process(2)]);
    let (row, _) = chunk.rows_at(group, 1).next().unwrap();
    let rss = |tick| chunk.cell(group, row, ProcessField::Rss.column(), tick);
    assert_eq!((rss(0), rss(1)), (Ok(10), Ok(12)));
}

#[test]
fn a_chunk_of_lines_keeps_names_and_absences() {
    let mut builder = ChunkBuilder::default();
    let mut tick = Tick::new(times(0));
    tick.begin(Group::Memory, 0, Key::name("MemFree"));
    let value = LineField::Value.column();
    tick.number(Group::Memory, 0, value, Ok(812));
    builder.push(&tick, &mut Vec::new());
    let mut tick = Tick::new(times(1));
    tick.number(Group::Memory, 0, value, Err(Missing::Unreadable));
    builder.push(&tick, &mut Vec::new());

    let chunk = builder.take();
    let frames = encode(&chunk, KEY, &mut Packer::new(3).unwrap()).unwrap();
    let machine = decode(&frames, KEY, Part::Machine).unwrap();
    let (row, key) = machine.rows_at(Group::Memory, 0).next().unwrap();
    assert_eq!(*key, Key::name("MemFree"));
    assert_eq!(machine.cell(Group::Memory, row, value, 0), Ok(812));
    assert_eq!(
        machine.cell(Group::Memory, row, value, 1),
        Err(Missing::Unreadable)
    );
    let wrong_place = FrameKey { seq: 1060, ..KEY };
    assert_eq!(
        decode(&frames, wrong_place, Part::All).unwrap_err(),
        FrameFault::Misplaced
    );
}

#[test]
fn a_chunk_in_which_much_changed_is_closed_before_its_time() {
    let mut builder = ChunkBuilder::default();
    let (rows, field) = (20_000_u32, LineField::Value.column());
    for number in 0..40 {
        let mut tick = Tick::new(times(number));
        for row in 0..rows {
            if number == 0 {
                tick.begin(Group::Memory, row, Key::name(row.to_string()));
            }
            tick.number(Group::Memory, row, field, Ok(number.cast_signed()));
        }
        builder.push(&tick, &mut Vec::new());
        // 384 Ki changes after the first tick are 19.66 ticks of 20,000.
        assert_eq!(builder.is_full(), number >= 20, "tick {number}");
    }
    builder.take();
    assert!(!builder.is_full(), "an empty chunk is not");
}

#[test]
fn texts_that_find_no_room_are_absent_and_the_others_stay() {
    let mut builder = ChunkBuilder::default();
    let column = ProcessField::CommandLine.column();
    for number in 0..3 {
        let mut tick = Tick::new(times(number));
        for row in 0..6000 {
            let slot = row + 6000 * u32::try_from(number).unwrap();
            tick.begin(Group::Process, slot, process(slot.cast_signed()));
            let line = format!("{slot:04096}");
            tick.text(Group::Process, slot, column, Ok(line.as_bytes()));
        }
        builder.push(&tick, &mut Vec::new());
    }
    assert!(builder.is_full(), "48 MB of text are enough");
    let chunk = builder.take();
    // 48 MiB are 12,288 texts of 4 KiB.
    let told = |row| chunk.text(Group::Process, row, column, 2).map(<[u8]>::len);
    assert_eq!((told(12_287), told(12_288)), (Ok(4096), Err(Missing::Shed)));
    assert!(encode(&chunk, KEY, &mut Packer::new(1).unwrap()).is_ok());
    let mut cut = chunk;
    cut.truncate(1);
    assert_eq!(cut.strings.len(), 6000, "texts of later ticks are not kept");
}
