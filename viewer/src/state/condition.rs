//! In what condition a capture is: how far opening it has come, what of it is missing, and how
//! much of that was told.

use crate::data::{Damage, Search};
use afterimage_format::capture::watch::Stage;
use std::path::PathBuf;

/// The condition of one capture.
#[derive(Debug, Clone, Default)]
pub struct Condition {
    /// How far opening it has come.
    pub stage: Option<Stage>,
    /// The file itself, whatever name it was opened by, once that is known.
    pub file: Option<PathBuf>,
    /// How far looking through it for damage has come.
    pub search: Search,
    /// Whether the list of what is missing is open.
    pub is_list_open: bool,
    /// What was known to be missing when the notice was put away.
    pub dismissed: Option<Damage>,
}

impl Condition {
    /// Whether the notice of what is missing is to be shown: until it is put away. Damage that
    /// is found later stands in the bar at the bottom.
    pub fn has_notice(&self) -> bool {
        self.dismissed.is_none()
    }
}
