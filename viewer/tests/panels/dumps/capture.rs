//! Captures with thread dumps, written by the format's own writer: the story of a web server with a
//! stuck lock, an empty pool and a thread that spins, and dumps of the worst kind.

use crate::written::{TICKS, empty, instants, machine, process, write};
use afterimage_analysis::dumps::model::State;
use afterimage_analysis::dumps::read_bytes;
use afterimage_analysis::dumps::report::{Around, Report};
use afterimage_format::capture::writer::Record;
use afterimage_format::group::{Group, MachineField, ProcessField, TaskField};
use afterimage_format::kernel_view::{KernelView, ThreadView};
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::thread_dump::{
    DumpFacts, DumpStatus, DumpSummary, HOTSPOT, KERNEL, PackedText, ThreadDump,
};
use afterimage_format::tick::{Key, Tick};
use afterimage_format::time::{BootTime, WallTime};
use afterimage_format::units::Ticks;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

/// The virtual machine of the real dumps.
pub(crate) const JAVA: i32 = 21_782;
/// Its thread `pricing-recompute`, by its number on the host.
const SPINS: i32 = 22_140;
/// When it began, in seconds since the begin of the capture.
const BEGAN: f64 = 60.0;
/// How old it was at each of the four dumps, as they say themselves (`elapsed=`).
const AGES: [f64; 4] = [9.77, 15.42, 22.35, 27.80];

/// A file of the real dumps that the analysis is tested with.
pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../analysis/fixtures/dumps");
    let packed =
        std::fs::read(folder.join(format!("{name}.zst"))).expect("it is in the repository");
    zstd::decode_all(packed.as_slice()).expect("it is sound")
}

pub(crate) fn micros(seconds: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "a few minutes")]
    let micros = (seconds * 1e6).round() as i64;
    micros
}

pub(crate) fn wall(seconds: f64) -> WallTime {
    WallTime(instants(0).wall.0 + micros(seconds))
}

/// What `/proc` said of the threads, which was asked at this second.
fn view(name: &str, second: f64) -> KernelView {
    let text = String::from_utf8(fixture(name)).expect("it is text");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let threads = lines.map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let nanos = |place: usize| Some(Duration::from_nanos(fields[place].parse().ok()?));
        ThreadView {
            tid: fields[0].parse().expect("a number"),
            comm: Some(fields[1].as_bytes().to_vec()),
            state: fields[2].chars().next(),
            run: nanos(5),
            wait: nanos(6),
            wchan: Some(fields[7].to_owned()),
            syscall: Some(fields[8].to_owned()),
            stack: Some(fields[9].to_owned()),
            ..ThreadView::default()
        }
    });
    KernelView {
        at: wall(second),
        at_boot: BootTime(instants(0).boot.0 + micros(second)),
        took: Duration::from_millis(4),
        unread: 0,
        cgroup: None,
        threads: threads.collect(),
    }
}

/// A dump that was taken at this second of that text.
pub(crate) fn facts(second: f64, text: &[u8]) -> DumpFacts {
    let (_, found) = read_bytes(text);
    DumpFacts {
        wall: wall(second),
        end: wall(second + 0.06),
        pid: Pid(JAVA),
        started: Some(Ticks(200)),
        comm: b"java".to_vec(),
        kind: HOTSPOT.to_owned(),
        trigger: "requests-pile-up".to_owned(),
        trigger_detail: "41 connections wait on port 8080, CPU does not rise".to_owned(),
        burst: Some(wall(AGES[1] + BEGAN).0),
        status: DumpStatus::Ok,
        detail: String::new(),
        arguments: "threaddump -e".to_owned(),
        signalled: second < BEGAN + 10.0,
        attach: Some(Duration::from_millis(3)),
        took: Duration::from_millis(58),
        pause: Some(Duration::from_micros(14_300)),
        vm: Some("OpenJDK 64-Bit Server VM (17.0.15+6-Debian-1deb12u1)".to_owned()),
        cpu: Some(Duration::from_millis(9)),
        summary: found.dumps.first().map(|dump| {
            let report = Report::of(dump, &Around::default());
            let count = |state| Some(report.count(state) as u64);
            let blocker = report.locks.wanted.first();
            let blocker = blocker.and_then(|wanted| Some((wanted.holder.thread()?, wanted.total)));
            DumpSummary {
                threads: Some((report.total - report.count(State::Vm)) as u64),
                runnable: count(State::Runnable),
                blocked: count(State::Blocked),
                waiting: count(State::Waiting),
                timed_waiting: count(State::TimedWaiting),
                vm_threads: count(State::Vm),
                virtual_threads: Some(0),
                deadlocks: Some(report.deadlocks.len() as u64),
                unknown_lines: Some(dump.unknown.count as u64),
                top_blocker: blocker.map(|(holder, _)| dump.threads[holder].called()),
                top_blocked: blocker.map(|(_, total)| total as u64),
                parser_version: Some(1),
            }
        }),
    }
}

fn pack(text: &[u8]) -> PackedText {
    PackedText::pack(text).expect("it is not too long")
}

fn pack_view(view: &KernelView) -> PackedText {
    pack(view.to_text().as_bytes())
}

pub(crate) fn record(facts: DumpFacts, text: Option<&[u8]>) -> Record {
    Record::ThreadDump(Box::new(ThreadDump {
        facts,
        text: text.map(pack),
        before: None,
        after: None,
    }))
}

/// One of the four real dumps, with what the kernel said before and after it.
fn real(number: usize) -> ThreadDump {
    let name = format!("hotspot17-{number}");
    let second = BEGAN + AGES[number - 1];
    let text = fixture(&format!("{name}.txt"));
    let mut facts = facts(second, &text);
    if number == 1 {
        "baseline".clone_into(&mut facts.trigger);
        "first seen a minute ago".clone_into(&mut facts.trigger_detail);
        facts.burst = Some(facts.wall.0);
    }
    ThreadDump {
        facts,
        text: Some(pack(&text)),
        before: Some(pack_view(&view(
            &format!("{name}.tasks.t0.tsv"),
            second - 1.5,
        ))),
        after: Some(pack_view(&view(
            &format!("{name}.tasks.t1.tsv"),
            second + 0.1,
        ))),
    }
}

/// One that was not taken, and why; with what the kernel said of the threads, if it was asked.
fn none(second: f64, status: DumpStatus, detail: &str, with_kernel: bool) -> ThreadDump {
    let after = with_kernel.then(|| view("hotspot17-4.tasks.t1.tsv", second));
    ThreadDump {
        facts: DumpFacts {
            status,
            detail: detail.to_owned(),
            trigger: "manual".to_owned(),
            trigger_detail: String::new(),
            burst: None,
            signalled: false,
            attach: None,
            pause: None,
            vm: None,
            summary: None,
            ..facts(second, b"")
        },
        text: None,
        before: None,
        after: after.as_ref().map(pack_view),
    }
}

/// The capture of the story, written once.
pub(crate) fn written() -> &'static Path {
    static STORY: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = STORY.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("shop.afterimage");
        story(&path);
        (folder, path)
    });
    path
}

/// The whole story: four real dumps, one that was refused, one that was not answered, and one of the
/// kernel alone.
pub(crate) fn story(path: &Path) {
    let dumps = |seq: u64| -> Vec<Record> {
        let of = |dump: ThreadDump| vec![Record::ThreadDump(Box::new(dump))];
        match seq {
            // Of the second after it.
            71 => of(real(1)),
            77 => of(real(2)),
            84 => of(real(3)),
            89 => of(real(4)),
            51 => {
                let mut dump = none(
                    50.2,
                    DumpStatus::Refused,
                    "SIGQUIT would end it: it does not catch that signal",
                    false,
                );
                dump.facts.pid = Pid(104);
                dump.facts.comm = b"fake-java".to_vec();
                of(dump)
            }
            101 => {
                let why = "nothing came within 10 s; the process is stopped";
                of(none(100.4, DumpStatus::Timeout, why, true))
            }
            111 => {
                let mut dump = none(110.3, DumpStatus::Ok, "", true);
                KERNEL.clone_into(&mut dump.facts.kind);
                of(dump)
            }
            _ => vec![],
        }
    };
    write(path, (1..=TICKS).map(|seq| (tick(seq), dumps(seq))));
}

/// A machine on which a Java program begins at 60 s; from 75 s on its requests pile up.
fn tick(seq: u64) -> Tick {
    let second = i64::try_from(seq).expect("few") - 1;
    let mut tick = empty(seq, instants(second));
    let is_stuck = second >= 75;
    machine(
        &mut tick,
        &[
            (MachineField::Load1, if is_stuck { 130 } else { 40 }),
            (MachineField::Load5, 60),
            (MachineField::Load15, 50),
            (MachineField::Running, if is_stuck { 2 } else { 1 }),
            (MachineField::Blocked, 0),
        ],
    );
    let names = [
        (1, "systemd"),
        (102, "nginx"),
        (104, "fake-java"),
        (JAVA, "java -jar shop.jar"),
    ];
    for (slot, (pid, name)) in (0_u32..).zip(names) {
        if pid == JAVA && second < 60 {
            continue;
        }
        let run = if pid == JAVA {
            (second - 60) * 350_000
        } else {
            second * 1_000
        };
        let values = [
            (ProcessField::Ppid, i64::from(slot > 0)),
            (ProcessField::State, i64::from(b'S')),
            (ProcessField::Threads, if pid == JAVA { 171 } else { 1 }),
            (ProcessField::Run, run),
            (ProcessField::Wait, 0),
            (ProcessField::Rss, 90_000),
            (ProcessField::Uid, 0),
        ];
        process(&mut tick, slot, (pid, name), &values);
    }
    // Two ticks in between did not record it.
    if second >= 77 && !(79..81).contains(&second) {
        spins(&mut tick, (second - 77) * 1_000_000);
    }
    tick
}

/// The thread that spins, so many microseconds after it began to.
fn spins(tick: &mut Tick, run: i64) {
    let key = ProcessKey {
        pid: Pid(SPINS),
        started: Ticks(7_700),
    };
    tick.begin(Group::Task, 0, Key::Process(key));
    for (field, value) in [
        (TaskField::ProcessPid, i64::from(JAVA)),
        (TaskField::State, i64::from(b'R')),
        (TaskField::Run, run),
        (TaskField::Wait, 0),
    ] {
        tick.number(Group::Task, 0, field.column(), Ok(value));
    }
}

/// A capture with nothing but these dumps, a tick after the other.
pub(crate) fn of(path: &Path, dumps: Vec<Record>) {
    let mut dumps = dumps.into_iter();
    let ticks = (1..=TICKS).map(move |seq| {
        let second = i64::try_from(seq).expect("few") - 1;
        let mut tick = empty(seq, instants(second));
        machine(&mut tick, &[(MachineField::Load1, 40)]);
        (tick, dumps.next().into_iter().collect())
    });
    write(path, ticks);
}

/// So many dumps, one a second, in bursts of eight: in each other threads did what another one did
/// in the dump before.
pub(crate) fn many(path: &Path, count: usize) {
    let texts: Vec<String> = (1..=4)
        .map(|number| String::from_utf8(fixture(&format!("hotspot17-{number}.txt"))).expect("text"))
        .collect();
    let dump = |number: usize| {
        let base = number % 4 + 1;
        let second = f64::from(u32::try_from(number).expect("few"));
        // As a thread that works does something else each time.
        let line = format!("slowQuery(Victim.java:{})", 100 + number % 50);
        let text = texts[base - 1].replace("slowQuery(Victim.java:42)", &line);
        let mut facts = facts(second + 0.5, b"");
        facts.burst = Some(wall(second - second % 8.0).0);
        let tsv = |part: &str| format!("hotspot17-{base}.tasks.{part}.tsv");
        ThreadDump {
            facts,
            text: Some(pack(text.as_bytes())),
            before: Some(pack_view(&view(&tsv("t0"), second))),
            after: Some(pack_view(&view(&tsv("t1"), second + 0.6))),
        }
    };
    let ticks = (1..=count as u64 + 1).map(|seq| {
        let second = i64::try_from(seq).expect("few") - 1;
        let mut tick = empty(seq, instants(second));
        machine(&mut tick, &[(MachineField::Load1, 40)]);
        let number = usize::try_from(seq).expect("few").checked_sub(2);
        let dump = number.map(|number| Record::ThreadDump(Box::new(dump(number))));
        (tick, dump.into_iter().collect())
    });
    write(path, ticks);
}
