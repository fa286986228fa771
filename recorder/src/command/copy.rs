//! `afterimage copy`: a whole copy, also of a capture that is being recorded.

use super::output::print_bytes;
use crate::cli::CopyArgs;
use afterimage_format::capture::Capture;
use anyhow::{Context as _, bail};
use std::fs;
use std::path::Path;
use std::process::ExitCode;

pub(super) fn run(args: &CopyArgs) -> anyhow::Result<ExitCode> {
    let capture = Capture::open(&args.file)?;
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

/// Through a temporary file: a database cannot be written from front to back.
fn to_stdout(capture: &Capture) -> anyhow::Result<()> {
    let folder = std::env::temp_dir().join(format!("afterimage-copy-{}", std::process::id()));
    let mut builder = fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    let copied = copy_through(capture, &folder.join("capture"));
    drop(fs::remove_dir_all(&folder));
    copied
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
