//! The dump that is shown beside the one that is pinned: what is wrong now and was not, who has which
//! lock, and for each thread what it did in the one and what it does in the other.
//!
//! The earlier dump is always on the left. What is the same is pale; what differs is not.

mod rows;

use super::MARGIN;
use super::ink::{self, HEADER, ROW};
use crate::command::{Command, DumpCommand};
use crate::data::dumps::ReadDump;
use crate::display;
use crate::panel::process_table::ink::heading_band;
use crate::state::Document;
use crate::state::dumps::compare::Compared;
use crate::theme::Tokens;
use afterimage_analysis::dumps::compare::Identity;
use afterimage_analysis::dumps::report::By;
use egui::{
    Align2, Button, Color32, FontId, Label, Rect, RichText, Role, ScrollArea, Sense, Ui,
    WidgetInfo, pos2,
};

/// How wide the column of CPU is.
const CPU: f32 = 64.0;
/// The name has this share of the rest.
const NAME: f32 = 0.27;

/// Draws it.
pub(super) fn show(ui: &mut Ui, document: &Document, out: &mut Vec<Command>) {
    let view = &document.dumps;
    let Some(compared) = view.compared.as_deref() else {
        return teach(ui, document, out);
    };
    let Some(reads) = compared.reads() else {
        return;
    };
    let columns = Columns::of(ui.available_width());
    summary(ui, document, (compared, reads));
    head(ui, document, compared, &columns);
    if compared.rows.is_empty() {
        return ink::note(ui, "No thread and no method is called so.");
    }
    let page = rows::Page {
        document,
        compared,
        reads,
        columns,
    };
    let area = ScrollArea::vertical().id_salt("compare").auto_shrink(false);
    area.show_rows(ui, ROW, compared.rows.len(), |ui, numbers| {
        for number in numbers {
            page.row(ui, (number, compared.rows[number]), out);
        }
    });
}

/// What there is to do first.
fn teach(ui: &mut Ui, document: &Document, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let pinned = document.dumps.pinned.as_ref();
    ui.add_space(28.0);
    ui.vertical_centered(|ui| {
        ui.set_max_width(520.0);
        ui.spacing_mut().item_spacing.y = 8.0;
        let (title, words) = match pinned {
            None => (
                "Compare two dumps".to_owned(),
                "Pin the dump that is shown, then go to another one: this page tells which threads began, ended, moved and did not, and what is wrong now and was not.",
            ),
            Some(pinned) => (
                format!("The dump of {} is pinned", document.moment(pinned.at)),
                "Now go to another one of this process: a click in the list, or ↑ and ↓.",
            ),
        };
        ui.label(RichText::new(title).size(16.0).color(tokens.text_strong));
        ui.add(Label::new(RichText::new(words).color(tokens.text)).wrap());
        if pinned.is_none() && ui.button("Pin this dump (P)").clicked() {
            out.push(Command::TogglePin);
        }
    });
}

/// How far they are apart, and how many threads are in which state.
fn summary(ui: &mut Ui, document: &Document, (compared, reads): (&Compared, [&ReadDump; 2])) {
    let tokens = Tokens::of(ui.visuals());
    let comparison = &compared.comparison;
    let margin = egui::Margin::symmetric(12, 5);
    egui::Frame::new().inner_margin(margin).show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 14.0;
            let times = ends(document, compared);
            let apart = comparison.over.map(display::duration);
            let apart = apart.map_or(String::new(), |apart| format!(", {apart} later"));
            let words = format!("{} → {}{apart}", times[0], times[1]);
            ui.label(RichText::new(words).strong().color(tokens.text_strong));
            let counts = reads.map(|read| read.report.total);
            turned(ui, "threads", counts, tokens.text_strong);
            for state in ink::STATES {
                let counts = reads.map(|read| read.report.count(state));
                if counts[0] + counts[1] > 0 && counts[0] != counts[1] {
                    turned(ui, state.name(), counts, ink::color(tokens, state));
                }
            }
        });
        let note = match comparison.identity {
            Identity::Life => return,
            Identity::Name => {
                "Two lives of a program: threads are held beside each other by name alone."
            }
            Identity::Kernel => {
                "One of the two is the kernel's view alone: threads go by the kernel's numbers."
            }
        };
        ui.label(RichText::new(note).color(tokens.warning));
    });
}

fn turned(ui: &mut Ui, what: &str, [then, now]: [usize; 2], color: Color32) {
    let words = if then == now {
        format!("{now} {what}")
    } else {
        format!("{then} → {now} {what}")
    };
    ui.label(RichText::new(words).color(color));
}

/// When the earlier one was, and the later.
fn ends(document: &Document, compared: &Compared) -> [String; 2] {
    [&compared.before, &compared.now].map(|content| {
        let entry = document.dumps.entry(content.id);
        entry.map_or(String::new(), |dump| document.moment(dump.facts.wall))
    })
}

/// Where everything stands in a row.
#[derive(Debug, Clone, Copy)]
struct Columns {
    before: f32,
    now: f32,
    cpu: f32,
    right: f32,
}

impl Columns {
    fn of(width: f32) -> Self {
        let name = (width * NAME).clamp(120.0, 300.0);
        let side = (width - name - CPU) / 2.0;
        Self {
            before: name,
            now: name + side,
            cpu: name + 2.0 * side,
            right: width - MARGIN,
        }
    }

    fn area(rect: Rect, from: f32, to: f32) -> Rect {
        rect.with_min_x(rect.left() + from)
            .with_max_x(rect.left() + to - 8.0)
    }
}

fn head(ui: &mut Ui, document: &Document, compared: &Compared, columns: &Columns) {
    let tokens = Tokens::of(ui.visuals());
    let rect = heading_band(ui, HEADER);
    let times = ends(document, compared);
    let words = |side: usize| {
        let is_pinned = (side == 0) == compared.is_pinned_first;
        let which = if is_pinned { "pinned" } else { "shown" };
        format!("{}  {which}", times[side])
    };
    let cpu = match compared.comparison.cpu {
        Some(_) => "CPU",
        None => "",
    };
    let all = [
        (MARGIN, columns.before, "Thread".to_owned()),
        (columns.before, columns.now, words(0)),
        (columns.now, columns.cpu, words(1)),
    ];
    for (from, to, words) in all {
        let area = Columns::area(rect, from, to);
        ink::text(ui, area, &words, tokens.text_weak, 12.0);
    }
    let at = pos2(rect.left() + columns.right, rect.center().y);
    let font = FontId::proportional(12.0);
    let drawn = ui
        .painter()
        .text(at, Align2::RIGHT_CENTER, cpu, font, tokens.text_weak);
    let by = match compared.comparison.cpu {
        Some((By::Kernel, _)) => "by the kernel's count",
        _ => "by the program's own count",
    };
    ui.interact(drawn, ui.scope_id().with("cpu"), Sense::hover())
        .on_hover_text(format!("CPU that the thread used in between, {by}"));
}

/// The pin, where the ways to look at a dump are: what is compared with, or the button that pins.
pub(super) fn pin(ui: &mut Ui, document: &Document, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let Some(pinned) = &document.dumps.pinned else {
        let pin = ui
            .button("Pin")
            .on_hover_text("Then go to another dump: Compare shows what is different (P)");
        pin.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Pin this dump"));
        if pin.clicked() {
            out.push(Command::TogglePin);
        }
        return;
    };
    let unpin = ui
        .button("Unpin")
        .on_hover_text("Compare with no dump any more (P)");
    if unpin.clicked() {
        out.push(Command::TogglePin);
    }
    let words = format!("compared with {}", document.moment(pinned.at));
    let text = RichText::new(words).color(tokens.changed);
    let hint = "Differences are those from this pinned dump. Click to go there.";
    if ui.add(Button::new(text)).on_hover_text(hint).clicked() {
        out.push(Command::Dumps(DumpCommand::GoToPinned));
    }
}
