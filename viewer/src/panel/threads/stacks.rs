//! Two stacks of a thread side by side: as it was in the pinned dump, and as it is in the one shown.

use super::ink::{self, safe};
use crate::data::dumps::ThreadKey;
use crate::state::Document;
use crate::theme::Tokens;
use afterimage_analysis::dumps::compare::beside;
use afterimage_analysis::dumps::frame;
use afterimage_analysis::dumps::model::Thread;
use egui::{Rect, RichText, Role, Sense, Ui, WidgetInfo, pos2, vec2};

/// The height of a line.
const LINE: f32 = 16.0;
/// Of deeper stacks only so many lines are shown.
const DEEPEST: usize = 400;

/// Draws them where a dump is pinned and another one shown; whether it did.
pub(super) fn show(ui: &mut Ui, document: &Document, key: &ThreadKey) -> bool {
    let Some(compared) = document.dumps.compared.as_deref() else {
        return false;
    };
    let Some(reads) = compared.reads() else {
        return false;
    };
    let places = reads.map(|read| read.place(key));
    let sides = [0, 1].map(|side| Some(&reads[side].dump.threads[places[side]?]));
    let [Some(then), Some(now)] = sides else {
        return false;
    };
    let tokens = Tokens::of(ui.visuals());
    ui.add_space(6.0);
    let times = [&compared.before, &compared.now].map(|content| {
        let entry = document.dumps.entry(content.id);
        entry.map_or(String::new(), |dump| document.moment(dump.facts.wall))
    });
    let lines = beside(&then.stack, &now.stack);
    let differ = lines.iter().filter(|line| !line.is_same).count();
    let words = match differ {
        0 => "Stacks side by side: the same".to_owned(),
        1 => "Stacks side by side: 1 line differs".to_owned(),
        count => format!("Stacks side by side: {count} lines differ"),
    };
    ui.label(RichText::new(words).strong().color(tokens.text_strong));
    let heads = [
        format!("{}  {}", times[0], then.state.name()),
        format!("{}  {}", times[1], now.state.name()),
    ];
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), LINE + 2.0), Sense::hover());
    for (half, words) in halves(rect).into_iter().zip(heads) {
        ink::text(ui, half, &words, tokens.text_weak, 12.0);
    }
    for line in lines.iter().take(DEEPEST) {
        let (rect, response) =
            ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::hover());
        let name = |thread: &Thread, place: Option<usize>| {
            place
                .and_then(|place| thread.stack.frames().nth(place))
                .map(|name| safe(&frame::short(name)))
        };
        let names = [name(then, line.before), name(now, line.now)];
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, told(&names, line.is_same)));
        for (side, half) in halves(rect).into_iter().enumerate() {
            let Some(words) = &names[side] else { continue };
            let color = if line.is_same {
                tokens.text_weak
            } else {
                tokens.text_strong
            };
            if !line.is_same {
                // The colour alone says nothing to some: a sign and a ground say it as well.
                ui.painter().rect_filled(
                    half.expand2(vec2(2.0, 0.0)),
                    2.0,
                    tokens.changed.gamma_multiply(0.18),
                );
            }
            let sign = match (line.is_same, side) {
                (true, _) => "",
                (false, 0) => "−",
                (false, _) => "+",
            };
            let area = half.with_max_x(half.left() + 10.0);
            ink::text(ui, area, sign, color, 12.0);
            let area = half.with_min_x(half.left() + 12.0);
            // What a frame does is at its end.
            ink::name(ui, area, words, (color, 12.0));
        }
    }
    let more = lines.len().saturating_sub(DEEPEST);
    if more > 0 {
        ui.label(format!("and {more} more lines"));
    }
    true
}

/// The left and the right one.
fn halves(rect: Rect) -> [Rect; 2] {
    let middle = rect.center().x;
    [
        Rect::from_min_max(rect.min, pos2(middle - 5.0, rect.bottom())),
        Rect::from_min_max(pos2(middle + 5.0, rect.top()), rect.max),
    ]
}

fn told(names: &[Option<String>; 2], is_same: bool) -> String {
    match names {
        [Some(name), _] if is_same => format!("both: {name}"),
        [Some(then), Some(now)] => format!("before: {then}, now: {now}"),
        [Some(then), None] => format!("before: {then}"),
        [None, Some(now)] => format!("now: {now}"),
        [None, None] => String::new(),
    }
}
