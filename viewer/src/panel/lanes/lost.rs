//! Where a lane cannot know what happened, as rows of its tables are lost.
//!
//! In: the damage that was found. Out: hatching under the events, and words about it, so that an
//! empty stretch there is not taken for a quiet one.

use crate::data::Lane;
use crate::display;
use crate::paint::hatch::hatch;
use crate::paint::points;
use crate::state::Document;
use crate::theme::Tokens;
use crate::time_axis::TimeAxis;
use afterimage_format::time::WallTime;
use egui::{Painter, Rect, Response, Tooltip, vec2};

/// Hatches the stretches of the capture from which events of a lane are lost, or may be.
pub(super) fn show(
    painter: &Painter,
    document: &Document,
    axis: &TimeAxis,
    (lane, area): (Lane, Rect),
) {
    let tokens = Tokens::of(&painter.ctx().global_style().visuals);
    let time = &document.time;
    for (from, to) in stretches(document, lane) {
        let [from, to] = [from, to].map(|at| time.capture.nearest(at));
        let x = |at| axis.x_from_time(at).clamp(axis.left, axis.right);
        let (left, right) = (x(from), x(to));
        if to < axis.span.from || axis.span.to < from {
            continue;
        }
        // However short it was, it can be seen.
        let band = area
            .with_min_x(points(left))
            .with_max_x(points(right.max(left + 3.0)));
        hatch(painter, band.shrink2(vec2(0.0, 1.0)), tokens.hatch);
    }
}

/// What stands behind the number of events that are known.
pub(super) fn in_short(document: &Document, lane: Lane) -> &'static str {
    if stretches(document, lane).is_empty() {
        ""
    } else {
        ", others are lost or may be"
    }
}

/// Tells beside the pointer what is lost at an instant, if anything is.
pub(super) fn words(response: &Response, document: &Document, lane: Lane, at: WallTime) {
    let lost = stretches(document, lane);
    let Some(stretch) = lost.iter().find(|(from, to)| *from <= at && at <= *to) else {
        return;
    };
    let Some(facts) = document.facts() else {
        return;
    };
    let words = if facts.damage.has_unknown_losses() {
        "Parts of this file are lost, and nobody knows what was on them: that this lane is empty \
         does not mean that nothing happened."
            .to_owned()
    } else {
        let what = lane.tables().iter().map(|table| display::table(table));
        let what = what.collect::<Vec<_>>().join(", ");
        let when = display::stretch(*stretch, |at| document.moment(at));
        format!("{what}: rows {when} are damaged and left out.")
    };
    Tooltip::for_widget(response)
        .at_pointer()
        .gap(12.0)
        .show(|ui| ui.label(words));
}

fn stretches(document: &Document, lane: Lane) -> Vec<(WallTime, WallTime)> {
    let facts = document.facts();
    facts.map_or(vec![], |facts| facts.damage.lost_of(lane.tables()))
}
