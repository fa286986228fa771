//! Names out of a capture, made safe to show.
//!
//! Whoever may start a process may name it. Control characters would break a line in two, and
//! bidirectional or invisible ones would let one name look like another; all are shown as their
//! code instead.

use std::borrow::Cow;

/// The longest name that is laid out; a hostile one may have megabytes.
const LONGEST: usize = 4096;

/// The text with everything that is not what it looks like written as its code: `\u{202e}`.
pub fn escaped(text: &str) -> Cow<'_, str> {
    let (text, is_cut) = match text.char_indices().nth(LONGEST) {
        Some((end, _)) => (&text[..end], true),
        None => (text, false),
    };
    if !is_cut && !text.chars().any(is_deceptive) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if is_deceptive(letter) {
            safe.extend(letter.escape_default());
        } else {
            safe.push(letter);
        }
    }
    if is_cut {
        safe.push('…');
    }
    Cow::Owned(safe)
}

/// Whether a character does something else than appear.
fn is_deceptive(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_name_is_left_as_it_is() {
        assert!(matches!(escaped("nginx: worker 한글 ü"), Cow::Borrowed(_)));
    }

    #[test]
    fn control_and_direction_characters_are_shown_as_codes() {
        assert_eq!(escaped("a\x1b[2Jb\n"), "a\\u{1b}[2Jb\\n");
        assert_eq!(escaped("exe\u{202e}gpj"), "exe\\u{202e}gpj");
        assert_eq!(escaped("a\u{200b}b"), "a\\u{200b}b");
    }

    #[test]
    fn a_name_of_megabytes_is_cut_and_shows_it() {
        let shown = escaped(&"ü".repeat(1_000_000)).into_owned();
        assert_eq!(shown.chars().count(), LONGEST + 1);
        assert!(shown.ends_with('…'));
    }
}
