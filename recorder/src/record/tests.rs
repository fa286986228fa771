//! The sampler on a host of fixtures on which nothing happens.

use super::*;
use crate::accounts_at::AccountsAt;
use crate::counting_allocator::allocations;
use crate::details::Details;
use crate::redact::ArgsLevel;
use crate::source::ProcRoot;
use crate::tasks::{Tasks, ThreadsOf};
use afterimage_format::time::Seq;
use std::fs;
use std::path::Path;
use std::sync::mpsc::{Sender, channel, sync_channel};

const SECOND: Duration = Duration::from_secs(1);
const PIDS: [u64; 3] = [7, 8, 9];
/// Ticks until everything has been read and has grown as large as it will.
const WARM: u64 = 130;
/// The ticks that are looked at: in these each process has its turn at what is read once a minute.
const LOOKED_AT: u64 = 60;
/// Those that ask for a command line, or get one, whenever that comes, and the one that looks
/// whether the accounts have changed.
const MOST_RARE: u64 = 12;

fn host() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let file = root.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    };
    write(
        "stat",
        "cpu  1 2 3 4 5 6 7 8 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\nctxt 8\nprocs_running 1\n",
    );
    write("loadavg", "1.25 0.50 12.75 3/456 789\n");
    write("meminfo", "MemTotal: 8000 kB\nMemFree: 1000 kB\n");
    write("vmstat", "pgpgin 100\npswpin 3\n");
    write(
        "pressure/cpu",
        "some avg10=1.50 avg60=0.25 avg300=0.05 total=1234567\n",
    );
    for pid in PIDS {
        let stat = format!(
            "{pid} (server) S 1 7 7 0 -1 4194304 50 0 3 0 150 50 0 0 20 0 4 0 1000 104857600 2560 \
            18446744073709551615 1 1 0 0 0 0 0 4096 0 1 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
        );
        write(&format!("{pid}/stat"), &stat);
        write(
            &format!("{pid}/status"),
            "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n",
        );
        write(&format!("{pid}/schedstat"), "2000000000 1000000 30\n");
        write(&format!("{pid}/cmdline"), "server\0--port\0");
        write(&format!("{pid}/fd/0"), "");
        for tid in [pid, 10 * pid] {
            let thread = stat.replace(&format!("{pid} ("), &format!("{tid} ("));
            write(&format!("{pid}/task/{tid}/stat"), &thread);
            write(&format!("{pid}/task/{tid}/schedstat"), "2000000 1000 30\n");
        }
    }
    root
}

/// What `/proc/stat` counts as runnable when a tick begins, and `/proc/loadavg` after a sweep.
fn count_runnable(root: &Path, first: u64, later: &str) {
    fs::write(
        root.join("stat"),
        format!("cpu  1 2 3 4 5 6 7 8 0 0\nprocs_running {first}\n"),
    )
    .unwrap();
    let loadavg = format!("1.25 0.50 12.75 {later}/456 789\n");
    fs::write(root.join("loadavg"), loadavg).unwrap();
}

fn sampler(root: &Path) -> (Sampler, Receiver<Message>, Sender<Box<Tick>>) {
    let (queue, messages) = sync_channel(4);
    let (give_back, empty) = channel();
    let details = Details::new(root.to_owned(), ArgsLevel::Redact);
    let accounts = AccountsAt::new(root.to_owned());
    let sampler = Sampler {
        collector: Collector::new(
            ProcRoot::open(root).unwrap(),
            accounts,
            details,
            (Tasks::new(root.to_owned(), vec![ThreadsOf::from("8")]), 0),
        ),
        // Its ticks follow one another without a pause.
        budget: Budget::new(1e9),
        schedule: Schedule::new(MonotonicTime(0), SECOND),
        interval: SECOND,
        queue,
        empty,
        shared: Arc::default(),
        continued: Arc::default(),
        own_thread: OwnThread::new(),
        account: TimeAccount::new(SECOND, Seq(1)),
        spent: None,
    };
    (sampler, messages, give_back)
}

#[test]
fn a_warm_tick_allocates_nothing() {
    let root = host();
    let (mut sampler, messages, give_back) = sampler(root.path());
    let mut rare = 0;
    for number in 1..=WARM + LOOKED_AT {
        let planned = clock::now().monotonic;
        let before = allocations();
        sampler.tick(Due { planned, missed: 0 });
        let made = allocations() - before;
        let Ok(Message::Tick(tick, _)) = messages.try_recv() else {
            panic!("there was room for it");
        };
        assert_eq!(tick.times.seq, Seq(number));
        give_back.send(tick).unwrap();
        rare += u64::from(number > WARM && made > 0);
    }
    assert!(rare <= MOST_RARE, "{rare} of {LOOKED_AT} ticks allocated");
}

#[test]
fn every_process_is_read_when_more_stay_runnable_than_were_seen() {
    let root = host();
    let (mut sampler, messages, give_back) = sampler(root.path());
    let mut is_full = |first, later| {
        count_runnable(root.path(), first, later);
        let planned = clock::now().monotonic;
        sampler.tick(Due { planned, missed: 0 });
        let Ok(Message::Tick(tick, _)) = messages.try_recv() else {
            panic!("there was room for it");
        };
        let full = tick.times.full_sweep;
        give_back.send(tick).unwrap();
        full
    };
    is_full(0, "0");
    assert!(is_full(2, "1"), "none was seen, and one is there still");
    assert!(
        !is_full(2, "0"),
        "they slept again when they were looked for"
    );
    assert!(!is_full(0, "2"), "woken by the tick itself");
    assert!(is_full(2, "?"), "nothing says that they slept");
    let looks = (0..12).filter(|_| is_full(2, "1")).count();
    assert!(
        (4..=6).contains(&looks),
        "what no look finds: {looks} of 12"
    );
    assert!(is_full(2, "2"), "one more");
}
