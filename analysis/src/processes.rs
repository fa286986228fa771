//! The process table: rows with every column, and what can be done with rows.
//!
//! - [`mod@column`]: which columns there are, how each is called and measured.
//! - [`row`]: one process at one moment, ready to be shown; [`seen`]: next to what it was.
//! - [`value`]: what a cell holds; sorting that puts what is absent last.
//! - [`filter`]: `state:D cpu>10 user:www-data`, and what could come next while it is typed.
//! - [`tree`], [`group`]: under their parents; by user, cgroup or command, with sums.
//! - [`kernel_log`]: whether a line of the kernel log names a process.
//!
//! Pure: rows in, orders, sums and answers out. How a value is written is up to who shows it.

pub mod column;
pub mod filter;
pub mod group;
pub mod kernel_log;
pub mod row;
pub mod seen;
pub mod tree;
pub mod value;

pub use column::{Column, Kind, Subject};
pub use row::Row;
pub use seen::{Mark, Seen};
pub use value::{Value, order};
