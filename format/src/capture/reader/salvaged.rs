//! A capture that cannot be read as it is: what is sound of it, read from a new capture in a
//! private folder that goes when it is closed.
//!
//! Everybody who reads captures opens them this way, so that no damage closes one and nobody takes
//! the rest for the whole.

use super::Capture;
use crate::capture::error::CaptureError;
use crate::capture::open::PrivateFolder;
use crate::capture::remake::Maker;
use crate::capture::salvage::{Salvaged, may_help, salvage_pages};
use crate::capture::watch::Watch;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// Why a capture is not read as it is, and what of it is.
#[derive(Debug)]
pub struct Rescue {
    /// What is wrong with the file.
    pub reason: CaptureError,
    /// What could be saved, and what could not.
    pub salvaged: Salvaged,
}

impl Capture {
    /// Opens a capture, or what is sound of one that cannot be opened: see [`Capture::rescue`].
    /// When nothing is, why it could not be opened is the error.
    pub fn open_or_salvage(
        path: &Path,
        maker: &Maker,
        watch: &Arc<dyn Watch>,
    ) -> Result<Self, CaptureError> {
        Self::open_watched(path, Arc::clone(watch))
            .or_else(|reason| Self::of_what_is_sound(path, maker, (reason, watch)))
    }

    /// Opens what is sound of a capture that could not be read for this reason. The file itself
    /// stays as it is. Costs reading it twice and writing it once.
    pub fn of_what_is_sound(
        path: &Path,
        maker: &Maker,
        (reason, watch): (CaptureError, &Arc<dyn Watch>),
    ) -> Result<Self, CaptureError> {
        if !may_help(path, &reason) {
            return Err(reason);
        }
        let bytes = fs::metadata(path).map_or(0, |data| data.len());
        let Ok(folder) = PrivateFolder::empty(bytes) else {
            return Err(reason);
        };
        let whole = folder.join("salvaged.afterimage");
        let name = path.file_name().unwrap_or_default().display();
        let note = format!("salvaged from {name}");
        let salvaged = match salvage_pages(path, &whole, (maker, &note), watch) {
            Ok(salvaged) => salvaged,
            Err(cancelled @ CaptureError::Cancelled { .. }) => return Err(cancelled),
            Err(_nothing_is_sound) => return Err(reason),
        };
        let mut capture = Self::open_watched(&whole, Arc::clone(watch))?;
        capture.opened.keep(folder);
        path.clone_into(&mut capture.path);
        capture.rescue = Some(Rescue { reason, salvaged });
        Ok(capture)
    }

    /// What was lost of a capture that could not be read as it is; `None` when it could.
    pub fn rescue(&self) -> Option<&Rescue> {
        self.rescue.as_ref()
    }
}
