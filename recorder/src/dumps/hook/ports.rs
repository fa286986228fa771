//! Which TCP ports a process listens on, so that a question goes to that process and no other.

use super::Words;
use crate::dumps::life::Life;
use crate::source::numbers::lines;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;

/// What LISTEN is in `/proc/net/tcp`.
const LISTEN: &[u8] = b"0A";

/// What stands for something of the process in these parts of a command.
pub(super) fn wanted<'a>(
    parts: impl Iterator<Item = &'a String>,
    life: &Life,
) -> Result<Words, String> {
    let mut words = Words::of(life);
    let [.., port] = Words::NAMES;
    if parts.into_iter().any(|part| part.contains(port)) {
        words.port = only_one(life)?.to_string();
    }
    Ok(words)
}

/// The one port that a process listens on.
pub(super) fn only_one(life: &Life) -> Result<u16, String> {
    let ports = listened(life)?;
    let list = || {
        let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
        ports.join(", ")
    };
    match (ports.first(), ports.len()) {
        (Some(port), 1) => Ok(*port),
        (None, _) => Err("it listens on no TCP port".to_owned()),
        _ => Err(format!(
            "it listens on several TCP ports ({}): write the one that is meant instead of {{port}}",
            list()
        )),
    }
}

/// Whether a process listens on a port.
pub(super) fn is_its_own(life: &Life, port: u16) -> Result<(), String> {
    if listened(life)?.contains(&port) {
        Ok(())
    } else {
        Err(format!("not it, or nobody, listens on port {port}"))
    }
}

/// All of them.
fn listened(life: &Life) -> Result<BTreeSet<u16>, String> {
    let pid = life.key.pid.0;
    let network = |of: String| fs::read_link(format!("/proc/{of}/ns/net")).ok();
    if network("self".to_owned()) != network(pid.to_string()) {
        return Err(
            "it is in a network namespace of its own, where no URL of here leads".to_owned(),
        );
    }
    let sockets =
        sockets_of(pid).map_err(|error| format!("its sockets cannot be seen: {error}"))?;
    let mut ports = BTreeSet::new();
    for name in ["tcp", "tcp6"] {
        // Without IPv6 there is no second file.
        let table = fs::read(format!("/proc/{pid}/net/{name}")).unwrap_or_default();
        let listening = lines(&table).skip(1).filter_map(listening);
        ports
            .extend(listening.filter_map(|(port, inode)| sockets.contains(&inode).then_some(port)));
    }
    Ok(ports)
}

/// The port and the inode of a line of `/proc/net/tcp` whose socket listens.
fn listening(line: &[u8]) -> Option<(u16, u64)> {
    let words: Vec<&[u8]> = line
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
        .collect();
    if words.get(3) != Some(&LISTEN) {
        return None;
    }
    let local = str::from_utf8(words.get(1)?).ok()?;
    let port = u16::from_str_radix(local.rsplit(':').next()?, 16).ok()?;
    let inode = str::from_utf8(words.get(9)?).ok()?.parse().ok()?;
    Some((port, inode))
}

/// The inodes of the sockets that a process has open.
fn sockets_of(pid: i32) -> std::io::Result<BTreeSet<u64>> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd"))?;
    let inode = |entry: std::io::Result<fs::DirEntry>| {
        let link = fs::read_link(entry.ok()?.path()).ok()?;
        let name = link.as_os_str().as_bytes();
        let inode = name.strip_prefix(b"socket:[")?.strip_suffix(b"]")?;
        str::from_utf8(inode).ok()?.parse().ok()
    };
    Ok(entries.filter_map(inode).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dumps::life;
    use afterimage_format::process::Pid;
    use std::net::TcpListener;

    fn own_life() -> Life {
        let pid = Pid(i32::try_from(std::process::id()).unwrap());
        life::look(pid).unwrap()
    }

    #[test]
    fn a_port_is_its_own_while_it_listens_on_it() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let life = own_life();
        assert_eq!(is_its_own(&life, port), Ok(()));
        drop(listener);
        assert!(
            is_its_own(&life, port)
                .unwrap_err()
                .contains(&port.to_string())
        );
    }

    #[test]
    fn only_what_listens_is_taken_from_the_table() {
        let line = |state: &str| {
            format!(
                "   0: 0100007F:17AC 00000000:0000 {state} 00000000:00000000 00:00000000 00000000     0        0 \
                4711 1 0000000000000000 100 0 0 10 0"
            )
        };
        assert_eq!(listening(line("0A").as_bytes()), Some((6060, 4711)));
        assert_eq!(listening(line("01").as_bytes()), None);
        assert_eq!(listening(b"  sl  local_address rem_address   st"), None);
    }
}
