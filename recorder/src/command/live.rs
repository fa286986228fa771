//! `afterimage status` and `mark`: talk to the running recorder.

use super::output::print_text;
use crate::cli::{MarkArgs, SocketArgs};
use crate::control::{ask, default_path};
use std::process::ExitCode;

pub(super) fn status(args: &SocketArgs) -> anyhow::Result<ExitCode> {
    let socket = args.socket.clone().unwrap_or_else(default_path);
    let status = ask(&socket, "status")?;
    print_text(&format!("{status:#}\n"))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn mark(args: &MarkArgs) -> anyhow::Result<ExitCode> {
    let socket = args.socket.socket.clone().unwrap_or_else(default_path);
    if args.text.trim().is_empty() {
        anyhow::bail!("a mark needs a text");
    }
    ask(&socket, &format!("mark {}", args.text))?;
    Ok(ExitCode::SUCCESS)
}
