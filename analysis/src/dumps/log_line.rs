//! A line of a log as the program wrote it, where what took it down wrapped it up: in an object of
//! JSON (docker, journald, logstash), with `#011` for tabs (rsyslog), with colours.
//!
//! In: a text. Out: the same, line for line, as it was; who wrote a line stands before it where the
//! object tells it, so that lines of several programs come apart.

use serde_json::{Map, Value};
use std::borrow::Cow;

/// Under which of these an object has what the program wrote.
const MESSAGES: [&str; 6] = ["log", "MESSAGE", "message", "msg", "textPayload", "line"];
/// What tells who wrote it.
const WRITERS: [&str; 9] = [
    "_HOSTNAME",
    "SYSLOG_IDENTIFIER",
    "_PID",
    "host",
    "hostname",
    "service",
    "pod",
    "pod_name",
    "container_name",
];
/// A tab, as rsyslog writes it.
const TAB: &str = "#011";
/// What begins a colour.
const ESCAPE: &str = "\u{1b}[";

/// The lines as they were; nothing, where they are so already.
pub(super) fn unwrapped(text: &str) -> Option<String> {
    let has_objects = text.starts_with('{') || text.contains("\n{");
    if !has_objects && !text.contains(TAB) && !text.contains(ESCAPE) {
        return None;
    }
    let mut made: Option<String> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let plain = plain(line);
        match (&mut made, plain) {
            (None, None) => {}
            (Some(made), None) => made.push_str(line),
            (made, Some(plain)) => made
                .get_or_insert_with(|| text[..at].to_owned())
                .push_str(&plain),
        }
        at += line.len();
    }
    made
}

/// One line with its end.
fn plain(line: &str) -> Option<String> {
    let bare = line.strip_suffix('\n').unwrap_or(line);
    let message = message(bare);
    let inner: &str = message.as_deref().unwrap_or(line);
    let without_tabs = tabs(inner);
    let inner = without_tabs.as_deref().unwrap_or(inner);
    let without_colours = colours(inner);
    without_colours.or(without_tabs).or(message)
}

/// What an object of JSON says that a program wrote, with who it was before each line.
fn message(line: &str) -> Option<String> {
    let line = line.trim();
    if !line.starts_with('{') || !line.ends_with('}') {
        return None;
    }
    if !MESSAGES.iter().any(|key| line.contains(key)) {
        return None;
    }
    let object: Map<String, Value> = serde_json::from_str(line).ok()?;
    let said = MESSAGES.iter().find_map(|key| words(object.get(*key)?))?;
    let kubernetes = object.get("kubernetes").and_then(Value::as_object);
    let objects = std::iter::once(&object).chain(kubernetes);
    let writers: Vec<String> = objects
        .flat_map(|object| WRITERS.iter().filter_map(|key| writer(object.get(*key)?)))
        .collect();
    let writer = if writers.is_empty() {
        String::new()
    } else {
        format!("{}: ", writers.join(" "))
    };
    let mut text = String::with_capacity(said.len() + writer.len() + 1);
    // Without its end it is a part of a long line; its rest stands on its own.
    for said in said.strip_suffix('\n').unwrap_or(&said).split('\n') {
        text.push_str(&writer);
        text.push_str(said);
        text.push('\n');
    }
    Some(text)
}

/// A text; journald writes what is not quite one as an array of bytes.
fn words(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(text.into()),
        Value::Array(bytes) => {
            let byte = |byte: &Value| u8::try_from(byte.as_u64()?).ok();
            let bytes: Option<Vec<u8>> = bytes.iter().map(byte).collect();
            Some(String::from_utf8_lossy(&bytes?).into_owned().into())
        }
        _ => None,
    }
}

/// A word; a number in brackets, which is no time.
fn writer(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let is_plain = !text.is_empty() && !text.contains(char::is_control);
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| {
        if is_number {
            format!("[{text}]")
        } else {
            text.to_owned()
        }
    })
}

/// With tabs, where they stand before anything in quotes: names are what they are.
fn tabs(line: &str) -> Option<String> {
    let end = line.find('"').unwrap_or(line.len());
    let (begin, rest) = line.split_at(end);
    let mut made = String::new();
    let mut from = 0;
    for (at, _) in begin.match_indices(TAB) {
        let is_word = begin[from..at].ends_with(char::is_alphanumeric);
        let goes_on = begin[at + TAB.len()..].starts_with(|next: char| next.is_ascii_digit());
        if !is_word && !goes_on {
            made.push_str(&begin[from..at]);
            made.push('\t');
            from = at + TAB.len();
        }
    }
    (from > 0).then(|| made + &begin[from..] + rest)
}

/// Without colours, but for those within a name.
fn colours(line: &str) -> Option<String> {
    let name = line.find('"').zip(line.rfind('"'));
    let (mut made, mut from) = (String::new(), 0);
    for (at, _) in line.match_indices(ESCAPE) {
        let is_in_name = name.is_some_and(|(begin, end)| (begin..end).contains(&at));
        let rest = &line[at + ESCAPE.len()..];
        let numbers = rest
            .bytes()
            .take_while(|byte| byte.is_ascii_digit() || *byte == b';')
            .count();
        let is_colour = matches!(rest.as_bytes().get(numbers), Some(b'm' | b'K'));
        if is_colour && !is_in_name {
            made.push_str(&line[from..at]);
            from = at + ESCAPE.len() + numbers + 1;
        }
    }
    (from > 0).then(|| made + &line[from..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_as_the_program_wrote_it() {
        for (line, expected) in [
            (
                "{\"log\":\"\\tat x\\n\",\"stream\":\"stdout\",\"time\":\"t\"}\n",
                "\tat x\n",
            ),
            (
                "{\"MESSAGE\":\"a\",\"_PID\":\"7\",\"_HOSTNAME\":\"web\"}\n",
                "web [7]: a\n",
            ),
            ("{\"MESSAGE\":[97,9,255]}\n", "a\t\u{fffd}\n"),
            (
                "{\"message\":\"a\\nb\",\"host\":{\"name\":\"x\"}}",
                "a\nb\n",
            ),
            (
                "{\"log\":\"a\\n\",\"kubernetes\":{\"pod_name\":\"web-1\"}}\n",
                "web-1: a\n",
            ),
            ("web java[7]: #011at x\n", "web java[7]: \tat x\n"),
            ("x: #011#011a\n", "x: \t\ta\n"),
            (
                "\u{1b}[36mweb |\u{1b}[0m \tat x\u{1b}[0m\n",
                "web | \tat x\n",
            ),
        ] {
            assert_eq!(plain(line).as_deref(), Some(expected), "{line}");
        }
    }

    #[test]
    fn names_and_other_lines_stay_what_they_are() {
        for line in [
            "\"pool #011\" #11 prio=5\n",
            "\"a\u{1b}[31mb\" #11 prio=5\n",
            "a#011 #0112\n",
            "{\n",
            "{\"threadDump\": {}}\n",
            "{\"message\": 7}\n",
            "\u{1b}[2J\n",
        ] {
            assert_eq!(plain(line), None, "{line}");
        }
        assert_eq!(unwrapped("a\n\u{1b}[0mb\nc").as_deref(), Some("a\nb\nc"));
    }
}
