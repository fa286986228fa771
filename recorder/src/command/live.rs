//! `afterimage status` and `mark`: talk to the running recorder.

use super::output::print_text;
use crate::cli::{MarkArgs, SocketArgs};
use crate::control::{ask, find};
use std::path::PathBuf;
use std::process::ExitCode;

pub(super) fn status(args: &SocketArgs) -> anyhow::Result<ExitCode> {
    let status = ask(&socket(args)?, "status")?;
    print_text(&format!("{status:#}\n"))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn mark(args: &MarkArgs) -> anyhow::Result<ExitCode> {
    if args.text.trim().is_empty() {
        anyhow::bail!("a mark needs a text");
    }
    ask(&socket(&args.socket)?, &format!("mark {}", args.text))?;
    Ok(ExitCode::SUCCESS)
}

/// Where the recorder that is meant listens.
pub(super) fn socket(args: &SocketArgs) -> anyhow::Result<PathBuf> {
    match &args.socket {
        Some(socket) => Ok(socket.clone()),
        None => find(args.output.as_deref()),
    }
}
