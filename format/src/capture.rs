//! The capture file: one SQLite database, described for others in `format/FORMAT.md`.
//!
//! Writing: the recorder hands [`crate::tick::Tick`]s to a writer, which keeps the open chunk
//! in memory, saves each tick as a row of the tail, and every 60 ticks replaces the tail by
//! one compressed chunk. Reading: a reader finds the chunk of a moment, unpacks it, and gives
//! typed samples.

pub mod bring;
pub(crate) mod bytes;
pub mod chunk;
pub(crate) mod dumps;
pub mod error;
mod frame;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod lives;
pub mod lock;
mod log;
mod names;
mod open;
pub mod pyramid;
pub mod reader;
mod remake;
pub mod salvage;
mod tables;
#[cfg(test)]
mod tests;
pub mod unfinished;
pub mod version;
pub mod watch;
pub mod writer;

pub use open::{Mode, PrivateFolder};
pub use reader::{Capture, Checked, Curves, Damage, LifeBucket, Rescue, StoredDump, Verified};
pub use remake::{Made, Maker};
