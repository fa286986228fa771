//! Dumps as logs have them: behind prefixes, wrapped up, mixed with other dumps.

use super::bytes;
use crate::dumps::model::{Dump, Thread};
use crate::dumps::plain::originals;
use crate::dumps::{read, read_bytes};

/// One of each form.
const FORMS: [&str; 8] = [
    "hotspot17-1.txt",
    "lab25.plain",
    "lab25.json",
    "go-debug2.txt",
    "go-dying.txt",
    "pyspy.txt",
    "pyspy.json",
    "eu.txt",
];

fn text(name: &str) -> String {
    String::from_utf8(bytes(name)).unwrap()
}

/// What a dump says, wherever it stands.
fn said(dump: &Dump) -> Dump {
    let placeless = |thread: &Thread| Thread {
        place: 0..0,
        ..thread.clone()
    };
    Dump {
        threads: dump.threads.iter().map(placeless).collect(),
        place: 0..0,
        gaps: Vec::new(),
        ..dump.clone()
    }
}

/// The one dump in it.
#[track_caller]
fn only(bytes: &[u8], what: &str) -> Dump {
    let (_, found) = read_bytes(bytes);
    assert_eq!(found.dumps.len(), 1, "{what}");
    said(&found.dumps[0])
}

fn prefixed(text: &str, prefix: impl Fn(usize) -> String) -> String {
    let mut log = String::new();
    for (number, line) in text.lines().enumerate() {
        log.extend([&prefix(number), line, "\n"]);
    }
    log
}

#[test]
fn every_form_is_read_behind_every_prefix() {
    let prefixes: [fn(usize) -> String; 6] = [
        |number| format!("Nov {:>2} 08:12:17 web-1 java[4711]: ", 9 + number / 20),
        |number| {
            let months = ["Nov 30 23:59:59", "Dec  1 00:00:00"];
            format!("{} web-1 java[4711]: ", months[usize::from(number > 30)])
        },
        |number| format!("2026-11-22T08:12:17.{number:09}Z stdout F "),
        |_| "web_1  | ".to_owned(),
        |_| "\u{1b}[36mweb_1  |\u{1b}[0m ".to_owned(),
        |number| format!("app.log:{}:", number + 1),
    ];
    for name in FORMS {
        let one = text(name);
        let bare = only(one.as_bytes(), name);
        for prefix in prefixes {
            let what = format!("{name} behind {}", prefix(0));
            let log = prefixed(&one, prefix);
            let log = format!("other line\n{log}other: x\n");
            assert_eq!(only(log.as_bytes(), &what).threads, bare.threads, "{what}");
            let of_log = only(log.as_bytes(), &what);
            assert_eq!((of_log.at, of_log.pid), (bare.at, bare.pid), "{what}");
            assert_eq!(of_log.is_truncated, bare.is_truncated, "{what}");
        }
    }
}

#[test]
fn every_form_is_read_however_it_was_wrapped_up() {
    for name in FORMS {
        let one = text(name);
        let bare = only(one.as_bytes(), name);
        let objects = |key: &str, end: &str| -> String {
            let object = |line| {
                let said = serde_json::to_string(&format!("{line}{end}")).unwrap();
                format!("{{\"{key}\":{said},\"_PID\":\"7\",\"stream\":\"stdout\"}}")
            };
            let objects: Vec<String> = one.lines().map(object).collect();
            objects.join(
                "
",
            )
        };
        let units: Vec<u16> = std::iter::once(0xfeff).chain(one.encode_utf16()).collect();
        let wide = |bytes: fn(u16) -> [u8; 2]| units.iter().flat_map(|unit| bytes(*unit)).collect();
        let rsyslog = prefixed(&one, |_| "Nov 22 08:12:17 web java[7]: ".to_owned());
        let whole = serde_json::json!({"message": one}).to_string();
        let wrapped: [(&str, Vec<u8>); 8] = [
            ("docker", objects("log", "\n").into()),
            ("journald", objects("MESSAGE", "").into()),
            ("one object", whole.into()),
            ("UTF-16LE", wide(u16::to_le_bytes)),
            ("UTF-16BE", wide(u16::to_be_bytes)),
            ("rsyslog", rsyslog.replace('\t', "#011").into()),
            ("colours", one.replace('\n', "\u{1b}[0m\n").into()),
            ("CRLF", one.replace('\n', "\r\n").into()),
        ];
        for (how, bytes) in wrapped {
            let what = format!("{name}: {how}");
            let mut dump = only(&bytes, &what);
            dump.unknown.first.clear();
            let mut bare = bare.clone();
            bare.unknown.first.clear();
            assert_eq!(dump, bare, "{what}");
        }
    }
}

/// The lines of both, one by one in turn.
fn in_turn(one: &str, other: &str) -> String {
    let (mut one, mut other) = (one.lines(), other.lines());
    let mut text = String::new();
    loop {
        let next = [one.next(), other.next()];
        if next == [None, None] {
            return text;
        }
        for line in next.into_iter().flatten() {
            text.push_str(line);
            text.push('\n');
        }
    }
}

#[test]
fn dumps_whose_lines_are_mixed_come_apart() {
    let pairs = [
        ("hotspot17-1.txt", "hotspot17-3.txt"),
        ("hotspot17-3.txt", "go-debug2.txt"),
        ("pyspy.txt", "lab25.json"),
        ("lab25.plain", "eu.txt"),
    ];
    for (one, other) in pairs {
        let both = [text(one), text(other)];
        let bare = both.each_ref().map(|text| only(text.as_bytes(), one));
        for [first, second] in [["web_1 | ", "app_1 | "], ["x java[7]: ", "x java[8]: "]] {
            let log = in_turn(
                &prefixed(&both[0], |_| first.to_owned()),
                &prefixed(&both[1], |_| second.to_owned()),
            );
            let (text, found) = read_bytes(log.as_bytes());
            assert_eq!(found.dumps.len(), 2, "{one} {other} {first}");
            assert_eq!(found.other_lines, 0, "{one} {other} {first}");
            let parts = originals(log.as_bytes(), &text, &found.dumps);
            for ((dump, bare), part) in found.dumps.iter().zip(&bare).zip(parts) {
                assert_eq!((&dump.at, dump.pid), (&bare.at, bare.pid), "{one} {other}");
                assert_eq!(said(dump).threads, bare.threads, "{one} {other}");
                // What is kept of it is it alone.
                assert_eq!(only(&part, one).threads, bare.threads, "{one} {other}");
            }
        }
    }
}

#[test]
fn a_line_between_the_time_and_the_dump_takes_no_time_away() {
    let one = text("hotspot17-1.txt");
    let bare = only(one.as_bytes(), "bare");
    let log = one.replacen('\n', "\n12:00:01 INFO a request\n", 1);
    let found = read(&log);
    assert_eq!((found.dumps.len(), found.other_lines), (1, 1));
    assert_eq!(found.dumps[0].at, bare.at);
    assert!(bare.at.is_some());
    // A time that stands further up is another's.
    let log = one.replacen('\n', &"\nINFO a request".repeat(9), 1);
    assert_eq!(
        read(&log.replacen("request", "request\n", 9)).dumps[0].at,
        None
    );
}

#[test]
fn dumps_of_json_stand_after_each_other_and_in_logs() {
    for name in ["lab25.json", "pyspy.json"] {
        let one = text(name);
        let bare = only(one.as_bytes(), name).threads;
        for log in [
            format!("{one}{one}"),
            format!("{one}\n\n{one}"),
            format!("INFO [x] {{\n{one}\nINFO y\n{one}\nINFO z {{}}\n"),
        ] {
            let found = read(&log);
            assert_eq!(found.dumps.len(), 2, "{name}");
            for dump in &found.dumps {
                assert_eq!(said(dump).threads, bare, "{name}");
                assert!(!dump.is_truncated, "{name}");
                assert_eq!(log[dump.place.clone()].trim(), one.trim(), "{name}");
            }
        }
        // Whatever cuts it off.
        let half = &one[..one.floor_char_boundary(one.len() / 2)];
        for after in ["", "\nINFO the next line\n{}\n"] {
            let found = read(&format!("{half}{after}"));
            assert_eq!(found.dumps.len(), 1, "{name}");
            let dump = &found.dumps[0];
            assert!(dump.is_truncated && !dump.threads.is_empty(), "{name}");
            assert!(dump.threads.len() < bare.len(), "{name}");
        }
    }
}

#[test]
fn what_is_kept_of_a_dump_is_what_was_given() {
    let one = text("lab25.txt");
    let line = |line: &str| format!("{{\"log\":{}}}\n", serde_json::json!(format!("{line}\n")));
    let lines: Vec<String> = one.lines().map(line).collect();
    let log = lines.concat();
    let all = format!("{}{log}", line("other"));
    let (text, found) = read_bytes(all.as_bytes());
    let parts = originals(all.as_bytes(), &text, &found.dumps);
    assert_eq!(
        String::from_utf8_lossy(&parts[0]).trim_end(),
        log.trim_end()
    );
    // Of what has no lines of its own the text is kept.
    let all = serde_json::json!({"message": format!("other\n{one}")}).to_string();
    let (text, found) = read_bytes(all.as_bytes());
    let parts = originals(all.as_bytes(), &text, &found.dumps);
    assert_eq!(
        String::from_utf8_lossy(&parts[0]).trim_end(),
        one.trim_end()
    );
}
