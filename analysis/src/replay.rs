//! The tables of the tools people know, made from samples instead of from the kernel.

pub mod df;
pub mod free;
pub mod iostat;
pub mod lsblk;
pub mod lslocks;
pub mod numastat;
pub mod pidstat;
pub mod ps;
pub mod sar;
pub mod ss;
pub mod top;
pub mod uptime;
pub mod vmstat;
pub mod waits;
