//! `afterimage record`.

use crate::cli::{RecordArgs, SyncArg};
use crate::record::{Settings, record};
use afterimage_format::capture::writer::{Options, Sync};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

pub(super) fn run(args: &RecordArgs) -> anyhow::Result<ExitCode> {
    let options = Options {
        sync: match args.sync {
            SyncArg::Tick => Sync::Tick,
            SyncArg::TenSeconds => Sync::TenSeconds,
            SyncArg::Off => Sync::Off,
        },
        max_bytes: args.max_size.0,
        retain: args.retain.0,
    };
    let settings = Settings {
        output: args.output.clone().unwrap_or_else(default_output),
        interval: args.interval,
        duration: args.duration.as_ref().map(|duration| duration.0),
        options,
        budget_percent: args.budget_cpu,
        args: args.args,
        proc_root: args.proc_root.clone(),
        socket: args.socket.clone(),
        live: io::stderr().is_terminal(),
    };
    let mut out = io::stderr();
    let outcome = record(&settings, &mut out)?;
    // The recording is whole whether or not anyone can still be told.
    drop(writeln!(out, "{outcome}"));
    Ok(ExitCode::SUCCESS)
}

fn default_output() -> PathBuf {
    let host = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .replace('/', "_");
    PathBuf::from(format!("{host}.afterimage"))
}
