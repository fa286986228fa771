//! The names that settings are written by: those of the program itself, so that a title may be
//! worded anew without anybody's settings being lost.

use crate::command::ZoneChoice;
use crate::data::SeriesId;
use crate::state::ThemeChoice;
use crate::state::table::{Arrangement, Column};
use crate::state::tracks::TrackId;
use afterimage_analysis::processes::group::GroupBy;

/// Something that settings name.
pub(super) trait Named {
    /// Its name.
    fn name(&self) -> String;
}

impl Named for Column {
    fn name(&self) -> String {
        self.key().to_owned()
    }
}

impl Named for Arrangement {
    fn name(&self) -> String {
        let name = match self {
            Self::Flat => "list",
            Self::Tree => "tree",
            Self::By(GroupBy::User) => "user",
            Self::By(GroupBy::Cgroup) => "cgroup",
            Self::By(GroupBy::Command) => "program",
            Self::By(GroupBy::State) => "state",
        };
        name.to_owned()
    }
}

impl Named for ThemeChoice {
    fn name(&self) -> String {
        let name = match self {
            Self::Light => "light",
            Self::Dark => "dark",
        };
        name.to_owned()
    }
}

impl Named for ZoneChoice {
    fn name(&self) -> String {
        let name = match self {
            Self::Host => "host",
            Self::Utc => "utc",
            Self::Local => "local",
        };
        name.to_owned()
    }
}

impl Named for TrackId {
    fn name(&self) -> String {
        format!("{self:?}")
    }
}

impl Named for SeriesId {
    fn name(&self) -> String {
        format!("{self:?}")
    }
}

/// The name of something.
pub(super) fn of<T: Named>(named: &T) -> String {
    named.name()
}

/// What has this name.
pub(super) fn find<T: Named + Copy>(among: &[T], name: &str) -> Option<T> {
    among.iter().copied().find(|named| named.name() == name)
}

/// What has these names, each once, in their order.
pub(super) fn all<T: Named + Copy + PartialEq>(among: &[T], names: &[String]) -> Vec<T> {
    let mut found = Vec::new();
    for named in names.iter().filter_map(|name| find(among, name)) {
        if !found.contains(&named) {
            found.push(named);
        }
    }
    found
}

pub(super) fn columns() -> Vec<Column> {
    Column::ALL.to_vec()
}

pub(super) fn arrangements() -> Vec<Arrangement> {
    Arrangement::ALL.to_vec()
}

pub(super) fn tracks() -> Vec<TrackId> {
    TrackId::ALL.to_vec()
}

pub(super) fn series() -> Vec<SeriesId> {
    SeriesId::ALL.to_vec()
}
