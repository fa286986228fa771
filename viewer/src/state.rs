//! What is shown: pure data, changed by [`apply()`] and by nothing else.

mod apply;
pub mod condition;
pub mod desk;
pub mod document;
pub mod dumps;
pub mod history;
pub mod lists;
pub mod load;
pub mod log;
mod moment;
pub mod page;
pub mod pages;
pub mod palette;
pub mod table;
pub mod tabs;
pub mod time;
pub mod timeline;
pub mod tracks;

use crate::command::{DocumentId, ZoneChoice};
use afterimage_analysis::zone::Zone;
pub use apply::apply;
pub use document::{Document, Phase};
pub use palette::Palette;

/// Everything that is shown.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The open captures, in the order they were opened.
    pub documents: Vec<Document>,
    /// The one that is shown.
    pub active: Option<DocumentId>,
    /// Which colours, when not those of the desktop.
    pub theme: Option<ThemeChoice>,
    /// In which zone times are shown.
    pub zone: ZoneChoice,
    /// The zone of the machine that the viewer runs on, where it is known.
    pub local_zone: Option<Zone>,
    /// The palette, while it is open.
    pub palette: Option<Palette>,
    /// Whether the help page is open.
    pub help: bool,
    /// Where the keyboard should go at the next frame.
    pub focus: Option<Focus>,
    /// Whether it was read that names have signs that no font of this machine has.
    pub boxes_told: bool,
    /// The part of the window that the keyboard was sent to last.
    pub part: Part,
    /// What lies around the captures.
    pub desk: desk::Desk,
}

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ThemeChoice {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// A text field that the keyboard can be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// The filter of the process table.
    Filter,
    /// The field that takes a time.
    Jump,
    /// The palette.
    Palette,
    /// The field that looks for text in the kernel log.
    Search,
    /// The filter of the list of a page.
    List,
    /// The field that looks for text in thread dumps.
    Dumps,
    /// The field that takes the path of a capture.
    Path,
    /// The field that takes the path of a picture.
    Picture,
    /// The beginning of a part of the window.
    Part(Part),
}

/// The parts of the window, which one key goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Part {
    /// The bar at the top.
    #[default]
    Top,
    /// The curves, the lanes and what is above them.
    Curves,
    /// The page under them.
    Page,
    /// The page of the process that is followed.
    Process,
    /// The bar at the bottom.
    Bottom,
}

impl Part {
    const ALL: [Self; 5] = [
        Self::Top,
        Self::Curves,
        Self::Page,
        Self::Process,
        Self::Bottom,
    ];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Top => "Captures and commands",
            Self::Curves => "Curves and lanes",
            Self::Page => "Page under the curves",
            Self::Process => "Page of the process",
            Self::Bottom => "Status and keys",
        }
    }
}

impl State {
    /// The capture that is shown.
    pub fn document(&self) -> Option<&Document> {
        self.documents
            .iter()
            .find(|document| Some(document.id) == self.active)
    }

    /// Whether a worker still owes an answer that the picture needs.
    pub fn is_waiting(&self) -> bool {
        self.documents.iter().any(Document::is_waiting)
    }

    /// Sends the keyboard to the next part of the window that is there, or the one before.
    pub(crate) fn next_part(&mut self, by: isize) {
        let document = self.document().filter(|open| open.facts().is_some());
        let is_there = |part: &Part| match part {
            Part::Top => true,
            Part::Curves | Part::Page | Part::Bottom => document.is_some(),
            Part::Process => {
                document.is_some_and(|open| open.tab == tabs::Tab::Processes && open.page.is_some())
            }
        };
        let order = Part::ALL.into_iter().cycle();
        let here = self.part;
        let mut rest: Vec<Part> = order
            .skip_while(|part| *part != here)
            .skip(1)
            .take(5)
            .collect();
        if by < 0 {
            // The last of the round is where one is.
            rest[..4].reverse();
        }
        if let Some(part) = rest.into_iter().find(is_there) {
            self.part = part;
            self.focus = Some(Focus::Part(part));
        }
    }

    pub(crate) fn find_mut(&mut self, id: DocumentId) -> Option<&mut Document> {
        self.documents.iter_mut().find(|document| document.id == id)
    }
}
