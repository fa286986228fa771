//! The bar on top: which captures are open, and which host the shown one is of.

use crate::command::{Command, DeskCommand};
use crate::data::{DAMAGED, Ending, Facts};
use crate::display;
use crate::display::escape::escaped;
use crate::panel::captures;
use crate::panel::measure::button_width;
use crate::state::{State, ThemeChoice};
use crate::theme::Tokens;
use egui::{Align, Label, Layout, RichText, Role, Ui, WidgetInfo};
use std::time::Duration;

const LIGHT: &str = "Light";
const PICTURE: &str = "Save as picture";
/// In a bar narrower than this, names are shorter.
const NARROW: f32 = 760.0;
/// Less of what is known of the host than this says nothing.
const LEAST_WORDS: f32 = 60.0;

/// Draws it.
pub fn show(ui: &mut Ui, state: &State, out: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        ui.set_min_height(26.0);
        if state.documents.is_empty() {
            ui.label(RichText::new("afterimage").heading());
        }
        let gap = ui.spacing().item_spacing.x;
        let mut behind = vec![captures::OPEN, LIGHT];
        if !state.desk.recent.is_empty() {
            behind.push(captures::RECENT);
        }
        let is_open = state
            .document()
            .is_some_and(|document| document.facts().is_some());
        // What it is called whole is said on hover.
        let picture = if ui.available_width() < NARROW {
            "Picture"
        } else {
            PICTURE
        };
        if is_open {
            behind.push(picture);
        }
        let behind = behind.into_iter().map(|name| button_width(ui, name) + gap);
        let room = ui.available_width() - behind.sum::<f32>() - gap;
        captures::show(ui, state, room, out);
        captures::open_button(ui, state, out);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            theme_button(ui, out);
            let facts = state.document().and_then(|document| document.facts());
            if let Some(facts) = facts {
                picture_button(ui, picture, out);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| host(ui, facts));
            }
        });
    });
}

/// What is known of the host, as far as there is room.
fn host(ui: &mut Ui, facts: &Facts) {
    let tokens = Tokens::of(ui.visuals());
    ui.add_space(8.0);
    let end = display::ending(facts.ending);
    let color = match facts.ending {
        Ending::Recording => tokens.running,
        Ending::Clean => tokens.text_weak,
        Ending::Unclean | Ending::CopiedLive => tokens.text,
    };
    let meaning = display::ending_meaning(facts.ending);
    if ui.available_width() < LEAST_WORDS {
        return;
    }
    ui.add(Label::new(RichText::new(end).color(color)).truncate())
        .on_hover_text(meaning);
    if ui.available_width() < LEAST_WORDS {
        return;
    }
    let cpus = match facts.cpus {
        Some(cpus) => display::cpus(f64::from(cpus)),
        None => "CPUs unknown".to_owned(),
    };
    let whole = facts.last.since(facts.first);
    // What is damaged was recorded.
    let missing = facts.gaps.iter().filter(|gap| gap.kind != DAMAGED);
    let missing = missing.filter_map(|gap| gap.to.since(gap.from));
    let length = whole.map(|whole| missing.fold(whole, Duration::saturating_sub));
    let length = length.map_or(display::ABSENT.to_owned(), display::duration);
    let kernel = escaped(&facts.kernel);
    let so_far = match facts.ending {
        Ending::Recording => "so far",
        _ => "recorded",
    };
    let text = format!("·  {length} {so_far}  ·  {cpus}  ·  Linux {kernel}");
    let text = RichText::new(text).color(tokens.text_weak);
    ui.add(Label::new(text).truncate());
}

fn picture_button(ui: &mut Ui, name: &str, out: &mut Vec<Command>) {
    let button = ui.button(name);
    button.widget_info(|| WidgetInfo::labeled(Role::Button, true, PICTURE));
    let hover = "Save what is shown as a PNG file (Ctrl-S)";
    if button.on_hover_text(hover).clicked() {
        out.push(Command::Desk(DeskCommand::BeginPicture));
    }
}

/// Names what it changes to.
fn theme_button(ui: &mut Ui, out: &mut Vec<Command>) {
    let (name, other) = if ui.visuals().dark_mode {
        (LIGHT, ThemeChoice::Light)
    } else {
        ("Dark", ThemeChoice::Dark)
    };
    if ui
        .button(name)
        .on_hover_text("Change the colours")
        .clicked()
    {
        out.push(Command::SetTheme(other));
    }
}
