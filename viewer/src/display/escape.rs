//! Names out of a capture, made safe to show in a label.
//!
//! Whoever may start a process may name it: what would break a line in two or let one name look
//! like another is shown as its code, as in every other output, and a name of megabytes is cut.

use afterimage_analysis::escape::Escaped;

/// The longest name that is laid out; a hostile one may have megabytes.
const LONGEST: usize = 4096;

/// The text with everything that is not what it looks like written as its code: `\u{202e}`.
pub fn escaped(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", Escaped(&text.as_bytes()[..end])),
        None => Escaped(text.as_bytes()).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_direction_characters_are_shown_as_codes() {
        assert_eq!(escaped("a\x1b[2Jb\n"), "a\\x1b[2Jb\\n");
        assert_eq!(escaped("exe\u{202e}gpj 한글"), "exe\\u{202e}gpj 한글");
    }

    #[test]
    fn what_is_escaped_already_stays_as_it_is() {
        let once = escaped("a\x1b\u{202e}\\b");
        assert_eq!(escaped(&once), once);
    }

    #[test]
    fn a_name_of_megabytes_is_cut_and_shows_it() {
        let shown = escaped(&"ü".repeat(1_000_000));
        assert_eq!(shown.chars().count(), LONGEST + 1);
        assert!(shown.ends_with('…'));
    }
}
