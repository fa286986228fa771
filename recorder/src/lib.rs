//! The `afterimage` command as a library: recording, and the commands that read a capture as text.
//!
//! `record`: the sampler's loop takes ticks by the `schedule`; `collect` names every
//! source and puts what changed into a tick; `sweep` is the part that goes over the processes.
//! `backlog` keeps what the disk cannot take yet, and the `store` thread writes. Everything else is in `command`, one file a subcommand.

mod accounts_at;
mod backlog;
mod budget;
mod cli;
mod clock;
mod collect;
mod command;
mod config;
mod control;
#[cfg(test)]
mod counting_allocator;
mod details;
mod dumps;
mod exits;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod host;
mod kernel_log;
mod memory;
mod own_thread;
mod patience;
mod readers;
mod record;
pub mod redact;
mod rows;
mod schedule;
mod signals;
mod sockets;
mod source;
mod standing;
mod status;
mod store;
mod sweep;
mod tasks;

pub use cli::run;

/// A tick for tests that only look at what is put into it.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn test_tick() -> afterimage_format::tick::Tick {
    use afterimage_format::tick::{Instants, Shed, Tick, TickTimes};
    use afterimage_format::time::{BootTime, MonotonicTime, Seq, WallTime};
    let at = Instants {
        monotonic: MonotonicTime(0),
        boot: BootTime(0),
        wall: WallTime(0),
    };
    Tick::new(TickTimes {
        seq: Seq(1),
        planned: MonotonicTime(0),
        began: at,
        ended: at,
        recorder_cpu: std::time::Duration::ZERO,
        shed: Shed::NONE,
        full_sweep: false,
    })
}
