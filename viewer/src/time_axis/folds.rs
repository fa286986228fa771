//! Stretches of time that are folded away: gaps so long that they would squeeze the rest.
//!
//! Folded time is wall time less what is folded before it. Zooming and panning happen there, so
//! a view moves over a folded gap as if it were not there.

use super::Span;
use afterimage_format::time::WallTime;

/// The stretches that are folded: in order, and apart from each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folds(Vec<Span>);

impl Folds {
    /// Folds from stretches in any order; those that overlap become one.
    pub fn new(stretches: impl IntoIterator<Item = Span>) -> Self {
        let mut all: Vec<Span> = stretches.into_iter().collect();
        all.retain(|span| span.from < span.to);
        all.sort_by_key(|span| span.from);
        let mut folds: Vec<Span> = Vec::new();
        for span in all {
            match folds.last_mut() {
                Some(last) if span.from <= last.to => last.to = last.to.max(span.to),
                _ => folds.push(span),
            }
        }
        Self(folds)
    }

    /// Those that a span shows something of.
    pub fn within(&self, span: Span) -> impl Iterator<Item = Span> {
        let folds = self.0.iter().copied();
        folds.filter(move |fold| fold.from < span.to && span.from < fold.to)
    }

    /// The fold that begins at an instant.
    pub fn beginning_at(&self, at: WallTime) -> Option<Span> {
        self.0.iter().copied().find(|fold| fold.from == at)
    }

    /// An instant in folded time.
    pub fn folded(&self, at: WallTime) -> WallTime {
        let before = self.0.iter().take_while(|fold| fold.from < at);
        let away: i64 = before
            .map(|fold| fold.to.min(at).0.saturating_sub(fold.from.0))
            .sum();
        WallTime(at.0.saturating_sub(away))
    }

    /// The instant behind one in folded time; at a fold, the one before it or the one after it.
    fn unfolded(&self, at: WallTime, is_after: bool) -> WallTime {
        let mut away = 0_i64;
        for fold in &self.0 {
            let place = fold.from.0.saturating_sub(away);
            if at.0 < place || (at.0 == place && !is_after) {
                break;
            }
            away = away.saturating_add(fold.micros());
        }
        WallTime(at.0.saturating_add(away))
    }

    /// Changes a span as it is in folded time. The result neither begins nor ends in a fold.
    pub fn change(&self, span: Span, change: impl FnOnce(Span) -> Span) -> Span {
        if self.0.is_empty() {
            return change(span);
        }
        let changed = change(Span {
            from: self.folded(span.from),
            to: self.folded(span.to),
        });
        Span {
            from: self.unfolded(changed.from, true),
            to: self.unfolded(changed.to, false),
        }
    }

    /// A span in folded time.
    pub fn folded_span(&self, span: Span) -> Span {
        Span {
            from: self.folded(span.from),
            to: self.folded(span.to),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: i64, to: i64) -> Span {
        Span {
            from: WallTime(from),
            to: WallTime(to),
        }
    }

    #[test]
    fn stretches_that_touch_are_one_fold() {
        let folds = Folds::new([span(50, 60), span(10, 20), span(15, 30), span(30, 40)]);
        assert_eq!(folds, Folds(vec![span(10, 40), span(50, 60)]));
    }

    #[test]
    fn what_is_folded_takes_no_time() {
        let folds = Folds::new([span(100, 1000)]);
        let folded = |at| folds.folded(WallTime(at)).0;
        assert_eq!(
            [
                folded(50),
                folded(100),
                folded(500),
                folded(1000),
                folded(1010)
            ],
            [50, 100, 100, 100, 110]
        );
    }

    #[test]
    fn a_view_that_moves_over_a_fold_keeps_its_length() {
        let folds = Folds::new([span(100, 1000)]);
        assert_eq!(
            folds.change(span(20, 60), |view| view.moved(60)),
            span(80, 1020)
        );
        // It ends before the fold, or begins after it, but never shows a part of it.
        assert_eq!(
            folds.change(span(20, 60), |view| view.moved(40)),
            span(60, 100)
        );
        assert_eq!(
            folds.change(span(20, 60), |view| view.moved(80)),
            span(1000, 1040)
        );
    }
}
