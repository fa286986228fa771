//! Two dumps held beside each other: real ones, and small ones whose answers are worked out by hand.

use super::{dump, named};
use crate::dumps::compare::{Comparison, Identity, Side};
use crate::dumps::kernel::Views;
use crate::dumps::model::{Dump, How, Lock, LockUse, Source, State, Thread};
use crate::dumps::report::{Around, By, Report};
use afterimage_format::kernel_view::{KernelView, ThreadView};
use afterimage_format::time::{BootTime, WallTime};
use std::time::Duration;

fn compare(before: &Dump, now: &Dump, is_one_life: bool) -> Comparison {
    between((before, None), (now, None), is_one_life)
}

fn between(
    (before, then): (&Dump, Option<&KernelView>),
    (now, after): (&Dump, Option<&KernelView>),
    is_one_life: bool,
) -> Comparison {
    let views = |view| Views {
        after: view,
        architecture: "x86_64",
        ..Views::default()
    };
    let report = |dump, view| {
        let around = Around {
            views: views(view),
            ..Around::default()
        };
        Report::of(dump, &around)
    };
    let reports = [report(before, then), report(now, after)];
    let side = |dump, report, view| Side {
        dump,
        report,
        views: views(view),
    };
    Comparison::of(
        &side(before, &reports[0], then),
        &side(now, &reports[1], after),
        is_one_life,
    )
}

fn thread(number: u64, name: &str, state: State) -> Thread {
    Thread {
        number: Some(number),
        os_id: Some(number + 100),
        ..Thread::new(name, state)
    }
}

fn with(threads: Vec<Thread>) -> Dump {
    let mut dump = Dump::new(Source::HotSpot);
    dump.threads = threads;
    dump
}

fn uses(mut thread: Thread, all: &[(How, &str)]) -> Thread {
    let one = |(how, id): &(How, &str)| LockUse {
        how: *how,
        lock: Some(Lock {
            id: (*id).into(),
            class: "shop.Cart".into(),
        }),
        depth: 0,
        owner: None,
    };
    thread.locks = all.iter().map(one).collect();
    thread
}

#[test]
fn a_web_server_before_and_in_its_trouble() {
    let (before, now) = (dump("hotspot17-1.txt"), dump("hotspot17-3.txt"));
    let found = compare(&before, &now, true);
    let count = found.changed.len() + found.same.len() + found.idle.len();
    assert_eq!(found.new.len() + count, now.threads.len());
    assert_eq!(found.gone.len() + count, before.threads.len());
    let new: Vec<&str> = found
        .new
        .iter()
        .map(|place| &*now.threads[*place].name)
        .collect();
    assert!(new.contains(&"pricing-recompute"), "{new:?}");
    let blocked = found.changed.iter().filter(|pair| {
        let (then, now) = (&before.threads[pair.before], &now.threads[pair.now]);
        then.state == State::Waiting && now.state == State::Blocked && pair.lock && pair.top
    });
    assert_eq!(blocked.count(), 40, "all of them were idle");
    assert_eq!(
        found
            .locks
            .iter()
            .filter(|lock| lock.before.is_none())
            .count(),
        found.locks.len()
    );
    let grown = found.groups.iter().map(|group| group.counts);
    assert!(
        grown.clone().any(|counts| counts == (0, 40)),
        "{:?}",
        grown.collect::<Vec<_>>()
    );
    assert!(
        found
            .findings
            .iter()
            .all(|finding| finding.before.is_none())
    );
    assert_eq!(found.cpu.map(|(by, _)| by), Some(By::Dumps));
    let over = found.over.unwrap().as_secs_f64();
    assert!((10.0..15.0).contains(&over), "{over}");
}

#[test]
fn from_trouble_to_trouble_the_same_stay_and_the_one_that_spins_has_its_cpu() {
    let (before, now) = (dump("hotspot17-3.txt"), dump("hotspot17-4.txt"));
    let found = compare(&before, &now, true);
    let blocked = found
        .same
        .iter()
        .filter(|pair| now.threads[pair.now].state == State::Blocked);
    assert_eq!(blocked.count(), 40);
    assert!(found.locks.iter().all(|lock| !lock.has_other_owner));
    assert!(
        found
            .locks
            .iter()
            .any(|lock| lock.before.is_some() && lock.now.is_some())
    );
    let stayed = found
        .findings
        .iter()
        .filter(|finding| finding.before.is_some() && finding.now.is_some());
    assert!(stayed.count() >= 2, "{:?}", found.findings);
    let spins = named(&now, "pricing-recompute");
    let spins = now
        .threads
        .iter()
        .position(|thread| std::ptr::eq(thread, spins));
    let pair = found.pair_of(spins.unwrap()).unwrap();
    let then = &before.threads[pair.before];
    let ends = now.threads[pair.now].cpu.zip(then.cpu);
    let expected = ends.and_then(|(now, then)| now.checked_sub(then));
    assert!(expected.is_some());
    assert_eq!(pair.cpu, expected);
    let most = found.pairs().filter_map(|pair| pair.cpu).max();
    assert_eq!(most, expected, "nobody used more");
}

#[test]
fn a_name_or_a_number_of_the_kernel_that_is_used_again_is_another_thread() {
    let before = with(vec![
        thread(1, "main", State::Runnable),
        thread(12, "exec-1", State::Waiting),
        thread(13, "exec-2", State::Waiting),
    ]);
    let mut other = thread(13, "exec-2", State::Waiting);
    other.os_id = Some(999);
    let now = with(vec![
        thread(1, "main", State::Runnable),
        // The same name with another number of the runtime; the same number with another tid.
        thread(44, "exec-1", State::Waiting),
        other,
    ]);
    let found = compare(&before, &now, true);
    assert_eq!(
        (found.new.as_slice(), found.gone.as_slice()),
        (&[1, 2][..], &[1, 2][..])
    );
    assert_eq!(found.pairs().count(), 1);
    let by_name = compare(&before, &now, false);
    assert_eq!(by_name.identity, Identity::Name);
    assert_eq!((by_name.new.len(), by_name.gone.len()), (0, 0));
    assert_eq!(by_name.cpu, None, "CPU of two lives says nothing");
}

#[test]
fn a_lock_is_the_same_though_its_address_moved_and_a_new_owner_is_told() {
    let all = |holder: usize, id: &str| {
        let threads = ["a", "b", "c", "d"]
            .iter()
            .enumerate()
            .map(|(place, name)| {
                let state = if place == holder {
                    State::Runnable
                } else {
                    State::Blocked
                };
                let how = if place == holder {
                    How::Locked
                } else {
                    How::WaitingToLock
                };
                uses(thread(place as u64 + 1, name, state), &[(how, id)])
            });
        with(threads.collect())
    };
    let stayed = compare(&all(0, "0x1"), &all(0, "0x2"), true);
    assert_eq!(stayed.locks.len(), 1);
    assert!(stayed.locks[0].before.is_some() && !stayed.locks[0].has_other_owner);
    assert!(stayed.pairs().all(|pair| !pair.lock), "{stayed:?}");
    let passed = compare(&all(0, "0x1"), &all(1, "0x2"), true);
    assert!(passed.locks[0].has_other_owner);
    assert!(
        passed.pairs().all(|pair| pair.lock),
        "each waits for another, or no more"
    );
}

#[test]
fn cpu_in_between_is_the_kernels_from_the_last_view_of_one_to_the_last_of_the_other() {
    let view = |seconds: i64, millis: u64| KernelView {
        at: WallTime(seconds * 1_000_000),
        at_boot: BootTime(seconds * 1_000_000),
        took: Duration::ZERO,
        unread: 0,
        cgroup: None,
        threads: vec![ThreadView {
            tid: 5101,
            nstid: Some(101),
            run: Some(Duration::from_millis(millis)),
            ..ThreadView::default()
        }],
    };
    let one = with(vec![thread(1, "main", State::Runnable)]);
    let (then, after) = (view(10, 1_000), view(22, 7_500));
    let found = between((&one, Some(&then)), (&one, Some(&after)), true);
    assert_eq!(
        found.pairs().next().unwrap().cpu,
        Some(Duration::from_millis(6_500))
    );
    assert_eq!(found.cpu, Some((By::Kernel, Some(Duration::from_secs(12)))));
    assert_eq!(found.over, Some(Duration::from_secs(12)));
    let fallen = between((&one, Some(&after)), (&one, Some(&then)), true);
    assert_eq!(
        fallen.pairs().next().unwrap().cpu,
        None,
        "a fall is no number"
    );
}
