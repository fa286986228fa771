//! Thread dumps: what they say, and what follows from it.
//!
//! In: the text of dumps as runtimes write them, alone or in a log among other lines. Out: threads
//! with their stacks and locks ([`Dump`]), and what is wrong with them ([`Report`]).
//!
//! - [`read()`]: finds every dump in a text and reads it: HotSpot 8 to 25 as text and as JSON, Go,
//!   py-spy, eu-stack. Total: no text makes it fail, and lines that it does not know are counted
//!   and kept. [`plain`]: the text out of bytes, and the bytes of a dump again.
//! - [`model`]: what a dump says, whoever wrote it. [`frame`]: what a line of a stack means.
//! - [`locks`]: who holds what, and who waits for it. [`deadlock`]: who waits in a circle.
//! - [`groups`]: threads that do the same. [`pools`]: threads that wait for something to be free.
//! - [`kernel`]: the same threads as the kernel saw them before and after; [`throttling`]: what a
//!   quota kept them from.
//! - [`history`]: the same threads from dump to dump. [`compare`]: what is different between two.
//! - [`followed`]: who is at the other end of what a thread waits for, on the same host.
//! - [`past`]: what the samples say of a thread before its dump. [`surroundings`]: what a capture has
//!   of both.
//! - [`report`], [`finding`]: all of that together, and what it means in plain words;
//!   [`summary`]: the few numbers that a capture keeps beside the text.
//!
//! Takes no dump and stores none.

pub mod compare;
pub mod deadlock;
pub mod eu_stack;
pub mod finding;
pub mod followed;
pub mod frame;
pub mod go;
pub mod groups;
mod heading;
pub mod history;
pub mod hotspot;
pub mod hotspot_json;
pub mod hotspot_plain;
mod intern;
mod json_text;
pub mod kernel;
mod lines;
pub mod locks;
mod log_line;
pub mod model;
pub mod past;
pub mod plain;
pub mod pools;
mod prefix;
pub mod py_spy;
pub mod report;
mod scan;
pub mod summary;
pub mod surroundings;
#[cfg(test)]
mod tests;
pub mod throttling;

pub use model::{Dump, Lock, LockUse, State, Thread};
pub use report::Report;
pub use scan::{Found, read, read_bytes};
