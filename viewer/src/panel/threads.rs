//! The thread dumps: which there are, what is wrong in the one at the cursor, and the ways to look
//! at it.
//!
//! On the left the `list`; above, which dump it is (`title`); then `findings`, the `grid` of threads
//! over dumps, `groups`, `locks`, `calls`, the `text`, or what is different from a pinned dump (`compare`); on the
//! right the page of a `thread`, which has `stacks` side by side while one is pinned. `ink` is what stands in all of them, `empty` what stands where there is no dump.

mod calls;
mod compare;
mod curve;
mod empty;
mod findings;
mod grid;
mod groups;
mod ink;
mod kernel;
mod list;
mod locks;
mod stacks;
mod text;
mod thread;
mod thread_time;
mod title;

use crate::command::Command;
use crate::data::DumpContent;
use crate::data::dumps::{Outcome, ReadDump, outcome};
use crate::panel::unreadable;
use crate::state::dumps::DumpPage;
use crate::state::{Document, State};
use crate::theme::Tokens;
use afterimage_analysis::dumps::model::Source;
use afterimage_format::capture::StoredDump;
use egui::{Rect, Stroke, Ui, UiBuilder};

/// Room on either side, as beside everything in the lower half.
const MARGIN: f32 = 12.0;
/// How wide the list of dumps and the page of a thread are, as a share, and at least and at most.
const LIST: (f32, f32, f32) = (0.2, 210.0, 300.0);
const THREAD: (f32, f32, f32) = (0.34, 330.0, 560.0);
/// The same while two stacks stand in it side by side.
const STACKS: (f32, f32, f32) = (0.46, 420.0, 820.0);
/// From this width on the grid stands beside the findings.
const BESIDE: f32 = 900.0;

/// Draws it.
pub fn show(ui: &mut Ui, state: &State, document: &Document, out: &mut Vec<Command>) {
    ui.spacing_mut().item_spacing.y = 0.0;
    let Some(list) = document.dumps.list.as_deref() else {
        return unreadable::or_loading(ui, document);
    };
    let Some(shown) = document.dump_at_cursor() else {
        return empty::show(ui, out);
    };
    let area = ui.available_rect_before_wrap();
    let (left, rest) = area.split_left_right_at_x(area.left() + share(area, LIST));
    inside(ui, left, "dumps", |ui| {
        list::show(ui, document, (list, shown), out);
    });
    let tokens = Tokens::of(ui.visuals());
    let line = Stroke::new(1.0, tokens.line);
    ui.painter().vline(left.right(), area.y_range(), line);
    inside(ui, rest, "dump", |ui| one(ui, state, document, shown, out));
}

fn share(area: Rect, (share, least, most): (f32, f32, f32)) -> f32 {
    (area.width() * share)
        .clamp(least, most)
        .min(area.width() * 0.6)
}

fn inside(ui: &mut Ui, rect: Rect, salt: &str, add: impl FnOnce(&mut Ui)) {
    let builder = UiBuilder::new().max_rect(rect).id_salt(salt);
    ui.scope_builder(builder, |ui| {
        ui.set_clip_rect(rect.intersect(ui.clip_rect()));
        ui.spacing_mut().item_spacing.y = 0.0;
        add(ui);
    });
}

/// One dump: which it is, and what is chosen to be shown of it.
fn one(
    ui: &mut Ui,
    state: &State,
    document: &Document,
    shown: &StoredDump,
    out: &mut Vec<Command>,
) {
    let content = document.dumps.content.as_deref();
    let content = content.filter(|content| content.id == shown.id);
    title::show(ui, document, (shown, content), out);
    if outcome(shown.facts.status) != Outcome::Taken {
        empty::refused(ui, document, shown);
        if let Some(content) = content {
            kernel::show(ui, content);
        }
        return;
    }
    let Some(content) = content else {
        return unreadable::or_loading(ui, document);
    };
    let Some(read) = &content.read else {
        return unread(ui, state, document, content, out);
    };
    title::choices(ui, state, document, read, out);
    let area = ui.available_rect_before_wrap();
    let thread = document.dumps.thread.as_ref();
    let Some(key) = thread else {
        return page(ui, document, (content, read), area, out);
    };
    let wide = if document.dumps.compared.is_some() {
        STACKS
    } else {
        THREAD
    };
    let width = share(area, wide);
    let (body, side) = area.split_left_right_at_x(area.right() - width);
    page(ui, document, (content, read), body, out);
    let tokens = Tokens::of(ui.visuals());
    let line = Stroke::new(1.0, tokens.line);
    ui.painter().vline(side.left(), area.y_range(), line);
    inside(ui, side.with_min_x(side.left() + 1.0), "thread", |ui| {
        thread::show(ui, document, (content, read, key), out);
    });
}

/// A dump without a text that could be read: its text if there is one, and what the kernel said.
fn unread(
    ui: &mut Ui,
    state: &State,
    document: &Document,
    content: &DumpContent,
    out: &mut Vec<Command>,
) {
    if content.text.is_some() {
        title::search_bar(ui, state, document, out);
        return text::show(ui, document, content, out);
    }
    empty::no_text(ui, document, content);
    kernel::show(ui, content);
}

fn page(
    ui: &mut Ui,
    document: &Document,
    (content, read): (&DumpContent, &ReadDump),
    area: Rect,
    out: &mut Vec<Command>,
) {
    match document.dumps.page {
        DumpPage::Findings => {
            let has_grid = area.width() >= BESIDE && document.dumps.thread.is_none();
            let middle = if has_grid {
                area.left() + area.width() * 0.5
            } else {
                area.right()
            };
            let (words, beside) = area.split_left_right_at_x(middle);
            let is_kernel = read.dump.source == Source::Kernel;
            inside(ui, words, "findings", |ui| {
                // Of what the kernel alone said, what it said is all there is.
                if is_kernel && read.report.findings.is_empty() {
                    kernel::show(ui, content);
                } else {
                    findings::show(ui, document, read, out);
                }
            });
            if has_grid {
                inside(ui, beside, "grid", |ui| {
                    grid::show(ui, document, read, out);
                });
            }
        }
        DumpPage::Grid => inside(ui, area, "grid", |ui| {
            grid::show(ui, document, read, out);
        }),
        DumpPage::Groups => inside(ui, area, "groups", |ui| {
            groups::show(ui, document, read, out);
        }),
        DumpPage::Locks => inside(ui, area, "locks", |ui| {
            locks::show(ui, document, read, out);
        }),
        DumpPage::Calls => inside(ui, area, "calls", |ui| {
            calls::show(ui, document, read, out);
        }),
        DumpPage::Compare => inside(ui, area, "compare", |ui| {
            compare::show(ui, document, out);
        }),
        DumpPage::Text => inside(ui, area, "text", |ui| {
            if content.text.is_some() {
                text::show(ui, document, content, out);
            } else {
                kernel::show(ui, content);
            }
        }),
    }
}
