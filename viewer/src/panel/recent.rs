//! The captures that were open before: the host, the file, and when that was.

use crate::command::{Command, DeskCommand};
use crate::display::escape::escaped;
use crate::paint::icon::{self, Icon};
use crate::state::State;
use crate::state::desk::Recent;
use crate::theme::Tokens;
use afterimage_analysis::zone::Zone;
use egui::text::LayoutJob;
use egui::{Align, Button, FontId, Layout, RichText, TextFormat, Ui};

/// Draws a line each.
pub fn list(ui: &mut Ui, state: &State, out: &mut Vec<Command>) {
    let zone = state.local_zone.clone().unwrap_or_else(Zone::utc);
    for recent in &state.desk.recent {
        ui.horizontal(|ui| line(ui, recent, &zone, out));
    }
}

fn line(ui: &mut Ui, recent: &Recent, zone: &Zone, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let name = recent.path.file_name().unwrap_or(recent.path.as_os_str());
    let name = escaped(&name.to_string_lossy());
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let forget = format!("Forget {name}");
        let words = (
            forget.as_str(),
            "Take it off this list; the file stays as it is",
        );
        if icon::button(ui, Icon::Close, words, true).clicked() {
            out.push(Command::Desk(DeskCommand::Forget(recent.path.clone())));
        }
        let when = if recent.is_missing {
            "not there any more".to_owned()
        } else {
            zone.format(recent.opened, "%a %-d %b %H:%M")
        };
        let when = RichText::new(when).color(tokens.text_weak);
        let open = Button::new(words_of(recent, &name, tokens))
            .right_text(when)
            .min_size(egui::vec2(ui.available_width(), 24.0))
            .truncate()
            .fill(egui::Color32::TRANSPARENT);
        let open = ui.add_enabled(!recent.is_missing, open);
        let path = escaped(&recent.path.display().to_string());
        let hover = if recent.is_missing {
            format!("{path} is not there any more")
        } else {
            path
        };
        let open = open
            .on_hover_text(hover.as_str())
            .on_disabled_hover_text(hover.as_str());
        if open.clicked() {
            out.push(Command::Open {
                path: recent.path.clone(),
                at: None,
            });
            out.push(Command::Desk(DeskCommand::CancelChoice));
            ui.close();
        }
    });
}

/// `web-07  host.afterimage`
fn words_of(recent: &Recent, name: &str, tokens: &Tokens) -> LayoutJob {
    let mut job = LayoutJob::default();
    let mut add = |text: &str, space: f32, color| {
        let color = if recent.is_missing {
            tokens.text_weak
        } else {
            color
        };
        let format = TextFormat::simple(FontId::proportional(13.0), color);
        job.append(text, space, format);
    };
    let space = if recent.host.is_empty() { 0.0 } else { 10.0 };
    add(&escaped(&recent.host), 0.0, tokens.text_strong);
    add(name, space, tokens.text);
    job
}
