//! The load, taken apart: which tasks made it up, and how far that agrees with the kernel.
//!
//! The kernel's load averages count tasks that run or could run, and tasks in state D, each thread
//! as one. Every five seconds it takes their number and works it into three averages.
//!
//! - [`Moment`]: the tasks that were seen at one instant, beside what the kernel counted then.
//! - [`groups`]: the same by process, command, user or what they wait in.
//! - [`Averages`] and [`implied`]: the kernel's formula, and what it says backwards.
//! - [`Follow`]: the formula run over a stretch of recorded counts, and the share of the load that
//!   sampling did not see, as a number.
//! - [`hidden()`]: in which processes what was not seen may be.
//! - [`words()`]: a moment in a sentence.
//!
//! The recorder runs at every instant at which it looks. It is left out on both sides: of the
//! tasks, and of the kernel's count of running ones.

mod average;
mod follow;
mod group;
mod hidden;
mod moment;
mod words;

#[cfg(test)]
pub(crate) use moment::tests as made;

pub use average::{Averages, CADENCE, Implied, implied};
pub use follow::{Compared, Follow, Over};
pub use group::{By, Group, Name, Totals, Waiting, groups};
pub use hidden::{Hidden, hidden};
pub use moment::{Counts, Demand, Moment, Part};
pub use words::{count_words, name_words, over_words, residual, wait_words, words};
