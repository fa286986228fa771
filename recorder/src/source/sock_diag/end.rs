//! One UNIX socket by its inode: what it is called, and the inode of the socket that it is connected to.
//!
//! In: an inode, of the recorder's network namespace. Out: `struct unix_diag_msg` and its attributes.
//! The kernel looks one socket up and answers with one message.

use super::ask::SockDiag;
use super::{AF_UNIX, Messages, SOCK_DIAG_BY_FAMILY, UNIX, attribute, u32_at};
use afterimage_format::reading::{Missing, Reading};

/// `UDIAG_SHOW_NAME`, `UDIAG_SHOW_PEER` and `UDIAG_SHOW_UID`; the last is ignored before Linux 5.3.
const SHOW: u32 = 0x1 | 0x4 | 0x40;
/// Attributes.
const UNIX_DIAG_NAME: u16 = 0;
const UNIX_DIAG_PEER: u16 = 2;
const UNIX_DIAG_UID: u16 = 7;

/// A UNIX socket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct UnixEnd {
    /// `UNIX_DIAG_NAME`: a path, or with `@` first a name that is none; empty where it has none.
    pub(crate) name: String,
    /// `UNIX_DIAG_PEER`: the inode of the socket it is connected to.
    pub(crate) peer: Option<u32>,
    /// `UNIX_DIAG_UID`: whoever made it.
    pub(crate) uid: Option<u32>,
}

impl SockDiag {
    /// The UNIX socket with this inode.
    pub(crate) fn unix(&mut self, inode: u32) -> Reading<UnixEnd> {
        let mut body = vec![AF_UNIX, 0, 0, 0];
        // States matter to a listing alone; the cookie with all bits set is any cookie.
        for word in [u32::MAX, inode, SHOW, u32::MAX, u32::MAX] {
            body.extend(word.to_ne_bytes());
        }
        let answer = self.one(&body)?;
        let (kind, body) = Messages(answer).split().ok_or(Missing::Malformed)?;
        match (kind, body.first()) {
            (SOCK_DIAG_BY_FAMILY, Some(&AF_UNIX)) => parse(body).ok_or(Missing::Malformed),
            // No such socket, or none that this namespace knows.
            _ => Err(Missing::Gone),
        }
    }
}

fn parse(body: &[u8]) -> Option<UnixEnd> {
    let mut end = UnixEnd::default();
    let mut rest = body.get(UNIX..)?;
    while let Some((kind, value)) = attribute(&mut rest) {
        match kind {
            UNIX_DIAG_NAME => end.name = name(value),
            UNIX_DIAG_PEER => end.peer = u32_at(value, 0).filter(|inode| *inode != 0),
            UNIX_DIAG_UID => end.uid = u32_at(value, 0),
            _ => {}
        }
    }
    Some(end)
}

/// As `ss` and `/proc/net/unix` spell it.
fn name(bytes: &[u8]) -> String {
    let bytes = match bytes {
        [0, ..] => bytes,
        // A path may come with its end.
        _ => bytes.split(|byte| *byte == 0).next().unwrap_or(bytes),
    };
    String::from_utf8_lossy(bytes).replace('\0', "@")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd as _;
    use std::os::unix::net::{UnixListener, UnixStream};

    fn inode(socket: &UnixStream) -> u32 {
        let link = std::fs::read_link(format!("/proc/self/fd/{}", socket.as_raw_fd())).unwrap();
        let link = link.into_os_string().into_string().unwrap();
        let number = link.strip_prefix("socket:[").unwrap().strip_suffix(']');
        number.unwrap().parse().unwrap()
    }

    #[test]
    fn both_ends_know_each_other_and_the_one_that_was_made_to_a_path_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let client = UnixStream::connect(&path).unwrap();
        let (server, _) = listener.accept().unwrap();
        let mut diag = SockDiag::default();
        let ends = [&client, &server].map(|socket| diag.unix(inode(socket)));
        let [client_end, server_end] = match ends {
            [Ok(client), Ok(server)] => [client, server],
            [Err(Missing::Gone), _] => panic!("it is in this namespace"),
            other => return println!("skipped: no sock_diag here: {other:?}"),
        };
        assert_eq!(client_end.peer, Some(inode(&server)));
        assert_eq!(server_end.peer, Some(inode(&client)));
        assert_eq!(client_end.name, "");
        assert_eq!(server_end.name, path.to_str().unwrap());
        let own = rustix::process::geteuid().as_raw();
        assert!(client_end.uid.is_none_or(|uid| uid == own));
        // After a refusal it goes on answering.
        assert_eq!(diag.unix(u32::MAX), Err(Missing::Gone));
        assert_eq!(diag.unix(inode(&client)), Ok(client_end));
        // The far end gone.
        drop((server, listener));
        assert_eq!(diag.unix(inode(&client)).unwrap().peer, None);
    }

    #[test]
    fn a_name_is_spelled_as_elsewhere() {
        assert_eq!(name(b"/run/a\0"), "/run/a");
        assert_eq!(name(b"/run/a"), "/run/a");
        assert_eq!(name(b"\0X11\0"), "@X11@");
        assert_eq!(name(b""), "");
        assert_eq!(parse(&[1; 15]), None);
        assert_eq!(parse(&[1; 16]), Some(UnixEnd::default()));
    }
}
