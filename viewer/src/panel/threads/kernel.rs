//! What the kernel said of the threads of a process, where no text of a dump can be shown.

use super::MARGIN;
use super::ink::{self, ROW, percent, safe};
use crate::data::DumpContent;
use crate::data::dumps::time_words;
use crate::display;
use crate::theme::Tokens;
use afterimage_analysis::dumps::kernel::Seen;
use egui::{ScrollArea, Ui};

/// Draws it: nothing when the kernel was not asked.
pub(super) fn show(ui: &mut Ui, content: &DumpContent) {
    let threads = &content.kernel.others;
    if threads.is_empty() {
        return;
    }
    let over = content.kernel.over.map(time_words);
    let over = over.map_or(String::new(), |over| format!(" CPU is over {over}."));
    let count = display::counted(threads.len() as u64, "thread");
    ink::heading(
        ui,
        &format!("What the kernel said of its {count} at that moment.{over}"),
    );
    let mut order: Vec<&Seen> = threads.iter().collect();
    // What cannot be woken first, then what runs, then by CPU.
    order.sort_by_key(|seen| {
        let soon = ['D', 'R']
            .into_iter()
            .position(|letter| seen.state == Some(letter));
        (soon.unwrap_or(2), std::cmp::Reverse(seen.cpu), seen.tid)
    });
    let area = ScrollArea::vertical().id_salt("kernel").auto_shrink(false);
    area.show_rows(ui, ROW, order.len(), |ui, numbers| {
        for number in numbers {
            one(ui, content, (number, order[number]));
        }
    });
}

fn one(ui: &mut Ui, content: &DumpContent, (number, seen): (usize, &Seen)) {
    let tokens = Tokens::of(ui.visuals());
    let comm = seen.comm.as_deref().unwrap_or_default();
    let comm = String::from_utf8_lossy(comm).into_owned();
    let state = seen.state.map_or("?".to_owned(), |state| {
        format!("{state} ({})", display::state(state))
    });
    let cpu = content
        .kernel
        .cpu_share(seen)
        .map_or(display::ABSENT.to_owned(), percent);
    let words = seen.words.clone().unwrap_or_default();
    let told = format!("{} {}: {state}, CPU {cpu}. {words}", safe(&comm), seen.tid);
    let (rect, _) = ink::row(ui, (ROW, number), false, &told);
    let columns = [
        (0.0, 150.0, comm, tokens.text_strong),
        (150.0, 70.0, seen.tid.to_string(), tokens.text_weak),
        (220.0, 120.0, state, tokens.text),
        (340.0, 60.0, cpu, tokens.text),
        (400.0, f32::INFINITY, words, tokens.text),
    ];
    for (left, width, words, color) in columns {
        let left = rect.left() + MARGIN + left;
        let right = (left + width - 6.0).min(rect.right() - MARGIN);
        let area = rect.with_min_x(left).with_max_x(right.max(left));
        ink::text(ui, area, &words, color, 12.5);
    }
}
