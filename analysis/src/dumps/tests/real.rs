//! The dumps of a Tomcat with a stuck lock, a starved pool and a spinning thread.

use super::{bytes, dump, named, names, states};
use crate::dumps::finding::Severity;
use crate::dumps::kernel::Views;
use crate::dumps::locks::{Holder, Kind};
use crate::dumps::model::{Dump, How, Source, State};
use crate::dumps::report::{Around, By, Report};
use afterimage_format::kernel_view::{KernelView, ThreadView};
use afterimage_format::time::{BootTime, WallTime};
use std::time::Duration;

fn report(dump: &Dump) -> Report {
    Report::of(dump, &Around::default())
}

/// What `/proc` said, where nothing but the times differ by so much.
fn view(name: &str, at: Duration) -> KernelView {
    let text = String::from_utf8(bytes(name)).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let threads = lines.map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let nanos = |place: usize| Some(Duration::from_nanos(fields[place].parse().ok()?));
        ThreadView {
            tid: fields[0].parse().unwrap(),
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
        at: WallTime(0),
        at_boot: BootTime(i64::try_from(at.as_micros()).unwrap()),
        took: Duration::ZERO,
        unread: 0,
        cgroup: None,
        threads: threads.collect(),
    }
}

#[test]
fn every_thread_is_counted_and_every_line_is_known() {
    for (name, expected, total) in [
        ("hotspot17-1", [0, 12, 6, 132, 8], 158),
        ("hotspot17-2", [12, 12, 7, 119, 8], 158),
        ("hotspot17-3", [40, 13, 37, 61, 8], 159),
        ("hotspot17-4", [40, 13, 37, 61, 8], 159),
        ("hotspot25-1", [0, 11, 6, 132, 8], 157),
        ("hotspot25-2", [12, 11, 7, 119, 8], 157),
        ("hotspot25-3", [40, 12, 38, 61, 8], 159),
        ("hotspot25-4", [40, 13, 37, 60, 8], 158),
        ("hotspot11-1", [47, 17, 40, 57, 8], 169),
        ("hotspot25-virtual", [47, 16, 42, 60, 9], 174),
    ] {
        let dump = dump(&format!("{name}.txt"));
        assert_eq!(states(&dump), expected, "{name}");
        assert_eq!(dump.listed().count(), total, "{name}");
        assert_eq!(dump.unknown.count, 0, "{name}: {:?}", dump.unknown.first);
        assert!(!dump.is_truncated, "{name}");
        assert!(dump.lists_synchronizers, "{name}");
        assert_eq!(dump.missing(), Some(0), "{name}");
        assert!(dump.at.is_some() && dump.vm.is_some(), "{name}");
    }
}

#[test]
fn one_lock_keeps_forty_waiting() {
    for (name, waiting) in [
        ("hotspot17-2", 12),
        ("hotspot17-3", 40),
        ("hotspot17-4", 40),
        ("hotspot25-4", 40),
    ] {
        let dump = dump(&format!("{name}.txt"));
        let report = report(&dump);
        let worst = &report.locks.wanted[0];
        let Holder::Known(holder) = worst.holder else {
            panic!("{name}: {:?}", worst.holder);
        };
        let called = if name == "hotspot25-4" {
            "exec-4"
        } else {
            "exec-100"
        };
        assert!(dump.threads[holder].name.ends_with(called), "{name}");
        assert_eq!(
            (worst.waiters.len(), worst.total, worst.is_root),
            (waiting, waiting, true),
            "{name}"
        );
        assert_eq!(worst.kind, Kind::Monitor);
        assert_eq!(report.locks.wanted.len(), 1, "{name}");
        assert_eq!(report.deadlocks, [], "{name}");
        let first = &report.findings[0];
        assert_eq!(
            (first.kind, first.severity),
            ("lock-contention", Severity::Critical)
        );
        assert!(first.suspects[0].name.ends_with(called));
        assert!(
            first.suspects[0].reasons[1].contains("took it in Victim$ReportService.render("),
            "{:?}",
            first.suspects
        );
        assert_eq!(first.victims.len(), waiting);
    }
}

#[test]
fn a_healthy_server_has_no_findings() {
    for name in ["hotspot17-1.txt", "hotspot25-1.txt"] {
        let dump = dump(name);
        let report = report(&dump);
        assert_eq!(report.findings, [], "{name}");
        let idle = report.groups.iter().filter(|group| group.is_idle);
        let exec = idle.filter(|group| group.name.contains("-exec-"));
        assert!(
            exec.map(|group| group.threads.len()).sum::<usize>() >= 90,
            "{name}"
        );
    }
}

#[test]
fn five_connections_are_lent_and_twenty_five_threads_wait_for_one() {
    for name in [
        "hotspot17-3.txt",
        "hotspot17-4.txt",
        "hotspot25-3.txt",
        "hotspot25-4.txt",
    ] {
        let dump = dump(name);
        let report = report(&dump);
        assert_eq!(report.starved.len(), 1, "{name}: {:?}", report.starved);
        let starved = &report.starved[0];
        assert_eq!(
            starved.pool,
            "com.zaxxer.hikari.pool.HikariPool.getConnection"
        );
        assert_eq!(
            (starved.waiters.len(), starved.suspects.len()),
            (25, 5),
            "{name}"
        );
        let holds = |thread: &usize| {
            let mut frames = dump.threads[*thread].stack.frames();
            frames.any(|frame| frame.contains("OrderRepository.holdConnection"))
        };
        assert!(starved.suspects.iter().all(holds), "{name}");
        assert!(
            report
                .findings
                .iter()
                .any(|finding| finding.kind == "pool-starvation")
        );
    }
}

#[test]
fn the_spinner_is_found_by_the_kernel_to_the_millisecond() {
    let dump = dump("hotspot17-3.txt");
    let before = view("hotspot17-3.tasks.t0.tsv", Duration::from_secs(10));
    let after = view("hotspot17-3.tasks.t1.tsv", Duration::from_millis(12_750));
    let views = Views {
        before: Some(&before),
        after: Some(&after),
        architecture: "x86_64",
        ..Views::default()
    };
    let around = Around {
        views,
        ..Around::default()
    };
    let report = Report::of(&dump, &around);
    let matched = report.kernel.threads.iter().flatten().count();
    assert_eq!(
        matched, 159,
        "every thread of the dump is one of the kernel"
    );
    let first = &report.cpu[0];
    assert_eq!(
        (first.name.as_str(), first.by, first.tid),
        ("pricing-recompute", By::Kernel, Some(22140))
    );
    assert_eq!(first.cpu.as_millis(), 779, "1758182539 - 978781607 ns");
    let java = |used: &&crate::dumps::report::CpuUse| {
        used.thread
            .is_some_and(|place| dump.threads[place].state != State::Vm)
    };
    let next = report.cpu.iter().filter(java).nth(1).unwrap();
    assert!(next.cpu < Duration::from_millis(50), "{next:?}");
    let hog = report
        .findings
        .iter()
        .find(|finding| finding.kind == "thread-hogs-core")
        .unwrap();
    assert_eq!(hog.suspects[0].name, "pricing-recompute");
    assert!(
        hog.summary.contains("PricingEngine.step"),
        "{}",
        hog.summary
    );
    // A selector and an acceptor are called RUNNABLE and sleep.
    let only_wait = names(&dump, &report.only_wait);
    for idle in ["-Poller", "-Acceptor"] {
        assert!(
            only_wait.iter().any(|name| name.ends_with(idle)),
            "{only_wait:?}"
        );
    }
    assert!(!only_wait.contains(&"pricing-recompute".to_owned()));
}

#[test]
fn the_spinner_is_found_in_the_text_alone() {
    for name in [
        "hotspot17-3.txt",
        "hotspot17-4.txt",
        "hotspot25-3.txt",
        "hotspot25-4.txt",
    ] {
        let report = report(&dump(name));
        let hogs: Vec<&str> = report
            .findings
            .iter()
            .filter(|finding| finding.kind == "thread-hogs-core")
            .map(|finding| finding.suspects[0].name.as_str())
            .collect();
        assert_eq!(hogs, ["pricing-recompute"], "{name}");
    }
}

#[test]
fn deadlocks_are_those_that_the_jvm_reports() {
    for name in ["hotspot11-1.txt", "hotspot25-virtual.txt"] {
        let dump = dump(name);
        assert_eq!(dump.reported.len(), 2, "{name}");
        let report = report(&dump);
        let mut found: Vec<Vec<String>> = report
            .deadlocks
            .iter()
            .map(|deadlock| names(&dump, &deadlock.members))
            .collect();
        found.sort();
        assert_eq!(
            found,
            [
                ["deadlock-A", "deadlock-B"],
                ["rl-deadlock-A", "rl-deadlock-B"]
            ],
            "{name}"
        );
        assert!(
            report
                .deadlocks
                .iter()
                .all(|deadlock| deadlock.is_reported && !deadlock.is_guess)
        );
        assert_eq!(report.findings[0].kind, "deadlock");
    }
}

#[test]
fn the_holder_of_a_reentrant_lock_is_known_with_l_and_guessed_without() {
    for name in ["hotspot11-1.txt", "hotspot25-virtual.txt"] {
        let mut dump = dump(name);
        let of_eight = |report: &Report| {
            let mut wanted = report.locks.wanted.iter();
            let eight = wanted
                .find(|wanted| wanted.kind == Kind::Synchronizer && wanted.waiters.len() == 8);
            eight.unwrap().clone()
        };
        let known = of_eight(&report(&dump));
        let Holder::Known(holder) = known.holder else {
            panic!("{name}: {:?}", known.holder);
        };
        assert_eq!(known.total, 8);
        // The same dump without what -l adds.
        for thread in &mut dump.threads {
            let kept = thread.locks.iter().filter(|used| used.how != How::Owns);
            thread.locks = kept.cloned().collect();
        }
        let guessed = of_eight(&report(&dump));
        assert_eq!(guessed.holder, Holder::Guessed(holder), "{name}");
    }
}

#[test]
fn a_name_may_look_like_the_rest_of_its_line() {
    for name in [
        "hotspot11-1.txt",
        "hotspot25-virtual.txt",
        "hotspot25-virtual.json",
    ] {
        let dump = dump(name);
        let thread = named(&dump, "we \"quote\" ümläut #7 prio=9 [x]");
        assert_ne!(thread.state, State::Vm, "{name}");
    }
}

#[test]
fn a_virtual_thread_is_there_within_its_carrier() {
    let dump = dump("hotspot25-virtual.txt");
    let carrier = named(&dump, "ForkJoinPool-1-worker-1");
    assert_eq!(
        (carrier.number, carrier.os_id, carrier.carries),
        (Some(177), Some(8333), Some(231))
    );
    let mounted: Vec<_> = dump
        .threads
        .iter()
        .filter(|thread| thread.is_virtual)
        .collect();
    assert_eq!(mounted.len(), 1);
    assert_eq!(
        (mounted[0].number, mounted[0].carrier, mounted[0].is_listed),
        (Some(231), Some(177), false)
    );
    assert!(
        mounted[0].top().unwrap().contains("Victim"),
        "{:?}",
        mounted[0].top()
    );
}

#[test]
fn json_has_all_threads_and_what_they_wait_for() {
    let dump = dump("hotspot25-virtual.json");
    assert_eq!((dump.source, dump.pid), (Source::HotSpotJson, Some(7897)));
    assert_eq!(dump.listed().count(), 215);
    assert_eq!(
        dump.threads
            .iter()
            .filter(|thread| thread.is_virtual)
            .count(),
        53
    );
    let report = report(&dump);
    let worst = &report.locks.wanted[0];
    assert_eq!((worst.waiters.len(), worst.kind), (40, Kind::Monitor));
    assert!(
        dump.threads[worst.holder.thread().unwrap()]
            .name
            .ends_with("exec-2")
    );
    let monitor = named(&dump, "virt-mon-holder");
    let place = dump
        .threads
        .iter()
        .position(|thread| thread.name == monitor.name)
        .unwrap();
    let held: Vec<usize> = report
        .locks
        .held_by(place)
        .map(|wanted| wanted.total)
        .collect();
    assert_eq!(held, [10], "ten virtual threads want its monitor");
    let found: Vec<Vec<String>> = report
        .deadlocks
        .iter()
        .map(|deadlock| names(&dump, &deadlock.members))
        .collect();
    assert_eq!(
        found,
        [["deadlock-A", "deadlock-B"]],
        "JSON does not say who has a ReentrantLock"
    );
    assert_eq!(super::dump("hotspot25-4.json").unknown.count, 0);
}

#[test]
fn who_waits_for_those_who_wait_is_counted_in_the_end() {
    for name in [
        "hotspot25-virtual.txt",
        "hotspot25-virtual.json",
        "hotspot11-1.txt",
    ] {
        let dump = dump(name);
        let report = report(&dump);
        // a has what b wants, b has what c wants, c has what three others want.
        for (holder, direct, total, is_root) in [
            ("chain-a", 1, 5, true),
            ("chain-b", 1, 4, false),
            ("chain-c", 3, 3, false),
        ] {
            let mut threads = dump.threads.iter();
            let place = threads.position(|thread| &*thread.name == holder);
            let held: Vec<_> = report.locks.held_by(place.unwrap()).collect();
            assert_eq!(held.len(), 1, "{name}: {holder}");
            let found = (held[0].waiters.len(), held[0].total, held[0].is_root);
            assert_eq!(found, (direct, total, is_root), "{name}: {holder}");
        }
    }
}
