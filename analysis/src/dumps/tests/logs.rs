//! Dumps among other lines.

use super::{bytes, dump, states};
use crate::dumps::model::When;
use crate::dumps::{read, read_bytes};

fn text(name: &str) -> String {
    String::from_utf8(bytes(name)).unwrap()
}

#[test]
fn what_kill_3_wrote_into_a_log_is_found() {
    let log = text("lab17.log");
    let found = read(&log);
    assert_eq!(found.dumps.len(), 1);
    let dump = &found.dumps[0];
    assert_eq!(
        (dump.unknown.count, dump.is_truncated),
        (0, false),
        "{:?}",
        dump.unknown.first
    );
    assert_eq!(dump.reported.len(), 2);
    assert_eq!(
        found.other_lines, 1,
        "READY; the heap behind the dump belongs to it"
    );
    assert!(log[dump.place.clone()].starts_with("2026-11-23 "));
}

#[test]
fn several_dumps_in_one_log_are_told_apart() {
    let (one, two) = (text("hotspot17-1.txt"), text("hotspot17-3.txt"));
    let log = format!("INFO start\n{one}WARN between\nmore\n4711:\n{two}\nlast line\n");
    let found = read(&log);
    assert_eq!(found.dumps.len(), 2);
    assert_eq!(found.other_lines, 4);
    assert_eq!(states(&found.dumps[0]), [0, 12, 6, 132, 8]);
    assert_eq!(states(&found.dumps[1]), [40, 13, 37, 61, 8]);
    assert_eq!((found.dumps[0].pid, found.dumps[1].pid), (None, Some(4711)));
    assert!(
        log[found.dumps[1].place.clone()]
            .starts_with("4711:\n2026-11-22 08:12:17\nFull thread dump")
    );
    assert!(
        matches!(found.dumps[1].at, Some(When::Local(at)) if at.to_string() == "2026-11-22T08:12:17")
    );
    assert!(
        found
            .dumps
            .iter()
            .all(|dump| dump.unknown.count == 0 && !dump.is_truncated)
    );
}

#[test]
fn what_a_log_puts_before_each_line_is_taken_off() {
    let original = text("hotspot25-2.txt");
    for prefix in [
        "Nov 22 08:12:17 web-1 java[4711]: ",
        "2026-11-22T08:12:17.123456789Z stdout F ",
        "[java] ",
    ] {
        let mut number = 0;
        let with_prefix = |line: &str| {
            number += 1;
            format!(
                "{}{line}\n",
                prefix.replace("17", &format!("{}", 17 + number / 1000))
            )
        };
        let log: String = original.lines().map(with_prefix).collect();
        let found = read(&format!(
            "{prefix}starting\nNov 22 other: x\n{log}{prefix}done\n"
        ));
        assert_eq!(found.dumps.len(), 1, "{prefix}");
        let dump = &found.dumps[0];
        assert_eq!(states(dump), [12, 11, 7, 119, 8], "{prefix}");
        assert_eq!(
            (dump.unknown.count, dump.is_truncated),
            (0, false),
            "{prefix}"
        );
        assert_eq!(dump.at, super::dump("hotspot25-2.txt").at, "{prefix}");
        assert_eq!(found.other_lines, 3, "{prefix}");
    }
}

#[test]
fn only_the_first_line_may_have_a_prefix() {
    let original = text("hotspot17-1.txt");
    let log = original.replace("Full thread dump", "12:00:00 INFO Full thread dump");
    let found = read(&log);
    assert_eq!(found.dumps.len(), 1);
    assert_eq!(states(&found.dumps[0]), [0, 12, 6, 132, 8]);
}

#[test]
fn lines_that_run_into_a_dump_are_counted_and_kept() {
    let original = text("hotspot17-1.txt");
    let log = original.replacen(
        "\tat java.lang.Thread.run",
        "12:00:01 WARN slow request 4711\n\tat java.lang.Thread.run",
        3,
    );
    let found = read(&log);
    let dump = &found.dumps[0];
    assert_eq!((dump.unknown.count, dump.unknown.first.len()), (3, 3));
    assert_eq!(&*dump.unknown.first[0].1, "12:00:01 WARN slow request 4711");
    let number = dump.unknown.first[0].0;
    assert_eq!(
        log.lines().nth(number - 1),
        Some("12:00:01 WARN slow request 4711")
    );
    assert_eq!(states(dump), [0, 12, 6, 132, 8]);
}

#[test]
fn a_dump_without_its_end_is_said_to_be_cut() {
    let original = text("hotspot17-3.txt");
    let half = original.floor_char_boundary(original.len() / 2);
    let filler = "just a line of a log\n".repeat(200);
    // A frame that comes much later does not make it whole again.
    let late = format!("{filler}\tat a.B.c(B.java:1)\n");
    for after in ["", &filler, &late] {
        let log = format!("{}\n{after}", &original[..half]);
        let found = read(&log);
        let dump = &found.dumps[0];
        assert!(dump.is_truncated);
        assert!(dump.threads.len() > 50 && dump.missing().unwrap() > 20);
        assert!(
            dump.unknown.count <= 1,
            "what follows is not of the dump: {}",
            dump.unknown.count
        );
        assert!(found.other_lines + 2 >= after.lines().count());
    }
    let both = format!("{}\n{original}", &original[..half]);
    let found = read(&both);
    let cut: Vec<bool> = found.dumps.iter().map(|dump| dump.is_truncated).collect();
    assert_eq!(cut, [true, false]);
}

#[test]
fn windows_line_ends_and_bytes_that_are_no_text_do_no_harm() {
    let original = text("hotspot11-1.txt").replace('\n', "\r\n");
    let mut bytes = original.into_bytes();
    let at = bytes
        .windows(6)
        .position(|six| six == "ümlä".as_bytes())
        .unwrap();
    bytes[at] = 0xff;
    let (_, found) = read_bytes(&bytes);
    assert_eq!(states(&found.dumps[0]), [47, 17, 40, 57, 8]);
    assert_eq!(found.dumps[0].unknown.count, 0);
}

#[test]
fn jdk_8_is_read() {
    let text = "2026-11-22 08:12:17\nFull thread dump OpenJDK 64-Bit Server VM (25.382-b05 mixed mode):\n\n\
\"worker-2\" #10 prio=5 os_prio=0 tid=0x00007f1c000f1000 nid=0x1b0a waiting for monitor entry [0x00007f1be8af6000]\n   java.lang.Thread.State: BLOCKED (on object monitor)\n\tat Demo.work(Demo.java:9)\n\t- waiting to lock <0x00000000d6f1c2d8> (a java.lang.Object)\n\tat java.lang.Thread.run(Thread.java:750)\n\n\
\"notified\" #11 prio=5 os_prio=0 tid=0x00007f1c000f2000 nid=0x1b0b in Object.wait() [0x00007f1be8bf7000]\n   java.lang.Thread.State: BLOCKED (on object monitor)\n\tat java.lang.Object.wait(Native Method)\n\t- waiting on <0x00000000d6f1c2d8> (a java.lang.Object)\n\tat Demo.rest(Demo.java:20)\n\t- locked <0x00000000d6f1c2d8> (a java.lang.Object)\n\n\
\"worker-1\" #9 prio=5 os_prio=0 tid=0x00007f1c000ef000 nid=0x1b09 waiting on condition [0x00007f1be8bf7000]\n   java.lang.Thread.State: TIMED_WAITING (sleeping)\n\tat java.lang.Thread.sleep(Native Method)\n\tat Demo.work(Demo.java:10)\n\t- locked <0x00000000d6f1c2d8> (a java.lang.Object)\n\n\
\"VM Thread\" os_prio=0 tid=0x00007f1c00066800 nid=0x1afd runnable \n\n\"GC task thread#0 (ParallelGC)\" os_prio=0 tid=0x00007f1c0001e800 nid=0x1af9 runnable \n\n\
JNI global references: 5\n\nHeap\n PSYoungGen      total 38400K, used 666K [0x0, 0x1, 0x2)\n  eden space 33280K, 2% used [0x0,0x1,0x2)\n\nother\n";
    let found = read(text);
    let dump = &found.dumps[0];
    assert_eq!(
        (dump.unknown.count, dump.is_truncated, found.other_lines),
        (0, false, 1)
    );
    assert_eq!(states(dump), [2, 0, 1, 0, 2]);
    let report = crate::dumps::Report::of(dump, &crate::dumps::report::Around::default());
    let lock = &report.locks.wanted[0];
    assert_eq!(
        (lock.waiters.as_slice(), lock.holder.thread()),
        (&[0, 1][..], Some(2))
    );
}

#[test]
fn what_is_no_dump_is_said_to_be_none() {
    for text in [
        "",
        "\n\n",
        "hello\nworld\n",
        "{\"a\":1}",
        "[1,2]",
        "Full thread dump\n",
        "goroutine: x\n",
    ] {
        assert_eq!(read(text).dumps, [], "{text}");
    }
    let javacore = "0SECTION       TITLE subcomponent dump routine\nNULL           ===\n1TISIGINFO     Dump Event \"user\" (00004000) received\n";
    assert_eq!(read(javacore).refused, Some("a javacore of OpenJ9"));
    drop(dump("hotspot17-1.txt"));
}
