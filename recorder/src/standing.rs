//! What the recorder is granted so that it outlives the host's trouble: its memory stays in
//! memory ([`crate::memory::lock`]), the sampler gets a CPU before others, and the OOM killer
//! comes to it last. All of it is told in the capture: without it, what a capture shows of a
//! host that thrashes is worth less.

use afterimage_format::facts::Source;
use rustix::process::{getpriority_process, setpriority_process};
use rustix::thread::{CapabilitySet, capabilities};
use std::fs;

/// How much nicer than others the host is to the sampler.
const NICE: i32 = -10;

/// Something that is granted or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) name: &'static str,
    pub(crate) is_given: bool,
    pub(crate) detail: String,
}

impl Grant {
    pub(crate) fn given(name: &'static str, detail: String) -> Self {
        Self {
            name,
            is_given: true,
            detail,
        }
    }

    pub(crate) fn denied(name: &'static str, detail: String) -> Self {
        Self {
            name,
            is_given: false,
            detail,
        }
    }

    /// As the capture has it.
    pub(crate) fn source(&self) -> Source {
        Source {
            name: self.name.to_owned(),
            state: if self.is_given { "ok" } else { "denied" }.to_owned(),
            detail: self.detail.clone(),
        }
    }
}

/// Gives the calling thread a CPU before others. Threads that it starts from then on get its
/// [`Niceness`]: that is right for one that it waits for, and all others have to
/// [apply](Niceness::apply) that of before.
pub(crate) fn go_first() -> Grant {
    let name = "priority";
    // The call speaks of the thread, whatever its name says.
    let before = getpriority_process(None).unwrap_or(0);
    if before <= NICE {
        return Grant::given(name, format!("nice {before}, as it was started"));
    }
    match setpriority_process(None, NICE) {
        Ok(()) => Grant::given(name, format!("nice {NICE} for the sampler")),
        Err(errno) => Grant::denied(name, format!("nice {before}: {errno}")),
    }
}

/// How a thread waits for its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Niceness(i32);

impl Niceness {
    /// Of the calling thread.
    pub(crate) fn own() -> Self {
        Self(getpriority_process(None).unwrap_or(0))
    }

    /// Makes the calling thread wait for its turn as the others do.
    pub(crate) fn apply(self) {
        // To be less important is never denied; where it was, the thread does its work all the same.
        setpriority_process(None, self.0).unwrap_or_default();
    }
}

/// Whether the OOM killer comes to the recorder after most others.
pub(crate) fn oom_score() -> Grant {
    let name = "oom-score";
    let text = fs::read_to_string("/proc/self/oom_score_adj");
    match text.map(|text| text.trim().parse::<i32>()) {
        Ok(Ok(score)) if score < 0 => Grant::given(name, format!("oom_score_adj {score}")),
        Ok(Ok(score)) => Grant::denied(name, format!("oom_score_adj {score}, not below 0")),
        _ => Grant::denied(name, "oom_score_adj is not readable".to_owned()),
    }
}

/// Whether the host, and not only a user namespace, grants this.
pub(crate) fn is_capable(capability: CapabilitySet) -> bool {
    let own = capabilities(None).is_ok_and(|sets| sets.effective.contains(capability));
    own && is_whole_host(&fs::read_to_string("/proc/self/uid_map").unwrap_or_default())
}

/// `/proc/self/uid_map` of the first user namespace maps every user to itself.
fn is_whole_host(uid_map: &str) -> bool {
    uid_map
        .split_ascii_whitespace()
        .eq(["0", "0", "4294967295"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_of_a_container_is_not_root_of_the_host() {
        assert!(is_whole_host("         0          0 4294967295\n"));
        assert!(!is_whole_host("         0     100000      65536\n"));
        assert!(!is_whole_host(""));
    }
}
