//! SIGHUP reads the configuration again: what may change while it records changes with the next
//! tick, and what may not is said. Nothing about it ends a recording.

use super::Settings;
use crate::config::{Config, Tunable};
use crate::redact::ArgsLevel;
use afterimage_analysis::amount::{HumanBytes, HumanDuration};
use afterimage_format::units::Bytes;
use std::path::PathBuf;

/// New settings.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) tunable: Tunable,
    /// The most that was stored of command lines in this run so far.
    pub(super) most_args: ArgsLevel,
    /// What is different, in words; empty if nothing is.
    pub(super) words: String,
}

/// What was read last.
#[derive(Debug)]
pub(super) struct Reload {
    line: Config,
    file: Option<PathBuf>,
    /// As it was when the run began.
    first: Config,
    now: Tunable,
    most_args: ArgsLevel,
}

impl Reload {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            line: settings.line.clone(),
            file: settings.config_file.clone(),
            first: settings.config.clone(),
            now: settings.tunable,
            most_args: settings.tunable.args,
        }
    }

    /// What the configuration says now, and a line about it. One that cannot be read or is not
    /// understood changes nothing.
    pub(super) fn again(&mut self) -> (Option<Change>, String) {
        let Some(file) = &self.file else {
            let line = "SIGHUP: there is no --config to read again; recording goes on";
            return (None, line.to_owned());
        };
        let read = Config::read(file)
            .map(|read| self.line.clone().or(read))
            .and_then(|config| Ok((config.tunable()?, fixed(&self.first, &config)?)));
        let (tunable, fixed) = match read {
            Ok(read) => read,
            Err(error) => {
                return (None, format!("{error:#}; the settings stay as they are"));
            }
        };
        let changes = changes(&self.now, &tunable);
        let words = changes.join(", ");
        let mut line = format!("read {} again: ", file.display());
        line += if changes.is_empty() {
            "nothing that can change now has changed"
        } else {
            &words
        };
        if !fixed.is_empty() {
            line += "; until the next start stays as it is: ";
            line += &fixed.join(", ");
        }
        self.now = tunable;
        self.most_args = self.most_args.min(tunable.args);
        let most_args = self.most_args;
        let change = Change {
            tunable,
            most_args,
            words,
        };
        (Some(change), line)
    }
}

/// What may change while it records, and has.
fn changes(before: &Tunable, now: &Tunable) -> Vec<String> {
    let values = |tunable: &Tunable| {
        let options = &tunable.options;
        [
            ("max-size", HumanBytes(Bytes(options.max_bytes)).to_string()),
            ("retain", HumanDuration(options.retain).to_string()),
            ("budget-cpu", format!("{} %", tunable.budget_percent)),
            ("sync", options.sync.name().to_owned()),
            ("args", tunable.args.to_string()),
        ]
    };
    let pairs = values(before).into_iter().zip(values(now));
    let changed = pairs.filter(|(before, now)| before != now);
    changed
        .map(|(_, (name, value))| format!("{name} is now {value}"))
        .collect()
}

/// What differs from the beginning of the run and may not change while it records.
fn fixed(first: &Config, now: &Config) -> anyhow::Result<Vec<&'static str>> {
    let differs = [
        ("interval", first.interval()? != now.interval()?),
        ("output", first.output != now.output),
        ("memory", first.memory()? != now.memory()?),
        ("fallback", first.fallback != now.fallback),
        ("threads-of", first.threads_of != now.threads_of),
        ("thread-dumps", first.thread_dumps != now.thread_dumps),
        ("sigquit", first.sigquit != now.sigquit),
        ("sigquit-after", first.sigquit_after != now.sigquit_after),
        ("proc-root", first.proc_root != now.proc_root),
        ("socket", first.socket != now.socket),
    ];
    let names = differs.into_iter().filter(|(_, differs)| *differs);
    Ok(names.map(|(name, _)| name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reload(text: &str) -> (tempfile::TempDir, PathBuf, Reload) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("afterimage.toml");
        std::fs::write(&file, text).unwrap();
        let first = Config::read(&file).unwrap();
        let now = first.tunable().unwrap();
        let reload = Reload {
            line: Config::default(),
            file: Some(file.clone()),
            first,
            now,
            most_args: now.args,
        };
        (folder, file, reload)
    }

    #[test]
    fn what_may_change_does_and_what_may_not_is_named() {
        let (_folder, file, mut reload) = reload("interval = \"1s\"\nargs = \"full\"");
        let text = "interval = \"5s\"\nargs = \"none\"\nmax-size = \"8MiB\"\nsync = \"off\"";
        std::fs::write(&file, text).unwrap();
        let (change, line) = reload.again();
        let change = change.unwrap();
        assert_eq!(
            change.words,
            "max-size is now 8.0 MiB, sync is now off, args is now none"
        );
        assert!(line.ends_with("; until the next start stays as it is: interval"));
        assert_eq!(
            (change.tunable.args, change.most_args),
            (ArgsLevel::None, ArgsLevel::Full)
        );
        let (change, line) = reload.again();
        assert_eq!(change.unwrap().words, "");
        assert!(line.contains("nothing that can change now has changed"));
    }

    #[test]
    fn a_configuration_that_is_broken_or_gone_changes_nothing() {
        let (_folder, file, mut reload) = reload("args = \"full\"");
        for text in [
            "args = ",
            "nonsense = 1",
            "args = \"some\"",
            "interval = \"0s\"",
        ] {
            std::fs::write(&file, text).unwrap();
            let (change, line) = reload.again();
            assert!(change.is_none(), "{text}");
            assert!(line.ends_with("the settings stay as they are"), "{line}");
        }
        std::fs::remove_file(&file).unwrap();
        assert!(reload.again().0.is_none());
        reload.file = None;
        assert!(reload.again().1.contains("recording goes on"));
    }
}
