//! When an end was, and when the life that it ends began.

use super::obituary::Deceased;
use super::*;
use afterimage_format::time::{BootTime, MonotonicTime, WallTime};
use ledger::Birth;

/// 1,000 s after boot, of which the host was suspended for 100.
fn now() -> Instants {
    Instants {
        monotonic: MonotonicTime(900_000_000),
        boot: BootTime(1_000_000_000),
        wall: WallTime(1_700_000_000_000_000),
    }
}

fn end() -> End {
    End {
        tgid: 42,
        at_nanos: Some(899_900_000_000),
        status: 9,
        parent: Some(7),
        birth: None,
        deceased: None,
    }
}

#[test]
fn an_end_is_told_by_the_clock_of_the_connector() {
    let birth = Birth {
        at_nanos: Some(899_000_050_000),
        parent: Some(7),
        line: Some(b"sleep 1".as_slice().into()),
        ..Birth::default()
    };
    let exited = exited(
        End {
            birth: Some(birth),
            ..end()
        },
        now(),
        100,
    );
    assert_eq!(exited.wall, WallTime(1_699_999_999_900_000));
    // Born at 899 s, the 50 microseconds of a fork before it was told; 100 s asleep.
    assert_eq!(exited.started, Some(Ticks(99_900)));
    assert_eq!(exited.lifetime, Some(Duration::from_micros(899_950)));
    assert_eq!(exited.command_line.as_deref(), Some(&b"sleep 1"[..]));
    assert_eq!(
        (exited.known_by, exited.wait_status),
        (KnownBy::Connector, Some(9))
    );
    // What nobody told is absent.
    assert_eq!(
        (exited.user, exited.peak_rss, exited.uid),
        (None, None, None)
    );
}

#[test]
fn without_a_birth_the_start_comes_from_the_lifetime() {
    let deceased = Deceased {
        is_process: true,
        status: 0,
        ppid: 7,
        uid: 1000,
        comm: Some(b"sleep".to_vec()),
        flags: Some(0),
        user: Duration::from_millis(1),
        system: Duration::from_millis(2),
        read: Some(1024),
        written: None,
        peak_rss_kib: Some(2048),
        lifetime: Duration::from_millis(9_900),
    };
    let exited = exited(
        End {
            deceased: Some(deceased),
            ..end()
        },
        now(),
        100,
    );
    // 899.9 s less 9.9 s, and 100 s asleep.
    assert_eq!(exited.started, Some(Ticks(99_000)));
    assert_eq!(exited.cpu(), Some(Duration::from_millis(3)));
    assert_eq!(
        (exited.known_by, exited.written),
        (KnownBy::Taskstats, None)
    );
}
