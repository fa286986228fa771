//! How sockets are called: the five words of a row, spelled as `ss -n` spells them.
//!
//! In: protocol, state, addresses and owner. Out: `tcp CLOSE-WAIT 10.0.0.1:80 10.0.0.2:* 1234`.

use super::group::{Protocol, RowKey};
use super::owner::Owner;
use std::io::Write as _;
use std::net::IpAddr;

/// The states of `net/tcp_states.h`, from 0 on, as `ss` calls them.
const STATES: [&str; 13] = [
    "UNKNOWN",
    "ESTAB",
    "SYN-SENT",
    "SYN-RECV",
    "FIN-WAIT-1",
    "FIN-WAIT-2",
    "TIME-WAIT",
    "UNCONN",
    "CLOSE-WAIT",
    "LAST-ACK",
    "LISTEN",
    "CLOSING",
    "SYN-RECV",
];

/// An address, as a row has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Address {
    /// Any: of IPv4 as well as of IPv6, or the row stands for several.
    Any,
    Ip(IpAddr),
}

/// One end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct End {
    pub(super) address: Address,
    /// The interface that it is bound to, or 0.
    pub(super) interface: u32,
    /// None: the row stands for several.
    pub(super) port: Option<u16>,
}

impl End {
    pub(super) const ANY: Self = Self {
        address: Address::Any,
        interface: 0,
        port: None,
    };

    fn write(&self, name: &mut Vec<u8>, interfaces: &mut dyn FnMut(u32, &mut Vec<u8>)) {
        match self.address {
            Address::Any => name.push(b'*'),
            Address::Ip(IpAddr::V4(address)) => put(name, format_args!("{address}")),
            Address::Ip(IpAddr::V6(address)) => put(name, format_args!("[{address}]")),
        }
        if self.interface != 0 {
            name.push(b'%');
            interfaces(self.interface, name);
        }
        match self.port.filter(|port| *port != 0) {
            Some(port) => put(name, format_args!(":{port}")),
            None => name.extend_from_slice(b":*"),
        }
    }
}

/// Writes the name of a row behind what is there; `interfaces` writes that of an interface.
pub(super) fn write(
    name: &mut Vec<u8>,
    key: &RowKey,
    interfaces: &mut dyn FnMut(u32, &mut Vec<u8>),
) {
    let protocol = match key.protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    };
    put(name, format_args!("{protocol} {} ", state(key.state)));
    key.local.write(name, interfaces);
    name.push(b' ');
    key.peer.write(name, interfaces);
    match key.owner {
        Owner::Process(pid) => put(name, format_args!(" {pid}")),
        Owner::Nobody => name.extend_from_slice(b" -"),
        Owner::NotFound => name.extend_from_slice(b" ?"),
        Owner::Denied => name.extend_from_slice(b" denied"),
    }
}

/// A state as `ss` calls it.
pub(super) fn state(number: u8) -> &'static str {
    STATES.get(usize::from(number)).unwrap_or(&STATES[0])
}

fn put(name: &mut Vec<u8>, words: std::fmt::Arguments<'_>) {
    name.write_fmt(words).expect("there is memory for a name");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    fn named(key: &RowKey) -> String {
        let mut name = Vec::new();
        write(&mut name, key, &mut |number, name| {
            put(name, format_args!("if{number}"));
        });
        String::from_utf8(name).unwrap()
    }

    fn end(address: Address, port: Option<u16>) -> End {
        End {
            address,
            interface: 0,
            port,
        }
    }

    #[test]
    fn names_are_spelled_as_ss_does() {
        let v4 = Address::Ip(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)));
        let v6 = Address::Ip(IpAddr::V6(Ipv6Addr::LOCALHOST));
        let mut key = RowKey {
            protocol: Protocol::Tcp,
            state: 8,
            local: end(v4, Some(80)),
            peer: end(v4, None),
            owner: Owner::Process(1234),
        };
        assert_eq!(named(&key), "tcp CLOSE-WAIT 10.0.0.1:80 10.0.0.1:* 1234");
        (key.state, key.owner) = (10, Owner::Denied);
        (key.local, key.peer) = (end(v6, Some(631)), end(Address::Any, Some(0)));
        assert_eq!(named(&key), "tcp LISTEN [::1]:631 *:* denied");
        (key.protocol, key.state, key.owner) = (Protocol::Udp, 7, Owner::NotFound);
        key.local.interface = 2;
        assert_eq!(named(&key), "udp UNCONN [::1]%if2:631 *:* ?");
        (key.state, key.owner) = (99, Owner::Nobody);
        assert!(named(&key).starts_with("udp UNKNOWN ") && named(&key).ends_with(" -"));
    }
}
