//! The palette: every action by its name, found by typing a part of it.

use crate::action::Action;
use crate::command::{Command, WindowCommand};
use crate::state::{Focus, Palette, State};
use crate::theme::Tokens;
use egui::{
    Align2, Area, Frame, Id, Key, Label, Margin, Modifiers, Order, Rect, RichText, ScrollArea,
    Sense, Stroke, TextEdit, TextStyle, TextWrapMode, Ui, WidgetInfo, WidgetText, vec2,
};

const WIDTH: f32 = 640.0;
const ROW: f32 = 26.0;
/// How many actions are in sight at once.
const ROWS: f32 = 14.0;
const HINT: &str = "A command, a time, a process …";

/// Draws it over the window.
pub fn show(ui: &Ui, state: &State, palette: &Palette, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let fitting = palette.fitting(state);
    let Some(enters) = keys(ui, out) else {
        return;
    };
    let frame = Frame::popup(ui.style())
        .fill(tokens.panel)
        .stroke(Stroke::new(1.0, tokens.line))
        .inner_margin(Margin::same(10))
        .corner_radius(8.0);
    let area = Area::new(Id::unique("palette"))
        .order(Order::Foreground)
        .anchor(Align2::CENTER_TOP, vec2(0.0, 64.0));
    let shown = area.show(ui, |ui| {
        frame.show(ui, |ui| {
            ui.set_width(WIDTH.min(ui.content_rect().width() - 60.0));
            let text = field(ui, state, palette, out);
            if enters {
                enter(state, palette, text, out);
            }
            ui.add_space(6.0);
            list(ui, palette, &fitting, out);
            ui.add_space(6.0);
            words(ui, palette, &fitting);
        });
    });
    if shown.response.clicked_elsewhere() {
        out.push(Command::Window(WindowCommand::ClosePalette));
    }
}

/// The keys that it takes from the field; whether Enter was among them, and nothing when it was
/// closed by one.
fn keys(ui: &Ui, out: &mut Vec<Command>) -> Option<bool> {
    let pressed = |key| ui.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, key));
    let steps = [
        (Key::ArrowUp, -1),
        (Key::ArrowDown, 1),
        (Key::PageUp, -12),
        (Key::PageDown, 12),
    ];
    for (key, by) in steps {
        for _ in 0..pressed(key) {
            out.push(Command::Window(WindowCommand::ChooseInPalette(by)));
        }
    }
    if pressed(Key::Escape) > 0 {
        out.push(Command::Window(WindowCommand::ClosePalette));
        return None;
    }
    Some(pressed(Key::Enter) > 0)
}

/// Does what is chosen, of what fits the text as it is now: letters may have come in the same
/// frame as Enter.
fn enter(state: &State, palette: &Palette, text: String, out: &mut Vec<Command>) {
    let chosen = if text == palette.text {
        palette.chosen
    } else {
        0
    };
    let now = Palette { text, chosen };
    if let Some(action) = now.fitting(state).get(now.chosen) {
        take(action, out);
    }
}

fn take(action: &Action, out: &mut Vec<Command>) {
    out.push(Command::Window(WindowCommand::ClosePalette));
    out.extend(action.commands.iter().cloned());
}

/// The field; what stands in it now.
fn field(ui: &mut Ui, state: &State, palette: &Palette, out: &mut Vec<Command>) -> String {
    let mut text = palette.text.clone();
    let field = TextEdit::singleline(&mut text)
        .hint_text(HINT)
        .desired_width(f32::INFINITY)
        .margin(Margin::symmetric(8, 6));
    let response = ui.add(field);
    response.widget_info(|| WidgetInfo {
        label: Some("Find a command".to_owned()),
        ..WidgetInfo::text_edit(true, palette.text.as_str(), text.as_str(), HINT)
    });
    if state.focus == Some(Focus::Palette) {
        response.request_focus();
        out.push(Command::FocusTaken);
    }
    if text != palette.text {
        out.push(Command::Window(WindowCommand::EditPalette(text.clone())));
    }
    text
}

fn list(ui: &mut Ui, palette: &Palette, fitting: &[Action], out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    if fitting.is_empty() {
        let none = RichText::new("Nothing is called that.").color(tokens.text_weak);
        ui.label(none);
        return;
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    let before = Id::unique("what was chosen in the palette");
    let was = ui.data(|data| data.get_temp::<usize>(before));
    ui.data_mut(|data| data.insert_temp(before, palette.chosen));
    let mut area = ScrollArea::vertical()
        .max_height(ROW * ROWS)
        .auto_shrink([false, true]);
    if was != Some(palette.chosen) {
        // Only when it was moved: the wheel may go elsewhere.
        area = area.vertical_scroll_offset(offset(palette.chosen));
    }
    area.show_rows(ui, ROW, fitting.len(), |ui, rows| {
        for place in rows {
            if row(ui, &fitting[place], place == palette.chosen) {
                take(&fitting[place], out);
            }
        }
    });
}

/// Where the list stands so that a line is in its middle.
#[expect(clippy::cast_precision_loss, reason = "a few hundred lines")]
fn offset(chosen: usize) -> f32 {
    (chosen as f32 * ROW - ROW * ROWS / 2.0).max(0.0)
}

/// One action; whether it was clicked.
fn row(ui: &mut Ui, action: &Action, is_chosen: bool) -> bool {
    let tokens = Tokens::of(ui.visuals());
    let size = vec2(ui.available_width(), ROW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let fill = if is_chosen {
        tokens.selection
    } else if response.hovered() {
        tokens.stripe
    } else {
        tokens.panel
    };
    ui.painter().rect_filled(rect, 4.0, fill);
    inside(ui, rect, action, tokens);
    response.widget_info(|| {
        WidgetInfo::selected(egui::Role::Button, true, is_chosen, action.name.as_ref())
    });
    response.clicked()
}

/// The name to the left; the key, or else what it is about, to the right. Painted, so that a
/// screen reader finds one thing a line.
fn inside(ui: &Ui, rect: Rect, action: &Action, tokens: &Tokens) {
    let inner = rect.shrink2(vec2(8.0, 0.0));
    let (aside, font, color) = match action.keys.first() {
        Some(press) => (press.name(), TextStyle::Body, tokens.text_strong),
        None => (
            action.topic.title().to_owned(),
            TextStyle::Small,
            tokens.text_weak,
        ),
    };
    let aside = WidgetText::from(RichText::new(aside).text_style(font.clone()));
    let aside = aside.into_galley(ui, Some(TextWrapMode::Extend), f32::INFINITY, font);
    let place = Align2::RIGHT_CENTER.align_size_within_rect(aside.size(), inner);
    ui.painter().galley(place.min, aside, color);
    let room = place.left() - inner.left() - 12.0;
    let name = WidgetText::from(action.name.as_ref());
    let name = name.into_galley(ui, Some(TextWrapMode::Truncate), room, TextStyle::Body);
    let place = Align2::LEFT_CENTER.align_size_within_rect(name.size(), inner);
    ui.painter().galley(place.min, name, tokens.text_strong);
}

/// What the chosen action does, and what the keys do here.
fn words(ui: &mut Ui, palette: &Palette, fitting: &[Action]) {
    let tokens = Tokens::of(ui.visuals());
    let what = fitting.get(palette.chosen);
    let what = what.map(|action| action.what.as_ref()).unwrap_or_default();
    let text = match what {
        "" => "↑ ↓ choose  ·  Enter does it  ·  Esc closes",
        what => what,
    };
    let text = RichText::new(text).small().color(tokens.text_weak);
    ui.add(Label::new(text).truncate());
}
