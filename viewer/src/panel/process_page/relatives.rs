//! The relatives of a process at the cursor: parents up to the first, children, siblings.

use super::heading;
use crate::command::Command;
use crate::display::{self, escape::escaped};
use crate::state::Document;
use crate::state::page::Page;
use crate::theme::Tokens;
use afterimage_analysis::processes::tree::Forest;
use afterimage_analysis::processes::{Column, Seen};
use egui::{Label, Link, RichText, Ui};

/// The most children that are listed, those that use the most CPU.
const MOST: usize = 12;

/// Draws them.
pub(super) fn show(ui: &mut Ui, document: &Document, page: &Page, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let rows = document.rows().map(|rows| rows.all()).unwrap_or_default();
    let Some(place) = rows.iter().position(|seen| seen.row.key == page.key) else {
        return;
    };
    let forest = Forest::new(
        rows.iter()
            .map(|seen| (seen.row.key.pid, seen.row.ppid.ok())),
    );
    heading(ui, "Relatives");
    let mut parents = forest.parents(place);
    parents.reverse();
    let siblings = match forest.siblings(place) {
        0 => "no siblings".to_owned(),
        1 => "1 sibling".to_owned(),
        count => format!("{count} siblings"),
    };
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        for parent in parents {
            link(ui, &rows[parent], out);
            ui.label(RichText::new("›").color(tokens.text_weak));
        }
        ui.label(RichText::new(escaped(&page.row.comm)).color(tokens.text_strong));
        ui.label(RichText::new(format!("({siblings})")).color(tokens.text_weak));
    });
    let mut children = forest.children(place).to_vec();
    let cpu = |place: usize| rows[place].row.cpu_percent.unwrap_or(-1.0);
    children.sort_by(|one, other| cpu(*other).total_cmp(&cpu(*one)));
    if children.is_empty() {
        ui.label(RichText::new("No children").color(tokens.text_weak));
        return;
    }
    let count = children.len();
    let words = if count == 1 {
        "1 child".to_owned()
    } else {
        format!("{count} children")
    };
    ui.label(RichText::new(words).color(tokens.text_weak));
    for child in children.into_iter().take(MOST) {
        ui.horizontal(|ui| {
            ui.add_space(12.0);
            link(ui, &rows[child], out);
            let value = |column| {
                let value = rows[child].row.value(column).ok()?;
                Some(display::value(column, &value, &document.zone).join())
            };
            let facts = [
                value(Column::Cpu).map(|cpu| format!("{cpu} % CPU")),
                value(Column::Rss),
            ];
            let facts: Vec<_> = facts.into_iter().flatten().collect();
            ui.label(RichText::new(facts.join(", ")).color(tokens.text_weak));
            let title = RichText::new(escaped(&rows[child].row.title())).color(tokens.text);
            ui.add(Label::new(title).truncate());
        });
    }
    if count > MOST {
        let rest = format!("and {} more", count - MOST);
        ui.label(RichText::new(rest).color(tokens.text_weak));
    }
}

fn link(ui: &mut Ui, seen: &Seen<'_>, out: &mut Vec<Command>) {
    let text = format!("{} {}", escaped(&seen.row.comm), seen.row.key.pid.0);
    if ui.add(Link::new(text)).clicked() {
        out.push(Command::Follow(seen.row.key));
    }
}
