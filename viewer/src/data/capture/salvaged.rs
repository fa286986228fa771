//! A capture that cannot be opened as it is: what is sound of it is put into a new one, in a
//! folder of its own that goes when it is closed.

use super::CaptureReplay;
use crate::data::ReplayError;
use afterimage_format::capture::Maker;
use afterimage_format::capture::error::CaptureError;
use afterimage_format::capture::salvage::salvage;
use afterimage_format::capture::watch::Watch;
use afterimage_format::time::WallTime;
use std::path::Path;
use std::sync::Arc;

impl CaptureReplay {
    /// Opens what is sound of a capture that could not be opened for the reason given; if that
    /// fails too, it is the reason. Costs reading the file twice and writing it once.
    pub(in crate::data) fn of_what_is_sound(
        path: &Path,
        watch: Arc<dyn Watch>,
        reason: CaptureError,
    ) -> Result<Self, ReplayError> {
        let Ok(folder) = tempfile::tempdir() else {
            return Err(reason.into());
        };
        let whole = folder.path().join("salvaged.afterimage");
        let maker = Maker {
            now: WallTime(jiff::Timestamp::now().as_microsecond()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let name = path.file_name().unwrap_or_default().display();
        let note = format!("salvaged from {name}");
        let Ok(salvaged) = salvage(path, &whole, (&maker, &note)) else {
            return Err(reason.into());
        };
        let mut replay = Self::open_watched(&whole, watch)?;
        replay.damage.was_salvaged(salvaged.losses);
        replay.folder = Some(folder);
        replay.read_whole()?;
        Ok(replay)
    }
}
