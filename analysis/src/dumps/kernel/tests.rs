//! Views of the kernel beside dumps, made by hand.

use super::*;
use crate::dumps::model::{Source, Thread};
use afterimage_format::time::{BootTime, WallTime};

fn view(seconds: i64, threads: Vec<ThreadView>) -> KernelView {
    KernelView {
        at: WallTime(seconds * 1_000_000),
        at_boot: BootTime(seconds * 1_000_000),
        took: Duration::from_millis(3),
        unread: 0,
        cgroup: None,
        threads,
    }
}

fn thread(tid: i32, nstid: i32, [run, wait]: [u64; 2]) -> ThreadView {
    ThreadView {
        tid,
        nstid: Some(nstid),
        state: Some('S'),
        run: Some(Duration::from_millis(run)),
        wait: Some(Duration::from_millis(wait)),
        wchan: Some("futex_do_wait".to_owned()),
        syscall: Some("202 0x7f 0x0".to_owned()),
        ..ThreadView::default()
    }
}

fn dump() -> Dump {
    let mut dump = Dump::new(Source::HotSpot);
    for id in [7, 8] {
        dump.threads.push(Thread {
            os_id: Some(id),
            ..Thread::new("t", State::Runnable)
        });
    }
    dump
}

#[test]
fn cpu_is_counted_by_the_numbers_of_the_namespace() {
    let before = view(
        10,
        vec![thread(14513, 7, [100, 50]), thread(14514, 9, [5, 5])],
    );
    let after = view(
        12,
        vec![thread(14513, 7, [1600, 250]), thread(14514, 9, [6, 5])],
    );
    let views = Views {
        before: Some(&before),
        after: Some(&after),
        architecture: "x86_64",
        ..Views::default()
    };
    let kernel = Kernel::of(&dump(), &views);
    assert_eq!(kernel.over, Some(Duration::from_secs(2)));
    let seen = kernel.thread(0).unwrap();
    assert_eq!(
        (seen.tid, seen.cpu),
        (14513, Some(Duration::from_millis(1500)))
    );
    assert!((kernel.cpu_share(seen).unwrap() - 0.75).abs() < 1e-9);
    assert!((kernel.wait_share(seen).unwrap() - 0.1).abs() < 1e-9);
    assert_eq!(seen.on, Some("lock"));
    assert!(seen.words.as_deref().unwrap().ends_with("It called futex."));
    assert_eq!(
        kernel.thread(1),
        None,
        "the number of the host is not that of the dump"
    );
    assert_eq!(kernel.others.len(), 1);
    assert_eq!(kernel.others[0].cpu, Some(Duration::from_millis(1)));
}

#[test]
fn without_a_dump_the_view_is_one() {
    let mut stuck = thread(4712, 9, [0, 0]);
    stuck.comm = Some(b"exec-7".to_vec());
    stuck.state = Some('D');
    stuck.wchan = Some("io_schedule".to_owned());
    stuck.stack = Some("io_schedule;folio_wait_bit_common".to_owned());
    let view = view(10, vec![stuck]);
    let dump = dump_of(&view);
    let found = &dump.threads[0];
    assert_eq!((&*found.name, found.os_id), ("exec-7", Some(9)));
    assert_eq!((found.state, found.stack.0.len()), (State::Waiting, 2));
    let around = crate::dumps::report::Around {
        views: Views {
            after: Some(&view),
            ..Views::default()
        },
        ..crate::dumps::report::Around::default()
    };
    let report = crate::dumps::Report::of(&dump, &around);
    assert_eq!(report.findings[0].kind, "tasks-blocked");
    assert_eq!(report.findings[0].resource, "disk");
}

#[test]
fn threads_of_a_view_have_the_names_of_a_dump_unless_the_number_was_used_again() {
    let mut real = Dump::new(Source::HotSpot);
    for (id, name) in [
        (7, "http-nio-8080-exec-7"),
        (8, "pricing"),
        (9, "größe-der-fäden"),
    ] {
        real.threads.push(Thread {
            os_id: Some(id),
            number: Some(id + 100),
            ..Thread::new(name, State::Waiting)
        });
    }
    let mut seen = view(
        10,
        vec![
            thread(1, 7, [0, 0]),
            thread(2, 8, [0, 0]),
            thread(3, 9, [0, 0]),
        ],
    );
    seen.threads[0].comm = Some(b"http-nio-8080-e".to_vec());
    seen.threads[1].comm = Some(b"reaper".to_vec());
    // The 15th byte is the first of two of a letter.
    seen.threads[2].comm = Some("größe-der-fäden".as_bytes()[..15].to_vec());
    let mut dump = dump_of(&seen);
    named(&mut dump, &real);
    let names: Vec<(&str, Option<u64>)> = dump
        .threads
        .iter()
        .map(|thread| (&*thread.name, thread.number))
        .collect();
    assert_eq!(
        names,
        [
            ("http-nio-8080-exec-7", Some(107)),
            ("reaper", None),
            ("größe-der-fäden", Some(109))
        ]
    );
}

#[test]
fn one_view_gives_no_cpu_and_a_fall_is_none() {
    let after = view(12, vec![thread(1, 7, [1600, 250])]);
    let views = Views {
        after: Some(&after),
        ..Views::default()
    };
    let kernel = Kernel::of(&dump(), &views);
    assert_eq!((kernel.over, kernel.thread(0).unwrap().cpu), (None, None));
    let before = view(10, vec![thread(1, 7, [1700, 250])]);
    let views = Views {
        before: Some(&before),
        ..views
    };
    assert_eq!(Kernel::of(&dump(), &views).thread(0).unwrap().cpu, None);
}

#[test]
fn who_sleeps_in_the_kernel_without_cpu_only_waits() {
    let before = view(10, vec![thread(1, 7, [100, 0]), thread(2, 8, [100, 0])]);
    let after = view(12, vec![thread(1, 7, [110, 0]), thread(2, 8, [140, 0])]);
    let views = Views {
        before: Some(&before),
        after: Some(&after),
        ..Views::default()
    };
    let kernel = Kernel::of(&dump(), &views);
    assert!(kernel.only_waits(0, State::Runnable));
    assert!(
        !kernel.only_waits(1, State::Runnable),
        "20 ms a second is work"
    );
    assert!(!kernel.only_waits(0, State::Waiting));
}
