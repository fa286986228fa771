//! How a recording ended, in one line.

use afterimage_analysis::amount::HumanBytes;
use afterimage_format::units::Bytes;
use std::fmt;
use std::path::PathBuf;

/// What was recorded.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) path: PathBuf,
    pub(crate) ticks: u64,
    pub(crate) missed: u64,
    pub(crate) why: &'static str,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = std::fs::metadata(&self.path).map_or(0, |data| data.len());
        let Self {
            path,
            ticks,
            missed,
            why,
        } = self;
        write!(
            f,
            "ended ({why}): {ticks} ticks, {missed} missed, {} in {}",
            HumanBytes(Bytes(size)),
            path.display()
        )
    }
}
