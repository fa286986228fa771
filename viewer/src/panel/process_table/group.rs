//! One cell of a group of processes: a sum, the group's name, or how many it has.

use super::ink::{Ink, PADDING, absent, bar, layout, number, text_in, triangle};
use crate::display::{self, Written, escape::escaped};
use crate::explain;
use crate::panel::explained;
use crate::state::Document;
use crate::state::table::{Arrangement, Column, Line};
use crate::theme::Tokens;
use afterimage_analysis::processes::Value;
use afterimage_analysis::processes::group::{GroupBy, Sum, Together};
use egui::{FontId, Rect, Sense, Ui, Vec2, pos2, vec2};

/// What processes have in common, in words.
pub(super) fn name(document: &Document, group: &Together) -> String {
    match &group.name {
        Ok(name) if document.table.arrangement == Arrangement::By(GroupBy::State) => {
            display::value(
                Column::State,
                &Value::Text(name.as_str().into()),
                &document.zone,
            )
            .number
        }
        Ok(name) => escaped(name),
        Err(missing) => format!("not known: {missing}"),
    }
}

/// Where in its line the cell of a group stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Which column it is, from the left.
    pub(super) number: usize,
    /// How much room there is for the name from the second column on.
    pub(super) room: f32,
    /// Where the table ends on the right.
    pub(super) end: f32,
}

impl Place {
    /// Whether the name stands in the second column and goes on over those behind it.
    fn has_room(self) -> bool {
        self.room >= 60.0
    }
}

/// Draws the name of a group over the columns in which it has no sum.
fn name_of_group(ui: &Ui, document: &Document, group: &Together, place: Place) {
    let ink = Ink {
        color: Tokens::of(ui.visuals()).text_strong,
        is_struck: false,
        size: 13.0,
    };
    let rect = ui.max_rect();
    let right = (rect.left() + place.room).min(place.end);
    let clip = ui.clip_rect();
    let mut painter = ui.painter().clone();
    // Not narrowed but widened: the cell's own clip ends with its column.
    painter.set_clip_rect(clip.with_max_x(right.max(clip.right())));
    let width = (right - rect.left() - 2.0 * PADDING).max(1.0);
    let galley = layout(ui, &shortened(ui, name(document, group), width), ink, width);
    let at = pos2(
        rect.left() + PADDING,
        rect.center().y - galley.size().y / 2.0,
    );
    painter.galley(at, galley, ink.color);
}

/// Of a path that is too long the end says more than the beginning.
fn shortened(ui: &Ui, name: String, room: f32) -> String {
    if !name.starts_with('/') {
        return name;
    }
    let font = FontId::proportional(13.0);
    let width = |letter| ui.fonts_mut(|fonts| fonts.glyph_width(&font, letter));
    let mut left = room - width('…') - 1.0;
    // Where the end that there is room for begins, and whether that is where the name does.
    let mut from = name.len();
    for (place, letter) in name.char_indices().rev() {
        left -= width(letter);
        if left < 0.0 {
            return format!("…{}", &name[from..]);
        }
        from = place;
    }
    name
}

/// The programs of a group, most frequent first: `postgres 46, bash 2`.
fn programs(group: &Together) -> String {
    let (named, others) = &group.programs;
    let named = named.iter().map(|(name, count)| match count {
        1 => escaped(name),
        _ => format!("{} {count}", escaped(name)),
    });
    let more = if *others > 0 { ", …" } else { "" };
    format!("{}{more}", named.collect::<Vec<_>>().join(", "))
}

/// Draws the cell of a group: a sum, its name, or how many it has.
pub(super) fn show(
    ui: &mut Ui,
    document: &Document,
    (line, group): (Line, &Together),
    column: Column,
    place: Place,
) {
    if ui.is_sizing_pass() {
        return;
    }
    let tokens = Tokens::of(ui.visuals());
    let mut area = ui.max_rect().shrink2(vec2(PADDING, 0.0));
    let ink = Ink {
        color: tokens.text_strong,
        is_struck: false,
        size: 13.0,
    };
    if place.number == 0 {
        let mark =
            Rect::from_center_size(pos2(area.left() + 4.0, area.center().y), Vec2::splat(14.0));
        triangle(ui, mark, line.is_open, tokens.text);
        area.min.x += 14.0;
        if column == Column::Pid {
            let count = Written {
                number: format!("{}×", group.present),
                ..Written::default()
            };
            return number(ui, area, &count, column, ink);
        }
    }
    if column == Column::Command {
        let weak = Ink {
            color: tokens.text_weak,
            ..ink
        };
        let mut words = programs(group);
        if !place.has_room() {
            words = format!("{}:  {words}", name(document, group));
        }
        text_in(ui, area, &words, weak);
        return;
    }
    if place.number == 1 && place.has_room() {
        return name_of_group(ui, document, group, place);
    }
    let Some(sum) = group.sum(column) else { return };
    match sum.value() {
        Err(missing) => absent(ui, missing, column, tokens),
        Ok(known) => {
            let value = Value::Number(known);
            if matches!(column, Column::Cpu | Column::Wait) {
                bar(ui, column, &value, tokens);
            }
            let mut written = display::value(column, &value, &document.zone);
            if sum.absent > 0 {
                written.number = format!("≥ {}", written.number);
            }
            let is_nothing = known.abs() < 0.05;
            let color = if is_nothing {
                tokens.text_weak
            } else {
                ink.color
            };
            number(ui, area, &written, column, Ink { color, ..ink });
            if ui.rect_contains_pointer(ui.max_rect()) {
                let response =
                    ui.interact(ui.max_rect(), ui.scope_id().with("sum"), Sense::hover());
                response.on_hover_ui(|ui| hover(ui, &sum, column));
            }
        }
    }
}

/// That it is a sum, of how many it is not known, and what the column means.
fn hover(ui: &mut Ui, sum: &Sum, column: Column) {
    ui.set_max_width(560.0);
    let all = sum.absent + sum.count;
    if sum.absent > 0 {
        let why = sum.missing.map_or(String::new(), |why| format!(": {why}"));
        ui.label(format!("Of {} of {all} it is not known{why}", sum.absent));
    } else {
        ui.label(format!("The sum of {all} processes."));
    }
    if let Some(entry) = explain::column(column) {
        explained::words(ui, column.title(), entry);
    }
}
