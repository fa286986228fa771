//! The text of a dump as it came: only the lines in sight are laid out.

use super::ink::safe;
use crate::command::{Command, DumpCommand};
use crate::data::DumpContent;
use crate::state::Document;
use crate::theme::Tokens;
use egui::{Align, Align2, FontId, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};

const LINE: f32 = 17.0;
/// Of a longer line only so much is laid out.
const LONGEST: usize = 1500;
/// Room for the number of a line.
const NUMBERS: f32 = 62.0;
/// How wide a letter is, about.
const LETTER: f32 = 7.3;

/// Draws it.
pub(super) fn show(
    ui: &mut Ui,
    document: &Document,
    content: &DumpContent,
    out: &mut Vec<Command>,
) {
    let Some(text) = &content.text else {
        return super::ink::note(ui, "There is no text.");
    };
    let view = &document.dumps;
    let height = ui.available_height();
    let mut area = ScrollArea::both()
        .id_salt(("text", content.id))
        .auto_shrink(false);
    if let Some(line) = view.wanted_line {
        let middle = line as f32 * LINE - height / 2.0;
        area = area.vertical_scroll_offset(middle.max(0.0));
        out.push(Command::Dumps(DumpCommand::LineShown));
    }
    let at = view
        .found_at
        .and_then(|at| view.found.get(at))
        .map(|line| *line as usize);
    area.show_rows(ui, LINE, text.len(), |ui, lines| {
        let longest = lines
            .clone()
            .map(|line| text.line(line).len().min(LONGEST))
            .max();
        let wide = NUMBERS + longest.unwrap_or(0) as f32 * LETTER;
        ui.set_min_width(wide.max(ui.available_width()));
        for line in lines {
            let found =
                u32::try_from(line).is_ok_and(|line| view.found.binary_search(&line).is_ok());
            one(ui, (line, text.line(line)), (found, at == Some(line)));
        }
    });
}

fn one(ui: &mut Ui, (number, line): (usize, &str), (is_found, is_here): (bool, bool)) {
    let tokens = Tokens::of(ui.visuals());
    let size = vec2(ui.available_width(), LINE);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let end = line.floor_char_boundary(LONGEST.min(line.len()));
    let cut = if end < line.len() { " …" } else { "" };
    // A tab is a few blanks, and no `\t` of ours.
    let words = format!("{}{cut}", safe(&line[..end].replace('\t', "    ")));
    response.widget_info(|| {
        WidgetInfo::selected(Role::Row, true, is_here, format!("{} {words}", number + 1))
    });
    if is_found {
        let color = if is_here {
            tokens.selection
        } else {
            tokens.grid
        };
        ui.painter().rect_filled(rect, 0.0, color);
    }
    let painter = ui.painter();
    let font = FontId::monospace(12.0);
    let place = pos2(rect.left() + NUMBERS - 12.0, rect.center().y);
    let number = (number + 1).to_string();
    painter.text(
        place,
        Align2::RIGHT_CENTER,
        number,
        FontId::monospace(11.0),
        tokens.text_weak,
    );
    let color = match line.as_bytes().first() {
        Some(b'"') => tokens.text_strong,
        _ if line.contains("- locked") || line.contains("- waiting to lock") => tokens.blocked,
        _ => tokens.text,
    };
    let place = pos2(rect.left() + NUMBERS, rect.center().y);
    painter.text(
        place,
        Align2([Align::Min, Align::Center]),
        words,
        font,
        color,
    );
}
