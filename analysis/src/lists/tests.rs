//! Lists of samples made by hand.

use super::*;
use crate::machine::made::{TWO_SECONDS, at, lines, nothing, sample_of_tasks};
use crate::rate::Step;
use crate::waits::Seen;
use crate::waits::tests::task;
use crate::zone::Zone;
use afterimage_format::reading::Missing;
use afterimage_format::sample::{FileLock, FileSystem, Interrupt, Socket};
use afterimage_format::time::{BootTime, Seq, WallTime};
use afterimage_format::units::Bytes;
use std::sync::Arc;

/// The field of a line by the key of its column.
fn field<'a>(list: &'a List, line: usize, key: &str) -> &'a Field {
    let place = list.columns.iter().position(|column| column.key == key);
    &list.lines[line].fields[place.unwrap()]
}

fn text(text: &str) -> Field {
    Field::Text(text.into())
}

#[expect(clippy::unnecessary_wraps, reason = "as a sample has it")]
fn bytes(text: &str) -> Reading<Arc<[u8]>> {
    Ok(Arc::from(text.as_bytes()))
}

fn moods(list: &List) -> Vec<Mood> {
    list.lines.iter().map(|line| line.mood).collect()
}

#[test]
fn every_line_has_a_field_for_every_column() {
    let (before, now) = (moment(1), moment(9));
    let step = Step {
        before: &before,
        now: &now,
        elapsed: TWO_SECONDS,
    };
    for list in all(&now, Some(&step)) {
        assert!(
            !list.lines.is_empty() || list.note.is_some(),
            "{:?}",
            list.id
        );
        for line in &list.lines {
            assert_eq!(line.fields.len(), list.columns.len(), "{:?}", list.id);
        }
    }
}

#[test]
fn a_list_without_lines_says_why() {
    let (_, now) = at(nothing(), nothing());
    for list in all(&now, None) {
        assert!(list.lines.is_empty(), "{:?}", list.id);
        let note = list.note.unwrap();
        assert!(note.ends_with('.') && note.len() > 15, "{note}");
    }
}

fn all(now: &Sample, step: Option<&Step<'_>>) -> Vec<List> {
    let seen = Seen::at(now);
    vec![
        waits((now, step), &seen, "x86_64"),
        channels((now, step), &seen, "x86_64"),
        file_systems(now, &Zone::utc(), &mut |_| None),
        file_locks(now),
        interrupts(now, step),
        soft_interrupts(now, step),
        speeds(now, step),
        nodes(now, step),
        protocols(now, step),
        limits(now),
        sockets(now),
        socket_states(now),
        listeners(now),
        close_waits(now),
        local_ports(now),
    ]
}

/// A moment at which counters stand at so many times what they rise by.
fn moment(times: u64) -> Sample {
    let mut now = sample_of_tasks(vec![task(3, b'S'), task(2, b'D')], 100);
    let interrupt = |each: u64| Interrupt {
        total: Ok(each * times),
        description: Err(Missing::NotSupported),
    };
    now.interrupts = vec![
        ("irq:1".into(), interrupt(1)),
        ("irq:9".into(), interrupt(50)),
        ("softirq:RCU".into(), interrupt(2)),
    ];
    now.protocols = lines(&[
        ("Tcp.RetransSegs", times),
        ("TcpExt.ListenOverflows", times),
        ("Udp.InErrors", 7),
        ("conntrack.count", 90),
    ]);
    now.limits = lines(&[("net.netfilter.nf_conntrack_max", 100)]);
    now.nodes = lines(&[
        ("node0.MemTotal", 100),
        ("node0.MemFree", 25),
        ("node0.numa_miss", 4 * times),
        ("node1.MemTotal", 100),
    ]);
    now
}

#[test]
fn who_cannot_be_woken_comes_first_and_those_at_one_place_are_counted() {
    let mut now = sample_of_tasks(vec![task(5, b'S'), task(6, b'S'), task(7, b'D')], 9);
    for task in now.tasks.iter_mut().flatten() {
        task.wchan = bytes("futex_do_wait");
    }
    now.tasks.as_mut().unwrap()[2].wchan = bytes("io_schedule");
    let seen = Seen::at(&now);
    let list = waits((&now, None), &seen, "x86_64");
    assert_eq!(*field(&list, 0, "tid"), Field::Number(7.0));
    assert_eq!(*field(&list, 0, "seconds"), Field::AtLeast(0.0));
    assert_eq!(moods(&list), [Mood::Problem, Mood::Usual, Mood::Usual]);
    let list = channels((&now, None), &seen, "x86_64");
    assert_eq!(*field(&list, 0, "wchan"), text("io_schedule"));
    assert_eq!(*field(&list, 1, "threads"), Field::Number(2.0));
    assert_eq!(*field(&list, 1, "commands"), text("2 × worker"));
}

#[test]
fn interrupts_come_busiest_first_and_what_rises_in_the_network_is_marked() {
    let (before, now) = (moment(1), moment(9));
    let step = Step {
        before: &before,
        now: &now,
        elapsed: TWO_SECONDS,
    };
    let list = interrupts(&now, Some(&step));
    assert_eq!(*field(&list, 0, "name"), text("9"));
    // 8 times 50 in two seconds.
    assert_eq!(*field(&list, 0, "per_second"), Field::Number(200.0));
    let list = protocols(&now, Some(&step));
    assert_eq!(moods(&list), [Mood::Warning, Mood::Problem, Mood::Usual]);
    assert_eq!(*field(&list, 2, "per_second"), Field::Number(0.0));
    let list = nodes(&now, Some(&step));
    assert_eq!(*field(&list, 0, "used_percent"), Field::Number(75.0));
    assert_eq!(*field(&list, 0, "miss_per_second"), Field::Number(16.0));
    let absent = Field::Absent(Missing::NotSupported.into());
    assert_eq!(*field(&list, 1, "free_bytes"), absent);
    let list = limits(&now);
    assert_eq!(*field(&list, 0, "used_percent"), Field::Number(90.0));
    assert_eq!(moods(&list), [Mood::Warning]);
}

#[test]
fn full_and_silent_file_systems_come_first_and_what_is_read_only_is_not_full() {
    let of = |total: Reading<u64>, unused: u64, flags: u64| FileSystem {
        device: bytes("/dev/sda1"),
        kind: bytes("ext4"),
        total: total.map(Bytes),
        free: total.map(|_| Bytes(unused)),
        available: total.map(|_| Bytes(unused)),
        inodes: Ok(0),
        inodes_free: Ok(0),
        flags: Ok(flags),
        read_at: Ok(Seq(7)),
    };
    let (_, mut now) = at(nothing(), nothing());
    now.file_systems = Ok(vec![
        ("/a".into(), of(Ok(100), 50, 0)),
        ("/cd".into(), of(Ok(100), 0, 1)),
        ("/full".into(), of(Ok(100), 0, 0)),
        ("/dead".into(), of(Err(Missing::Blocked), 0, 0)),
        ("/proc".into(), of(Ok(0), 0, 0)),
    ]);
    let mut when = |seq| (seq == Seq(7)).then_some(WallTime(7_000_000));
    let list = file_systems(&now, &Zone::utc(), &mut when);
    let names: Vec<&Field> = (0..4)
        .map(|line| field(&list, line, "mounted_on"))
        .collect();
    assert_eq!(
        names,
        [&text("/dead"), &text("/full"), &text("/a"), &text("/cd")]
    );
    assert_eq!(list.lines.len(), 4);
    let silent = text("does not answer; it did last at 00:00:07");
    assert_eq!(*field(&list, 0, "condition"), silent);
    let blocked = Field::Absent(Missing::Blocked.into());
    assert_eq!(*field(&list, 0, "use_percent"), blocked);
    assert_eq!(*field(&list, 1, "use_percent"), Field::Number(100.0));
    assert_eq!(*field(&list, 1, "inodes_percent"), Field::Empty);
    assert_eq!(*field(&list, 3, "condition"), text("read-only"));
}

#[test]
fn a_lock_that_somebody_waits_for_comes_first_and_who_waits_under_it() {
    let lock = |waiter| FileLock {
        holder: Ok(Pid(5)),
        waiter,
        kind: bytes("FLOCK ADVISORY WRITE 0 EOF"),
        device: bytes("08:00"),
        inode: Ok(77),
    };
    let (_, mut now) = at(nothing(), nothing());
    now.file_locks = Ok(vec![
        ("1".into(), lock(Err(Missing::NotSupported))),
        ("2".into(), lock(Err(Missing::NotSupported))),
        ("2.1".into(), lock(Ok(Pid(12)))),
    ]);
    let list = file_locks(&now);
    assert_eq!(moods(&list), [Mood::Warning, Mood::Problem, Mood::Usual]);
    assert_eq!(*field(&list, 1, "pid"), Field::Number(12.0));
    assert_eq!(*field(&list, 1, "range"), text("all"));
    let holder = text("process 5, which holds it");
    assert_eq!(*field(&list, 1, "waits_for"), holder);
    assert_eq!(list.lines[1].process, Some(Pid(12)));
}

#[test]
fn a_queue_is_full_above_its_limit_and_what_is_not_closed_is_counted_by_owner() {
    let socket = |count: u64, [receive, send]: [u64; 2]| Socket {
        count: Ok(count),
        receive_queue: Ok(receive),
        send_queue: Ok(send),
        retransmits: Err(Missing::NotSupported),
        oldest_since: Ok(BootTime(1_000_000)),
        is_older: true,
        uid: Ok(0),
        inode: Ok(1),
        read_at: Ok(Seq(2)),
    };
    let mut now = sample_of_tasks(vec![], 9);
    now.times.seq = Seq(3);
    now.sockets = Ok([
        ("tcp * *:* *:* -", socket(9, [0, 0])),
        ("udp * *:* *:* -", socket(2, [0, 0])),
        ("unix * * * -", socket(1, [0, 0])),
        ("tcp LISTEN 0.0.0.0:1 0.0.0.0:* 7", socket(1, [4, 4])),
        ("tcp LISTEN 0.0.0.0:2 0.0.0.0:* 7", socket(1, [5, 4])),
        ("tcp LISTEN 0.0.0.0:3 0.0.0.0:* -", socket(1, [0, 4])),
        ("tcp CLOSE-WAIT 1.1.1.1:1 2.2.2.2:2 7", socket(1, [0, 0])),
        ("tcp CLOSE-WAIT 1.1.1.1:1 2.2.2.2:* 7", socket(4, [0, 0])),
    ]
    .map(|(name, socket)| (name.into(), socket))
    .into());
    let list = listeners(&now);
    assert_eq!(moods(&list), [Mood::Problem, Mood::Warning, Mood::Usual]);
    assert_eq!(*field(&list, 0, "used_percent"), Field::Number(125.0));
    assert_eq!(*field(&list, 2, "comm"), text("(the kernel)"));
    let list = close_waits(&now);
    assert_eq!(list.lines.len(), 1);
    assert_eq!(*field(&list, 0, "count"), Field::Number(5.0));
    assert_eq!(*field(&list, 0, "age_seconds"), Field::AtLeast(8.0));
    let list = socket_states(&now);
    assert_eq!(
        *field(&list, 0, "count"),
        Field::Number(0.0),
        "none is open"
    );
    assert_eq!(*field(&list, 1, "count"), Field::Number(3.0));
    let list = sockets(&now);
    assert_eq!(
        *field(&list, 0, "retransmits"),
        Field::Empty,
        "it only listens"
    );
    let absent = Field::Absent(Missing::NotSupported.into());
    assert_eq!(*field(&list, 4, "retransmits"), absent);
    let note = "as they were 1 tick before: so many are not listed at every tick";
    assert_eq!(list.note.as_deref(), Some(note));
}
