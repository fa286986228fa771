//! `afterimage copy`: a whole copy, also of a capture that is being recorded.

use super::destination::{self, refuse_existing};
use crate::cli::CopyArgs;
use crate::signals;
use afterimage_format::capture::Capture;
use afterimage_format::capture::error::CaptureError;
use anyhow::Context as _;
use std::path::Path;
use std::process::ExitCode;

pub(super) fn run(args: &CopyArgs) -> anyhow::Result<ExitCode> {
    signals::clean_up_at_end()?;
    let capture = Capture::open(&args.file).map_err(with_advice)?;
    let destination = if args.destination != Path::new("-") && args.destination.is_dir() {
        args.destination
            .join(args.file.file_name().context("the capture has no name")?)
    } else {
        args.destination.clone()
    };
    refuse_existing(&destination)?;
    destination::write(&destination, capture.data_bytes()?, |to| {
        Ok(capture.copy_to(to)?)
    })?;
    Ok(ExitCode::SUCCESS)
}

/// What is damaged cannot be copied as a database.
fn with_advice(error: CaptureError) -> anyhow::Error {
    let is_damage = error.is_damage();
    let error = anyhow::Error::from(error);
    if is_damage {
        return error.context("`afterimage salvage` copies what is sound of it");
    }
    error
}
