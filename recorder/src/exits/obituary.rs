//! What a process had used, put together from the obituaries of its threads.

use crate::source::taskstats::{Obituary, Use};
use afterimage_format::facts::{FORKED, SUPERUSER};
use std::time::Duration;

/// Threads of a process that ended before its last.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    used: Use,
    /// Name and flags of its first thread, whose name is the process's.
    leader: Option<(Vec<u8>, u8)>,
    flags: u8,
}

/// What `taskstats` tells of a process that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deceased {
    /// It is known to have been a process and no thread of one.
    pub(crate) is_process: bool,
    pub(crate) status: i32,
    pub(crate) ppid: i32,
    pub(crate) uid: u32,
    /// `None` when its first thread ended before anybody listened.
    pub(crate) comm: Option<Vec<u8>>,
    pub(crate) flags: Option<u8>,
    pub(crate) user: Duration,
    pub(crate) system: Duration,
    /// `None` when threads ended of which nothing was told.
    pub(crate) read: Option<u64>,
    pub(crate) written: Option<u64>,
    pub(crate) peak_rss_kib: Option<u64>,
    pub(crate) lifetime: Duration,
}

impl Sums {
    /// One more thread that ended.
    pub(crate) fn add(&mut self, told: &Obituary) {
        if told.tgid == Some(told.pid) {
            self.leader = Some((told.comm.clone(), told.flags));
        }
        self.flags |= told.flags;
        self.used = sum(self.used, told.used);
    }
}

/// The process of which this was the last thread.
pub(crate) fn deceased(told: Obituary, sums: Option<Sums>) -> Deceased {
    let Sums {
        used,
        leader,
        flags,
    } = sums.unwrap_or_default();
    let seen = sum(used, told.used);
    let all = told.process.unwrap_or(seen);
    // The kernel counts the turns of every thread: it tells whether all of them were told. The
    // last may have got one more while it was at it.
    let is_complete = all.turns <= seen.turns.saturating_add(1);
    let (user, system) = shared_out((seen.user, seen.system), all.ran);
    let is_leader = told.tgid.is_none_or(|tgid| tgid == told.pid);
    let leader = if is_leader {
        Some((told.comm, told.flags))
    } else {
        leader
    };
    // Every thread but the first counts as forked.
    let forked = leader.as_ref().map(|(_, flags)| flags & FORKED);
    let privileged = (flags | told.flags) & SUPERUSER;
    let rest = told.flags & !(FORKED | SUPERUSER);
    Deceased {
        is_process: told.is_last == Some(true),
        status: told.status,
        ppid: told.ppid,
        uid: told.uid,
        flags: forked.map(|forked| forked | privileged | rest),
        comm: leader.map(|(comm, _)| comm),
        user,
        system,
        read: is_complete.then_some(seen.read),
        written: is_complete.then_some(seen.written),
        peak_rss_kib: told.peak_rss_kib,
        lifetime: told.lifetime,
    }
}

fn sum(one: Use, other: Use) -> Use {
    Use {
        user: one.user.saturating_add(other.user),
        system: one.system.saturating_add(other.system),
        ran: one.ran.saturating_add(other.ran),
        turns: one.turns.saturating_add(other.turns),
        read: one.read.saturating_add(other.read),
        written: one.written.saturating_add(other.written),
    }
}

/// The exact time, shared out as the ticks of user and kernel mode are: what `wait4(2)` does.
fn shared_out((user, system): (Duration, Duration), ran: Duration) -> (Duration, Duration) {
    if ran.is_zero() {
        // Not told, or of a life so short that the kernel did not get to it.
        return (user, system);
    }
    // Cut to what is stored, so that the parts are the sum.
    let ran = ran.as_micros();
    let ticks = user.saturating_add(system).as_micros();
    let user = ran.saturating_mul(user.as_micros()).checked_div(ticks);
    // Without a single tick all of it is the user's, as with `wait4(2)`.
    let user = user.unwrap_or(ran).min(ran);
    (micros(user), micros(ran - user))
}

fn micros(micros: u128) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn thread(pid: i32, millis: u64, is_last: bool) -> Obituary {
        Obituary {
            pid,
            tgid: Some(100),
            ppid: 1,
            comm: format!("thread-{pid}").into_bytes(),
            uid: 0,
            status: 0,
            flags: if pid == 100 { SUPERUSER } else { FORKED },
            is_last: Some(is_last),
            lifetime: Duration::from_secs(3),
            used: Use {
                user: Duration::from_millis(millis),
                system: Duration::from_millis(millis),
                ran: Duration::from_millis(2 * millis),
                turns: 10,
                read: 1024,
                written: 2048,
            },
            peak_rss_kib: Some(4096),
            process: None,
        }
    }

    #[test]
    fn a_process_is_the_sum_of_its_threads_under_the_name_of_the_first() {
        let mut sums = Sums::default();
        sums.add(&thread(100, 4, false));
        sums.add(&thread(101, 8, false));
        let mut last = thread(102, 20, true);
        last.process = Some(Use {
            ran: Duration::from_millis(66),
            turns: 31,
            ..Use::default()
        });
        let all = deceased(last, Some(sums));
        assert_eq!(all.comm.as_deref(), Some(&b"thread-100"[..]));
        assert_eq!(all.flags, Some(SUPERUSER));
        // 66 ms, shared out as 32 to 32.
        assert_eq!(all.user, Duration::from_millis(33));
        assert_eq!(all.system, Duration::from_millis(33));
        assert_eq!((all.read, all.written), (Some(3072), Some(6144)));
    }

    #[test]
    fn what_threads_read_that_ended_untold_is_not_made_up() {
        let mut last = thread(102, 20, true);
        last.process = Some(Use {
            ran: Duration::from_millis(90),
            turns: 50,
            ..Use::default()
        });
        let all = deceased(last, None);
        assert_eq!((all.read, all.written), (None, None));
        assert_eq!((all.comm, all.flags), (None, None));
        assert_eq!(all.user + all.system, Duration::from_millis(90));
    }

    #[test]
    fn exact_time_is_shared_out_like_the_ticks() {
        let ms = Duration::from_millis;
        assert_eq!(shared_out((ms(30), ms(10)), ms(20)), (ms(15), ms(5)));
        assert_eq!(shared_out((ms(0), ms(0)), ms(2)), (ms(2), ms(0)));
        assert_eq!(shared_out((ms(0), ms(4)), ms(2)), (ms(0), ms(2)));
        assert_eq!(shared_out((ms(4), ms(0)), ms(0)), (ms(4), ms(0)));
    }
}
