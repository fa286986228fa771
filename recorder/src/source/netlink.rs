//! Netlink: sockets to the kernel, and its messages taken apart.
//!
//! In: what a socket received. Out: the payloads of the messages in it, and the attributes of a
//! payload. What is cut short or says a length that cannot be ends the message; it never panics.

use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::sockopt::{
    set_socket_recv_buffer_size, set_socket_recv_buffer_size_force, socket_recv_buffer_size,
};
use rustix::net::{
    AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, bind, recv, send,
    socket_with,
};

/// `sizeof(struct nlmsghdr)`.
const HEADER: usize = 16;
/// Types of messages that are not for a family: `NLMSG_ERROR` and `NLMSG_DONE`.
pub(crate) const ERROR: u16 = 2;
pub(crate) const DONE: u16 = 3;
/// `NLM_F_REQUEST` and `NLM_F_ACK`.
const REQUEST: u16 = 1;
const ACK: u16 = 4;
/// The bits of an attribute's type that say how it is encoded.
const TYPE_MASK: u16 = 0x3fff;

/// Why a read ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Received {
    /// So many bytes came.
    Bytes(usize),
    /// There is nothing more at the moment.
    Empty,
    /// The kernel had no room in the socket's buffer: what came meanwhile is lost.
    Overrun,
}

/// A socket to the kernel that never blocks.
#[derive(Debug)]
pub(crate) struct Netlink(OwnedFd);

impl Netlink {
    /// A socket in these multicast groups, a bit each.
    pub(crate) fn open(protocol: Protocol, groups: u32) -> Result<Self, Errno> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(
            AddressFamily::NETLINK,
            SocketType::DGRAM,
            flags,
            Some(protocol),
        )?;
        bind(&socket, &SocketAddrNetlink::new(0, groups))?;
        Ok(Self(socket))
    }

    /// Makes room for what comes between two looks, beyond the host's limit where that is
    /// permitted. Gives how much room there is: the kernel counts its own overhead too.
    pub(crate) fn enlarge(&self, bytes: usize) -> usize {
        if set_socket_recv_buffer_size_force(&self.0, bytes).is_err() {
            // What is granted then may be less; the answer says how much.
            set_socket_recv_buffer_size(&self.0, bytes).unwrap_or_default();
        }
        socket_recv_buffer_size(&self.0).unwrap_or(0)
    }

    /// Sends a message to the kernel, which answers if it is to be acknowledged.
    pub(crate) fn send(
        &self,
        kind: u16,
        payload: &[u8],
        is_acknowledged: bool,
    ) -> Result<(), Errno> {
        let flags = if is_acknowledged {
            REQUEST | ACK
        } else {
            REQUEST
        };
        send(&self.0, &message(kind, flags, payload), SendFlags::empty()).map(drop)
    }

    /// What is there, without waiting.
    pub(crate) fn receive(&self, buffer: &mut [u8]) -> Result<Received, Errno> {
        match recv(&self.0, buffer, RecvFlags::empty()) {
            // The length of all of it, had it been longer than the buffer.
            Ok((bytes, _)) => Ok(Received::Bytes(bytes)),
            Err(Errno::AGAIN | Errno::INTR) => Ok(Received::Empty),
            Err(Errno::NOBUFS) => Ok(Received::Overrun),
            Err(errno) => Err(errno),
        }
    }

    /// To wait for.
    pub(crate) fn socket(&self) -> &OwnedFd {
        &self.0
    }
}

/// A message as it is sent.
fn message(kind: u16, flags: u16, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(HEADER + payload.len()).unwrap_or(u32::MAX);
    let mut message = Vec::with_capacity(HEADER + payload.len());
    message.extend_from_slice(&length.to_ne_bytes());
    message.extend_from_slice(&kind.to_ne_bytes());
    message.extend_from_slice(&flags.to_ne_bytes());
    // Sequence and port, which the kernel fills in or gives back.
    message.extend_from_slice(&[0; 8]);
    message.extend_from_slice(payload);
    message
}

/// The messages in what was received: type and payload.
#[derive(Debug, Clone)]
pub(crate) struct Messages<'a>(pub(crate) &'a [u8]);

impl<'a> Iterator for Messages<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let length = usize::try_from(word(self.0, 0)?).ok()?;
        let kind = half(self.0, 4)?;
        let payload = self.0.get(HEADER..length)?;
        self.0 = self.0.get(aligned(length)..).unwrap_or_default();
        Some((kind, payload))
    }
}

/// The attributes in a payload: type and value.
#[derive(Debug, Clone)]
pub(crate) struct Attributes<'a>(pub(crate) &'a [u8]);

impl<'a> Iterator for Attributes<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let length = usize::from(half(self.0, 0)?);
        let kind = half(self.0, 2)? & TYPE_MASK;
        let value = self.0.get(4..length)?;
        self.0 = self.0.get(aligned(length)..).unwrap_or_default();
        Some((kind, value))
    }
}

/// An attribute as it is sent.
pub(crate) fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = 4 + value.len();
    let mut attribute = Vec::with_capacity(aligned(length));
    attribute.extend_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_ne_bytes());
    attribute.extend_from_slice(&kind.to_ne_bytes());
    attribute.extend_from_slice(value);
    attribute.resize(aligned(length), 0);
    attribute
}

/// What a message of type [`ERROR`] says: `None` is an acknowledgement.
pub(crate) fn error(payload: &[u8]) -> Option<Errno> {
    let code = word(payload, 0)?.cast_signed();
    (code != 0).then(|| Errno::from_raw_os_error(code.wrapping_neg()))
}

/// Everything begins at a multiple of four bytes.
fn aligned(length: usize) -> usize {
    length.saturating_add(3) & !3
}

/// Two, four or eight bytes at a place, in the order of this machine.
pub(crate) fn half(bytes: &[u8], place: usize) -> Option<u16> {
    let bytes = bytes.get(place..)?.first_chunk()?;
    Some(u16::from_ne_bytes(*bytes))
}

pub(crate) fn word(bytes: &[u8], place: usize) -> Option<u32> {
    let bytes = bytes.get(place..)?.first_chunk()?;
    Some(u32::from_ne_bytes(*bytes))
}

pub(crate) fn long(bytes: &[u8], place: usize) -> Option<u64> {
    let bytes = bytes.get(place..)?.first_chunk()?;
    Some(u64::from_ne_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn messages_and_attributes_begin_at_multiples_of_four() {
        let mut bytes = message(7, REQUEST, &attribute(1, b"abc"));
        assert_eq!(bytes.len(), 24);
        bytes.extend(message(8, ACK, b"xy"));
        let messages: Vec<_> = Messages(&bytes).collect();
        assert_eq!(messages[1], (8, &b"xy"[..]));
        let (kind, payload) = messages[0];
        let attributes: Vec<_> = Attributes(payload).collect();
        assert_eq!((kind, attributes), (7, vec![(1, &b"abc"[..])]));
    }

    #[test]
    fn what_is_cut_short_ends_the_message() {
        let bytes = message(7, 0, b"abcdefgh");
        assert_eq!(Messages(&bytes[..20]).count(), 0);
        assert_eq!(Attributes(&[2, 0, 1, 0]).count(), 0);
    }

    #[test]
    fn an_error_says_which() {
        assert_eq!(error(&(-1_i32).to_ne_bytes()), Some(Errno::PERM));
        assert_eq!(error(&0_i32.to_ne_bytes()), None);
    }

    proptest! {
        #[test]
        fn nothing_received_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for (_, payload) in Messages(&bytes) {
                let _count = Attributes(payload).count();
                let _error = error(payload);
            }
            prop_assert!(Attributes(&bytes).count() <= bytes.len());
        }
    }
}
