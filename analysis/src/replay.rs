//! The tables of the tools people know, made from samples instead of from the kernel.

pub mod free;
pub mod ps;
pub mod uptime;
pub mod vmstat;
