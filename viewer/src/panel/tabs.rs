//! The lower half: a strip of tabs, and under it the page that is chosen.

use crate::action::page_key;
use crate::command::Command;
use crate::panel::process_table::copy_menu;
use crate::panel::{kernel_log, load, machine, processes, threads};
use crate::state::tabs::Tab;
use crate::state::{Document, State};
use crate::theme::Tokens;
use egui::{
    Align, Align2, FontId, Frame, Layout, Margin, Role, Sense, Stroke, Ui, WidgetInfo, vec2,
};

const HEIGHT: f32 = 26.0;
const PADDING: f32 = 11.0;

/// Draws it.
pub fn show(ui: &mut Ui, state: &State, document: &Document, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let frame = Frame::new()
        .fill(tokens.panel)
        .inner_margin(Margin::symmetric(1, 0));
    ui.spacing_mut().item_spacing.y = 0.0;
    frame.show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.set_min_height(HEIGHT);
            ui.spacing_mut().item_spacing.x = 0.0;
            for tab in Tab::ALL {
                one(ui, document, tab, out);
            }
            ui.spacing_mut().item_spacing.x = 8.0;
            let room = Layout::right_to_left(Align::Center);
            ui.with_layout(room, |ui| {
                ui.add_space(11.0);
                match document.tab {
                    Tab::Processes | Tab::Log => {}
                    Tab::Threads => copy_menu(ui, out),
                    _ => machine::words(ui, document, out),
                }
            });
        });
    });
    let full = ui.max_rect();
    let line = Stroke::new(1.0, tokens.line);
    ui.painter()
        .hline(full.x_range(), ui.cursor().top() - 0.5, line);
    ui.spacing_mut().item_spacing.y = 4.0;
    match document.tab {
        Tab::Processes => processes::show(ui, state, document, out),
        Tab::Log => kernel_log::show(ui, state, document, out),
        Tab::Load => load::show(ui, document, out),
        Tab::Threads => threads::show(ui, state, document, out),
        _ => machine::show(ui, state, document, out),
    }
}

fn one(ui: &mut Ui, document: &Document, tab: Tab, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let is_on = document.tab == tab;
    let font = FontId::proportional(13.5);
    let galley = |color| {
        ui.painter()
            .layout_no_wrap(tab.title().to_owned(), font.clone(), color)
    };
    let width = galley(tokens.text).size().x + 2.0 * PADDING;
    let (rect, response) = ui.allocate_exact_size(vec2(width, HEIGHT), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, is_on, tab.title()));
    let is_lit = response.hovered() || response.has_focus();
    if is_lit && !is_on {
        ui.painter().rect_filled(rect, 0.0, tokens.grid);
    }
    let color = match (is_on, is_lit) {
        (true, _) => tokens.text_strong,
        (false, true) => tokens.text,
        (false, false) => tokens.text_weak,
    };
    let place = rect.center();
    ui.painter()
        .text(place, Align2::CENTER_CENTER, tab.title(), font, color);
    if is_on {
        let mark = rect
            .with_min_y(rect.bottom() - 2.0)
            .shrink2(vec2(PADDING - 3.0, 0.0));
        ui.painter().rect_filled(mark, 1.0, tokens.running);
    }
    if response.clicked() {
        out.push(Command::ShowTab(tab));
    }
    response.on_hover_text(format!("{} ({})", tab.meaning(), page_key(tab)));
}
