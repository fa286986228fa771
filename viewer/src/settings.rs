//! What is remembered from one day to the next: the window, the theme, the zone, how captures
//! are shown, and which were open.
//!
//! In the file everything is written by name ([`mod@file`]), so that a name this version does not
//! know is left out and nothing else is lost by it. Pictures without a window and tests neither
//! read nor write it.

pub mod file;
mod names;

use crate::command::ZoneChoice;
use crate::state::desk::{Preferences, Recent, Shares};
use crate::state::table::{Column, WIDTHS};
use crate::state::tracks::{HEIGHTS, ShownTrack, Tracks};
use crate::state::{State, ThemeChoice};
use afterimage_format::time::WallTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything that is remembered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Settings {
    /// `light` or `dark`; nothing when the desktop's is followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theme: Option<String>,
    /// In which zone times are shown.
    pub zone: String,
    /// How much larger everything is than usual.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zoom: Option<f32>,
    /// The share of the window above the processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline_share: Option<f32>,
    /// The share of the page of a process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_share: Option<f32>,
    /// The curves that are switched off.
    pub hidden: Vec<String>,
    /// Where the window is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// The process table.
    pub table: Table,
    /// The tracks from the top.
    #[serde(rename = "track")]
    pub tracks: Vec<Track>,
    /// The captures that were open, the newest first.
    pub recent: Vec<RecentFile>,
}

/// Where the window is, in points of the desktop.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// How wide it is inside.
    pub width: f32,
    /// How high it is inside.
    pub height: f32,
    /// Its left edge, where the desktop tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<f32>,
    /// Its upper edge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<f32>,
    /// Whether it fills the screen; then the rest is how it was before.
    #[serde(default)]
    pub maximized: bool,
}

/// How the process table is shown.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Table {
    /// From left to right.
    pub columns: Vec<String>,
    /// Sorted by this one.
    pub sort: String,
    /// The largest first.
    pub descending: bool,
    /// How the rows stand together.
    pub arrangement: String,
    /// How wide columns are, where that was chosen.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub widths: BTreeMap<String, f32>,
}

/// One track.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Track {
    /// Which.
    pub name: String,
    /// How high, where that was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<f32>,
}

/// One file that was open.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RecentFile {
    /// Where it was.
    pub path: String,
    /// Of which host it is.
    pub host: String,
    /// When it was opened last, in microseconds since 1970.
    pub opened_unix_us: i64,
}

impl Settings {
    /// What of the state is remembered; the window and the zoom are for the caller to add.
    pub fn of(state: &State) -> Self {
        let preferences = match state.document() {
            Some(shown) => Preferences::of(shown),
            None => state.desk.preferences.clone(),
        };
        let shares = state.desk.shares;
        let recent = state.desk.recent.iter().filter_map(|recent| {
            Some(RecentFile {
                path: recent.path.to_str()?.to_owned(),
                host: recent.host.clone(),
                opened_unix_us: recent.opened.0,
            })
        });
        let tracks = preferences.tracks.0.iter().map(|track| Track {
            name: names::of(&track.id),
            height: track.height,
        });
        Self {
            theme: state.theme.map(|theme| names::of(&theme)),
            zone: names::of(&state.zone),
            zoom: None,
            timeline_share: shares.timeline,
            page_share: shares.page,
            hidden: preferences.hidden.iter().map(names::of).collect(),
            window: None,
            table: Table {
                columns: preferences.columns.iter().map(names::of).collect(),
                sort: names::of(&preferences.sort),
                descending: preferences.descending,
                arrangement: names::of(&preferences.arrangement),
                widths: widths(&preferences.widths),
            },
            tracks: tracks.collect(),
            recent: recent.collect(),
        }
    }

    /// Gives the state what is remembered, as far as this version knows it.
    pub fn restore(&self, state: &mut State) {
        let theme = self.theme.as_deref();
        state.theme =
            theme.and_then(|name| names::find(&[ThemeChoice::Light, ThemeChoice::Dark], name));
        state.zone = names::find(&ZoneChoice::ALL, &self.zone).unwrap_or_default();
        let share = |share: Option<f32>| share.filter(|share| (0.05..=0.95).contains(share));
        state.desk.shares = Shares {
            timeline: share(self.timeline_share),
            page: share(self.page_share),
        };
        state.desk.preferences = self.preferences();
        let recent = self.recent.iter().map(|file| Recent {
            path: file.path.clone().into(),
            host: file.host.clone(),
            opened: WallTime(file.opened_unix_us),
            is_missing: false,
        });
        state.desk.recent = recent.collect();
    }

    fn preferences(&self) -> Preferences {
        let usual = Preferences::default();
        let table = &self.table;
        let columns = names::all(&names::columns(), &table.columns);
        let tracks = self.tracks.iter().filter_map(|track| {
            Some(ShownTrack {
                id: names::find(&names::tracks(), &track.name)?,
                height: track.height.filter(|height| HEIGHTS.contains(height)),
            })
        });
        let mut tracks: Vec<ShownTrack> = tracks.collect();
        let mut known = Vec::new();
        tracks.retain(|track| {
            let is_new = !known.contains(&track.id);
            known.push(track.id);
            is_new
        });
        let sort = names::find(&names::columns(), &table.sort);
        let widths = table.widths.iter().filter_map(|(name, width)| {
            let column = names::find(&names::columns(), name)?;
            WIDTHS.contains(width).then_some((column, *width))
        });
        Preferences {
            descending: if sort.is_some() {
                table.descending
            } else {
                usual.descending
            },
            sort: sort.unwrap_or(usual.sort),
            columns: if columns.is_empty() {
                usual.columns
            } else {
                columns
            },
            widths: widths.collect(),
            arrangement: names::find(&names::arrangements(), &table.arrangement)
                .unwrap_or(usual.arrangement),
            tracks: if tracks.is_empty() {
                usual.tracks
            } else {
                Tracks(tracks)
            },
            hidden: names::all(&names::series(), &self.hidden)
                .into_iter()
                .collect(),
        }
    }
}

fn widths(chosen: &BTreeMap<Column, f32>) -> BTreeMap<String, f32> {
    let named = chosen
        .iter()
        .map(|(column, width)| (names::of(column), *width));
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::SeriesId;
    use crate::state::table::Arrangement;
    use crate::state::tracks::TrackId;

    fn changed() -> State {
        let mut state = State {
            theme: Some(ThemeChoice::Light),
            zone: ZoneChoice::Utc,
            ..State::default()
        };
        let desk = &mut state.desk;
        desk.shares.timeline = Some(0.4);
        desk.preferences = Preferences {
            columns: vec![Column::Command, Column::Pid, Column::Rss],
            widths: [(Column::Pid, 120.0)].into(),
            sort: Column::Rss,
            descending: false,
            arrangement: Arrangement::Tree,
            tracks: Tracks(vec![
                ShownTrack {
                    id: TrackId::Memory,
                    height: Some(90.0),
                },
                ShownTrack {
                    id: TrackId::Load,
                    height: None,
                },
            ]),
            hidden: [SeriesId::LoadFive].into(),
        };
        desk.recent = vec![Recent {
            path: "/tmp/a \"b\".afterimage".into(),
            host: "web-07".to_owned(),
            opened: WallTime(1_795_348_800_000_000),
            is_missing: false,
        }];
        state
    }

    #[test]
    fn what_is_remembered_comes_back_as_it_was() {
        let state = changed();
        let text = toml::to_string(&Settings::of(&state)).unwrap();
        let read: Settings = toml::from_str(&text).unwrap();
        let mut other = State::default();
        read.restore(&mut other);
        assert_eq!(other.desk, state.desk);
        assert_eq!((other.theme, other.zone), (state.theme, state.zone));
    }

    #[test]
    fn names_that_are_not_known_cost_nothing_but_themselves() {
        let text = r#"
            theme = "sepia"
            zone = "mars"
            timeline-share = 7.0
            hidden = ["LoadFive", "LoadFifty"]
            from-the-future = true
            [table]
            columns = ["pid", "aura", "pid", "command"]
            sort = "aura"
            [table.widths]
            aura = 90.0
            pid = 9e9
            rss = 120.0
            [[track]]
            name = "Astral"
            [[track]]
            name = "Cpu"
            height = 9e9
        "#;
        let read: Settings = toml::from_str(text).unwrap();
        let mut state = State::default();
        read.restore(&mut state);
        let preferences = &state.desk.preferences;
        assert_eq!(preferences.columns, [Column::Pid, Column::Command]);
        assert_eq!(
            (preferences.sort, preferences.descending),
            (Column::Cpu, true)
        );
        assert_eq!(preferences.hidden, [SeriesId::LoadFive].into());
        assert_eq!(preferences.widths, [(Column::Rss, 120.0)].into());
        let cpu = ShownTrack {
            id: TrackId::Cpu,
            height: None,
        };
        assert_eq!(preferences.tracks, Tracks(vec![cpu]));
        assert_eq!((state.theme, state.desk.shares), (None, Shares::default()));
    }

    #[test]
    fn an_empty_file_is_how_it_was_on_the_first_day() {
        let mut state = State::default();
        let read: Settings = toml::from_str("").unwrap();
        read.restore(&mut state);
        assert_eq!(state.desk, State::default().desk);
    }
}
