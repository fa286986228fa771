//! `afterimage salvage`: everything sound of a damaged capture, as a new one.

use super::DAMAGED;
use super::clip::maker;
use super::destination::{self, refuse_existing};
use super::sound::in_words;
use crate::cli::SalvageArgs;
use crate::signals;
use afterimage_format::capture::salvage::salvage;
use afterimage_format::capture::watch::{Unwatched, Watch};
use std::fs;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

pub(super) fn run(args: &SalvageArgs) -> anyhow::Result<ExitCode> {
    refuse_existing(&args.output)?;
    let name = args.input.file_name().unwrap_or_default().display();
    let note = format!("salvaged from {name}");
    signals::clean_up_at_end()?;
    let watch: Arc<dyn Watch> = Arc::new(Unwatched);
    let bytes = fs::metadata(&args.input).map_or(0, |data| data.len());
    let salvaged = destination::write(&args.output, bytes, |to| {
        Ok(salvage(&args.input, to, (&maker(), &note), &watch)?)
    })?;
    if let Some(reason) = &salvaged.reason {
        drop(writeln!(std::io::stderr(), "{}", in_words(reason)));
    }
    for loss in &salvaged.losses {
        // Where standard error is closed the exit code still tells.
        drop(writeln!(std::io::stderr(), "lost: {loss}"));
    }
    Ok(if salvaged.losses.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(DAMAGED)
    })
}
