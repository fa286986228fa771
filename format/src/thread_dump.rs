//! Thread dumps as a capture keeps them: what was asked of which process, why, and what came.
//!
//! Every attempt is one, also those that were refused for safety and those that failed: "why is
//! there no dump?" is a question, too. The text is kept as it came; the numbers beside it are
//! for marks and filters, and whoever shows a dump reads its text again.

use crate::capture::dumps;
use crate::capture::error::FrameFault;
use crate::process::Pid;
use crate::time::WallTime;
use crate::units::Ticks;
use std::time::Duration;

/// No text is longer, packed or not: what comes beyond it is cut off.
pub const MOST_TEXT: usize = 16 << 20;

/// A dump, or an attempt at one, on its way into a capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadDump {
    /// What is known of it.
    pub facts: DumpFacts,
    /// What the process answered, to the byte.
    pub text: Option<PackedText>,
    /// What the kernel said of its threads just before: a [`crate::kernel_view::KernelView`].
    pub before: Option<PackedText>,
    /// The same just after.
    pub after: Option<PackedText>,
}

/// What is known of a dump beside its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DumpFacts {
    /// When it was begun.
    pub wall: WallTime,
    /// When it was over.
    pub end: WallTime,
    /// Of which process.
    pub pid: Pid,
    /// When that started, since boot; of a text that somebody brought nobody knows.
    pub started: Option<Ticks>,
    /// Its name.
    pub comm: Vec<u8>,
    /// Who was asked: [`HOTSPOT`], [`KERNEL`], [`HOOK`] and a name, or [`IMPORTED`].
    pub kind: String,
    /// What it was taken for: `manual`, `baseline`, `thread-hogs-core`, `requests-pile-up`, ...
    pub trigger: String,
    /// The same in words, with the figures.
    pub trigger_detail: String,
    /// Dumps of one process that belong together have the same number here: when the first of
    /// them began, in microseconds since 1970.
    pub burst: Option<i64>,
    /// What became of it.
    pub status: DumpStatus,
    /// Why it was refused or failed, and what else there is to say.
    pub detail: String,
    /// What was asked for: the command of the attach protocol and its arguments, a command line,
    /// an address.
    pub arguments: String,
    /// Whether the process was sent a signal to make it listen.
    pub signalled: bool,
    /// How long it took to be connected.
    pub attach: Option<Duration>,
    /// How long it took from the first word to the last.
    pub took: Duration,
    /// How long the process stood still for it, by its own count.
    pub pause: Option<Duration>,
    /// What the process says that it runs on.
    pub vm: Option<String>,
    /// CPU time that taking it cost the recorder.
    pub cpu: Option<Duration>,
    /// What was found in the text, where somebody looked.
    pub summary: Option<DumpSummary>,
}

/// [`DumpFacts::kind`] of a dump by the attach protocol of HotSpot.
pub const HOTSPOT: &str = "hotspot";
/// The same of what the kernel alone says of the threads.
pub const KERNEL: &str = "kernel";
/// What the kind of a dump by a configured command or address begins with.
pub const HOOK: &str = "hook:";
/// The kind of a text that somebody took by other means.
pub const IMPORTED: &str = "imported";

/// What became of a dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DumpStatus {
    /// All of it is there, in time.
    Ok,
    /// All of it is there, but the process took longer to answer than it should: it hung.
    Late,
    /// Nothing came before the last deadline.
    Timeout,
    /// Only its beginning is there.
    Truncated,
    /// It was not asked for, as it might have done harm or may not be.
    Refused,
    /// It was asked for, and did not work.
    Failed,
    /// A newer recorder wrote what this version does not know.
    Unknown,
}

impl DumpStatus {
    const NAMES: [(Self, &'static str); 6] = [
        (Self::Ok, "ok"),
        (Self::Late, "late"),
        (Self::Timeout, "timeout"),
        (Self::Truncated, "truncated"),
        (Self::Refused, "refused"),
        (Self::Failed, "failed"),
    ];

    /// Its name in the capture and in every output.
    pub fn name(self) -> &'static str {
        let known = Self::NAMES.into_iter().find(|(status, _)| *status == self);
        known.map_or("unknown", |(_, name)| name)
    }

    /// The status behind a name.
    pub fn from_name(name: &str) -> Self {
        let known = Self::NAMES.into_iter().find(|(_, known)| *known == name);
        known.map_or(Self::Unknown, |(status, _)| status)
    }
}

/// What the recorder found in a text: for marks and filters alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DumpSummary {
    /// Threads that run code of the program.
    pub threads: Option<u64>,
    /// Of these, in state RUNNABLE.
    pub runnable: Option<u64>,
    /// In state BLOCKED.
    pub blocked: Option<u64>,
    /// In state WAITING.
    pub waiting: Option<u64>,
    /// In state `TIMED_WAITING`.
    pub timed_waiting: Option<u64>,
    /// Threads of the virtual machine itself.
    pub vm_threads: Option<u64>,
    /// Virtual threads.
    pub virtual_threads: Option<u64>,
    /// Deadlocks.
    pub deadlocks: Option<u64>,
    /// Lines that the parser did not know.
    pub unknown_lines: Option<u64>,
    /// The thread that keeps most others waiting.
    pub top_blocker: Option<String>,
    /// How many these are.
    pub top_blocked: Option<u64>,
    /// Which version of the parser said so.
    pub parser_version: Option<u64>,
}

/// A text, packed by itself: what the writer packs again beside the dump before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedText {
    pub(crate) stored: Vec<u8>,
    pub(crate) raw_bytes: usize,
}

impl PackedText {
    /// Packs a text of at most [`MOST_TEXT`] bytes. Costs about 10 ms a megabyte.
    pub fn pack(text: &[u8]) -> Result<Self, FrameFault> {
        Ok(Self {
            stored: dumps::pack_for_now(text)?,
            raw_bytes: text.len(),
        })
    }

    /// The text again.
    pub fn unpack(&self) -> Result<Vec<u8>, FrameFault> {
        dumps::unpack(&self.stored, None)
    }

    /// How long the text is.
    pub fn raw_bytes(&self) -> usize {
        self.raw_bytes
    }

    /// How much room it takes while it waits.
    pub fn packed_bytes(&self) -> usize {
        self.stored.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_comes_back_from_its_name() {
        for (status, name) in DumpStatus::NAMES {
            assert_eq!((status.name(), DumpStatus::from_name(name)), (name, status));
        }
        assert_eq!(DumpStatus::from_name("eaten"), DumpStatus::Unknown);
    }

    #[test]
    fn a_text_is_the_same_packed_and_unpacked() {
        let text = b"\"main\" #1 prio=5\n".repeat(1000);
        let packed = PackedText::pack(&text).unwrap();
        assert_eq!(packed.unpack().unwrap(), text);
        assert_eq!(packed.raw_bytes(), text.len());
        assert!(packed.packed_bytes() < 100);
    }
}
