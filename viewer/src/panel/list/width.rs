//! How wide the columns of a list are: as their texts and numbers need, and words get the rest.

use crate::panel::machine::cell::{PADDING, UNIT};
use crate::state::lists::ListView;
use afterimage_analysis::lists::{Column, Kind, List};
use afterimage_analysis::machine::Measure;
use egui::{Color32, FontId, Ui};

/// A text is cut rather than have more than this.
const WIDEST: f32 = 250.0;
/// Words have at least this.
const WORDS: f32 = 190.0;

/// The width of each column in this room; together more than the room when it is too narrow.
pub(super) fn widths(ui: &Ui, list: &List, view: &ListView, room: f32) -> Vec<f32> {
    let columns = list.columns.iter().zip(&view.longest);
    let mut widths: Vec<f32> = columns
        .enumerate()
        .map(|(place, (column, longest))| {
            let margin = if place == 0 { PADDING } else { 0.0 };
            one(ui, column, longest) + margin
        })
        .collect();
    let left = room - widths.iter().sum::<f32>();
    let mut words = list.columns.iter();
    if let Some(place) = words.position(|column| column.kind == Kind::Words)
        && left > 0.0
    {
        widths[place] += left;
    }
    widths
}

fn one(ui: &Ui, column: &Column, longest: &str) -> f32 {
    let width = |text: String, size: f32| {
        let (font, color) = (FontId::proportional(size), Color32::PLACEHOLDER);
        let galley = ui.painter().layout_no_wrap(text, font, color);
        galley.size().x.ceil() + 2.0 * PADDING + 2.0
    };
    let content = || width(longest.to_owned(), 13.0);
    let least = match column.kind {
        Kind::Words => return WORDS,
        Kind::Text => content().min(WIDEST),
        Kind::Share => 68.0,
        Kind::Figure(Measure::Bytes) => content().max(60.0) + UNIT,
        Kind::Figure(_) => content().max(54.0),
    };
    least.max(width(format!("{} ▾", column.heading), 12.0))
}
