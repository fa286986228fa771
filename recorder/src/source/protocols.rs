//! What the network protocols counted: `/proc/net/{snmp,netstat,snmp6,sockstat,sockstat6,softnet_stat}`
//! and how many connections netfilter tracks, one row a number.
//!
//! All of them share a group, so they share its rows. A file that is not there has none: its
//! source says why. Limits are in [`super::limits`].

use super::numbers::{Words, count, lines};
use super::{KeptFile, ProcRoot, RowSource};
use crate::rows::NamedRows;
use afterimage_format::group::{Group, LineField};
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::tick::Tick;

/// Gives each number of a text with its name.
type Parse = fn(&[u8], &mut dyn FnMut(&[u8], Reading<u64>));

/// The files, how each is read, and what its names begin with.
const FILES: [(&str, Parse, &str); 7] = [
    ("net/snmp", pairs, ""),
    ("net/netstat", pairs, ""),
    ("net/snmp6", named, ""),
    ("net/sockstat", in_use, "sockstat."),
    ("net/sockstat6", in_use, "sockstat."),
    ("net/softnet_stat", softnet, "softnet."),
    (
        "sys/net/netfilter/nf_conntrack_count",
        tracked,
        "conntrack.",
    ),
];
/// No name is longer; of one that is, what fits.
const LONGEST: usize = 128;
/// Words of a line of `softnet_stat`, one line a CPU, that are added up.
const SOFTNET: [&[u8]; 3] = [b"processed", b"dropped", b"time_squeeze"];

/// The files and their rows.
#[derive(Debug)]
pub(crate) struct Protocols {
    files: [KeptFile; FILES.len()],
    rows: NamedRows,
    /// Where a row's name is put together.
    name: Vec<u8>,
}

impl Protocols {
    pub(crate) fn new() -> Self {
        Self {
            files: FILES.map(|(name, ..)| KeptFile::new(name)),
            rows: NamedRows::new(Group::Protocol),
            name: Vec::new(),
        }
    }
}

impl RowSource for Protocols {
    fn collect(
        &mut self,
        root: &ProcRoot,
        tick: &mut Tick,
        note: &mut dyn FnMut(&'static str, Reading<()>),
    ) {
        let (rows, whole) = (&mut self.rows, &mut self.name);
        for (file, (path, parse, prefix)) in self.files.iter_mut().zip(FILES) {
            let text = file.read(root);
            note(path, text.map(drop));
            let Ok(text) = text else { continue };
            parse(text, &mut |name, value| {
                whole.clear();
                whole.extend_from_slice(prefix.as_bytes());
                whole.extend_from_slice(name);
                let row = rows.row(tick, whole);
                row.count(tick, LineField::Value.column(), value);
            });
        }
        rows.end_unseen(tick);
    }

    fn forget(&mut self) {
        self.rows.forget();
    }
}

/// `Tcp: A B` over `Tcp: 1 2`, as `Tcp.A` and `Tcp.B`. A number below 0 says that there is none
/// (`MaxConn` of a kernel that has no limit).
fn pairs(text: &[u8], give: &mut dyn FnMut(&[u8], Reading<u64>)) {
    let mut lines = lines(text);
    let mut name = [0; LONGEST];
    while let (Some(names), Some(values)) = (lines.next(), lines.next()) {
        let (mut names, mut values) = (Words(names), Words(values));
        let Some(protocol) = names.word().and_then(|word| word.strip_suffix(b":")) else {
            continue;
        };
        if values.word().and_then(|word| word.strip_suffix(b":")) != Some(protocol) {
            continue;
        }
        while let Some(field) = names.word() {
            let value = values.word().map_or(Err(Missing::Malformed), value);
            give(joined(&mut name, protocol, field), value);
        }
    }
}

fn value(word: &[u8]) -> Reading<u64> {
    match word.strip_prefix(b"-") {
        Some(digits) => count(digits).and(Err(Missing::NotSupported)),
        None => count(word),
    }
}

/// `PROTOCOL.FIELD`. The kernel's names are a third as long as there is room.
fn joined<'a>(name: &'a mut [u8; LONGEST], protocol: &[u8], field: &[u8]) -> &'a [u8] {
    let parts = [protocol, b".", field].into_iter().flatten();
    let length = name.iter_mut().zip(parts).fold(0, |length, (to, from)| {
        *to = *from;
        length + 1
    });
    &name[..length]
}

/// `Ip6InReceives 12`, as it is.
fn named(text: &[u8], give: &mut dyn FnMut(&[u8], Reading<u64>)) {
    for line in lines(text) {
        let mut words = Words(line);
        if let Some(name) = words.word() {
            give(name, words.count());
        }
    }
}

/// `TCP: inuse 4 orphan 0`, as `TCP.inuse` and `TCP.orphan`.
fn in_use(text: &[u8], give: &mut dyn FnMut(&[u8], Reading<u64>)) {
    let mut name = [0; LONGEST];
    for line in lines(text) {
        let mut words = Words(line);
        let Some(protocol) = words.word().and_then(|word| word.strip_suffix(b":")) else {
            continue;
        };
        while let Some(field) = words.word() {
            give(joined(&mut name, protocol, field), words.count());
        }
    }
}

/// Lines of hexadecimal words, one a CPU, added up.
fn softnet(text: &[u8], give: &mut dyn FnMut(&[u8], Reading<u64>)) {
    let mut sums: [Reading<u64>; SOFTNET.len()] = [Ok(0); SOFTNET.len()];
    for line in lines(text) {
        let mut words = Words(line);
        for sum in &mut sums {
            let word = words.word().and_then(|word| str::from_utf8(word).ok());
            let number = word.and_then(|word| u64::from_str_radix(word, 16).ok());
            let added = sum.ok().zip(number).and_then(|(sum, n)| sum.checked_add(n));
            *sum = added.ok_or(Missing::Malformed);
        }
    }
    for (name, sum) in SOFTNET.into_iter().zip(sums) {
        give(name, sum);
    }
}

/// One number.
fn tracked(text: &[u8], give: &mut dyn FnMut(&[u8], Reading<u64>)) {
    give(b"count", count(text.trim_ascii()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(parse: Parse, text: &[u8]) -> Vec<(String, Reading<u64>)> {
        let mut all = Vec::new();
        parse(text, &mut |name, value| {
            all.push((String::from_utf8_lossy(name).into_owned(), value));
        });
        all
    }

    fn pair(name: &str, value: Reading<u64>) -> (String, Reading<u64>) {
        (name.to_owned(), value)
    }

    #[test]
    fn a_name_goes_with_the_number_under_it_and_no_limit_is_no_number() {
        let text = b"Tcp: MaxConn RetransSegs InSegs\nTcp: -1 17\nUdp: InDatagrams\nUdp: 4\n";
        let expected = [
            pair("Tcp.MaxConn", Err(Missing::NotSupported)),
            pair("Tcp.RetransSegs", Ok(17)),
            pair("Tcp.InSegs", Err(Missing::Malformed)),
            pair("Udp.InDatagrams", Ok(4)),
        ];
        assert_eq!(given(pairs, text), expected);
    }

    #[test]
    fn numbers_under_the_names_of_another_protocol_are_not_taken() {
        assert_eq!(given(pairs, b"Tcp: InSegs\nUdp: 4\nTcp: InSegs\n"), []);
    }

    #[test]
    fn what_is_in_use_is_named_by_protocol_and_word() {
        let expected = [
            pair("TCP.inuse", Ok(4)),
            pair("TCP.tw", Ok(9)),
            pair("UDP.mem", Err(Missing::NotSupported)),
        ];
        assert_eq!(given(in_use, b"TCP: inuse 4 tw 9\nUDP: mem\n"), expected);
    }

    #[test]
    fn the_cpus_are_added_up_and_a_damaged_one_leaves_no_sum() {
        let text = b"0000000a 00000001 00000000 0\n00000010 000000ff zz 0\n";
        let expected = [
            pair("processed", Ok(26)),
            pair("dropped", Ok(256)),
            pair("time_squeeze", Err(Missing::Malformed)),
        ];
        assert_eq!(given(softnet, text), expected);
    }
}
