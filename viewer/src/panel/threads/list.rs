//! The list of the dumps: when, of which process, what became of it, and what was found in it.

use super::MARGIN;
use super::ink::{self, safe};
use crate::command::{Command, DumpCommand, TimeCommand};
use crate::data::dumps::{
    Outcome, mark_words, outcome, process_words, status_words, summary_words, time_words,
};
use crate::explain;
use crate::panel::explained;
use crate::state::Document;
use crate::theme::Tokens;
use afterimage_format::capture::StoredDump;
use egui::{Id, Rect, ScrollArea, Sense, Ui, pos2, vec2};

const ROW: f32 = 40.0;

/// Draws it.
pub(super) fn show(
    ui: &mut Ui,
    document: &Document,
    (list, shown): (&[StoredDump], &StoredDump),
    out: &mut Vec<Command>,
) {
    let rect = ink::heading(ui, &format!("Thread dumps  {}", list.len()));
    let response = ui.interact(rect, ui.scope_id().with("title"), Sense::hover());
    explained::on_hover(response, "Thread dumps", explain::figure("dumps", "list"));
    let place = list.iter().position(|dump| dump.id == shown.id);
    let height = ui.available_height();
    let mut area = ScrollArea::vertical().id_salt("dumps").auto_shrink(false);
    if let Some(place) = place.filter(|_| is_news(ui, shown.id)) {
        let middle = place as f32 * ROW - (height - ROW) / 2.0;
        area = area.vertical_scroll_offset(middle.max(0.0));
    }
    area.show_rows(ui, ROW, list.len(), |ui, places| {
        for place in places {
            one(
                ui,
                document,
                (place, &list[place]),
                list[place].id == shown.id,
                out,
            );
        }
    });
}

/// Whether another dump is shown than when it was drawn last: then it is brought into sight.
fn is_news(ui: &Ui, id: i64) -> bool {
    let key = Id::unique("the dump that was brought into sight");
    let was = ui.data(|data| data.get_temp::<i64>(key));
    ui.data_mut(|data| data.insert_temp(key, id));
    was != Some(id)
}

fn one(
    ui: &mut Ui,
    document: &Document,
    (number, dump): (usize, &StoredDump),
    is_shown: bool,
    out: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui.visuals());
    let facts = &dump.facts;
    let at = document.moment(facts.wall);
    let pinned = if document.dumps.is_pinned(dump.id) {
        ", pinned"
    } else {
        ""
    };
    let told = format!("Dump at {at}: {}{pinned}", mark_words(facts));
    let (rect, response) = ink::row(ui, (ROW, number), is_shown, &told);
    if is_shown {
        let edge = rect.with_max_x(rect.left() + 3.0);
        ui.painter().rect_filled(edge, 0.0, tokens.cursor);
    }
    let (above, below) = lines(rect);
    let (summary, color) = match outcome(facts.status) {
        Outcome::Taken => (short_summary(dump), tokens.blocked),
        Outcome::Refused => ("refused".to_owned(), tokens.warning),
        Outcome::Failed => (facts.status.name().to_owned(), tokens.problem),
    };
    let wide = ink::text(ui, above, &at, tokens.text_strong, 13.0);
    let beside = above.with_min_x(above.left() + wide + 8.0);
    let wide = ink::text(ui, beside, &process_words(facts), tokens.text, 12.0);
    let beside = beside.with_min_x(beside.left() + wide + 8.0);
    right(ui, beside, &summary, color);
    let pause = facts
        .pause
        .map(|pause| format!("pause {}", time_words(pause)));
    let wide = pause.map_or(0.0, |pause| right(ui, below, &pause, tokens.text_weak));
    let is_pinned = document.dumps.is_pinned(dump.id);
    let (below, wide) = if is_pinned {
        let beside = below.with_max_x(below.right() - wide - 8.0);
        let sign = right(ui, beside, "pinned", tokens.changed);
        (beside, sign)
    } else {
        (below, wide)
    };
    let room = below.with_max_x((below.right() - wide - 8.0).max(below.left()));
    let words = match outcome(facts.status) {
        Outcome::Taken if facts.trigger.is_empty() => status_words(facts),
        Outcome::Taken => format!("{} · {}", facts.trigger, status_words(facts)),
        Outcome::Refused | Outcome::Failed => facts.detail.clone(),
    };
    ink::text(ui, room, &words, tokens.text_weak, 11.5);
    let response = response.on_hover_ui(|ui| hover(ui, document, dump));
    if response.clicked() {
        out.push(Command::Dumps(DumpCommand::Pick(dump.id)));
        out.push(Command::Time(TimeCommand::Settle));
    }
}

fn lines(rect: Rect) -> (Rect, Rect) {
    let area = rect.shrink2(vec2(MARGIN, 3.0));
    area.split_top_bottom_at_y(area.center().y)
}

/// What is worst in it: `40 BLOCKED`.
fn short_summary(dump: &StoredDump) -> String {
    let Some(summary) = &dump.facts.summary else {
        return String::new();
    };
    let deadlocks = summary.deadlocks.filter(|count| *count > 0);
    let blocked = summary.blocked.filter(|count| *count > 0);
    match (deadlocks, blocked) {
        (Some(1), _) => "deadlock".to_owned(),
        (Some(count), _) => format!("{count} deadlocks"),
        (None, Some(count)) => format!("{count} BLOCKED"),
        (None, None) => String::new(),
    }
}

/// A text at the right edge; answers how wide it is.
fn right(ui: &Ui, area: Rect, words: &str, color: egui::Color32) -> f32 {
    use crate::panel::process_table::ink::layout;
    let room = area.width().max(1.0);
    let galley = layout(ui, &safe(words), ink::ink(color, 11.5), room);
    let width = galley.size().x;
    let at = pos2(
        area.right() - width,
        area.center().y - galley.size().y / 2.0,
    );
    ui.painter().galley(at, galley, color);
    width
}

/// Everything that is known of it without its text.
fn hover(ui: &mut Ui, document: &Document, dump: &StoredDump) {
    let facts = &dump.facts;
    ui.set_max_width(420.0);
    let at = document.moment(facts.wall);
    ui.strong(format!("{at}  {}", process_words(facts)));
    let bytes = |bytes: u64| crate::display::bytes(afterimage_format::units::Bytes(bytes));
    let size = dump.raw_bytes.map(|raw| {
        format!(
            "{}, in the capture {}",
            bytes(raw),
            bytes(dump.stored_bytes)
        )
    });
    let pause = facts
        .pause
        .map(|pause| time_words(pause) + ", by the process's own count");
    let took = Some(time_words(facts.took));
    let cpu = facts.cpu.map(time_words);
    let signal = facts
        .signalled
        .then(|| "it was sent SIGQUIT, to make it listen".to_owned());
    let lines = [
        ("Status", Some(status_words(facts))),
        ("Why", Some(facts.detail.clone())),
        ("Trigger", Some(facts.trigger.clone())),
        ("", Some(facts.trigger_detail.clone())),
        ("Found", Some(summary_words(facts))),
        ("Stood still", pause),
        ("Took", took),
        ("Cost the recorder", cpu),
        ("Asked", Some(facts.arguments.clone())),
        ("Signal", signal),
        ("Text", size),
    ];
    for (name, words) in lines {
        let Some(words) = words.filter(|words| !words.is_empty()) else {
            continue;
        };
        let words = safe(&words);
        let line = if name.is_empty() {
            words
        } else {
            format!("{name}: {words}")
        };
        ui.label(line);
    }
}
