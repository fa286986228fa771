//! The first line of a thread:
//! `"NAME" [#N] [[nid]] [daemon] prio=N os_prio=N [cpu=..ms] [elapsed=..s] [allocated=..K]
//! [defined_classes=N] tid=0x.. [nid=..] STATE TEXT [0xSP]`.
//!
//! A name may hold anything, also what looks like the rest of the line: the last `" ` before a
//! known key ends it.

use std::time::Duration;

/// What the line says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Header<'a> {
    pub(super) name: &'a str,
    pub(super) number: Option<u64>,
    pub(super) os_id: Option<u64>,
    pub(super) is_daemon: bool,
    pub(super) cpu: Option<Duration>,
    pub(super) elapsed: Option<Duration>,
    pub(super) allocated_bytes: Option<u64>,
    pub(super) status: &'a str,
}

/// A whole line.
pub(super) fn parse(line: &str) -> Option<Header<'_>> {
    parse_rest(line.strip_prefix('"')?)
}

/// A line from behind the first quote on, or the last line of a name that goes over several.
pub(super) fn parse_rest(line: &str) -> Option<Header<'_>> {
    let tid = line.rfind(" tid=0x")?;
    let before = line.get(..=tid)?;
    let ends = before.rmatch_indices("\" ");
    let is_end = |rest: &str| {
        let key = rest.trim_start();
        let starts = [
            "daemon ",
            "prio=",
            "os_prio=",
            "cpu=",
            "elapsed=",
            "allocated=",
            "tid=0x",
        ];
        let is_number = |sign| {
            let digits = key.strip_prefix(sign);
            digits.is_some_and(|digits: &str| digits.starts_with(|c: char| c.is_ascii_digit()))
        };
        is_number('#') || is_number('[') || starts.iter().any(|start| key.starts_with(start))
    };
    let mut ends = ends.filter(|(at, _)| line.get(at + 2..).is_some_and(is_end));
    let (at, _) = ends.next()?;
    fields(line.get(..at)?, line.get(at + 2..)?)
}

fn fields<'a>(name: &'a str, mut rest: &'a str) -> Option<Header<'a>> {
    let mut header = Header {
        name,
        number: None,
        os_id: None,
        is_daemon: false,
        cpu: None,
        elapsed: None,
        allocated_bytes: None,
        status: "",
    };
    let mut has_tid = false;
    loop {
        rest = rest.trim_start();
        let (word, behind) = rest.split_once(' ').unwrap_or((rest, ""));
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        match key {
            "nid" => header.os_id = os_id(value).or(header.os_id),
            _ if has_tid => break,
            "tid" => has_tid = true,
            "cpu" => header.cpu = seconds(value.strip_suffix("ms")?, 1e-3),
            "elapsed" => header.elapsed = seconds(value.strip_suffix('s')?, 1.0),
            "allocated" => header.allocated_bytes = bytes(value),
            "daemon" => header.is_daemon = true,
            "prio" | "os_prio" | "defined_classes" => {}
            _ if word.starts_with('#') => header.number = word[1..].parse().ok(),
            _ if word.starts_with('[') => {
                header.os_id = word[1..].trim_end_matches(']').parse().ok();
            }
            _ => return None,
        }
        if behind.is_empty() {
            rest = "";
            break;
        }
        rest = behind;
    }
    let status = rest.rfind('[').map_or(rest, |at| &rest[..at]);
    header.status = status.trim();
    has_tid.then_some(header)
}

/// `0x5517` up to JDK 20, `8333` after it.
fn os_id(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

/// `58.33`, where the host's language has it so also `58,33`.
fn seconds(text: &str, unit: f64) -> Option<Duration> {
    let number: f64 = match text.split_once(',') {
        Some((whole, decimals)) => format!("{whole}.{decimals}").parse().ok()?,
        None => text.parse().ok()?,
    };
    Duration::try_from_secs_f64(number * unit).ok()
}

/// `584B`, `12K`, `3M`, `1G`.
fn bytes(text: &str) -> Option<u64> {
    let unit = text.chars().next_back()?;
    let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
    let scale = match unit {
        'B' => 1,
        'K' => 1 << 10,
        'M' => 1 << 20,
        'G' => 1 << 30,
        _ => return None,
    };
    number.checked_mul(scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_generation_of_the_line_is_read() {
        let eight = parse(
            r#""main" #1 prio=5 os_prio=0 tid=0x00007f0 nid=0x1b03 waiting on condition [0x00007f1]"#,
        );
        let eight = eight.unwrap();
        assert_eq!(
            (eight.name, eight.number, eight.os_id),
            ("main", Some(1), Some(0x1b03))
        );
        assert_eq!(
            (eight.status, eight.cpu, eight.is_daemon),
            ("waiting on condition", None, false)
        );
        let line = r#""a b" #155 daemon prio=5 os_prio=0 cpu=1596.83ms elapsed=5.59s allocated=12K defined_classes=2 tid=0x00007fe6bc2df5a0 nid=0x567c runnable  [0x00007fe621ffd000]"#;
        let eleven = parse(line).unwrap();
        assert_eq!(eleven.cpu, Some(Duration::from_micros(1_596_830)));
        assert_eq!(eleven.elapsed, Some(Duration::from_millis(5590)));
        assert_eq!(
            (eleven.allocated_bytes, eleven.is_daemon),
            (Some(12 << 10), true)
        );
        let carrier = parse(
            r#""w-1" #177 [8333] daemon prio=5 os_prio=0 cpu=2025.64ms elapsed=8.00s tid=0x00007f966c4b7ee0  [0x00007f960a9fd000]"#,
        );
        let carrier = carrier.unwrap();
        assert_eq!((carrier.os_id, carrier.status), (Some(8333), ""));
        let vm =
            parse(r#""GC task thread#0 (ParallelGC)" os_prio=0 tid=0x00007f1 nid=0x3 runnable "#);
        let vm = vm.unwrap();
        assert_eq!(
            (vm.name, vm.number, vm.status),
            ("GC task thread#0 (ParallelGC)", None, "runnable")
        );
    }

    #[test]
    fn a_name_may_look_like_the_rest_of_the_line() {
        let line = r#""we "quote" ümläut #7 prio=9 [x]" #185 [8341] daemon prio=5 os_prio=0 cpu=0.1ms elapsed=7.99s tid=0x1 nid=8341 sleeping  [0x2]"#;
        let header = parse(line).unwrap();
        assert_eq!(header.name, r#"we "quote" ümläut #7 prio=9 [x]"#);
        assert_eq!((header.number, header.os_id), (Some(185), Some(8341)));
        let line = r#""x" #1 prio=5 os_prio=0 tid=0x1 nid=0x2 runnable" #3 prio=5 os_prio=0 tid=0x9 nid=0x4 runnable"#;
        assert_eq!(parse(line).unwrap().number, Some(3));
    }

    #[test]
    fn numbers_may_have_a_comma() {
        let line = r#""x" #3 prio=5 os_prio=0 cpu=58,33ms elapsed=1,5s tid=0x9 nid=0x4 runnable"#;
        let header = parse(line).unwrap();
        assert_eq!(header.cpu, Some(Duration::from_micros(58_330)));
        assert_eq!(header.elapsed, Some(Duration::from_millis(1500)));
    }

    #[test]
    fn what_is_no_header_is_none() {
        for line in [
            "",
            "\"",
            "\"a\"",
            "\"a\":",
            "\"a\" #1 prio=5",
            "\"a\" tid=0x1x nid",
            "a tid=0x1",
            "\"a\" what=1 tid=0x1",
        ] {
            assert_eq!(
                parse(line)
                    .map(|header| header.name)
                    .filter(|name| *name != "a"),
                None,
                "{line}"
            );
        }
        assert_eq!(parse("\"a\" what=1 tid=0x1"), None);
        assert_eq!(parse("\"a\":"), None);
    }
}
