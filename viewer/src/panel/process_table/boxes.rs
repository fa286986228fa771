//! What is said where names have signs that no font of this machine has: they are drawn as boxes,
//! and which package ends that.
//!
//! In: the names in sight. Out: a strip at the foot of the table, until it is put away.

use crate::command::{Command, WindowCommand};
use crate::state::State;
use crate::theme::Tokens;
use egui::{Button, FontId, Id, Label, Layout, Rect, RichText, Ui, UiBuilder, vec2};

/// How high the strip is.
const HEIGHT: f32 = 26.0;

/// A sign of a name that would be drawn as a box, if there is one.
pub(super) fn lacking(ui: &Ui, name: &str) -> Option<char> {
    // Nearly all names: nothing is looked up for them.
    if name.is_ascii() {
        return None;
    }
    let font = FontId::proportional(13.0);
    let mut foreign = name.chars().filter(|sign| is_drawn(*sign));
    ui.fonts_mut(|fonts| foreign.find(|sign| !fonts.has_glyph(&font, *sign)))
}

/// Whether a sign takes ink: control characters are written out in letters.
fn is_drawn(sign: char) -> bool {
    !sign.is_ascii() && !sign.is_whitespace() && !sign.is_control() && !is_format(sign)
}

/// Marks of direction and of joining, which the table writes out as well.
fn is_format(sign: char) -> bool {
    matches!(sign, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The package of Debian and Ubuntu that has a sign.
fn package(sign: char) -> &'static str {
    match sign {
        '\u{1100}'..='\u{11ff}'
        | '\u{2e80}'..='\u{9fff}'
        | '\u{a960}'..='\u{a97f}'
        | '\u{ac00}'..='\u{d7ff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{ff00}'..='\u{ffef}'
        | '\u{20000}'..='\u{3ffff}' => CJK,
        _ => "fonts-noto-core",
    }
}

const CJK: &str = "fonts-noto-cjk";

/// Where the table stands, and a sign that its names lack, when that is to be said. What was seen
/// once is said until it is put away: else it would come and go with the rows.
pub(super) fn beside(ui: &Ui, state: &State, area: Rect) -> (Rect, Option<char>) {
    let seen = ui.data(|data| data.get_temp::<char>(known()));
    match seen.filter(|_| !state.boxes_told) {
        Some(sign) => (area.with_max_y(area.bottom() - HEIGHT), Some(sign)),
        None => (area, None),
    }
}

/// Remembers that a name was seen that has boxes.
pub(super) fn remember(ui: &Ui, sign: char) {
    let is_new = ui.data(|data| data.get_temp::<char>(known()).is_none());
    if is_new {
        ui.data_mut(|data| data.insert_temp(known(), sign));
        ui.request_repaint();
    }
}

fn known() -> Id {
    Id::unique("a sign that no font has")
}

/// Says so under the table.
pub(super) fn show(ui: &mut Ui, table: Rect, sign: char, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let strip = Rect::from_min_size(table.left_bottom(), vec2(table.width(), HEIGHT));
    ui.painter().rect_filled(strip, 0.0, tokens.panel);
    let line = egui::Stroke::new(1.0, tokens.line);
    ui.painter().hline(strip.x_range(), strip.top() + 0.5, line);
    let text = format!(
        "Boxes in names are signs that no font of this machine has. Install one, as with \
         `apt install {}`, and start the viewer again.",
        package(sign)
    );
    let inner = strip.shrink2(vec2(12.0, 2.0));
    let layout = Layout::right_to_left(egui::Align::Center);
    ui.scope_builder(UiBuilder::new().max_rect(inner).layout(layout), |ui| {
        let away = ui.add(Button::new("Put away"));
        if away
            .on_hover_text("Not again until the viewer is started")
            .clicked()
        {
            out.push(Command::Window(WindowCommand::PutAwayBoxes));
        }
        ui.with_layout(Layout::left_to_right(egui::Align::Center), |ui| {
            let text = RichText::new(text).color(tokens.text);
            ui.add(Label::new(text).truncate());
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_is_the_one_with_the_letters() {
        let packages = ['한', 'ㄱ', '日', 'ひ', '𠀀', 'अ'].map(package);
        assert_eq!(packages[..5], [CJK; 5]);
        assert_eq!(packages[5], "fonts-noto-core");
    }

    #[test]
    fn what_is_written_out_is_no_box() {
        assert!(
            ['a', '\u{202e}', '\u{7}', '\u{3000}']
                .iter()
                .all(|sign| !is_drawn(*sign))
        );
        assert!(is_drawn('한'));
    }
}
