//! A long capture made of a short one: the recorded ticks again and again, through the writer.
//!
//! Each pass is the recording shifted in time. What counts goes on from where the pass before
//! left it, by what it rose over the recording; processes that began within it begin anew. A
//! process that ended within the recording is left out: it cannot have lived in each pass.

use crate::ends::told;
use afterimage_format::capture::Capture;
use afterimage_format::capture::chunk::Chunk;
use afterimage_format::capture::lock::OwnerLock;
use afterimage_format::capture::writer::{Options, Record, RunFacts, Sync, Writer};
use afterimage_format::facts::{Anchor, KernelLogLine};
use afterimage_format::group::{Group, Kind};
use afterimage_format::process::ProcessKey;
use afterimage_format::reading::Reading;
use afterimage_format::tick::{Instants, Key, Tick, TickTimes};
use afterimage_format::time::{BootTime, MonotonicTime, Seq, WallTime};
use afterimage_format::units::Ticks;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

/// A kernel-log line each so many seconds: 50,000 in a week.
const LINE_EVERY: u64 = 12;

/// A row of a group.
type RowKey = (Group, Key);

/// One value of one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Number(Reading<i64>),
    Text(Reading<Vec<u8>>),
}

/// What became different at one recorded tick.
#[derive(Debug, Default)]
struct Step {
    begun: Vec<RowKey>,
    ended: Vec<RowKey>,
    changes: Vec<(RowKey, usize, Value)>,
}

/// The recording, as what became different at each tick.
struct Recording {
    times: Vec<TickTimes>,
    steps: Vec<Step>,
    first: BTreeMap<RowKey, Vec<Value>>,
    last: BTreeMap<RowKey, Vec<Value>>,
    facts: RunFacts,
}

/// Makes a capture of so many days out of a short one.
pub(crate) fn generate(recorded: &Path, days: u64, out: &Path) {
    eprintln!("making {days} days of {} ...", recorded.display());
    let recording = read(recorded);
    let interval = recording.facts.interval.as_secs();
    let wanted = days * 24 * 3600 / interval;
    let length = recording.steps.len() as u64;
    let lock = OwnerLock::take(out).expect("nobody else writes it");
    let options = Options {
        sync: Sync::Off,
        max_bytes: 8 << 30,
        retain: Duration::from_hours(24 * 30),
    };
    let started = Writer::start(out, lock, options, &recording.facts);
    let (mut writer, _) = started.expect("it can be written there");
    let mut replay = Replay::new(&recording);
    for number in 0..wanted {
        let (pass, place) = (
            number / length,
            usize::try_from(number % length).expect("a short recording"),
        );
        let tick = replay.tick(pass, place, writer.next_seq());
        let records = if number == 0 {
            vec![Record::Clock(anchor(&tick.times))]
        } else {
            let lines_until = |number: u64| number * interval / LINE_EVERY;
            let lines = lines_until(number - 1)..lines_until(number);
            let lines = lines.map(|line| Record::KernelLog(log_line(line, tick.times.began)));
            lines.chain(told(number * interval, &tick.times)).collect()
        };
        writer
            .commit(Some(&tick), records)
            .expect("there is room for it");
        let day = 86_400 / interval;
        if number % day == day - 1 {
            eprintln!("  day {}", number / day + 1);
        }
    }
    writer.finish("bench").expect("there is room for it");
}

fn anchor(times: &TickTimes) -> Anchor {
    let Instants {
        boot,
        monotonic,
        wall,
    } = times.began;
    Anchor {
        seq: times.seq,
        boot,
        monotonic,
        wall,
    }
}

fn log_line(number: u64, at: Instants) -> KernelLogLine {
    let text = format!("device eth{}: link event {number}", number % 7);
    KernelLogLine {
        sequence: number,
        at: at.monotonic,
        wall: at.wall,
        severity: u8::try_from(3 + number % 4).expect("a small number"),
        facility: 0,
        text: text.into_bytes(),
    }
}

fn read(path: &Path) -> Recording {
    let mut capture = Capture::open(path).expect("a capture");
    let (_, host) = capture.host().expect("it says of which host");
    let (mut seq, end) = capture
        .ends()
        .expect("it can be read")
        .expect("it has ticks");
    let mut recording = Recording {
        times: vec![],
        steps: vec![],
        first: BTreeMap::new(),
        last: BTreeMap::new(),
        facts: RunFacts {
            host,
            pid: 1,
            version: "bench".to_owned(),
            interval: Duration::from_secs(1),
            args: "redact".to_owned(),
            now: Instants {
                monotonic: MonotonicTime(0),
                boot: BootTime(0),
                wall: WallTime(0),
            },
            mounts: vec![],
        },
    };
    while seq <= end {
        let Some(chunk) = capture.chunk_with(seq).expect("it can be read") else {
            break;
        };
        for tick in 0..chunk.ticks().len() {
            recording.add(&chunk, tick);
        }
        seq = Seq(chunk.ticks().last().expect("not empty").seq.0 + 1);
    }
    recording.facts.now = recording.times[0].began;
    recording.facts.interval = whole_seconds(&recording.times);
    recording.leave_out_the_dead();
    recording
}

/// The interval at which it was recorded.
fn whole_seconds(times: &[TickTimes]) -> Duration {
    let apart = times[1].planned.0 - times[0].planned.0;
    let seconds = u64::try_from(apart / 1_000_000).expect("time goes forward");
    assert!(seconds > 0, "record it at whole seconds");
    Duration::from_secs(seconds)
}

impl Recording {
    fn add(&mut self, chunk: &Chunk, tick: usize) {
        let now = state(chunk, tick);
        let mut step = Step::default();
        for (key, cells) in &now {
            let before = self.last.get(key);
            if before.is_none() {
                step.begun.push(key.clone());
            }
            for (field, value) in cells.iter().enumerate() {
                if before.is_none_or(|before| before[field] != *value) {
                    step.changes.push((key.clone(), field, value.clone()));
                }
            }
        }
        let gone = self.last.keys().filter(|key| !now.contains_key(*key));
        step.ended = gone.cloned().collect();
        if self.times.is_empty() {
            self.first = now.clone();
        }
        self.last = now;
        self.times.push(chunk.ticks()[tick]);
        self.steps.push(step);
    }

    fn leave_out_the_dead(&mut self) {
        let dead: BTreeSet<RowKey> = {
            let all = self.first.keys();
            all.filter(|key| !self.last.contains_key(*key))
                .cloned()
                .collect()
        };
        for step in &mut self.steps {
            step.begun.retain(|key| !dead.contains(key));
            step.ended.retain(|key| !dead.contains(key));
            step.changes.retain(|(key, _, _)| !dead.contains(key));
        }
        self.first.retain(|key, _| !dead.contains(key));
    }

    /// By how much a cell rose over the recording, if it is one that only rises.
    fn rise(&self, (group, key): &RowKey, field: usize) -> i64 {
        let counts = match (group, key) {
            (Group::Vmstat, Key::Name(name)) => !name.starts_with(b"nr_"),
            _ => group.fields()[field].kind == Kind::Counter,
        };
        let row = (*group, key.clone());
        let ends = [&self.first, &self.last].map(|ends| ends.get(&row).map(|row| &row[field]));
        match ends {
            [
                Some(Value::Number(Ok(first))),
                Some(Value::Number(Ok(last))),
            ] if counts => (last - first).max(0),
            _ => 0,
        }
    }
}

fn state(chunk: &Chunk, tick: usize) -> BTreeMap<RowKey, Vec<Value>> {
    let mut rows = BTreeMap::new();
    for group in Group::ALL {
        for (row, key) in chunk.rows_at(group, tick) {
            let cells = group
                .fields()
                .iter()
                .enumerate()
                .map(|(field, kind)| match kind.kind {
                    Kind::Text => {
                        Value::Text(chunk.text(group, row, field, tick).map(<[u8]>::to_vec))
                    }
                    _ => Value::Number(chunk.cell(group, row, field, tick)),
                });
            rows.insert((group, key.clone()), cells.collect());
        }
    }
    rows
}

/// The passes over a recording, one tick at a time.
struct Replay<'a> {
    recording: &'a Recording,
    /// By row: its slot, and by how much each of its cells rises in a pass.
    rows: BTreeMap<RowKey, (u32, Vec<i64>)>,
    slots: u32,
    /// Slots that may be used again, and those that may from the next tick on.
    free: Vec<u32>,
    ended: Vec<u32>,
    /// From the first to the last tick, and one interval.
    length: Duration,
}

impl<'a> Replay<'a> {
    fn new(recording: &'a Recording) -> Self {
        let (first, last) = (
            &recording.times[0],
            &recording.times[recording.times.len() - 1],
        );
        let length = last.planned.0 - first.planned.0;
        let length = Duration::from_micros(length.unsigned_abs()) + recording.facts.interval;
        Self {
            recording,
            rows: BTreeMap::new(),
            slots: 0,
            free: vec![],
            ended: vec![],
            length,
        }
    }

    fn tick(&mut self, pass: u64, place: usize, seq: Seq) -> Tick {
        let recorded = self.recording.times[place];
        let later = self.length * u32::try_from(pass).expect("a small number");
        let mut tick = Tick::new(shifted(recorded, later, seq));
        self.free.append(&mut self.ended);
        let at_seam = place == 0 && pass > 0;
        if at_seam {
            self.seam(&mut tick, pass);
            return tick;
        }
        let step = &self.recording.steps[place];
        for key in &step.ended {
            self.end(&mut tick, key);
        }
        for key in &step.begun {
            self.begin(&mut tick, key, pass);
        }
        for (key, field, value) in &step.changes {
            self.set(&mut tick, key, (*field, value), pass);
        }
        tick
    }

    /// From the last tick of a pass to the first of the next one.
    fn seam(&mut self, tick: &mut Tick, pass: u64) {
        let recording = self.recording;
        let gone: Vec<RowKey> = {
            let all = self.rows.keys();
            all.filter(|key| !recording.first.contains_key(*key))
                .cloned()
                .collect()
        };
        for key in gone {
            self.end(tick, &key);
        }
        for (key, cells) in &recording.first {
            for (field, value) in cells.iter().enumerate() {
                if recording.last[key][field] != *value {
                    self.set(tick, key, (field, value), pass);
                }
            }
        }
    }

    fn begin(&mut self, tick: &mut Tick, key: &RowKey, pass: u64) {
        let fields = key.0.fields().len();
        let rises = (0..fields)
            .map(|field| self.recording.rise(key, field))
            .collect();
        let slot = self.free.pop().unwrap_or(self.slots);
        self.slots = self.slots.max(slot + 1);
        self.rows.insert(key.clone(), (slot, rises));
        tick.begin(key.0, slot, self.key(key, pass));
    }

    /// A process that began within the recording begins later in each pass.
    fn key(&self, (group, key): &RowKey, pass: u64) -> Key {
        let is_old = self.recording.first.contains_key(&(*group, key.clone()));
        match key {
            Key::Process(process) if !is_old => {
                let rate = self.recording.facts.host.tick_rate.0.get();
                let later = self.length.as_secs() * rate * pass;
                let started = Ticks(process.started.0 + later);
                Key::Process(ProcessKey {
                    started,
                    ..*process
                })
            }
            key => key.clone(),
        }
    }

    fn end(&mut self, tick: &mut Tick, key: &RowKey) {
        if let Some((slot, _)) = self.rows.remove(key) {
            tick.end(key.0, slot);
            self.ended.push(slot);
        }
    }

    fn set(&self, tick: &mut Tick, key: &RowKey, (field, value): (usize, &Value), pass: u64) {
        let Some((slot, rises)) = self.rows.get(key) else {
            return;
        };
        let later = match key.0.fields()[field].kind {
            Kind::ReadAt => i64::try_from(self.recording.times.len()).expect("a short recording"),
            _ => rises[field],
        };
        match value {
            Value::Number(number) => {
                let number = number.map(|number| number + later * pass.cast_signed());
                tick.number(key.0, *slot, field, number);
            }
            Value::Text(text) => {
                let text = text.as_ref().map(Vec::as_slice).map_err(|missing| *missing);
                tick.text(key.0, *slot, field, text);
            }
        }
    }
}

fn shifted(times: TickTimes, later: Duration, seq: Seq) -> TickTimes {
    let micros = i64::try_from(later.as_micros()).expect("some days");
    let shift = |at: Instants| Instants {
        monotonic: MonotonicTime(at.monotonic.0 + micros),
        boot: BootTime(at.boot.0 + micros),
        wall: WallTime(at.wall.0 + micros),
    };
    TickTimes {
        seq,
        planned: MonotonicTime(times.planned.0 + micros),
        began: shift(times.began),
        ended: shift(times.ended),
        ..times
    }
}
