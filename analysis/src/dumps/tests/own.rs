//! `Lab.java` on five JVMs: what it does is known, as it was written to do it.

use super::{dump, names};
use crate::dumps::history;
use crate::dumps::locks::{Holder, Kind};
use crate::dumps::model::{Dump, State};
use crate::dumps::pools::Of;
use crate::dumps::report::{Around, Report};

fn report(dump: &Dump) -> Report {
    Report::of(dump, &Around::default())
}

fn deadlocks(dump: &Dump, report: &Report) -> Vec<Vec<String>> {
    let mut found: Vec<_> = report
        .deadlocks
        .iter()
        .map(|deadlock| names(dump, &deadlock.members))
        .collect();
    found.sort();
    found
}

const ALL: [&str; 8] = [
    "lab8.txt",
    "lab8-l.txt",
    "lab11.txt",
    "lab11-l.txt",
    "lab17.txt",
    "lab21.txt",
    "lab25.txt",
    "lab25-l.txt",
];

#[test]
fn every_line_is_known_on_every_version() {
    for name in ALL {
        let dump = dump(name);
        assert_eq!(dump.unknown.count, 0, "{name}: {:?}", dump.unknown.first);
        assert!(!dump.is_truncated, "{name}");
        // JDK 8 does not say how many there are.
        let missing = (!name.starts_with("lab8")).then_some(0);
        assert_eq!(dump.missing(), missing, "{name}");
        assert_eq!(dump.lists_synchronizers, name.contains("-l"), "{name}");
    }
}

#[test]
fn deadlocks_of_monitors_and_locks_are_those_that_the_jvm_reports() {
    for name in ALL {
        let dump = dump(name);
        assert_eq!(dump.reported.len(), 2, "{name}");
        let report = report(&dump);
        let found = deadlocks(&dump, &report);
        for pair in [["mon-1", "mon-2"], ["rl-1", "rl-2"]] {
            let pair = pair.map(str::to_owned).to_vec();
            assert!(found.contains(&pair), "{name}: {found:?}");
        }
        let reported = report
            .deadlocks
            .iter()
            .filter(|deadlock| deadlock.is_reported);
        assert_eq!(reported.count(), 2, "{name}");
    }
}

#[test]
fn classes_that_wait_for_each_other_are_found_though_the_jvm_is_silent() {
    for name in ["lab17.txt", "lab21.txt", "lab25.txt", "lab25-l.txt"] {
        let dump = dump(name);
        let report = report(&dump);
        let found = deadlocks(&dump, &report);
        let expected = [
            ["init-A", "init-B"],
            ["init-child", "init-parent"],
            ["mon-1", "mon-2"],
            ["rl-1", "rl-2"],
        ];
        assert_eq!(found, expected, "{name}");
        let guesses: Vec<_> = report
            .deadlocks
            .iter()
            .filter(|deadlock| deadlock.is_guess)
            .map(|deadlock| names(&dump, &deadlock.members))
            .collect();
        assert_eq!(
            guesses,
            [["init-child", "init-parent"]],
            "the code of Child does not run yet"
        );
        // Who waits for a class that is only slow is no deadlock.
        let slow = report
            .locks
            .wanted
            .iter()
            .find(|wanted| &*wanted.lock.id == "Lab$Slow")
            .unwrap();
        assert!(
            matches!(slow.holder, Holder::Known(holder) if &*dump.threads[holder].name == "init-slow")
        );
    }
    // JDK 8 and 11 do not name the classes.
    for name in ["lab8.txt", "lab11.txt"] {
        let dump = dump(name);
        let report = report(&dump);
        let of_classes = report
            .deadlocks
            .iter()
            .find(|deadlock| deadlock.kinds.contains(&Kind::ClassInitialization));
        let of_classes = of_classes.unwrap();
        assert!(of_classes.is_guess, "{name}");
        assert_eq!(
            names(&dump, &of_classes.members),
            ["init-A", "init-B", "init-parent"],
            "{name}"
        );
    }
}

#[test]
fn a_convoy_of_forty_waits_for_its_holder() {
    for name in ALL.into_iter().chain(["lab25.json", "lab25.plain"]) {
        let dump = dump(name);
        let report = report(&dump);
        let worst = &report.locks.wanted[0];
        assert_eq!((worst.waiters.len(), worst.total), (40, 40), "{name}");
        let Holder::Known(holder) = worst.holder else {
            panic!("{name}: {:?}", worst.holder);
        };
        assert_eq!(&*dump.threads[holder].name, "holder", "{name}");
    }
}

#[test]
fn the_holder_of_a_lock_is_guessed_where_nobody_says() {
    for name in ALL.into_iter().chain(["lab25.json", "lab25.plain"]) {
        let dump = dump(name);
        let report = report(&dump);
        let mut wanted = report.locks.wanted.iter();
        let lock = wanted.find(|wanted| wanted.waiters.len() == 5).unwrap();
        let holder = lock.holder.thread().unwrap_or_else(|| panic!("{name}"));
        assert_eq!(&*dump.threads[holder].name, "rl-holder", "{name}");
        assert_eq!(lock.holder.is_guess(), !name.contains("-l"), "{name}");
        // Nobody is listed for a lock that is held for reading.
        let is_writer = |waiter: &usize| &*dump.threads[*waiter].name == "rw-writer";
        let read = report
            .locks
            .wanted
            .iter()
            .find(|wanted| wanted.waiters.iter().any(is_writer));
        assert_eq!(read.unwrap().holder, Holder::Unknown, "{name}");
    }
}

#[test]
fn starved_pools_of_permits_and_of_workers_are_found() {
    for name in ALL {
        let dump = dump(name);
        let report = report(&dump);
        let permits = report
            .starved
            .iter()
            .find(|starved| starved.of == Of::Things)
            .unwrap();
        assert_eq!(
            (permits.waiters.len(), permits.suspects.len()),
            (4, 2),
            "{name}: {permits:?}"
        );
        assert!(
            names(&dump, &permits.suspects)
                .iter()
                .all(|name| name.starts_with("sem-")),
            "{name}"
        );
        // On the two newer ones the tasks were quick enough to find a free thread.
        let mut workers = report.starved.iter();
        let workers = workers.find(|starved| starved.of == Of::Workers);
        let workers = workers.map(|workers| (workers.pool.as_str(), workers.waiters.len()));
        let is_starved = name.starts_with("lab1");
        assert_eq!(
            workers,
            is_starved.then_some(("pool-1-thread-*", 3)),
            "{name}"
        );
    }
}

#[test]
fn only_who_was_notified_wants_a_monitor_back() {
    // JDK 11 has "waiting to re-lock in wait()" of everybody who is in wait().
    for name in ALL {
        let dump = dump(name);
        let report = report(&dump);
        let waiters = report
            .locks
            .wanted
            .iter()
            .flat_map(|wanted| &wanted.waiters);
        let waiters: Vec<usize> = waiters.copied().collect();
        let waiting = names(&dump, &waiters);
        for idle in ["Finalizer", "Reference Handler", "Common-Cleaner", "waiter"] {
            assert!(!waiting.contains(&idle.to_owned()), "{name}: {waiting:?}");
        }
    }
}

#[test]
fn a_virtual_thread_counts_though_only_its_carrier_is_told_of() {
    for (name, virtual_threads) in [
        ("lab17.txt", 0),
        ("lab21.txt", 1),
        ("lab25.txt", 1),
        ("victim21.txt", 5),
    ] {
        let dump = dump(name);
        assert_eq!(report(&dump).virtual_threads, virtual_threads, "{name}");
    }
    let dump = dump("victim21.txt");
    assert_eq!((dump.unknown.count, dump.missing()), (0, Some(0)));
    let carriers = dump
        .threads
        .iter()
        .filter(|thread| thread.carries.is_some());
    let carriers: Vec<_> = carriers
        .map(|thread| (thread.state, thread.os_id.is_some()))
        .collect();
    assert_eq!(carriers, [(State::Vm, true); 5]);
    // Who initializes the class is a virtual thread, too.
    let report = report(&dump);
    let slow = report
        .findings
        .iter()
        .find(|finding| finding.resource.contains("Victim$Slow"))
        .unwrap();
    assert!(
        slow.summary.contains("only who carries them"),
        "{}",
        slow.summary
    );
    assert_eq!(slow.victims[0].name, "ForkJoinPool-1-worker-1");
}

#[test]
fn the_spinner_is_named_and_a_carrier_with_what_it_carries() {
    // JDK 8 does not say what a thread used.
    for name in ALL.into_iter().filter(|name| !name.starts_with("lab8")) {
        let dump = dump(name);
        let report = report(&dump);
        let hogs = report
            .findings
            .iter()
            .filter(|finding| finding.kind == "thread-hogs-core");
        let hogs: Vec<_> = hogs.collect();
        assert!(
            hogs.iter().any(|hog| hog.suspects[0].name == "spinner"),
            "{name}: {hogs:?}"
        );
        if name.starts_with("lab2") {
            let carrier = hogs
                .iter()
                .find(|hog| hog.suspects[0].name.starts_with("ForkJoinPool-1-worker"))
                .unwrap();
            assert!(
                carrier.summary.contains("carries virtual thread #"),
                "{}",
                carrier.summary
            );
        }
    }
}

#[test]
fn who_waits_for_a_socket_is_not_at_work_though_it_is_called_runnable() {
    for name in ALL {
        let dump = dump(name);
        let report = report(&dump);
        let waiting = names(&dump, &report.only_wait);
        for thread in ["acceptor", "sock-read"] {
            assert!(waiting.contains(&thread.to_owned()), "{name}: {waiting:?}");
        }
        assert!(!waiting.contains(&"spinner".to_owned()), "{name}");
    }
}

#[test]
fn a_name_may_go_over_two_lines() {
    for name in ALL {
        let dump = dump(name);
        let odd: Vec<_> = dump
            .threads
            .iter()
            .filter(|thread| thread.name.contains('\n'))
            .collect();
        assert_eq!(odd.len(), 1, "{name}");
        assert_eq!(&*odd[0].name, "new\nline \"q\" #7 prio=9 [x]", "{name}");
        assert!(odd[0].stack.0.len() > 2, "{name}");
        assert_eq!(odd[0].cpu.is_some(), !name.starts_with("lab8"), "{name}");
    }
}

#[test]
fn an_older_form_has_names_and_stacks() {
    for (name, virtual_threads) in [
        ("lab21.json", 2),
        ("lab21.plain", 2),
        ("lab25.plain", 2),
        ("lab25.json", 2),
    ] {
        let dump = dump(name);
        assert_eq!(dump.unknown.count, 0, "{name}: {:?}", dump.unknown.first);
        let found = dump
            .threads
            .iter()
            .filter(|thread| thread.is_virtual)
            .count();
        assert_eq!(found, virtual_threads, "{name}");
        assert!(dump.threads.len() > 80, "{name}: {}", dump.threads.len());
        assert!(dump.at.is_some() && dump.pid.is_some(), "{name}");
    }
}

#[test]
fn forms_of_one_life_are_one_series() {
    let dumps = ["lab25.txt", "lab25-l.txt", "lab25-l2.txt"].map(dump);
    let dumps: Vec<&Dump> = dumps.iter().collect();
    let series = history::series(&dumps);
    assert_eq!(series.len(), 1);
    let stuck = &series[0].stuck;
    let of = |name: &str| {
        stuck
            .iter()
            .find(|stuck| series[0].rows[stuck.row].name == name)
    };
    for name in ["convoy-7", "holder", "mon-1", "init-A"] {
        let stuck = of(name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!((stuck.since, stuck.dumps), (0, 3), "{name}");
        assert!(stuck.over.unwrap().as_secs() >= 5, "{name}");
    }
    assert_eq!(of("Signal Dispatcher"), None);
    assert_eq!(of("pool-2-thread-1"), None, "it waits for work");
}
