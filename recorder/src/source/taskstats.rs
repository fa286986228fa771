//! `taskstats`: what each thread had used when it ended, and the last one of a process for all.
//!
//! In: messages of generic netlink (`Documentation/accounting/taskstats.rst`). Out: an
//! [`Obituary`] for each thread. The numbers of threads, `user` and `system`, are those of the
//! kernel's ticks; [`Use::ran`] is exact, but the kernel brings it up to date only when a
//! task is switched or a tick passes: a process that lived for less may have 0.

use super::netlink::{Attributes, ERROR, Messages, Netlink, Received, attribute, error, half};
use super::netlink::{long, word};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::netlink::GENERIC;
use std::time::Duration;

/// `GENL_ID_CTRL`, `CTRL_CMD_GETFAMILY`, `CTRL_ATTR_FAMILY_ID` and `CTRL_ATTR_FAMILY_NAME`.
const CONTROL: u16 = 16;
const GET_FAMILY: u8 = 3;
const FAMILY_ID: u16 = 1;
const FAMILY_NAME: u16 = 2;
/// `TASKSTATS_CMD_GET` and `TASKSTATS_CMD_ATTR_REGISTER_CPUMASK`.
const GET: u8 = 1;
const REGISTER: u16 = 3;
/// `TASKSTATS_TYPE_TGID`, `_STATS`, `_AGGR_PID` and `_AGGR_TGID`.
const TGID: u16 = 2;
const STATS: u16 = 3;
const OF_THREAD: u16 = 4;
const OF_PROCESS: u16 = 5;
/// `sizeof(struct genlmsghdr)`.
const HEADER: usize = 4;
/// `AGROUP`, since version 12: the last thread of its process.
const LAST_THREAD: u8 = 0x20;
/// From this version on it says which process a thread was of.
const WITH_TGID: u16 = 12;
const ANSWER: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 500_000_000,
};

/// A thread that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Obituary {
    pub(crate) pid: i32,
    /// Its process; before version 12 unknown, unless the process ended with it.
    pub(crate) tgid: Option<i32>,
    pub(crate) ppid: i32,
    pub(crate) comm: Vec<u8>,
    pub(crate) uid: u32,
    /// As of `wait(2)`.
    pub(crate) status: i32,
    /// `AFORK`, `ASU`, `ACORE` and `AXSIG` of `acct(5)`.
    pub(crate) flags: u8,
    /// The process ended with this thread; before version 12 unknown.
    pub(crate) is_last: Option<bool>,
    /// Of its process; before version 12 its own.
    pub(crate) lifetime: Duration,
    pub(crate) used: Use,
    /// `hiwater_rss`, of the memory that all threads share; `None` without `CONFIG_TASK_XACCT`.
    pub(crate) peak_rss_kib: Option<u64>,
    /// What all threads used, those that ended long ago too, where there were several.
    pub(crate) process: Option<Use>,
}

/// What was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Use {
    /// `ac_utime` and `ac_stime`, by ticks.
    pub(crate) user: Duration,
    pub(crate) system: Duration,
    /// `cpu_run_virtual_total`, exact.
    pub(crate) ran: Duration,
    /// `cpu_count`: how often it got a CPU.
    pub(crate) turns: u64,
    /// `read_bytes` and `write_bytes`, each thread's in whole KiB.
    pub(crate) read: u64,
    pub(crate) written: u64,
}

/// Listens.
#[derive(Debug)]
pub(crate) struct Taskstats {
    netlink: Netlink,
    family: u16,
    overruns: u64,
}

impl Taskstats {
    /// Asks for the ends on these CPUs (`0-3`).
    pub(crate) fn listen(cpus: &str, room: usize) -> Result<Self, Errno> {
        let netlink = Netlink::open(GENERIC, 0)?;
        netlink.enlarge(room);
        let name = attribute(FAMILY_NAME, b"TASKSTATS\0");
        netlink.send(CONTROL, &request(GET_FAMILY, &name), true)?;
        let mut family = None;
        wait_for_the_answer(&netlink, &mut |payload| {
            let attributes = Attributes(payload.get(HEADER..).unwrap_or_default());
            let id = attributes.into_iter().find(|(kind, _)| *kind == FAMILY_ID);
            family = family.or(id.and_then(|(_, id)| half(id, 0)));
        })?;
        let family = family.ok_or(Errno::NOENT)?;
        let mut cpus = cpus.as_bytes().to_owned();
        cpus.push(0);
        let register = request(GET, &attribute(REGISTER, &cpus));
        netlink.send(family, &register, true)?;
        wait_for_the_answer(&netlink, &mut |_| {})?;
        Ok(Self {
            netlink,
            family,
            overruns: 0,
        })
    }

    /// Gives everything that came since, without waiting; at most so many threads.
    pub(crate) fn drain(
        &mut self,
        most: usize,
        give: &mut dyn FnMut(Obituary),
    ) -> Result<(), Errno> {
        let mut buffer = [0; 4096];
        for _ in 0..most {
            match self.netlink.receive(&mut buffer)? {
                Received::Empty => return Ok(()),
                Received::Overrun => self.overruns += 1,
                Received::Bytes(length) => {
                    let messages = Messages(&buffer[..length.min(buffer.len())]);
                    for (_, payload) in messages.filter(|(kind, _)| *kind == self.family) {
                        parse(payload).into_iter().for_each(&mut *give);
                    }
                }
            }
        }
        Ok(())
    }

    /// How often there was no room since this was asked last. How much was lost then, the kernel
    /// does not say.
    pub(crate) fn overruns(&mut self) -> u64 {
        std::mem::take(&mut self.overruns)
    }
}

/// Waits for the acknowledgement, and gives what comes before.
fn wait_for_the_answer(netlink: &Netlink, give: &mut dyn FnMut(&[u8])) -> Result<(), Errno> {
    let mut buffer = [0; 4096];
    loop {
        let mut fds = [PollFd::new(netlink.socket(), PollFlags::IN)];
        match poll(&mut fds, Some(&ANSWER)) {
            Ok(0) => return Err(Errno::TIMEDOUT),
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
        let Received::Bytes(length) = netlink.receive(&mut buffer)? else {
            continue;
        };
        for (kind, payload) in Messages(&buffer[..length.min(buffer.len())]) {
            match kind {
                ERROR => return error(payload).map_or(Ok(()), Err),
                _ => give(payload),
            }
        }
    }
}

/// `struct genlmsghdr` with an attribute.
fn request(command: u8, attribute: &[u8]) -> Vec<u8> {
    [&[command, 1, 0, 0][..], attribute].concat()
}

/// The thread of a message.
fn parse(payload: &[u8]) -> Option<Obituary> {
    let (mut thread, mut process) = (None, None);
    for (kind, value) in Attributes(payload.get(HEADER..)?) {
        let stats = Attributes(value).find(|(kind, _)| *kind == STATS);
        let stats = stats.map(|(_, stats)| stats);
        match kind {
            OF_THREAD => thread = stats,
            OF_PROCESS => {
                let tgid = Attributes(value).find(|(kind, _)| *kind == TGID);
                let tgid = tgid.and_then(|(_, tgid)| word(tgid, 0));
                process = stats.and_then(used).zip(tgid);
            }
            _ => {}
        }
    }
    let thread = thread?;
    let version = half(thread, 0)?;
    let knows_its_process = version >= WITH_TGID;
    let flags = *thread.get(8)?;
    let comm = thread.get(80..112)?;
    let comm = comm.split(|byte| *byte == 0).next().unwrap_or_default();
    let pid = word(thread, 128)?.cast_signed();
    let own = word(thread, 368).filter(|_| knows_its_process);
    let tgid = own.or(process.map(|(_, tgid)| tgid));
    let peak = long(thread, 200)?;
    Some(Obituary {
        pid,
        tgid: tgid.map(u32::cast_signed),
        ppid: word(thread, 132)?.cast_signed(),
        comm: comm.to_owned(),
        uid: word(thread, 120)?,
        status: word(thread, 4)?.cast_signed(),
        flags: flags & !LAST_THREAD,
        is_last: knows_its_process
            .then_some(flags & LAST_THREAD != 0)
            .or(process.map(|_| true)),
        // `ac_tgetime` where it is, as a thread may be younger than its process.
        lifetime: Duration::from_micros(
            long(thread, 376)
                .filter(|_| knows_its_process)
                .map_or_else(|| long(thread, 144), Some)?,
        ),
        used: used(thread)?,
        peak_rss_kib: (peak > 0).then_some(peak),
        process: process.map(|(process, _)| process),
    })
}

/// The counters of a `struct taskstats`, which only ever grows at its end.
fn used(stats: &[u8]) -> Option<Use> {
    Some(Use {
        user: Duration::from_micros(long(stats, 152)?),
        system: Duration::from_micros(long(stats, 160)?),
        ran: Duration::from_nanos(long(stats, 72)?),
        turns: long(stats, 16)?,
        read: long(stats, 248)?,
        written: long(stats, 256)?,
    })
}

#[cfg(test)]
mod tests;
