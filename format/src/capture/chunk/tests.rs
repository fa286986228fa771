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

/// What one tick does to one of eight slots.
#[derive(Debug, Clone)]
enum Step {
    Begin,
    End,
    Number(usize, Result<i64, Missing>),
    Text(Vec<u8>),
}

fn step() -> impl Strategy<Value = (u32, Step)> {
    let value = prop_oneof![
        any::<i64>().prop_map(|v| Ok(v >> 2)),
        (0..100_i64).prop_map(Ok),
        Just(Err(Missing::PermissionDenied)),
    ];
    let step = prop_oneof![
        2 => Just(Step::Begin),
        1 => Just(Step::End),
        6 => (4..9_usize, value).prop_map(|(field, value)| Step::Number(field, value)),
        2 => proptest::collection::vec(any::<u8>(), 0..6).prop_map(Step::Text),
    ];
    (0..8_u32, step)
}

/// No field: says only that the process was there.
const ALIVE_FIELD: usize = 999;

/// The truth, kept the plainest way: every cell of every process at one tick.
type Truth = BTreeMap<(Key, usize), Result<Vec<u8>, Missing>>;

/// Plays a script into ticks, and says what must be read back at each. Within a tick rows end
/// first, then begin (a slot may be used again at once), then change.
fn play(script: &[Vec<(u32, Step)>]) -> Vec<(Tick, Truth)> {
    let (mut live, mut pids, mut truth) = (BTreeMap::new(), 100, Truth::new());
    let mut played = Vec::new();
    for (number, steps) in (0..).zip(script) {
        let mut tick = Tick::new(times(number));
        for (slot, _) in steps.iter().filter(|(_, step)| matches!(step, Step::End)) {
            if let Some(key) = live.remove(slot) {
                tick.end(Group::Process, *slot);
                truth.retain(|(of, _), _| *of != key);
            }
        }
        for (slot, _) in steps.iter().filter(|(_, step)| matches!(step, Step::Begin)) {
            if !live.contains_key(slot) {
                pids += 1;
                tick.begin(Group::Process, *slot, process(pids));
                live.insert(*slot, process(pids));
                truth.insert((process(pids), ALIVE_FIELD), Ok(Vec::new()));
            }
        }
        let mut changed = BTreeSet::new();
        for (slot, step) in steps {
            let Some(key) = live.get(slot).cloned() else {
                continue;
            };
            match step {
                Step::Number(field, value) if changed.insert((*slot, *field)) => {
                    tick.number(Group::Process, *slot, *field, *value);
                    truth.insert((key, *field), value.map(|v| v.to_le_bytes().to_vec()));
                }
                Step::Text(text) if changed.insert((*slot, ALIVE_FIELD)) => {
                    let field = ProcessField::Comm.column();
                    tick.text(Group::Process, *slot, field, Ok(text));
                    truth.insert((key, field), Ok(text.clone()));
                }
                _ => {}
            }
        }
        played.push((tick, truth.clone()));
    }
    played
}

fn assert_says(chunk: &Chunk, tick: usize, truth: &Truth) {
    let rows: Vec<_> = chunk.rows_at(Group::Process, tick).collect();
    let keys: BTreeSet<_> = truth.keys().map(|(key, _)| key).collect();
    assert_eq!(rows.len(), keys.len(), "rows at {tick}");
    for (row, key) in rows {
        for field in 3..ProcessField::FIELDS.len() {
            let want = truth.get(&(key.clone(), field)).cloned();
            let want = want.unwrap_or(Err(Missing::NotRead));
            let got = if field == ProcessField::Comm.column() {
                chunk
                    .text(Group::Process, row, field, tick)
                    .map(<[u8]>::to_vec)
            } else {
                let value = chunk.cell(Group::Process, row, field, tick);
                value.map(|v| v.to_le_bytes().to_vec())
            };
            assert_eq!(got, want, "{key:?} field {field} at {tick}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn chunk_frames_and_tail_all_say_what_the_ticks_said(
        script in proptest::collection::vec(proptest::collection::vec(step(), 0..12), 1..12),
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
