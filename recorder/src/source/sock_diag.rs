//! `sock_diag(7)`: every socket of the recorder's network namespace, out of netlink messages.
//!
//! In: what the kernel answers, as bytes. Out: TCP, UDP and UNIX sockets, one after the other. The
//! structures are those of `linux/netlink.h`, `linux/inet_diag.h`, `linux/unix_diag.h` and
//! `linux/tcp.h`, in the byte order of the host but for ports and addresses. Who asks is in
//! [`ask`]; what is made of it is in [`crate::sockets`].

pub(crate) mod ask;
pub(crate) mod end;

use afterimage_format::reading::{Missing, Reading};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// `struct nlmsghdr`.
const HEADER: usize = 16;
/// `struct inet_diag_msg`: what comes behind it are attributes.
const INET: usize = 72;
/// `struct unix_diag_msg`.
const UNIX: usize = 16;
/// Message types.
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const TCPDIAG_GETSOCK: u16 = 18;
const SOCK_DIAG_BY_FAMILY: u16 = 20;
const AF_UNIX: u8 = 1;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
/// Attributes.
const INET_DIAG_INFO: u16 = 2;
const INET_DIAG_SKV6ONLY: u16 = 11;
/// `tcpi_total_retrans` of `struct tcp_info`.
const TOTAL_RETRANS: usize = 100;

/// What a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Message {
    /// A TCP or UDP socket, whichever was asked for.
    Inet(InetSocket),
    /// A UNIX socket.
    Unix(UnixSocket),
    /// That was all; or the kernel's error number, of what ended it.
    Done(Option<i32>),
}

/// `struct inet_diag_msg` and what came behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InetSocket {
    /// `idiag_state`: a number of `enum` in `net/tcp_states.h`; of UDP 1 when it is connected, else 7.
    pub(crate) state: u8,
    /// `idiag_retrans`: how often the segment at hand was sent again.
    pub(crate) retransmits_now: u8,
    pub(crate) local: (IpAddr, u16),
    pub(crate) peer: (IpAddr, u16),
    /// `idiag_if`: the interface that it is bound to, or 0.
    pub(crate) interface: u32,
    /// `idiag_cookie`: no other socket ever has it while the host is up.
    pub(crate) cookie: u64,
    /// `idiag_rqueue` and `idiag_wqueue`: bytes; of a listening socket connections, and the most.
    pub(crate) queues: [u32; 2],
    pub(crate) uid: u32,
    /// `idiag_inode`; 0 when no process has it.
    pub(crate) inode: u32,
    /// `INET_DIAG_SKV6ONLY`: of IPv6 sockets that listen or are not connected.
    pub(crate) is_v6_only: Option<bool>,
    /// `tcpi_total_retrans`: segments sent again since it began.
    pub(crate) retransmits: Option<u32>,
}

/// `struct unix_diag_msg`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnixSocket {
    /// `udiag_type`: `SOCK_STREAM`, `SOCK_DGRAM` or `SOCK_SEQPACKET`.
    pub(crate) kind: u8,
    /// `udiag_state`: as of TCP.
    pub(crate) state: u8,
}

/// The messages in what was received at once.
#[derive(Debug)]
pub(crate) struct Messages<'a>(pub(crate) &'a [u8]);

impl Iterator for Messages<'_> {
    type Item = Reading<Message>;

    /// The next one of a kind that matters. After one that is malformed there is no other.
    fn next(&mut self) -> Option<Self::Item> {
        while !self.0.is_empty() {
            let Some((kind, body)) = self.split() else {
                self.0 = &[];
                return Some(Err(Missing::Malformed));
            };
            let message = match kind {
                NLMSG_DONE | NLMSG_ERROR => Some(Message::Done(error(body))),
                TCPDIAG_GETSOCK | SOCK_DIAG_BY_FAMILY => match socket(body) {
                    Some(message) => Some(message),
                    None => return Some(Err(Missing::Malformed)),
                },
                _ => None,
            };
            if let Some(message) = message {
                return Some(Ok(message));
            }
        }
        None
    }
}

impl<'a> Messages<'a> {
    /// Takes the next message off: its type and what is behind its header.
    fn split(&mut self) -> Option<(u16, &'a [u8])> {
        let length = usize::try_from(u32_at(self.0, 0)?).ok()?;
        let kind = u16_at(self.0, 4)?;
        let body = self.0.get(HEADER..length)?;
        self.0 = self.0.get(aligned(length)..).unwrap_or_default();
        Some((kind, body))
    }
}

/// Netlink counts errors down from 0; a listing that is done has 0.
fn error(body: &[u8]) -> Option<i32> {
    let number = u32_at(body, 0).unwrap_or(0).cast_signed();
    (number < 0).then(|| number.saturating_neg())
}

fn socket(body: &[u8]) -> Option<Message> {
    match *body.first()? {
        AF_UNIX => Some(Message::Unix(unix(body.get(..UNIX)?)?)),
        AF_INET | AF_INET6 => Some(Message::Inet(inet(body)?)),
        _ => None,
    }
}

fn unix(body: &[u8]) -> Option<UnixSocket> {
    Some(UnixSocket {
        kind: *body.get(1)?,
        state: *body.get(2)?,
    })
}

fn inet(body: &[u8]) -> Option<InetSocket> {
    let is_v4 = *body.first()? == AF_INET;
    let address = |at: usize| {
        let bytes = body.get(at..at + 16)?;
        Some(if is_v4 {
            IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(&bytes[..4]).ok()?))
        } else {
            IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?))
        })
    };
    let port = |at: usize| Some(u16::from_be_bytes([*body.get(at)?, *body.get(at + 1)?]));
    let number = |at: usize| u32_at(body, at);
    let mut socket = InetSocket {
        state: *body.get(1)?,
        retransmits_now: *body.get(3)?,
        local: (address(8)?, port(4)?),
        peer: (address(24)?, port(6)?),
        interface: number(40)?,
        cookie: u64::from(number(44)?) | u64::from(number(48)?) << 32,
        queues: [number(56)?, number(60)?],
        uid: number(64)?,
        inode: number(68)?,
        is_v6_only: None,
        retransmits: None,
    };
    let mut rest = body.get(INET..)?;
    while let Some((kind, value)) = attribute(&mut rest) {
        match kind {
            INET_DIAG_SKV6ONLY => socket.is_v6_only = value.first().map(|only| *only != 0),
            // A kernel that has less to say gives a shorter one.
            INET_DIAG_INFO => socket.retransmits = u32_at(value, TOTAL_RETRANS),
            _ => {}
        }
    }
    Some(socket)
}

/// Takes the next attribute off; none where what is left is none.
fn attribute<'a>(rest: &mut &'a [u8]) -> Option<(u16, &'a [u8])> {
    let length = usize::from(u16_at(rest, 0)?);
    // The two highest bits say how the value is made.
    let kind = u16_at(rest, 2)? & 0x3fff;
    let value = rest.get(4..length)?;
    *rest = rest.get(aligned(length)..).unwrap_or_default();
    Some((kind, value))
}

/// Messages and attributes begin at multiples of 4.
fn aligned(length: usize) -> usize {
    length.saturating_add(3) & !3
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_ne_bytes(bytes.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests;
