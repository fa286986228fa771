//! A list of a page: its title, its headings, and those of its lines that are in sight.
//!
//! A heading sorts, a line that is about a process leads to it, and everything says on hover what
//! it means, or why it is absent. `row` is one line; `filter` the field beside the title.

mod filter;
mod row;
mod width;

use crate::command::{Command, ListCommand};
use crate::explain;
use crate::panel::machine::cell::{PADDING, ink};
use crate::panel::process_table::ink::text_in;
use crate::panel::{explained, focus};
use crate::state::lists::ListView;
use crate::state::{Document, State};
use crate::theme::Tokens;
use afterimage_analysis::lists::{Column, List, ListId};
use egui::{
    Align2, FontId, Frame, Id, Label, Margin, Rect, RichText, Role, ScrollArea, Sense, Stroke,
    TextStyle, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

/// The height of a line.
pub(super) const ROW: f32 = 21.0;
const TITLE: f32 = 26.0;
const HEADER: f32 = 22.0;
/// Room for the note of a list without lines.
const NOTE: f32 = 44.0;
/// Room beside everything in the lower half.
pub(super) const MARGIN: f32 = 12.0;
const MARGIN_PIXELS: i8 = 12;

/// How high a list is with so many of its lines in sight, and no higher than it needs.
pub(super) fn height(document: &Document, id: ListId, lines: usize) -> f32 {
    let list = document
        .tab
        .things()
        .and_then(|of| document.lists.list(of, id));
    let Some((list, view)) = list else {
        return TITLE + NOTE;
    };
    if list.lines.is_empty() {
        return TITLE + NOTE;
    }
    let lines = u16::try_from(view.lines.len().clamp(1, lines)).map_or(1.0, f32::from);
    TITLE + HEADER + lines * ROW + 6.0
}

/// About that height, with half a line at the end: one sees that there are more.
pub(super) fn half_a_line(height: f32) -> f32 {
    let lines = ((height - TITLE - HEADER) / ROW - 0.55).round().max(0.0);
    TITLE + HEADER + (lines + 0.55) * ROW
}

/// Draws a list into a part of the page.
pub(super) fn show_in(
    ui: &mut Ui,
    rect: Rect,
    (state, document, id): (&State, &Document, ListId),
    out: &mut Vec<Command>,
) {
    let builder = UiBuilder::new().max_rect(rect).id_salt(("list", id.key()));
    ui.scope_builder(builder, |ui| {
        ui.set_clip_rect(rect.intersect(ui.clip_rect()));
        show(ui, state, document, id, out);
    });
}

fn show(ui: &mut Ui, state: &State, document: &Document, id: ListId, out: &mut Vec<Command>) {
    ui.spacing_mut().item_spacing = vec2(0.0, 0.0);
    let known = document
        .tab
        .things()
        .and_then(|of| document.lists.list(of, id));
    title(ui, (state, document), (id, known), out);
    let Some((list, view)) = known else {
        return note(ui, "Loading …");
    };
    if let Some(why) = list.note.as_deref().filter(|_| list.lines.is_empty()) {
        return note(ui, why);
    }
    if view.lines.is_empty() {
        return note(ui, "Nothing of it matches the filter.");
    }
    let room = ui.available_rect_before_wrap();
    let widths = width::widths(ui, list, view, room.width());
    let whole: f32 = widths.iter().sum();
    ScrollArea::horizontal()
        .id_salt(("sideways", id.key()))
        .auto_shrink(false)
        .show(ui, |ui| {
            ui.set_min_width(whole);
            headings(ui, (list, view), &widths, out);
            let drawn = row::Drawn {
                document,
                list,
                widths: &widths,
            };
            ScrollArea::vertical()
                .id_salt(("lines", id.key()))
                .auto_shrink(false)
                .show_rows(ui, ROW, view.lines.len(), |ui, places| {
                    for place in places {
                        if let Some(line) = view.line(list, place) {
                            row::show(ui, &drawn, (place, line), out);
                        }
                    }
                });
        });
}

/// What the list is, and how much is in it.
fn title(
    ui: &mut Ui,
    (state, document): (&State, &Document),
    (id, known): (ListId, Option<(&List, &ListView)>),
    out: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui.visuals());
    let size = vec2(ui.available_width(), TITLE);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let painter = ui.painter().clone();
    painter.rect_filled(rect, 0.0, tokens.panel);
    let line = Stroke::new(1.0, tokens.line);
    painter.hline(rect.x_range(), rect.top() + 0.5, line);
    let place = pos2(rect.left() + MARGIN, rect.center().y);
    let font = FontId::proportional(13.0);
    let name = painter.text(
        place,
        Align2::LEFT_CENTER,
        id.title(),
        font,
        tokens.text_strong,
    );
    let mut end = name.right();
    if let Some((list, view)) = known.filter(|(list, _)| !list.lines.is_empty()) {
        let (all, shown) = (list.lines.len(), view.lines.len());
        let count = if all == shown {
            all.to_string()
        } else {
            format!("{shown} of {all}")
        };
        let place = pos2(end + 8.0, rect.center().y);
        let font = FontId::proportional(12.0);
        let count = painter.text(place, Align2::LEFT_CENTER, count, font, tokens.text_weak);
        end = count.right();
        if let Some(note) = &list.note {
            let area = rect.with_min_x(end + 16.0).with_max_x(rect.right() - 8.0);
            text_in(ui, area, note, ink(tokens.text_weak, 12.0));
        }
    }
    let hover = rect.with_max_x(end);
    let response = ui.interact(hover, ui.scope_id().with("title"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, id.title()));
    explained::on_hover(response, id.title(), explain::figure("list", id.key()));
    if document.tab.filtered() == Some(id) {
        let field = rect.with_min_x((rect.right() - 340.0).max(end + 12.0));
        let area = UiBuilder::new().max_rect(field.shrink2(vec2(8.0, 2.0)));
        ui.scope_builder(area, |ui| filter::show(ui, state, known, id, out));
    }
}

fn note(ui: &mut Ui, words: &str) {
    let tokens = Tokens::of(ui.visuals());
    let margin = Margin::symmetric(MARGIN_PIXELS, 4);
    Frame::new().inner_margin(margin).show(ui, |ui| {
        let text = RichText::new(words).color(tokens.text_weak);
        let font = TextStyle::Body.resolve(ui.style());
        let (room, color) = (ui.available_size(), tokens.text_weak);
        let whole = ui.painter().layout(words.to_owned(), font, color, room.x);
        // A line that is cut through the middle is none; what is left out is told on hover.
        let label = if whole.size().y > room.y {
            Label::new(text).truncate()
        } else {
            Label::new(text)
        };
        ui.add(label);
    });
}

fn headings(ui: &mut Ui, (list, view): (&List, &ListView), widths: &[f32], out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let whole: f32 = widths.iter().sum();
    let size = vec2(whole.max(ui.available_width()), HEADER);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    ui.painter().rect_filled(rect, 0.0, tokens.panel);
    let line = Stroke::new(1.0, tokens.line);
    ui.painter()
        .hline(rect.x_range(), rect.bottom() - 0.5, line);
    let mut left = rect.left();
    for (number, (column, width)) in list.columns.iter().zip(widths).enumerate() {
        let mut place = Rect::from_min_size(pos2(left, rect.top()), vec2(*width, HEADER));
        if number == 0 {
            place.min.x += MARGIN - PADDING;
        }
        heading(ui, (list.id, view), column, place, out);
        left += width;
    }
}

fn heading(
    ui: &Ui,
    (id, view): (ListId, &ListView),
    column: &Column,
    rect: Rect,
    out: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui.visuals());
    let name = Id::unique(("heading", id.key(), column.key));
    let response = ui.interact(rect, name, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::ColumnHeader, true, column.heading));
    let sort = view.sort.filter(|(key, _)| *key == column.key);
    let color = if sort.is_some() || response.hovered() {
        tokens.text
    } else {
        tokens.text_weak
    };
    let words = match sort {
        Some((_, true)) => format!("{} ▾", column.heading),
        Some((_, false)) => format!("{} ▴", column.heading),
        None => column.heading.to_owned(),
    };
    let font = FontId::proportional(12.0);
    let (x, align) = if column.is_number() {
        (rect.right() - PADDING, Align2::RIGHT_CENTER)
    } else {
        (rect.left() + PADDING, Align2::LEFT_CENTER)
    };
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    painter.text(pos2(x, rect.center().y), align, words, font, color);
    focus::ring(ui, &response);
    if response.clicked() {
        out.push(Command::List(id, ListCommand::SortBy(column.key)));
    }
    explained::on_hover(
        response,
        column.heading,
        explain::figure(id.key(), column.key),
    );
}
