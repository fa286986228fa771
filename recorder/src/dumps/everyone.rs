//! Which processes there are that a dump of all means: Java virtual machines, whatever they are
//! called, and what is called `java` without being one, so that it is said why there is no dump.

use super::job::nature_of;
use super::life;
use super::nature::Nature;
use crate::clock;
use crate::source::process::stat;
use afterimage_format::process::{Pid, ProcessKey};
use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// A virtual machine has more threads than this.
const FEWEST_THREADS: u64 = 6;
/// What is not known by then is left out.
const WITHIN: Duration = Duration::from_secs(5);

/// A process that is meant, and what it is.
#[derive(Debug, Clone)]
pub(super) struct Meant {
    pub(super) key: ProcessKey,
    pub(super) nature: Nature,
}

/// Finds them; `known` are natures that were found out before.
pub(super) fn all(known: &BTreeMap<ProcessKey, Nature>) -> Vec<Meant> {
    let began = clock::now().monotonic;
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut pids: Vec<i32> = entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    pids.sort_unstable();
    let mut meant = Vec::new();
    for pid in pids.into_iter().map(Pid) {
        let Ok(text) = fs::read(format!("/proc/{}/stat", pid.0)) else {
            continue;
        };
        let Ok(stat) = stat::parse(&text) else {
            continue;
        };
        let (Ok(started), threads) = (stat.started(), stat.threads().unwrap_or(0)) else {
            continue;
        };
        let key = ProcessKey { pid, started };
        let is_called_so = stat.comm == b"java";
        if !is_called_so && threads < FEWEST_THREADS {
            continue;
        }
        let passed = clock::now().monotonic.since(began).unwrap_or_default();
        let nature = match known.get(&key) {
            Some(nature) => nature.clone(),
            None if passed > WITHIN => continue,
            None => match life::look(pid).filter(|life| life.key == key) {
                Some(life) => nature_of(&life),
                None => continue,
            },
        };
        let is_machine = matches!(nature, Nature::HotSpot(_) | Nature::OpenJ9);
        if is_machine || is_called_so {
            meant.push(Meant { key, nature });
        }
    }
    meant
}
