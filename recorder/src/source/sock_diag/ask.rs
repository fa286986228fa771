//! Asks the kernel for its sockets, over `NETLINK_SOCK_DIAG`.
//!
//! In: which ones. Out: each message, as it comes. The kernel goes through its tables while it
//! answers: some 1.5 µs for each TCP socket, and half a millisecond for the tables.

use super::{AF_INET, AF_INET6, AF_UNIX, Message, Messages, SOCK_DIAG_BY_FAMILY, TCPDIAG_GETSOCK};
use crate::source::missing_from_errno;
use afterimage_format::reading::{Missing, Reading};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::netlink::{SOCK_DIAG, SocketAddrNetlink};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with,
};
use std::time::Duration;

/// `NLM_F_REQUEST`, and that with `NLM_F_DUMP`.
const REQUEST: u16 = 0x1;
const REQUEST_ALL: u16 = REQUEST | 0x300;
/// Every state from `TCP_ESTABLISHED` (1) to `TCP_CLOSING` (11).
const EVERY_STATE: u32 = 0xfff;
/// `idiag_ext` has a bit for each attribute that is wanted, the first for number 1.
const WANT_INFO: u8 = 1 << (super::INET_DIAG_INFO - 1);
const IPPROTO_UDP: u8 = 17;
/// The kernel gives up to 32 KiB at once to who has room for them.
const ROOM: usize = 64 << 10;
/// A listing never waits for anything; whatever keeps it this long, it is given up.
const LATE: Duration = Duration::from_secs(10);

/// What to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// TCP over IPv4 and IPv6 in one pass over the kernel's tables, which is what most of it costs.
    Tcp,
    Udp4,
    Udp6,
    Unix,
}

/// The way to the kernel.
#[derive(Debug, Default)]
pub(crate) struct SockDiag {
    socket: Option<OwnedFd>,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl SockDiag {
    /// Gives each socket of a kind. After a failure the next listing begins anew.
    pub(crate) fn list(&mut self, wanted: Wanted, mut give: impl FnMut(Message)) -> Reading<()> {
        let listed = self.ask(wanted, &mut give);
        if listed.is_err() {
            // What is still to come would be taken for the next answer.
            self.socket = None;
        }
        listed
    }

    /// The answer to a request for one socket.
    pub(super) fn one(&mut self, body: &[u8]) -> Reading<&[u8]> {
        let answered = self.ask_one(body);
        if answered.is_err() {
            self.socket = None;
        }
        let length = answered?;
        Ok(&self.answer[..length])
    }

    fn ask_one(&mut self, body: &[u8]) -> Reading<usize> {
        begin(&mut self.request, SOCK_DIAG_BY_FAMILY, REQUEST);
        self.request.extend(body);
        self.send()?;
        self.receive()
    }

    fn ask(&mut self, wanted: Wanted, give: &mut dyn FnMut(Message)) -> Reading<()> {
        fill(&mut self.request, wanted);
        self.send()?;
        loop {
            let length = self.receive()?;
            for message in Messages(&self.answer[..length]) {
                match message? {
                    Message::Done(None) => return Ok(()),
                    Message::Done(Some(errno)) => {
                        return Err(missing_from(Errno::from_raw_os_error(errno)));
                    }
                    socket => give(socket),
                }
            }
        }
    }

    /// Sends the request, with its length.
    fn send(&mut self) -> Reading<()> {
        let socket = match &self.socket {
            Some(socket) => socket,
            None => self.socket.insert(open().map_err(missing_from)?),
        };
        let length = u32::try_from(self.request.len()).unwrap_or(0);
        self.request[..4].copy_from_slice(&length.to_ne_bytes());
        let kernel = SocketAddrNetlink::new(0, 0);
        let sent = sendto(socket, &self.request, SendFlags::empty(), &kernel);
        sent.map(drop).map_err(missing_from)
    }

    /// How many bytes of answer came.
    fn receive(&mut self) -> Reading<usize> {
        let socket = self.socket.as_ref().ok_or(Missing::Gone)?;
        self.answer.resize(ROOM, 0);
        let received = recv(socket, &mut self.answer[..], RecvFlags::TRUNC);
        let (length, whole) = received.map_err(missing_from)?;
        if whole > length || length == 0 {
            return Err(Missing::Malformed);
        }
        Ok(length)
    }
}

fn open() -> rustix::io::Result<OwnedFd> {
    let (kind, flags) = (SocketType::DGRAM, SocketFlags::CLOEXEC);
    let socket = socket_with(AddressFamily::NETLINK, kind, flags, Some(SOCK_DIAG))?;
    set_socket_timeout(&socket, Timeout::Recv, Some(LATE))?;
    Ok(socket)
}

/// Why the kernel does not list. Every kernel has netlink: who is told otherwise is not allowed to
/// use it (`RestrictAddressFamilies=` of systemd answers so).
fn missing_from(errno: Errno) -> Missing {
    match errno {
        Errno::AFNOSUPPORT => Missing::PermissionDenied,
        Errno::PROTONOSUPPORT | Errno::INVAL => Missing::NotSupported,
        errno => missing_from_errno(errno),
    }
}

/// A header: the length comes when it is known; sequence and port 0.
fn begin(request: &mut Vec<u8>, kind: u16, flags: u16) {
    request.clear();
    request.extend([0; 4]);
    request.extend(kind.to_ne_bytes());
    request.extend(flags.to_ne_bytes());
    request.extend([0; 8]);
}

/// A header and the request of that kind.
fn fill(request: &mut Vec<u8>, wanted: Wanted) {
    let kind = match wanted {
        Wanted::Tcp => TCPDIAG_GETSOCK,
        _ => SOCK_DIAG_BY_FAMILY,
    };
    begin(request, kind, REQUEST_ALL);
    match wanted {
        // `struct inet_diag_req`: family 0 is every family, then two lengths that are 0.
        Wanted::Tcp => {
            request.extend([0, 0, 0, WANT_INFO]);
            request.extend([0; 48]);
            request.extend(EVERY_STATE.to_ne_bytes());
            request.extend([0; 4]);
        }
        // `struct inet_diag_req_v2`.
        Wanted::Udp4 => udp(request, AF_INET),
        Wanted::Udp6 => udp(request, AF_INET6),
        // `struct unix_diag_req`: family, protocol, padding, states, inode, what to show, cookie.
        Wanted::Unix => {
            request.extend([AF_UNIX, 0, 0, 0]);
            request.extend(u32::MAX.to_ne_bytes());
            request.extend([0; 16]);
        }
    }
}

fn udp(request: &mut Vec<u8>, family: u8) {
    request.extend([family, IPPROTO_UDP, 0, 0]);
    request.extend(EVERY_STATE.to_ne_bytes());
    request.extend([0; 48]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv6Addr, TcpListener, TcpStream, UdpSocket};
    use std::os::unix::net::UnixListener;

    /// Every TCP or UDP socket there is, or why none could be listed.
    fn inet(wanted: Wanted) -> Reading<Vec<super::super::InetSocket>> {
        let mut all = Vec::new();
        SockDiag::default().list(wanted, |message| {
            if let Message::Inet(socket) = message {
                all.push(socket);
            }
        })?;
        Ok(all)
    }

    #[test]
    fn the_kernel_lists_what_this_test_holds_open() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let client = TcpStream::connect(at).unwrap();
        let sockets = match inet(Wanted::Tcp) {
            Ok(sockets) => sockets,
            Err(why) => return println!("skipped: no sock_diag here: {why}"),
        };
        let listening = sockets
            .iter()
            .find(|socket| socket.state == 10 && socket.local == (at.ip(), at.port()));
        let [waiting, most] = listening.unwrap().queues;
        assert_eq!(waiting, 1, "connected and not accepted");
        assert!(most >= 1);
        let own = client.local_addr().unwrap();
        let end = sockets
            .iter()
            .find(|socket| socket.local == (own.ip(), own.port()));
        let end = end.unwrap();
        assert_eq!((end.state, end.peer), (1, (at.ip(), at.port())));
        assert_eq!(end.retransmits, Some(0), "tcp_info came with it");
    }

    #[test]
    fn one_pass_has_both_families_and_udp_and_unix_have_their_own() {
        let Ok(v6) = TcpListener::bind("[::1]:0") else {
            return println!("skipped: no IPv6 here");
        };
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let unix = UnixListener::bind(folder.path().join("socket")).unwrap();
        let Ok(tcp) = inet(Wanted::Tcp) else {
            return println!("skipped: no sock_diag here");
        };
        let port = v6.local_addr().unwrap().port();
        let found = tcp
            .iter()
            .find(|socket| socket.local == (IpAddr::V6(Ipv6Addr::LOCALHOST), port));
        assert!(
            found.unwrap().is_v6_only.is_some(),
            "of a socket that listens it is told"
        );
        let port = udp.local_addr().unwrap().port();
        let udp = inet(Wanted::Udp4).unwrap();
        assert!(
            udp.iter()
                .any(|socket| socket.local.1 == port && socket.state == 7)
        );
        let mut listening = 0;
        let listed = SockDiag::default().list(Wanted::Unix, |message| {
            if let Message::Unix(socket) = message {
                listening += u32::from(socket.state == 10 && socket.kind == 1);
            }
        });
        assert_eq!(listed, Ok(()));
        assert!(listening >= 1);
        drop(unix);
    }
}
