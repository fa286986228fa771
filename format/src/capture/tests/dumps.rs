//! Thread dumps are read back as they came, whatever they were packed beside, and go in bursts.

use super::clips::clip;
use super::{FakeHost, LARGE, folder, options, wall};
use crate::capture::salvage::salvage;
use crate::capture::watch::{Unwatched, Watch};
use crate::capture::writer::{Options, Record, Start};
use crate::capture::{Capture, StoredDump};
use crate::kernel_view::{KernelView, ThreadView};
use crate::process::Pid;
use crate::thread_dump::{
    DumpFacts, DumpStatus, DumpSummary, HOTSPOT, MOST_TEXT, PackedText, ThreadDump,
};
use crate::time::{BootTime, WallTime};
use crate::units::Ticks;
use rusqlite::Connection;
use std::sync::Arc;
use std::time::Duration;

const ALWAYS: (WallTime, WallTime) = (WallTime(i64::MIN), WallTime(i64::MAX));

fn facts(second: i64, burst: Option<i64>) -> DumpFacts {
    DumpFacts {
        wall: wall(second),
        end: wall(second).plus(Duration::from_millis(80)),
        pid: Pid(4711),
        started: Some(Ticks(123)),
        comm: b"java\xff".to_vec(),
        kind: HOTSPOT.to_owned(),
        trigger: "requests-pile-up".to_owned(),
        trigger_detail: "14 connections wait on port 8080".to_owned(),
        burst,
        status: DumpStatus::Ok,
        detail: String::new(),
        arguments: "threaddump -e".to_owned(),
        signalled: true,
        attach: Some(Duration::from_millis(7)),
        took: Duration::from_millis(80),
        pause: Some(Duration::from_millis(11)),
        vm: Some("OpenJDK 64-Bit Server VM (17.0.15+6)".to_owned()),
        cpu: Some(Duration::from_millis(9)),
        summary: Some(DumpSummary {
            threads: Some(160),
            blocked: Some(40),
            top_blocker: Some("holder".to_owned()),
            parser_version: Some(1),
            ..DumpSummary::default()
        }),
    }
}

/// A dump of 300 threads, of which one in ten has moved since the one before.
fn text(number: i64) -> Vec<u8> {
    let thread = |at: i64| {
        let moved = if at % 10 == number % 10 { number } else { 0 };
        let mixed = (at * 31 + moved).wrapping_mul(0x9e37_79b9_7f4a);
        format!(
            "\"exec-{at}\" #{at} daemon tid=0x{mixed:016x}\n\tat a.B.c{}(B.java:{})\n\n",
            mixed % 97,
            mixed % 1009
        )
    };
    (0..300).flat_map(|at| thread(at).into_bytes()).collect()
}

fn view(number: i64) -> KernelView {
    let thread = |tid| ThreadView {
        tid,
        run: Some(Duration::from_micros(number.unsigned_abs() * 1000)),
        ..ThreadView::default()
    };
    KernelView {
        at: wall(number),
        at_boot: BootTime(number),
        took: Duration::from_micros(900),
        unread: 0,
        cgroup: None,
        threads: (100..400).map(thread).collect(),
    }
}

fn packed(text: &[u8]) -> Option<PackedText> {
    PackedText::pack(text).ok()
}

fn dump(number: i64, burst: Option<i64>) -> Record {
    Record::ThreadDump(Box::new(ThreadDump {
        facts: facts(number, burst),
        text: packed(&text(number)),
        before: packed(view(number).to_text().as_bytes()),
        after: packed(view(number + 1).to_text().as_bytes()),
    }))
}

fn refusal(second: i64) -> Record {
    Record::ThreadDump(Box::new(ThreadDump {
        facts: DumpFacts {
            status: DumpStatus::Refused,
            detail: "it does not catch SIGQUIT".to_owned(),
            signalled: false,
            attach: None,
            pause: None,
            vm: None,
            cpu: None,
            summary: None,
            ..facts(second, None)
        },
        text: None,
        before: None,
        after: None,
    }))
}

fn record(host: &mut FakeHost, records: Vec<Record>) {
    let tick = host.tick();
    host.writer.commit(Some(&tick), records).unwrap();
    host.writer.maintain(|| false).unwrap();
}

fn dumps(capture: &mut Capture) -> Vec<StoredDump> {
    capture.thread_dumps(ALWAYS.0, ALWAYS.1).unwrap()
}

/// The dump with this number of its row is the one that was taken at this second.
#[track_caller]
fn assert_is(capture: &mut Capture, id: i64, number: i64) {
    assert_eq!(capture.dump_text(id).unwrap(), Some(text(number)), "{id}");
    let both = (Some(view(number)), Some(view(number + 1)));
    assert_eq!(capture.dump_kernel(id).unwrap(), both, "{id}");
}

#[test]
fn a_burst_is_read_back_to_the_byte_in_any_order_and_is_small() {
    let (_folder, path) = folder();
    let (mut host, start) = FakeHost::start(&path, "boot-1", 0, LARGE);
    assert_eq!(start, Start::New);
    for number in 0..20 {
        record(&mut host, vec![dump(number, Some(1))]);
    }
    record(&mut host, vec![refusal(20)]);
    host.writer.finish("signal").unwrap();
    let mut capture = Capture::open(&path).unwrap();
    let stored = dumps(&mut capture);
    assert_eq!(stored.len(), 21);
    for id in [1, 2, 20, 8, 9, 7, 16, 17, 3] {
        assert_is(&mut capture, id, id - 1);
    }
    assert_eq!(capture.damage(), []);
    assert_eq!(stored[3].facts, facts(3, Some(1)));
    assert_eq!(stored[3].raw_bytes, Some(text(3).len() as u64));
    let sizes: Vec<u64> = stored.iter().map(|dump| dump.stored_bytes).collect();
    assert!(sizes[1] * 3 < sizes[0], "{sizes:?}");
    // After eight one stands alone again: a row that is lost costs no more.
    assert!(
        sizes[8] > 2 * sizes[7] && sizes[16] > 2 * sizes[15],
        "{sizes:?}"
    );
    let refused = &stored[20];
    assert_eq!(refused.facts.status, DumpStatus::Refused);
    assert_eq!(refused.facts.detail, "it does not catch SIGQUIT");
    assert_eq!(
        (refused.raw_bytes, refused.has_kernel),
        (None, (false, false))
    );
    assert_eq!(capture.dump_text(21).unwrap(), None);
    assert_eq!(capture.dump_text(22).unwrap(), None);
    assert_eq!(capture.check().unwrap().structure, Vec::<String>::new());
}

#[test]
fn dumps_of_other_processes_and_bursts_are_not_leaned_on() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    let mut other = dump(1, Some(1));
    if let Record::ThreadDump(dump) = &mut other {
        dump.facts.started = Some(Ticks(124));
    }
    let records = vec![dump(0, Some(1)), other, dump(2, Some(2)), dump(3, None)];
    record(&mut host, records);
    host.writer.finish("signal").unwrap();
    let db = Connection::open(&path).unwrap();
    let leaning = "SELECT count(*) FROM thread_dump WHERE base_id IS NOT NULL";
    assert_eq!(db.query_row(leaning, [], |row| row.get(0)), Ok(0));
}

#[test]
fn a_damaged_dump_costs_itself_and_those_that_lean_on_it() {
    let (folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    for number in 0..4 {
        record(&mut host, vec![dump(number, Some(1))]);
    }
    record(&mut host, vec![dump(4, Some(2))]);
    host.writer.finish("signal").unwrap();
    let db = Connection::open(&path).unwrap();
    db.execute(
        "UPDATE thread_dump SET body = kernel_after WHERE id = 2",
        [],
    )
    .unwrap();
    // One that leans on itself.
    db.execute("UPDATE thread_dump SET base_id = 4 WHERE id = 4", [])
        .unwrap();
    drop(db);
    let mut capture = Capture::open(&path).unwrap();
    assert_eq!(dumps(&mut capture).len(), 3);
    assert_is(&mut capture, 1, 0);
    assert_is(&mut capture, 5, 4);
    for id in [2, 3, 4] {
        assert_eq!(capture.dump_text(id).unwrap(), None);
        assert_eq!(capture.dump_kernel(id).unwrap(), (None, None));
    }
    let damaged: Vec<i64> = capture.damage().iter().map(|damage| damage.row).collect();
    assert_eq!(damaged, [2, 4]);
    // A salvage takes the sound ones.
    let to = folder.path().join("saved");
    let watch: Arc<dyn Watch> = Arc::new(Unwatched);
    salvage(&path, &to, (&super::clips::maker(), "salvaged"), &watch).unwrap();
    let mut saved = Capture::open(&to).unwrap();
    let ids: Vec<i64> = dumps(&mut saved).iter().map(|dump| dump.id).collect();
    assert_eq!(ids, [1, 3, 5]);
    assert_is(&mut saved, 1, 0);
    assert_is(&mut saved, 5, 4);
}

#[test]
fn over_their_share_the_oldest_bursts_go_whole() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, 1 << 20);
    for number in 0..400 {
        let records = (number % 2 == 0).then(|| dump(number, Some(number / 10)));
        record(&mut host, records.into_iter().collect());
    }
    host.writer.finish("signal").unwrap();
    let mut capture = Capture::open(&path).unwrap();
    let stored = dumps(&mut capture);
    assert!(stored.len() > 10 && stored.len() < 190, "{}", stored.len());
    for dump in &stored {
        assert_is(&mut capture, dump.id, (dump.id - 1) * 2);
    }
    assert_eq!(stored.last().unwrap().id, 200);
    assert_eq!(
        (stored[0].id - 1) % 5,
        0,
        "the first is the first of its burst"
    );
    assert_eq!(capture.damage(), []);
    let db = Connection::open(&path).unwrap();
    let evicted = "SELECT evicted_rows FROM quota WHERE name = 'thread_dump'";
    let evicted: i64 = db.query_row(evicted, [], |row| row.get(0)).unwrap();
    assert_eq!(usize::try_from(evicted).unwrap(), 200 - stored.len());
}

#[test]
fn with_an_old_chunk_only_bursts_go_that_ended_before() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    let retain = Duration::from_secs(30);
    let kept = options(LARGE);
    host.writer.set_options(Options { retain, ..kept }).unwrap();
    // A burst over the border of two chunks, and one before it.
    for second in 0..130 {
        let burst = match second {
            10 | 12 => Some(1),
            50 | 70 => Some(2),
            _ => None,
        };
        let records = burst.map(|burst| dump(second, Some(burst)));
        record(&mut host, records.into_iter().collect());
    }
    host.writer.finish("signal").unwrap();
    let mut capture = Capture::open(&path).unwrap();
    let ids: Vec<i64> = dumps(&mut capture).iter().map(|dump| dump.id).collect();
    assert_eq!(ids, [3, 4]);
    assert_is(&mut capture, 4, 70);
}

#[test]
fn a_clip_takes_along_what_its_dumps_lean_on() {
    let (folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    for second in 0..100 {
        let records = match second {
            5 => vec![dump(second, Some(1))],
            20 | 40 | 60 => vec![dump(second, Some(2))],
            _ => Vec::new(),
        };
        record(&mut host, records);
    }
    host.writer.finish("signal").unwrap();
    let to = folder.path().join("clip");
    let mut capture = Capture::open(&path).unwrap();
    clip(&mut capture, (31, 51), &to);
    let mut clip = Capture::open(&to).unwrap();
    let ids: Vec<i64> = dumps(&mut clip).iter().map(|dump| dump.id).collect();
    assert_eq!(ids, [2, 3]);
    assert_is(&mut clip, 3, 40);
    assert_is(&mut clip, 2, 20);
    clip.check().unwrap();
    assert_eq!(clip.damage(), []);
}

#[test]
fn what_could_not_be_written_at_once_is_not_written_twice() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    record(&mut host, vec![dump(0, Some(1))]);
    host.writer.set_read_only(true);
    let tick = host.tick();
    assert!(
        host.writer
            .commit(Some(&tick), vec![dump(1, Some(1))])
            .is_err()
    );
    host.writer.set_read_only(false);
    record(&mut host, vec![dump(2, Some(1))]);
    host.writer.finish("signal").unwrap();
    let mut capture = Capture::open(&path).unwrap();
    assert_eq!(dumps(&mut capture).len(), 3);
    for id in 1..=3 {
        assert_is(&mut capture, id, id - 1);
    }
}

#[test]
fn a_text_of_the_largest_size_is_kept_and_read() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, 4 * LARGE);
    let mut random = 7_u64;
    let mut large = Vec::with_capacity(MOST_TEXT + 8);
    while large.len() < MOST_TEXT {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        large.extend(random.to_le_bytes());
    }
    for number in 0..2 {
        let mut record_ = dump(number, Some(1));
        if let Record::ThreadDump(dump) = &mut record_ {
            large[0] = u8::try_from(number).unwrap();
            dump.text = packed(&large);
        }
        record(&mut host, vec![record_]);
    }
    host.writer.finish("signal").unwrap();
    let mut capture = Capture::open(&path).unwrap();
    for id in 1..=2 {
        let read = capture.dump_text(id).unwrap().unwrap();
        assert!(read[0] == u8::try_from(id - 1).unwrap() && read[1..] == large[1..]);
    }
}
