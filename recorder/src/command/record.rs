//! `afterimage record`.

use crate::cli::RecordArgs;
use crate::config::Config;
use crate::record::{Settings, record};
use anyhow::bail;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub(super) fn run(args: &RecordArgs) -> anyhow::Result<ExitCode> {
    let line = Config {
        output: args.output.clone(),
        interval: args.interval.clone(),
        max_size: args.max_size.clone(),
        retain: args.retain.clone(),
        budget_cpu: args.budget_cpu.clone(),
        sync: args.sync.clone(),
        args: args.args.clone(),
        memory: args.memory.clone(),
        fallback: args.fallback.clone(),
        thread_dumps: args.thread_dumps.then_some(true),
        sigquit: None,
        sigquit_after: None,
        threads_of: (!args.threads_of.is_empty()).then(|| args.threads_of.clone()),
        proc_root: args.proc_root.clone(),
        socket: args.socket.clone(),
    };
    let file = args.config.as_deref().map(Config::read).transpose()?;
    let config = line.clone().or(file.unwrap_or_default());
    if config.output.as_deref() == Some(Path::new("-")) {
        bail!(
            "a capture cannot be recorded to standard output: `afterimage copy FILE -` sends one"
        );
    }
    let state_directory = std::env::var_os("STATE_DIRECTORY").map(PathBuf::from);
    let settings = Settings {
        output: config
            .output
            .clone()
            .unwrap_or_else(|| default_output(state_directory.clone())),
        interval: config.interval()?,
        duration: args.duration.as_ref().map(|duration| duration.0),
        tunable: config.tunable()?,
        memory: config.memory()?,
        dumps: config.dumps()?,
        fallback: config.fallback.clone(),
        proc_root: config
            .proc_root
            .clone()
            .unwrap_or_else(|| PathBuf::from("/proc")),
        socket: config.socket.clone(),
        is_service: state_directory.is_some(),
        config,
        line,
        config_file: args.config.clone(),
    };
    record(settings)?;
    Ok(ExitCode::SUCCESS)
}

/// Named for the host: here, or where systemd keeps the state of the service.
fn default_output(state_directory: Option<PathBuf>) -> PathBuf {
    let host = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .replace('/', "_");
    state_directory
        .unwrap_or_default()
        .join(format!("{host}.afterimage"))
}
