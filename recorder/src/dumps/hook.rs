//! Dumps by a configured command or URL: for what the attach protocol of a virtual machine cannot
//! ask. Which process is meant, what is run for it, and within which limits.
//!
//! ```toml
//! [[dump]]
//! name = "py-spy"
//! match = { comm = "python3*", user = "shop" }
//! command = ["py-spy", "dump", "--json", "--pid", "{pid}"]
//! timeout = "10s"
//! max-bytes = "8MiB"
//! min-interval = "60s"
//!
//! [[dump]]
//! name = "pprof"
//! match = { exe = "/srv/shop/bin/*" }
//! url = "http://127.0.0.1:{port}/debug/pprof/goroutine?debug=2"
//! ```
//! The first one that matches a process is how its dumps are taken, also where it is a virtual
//! machine that could be asked.

mod command;
mod fetch;
mod ports;

use super::life::Life;
use crate::accounts_at::AccountsAt;
use afterimage_analysis::amount::{HumanBytes, HumanDuration};
use afterimage_format::thread_dump::{DumpStatus, MOST_TEXT};
use anyhow::{Context as _, bail, ensure};
pub(crate) use fetch::Url;
use serde::Deserialize;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::time::Duration;

/// Where a command line cannot be read within this, it matches nothing.
const COMMAND_LINE_WITHIN: Duration = Duration::from_secs(1);
/// A name is part of a row's kind.
const MOST_NAME: usize = 32;
/// No hook may take longer: dumps wait for one another.
const MOST_TIME: Duration = Duration::from_mins(5);

/// One as the configuration has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct HookConfig {
    pub(crate) name: String,
    pub(crate) r#match: Matching,
    pub(crate) command: Option<Vec<String>>,
    pub(crate) url: Option<String>,
    pub(crate) timeout: Option<String>,
    pub(crate) max_bytes: Option<String>,
    pub(crate) min_interval: Option<String>,
}

/// Which processes are meant: all that is given must match, `*` standing for anything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Matching {
    /// The name of the process, which the kernel cuts at 15 bytes.
    pub(crate) comm: Option<String>,
    /// The path of the program.
    pub(crate) exe: Option<String>,
    /// The command line, its arguments parted by blanks.
    pub(crate) cmdline: Option<String>,
    /// The user's name, or the uid.
    pub(crate) user: Option<String>,
    /// The path of a cgroup.
    pub(crate) cgroup: Option<String>,
}

/// What is done for a process.
#[derive(Debug, Clone, PartialEq, Eq)]
enum How {
    /// A program is run, without a shell.
    Command(Vec<String>),
    /// A page is fetched, on this host.
    Url(Url),
}

/// One that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hook {
    pub(super) name: String,
    /// Not taken more often of one process, unless somebody asks.
    pub(super) min_interval: Duration,
    matching: Matching,
    how: How,
    timeout: Duration,
    max_bytes: usize,
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Output {
    pub(super) status: DumpStatus,
    pub(super) detail: String,
    /// What was run or fetched.
    pub(super) arguments: String,
    pub(super) text: Option<Vec<u8>>,
    /// CPU time of the program.
    pub(super) cpu: Duration,
}

impl Output {
    /// What became of a text that should be whole and may not be; `why` it is not.
    fn of(text: Vec<u8>, why: Result<(), (DumpStatus, String)>) -> Self {
        let (status, detail) = match why {
            Ok(()) if text.is_empty() => (DumpStatus::Failed, "its answer is empty".to_owned()),
            Ok(()) => (DumpStatus::Ok, String::new()),
            Err((status, why)) if text.is_empty() => (status, why),
            // What came is worth having.
            Err((_, why)) => (DumpStatus::Truncated, why),
        };
        Self {
            status,
            detail,
            arguments: String::new(),
            text: (!text.is_empty()).then_some(text),
            cpu: Duration::ZERO,
        }
    }
}

/// The hooks of a configuration, in its order.
pub(crate) fn all(configured: &[HookConfig]) -> anyhow::Result<Vec<Hook>> {
    let mut hooks: Vec<Hook> = Vec::with_capacity(configured.len());
    for config in configured {
        let name = &config.name;
        let hook = Hook::new(config).with_context(|| format!("[[dump]] {name:?}"))?;
        let is_new = hooks.iter().all(|known| known.name != hook.name);
        ensure!(is_new, "[[dump]] {name:?}: there are two of this name");
        hooks.push(hook);
    }
    Ok(hooks)
}

impl Hook {
    fn new(config: &HookConfig) -> anyhow::Result<Self> {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let name = &config.name;
        ensure!(
            (1..=MOST_NAME).contains(&name.len()) && name.bytes().all(is_letter),
            "name: up to {MOST_NAME} letters, digits, and any of - _ ."
        );
        ensure!(
            config.r#match != Matching::default(),
            "match: say at least one of comm, exe, cmdline, user, cgroup"
        );
        let how = match (&config.command, &config.url) {
            (Some(command), None) => {
                ensure!(
                    command.first().is_some_and(|program| !program.is_empty()),
                    "command: a program, and its arguments"
                );
                command.iter().try_for_each(|part| no_other_words(part))?;
                How::Command(command.clone())
            }
            (None, Some(url)) => {
                no_other_words(url)?;
                How::Url(url.parse()?)
            }
            _ => bail!("either command or url, and not both"),
        };
        let time = |name, given: &Option<String>, usual: &str| {
            let given = given.as_deref().unwrap_or(usual);
            let HumanDuration(time) = given
                .parse()
                .map_err(|error| anyhow::anyhow!("{name}: {error}"))?;
            anyhow::Ok(time)
        };
        let timeout = time("timeout", &config.timeout, "10s")?;
        ensure!(
            !timeout.is_zero() && timeout <= MOST_TIME,
            "timeout: more than nothing, and at most 5m"
        );
        let max_bytes = config.max_bytes.as_deref().unwrap_or("8MiB");
        let HumanBytes(max_bytes) = max_bytes
            .parse()
            .map_err(|error| anyhow::anyhow!("max-bytes: {error}"))?;
        let max_bytes = usize::try_from(max_bytes.0).unwrap_or(usize::MAX);
        ensure!(
            (1..=MOST_TEXT).contains(&max_bytes),
            "max-bytes: at least 1, and at most 16MiB"
        );
        Ok(Self {
            name: name.clone(),
            min_interval: time("min-interval", &config.min_interval, "60s")?,
            matching: config.r#match.clone(),
            how,
            timeout,
            max_bytes,
        })
    }

    /// Whether this process is meant.
    pub(super) fn matches(&self, life: &Life) -> bool {
        let Matching {
            comm,
            exe,
            cmdline,
            user,
            cgroup,
        } = &self.matching;
        let pid = life.key.pid.0;
        let is = |wanted: &Option<String>, found: &dyn Fn(&str) -> bool| {
            wanted.as_deref().is_none_or(found)
        };
        !life.is_kernel_thread
            && is(comm, &|wanted| is_like(&life.comm, wanted))
            && is(user, &|wanted| is_user(life.uid, wanted))
            && is(exe, &|wanted| {
                let exe = fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
                let exe = exe.as_os_str().as_bytes();
                is_like(exe.strip_suffix(b" (deleted)").unwrap_or(exe), wanted)
            })
            && is(cgroup, &|wanted| {
                let groups = fs::read(format!("/proc/{pid}/cgroup")).unwrap_or_default();
                let mut paths = groups
                    .split(|byte| *byte == b'\n')
                    .filter_map(|line| line.splitn(3, |byte| *byte == b':').nth(2));
                paths.any(|path| is_like(path, wanted))
            })
            && is(cmdline, &|wanted| {
                command_line(pid).is_some_and(|line| is_like(&line, wanted))
            })
    }

    /// Takes a dump. It runs as long as it may, on the calling thread.
    pub(super) fn take(&self, life: &Life) -> Output {
        match &self.how {
            How::Command(command) => {
                let words = ports::wanted(command.iter(), life);
                match words {
                    Ok(words) => command::run(command, &words, self.timeout, self.max_bytes),
                    Err(why) => refused(why),
                }
            }
            How::Url(url) => match url.for_process(life) {
                Ok(page) => fetch::get(&page, self.timeout, self.max_bytes),
                Err(why) => refused(why),
            },
        }
    }
}

fn refused(why: String) -> Output {
    Output::of(Vec::new(), Err((DumpStatus::Refused, why)))
}

/// The words in braces that stand for something of the process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Words {
    pid: String,
    /// Its pid in its innermost namespace.
    nspid: String,
    /// The one port that it listens on; asked for only where it is wanted.
    port: String,
}

impl Words {
    const NAMES: [&'static str; 3] = ["{pid}", "{nspid}", "{port}"];

    fn of(life: &Life) -> Self {
        Self {
            pid: life.key.pid.0.to_string(),
            nspid: life.nspid.to_string(),
            port: String::new(),
        }
    }

    fn fill(&self, text: &str) -> String {
        let [pid, nspid, port] = Self::NAMES;
        text.replace(pid, &self.pid)
            .replace(nspid, &self.nspid)
            .replace(port, &self.port)
    }
}

/// A word in braces that is not known is a mistake.
fn no_other_words(text: &str) -> anyhow::Result<()> {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('{') {
        let word = after.split('}').next().unwrap_or_default();
        let is_word = !word.is_empty()
            && word.len() < after.len()
            && word.bytes().all(|byte| byte.is_ascii_lowercase());
        let known = Words::NAMES.contains(&format!("{{{word}}}").as_str());
        ensure!(
            !is_word || known,
            "{text:?}: {{{word}}} is none of {}",
            Words::NAMES.join(", ")
        );
        rest = after;
    }
    Ok(())
}

/// Whether a text is like a pattern in which `*` stands for anything.
fn is_like(text: &[u8], pattern: &str) -> bool {
    let pattern = pattern.as_bytes();
    let (mut at, mut from) = (0, 0);
    // Where to go on when what follows the last `*` does not fit.
    let mut retry = None;
    while at < text.len() {
        match pattern.get(from) {
            Some(b'*') => {
                retry = Some((at, from + 1));
                from += 1;
            }
            Some(byte) if *byte == text[at] => {
                at += 1;
                from += 1;
            }
            _ => match &mut retry {
                Some((began, after)) => {
                    *began += 1;
                    (at, from) = (*began, *after);
                }
                None => return false,
            },
        }
    }
    pattern[from..].iter().all(|byte| *byte == b'*')
}

fn is_user(uid: u32, wanted: &str) -> bool {
    let accounts = AccountsAt::new(PathBuf::from("/"));
    let is_named = accounts
        .user(uid.into())
        .is_ok_and(|name| is_like(name, wanted));
    is_named || wanted == uid.to_string()
}

/// The command line. Its reader may be kept waiting by a process that is stuck.
fn command_line(pid: i32) -> Option<Vec<u8>> {
    let (found, heard) = channel();
    let read = move || {
        let line = fs::read(format!("/proc/{pid}/cmdline"));
        drop(found.send(line));
    };
    let thread = std::thread::Builder::new().name("dump-match".to_owned());
    thread.spawn(read).ok()?;
    let mut line = heard.recv_timeout(COMMAND_LINE_WITHIN).ok()?.ok()?;
    while line.last() == Some(&0) {
        line.pop();
    }
    for byte in &mut line {
        if *byte == 0 {
            *byte = b' ';
        }
    }
    Some(line)
}

#[cfg(test)]
mod tests;
