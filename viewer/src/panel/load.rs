//! The load at the cursor, taken apart: which tasks it was made of, how that agrees with the
//! kernel, and the same over the time in view.
//!
//! `title` says it in words and offers the groupings, `table` has a row for each group, `plot`
//! stacks the largest of them over time against the load average. A group has one colour in both.

mod plot;
mod table;
mod title;

use crate::command::Command;
use crate::data::{LoadData, LoadMoment};
use crate::panel::unreadable;
use crate::state::Document;
use crate::theme::Tokens;
use afterimage_analysis::load::{Group, Name, name_words};
use egui::{Color32, Rect, Ui, UiBuilder, pos2, vec2};

/// Room on either side, as beside everything else in the lower half.
const MARGIN: f32 = 12.0;
/// The share of the width that the table has.
const TABLE: f32 = 0.46;
/// In less width the plot has no room.
const NARROWEST: f32 = 700.0;

/// Draws it.
pub fn show(ui: &mut Ui, document: &Document, out: &mut Vec<Command>) {
    let (Some(_), Some(moment)) = (&document.snapshot, document.lists.load()) else {
        return unreadable::or_loading(ui, document);
    };
    if document.gap_at_cursor().is_some() {
        // It is another moment than the one under the cursor.
        ui.set_opacity(0.6);
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    title::show(ui, document, moment, out);
    let area = ui.available_rect_before_wrap();
    let (left, right) = halves(area);
    let inside = |rect| UiBuilder::new().max_rect(rect);
    ui.scope_builder(inside(left), |ui| table::show(ui, document, moment, out));
    if let Some(right) = right {
        ui.scope_builder(inside(right), |ui| plot::show(ui, document, out));
    }
}

/// The table, and the plot where there is room for one.
fn halves(area: Rect) -> (Rect, Option<Rect>) {
    if area.width() < NARROWEST {
        return (area, None);
    }
    let middle = area.left() + area.width() * TABLE;
    let right = Rect::from_min_max(pos2(middle + MARGIN, area.top()), area.max);
    let right = right.with_max_x(area.right() - MARGIN);
    (area.with_max_x(middle), Some(right.shrink2(vec2(0.0, 4.0))))
}

/// What a group is called: in a table of processes with its pid.
fn title(name: &Name) -> String {
    name_words(name)
}

/// The colour of a group, which is that of its layer in the plot; of the others one for all.
fn color(tokens: &Tokens, data: Option<&LoadData>, group: &Group) -> Color32 {
    let place = data.and_then(|data| data.place_of(group));
    place.map_or(tokens.spare, |place| tokens.layer(place))
}

/// Tasks of a moment, seen or not.
fn total(moment: &LoadMoment) -> f64 {
    let rest = moment.counts.running_not_seen().unwrap_or(0).max(0);
    (moment.counts.seen() as f64) + rest as f64
}
