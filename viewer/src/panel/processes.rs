//! The lower half: the process table, and beside it the page of the process that is followed.
//!
//! Where there is no room for both the page has all of it, until it is closed.

use crate::command::Command;
use crate::panel::focus::{self, Way};
use crate::panel::{keep_share, process_page, process_table};
use crate::state::desk::Divider;
use crate::state::{Document, Part, State};
use crate::theme::Tokens;
use egui::{Frame, Panel, Ui};

/// Under this width only one of them is shown.
const BOTH: f32 = 1_150.0;
const NARROWEST_PAGE: f32 = 380.0;

/// Draws it.
pub fn show(ui: &mut Ui, state: &State, document: &Document, out: &mut Vec<Command>) {
    let Some(page) = &document.page else {
        return process_table::show(ui, state, document, out);
    };
    let width = ui.available_width();
    let frame = Frame::new().fill(Tokens::of(ui.visuals()).canvas);
    if page.is_wide || width < BOTH {
        focus::part(ui, state, Part::Process, out);
        return process_page::show(ui, document, page, width >= BOTH, out);
    }
    let share = state.desk.shares.page;
    let chosen = share.map(|share| share * width);
    let shown = Panel::right("process page")
        .resizable(true)
        .default_size(chosen.unwrap_or((width * 0.36).clamp(NARROWEST_PAGE, 640.0)))
        .size_range(NARROWEST_PAGE..=width * 0.7)
        .frame(frame)
        .show(ui, |ui| {
            ui.set_min_width(ui.available_width());
            focus::part(ui, state, Part::Process, out);
            process_page::show(ui, document, page, true, out);
        });
    let now = shown.response.rect.width() / width;
    keep_share(share, (Divider::Page, now), out);
    let name = "Width of the process's page";
    focus::divider(ui, "process page", (name, Way::Across), -1.0);
    process_table::show(ui, state, document, out);
}
