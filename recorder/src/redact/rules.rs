//! `data/redact.toml` as rules, and the quick look that most command lines never get past.
//!
//! Every rule names literals without which it cannot apply. One pass over a line finds them all;
//! a regular expression is tried only where one of its own was found.

use super::line::{Line, Secrets, folded};
use super::programs::Programs;
use regex_lite::Regex;
use serde::Deserialize;

/// All rules.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) keys: Keys,
    pub(super) programs: Programs,
    pub(super) patterns: Vec<Pattern>,
    literals: Literals,
}

/// Why a rule file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum RulesError {
    #[error("the rules are not in the form described at their top")]
    Form(#[from] toml::de::Error),
    #[error("the regular expression of “{name}” cannot be used")]
    Regex {
        name: String,
        source: regex_lite::Error,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    keys: Keys,
    programs: ProgramsFile,
    patterns: Vec<PatternFile>,
}

/// Names that have secrets for values, folded.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Keys {
    secret: Vec<String>,
    innocent: Vec<String>,
    place: Vec<String>,
    innocent_values: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProgramsFile {
    name_follows: Vec<String>,
    rules: Vec<ProgramRule>,
}

/// What one of several programs does with its arguments; `data/redact.toml` explains each field.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProgramRule {
    pub(super) names: Vec<String>,
    #[serde(default)]
    pub(super) options: Vec<String>,
    #[serde(default)]
    pub(super) attached_only: bool,
    #[serde(default)]
    pub(super) separate_only: bool,
    pub(super) after: Option<char>,
    #[serde(default)]
    pub(super) flags: String,
    pub(super) subcommand: Option<String>,
    pub(super) last_with: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PatternFile {
    name: String,
    literals: Vec<String>,
    regex: String,
}

/// A secret known by its form.
#[derive(Debug)]
pub(super) struct Pattern {
    regex: Regex,
}

impl Rules {
    pub(super) fn parse(text: &str) -> Result<Self, RulesError> {
        let file: File = toml::from_str(text)?;
        let mut literals = Literals::new();
        literals.add("://", Found::Address);
        for glob in &file.keys.secret {
            literals.add(longest_piece(glob), Found::Key);
        }
        let mut patterns = vec![];
        for pattern in file.patterns {
            for literal in &pattern.literals {
                literals.add(literal, Found::Pattern(patterns.len()));
            }
            let name = pattern.name;
            let regex =
                Regex::new(&pattern.regex).map_err(|source| RulesError::Regex { name, source })?;
            patterns.push(Pattern { regex });
        }
        let programs = Programs::new(file.programs.name_follows, file.programs.rules);
        Ok(Self {
            keys: file.keys,
            programs,
            patterns,
            literals,
        })
    }

    /// Where in a folded line which rules may apply.
    pub(super) fn hits(&self, line: &[u8]) -> Hits {
        self.literals.hits(line)
    }
}

impl Keys {
    /// Whether the value of a key is a secret. The key is folded and has no leading `_`.
    pub(super) fn is_secret(&self, key: &[u8], value: &str) -> bool {
        let any = |globs: &[String]| globs.iter().any(|glob| glob_matches(glob.as_bytes(), key));
        let mut innocent_values = self.innocent_values.iter();
        if !any(&self.secret) || any(&self.innocent) {
            false
        } else if value.starts_with('/') {
            !any(&self.place)
        } else {
            !innocent_values.any(|innocent| innocent.eq_ignore_ascii_case(value))
        }
    }
}

impl Pattern {
    pub(super) fn find(&self, line: &Line, secrets: &mut Secrets) {
        for captures in self.regex.captures_iter(line.text()) {
            if let Some(secret) = captures.get(1).or_else(|| captures.get(0)) {
                secrets.add(line, secret.range());
            }
        }
    }
}

/// What the quick look found.
#[derive(Debug, Default)]
pub(super) struct Hits {
    /// Places inside of names that may be keys.
    pub(super) keys: Vec<usize>,
    /// Places of `://`.
    pub(super) addresses: Vec<usize>,
    /// Numbers of patterns to try.
    pub(super) patterns: Vec<usize>,
}

impl Hits {
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.addresses.is_empty() && self.patterns.is_empty()
    }
}

#[derive(Debug, Clone, Copy)]
enum Found {
    Key,
    Address,
    Pattern(usize),
}

/// Literals by their first byte.
#[derive(Debug)]
struct Literals {
    by_first: Vec<Vec<Literal>>,
}

#[derive(Debug)]
struct Literal {
    text: Vec<u8>,
    /// No letter or digit may stand before it.
    starts_a_word: bool,
    found: Found,
}

impl Literal {
    fn is_at(&self, line: &[u8], at: usize) -> bool {
        let before = at.checked_sub(1).map(|before| line[before]);
        line[at..].starts_with(&self.text)
            && !(self.starts_a_word && before.is_some_and(|byte| byte.is_ascii_alphanumeric()))
    }
}

impl Literals {
    fn new() -> Self {
        Self {
            by_first: (0..256).map(|_| vec![]).collect(),
        }
    }

    fn add(&mut self, literal: &str, found: Found) {
        let starts_a_word = literal.starts_with('^');
        let text: Vec<u8> = literal
            .trim_start_matches('^')
            .bytes()
            .map(folded)
            .collect();
        if let Some(first) = text.first() {
            self.by_first[usize::from(*first)].push(Literal {
                text,
                starts_a_word,
                found,
            });
        }
    }

    fn hits(&self, line: &[u8]) -> Hits {
        let mut hits = Hits::default();
        for (at, byte) in line.iter().enumerate() {
            let literals = self.by_first[usize::from(*byte)].iter();
            for literal in literals.filter(|literal| literal.is_at(line, at)) {
                match literal.found {
                    Found::Key => hits.keys.push(at),
                    Found::Address => hits.addresses.push(at),
                    Found::Pattern(number) if hits.patterns.contains(&number) => {}
                    Found::Pattern(number) => hits.patterns.push(number),
                }
            }
        }
        hits
    }
}

/// The longest part of a glob without a `*`: it is in every text that matches.
fn longest_piece(glob: &str) -> &str {
    glob.split('*')
        .max_by_key(|piece| piece.len())
        .unwrap_or_default()
}

/// Whether `*` in the glob can stand for characters that make it the text.
fn glob_matches(glob: &[u8], text: &[u8]) -> bool {
    let (mut g, mut t) = (0, 0);
    // Behind the last `*`, and the text it has not taken yet: it takes one more on a mismatch.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if glob.get(g) == Some(&b'*') {
            star = Some((g + 1, t));
            g += 1;
        } else if glob.get(g) == Some(&text[t]) {
            (g, t) = (g + 1, t + 1);
        } else if let Some((behind, taken)) = star {
            star = Some((behind, taken + 1));
            (g, t) = (behind, taken + 1);
        } else {
            return false;
        }
    }
    glob[g..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (glob, text, expected) in [
            ("*password*", "db_password_2", true),
            ("*password*", "passwor", false),
            ("*pass", "dbpass", true),
            ("*pass", "passes", false),
            ("psk", "psk", true),
            ("psk", "apsk", false),
            ("*max*tokens", "gpt_max_new_tokens", true),
            ("a*b*c", "aXbXbXc", true),
            ("a*b*c", "aXcXb", false),
            ("*", "", true),
        ] {
            assert_eq!(
                glob_matches(glob.as_bytes(), text.as_bytes()),
                expected,
                "{glob} {text}"
            );
        }
    }

    #[test]
    fn a_rule_file_with_a_misspelt_field_is_refused() {
        let text = include_str!("../../data/redact.toml").replace("attached_only", "attached");
        assert!(matches!(Rules::parse(&text), Err(RulesError::Form(_))));
    }

    #[test]
    fn a_regular_expression_that_cannot_be_used_is_named() {
        let text = include_str!("../../data/redact.toml").replace("eyJ[", "eyJ([");
        let error = Rules::parse(&text).unwrap_err().to_string();
        assert_eq!(
            error,
            "the regular expression of “a JSON web token” cannot be used"
        );
    }

    #[test]
    fn every_literal_is_folded_as_the_line_is() {
        let rules = Rules::parse(include_str!("../../data/redact.toml")).unwrap();
        assert_eq!(rules.hits(b"x__api_key_").keys, [3]);
        assert!(rules.hits(b"ls _l /tmp").is_empty());
        assert!(rules.hits(b"task_1 disk_2").is_empty());
        assert_eq!(rules.hits(b"x=sk_1 sk_2").patterns.len(), 1);
    }
}
