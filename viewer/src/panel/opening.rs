//! The way to open a file: the desktop's dialog, the field that takes a path, and what was open
//! before; and how far opening one has come.

use crate::command::{Command, DeskCommand};
use crate::display;
use crate::display::escape::escaped;
use crate::panel::{dialog, recent};
use crate::state::{Document, Focus, Phase, State};
use crate::theme::Tokens;
use afterimage_format::capture::watch::{Stage, Work};
use afterimage_format::units::Bytes;
use egui::{Button, Key, Margin, ProgressBar, RichText, TextEdit, Ui};

/// Draws it over the window, while a capture has the window.
pub fn over(ui: &Ui, state: &State, out: &mut Vec<Command>) {
    let has_window = |document: &Document| !matches!(document.phase, Phase::Failed(_));
    if !state.desk.chooser.is_open || !state.document().is_some_and(has_window) {
        return;
    }
    let is_over = dialog::show(ui, "Open a capture", 560.0, |ui| ways(ui, state, out));
    if is_over {
        out.push(Command::Desk(DeskCommand::CancelChoice));
    }
}

/// The button, the field and the list.
pub fn ways(ui: &mut Ui, state: &State, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let chooser = &state.desk.chooser;
    ui.horizontal(|ui| {
        let text = RichText::new("Choose a file …")
            .size(14.0)
            .color(tokens.canvas);
        let button = Button::new(text)
            .fill(tokens.running)
            .min_size(egui::vec2(150.0, 30.0));
        let hover = "Choose captures in the desktop's own dialog (Ctrl-O)";
        if ui.add(button).on_hover_text(hover).clicked() {
            out.push(Command::Desk(DeskCommand::Choose));
        }
        let text = match (chooser.is_choosing, &chooser.problem) {
            (true, _) => "The desktop's dialog is open.",
            (false, _) if state.desk.takes_no_drops => "or type its path",
            (false, _) => "or drop files on this window",
        };
        ui.label(RichText::new(text).color(tokens.text_weak));
    });
    if let Some(problem) = &chooser.problem {
        ui.add_space(4.0);
        ui.label(RichText::new(problem.as_str()).color(tokens.problem));
    }
    ui.add_space(8.0);
    field(ui, state, out);
    if !state.desk.recent.is_empty() {
        ui.add_space(14.0);
        ui.label(RichText::new("Opened before").color(tokens.text_strong));
        ui.add_space(2.0);
        recent::list(ui, state, out);
    }
}

fn field(ui: &mut Ui, state: &State, out: &mut Vec<Command>) {
    let text = &state.desk.chooser.text;
    ui.horizontal(|ui| {
        let mut edited = text.clone();
        let width = ui.available_width() - 70.0;
        let hint = "Type or paste a path: ~/host.afterimage";
        let field = TextEdit::singleline(&mut edited)
            .hint_text(hint)
            .desired_width(width)
            .margin(Margin::symmetric(8, 5));
        let field = ui.add(field);
        field.widget_info(|| egui::WidgetInfo {
            label: Some("Path of a capture".to_owned()),
            ..egui::WidgetInfo::text_edit(true, text, &edited, hint)
        });
        if state.focus == Some(Focus::Path) {
            field.request_focus();
            out.push(Command::FocusTaken);
        }
        if field.changed() {
            out.push(Command::Desk(DeskCommand::EditPath(edited)));
        }
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let open = ui.add_enabled(!text.trim().is_empty(), Button::new("Open"));
        if entered || open.on_hover_text("Open this file (Enter)").clicked() {
            out.push(Command::Desk(DeskCommand::OpenPath));
        }
    });
}

/// How far opening a capture has come, and the way to give it up.
pub fn progress(ui: &mut Ui, document: &Document, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let stage = document.condition.stage;
    let words = stage.map_or_else(|| "Waiting for the file".to_owned(), words);
    ui.label(words);
    ui.add_space(10.0);
    let known = stage.filter(|stage| stage.total > 0);
    if let Some(stage) = known {
        #[expect(clippy::cast_possible_truncation, reason = "a share from 0 to 1")]
        let share = (stage.done as f64 / stage.total as f64).clamp(0.0, 1.0) as f32;
        let bar = ProgressBar::new(share)
            .fill(tokens.running)
            .desired_height(8.0);
        let bar = ui.add(bar);
        bar.widget_info(|| {
            egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, "Opening")
        });
    }
    ui.add_space(12.0);
    let hover = "Stop, and close this tab";
    if ui.button("Cancel").on_hover_text(hover).clicked() {
        out.push(Command::Desk(DeskCommand::Close(document.id)));
    }
}

/// What is being done, and how far it is.
fn words(stage: Stage) -> String {
    let what = match stage.work {
        Work::ReadingHeader => "Looking what it is",
        Work::CopyingLog => {
            "Copying the write-ahead log aside, so that nothing beside the capture changes"
        }
        Work::CopyingCapture => "Copying the capture aside, as no link to it can be made there",
        Work::OpeningDatabase => "Opening the database in it",
        Work::ReadingWhole => "Reading what is true of all of it",
        Work::FindingSound => "The file is damaged; looking through it for what is sound",
        Work::SavingSound => "Putting what is sound together in a private folder",
    };
    if stage.total == 0 {
        return what.to_owned();
    }
    let [done, total] = [stage.done, stage.total].map(|bytes| display::bytes(Bytes(bytes)));
    format!("{what}: {done} of {total}")
}

/// What went wrong with a capture, and what can be done about it.
pub fn failed(ui: &mut Ui, document: &Document, problem: &str, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    ui.label(RichText::new(escaped(problem)).color(tokens.problem));
    ui.add_space(10.0);
    ui.horizontal(|ui| {
        if ui.button("Try again").clicked() {
            out.push(Command::Desk(DeskCommand::Retry(document.id)));
        }
        if ui
            .button("Close")
            .on_hover_text("Close this tab (Ctrl-W)")
            .clicked()
        {
            out.push(Command::Desk(DeskCommand::Close(document.id)));
        }
    });
}
