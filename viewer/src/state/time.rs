//! The cursor in time and the stretch of time around it that is shown.
//!
//! There is one committed view. While something is dragged there is a preview beside it, which
//! is what is drawn; letting go commits it, and Escape forgets it.

use crate::data::{DAMAGED, GapBand};
use crate::state::history::History;
use crate::time_axis::{Folds, NARROWEST_MICROS, Span};
use afterimage_format::time::{Seq, WallTime};
use std::collections::BTreeMap;

/// The cursor and the view of one capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeView {
    /// The whole capture.
    pub capture: Span,
    /// What the curves show, but for what is being dragged: see [`TimeView::shown`].
    pub view: Span,
    /// What they show while something is dragged.
    pub preview: Option<Span>,
    /// A stretch that is being marked on the curves, to zoom into.
    pub band: Option<Span>,
    /// The drag on the overview that is going on.
    pub brush: Option<Brush>,
    /// The gaps that are folded away.
    pub folds: Folds,
    /// Which gap is folded, by where it begins; each gap that was seen has its word here.
    pub(crate) fold_choices: BTreeMap<WallTime, bool>,
    /// The moment everything else shows.
    pub cursor: WallTime,
    /// The instant that was pointed at or named last; the cursor goes to the snapshot of it.
    pub wanted: WallTime,
    /// Whether time runs.
    pub playing: bool,
    /// How fast it runs.
    pub speed: Speed,
    /// Whether the cursor stays at the end of a capture that is still being recorded.
    pub following: bool,
    /// How many points wide the curves are drawn; 0 until the first frame.
    pub width: usize,
    /// Where one has been.
    pub history: History,
    /// Steps taken since the snapshot that is shown: where they began, and how many.
    pub(crate) stepping: Option<(Seq, i64)>,
}

/// How fast time runs while playing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Speed {
    /// As it did.
    #[default]
    One,
    /// Ten times as fast.
    Ten,
    /// A minute in a second.
    Sixty,
}

impl Speed {
    /// Every speed, slowest first.
    pub const ALL: [Self; 3] = [Self::One, Self::Ten, Self::Sixty];

    /// How many seconds go by in one.
    pub const fn factor(self) -> u32 {
        match self {
            Self::One => 1,
            Self::Ten => 10,
            Self::Sixty => 60,
        }
    }

    /// The next one, after the fastest the slowest.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::One => Self::Ten,
            Self::Ten => Self::Sixty,
            Self::Sixty => Self::One,
        }
    }
}

/// What of the overview was taken hold of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grip {
    /// The beginning of the view.
    From,
    /// The end of the view.
    To,
    /// The view as a whole.
    Whole,
    /// Nothing: a new view is drawn.
    New,
}

/// A drag on the overview.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brush {
    /// What is held.
    pub grip: Grip,
    /// Where it was taken.
    pub at: WallTime,
    /// The view at that moment.
    pub before: Span,
}

/// How much empty time is shown at either end of a capture.
const MARGIN: f64 = 0.01;
/// A gap is folded by itself when it is longer than this share of what was recorded,
const FOLDED_SHARE: i64 = 5;
/// and than this.
const FOLDED_MICROS: i64 = 60_000_000;

impl Default for TimeView {
    fn default() -> Self {
        let nothing = Span {
            from: WallTime(0),
            to: WallTime(0),
        };
        Self {
            capture: nothing,
            view: nothing,
            preview: None,
            band: None,
            brush: None,
            folds: Folds::default(),
            fold_choices: BTreeMap::new(),
            cursor: WallTime(0),
            wanted: WallTime(0),
            playing: false,
            speed: Speed::One,
            following: false,
            width: 0,
            history: History::default(),
            stepping: None,
        }
    }
}

impl TimeView {
    /// Everything there is to show.
    pub fn whole(&self) -> Span {
        let folded = self.folds.folded_span(self.capture);
        let more = folded.widened(MARGIN);
        Span {
            from: WallTime(
                self.capture
                    .from
                    .0
                    .saturating_sub(folded.from.0 - more.from.0),
            ),
            to: WallTime(self.capture.to.0.saturating_add(more.to.0 - folded.to.0)),
        }
    }

    /// What is drawn: what is dragged just now, else the committed view.
    pub fn shown(&self) -> Span {
        self.preview.unwrap_or(self.view)
    }

    /// A view changed in folded time, and kept within the capture.
    pub fn changed(&self, view: Span, change: impl FnOnce(Span) -> Span) -> Span {
        let limits = self.folds.folded_span(self.whole());
        self.folds
            .change(view, |view| change(view).kept_within(limits))
    }

    /// The view zoomed around an instant.
    pub fn zoomed(&self, at: WallTime, factor: f64) -> Span {
        let at = self.folds.folded(at);
        self.changed(self.shown(), |view| view.zoomed(at, factor))
    }

    /// Moves the cursor, and the view with it when it would leave it.
    pub(crate) fn move_cursor(&mut self, at: WallTime) {
        self.cursor = self.capture.nearest(at);
        let cursor = self.folds.folded(self.cursor);
        self.view = self.changed(self.view, |view| view.showing(cursor));
    }

    /// The capture has grown: what was shown whole stays so, and an end that is followed stays
    /// where it is on the screen.
    pub(crate) fn grow(&mut self, capture: Span) {
        let (was_whole, old) = (self.view == self.whole(), self.capture);
        self.capture = capture;
        if was_whole {
            self.show(self.whole());
        } else if self.following && self.view.contains(old.to) {
            let by = self.folds.folded(capture.to).0 - self.folds.folded(old.to).0;
            self.view = self.changed(self.view, |view| view.moved(by));
        } else {
            self.show(self.view);
        }
    }

    pub(crate) fn show(&mut self, view: Span) {
        self.view = self.changed(view, |view| view);
    }

    /// What a drag on the overview has made of the view, with the pointer at an instant.
    pub(crate) fn brushed(&self, brush: Brush, at: WallTime) -> Span {
        let [at, from] = [at, brush.at].map(|at| self.folds.folded(at));
        let before = brush.before;
        self.changed(before, |view| match brush.grip {
            Grip::From => Span {
                from: WallTime(at.0.min(view.to.0 - NARROWEST_MICROS)),
                to: view.to,
            },
            Grip::To => Span {
                from: view.from,
                to: WallTime(at.0.max(view.from.0 + NARROWEST_MICROS)),
            },
            Grip::Whole => view.moved(at.0 - from.0),
            Grip::New => Span {
                from: from.min(at),
                to: WallTime(from.max(at).0.max(from.min(at).0 + NARROWEST_MICROS)),
            },
        })
    }

    /// Decides about gaps that were not seen before: one that is long beside what was recorded
    /// is folded. Not so what was recorded and is damaged: the lanes and the summaries may still
    /// tell of it. What was decided once, or by hand, stays.
    pub(crate) fn fold_long(&mut self, gaps: &[GapBand]) {
        let length = |gap: &GapBand| gap.to.0.saturating_sub(gap.from.0).max(0);
        let is_empty = |gap: &&GapBand| gap.kind != DAMAGED;
        let missing: i64 = gaps.iter().filter(is_empty).map(length).sum();
        let recorded = self.capture.micros().saturating_sub(missing);
        let long = (recorded / FOLDED_SHARE).max(FOLDED_MICROS);
        for gap in gaps {
            let choice = self.fold_choices.entry(gap.from);
            choice.or_insert(is_empty(&gap) && length(gap) > long);
        }
        self.fold_again(gaps);
    }

    /// Folds what was chosen to be folded, unless nothing of the capture would be left in sight.
    pub(crate) fn fold_again(&mut self, gaps: &[GapBand]) {
        let chosen = |gap: &&GapBand| self.fold_choices.get(&gap.from) == Some(&true);
        let spans = gaps.iter().filter(chosen).map(|gap| Span {
            from: gap.from,
            to: gap.to,
        });
        self.folds = Folds::new(spans);
        let left = self.folds.folded_span(self.capture).micros();
        if left < NARROWEST_MICROS.min(self.capture.micros()) {
            self.folds = Folds::default();
            self.fold_choices
                .values_mut()
                .for_each(|choice| *choice = false);
        }
    }
}
