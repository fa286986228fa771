//! From raw samples to what people read: rates, and the tables of the tools they know.
//!
//! Pure functions over samples: no files, no clock, no SQL.
//!
//! - [`rate`]: what happened between two samples, never across a gap.
//! - [`machine`]: CPUs, memory, disks, network and pressure of the machine as a whole.
//! - [`lists`]: who waits, file systems, locks, interrupts, limits: lines of typed fields.
//! - [`replay`]: `ps`, `vmstat`, `free`, `uptime` as tables, from samples.
//! - [`processes`]: the process table: columns, filters, trees, groups with sums.
//! - [`table`]: columns and cells, before anyone decides how they are printed.
//! - [`when`], [`zone`], [`amount`]: times and amounts as people write them.
//! - [`oom`]: whom the OOM killer killed, from the kernel's own words.
//! - [`load`]: which tasks made up the load, and how far that agrees with the kernel.
//! - [`dumps`]: thread dumps: read, and what follows from them.
//! - [`waits`]: what threads wait for, in words, and for how long they have been seen so.
//! - [`escape`]: text out of a capture, made safe to show.

pub mod amount;
pub mod dumps;
pub mod ending;
pub mod escape;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
pub mod lists;
pub mod load;
pub mod machine;
pub mod oom;
pub mod processes;
pub mod rate;
pub mod replay;
pub mod table;
pub mod waits;
pub mod when;
pub mod zone;
