//! Which tracks are shown, in which order, and how high.

mod every;
mod more;

use crate::data::{RowGroup, SeriesId, Unit};

/// A track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TrackId {
    /// Load against wait.
    Load,
    /// CPU time by mode.
    Cpu,
    /// Each CPU on a row of its own.
    Cpus,
    /// Memory, as `free` counts it.
    Memory,
    /// Swapping and faults.
    Swap,
    /// Reads and writes of all disks.
    Disk,
    /// Each disk on a row of its own.
    Disks,
    /// What went over the network.
    Network,
    /// Context switches and forks.
    Kernel,
    /// Tasks that cannot be woken.
    Waits,
    /// Interrupts and soft interrupts.
    Interrupts,
    /// Page faults.
    Faults,
    /// How fast the CPUs run, and how often they are slowed down.
    Speed,
    /// What goes wrong on the network.
    NetworkTrouble,
    /// New TCP connections.
    Connections,
    /// TCP sockets by state.
    Sockets,
    /// The fullest file system.
    Space,
    /// Each file system on a row of its own.
    FileSystems,
}

/// What a track shows on one side of its zero line.
#[derive(Debug, Clone, Copy)]
pub struct Half {
    /// What it is called in the legend; empty when the track's own title says it.
    pub title: &'static str,
    /// What that means, in a sentence.
    pub meaning: &'static str,
    /// Curves that lie on top of each other and add up, the lowest first.
    pub stack: &'static [SeriesId],
    /// Curves of their own, those at the back first.
    pub lines: &'static [SeriesId],
    /// The order in the legend.
    pub legend: &'static [SeriesId],
    /// What its values are.
    pub unit: Unit,
    /// The scale is never smaller than this.
    pub at_least: f64,
    /// The scale is never larger than this.
    pub at_most: f64,
    /// Whether the number of CPUs is a line in it.
    pub shows_cpus: bool,
}

/// What a track is.
#[derive(Debug, Clone, Copy)]
pub struct Track {
    /// Which one.
    pub id: TrackId,
    /// Its name.
    pub title: &'static str,
    /// What it is, in a sentence.
    pub meaning: &'static str,
    /// What is drawn.
    pub what: What,
    /// How high it is at first, in points, without its legend.
    pub height: f32,
}

/// How a track is drawn.
#[expect(
    clippy::large_enum_variant,
    reason = "a constant of which there are seventeen"
)]
#[derive(Debug, Clone, Copy)]
pub enum What {
    /// Curves upwards from a line, and downwards if there is a second half.
    Curves(Half, Option<Half>),
    /// A row for each thing, the darker the less it did.
    Rows(RowGroup),
}

impl TrackId {
    /// Every track there is, in the order of the menu.
    pub const ALL: [Self; 18] = [
        Self::Load,
        Self::Waits,
        Self::Cpu,
        Self::Cpus,
        Self::Speed,
        Self::Memory,
        Self::Swap,
        Self::Faults,
        Self::Disk,
        Self::Disks,
        Self::Space,
        Self::FileSystems,
        Self::Network,
        Self::NetworkTrouble,
        Self::Connections,
        Self::Sockets,
        Self::Kernel,
        Self::Interrupts,
    ];

    /// What the command line calls it.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Cpu => "cpu",
            Self::Cpus => "cpus",
            Self::Speed => "speed",
            Self::Memory => "memory",
            Self::Swap => "swap",
            Self::Waits => "waits",
            Self::Faults => "faults",
            Self::Disk => "disk",
            Self::Disks => "disks",
            Self::Space => "space",
            Self::FileSystems => "file-systems",
            Self::Network => "network",
            Self::NetworkTrouble => "network-trouble",
            Self::Connections => "connections",
            Self::Sockets => "sockets",
            Self::Kernel => "switches",
            Self::Interrupts => "interrupts",
        }
    }

    /// What it is.
    pub const fn track(self) -> Track {
        match self {
            Self::Load => every::load(),
            Self::Cpu => every::cpu(),
            Self::Memory => every::memory(),
            Self::Swap => every::swap(),
            Self::Disk => every::disk(),
            Self::Network => every::network(),
            Self::Kernel => every::kernel(),
            Self::Interrupts => more::interrupts(),
            Self::Waits => more::waits(),
            Self::Faults => more::faults(),
            Self::Speed => more::speed(),
            Self::NetworkTrouble => more::network_trouble(),
            Self::Connections => more::connections(),
            Self::Sockets => more::sockets(),
            Self::Space => more::space(),
            Self::Cpus => Track {
                id: self,
                title: "Each CPU",
                meaning: "A row for each CPU: how much of its time it was busy",
                what: What::Rows(RowGroup::Cpus),
                height: 48.0,
            },
            Self::Disks => Track {
                id: self,
                title: "Each disk",
                meaning: "A row for each block device: how much of the time it had something to do",
                what: What::Rows(RowGroup::Disks),
                height: 32.0,
            },
            Self::FileSystems => Track {
                id: self,
                title: "Each file system",
                meaning: "A row for each of the fullest file systems: how much of its space is in use",
                what: What::Rows(RowGroup::FileSystems),
                height: 66.0,
            },
        }
    }
}

/// A track that is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShownTrack {
    /// Which one.
    pub id: TrackId,
    /// How high its curves are, when that was chosen by hand.
    pub height: Option<f32>,
}

impl ShownTrack {
    /// How high it is now.
    pub fn height_in_points(self) -> f32 {
        self.height.unwrap_or(self.id.track().height)
    }
}

/// The least and the most a track is high, in points.
pub const HEIGHTS: std::ops::RangeInclusive<f32> = 24.0..=800.0;

/// The tracks that are shown, from the top.
#[derive(Debug, Clone, PartialEq)]
pub struct Tracks(pub Vec<ShownTrack>);

impl Default for Tracks {
    fn default() -> Self {
        Self(vec![ShownTrack {
            id: TrackId::Load,
            height: None,
        }])
    }
}

impl Tracks {
    /// Whether a track is shown.
    pub fn contains(&self, id: TrackId) -> bool {
        self.0.iter().any(|track| track.id == id)
    }

    /// Every curve of the tracks that are shown.
    pub fn series(&self) -> Vec<SeriesId> {
        let halves = self.0.iter().flat_map(|shown| match shown.id.track().what {
            What::Curves(up, down) => vec![Some(up), down],
            What::Rows(_) => vec![],
        });
        let halves: Vec<Half> = halves.flatten().collect();
        let curves = halves
            .iter()
            .flat_map(|half| half.stack.iter().chain(half.lines));
        let mut all: Vec<SeriesId> = curves.copied().collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Every group of rows of the tracks that are shown.
    pub fn groups(&self) -> Vec<RowGroup> {
        let groups = self
            .0
            .iter()
            .filter_map(|shown| match shown.id.track().what {
                What::Rows(group) => Some(group),
                What::Curves(..) => None,
            });
        groups.collect()
    }

    /// Adds a track at the bottom, or takes it away.
    pub(crate) fn toggle(&mut self, id: TrackId) {
        if self.contains(id) {
            self.0.retain(|track| track.id != id);
        } else {
            self.0.push(ShownTrack { id, height: None });
        }
    }

    /// Moves a track so many places down, or up.
    pub(crate) fn shift(&mut self, id: TrackId, by: isize) {
        let Some(place) = self.0.iter().position(|track| track.id == id) else {
            return;
        };
        let track = self.0.remove(place);
        let place = place.saturating_add_signed(by).min(self.0.len());
        self.0.insert(place, track);
    }

    /// Gives a track a height; without one it has its usual height again.
    pub(crate) fn resize(&mut self, id: TrackId, height: Option<f32>) {
        let height = height.map(|height| height.clamp(*HEIGHTS.start(), *HEIGHTS.end()));
        for track in self.0.iter_mut().filter(|track| track.id == id) {
            track.height = height;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_track_is_itself_and_each_of_its_curves_is_in_its_legend() {
        for id in TrackId::ALL {
            assert_eq!(id.track().id, id);
            let What::Curves(up, down) = id.track().what else {
                continue;
            };
            for half in [Some(up), down].into_iter().flatten() {
                let mut curves: Vec<_> = half.stack.iter().chain(half.lines).collect();
                let mut named: Vec<_> = half.legend.iter().collect();
                curves.sort();
                named.sort();
                assert_eq!(curves, named, "{id:?}");
            }
        }
    }

    #[test]
    fn tracks_are_added_moved_and_taken_away() {
        let mut tracks = Tracks::default();
        tracks.toggle(TrackId::Memory);
        tracks.toggle(TrackId::Cpu);
        tracks.shift(TrackId::Cpu, -1);
        tracks.shift(TrackId::Load, 9);
        let ids = |tracks: &Tracks| tracks.0.iter().map(|track| track.id).collect::<Vec<_>>();
        assert_eq!(ids(&tracks), [TrackId::Cpu, TrackId::Memory, TrackId::Load]);
        tracks.toggle(TrackId::Cpu);
        assert_eq!(ids(&tracks), [TrackId::Memory, TrackId::Load]);
        assert!(!tracks.series().contains(&SeriesId::CpuUser));
    }
}
