//! The process connector: the kernel tells of each fork, exec and exit as it happens.
//!
//! In: messages of `NETLINK_CONNECTOR`, group `CN_IDX_PROC` (`linux/cn_proc.h`). Out: events,
//! and how many were lost: the kernel numbers them on each CPU. It speaks of the pids of the
//! first pid namespace and answers nobody in another one.

use super::netlink::{Messages, Netlink, Received, long, word};
use crate::clock;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::netlink::CONNECTOR;
use std::collections::BTreeMap;
use std::time::Duration;

/// `CN_IDX_PROC` and `CN_VAL_PROC`, and the group as a bit.
const PROC: u32 = 1;
/// `PROC_CN_MCAST_LISTEN`.
const LISTEN: u32 = 1;
/// What happened: `enum proc_cn_event`.
const FORK: u32 = 0x0000_0001;
const EXEC: u32 = 0x0000_0002;
const EXIT: u32 = 0x8000_0000;
/// An answer to a request of somebody.
const NONE: u32 = 0;
/// `sizeof(struct cn_msg)`, before the event.
const CN_MSG: usize = 20;
/// How long the answer to the first request may take.
const ANSWER: Duration = Duration::from_millis(500);

/// Which events are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of them.
    All,
    /// Only `exec`, on a kernel that can tell them apart (6.6); else all.
    Exec,
}

/// What the kernel told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Event {
    /// `CLOCK_MONOTONIC`.
    pub(crate) at_nanos: u64,
    pub(crate) what: What,
}

/// What happened. Pids are those of threads, tgids those of processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Fork {
        parent_tgid: i32,
        pid: i32,
        tgid: i32,
    },
    Exec {
        tgid: i32,
    },
    Exit {
        pid: i32,
        tgid: i32,
        /// As of `wait(2)`.
        status: i32,
        /// The process that is told of it; before Linux 4.18 unknown.
        parent_tgid: Option<i32>,
    },
    /// Something else, which only counts.
    Other,
}

/// Why the connector is not to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// By the kernel, with this error.
    Errno(Errno),
    /// It did not answer: the recorder is in a pid or user namespace of its own.
    NoAnswer,
}

/// Listens.
#[derive(Debug)]
pub(crate) struct Connector {
    netlink: Netlink,
    /// The number that the next event of a CPU must have.
    next: BTreeMap<u32, u32>,
    lost: u64,
}

impl Connector {
    /// Asks the kernel to tell, and waits a moment for its answer.
    pub(crate) fn listen(wanted: Wanted, room: usize) -> Result<Self, Refused> {
        let netlink = Netlink::open(CONNECTOR, PROC).map_err(Refused::Errno)?;
        if room > 0 {
            netlink.enlarge(room);
        }
        let asked = netlink.send(super::netlink::DONE, &request(wanted), false);
        asked.map_err(Refused::Errno)?;
        let mut connector = Self {
            netlink,
            next: BTreeMap::new(),
            lost: 0,
        };
        // The answer is an event too, and not among those that are wanted here.
        if wanted == Wanted::All {
            connector.wait_for_the_answer()?;
        }
        Ok(connector)
    }

    fn wait_for_the_answer(&mut self) -> Result<(), Refused> {
        let by = clock::now().monotonic.plus(ANSWER);
        let mut buffer = [0; 512];
        loop {
            // Others may have asked too, and what they are told comes here as well.
            let left = by.since(clock::now().monotonic).ok_or(Refused::NoAnswer)?;
            let pause = Timespec {
                tv_sec: 0,
                tv_nsec: left.subsec_nanos().into(),
            };
            let mut fds = [PollFd::new(self.netlink.socket(), PollFlags::IN)];
            match poll(&mut fds, Some(&pause)) {
                Ok(0) => return Err(Refused::NoAnswer),
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return Err(Refused::Errno(errno)),
            }
            let received = self.netlink.receive(&mut buffer).map_err(Refused::Errno)?;
            let Received::Bytes(length) = received else {
                continue;
            };
            for (_, payload) in Messages(&buffer[..length.min(buffer.len())]) {
                match answer(payload) {
                    Some(0) => return Ok(()),
                    Some(code) => {
                        let code = i32::try_from(code).unwrap_or(libc::EIO);
                        return Err(Refused::Errno(Errno::from_raw_os_error(code)));
                    }
                    // An event: somebody else has asked.
                    None => {}
                }
            }
        }
    }

    /// Gives everything that came since, without waiting; at most so many events.
    pub(crate) fn drain(&mut self, most: usize, give: &mut dyn FnMut(Event)) -> Result<(), Errno> {
        let mut buffer = [0; 1024];
        for _ in 0..most {
            match self.netlink.receive(&mut buffer)? {
                Received::Empty => return Ok(()),
                // How many are lost, the numbers tell.
                Received::Overrun => {}
                Received::Bytes(length) => {
                    for (_, payload) in Messages(&buffer[..length.min(buffer.len())]) {
                        let Some((place, event)) = parse(payload) else {
                            continue;
                        };
                        self.count(place);
                        give(event);
                    }
                }
            }
        }
        Ok(())
    }

    /// How many events were lost since this was asked last.
    pub(crate) fn lost(&mut self) -> u64 {
        std::mem::take(&mut self.lost)
    }

    /// To wait for.
    pub(crate) fn socket(&self) -> &rustix::fd::OwnedFd {
        self.netlink.socket()
    }

    fn count(&mut self, (cpu, number): (u32, u32)) {
        let next = self.next.insert(cpu, number.wrapping_add(1));
        let skipped = next.map_or(0, |next| number.wrapping_sub(next));
        // One that is older than the last was late, and nothing is lost.
        if skipped < u32::MAX / 2 {
            self.lost += u64::from(skipped);
        }
    }
}

/// `struct cn_msg` with `struct proc_input`; kernels before 6.6 take only its first word.
fn request(wanted: Wanted) -> Vec<u8> {
    let events: &[u32] = match wanted {
        Wanted::All => &[LISTEN],
        Wanted::Exec => &[LISTEN, EXEC],
    };
    let length = u16::try_from(events.len() * 4).unwrap_or(0);
    let mut request = Vec::with_capacity(28);
    for word in [PROC, PROC, 0, 0] {
        request.extend_from_slice(&word.to_ne_bytes());
    }
    request.extend_from_slice(&length.to_ne_bytes());
    request.extend_from_slice(&[0; 2]);
    for word in events {
        request.extend_from_slice(&word.to_ne_bytes());
    }
    request
}

/// The error code of an answer; `None` when it is none.
fn answer(payload: &[u8]) -> Option<u32> {
    let event = payload.get(CN_MSG..)?;
    (word(event, 0)? == NONE).then(|| word(event, 16)).flatten()
}

/// The CPU and number of an event, and the event; `None` when it is not of the connector.
fn parse(payload: &[u8]) -> Option<((u32, u32), Event)> {
    if (word(payload, 0)?, word(payload, 4)?) != (PROC, PROC) {
        return None;
    }
    let number = word(payload, 8)?;
    let length = usize::from(super::netlink::half(payload, 16)?);
    let event = payload.get(CN_MSG..)?;
    let event = event.get(..length).unwrap_or(event);
    let pid = |place| word(event, place).map(u32::cast_signed);
    let what = match word(event, 0)? {
        FORK => What::Fork {
            parent_tgid: pid(20)?,
            pid: pid(24)?,
            tgid: pid(28)?,
        },
        EXEC => What::Exec { tgid: pid(20)? },
        EXIT => What::Exit {
            pid: pid(16)?,
            tgid: pid(20)?,
            status: pid(24)?,
            parent_tgid: pid(36),
        },
        _ => What::Other,
    };
    let told = Event {
        at_nanos: long(event, 8)?,
        what,
    };
    Some(((word(event, 4)?, number), told))
}

#[cfg(test)]
mod tests;
