//! A signal that ends a command leaves nothing half done behind.

use afterimage_format::capture::unfinished;
use anyhow::Context as _;
use signal_hook::consts::signal::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::low_level::{emulate_default_handler, pipe};
use std::io::Read as _;
use std::os::unix::net::UnixStream;
use std::thread;

/// From now on a signal that ends the program first removes what is not finished. It ends at
/// once all the same, whatever it is waiting for.
pub(crate) fn clean_up_at_end() -> anyhow::Result<()> {
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        if !is_ignored(signal) {
            clean_up_at(signal).context("cannot handle signals")?;
        }
    }
    Ok(())
}

fn clean_up_at(signal: i32) -> std::io::Result<()> {
    let (mut read, write) = UnixStream::pair()?;
    pipe::register(signal, write)?;
    let wait = move || {
        if read.read_exact(&mut [0]).is_ok() {
            unfinished::remove_all();
            // It does not return.
            drop(emulate_default_handler(signal));
        }
    };
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(wait)?;
    Ok(())
}

/// Whether whoever started it wants it to outlive the signal, as `nohup` does.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}
