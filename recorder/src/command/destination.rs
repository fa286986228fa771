//! Where a new capture goes: to a file that is not there yet, or, as `-`, to standard output.
//!
//! In: a name, and what makes a capture in a file. Out: that file, or its bytes. They go through a
//! private file, as a database cannot be written from front to back.

use super::output::print_bytes;
use afterimage_format::capture::PrivateFolder;
use anyhow::{Context as _, bail};
use std::fs;
use std::io::Read as _;
use std::path::Path;

fn is_output(to: &Path) -> bool {
    to == Path::new("-")
}

/// What is there is never written over.
pub(super) fn refuse_existing(to: &Path) -> anyhow::Result<()> {
    if !is_output(to) && to.symlink_metadata().is_ok() {
        bail!("{} is there already: nothing was overwritten", to.display());
    }
    Ok(())
}

/// Makes a capture of about so many bytes there.
pub(super) fn write<T>(
    to: &Path,
    bytes: u64,
    make: impl FnOnce(&Path) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    if !is_output(to) {
        return make(to);
    }
    let folder = PrivateFolder::empty(bytes).context("cannot make a folder for the capture")?;
    let file = folder.join("capture");
    let done = make(&file)?;
    let mut from = fs::File::open(&file)?;
    let mut buffer = vec![0; 1 << 20];
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok(done),
            read => print_bytes(&buffer[..read])?,
        }
    }
}
