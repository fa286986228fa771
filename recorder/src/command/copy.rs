//! `afterimage copy`: a whole copy, also of a capture that is being recorded.

use super::output::print_bytes;
use crate::cli::CopyArgs;
use crate::signals;
use afterimage_format::capture::error::CaptureError;
use afterimage_format::capture::{Capture, PrivateFolder};
use anyhow::{Context as _, bail};
use std::fs;
use std::path::Path;
use std::process::ExitCode;

pub(super) fn run(args: &CopyArgs) -> anyhow::Result<ExitCode> {
    signals::clean_up_at_end()?;
    let capture = Capture::open(&args.file).map_err(with_advice)?;
    if args.destination == Path::new("-") {
        to_stdout(&capture)?;
        return Ok(ExitCode::SUCCESS);
    }
    let destination = if args.destination.is_dir() {
        args.destination
            .join(args.file.file_name().context("the capture has no name")?)
    } else {
        args.destination.clone()
    };
    if destination.exists() {
        bail!(
            "{} is there already: nothing was overwritten",
            destination.display()
        );
    }
    capture.copy_to(&destination)?;
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

/// Through a temporary file: a database cannot be written from front to back.
fn to_stdout(capture: &Capture) -> anyhow::Result<()> {
    let bytes = capture.data_bytes()?;
    let folder = PrivateFolder::empty(bytes).context("cannot make a folder for the copy")?;
    copy_through(capture, &folder.join("capture"))
}

fn copy_through(capture: &Capture, file: &Path) -> anyhow::Result<()> {
    capture.copy_to(file)?;
    let mut from = fs::File::open(file)?;
    let mut buffer = vec![0; 1 << 20];
    loop {
        match std::io::Read::read(&mut from, &mut buffer)? {
            0 => return Ok(()),
            read => print_bytes(&buffer[..read])?,
        }
    }
}
