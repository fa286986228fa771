//! Where a picture of what is shown goes.

use crate::command::{Command, DeskCommand};
use crate::panel::dialog;
use crate::state::desk::Saving;
use crate::state::{Focus, State};
use crate::theme::Tokens;
use egui::text::{CCursor, CCursorRange};
use egui::{Button, Key, Margin, RichText, TextEdit, Ui};

/// Draws it over the window while it is open.
pub fn show(ui: &Ui, state: &State, out: &mut Vec<Command>) {
    let Some(saving) = &state.desk.saving else {
        return;
    };
    let is_over = dialog::show(ui, "Save as picture", 520.0, |ui| {
        ui.label("What is shown, as a PNG file. A name without a folder is in the current one.");
        ui.add_space(10.0);
        field(ui, state, saving, out);
        ui.add_space(6.0);
        answer(ui, saving, Tokens::of(ui.visuals()), out);
    });
    if is_over {
        out.push(Command::Desk(DeskCommand::CancelPicture));
    }
}

fn field(ui: &mut Ui, state: &State, saving: &Saving, out: &mut Vec<Command>) {
    let mut edited = saving.text.clone();
    let field = TextEdit::singleline(&mut edited)
        .desired_width(f32::INFINITY)
        .margin(Margin::symmetric(8, 5));
    let field = ui.add_enabled(!saving.is_busy, field);
    field.widget_info(|| egui::WidgetInfo {
        label: Some("Name of the picture".to_owned()),
        ..egui::WidgetInfo::text_edit(!saving.is_busy, &saving.text, &edited, "")
    });
    if state.focus == Some(Focus::Picture) {
        field.request_focus();
        out.push(Command::FocusTaken);
        // The proposed name goes as soon as another one is typed.
        let mut text = TextEdit::load_state(ui, field.id).unwrap_or_default();
        let end = CCursor::new(saving.text.chars().count());
        let all = CCursorRange::two(CCursor::new(0), end);
        text.cursor.set_char_range(Some(all));
        TextEdit::store_state(ui, field.id, text);
    }
    if field.changed() {
        out.push(Command::Desk(DeskCommand::EditPicture(edited)));
    }
    let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    if entered && !saving.exists {
        out.push(Command::Desk(DeskCommand::SavePicture { replaces: false }));
    }
}

/// What became of it, and what can be done.
fn answer(ui: &mut Ui, saving: &Saving, tokens: &Tokens, out: &mut Vec<Command>) {
    let problem = match (&saving.problem, saving.exists) {
        (Some(problem), _) => Some(problem.as_str()),
        (None, true) => Some("There is a file of that name already."),
        (None, false) => None,
    };
    if let Some(problem) = problem {
        ui.label(RichText::new(problem).color(tokens.problem));
    }
    ui.add_space(6.0);
    ui.horizontal(|ui| {
        let (name, replaces) = if saving.exists {
            ("Replace it", true)
        } else {
            ("Save", false)
        };
        let can = !saving.is_busy && !saving.text.trim().is_empty();
        if ui.add_enabled(can, Button::new(name)).clicked() {
            out.push(Command::Desk(DeskCommand::SavePicture { replaces }));
        }
        if ui.button("Cancel").clicked() {
            out.push(Command::Desk(DeskCommand::CancelPicture));
        }
        if saving.is_busy {
            ui.label(RichText::new("Painting …").color(tokens.text_weak));
        }
    });
}
