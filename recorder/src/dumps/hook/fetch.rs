//! Fetches a page from a process of this host: plain HTTP, on loopback, within limits.

use super::ports;
use super::{Output, Words};
use crate::clock;
use crate::dumps::life::Life;
use afterimage_format::thread_dump::DumpStatus;
use anyhow::{Context as _, bail, ensure};
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::str::FromStr;
use std::time::Duration;

/// A head that is longer is none.
const MOST_HEAD: usize = 64 << 10;
/// What a page says when it is not the one that is wanted.
const MOST_WORDS: usize = 300;

/// Where to fetch from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Url {
    address: IpAddr,
    /// What the page calls the host.
    host: String,
    /// The one port that the process listens on, where it is absent.
    port: Option<u16>,
    path: String,
}

/// A page of one process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page {
    at: SocketAddr,
    host: String,
    path: String,
}

impl FromStr for Url {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let rest = text
            .strip_prefix("http://")
            .context("url: it must begin with http://")?;
        let (place, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = place
            .rsplit_once(':')
            .filter(|(_, port)| !port.ends_with(']'))
            .unwrap_or((place, "80"));
        let address = match host {
            "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
            "[::1]" => IpAddr::V6(Ipv6Addr::LOCALHOST),
            host => match host.parse::<Ipv4Addr>() {
                Ok(address) if address.is_loopback() => IpAddr::V4(address),
                _ => bail!("url: only 127.0.0.1, localhost and [::1] are asked, and not {host:?}"),
            },
        };
        let port = match port {
            "{port}" => None,
            port => Some(port.parse().context("url: its port is no number")?),
        };
        let is_plain = path.bytes().all(|byte| byte.is_ascii_graphic());
        ensure!(
            is_plain,
            "url: a path has no blanks and no letters beyond ASCII"
        );
        Ok(Self {
            address,
            host: host.to_owned(),
            port,
            path: if path.is_empty() { "/" } else { path }.to_owned(),
        })
    }
}

impl Url {
    /// The page of this process: nobody else may have the port.
    pub(super) fn for_process(&self, life: &Life) -> Result<Page, String> {
        let port = match self.port {
            Some(port) => {
                ports::is_its_own(life, port)?;
                port
            }
            None => ports::only_one(life)?,
        };
        let words = Words {
            port: port.to_string(),
            ..Words::of(life)
        };
        Ok(Page {
            at: SocketAddr::new(self.address, port),
            host: format!("{}:{port}", self.host),
            path: words.fill(&self.path),
        })
    }
}

/// Fetches it.
pub(super) fn get(page: &Page, timeout: Duration, max_bytes: usize) -> Output {
    let mut fetched = Fetched {
        bytes: Vec::new(),
        max_bytes: max_bytes.saturating_add(MOST_HEAD),
    };
    let stopped = fetched.fetch(page, timeout);
    let mut output = fetched.judge(stopped, timeout, max_bytes);
    output.arguments = format!("http://{}{}", page.host, page.path);
    output
}

struct Fetched {
    bytes: Vec<u8>,
    max_bytes: usize,
}

impl Fetched {
    fn fetch(&mut self, page: &Page, timeout: Duration) -> io::Result<()> {
        let began = clock::now().monotonic;
        let left = || {
            let passed = clock::now().monotonic.since(began).unwrap_or_default();
            match timeout.saturating_sub(passed) {
                Duration::ZERO => Err(io::Error::from(io::ErrorKind::TimedOut)),
                left => Ok(left),
            }
        };
        let mut stream = TcpStream::connect_timeout(&page.at, left()?)?;
        stream.set_write_timeout(Some(left()?))?;
        // Of the older HTTP, in which a page ends when the connection does.
        let request = format!(
            "GET {} HTTP/1.0\r\nHost: {}\r\nUser-Agent: afterimage/{}\r\nConnection: close\r\n\r\n",
            page.path,
            page.host,
            env!("CARGO_PKG_VERSION")
        );
        stream.write_all(request.as_bytes())?;
        let mut piece = vec![0; 64 << 10];
        loop {
            stream.set_read_timeout(Some(left()?))?;
            let read = match stream.read(&mut piece) {
                Ok(0) => return Ok(()),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let room = self.max_bytes - self.bytes.len();
            self.bytes.extend_from_slice(&piece[..read.min(room)]);
            if read >= room {
                return Ok(());
            }
        }
    }

    fn judge(self, stopped: io::Result<()>, timeout: Duration, max_bytes: usize) -> Output {
        let stopped = stopped.map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => (
                DumpStatus::Timeout,
                format!("it did not answer within {timeout:?}"),
            ),
            _ => (DumpStatus::Failed, format!("it cannot be asked: {error}")),
        });
        let Head {
            code,
            length,
            mut body,
        } = match head(&self.bytes) {
            Ok(found) => found,
            Err(why) => {
                let why = stopped.and(Err((DumpStatus::Failed, why)));
                return Output::of(Vec::new(), why);
            }
        };
        if code != 200 {
            let words = String::from_utf8_lossy(&body[..body.len().min(MOST_WORDS)]);
            let why = format!("it answers with code {code}: {}", words.trim());
            return Output::of(Vec::new(), Err((DumpStatus::Failed, why)));
        }
        let why = if body.len() > max_bytes {
            body.truncate(max_bytes);
            let why = format!("its answer has more than {max_bytes} bytes");
            Err((DumpStatus::Truncated, why))
        } else if stopped.is_ok() && length.is_some_and(|length| length > body.len()) {
            let why = "the end of its answer is missing".to_owned();
            Err((DumpStatus::Failed, why))
        } else {
            stopped
        };
        Output::of(body, why)
    }
}

/// What the head of an answer says, and what follows it.
struct Head {
    code: u16,
    /// How long the body is.
    length: Option<usize>,
    body: Vec<u8>,
}

fn head(bytes: &[u8]) -> Result<Head, String> {
    let none = || "what it answers is no HTTP".to_owned();
    let end = bytes
        .windows(4)
        .take(MOST_HEAD)
        .position(|window| window == b"\r\n\r\n")
        .ok_or_else(none)?;
    let head = str::from_utf8(&bytes[..end]).map_err(|_invalid| none())?;
    let mut lines = head.split("\r\n");
    let first = lines.next().and_then(|line| line.strip_prefix("HTTP/1."));
    let code = first.and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let mut length = None;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("transfer-encoding") && value.trim() != "identity" {
            return Err("it answers in pieces, which HTTP/1.0 does not have".to_owned());
        }
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok();
        }
    }
    Ok(Head {
        code: code.ok_or_else(none)?,
        length,
        body: bytes[end + 4..].to_owned(),
    })
}
