//! Takes secrets out of a command line before it is stored.
//!
//! A command line comes in as the kernel has it (`/proc/PID/cmdline`, arguments that end in NUL)
//! and goes out as `ps` shows it, arguments joined by a blank, each secret replaced by
//! `<redacted>`. What a secret is, `data/redact.toml` says. This is the only way a command line
//! gets into a capture, so there is one place to look when one leaked.
//!
//! It works on bytes, and no byte is changed but those of a secret: a name that is not UTF-8
//! hides nothing behind it. A secret that has neither a name, a program nor a known form beside
//! it (`myprog hunter2`) is not found; where that matters, `--args none` is there.

mod address;
mod keys;
mod line;
mod programs;
mod rules;

use line::{Line, Secrets};
use rules::Rules;
use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

/// How much of a command line is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum ArgsLevel {
    /// Everything, secrets too.
    Full,
    /// Everything but what looks like a secret.
    #[default]
    Redact,
    /// Only the first word, which is the program.
    None,
}

/// A text that is no [`ArgsLevel`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not one of full, redact, none")]
pub struct UnknownArgsLevel;

impl FromStr for ArgsLevel {
    type Err = UnknownArgsLevel;

    fn from_str(text: &str) -> Result<Self, UnknownArgsLevel> {
        match text {
            "full" => Ok(Self::Full),
            "redact" => Ok(Self::Redact),
            "none" => Ok(Self::None),
            _ => Err(UnknownArgsLevel),
        }
    }
}

impl Display for ArgsLevel {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "full",
            Self::Redact => "redact",
            Self::None => "none",
        })
    }
}

/// More of a command line is neither looked at nor stored.
const LONGEST: usize = 4 * 1024;

/// What stands in the place of a secret.
const REDACTED: &[u8] = b"<redacted>";

/// The rules of `data/redact.toml`, ready for use.
#[derive(Debug)]
pub struct Redactor {
    rules: Rules,
}

impl Redactor {
    /// The rules this recorder was built with. Making them costs far more than using them: do it once.
    ///
    /// # Panics
    ///
    /// Never: the tests of this recorder ran with the same rules.
    pub fn embedded() -> Self {
        let rules = Rules::parse(include_str!("../data/redact.toml"));
        Self {
            rules: rules.expect("the tests ran with the same rules"),
        }
    }

    /// What is stored of the contents of `/proc/PID/cmdline`.
    ///
    /// A single argument with blanks, as left by a process that rewrote its title, is taken apart
    /// at the blanks. At most 4 KiB are looked at. The answer can be longer than what came in,
    /// but not more than six times.
    pub fn command_line(&self, level: ArgsLevel, cmdline: &[u8]) -> Vec<u8> {
        let cmdline = &cmdline[..cmdline.len().min(LONGEST)];
        match level {
            ArgsLevel::Full => joined(without_end(cmdline), &[]),
            ArgsLevel::Redact => self.redacted(without_end(cmdline)),
            // A title may hold anything behind the first blank, so a path with a blank is cut too.
            ArgsLevel::None => {
                let end_of_word = |byte: &u8| *byte == 0 || byte.is_ascii_whitespace();
                self.redacted(cmdline.split(end_of_word).next().unwrap_or_default())
            }
        }
    }

    fn redacted(&self, cmdline: &[u8]) -> Vec<u8> {
        let line = Line::new(cmdline);
        let hits = self.rules.hits(line.folded());
        let mut secrets = Secrets::default();
        programs::find(&line, &self.rules.programs, &mut secrets);
        if !hits.is_empty() {
            keys::find(&line, &self.rules.keys, &hits.keys, &mut secrets);
            address::find(&line, &hits.addresses, &mut secrets);
            for pattern in &hits.patterns {
                self.rules.patterns[*pattern].find(&line, &mut secrets);
            }
        }
        joined(cmdline, &secrets.into_ranges())
    }
}

/// Without the NUL that ends the last argument, and those a rewritten title leaves behind it.
fn without_end(cmdline: &[u8]) -> &[u8] {
    let end = cmdline
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    &cmdline[..end]
}

/// The arguments with blanks between them, `secrets` replaced.
fn joined(cmdline: &[u8], secrets: &[(usize, usize)]) -> Vec<u8> {
    let mut text = Vec::with_capacity(cmdline.len() + secrets.len() * REDACTED.len());
    let mut copied = 0;
    for (start, end) in secrets {
        text.extend_from_slice(&cmdline[copied..*start]);
        text.extend_from_slice(REDACTED);
        copied = *end;
    }
    text.extend_from_slice(&cmdline[copied..]);
    for byte in text.iter_mut().filter(|byte| **byte == 0) {
        *byte = b' ';
    }
    text
}

#[cfg(test)]
mod tests;
