//! `afterimage completions` and `man`: made from the command line's own description.

use super::output::{print_bytes, print_text};
use crate::cli::{Cli, CompletionsArgs, ManArgs};
use anyhow::Context as _;
use clap::CommandFactory as _;
use std::process::ExitCode;

pub(super) fn completions(args: &CompletionsArgs) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "afterimage", &mut script);
    print_bytes(&script)?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn man(args: &ManArgs) -> anyhow::Result<ExitCode> {
    let pages = clap_mangen::generate_to(Cli::command(), &args.directory);
    pages.with_context(|| {
        format!(
            "cannot write into {}: is it a directory that you may write to?",
            args.directory.display()
        )
    })?;
    print_text(&format!(
        "wrote the manual pages into {}\n",
        args.directory.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}
