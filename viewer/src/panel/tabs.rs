//! The lower half: a strip of tabs, and under it the page that is chosen. Tabs for which the
//! window is too narrow are in a menu behind the others.

use crate::action::page_key;
use crate::command::Command;
use crate::panel::measure::{button_width, text_width};
use crate::panel::process_table::copy_menu;
use crate::panel::{kernel_log, load, machine, processes, threads};
use crate::state::tabs::Tab;
use crate::state::{Document, State};
use crate::theme::Tokens;
use egui::{
    Align, Align2, FontId, Frame, Layout, Margin, Role, Sense, Stroke, Ui, WidgetInfo, vec2,
};

const HEIGHT: f32 = 26.0;
const TEXT: f32 = 13.5;
const PADDING: f32 = 11.0;
/// The same where it is narrow.
const LEAST_PADDING: f32 = 6.0;
/// The words to the right are left out where there is less room for them.
const WORDS: f32 = 170.0;
const MORE: &str = "More";

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
            // On every page, so that no tab moves when another one is chosen.
            let beside = button_width(ui, "Copy") + 11.0 + 8.0;
            let strip = Strip::within(ui, ui.available_width() - beside, document.tab);
            for tab in &strip.shown {
                one(ui, document, (*tab, strip.padding), out);
            }
            if !strip.behind.is_empty() {
                more(ui, &strip.behind, out);
            }
            ui.spacing_mut().item_spacing.x = 8.0;
            let room = Layout::right_to_left(Align::Center);
            let has_words = ui.available_width() >= beside + WORDS;
            ui.with_layout(room, |ui| {
                ui.add_space(11.0);
                match document.tab {
                    Tab::Processes | Tab::Log => {}
                    Tab::Threads => copy_menu(ui, out),
                    _ if has_words => machine::words(ui, document, out),
                    _ => copy_menu(ui, out),
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

/// Which tabs there is room for.
struct Strip {
    shown: Vec<Tab>,
    behind: Vec<Tab>,
    padding: f32,
}

impl Strip {
    /// All of them, closer together if need be; else as many as there is room for, and the one
    /// that is chosen in any case.
    fn within(ui: &Ui, room: f32, chosen: Tab) -> Self {
        let width = |tab: Tab| text_width(ui, tab.title(), TEXT);
        let texts: f32 = Tab::ALL.map(width).iter().sum();
        let each = (room - texts) / (2.0 * Tab::ALL.len() as f32);
        if each >= LEAST_PADDING {
            return Self {
                shown: Tab::ALL.to_vec(),
                behind: vec![],
                padding: each.min(PADDING).floor(),
            };
        }
        let padding = LEAST_PADDING;
        let wide = |tab: Tab| width(tab) + 2.0 * padding;
        let mut left = room - button_width(ui, MORE) - wide(chosen);
        let (mut shown, mut behind) = (vec![], vec![]);
        for tab in Tab::ALL {
            if tab == chosen {
                shown.push(tab);
            } else if behind.is_empty() && left >= wide(tab) {
                left -= wide(tab);
                shown.push(tab);
            } else {
                behind.push(tab);
            }
        }
        Self {
            shown,
            behind,
            padding,
        }
    }
}

/// The menu of the tabs for which there is no room.
fn more(ui: &mut Ui, behind: &[Tab], out: &mut Vec<Command>) {
    let menu = ui.menu_button(MORE, |ui| {
        for tab in behind {
            let words = format!("{} ({})", tab.meaning(), page_key(*tab));
            if ui.button(tab.title()).on_hover_text(words).clicked() {
                out.push(Command::ShowTab(*tab));
            }
        }
    });
    menu.response
        .on_hover_text("The pages for which the window is too narrow");
}

fn one(ui: &mut Ui, document: &Document, (tab, padding): (Tab, f32), out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let is_on = document.tab == tab;
    let font = FontId::proportional(TEXT);
    let galley = |color| {
        ui.painter()
            .layout_no_wrap(tab.title().to_owned(), font.clone(), color)
    };
    let width = galley(tokens.text).size().x + 2.0 * padding;
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
            .shrink2(vec2(padding - 3.0, 0.0));
        ui.painter().rect_filled(mark, 1.0, tokens.running);
    }
    if response.clicked() {
        out.push(Command::ShowTab(tab));
    }
    response.on_hover_text(format!("{} ({})", tab.meaning(), page_key(tab)));
}
