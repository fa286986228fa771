//! What to record and how: from the command line, else from a file, else by default.
//!
//! The file is TOML with the names of the command line's options:
//! ```toml
//! output = "/var/lib/afterimage/web-1.afterimage"
//! interval = "1s"
//! max-size = "2GiB"
//! retain = "14d"
//! budget-cpu = "2%"
//! sync = "10s"
//! args = "redact"
//! memory = "16MiB"
//! fallback = "/run/afterimage"
//! threads-of = ["postgres", "4711"]
//! thread-dumps = true
//! sigquit = "once"
//! sigquit-after = "60s"
//! ```
//! SIGHUP reads it again: `max-size`, `retain`, `budget-cpu`, `sync` and `args` change with the
//! next tick; `interval`, `output`, `memory`, `fallback`, `threads-of`, `thread-dumps`, `sigquit`,
//! `sigquit-after`, `proc-root` and `socket` with the next start.

use crate::dumps;
use crate::redact::ArgsLevel;
use afterimage_analysis::amount::{HumanBytes, HumanDuration, Percent};
use afterimage_format::capture::writer::{Options, Sync};
use anyhow::{Context as _, bail};
use serde::Deserialize;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

/// Nobody younger is sent SIGQUIT: a virtual machine catches it some 30 ms after its start, on a
/// host that is not busy.
const LEAST_AGE: Duration = Duration::from_secs(2);

/// What can be said in the file, and on the command line with `--`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Config {
    pub(crate) output: Option<PathBuf>,
    pub(crate) interval: Option<String>,
    pub(crate) max_size: Option<String>,
    pub(crate) retain: Option<String>,
    pub(crate) budget_cpu: Option<String>,
    pub(crate) sync: Option<String>,
    pub(crate) args: Option<String>,
    pub(crate) memory: Option<String>,
    pub(crate) fallback: Option<PathBuf>,
    pub(crate) threads_of: Option<Vec<String>>,
    pub(crate) thread_dumps: Option<bool>,
    pub(crate) sigquit: Option<String>,
    pub(crate) sigquit_after: Option<String>,
    pub(crate) proc_root: Option<PathBuf>,
    pub(crate) socket: Option<PathBuf>,
}

/// What may change while it records.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tunable {
    pub(crate) options: Options,
    pub(crate) budget_percent: f64,
    pub(crate) args: ArgsLevel,
}

impl Config {
    /// Reads a file.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the configuration {}", path.display()))?;
        toml::from_str(&text)
            .with_context(|| format!("the configuration {} is not understood", path.display()))
    }

    /// This one where it says something, else the other.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            output: self.output.or(other.output),
            interval: self.interval.or(other.interval),
            max_size: self.max_size.or(other.max_size),
            retain: self.retain.or(other.retain),
            budget_cpu: self.budget_cpu.or(other.budget_cpu),
            sync: self.sync.or(other.sync),
            args: self.args.or(other.args),
            memory: self.memory.or(other.memory),
            fallback: self.fallback.or(other.fallback),
            threads_of: self.threads_of.or(other.threads_of),
            thread_dumps: self.thread_dumps.or(other.thread_dumps),
            sigquit: self.sigquit.or(other.sigquit),
            sigquit_after: self.sigquit_after.or(other.sigquit_after),
            proc_root: self.proc_root.or(other.proc_root),
            socket: self.socket.or(other.socket),
        }
    }

    /// The time between ticks.
    pub(crate) fn interval(&self) -> anyhow::Result<Duration> {
        let HumanDuration(interval) = value("interval", self.interval.as_deref(), "1s")?;
        if !(Duration::from_millis(10)..=Duration::from_hours(1)).contains(&interval) {
            bail!("interval: it must be between 10ms and 1h");
        }
        Ok(interval)
    }

    /// The memory for ticks that cannot be written yet.
    pub(crate) fn memory(&self) -> anyhow::Result<usize> {
        let HumanBytes(memory) = value("memory", self.memory.as_deref(), "16MiB")?;
        match usize::try_from(memory.0) {
            Ok(memory) if memory >= 256 << 10 => Ok(memory),
            _ => bail!("memory: less than 256KiB holds no outage"),
        }
    }

    /// How thread dumps are taken.
    pub(crate) fn dumps(&self) -> anyhow::Result<dumps::Settings> {
        let after = self.sigquit_after.as_deref();
        let HumanDuration(least_age) = value("sigquit-after", after, "60s")?;
        if least_age < LEAST_AGE {
            bail!("sigquit-after: in its first {LEAST_AGE:?} SIGQUIT may end a virtual machine");
        }
        let may_signal = match self.sigquit.as_deref().unwrap_or("once") {
            "once" => true,
            "never" => false,
            other => bail!("sigquit: {other:?} is none of once, never"),
        };
        Ok(dumps::Settings {
            is_on: self.thread_dumps.unwrap_or(false),
            least_age,
            may_signal,
        })
    }

    /// What may change while it records.
    pub(crate) fn tunable(&self) -> anyhow::Result<Tunable> {
        let HumanBytes(max_size) = value("max-size", self.max_size.as_deref(), "1GiB")?;
        if max_size.0 < 1 << 20 {
            bail!("max-size: less than 1MiB holds no history");
        }
        let HumanDuration(retain) = value("retain", self.retain.as_deref(), "7d")?;
        let Percent(budget_percent) = value("budget-cpu", self.budget_cpu.as_deref(), "3%")?;
        if !(budget_percent > 0.0 && budget_percent <= 100.0) {
            bail!("budget-cpu: it must be over 0 and at most 100");
        }
        let sync = match self.sync.as_deref().unwrap_or("tick") {
            "tick" => Sync::Tick,
            "10s" => Sync::TenSeconds,
            "off" => Sync::Off,
            other => bail!("sync: {other:?} is none of tick, 10s, off"),
        };
        let options = Options {
            sync,
            max_bytes: max_size.0,
            retain,
        };
        Ok(Tunable {
            options,
            budget_percent,
            args: value("args", self.args.as_deref(), "redact")?,
        })
    }
}

fn value<T: FromStr<Err: Display>>(
    name: &str,
    given: Option<&str>,
    default: &str,
) -> anyhow::Result<T> {
    let text = given.unwrap_or(default);
    text.parse()
        .map_err(|error| anyhow::anyhow!("{name}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_goes_before_the_file_and_the_file_before_the_defaults() {
        let file: Config = toml::from_str("interval = \"5s\"\nmax-size = \"2GiB\"\n").unwrap();
        let line = Config {
            interval: Some("2s".to_owned()),
            ..Config::default()
        };
        let both = line.or(file);
        assert_eq!(both.interval().unwrap(), Duration::from_secs(2));
        let tunable = both.tunable().unwrap();
        assert_eq!(tunable.options.max_bytes, 2 << 30);
        assert_eq!(tunable.options.retain, Duration::from_hours(7 * 24));
    }

    #[test]
    fn a_name_that_is_not_known_is_an_error_and_so_is_a_value() {
        assert!(toml::from_str::<Config>("intervall = \"5s\"").is_err());
        let wrong = |config: Config| config.tunable().unwrap_err().to_string();
        let size = Config {
            max_size: Some("many".to_owned()),
            ..Config::default()
        };
        assert!(wrong(size).starts_with("max-size: "));
        let sync = Config {
            sync: Some("now".to_owned()),
            ..Config::default()
        };
        assert_eq!(wrong(sync), "sync: \"now\" is none of tick, 10s, off");
        let interval = Config {
            interval: Some("0s".to_owned()),
            ..Config::default()
        };
        assert!(interval.interval().is_err());
    }
}
