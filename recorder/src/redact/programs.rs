//! Secrets that are one only to the program that gets them: `mysql -p…`, `curl -u user:…`.

use super::line::{Line, Secrets, Word, is_separator, without_quotes};
use super::rules::ProgramRule;
use std::collections::HashMap;
use std::ops::Range;

/// The rules of all programs, by name.
#[derive(Debug)]
pub(super) struct Programs {
    name_follows: Vec<String>,
    rules: Vec<ProgramRule>,
    by_name: HashMap<String, Vec<usize>>,
}

impl Programs {
    pub(super) fn new(name_follows: Vec<String>, rules: Vec<ProgramRule>) -> Self {
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (number, rule) in rules.iter().enumerate() {
            for name in &rule.names {
                by_name.entry(name.clone()).or_default().push(number);
            }
        }
        Self {
            name_follows,
            rules,
            by_name,
        }
    }

    /// The rules of the program that a word names, if it stands where a program can.
    fn named(&self, word: &str, before: &str) -> Option<&[usize]> {
        if word.starts_with('-') {
            return None;
        }
        let name = word.rsplit(BEFORE_A_PROGRAM).next()?;
        let rules = self.by_name.get(name)?;
        (!self.name_follows.iter().any(|option| option == before)).then_some(rules)
    }
}

/// What can stand before the name of a program without a blank: `/usr/bin/mysql`, `cd /x;mysql`.
const BEFORE_A_PROGRAM: [char; 10] = ['/', ';', '|', '&', '(', '`', '=', '"', '\'', '\\'];

/// Flags that make the last word a secret come early; a line of nothing but flags costs no more.
const FLAGS_WITHIN: usize = 8;

/// Finds what the programs on the line take for a secret.
pub(super) fn find(line: &Line, programs: &Programs, secrets: &mut Secrets) {
    let mut rules: &[usize] = &[];
    let mut program = 0;
    let mut before = "";
    for (number, word) in line.words().iter().enumerate() {
        let text = line.word(*word);
        if let Some(named) = programs.named(text, before) {
            (rules, program) = (named, number);
        } else if is_separator(text) {
            rules = &[];
        }
        for rule in rules {
            let place = Place {
                line,
                program,
                number,
                word: *word,
            };
            place.apply(&programs.rules[*rule], secrets);
        }
        before = text;
    }
}

/// A word of a program that has rules.
struct Place<'a> {
    line: &'a Line,
    /// The number of the word that is the program.
    program: usize,
    number: usize,
    word: Word,
}

impl Place<'_> {
    fn apply(&self, rule: &ProgramRule, secrets: &mut Secrets) {
        if let Some(flag) = &rule.last_with {
            self.apply_to_last(flag, secrets);
        }
        if !self.is_behind(rule.subcommand.as_deref()) {
            return;
        }
        for option in &rule.options {
            if let Some(value) = self.value(option, rule) {
                let value = without_quotes(self.line, value);
                secrets.add(self.line, self.behind(rule.after, value));
            }
        }
    }

    /// The value that this word gives to an option, or that stands behind it.
    fn value(&self, option: &str, rule: &ProgramRule) -> Option<Range<usize>> {
        let text = &self.line.text()[self.word.start..self.word.end];
        let separate = || {
            (!rule.attached_only)
                .then(|| self.line.next_value(self.number))
                .flatten()
        };
        let attached = |length: usize| {
            self.line
                .attached_value(self.word.start, self.word.start + length)
        };
        match option.as_bytes() {
            [b'-', letter] if *letter != b'-' && !rule.separate_only => {
                let length = cluster_length(text, *letter, &rule.flags)?;
                if length < text.len() {
                    Some(attached(length))
                } else {
                    separate()
                }
            }
            _ if self.line.word(self.word) == option => {
                // A plain word such as `login` is followed by its options as well.
                let is_option = |value: &Range<usize>| self.line.byte(value.start) == b'-';
                separate().filter(|value| option.starts_with('-') || !is_option(value))
            }
            _ => text
                .strip_prefix(option)?
                .starts_with('=')
                .then(|| attached(option.len() + 1)),
        }
    }

    /// What of a value stands behind the character; nothing when it has none.
    fn behind(&self, character: Option<char>, value: Range<usize>) -> Range<usize> {
        let Some(character) = character else {
            return value;
        };
        let found = self.line.text()[value.clone()].find(character);
        found.map_or(0..0, |at| {
            value.start + at + character.len_utf8()..value.end
        })
    }

    fn is_behind(&self, subcommand: Option<&str>) -> bool {
        let between = &self.line.words()[self.program..self.number];
        subcommand.is_none_or(|wanted| between.iter().any(|word| self.line.word(*word) == wanted))
    }

    fn apply_to_last(&self, flag: &str, secrets: &mut Secrets) {
        let text = self.line.word(self.word);
        let given = if flag.is_empty() {
            self.number == self.program
        } else if self.number > self.program + FLAGS_WITHIN {
            false
        } else {
            text.strip_prefix('-')
                .is_some_and(|letters| letters.contains(flag))
        };
        let last = given
            .then(|| self.line.last_word_of_command(self.number))
            .flatten();
        if let Some((number, value)) = last
            && number >= self.program + 2
        {
            secrets.add(self.line, value);
        }
    }
}

/// How long the part of `-xw…` is that ends with the letter, when only flags stand before it.
fn cluster_length(text: &str, letter: u8, flags: &str) -> Option<usize> {
    let letters = text.strip_prefix('-')?;
    let before = letters.bytes().position(|byte| byte == letter)?;
    let only_flags = letters[..before]
        .bytes()
        .all(|byte| flags.as_bytes().contains(&byte));
    only_flags.then_some(before + 2)
}
