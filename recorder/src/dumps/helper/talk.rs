//! What is said to a virtual machine that listens: one question a connection, in its own protocol.
//!
//! A question is five texts, each with a zero behind it: the version of the protocol, a command,
//! and three arguments. The answer is a line with a code, 0 for yes, and whatever there is to say.

use super::{CONNECTS_WITHIN, LOOK_EVERY, Machine, PIECE, Stop, failed};
use crate::clock;
use crate::dumps::words::Word;
use afterimage_format::thread_dump::MOST_TEXT;
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::sockopt::socket_peercred;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use std::io::Write;

impl Machine {
    /// What its listener can do beyond the oldest: nothing when it does not know the question.
    pub(super) fn options(&self) -> Result<String, Stop> {
        let socket = self.connected(["getversion", "options"])?;
        let mut answer = Vec::new();
        let mut piece = [0; 4096];
        while answer.len() < piece.len() {
            match rustix::io::retry_on_intr(|| rustix::io::read(&socket, &mut piece)) {
                Ok(0) => break,
                Ok(read) => answer.extend_from_slice(&piece[..read]),
                Err(errno) => return Err(failed("it does not say what it can do")(errno)),
            }
        }
        let answer = String::from_utf8_lossy(&answer);
        Ok(match answer.split_once('\n') {
            Some(("0", options)) => options.to_owned(),
            _ => String::new(),
        })
    }

    /// Asks for the threads, and hands on what comes.
    pub(super) fn dump(
        &self,
        (command, argument): (&str, &str),
        out: &mut impl Write,
    ) -> Result<(), Stop> {
        let socket = self.connected([command, argument])?;
        let mut piece = vec![0; PIECE];
        let mut head = Some(Vec::new());
        let mut total = 0;
        loop {
            let read = rustix::io::retry_on_intr(|| rustix::io::read(&socket, &mut piece));
            let read = read.map_err(failed("its answer broke off"))?;
            if read == 0 {
                break;
            }
            let mut rest = &piece[..read];
            if let Some(line) = &mut head {
                let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
                    line.extend_from_slice(rest);
                    continue;
                };
                line.extend_from_slice(&rest[..end]);
                rest = &rest[end + 1..];
                let code = String::from_utf8_lossy(line).into_owned();
                head = None;
                if code != "0" {
                    let why = String::from_utf8_lossy(&rest[..rest.len().min(300)]);
                    let why = why.trim().to_owned();
                    return Err(Stop::Failed(format!("it refuses with code {code}: {why}")));
                }
            }
            total += rest.len();
            if !rest.is_empty() {
                Word::Text(rest.to_owned()).write(out)?;
            }
            if total >= MOST_TEXT {
                return Ok(());
            }
        }
        if head.is_some() {
            return Err(Stop::Failed(
                "it closed the connection without an answer: it answers its own user and group"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    /// A connection on which this has been asked.
    fn connected(&self, [command, argument]: [&str; 2]) -> Result<OwnedFd, Stop> {
        let socket = self.connect()?;
        let peer = socket_peercred(&socket).map_err(failed("who listens is not known"))?;
        let is_own = peer.uid.as_raw() == self.life.uid;
        if !is_own || peer.pid.as_raw_nonzero().get() != self.key.pid.0 {
            return Err(Stop::Refused(format!(
                "not it, but pid {} of uid {} listens on its socket",
                peer.pid.as_raw_nonzero(),
                peer.uid.as_raw()
            )));
        }
        let mut request = Vec::new();
        for part in ["1", command, argument, "", ""] {
            request.extend_from_slice(part.as_bytes());
            request.push(0);
        }
        let mut rest = &request[..];
        while !rest.is_empty() {
            let flags = rustix::net::SendFlags::NOSIGNAL;
            let sent = rustix::io::retry_on_intr(|| rustix::net::send(&socket, rest, flags));
            rest = &rest[sent.map_err(failed("it does not take the request"))?..];
        }
        Ok(socket)
    }

    /// Where others have filled its queue, it is tried for a while.
    fn connect(&self) -> Result<OwnedFd, Stop> {
        let address = SocketAddrUnix::new(self.socket_name().as_str());
        let address = address.map_err(failed("its socket has no name"))?;
        let began = clock::now().monotonic;
        loop {
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None);
            let socket = socket.map_err(failed("no socket can be made"))?;
            match connect(&socket, &address) {
                Ok(()) => {
                    let blocking = rustix::io::ioctl_fionbio(&socket, false);
                    blocking.map_err(failed("the socket cannot be waited for"))?;
                    return Ok(socket);
                }
                Err(Errno::AGAIN) => {
                    let passed = clock::now().monotonic.since(began).unwrap_or_default();
                    if passed > CONNECTS_WITHIN {
                        return Err(Stop::Failed(
                            "its queue of requests is full: it does not answer".to_owned(),
                        ));
                    }
                    std::thread::sleep(LOOK_EVERY[1]);
                }
                Err(Errno::CONNREFUSED) => {
                    return Err(Stop::Failed(
                        "its socket is there and nobody listens on it".to_owned(),
                    ));
                }
                Err(errno) => return Err(failed("it cannot be connected to")(errno)),
            }
        }
    }
}
