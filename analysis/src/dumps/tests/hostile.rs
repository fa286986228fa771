//! Dumps that are cut, mangled and mixed: nothing panics, and nothing takes longer than it should.

use super::bytes;
use crate::dumps::history;
use crate::dumps::model::Dump;
use crate::dumps::report::{Around, Report};
use crate::dumps::{Found, read_bytes};
use proptest::prelude::*;
use std::sync::LazyLock;

/// Small ones of every kind.
static SEEDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let names = [
        "lab25-l.txt",
        "lab11.txt",
        "lab25.json",
        "lab25.plain",
        "go-debug2.txt",
        "go-dying.txt",
        "pyspy-locals.txt",
        "pyspy.json",
        "eu-sources.txt",
    ];
    names.map(bytes).into()
});

/// Reads it and works out all that follows.
fn all(bytes: &[u8]) -> Found {
    let (text, found) = read_bytes(bytes);
    let dumps: Vec<&Dump> = found.dumps.iter().collect();
    for series in history::series(&dumps) {
        let last = dumps[*series.dumps.last().unwrap()];
        let around = Around {
            series: Some((&series, &dumps)),
            ..Around::default()
        };
        let report = Report::of(last, &around);
        assert_eq!(report.total, report.states.values().sum::<usize>());
        for wanted in &report.locks.wanted {
            assert!(wanted.total >= wanted.waiters.len() || wanted.holder.thread().is_some());
            assert!(wanted.total <= last.threads.len());
        }
    }
    for dump in dumps {
        assert!(text.get(dump.place.clone()).is_some());
        for thread in &dump.threads {
            assert!(text.get(thread.place.clone()).is_some());
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_dump_that_is_cut_anywhere_is_read(seed in 0_usize..9, from in 0_usize..1000, to in 0_usize..1000) {
        let bytes = &SEEDS[seed];
        let at = |part: usize| bytes.len() * part / 1000;
        let (from, to) = (at(from.min(to)), at(from.max(to)));
        all(&bytes[from..to]);
        all(&bytes[..to]);
    }

    #[test]
    fn a_dump_with_other_bytes_in_it_is_read(seed in 0_usize..9, changes in proptest::collection::vec((0_usize..1000, any::<u8>()), 1..200)) {
        let mut bytes = SEEDS[seed].clone();
        for (place, byte) in changes {
            let at = bytes.len() * place / 1000;
            bytes[at] = byte;
        }
        all(&bytes);
    }

    #[test]
    fn lines_in_another_order_are_read(seed in 0_usize..9, moves in proptest::collection::vec((0_usize..1000, 0_usize..1000), 1..200)) {
        let bytes = &SEEDS[seed];
        let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
        for (from, to) in moves {
            let at = |part: usize| lines.len() * part / 1000;
            let (from, to) = (at(from), at(to));
            lines.swap(from, to);
        }
        all(&lines.join(&b'\n'));
    }

    #[test]
    fn any_text_is_read(text in "(\"|goroutine |Full thread dump |\\(|PID |TID |Process |Thread |\t|- |at |[ -~\n]){0,200}") {
        all(text.as_bytes());
    }
}

/// So many threads of one kind after the other.
fn many(count: usize, thread: impl Fn(usize) -> String) -> String {
    let one = |number: usize| {
        let stack = thread(number);
        format!(
            "\"t{number}\" #{number} prio=5 os_prio=0 tid=0x1 nid=0x{number:x} waiting for monitor entry\n   java.lang.Thread.State: BLOCKED (on object monitor)\n{stack}"
        )
    };
    let threads: Vec<String> = (0..count).map(one).collect();
    format!(
        "Full thread dump X VM (1):\n\n{}\nJNI global refs: 1, weak refs: 0\n",
        threads.concat()
    )
}

#[test]
fn a_chain_of_a_hundred_thousand_locks_takes_no_square_of_time() {
    const MANY: usize = 100_000;
    let text = many(MANY, |number| {
        format!(
            "\tat A.a(A.java:1)\n\t- waiting to lock <0x{:x}> (a O)\n\t- locked <0x{number:x}> (a O)\n",
            number + 1
        )
    });
    let found = all(text.as_bytes());
    assert_eq!(found.dumps[0].threads.len(), MANY);
    let report = Report::of(&found.dumps[0], &Around::default());
    // The last one waits for a lock that nobody has, and all others wait behind it.
    assert_eq!(report.locks.wanted[0].total, MANY);
    let second = &report.locks.wanted[1];
    assert_eq!((second.total, second.waiters.len()), (MANY - 1, 1));
}

#[test]
fn a_circle_of_a_hundred_thousand_is_one_deadlock() {
    const MANY: usize = 100_000;
    let text = many(MANY, |number| {
        let next = (number + 1) % MANY;
        format!(
            "\tat A.a(A.java:1)\n\t- waiting to lock <0x{next:x}> (a O)\n\t- locked <0x{number:x}> (a O)\n"
        )
    });
    let found = all(text.as_bytes());
    let report = Report::of(&found.dumps[0], &Around::default());
    assert_eq!(report.deadlocks.len(), 1);
    assert_eq!(report.deadlocks[0].members.len(), MANY);
    assert!(
        report
            .locks
            .wanted
            .iter()
            .all(|wanted| wanted.total == MANY - 1)
    );
}
