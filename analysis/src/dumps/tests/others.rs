//! Go, Python and native programs.

use super::{bytes, dump, named};
use crate::dumps::locks::Kind;
use crate::dumps::model::{Dump, Source, State};
use crate::dumps::read_bytes;
use crate::dumps::report::{Around, Report};

fn state(dump: &Dump, state: State) -> usize {
    dump.listed().filter(|thread| thread.state == state).count()
}

#[test]
fn goroutines_that_want_a_mutex_are_blocked_on_it() {
    // Of a program that dies the runtime's own goroutines are there, too.
    for (name, own) in [("go-debug2.txt", 0), ("go-dying.txt", 5)] {
        let text = bytes(name);
        let (_, found) = read_bytes(&text);
        assert_eq!(found.dumps.len(), 1, "{name}");
        let dump = &found.dumps[0];
        assert_eq!(
            (dump.source, dump.unknown.count),
            (Source::Go, 0),
            "{name}: {:?}",
            dump.unknown.first
        );
        assert_eq!(state(dump, State::Blocked), 10 + 4, "{name}");
        assert!(state(dump, State::Vm) >= own, "{name}");
        let report = Report::of(dump, &Around::default());
        let mutex = &report.locks.wanted[0];
        assert_eq!(
            (mutex.waiters.len(), mutex.kind),
            (10, Kind::Synchronizer),
            "{name}"
        );
        assert_eq!(&*mutex.lock.class, "sync.Mutex");
        let guess = &dump.threads[mutex.holder.thread().unwrap()];
        assert!(mutex.holder.is_guess());
        assert_eq!(
            guess.state,
            State::TimedWaiting,
            "{name}: the one that sleeps has it"
        );
        assert_eq!(report.findings[0].kind, "lock-contention", "{name}");
        let group = report.groups.iter().find(|group| group.threads.len() == 10);
        assert!(
            group
                .unwrap()
                .stack
                .frames()
                .any(|frame| frame.starts_with("main.(*Store).Update("))
        );
    }
    let dump = dump("go-debug2.txt");
    let first = named(&dump, "goroutine 1");
    assert_eq!((first.state, &*first.status), (State::Waiting, "IO wait"));
    assert_eq!(
        first.top(),
        Some("internal/poll.runtime_pollWait(/usr/lib/go-1.19/src/runtime/netpoll.go:305)")
    );
    let held = named(&dump, "goroutine 19");
    assert_eq!(held.created_by.as_deref(), Some("main.main(/src/g.go:7)"));
}

#[test]
fn a_goroutine_says_how_long_it_has_waited() {
    let text = "goroutine 7 gp=0xc000002380 m=nil [chan receive, 12 minutes, locked to thread]:\nmain.f(0x1, {0xc000, 0x2})\n\t/a b/x.go:5 +0x1d\n...3 frames elided...\ncreated by main.main.func1 in goroutine 1\n\t/x.go:2 +0x3\n";
    let (_, found) = read_bytes(text.as_bytes());
    let dump = &found.dumps[0];
    let thread = &dump.threads[0];
    assert_eq!(thread.waited.map(|waited| waited.as_secs()), Some(720));
    assert_eq!(thread.top(), Some("main.f(/a b/x.go:5)"));
    assert_eq!(
        thread.created_by.as_deref(),
        Some("main.main.func1(/x.go:2)")
    );
    assert_eq!((thread.state, dump.unknown.count), (State::Waiting, 0));
}

#[test]
fn python_threads_have_names_states_and_frames() {
    for name in [
        "pyspy.txt",
        "pyspy-locals.txt",
        "pyspy-native.txt",
        "pyspy.json",
    ] {
        let dump = dump(name);
        assert_eq!(
            (dump.source, dump.pid),
            (Source::PySpy, Some(28209)),
            "{name}"
        );
        assert_eq!(dump.unknown.count, 0, "{name}: {:?}", dump.unknown.first);
        assert_eq!(
            (dump.threads.len(), state(&dump, State::Runnable)),
            (8, 1),
            "{name}"
        );
        let spin = named(&dump, "spin");
        assert_eq!(
            (spin.os_id, &*spin.status),
            (Some(28216), "active+gil"),
            "{name}"
        );
        let want = named(&dump, "want-2 \"x\"");
        assert!(
            want.stack.frames().any(|frame| frame == "want (p.py:6)"),
            "{name}"
        );
    }
    let (text, json) = (dump("pyspy.txt"), dump("pyspy.json"));
    for thread in &text.threads {
        assert_eq!(
            thread.stack,
            named(&json, &thread.name).stack,
            "{}",
            thread.name
        );
    }
    assert!(text.vm.as_deref().unwrap().starts_with("Python v3.11"));
}

#[test]
fn native_threads_have_frames_and_no_states() {
    for (name, top) in [
        ("eu-stack.txt", "clock_nanosleep@GLIBC_2.2.5"),
        (
            "eu-sources.txt",
            "clock_nanosleep@GLIBC_2.2.5 - /usr/lib/x86_64-linux-gnu/libc.so.6",
        ),
        ("eu-quiet.txt", "0x00007f1316eed545"),
    ] {
        let name = if name == "eu-stack.txt" {
            "eu.txt"
        } else {
            name
        };
        let dump = dump(name);
        assert_eq!(
            (dump.source, dump.pid),
            (Source::EuStack, Some(28209)),
            "{name}"
        );
        assert_eq!(
            (dump.threads.len(), dump.unknown.count),
            (8, 0),
            "{name}: {:?}",
            dump.unknown.first
        );
        assert_eq!(state(&dump, State::Unknown), 8, "{name}");
        assert_eq!(
            (dump.threads[0].os_id, dump.threads[0].top()),
            (Some(28209), Some(top)),
            "{name}"
        );
    }
}

#[test]
fn dumps_one_after_the_other_are_two() {
    for name in [
        "go-debug2.txt",
        "go-dying.txt",
        "pyspy.txt",
        "eu.txt",
        "lab25.plain",
    ] {
        let one = bytes(name);
        let (_, alone) = read_bytes(&one);
        let (_, both) = read_bytes(&[one.as_slice(), &one].concat());
        assert_eq!(both.dumps.len(), 2, "{name}");
        for dump in &both.dumps {
            assert_eq!(
                dump.threads.len(),
                alone.dumps[0].threads.len(),
                "{name}: each has its own"
            );
        }
    }
}

#[test]
fn a_dying_program_that_tells_of_each_of_its_threads_is_one_dump() {
    let text = "goroutine 0 [idle]:\nruntime.a()\n\t/a.go:1\n\ngoroutine 7 [running]:\nmain.f()\n\t/x.go:5\n\n-----\n\ngoroutine 0 [idle]:\nruntime.a()\n\t/a.go:1\n\ngoroutine 7 [running]:\nmain.f()\n\t/x.go:5\n";
    let (_, found) = read_bytes(text.as_bytes());
    assert_eq!((found.dumps.len(), found.dumps[0].threads.len()), (1, 4));
}
