//! Secrets that stand behind their name: `--db-password x`, `PGPASSWORD=x`, `"token": "x"`.

use super::line::{Line, Secrets, folded};
use super::rules::Keys;
use std::ops::Range;

/// Finds the values of the keys around the places `hits`, which are in order.
pub(super) fn find(line: &Line, keys: &Keys, hits: &[usize], secrets: &mut Secrets) {
    // What was looked at is not looked at again: many hits in a long value cost no more than one.
    let mut done = 0;
    for hit in hits.iter().copied() {
        if hit < done {
            continue;
        }
        let key = key_around(line, hit);
        done = key.end;
        let Some(value) = assigned(line, &key).or_else(|| behind_option(line, &key)) else {
            continue;
        };
        let name: Vec<u8> = line.text()[key].bytes().map(folded).collect();
        let dashes = name.iter().take_while(|byte| **byte == b'_').count();
        let text = line.text()[value.clone()].trim_matches(['"', '\'']);
        if keys.is_secret(&name[dashes..], text) {
            done = value.end.max(done);
            secrets.add(line, value);
        }
    }
}

/// The whole name that this place is in, with the dashes of an option.
fn key_around(line: &Line, hit: usize) -> Range<usize> {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let bytes = line.text().as_bytes();
    let before = bytes[..hit]
        .iter()
        .rev()
        .take_while(|byte| is_name(byte))
        .count();
    let behind = bytes[hit..].iter().take_while(|byte| is_name(byte)).count();
    hit - before..hit + behind
}

/// The value of `key=value`, `key: value` and their relatives.
fn assigned(line: &Line, key: &Range<usize>) -> Option<Range<usize>> {
    let closed = closing(line, key.end);
    let sign = blanks(line, closed);
    let colon = match line.byte(sign) {
        b'=' => false,
        b':' if line.byte(sign + 1) == b'/' && line.byte(sign + 2) == b'/' => return None,
        b':' => true,
        _ => return None,
    };
    // A part of a path: `/run/secrets/token:ro`, a class path.
    let word_start = line
        .word_at(key.start)
        .map(|number| line.words()[number].start);
    let in_path = key.start > 0 && line.byte(key.start - 1) == b'/';
    let value_is_path = line.byte(sign + 1) == b'/';
    let is_switch = word_start.is_some_and(|start| start + 1 == key.start) && !value_is_path;
    if colon && in_path && !is_switch {
        return None;
    }
    let is_spaced = sign > closed;
    // `:=`, and the `=>` of Perl and Ruby. In `--password=>x` the `>` belongs to the secret.
    let is_double = match line.byte(sign + 1) {
        b'=' => colon,
        b'>' => is_spaced,
        _ => false,
    };
    let behind = sign + 1 + usize::from(is_double);
    let start = if colon || is_spaced {
        blanks(line, behind)
    } else {
        behind
    };
    let end = value_end(line, key, closed > key.end, start);
    (start < end).then_some(start..end)
}

/// Where a value ends, by what stands before its key.
fn value_end(line: &Line, key: &Range<usize>, key_is_quoted: bool, start: usize) -> usize {
    let until = |stop: &[u8]| {
        let bytes = &line.text().as_bytes()[start..line.argument_end(start)];
        let stops = |byte: &u8| stop.contains(byte) || matches!(byte, b' ' | b'"' | b'\'');
        start + bytes.iter().position(stops).unwrap_or(bytes.len())
    };
    if line.is_whole_argument(key.start) {
        return line.argument_end(start);
    }
    if let Some(end) = quoted_end(line, start) {
        return end;
    }
    match key.start.checked_sub(1).map(|before| line.byte(before)) {
        Some(b'?' | b'&') => until(b"&#"),
        Some(b';') => until(b";"),
        Some(b',') if !key_is_quoted => until(b","),
        // The quote encloses key and value: `-H "Authorization: …"` inside a script.
        Some(quote @ (b'"' | b'\'')) if !key_is_quoted => line
            .closing_quote(start, quote)
            .unwrap_or_else(|| line.argument_end(start)),
        _ => line.attached_value(key.start, start).end,
    }
}

/// The end of a value in quotes, when nothing is joined to them.
fn quoted_end(line: &Line, start: usize) -> Option<usize> {
    let open = behind_all(line, start, b'\\');
    let quote = line.byte(open);
    if !matches!(quote, b'"' | b'\'') {
        return None;
    }
    let close = line.closing_quote(open + 1, quote)?;
    let joined = line.byte(close + 1);
    matches!(
        joined,
        0 | b'\n' | b' ' | b',' | b';' | b'}' | b']' | b')' | b'&' | b'"' | b'\''
    )
    .then_some(close + 1)
}

/// The value behind `--key`.
fn behind_option(line: &Line, key: &Range<usize>) -> Option<Range<usize>> {
    let number = line.word_at(key.start)?;
    let word = line.words()[number];
    let is_option = word.start == key.start && line.byte(key.start) == b'-' && key.end == word.end;
    is_option.then(|| line.next_value(number)).flatten()
}

/// Behind what can close a name: quotes, brackets, and both with a `%` in a form that was posted.
fn closing(line: &Line, from: usize) -> usize {
    let mut at = from;
    loop {
        at += match line.byte(at) {
            b'"' | b'\'' | b']' | b'\\' => 1,
            b'%' if matches!(
                (line.byte(at + 1), line.byte(at + 2)),
                (b'5', b'D' | b'd') | (b'2', b'2')
            ) =>
            {
                3
            }
            _ => return at,
        };
    }
}

fn blanks(line: &Line, from: usize) -> usize {
    behind_all(line, from, b' ')
}

/// Behind as many of this byte as there are.
fn behind_all(line: &Line, from: usize, byte: u8) -> usize {
    let mut at = from;
    while line.byte(at) == byte {
        at += 1;
    }
    at
}
