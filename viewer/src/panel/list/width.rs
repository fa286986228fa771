//! How wide the columns of a list are: as their texts and numbers need, and words get the rest.

use crate::panel::machine::cell::PADDING;
use crate::state::lists::ListView;
use afterimage_analysis::lists::{Column, Kind, List};
use afterimage_analysis::machine::Measure;
use egui::{Color32, FontId, Ui};

/// About as wide as a letter.
const LETTER: f32 = 6.9;
/// A text is cut rather than have more than this.
const WIDEST: f32 = 250.0;
/// Words have at least this.
const WORDS: f32 = 190.0;

/// The width of each column in this room; together more than the room when it is too narrow.
pub(super) fn widths(ui: &Ui, list: &List, view: &ListView, room: f32) -> Vec<f32> {
    let columns = list.columns.iter().zip(&view.widths);
    let mut widths: Vec<f32> = columns
        .enumerate()
        .map(|(place, (column, letters))| {
            let margin = if place == 0 { PADDING } else { 0.0 };
            one(ui, column, *letters) + margin
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

fn one(ui: &Ui, column: &Column, letters: usize) -> f32 {
    let least = match column.kind {
        Kind::Words => return WORDS,
        Kind::Text => {
            let letters = u16::try_from(letters).map_or(f32::MAX, f32::from);
            (letters * LETTER + 2.0 * PADDING).min(WIDEST)
        }
        Kind::Share => 84.0,
        Kind::Figure(Measure::Bytes) => 90.0,
        Kind::Figure(Measure::Seconds) => 84.0,
        Kind::Figure(_) => 60.0,
    };
    let (font, color) = (FontId::proportional(12.0), Color32::PLACEHOLDER);
    let heading = ui
        .painter()
        .layout_no_wrap(format!("{} ▾", column.heading), font, color);
    least.max(heading.size().x + 2.0 * PADDING)
}
