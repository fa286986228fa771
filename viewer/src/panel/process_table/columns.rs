//! The menus that choose columns: one for all of them, and one on each heading.

use crate::command::Command;
use crate::explain;
use crate::panel::explained;
use crate::state::table::{Column, TableView};
use crate::theme::Tokens;
use afterimage_analysis::processes::Subject;
use egui::{Grid, RichText, ScrollArea, Ui};

/// Every column by subject, with a mark at those that are shown.
pub(super) fn of_all(ui: &mut Ui, view: &TableView, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    ui.set_max_width(640.0);
    ui.label(RichText::new("Columns").strong().color(tokens.text_strong));
    for note in [
        "Drag a heading to move its column. Differences appear when a moment is pinned.",
        "Drag its right edge to make it wider or narrower; a double click there makes it fit.",
    ] {
        ui.label(RichText::new(note).small().color(tokens.text_weak));
    }
    ui.add_space(4.0);
    // It has to find room above its button, or it would cover it.
    let height = (ui.ctx().content_rect().height() * 0.45).clamp(160.0, 420.0);
    ScrollArea::vertical().max_height(height).show(ui, |ui| {
        Grid::new("columns")
            .num_columns(4)
            .spacing([22.0, 4.0])
            .show(ui, |ui| {
                for subject in Subject::ALL {
                    ui.label(
                        RichText::new(subject.title())
                            .small()
                            .color(tokens.text_weak),
                    );
                }
                ui.end_row();
                let of = |subject| {
                    let all = Column::ALL.into_iter();
                    all.filter(move |column| {
                        column.subject() == subject && column.changes_of().is_none()
                    })
                    .collect::<Vec<_>>()
                };
                let subjects = Subject::ALL.map(of);
                let longest = subjects.iter().map(Vec::len).max().unwrap_or(0);
                for row in 0..longest {
                    for columns in &subjects {
                        match columns.get(row) {
                            Some(column) => choice(ui, view, *column, out),
                            None => drop(ui.label("")),
                        }
                    }
                    ui.end_row();
                }
            });
    });
    ui.separator();
    if ui.button("As they were at first").clicked() {
        out.push(Command::ResetColumns);
    }
}

fn choice(ui: &mut Ui, view: &TableView, column: Column, out: &mut Vec<Command>) {
    let mut is_shown = view.columns.contains(&column);
    let choice = ui.checkbox(&mut is_shown, column.title());
    if choice.changed() {
        out.push(Command::ToggleColumn(column));
    }
    explained::on_hover(choice, column.title(), explain::column(column));
}

/// What can be done with one column.
pub(super) fn of_one(ui: &mut Ui, view: &TableView, column: Column, out: &mut Vec<Command>) {
    let place = view.columns.iter().position(|shown| *shown == column);
    let order = if view.sort == column {
        "Turn the order round"
    } else {
        "Sort by it"
    };
    if ui.button(order).clicked() {
        out.push(Command::SortBy(column));
    }
    let usual = Command::SetColumnWidth {
        column,
        width: None,
    };
    if view.widths.contains_key(&column) && ui.button("As wide as usual").clicked() {
        out.push(usual);
    }
    let Some(place) = place else { return };
    ui.separator();
    let moved = |before| Command::MoveColumn { column, before };
    if place > 0 && ui.button("Move to the left").clicked() {
        out.push(moved(Some(view.columns[place - 1])));
    }
    if place + 1 < view.columns.len() && ui.button("Move to the right").clicked() {
        out.push(moved(view.columns.get(place + 2).copied()));
    }
    if view.columns.len() > 1 && ui.button("Hide it").clicked() {
        out.push(Command::ToggleColumn(column));
    }
}
