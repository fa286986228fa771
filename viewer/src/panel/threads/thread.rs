//! The page of one thread: what it does in the dump that is shown, what the kernel says of it, and
//! what it did in the other dumps.

use super::ink::{self, safe};
use super::{stacks, thread_time};
use crate::command::{Command, DumpCommand};
use crate::data::DumpContent;
use crate::data::dumps::{ReadDump, ThreadKey, time_words};
use crate::display;
use crate::explain;
use crate::panel::explained;
use crate::state::Document;
use crate::theme::Tokens;
use afterimage_analysis::dumps::frame;
use afterimage_analysis::dumps::model::{How, Lock, LockUse, Thread};
use egui::{Align, Frame, Label, Layout, Margin, RichText, ScrollArea, Sense, Ui, vec2};
use std::sync::Arc;

/// Of a deeper stack only so many frames are shown at once.
const DEEPEST: usize = 400;

/// Draws it.
pub(super) fn show(
    ui: &mut Ui,
    document: &Document,
    (content, read, key): (&DumpContent, &ReadDump, &Arc<ThreadKey>),
    out: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui.visuals());
    let place = read.place(key);
    let bar = Frame::new()
        .fill(tokens.panel)
        .inner_margin(Margin::symmetric(12, 4));
    bar.show(ui, |ui| title(ui, (content, read), (key, place), out));
    let area = ScrollArea::vertical().id_salt("thread").auto_shrink(false);
    area.show(ui, |ui| {
        Frame::new()
            .inner_margin(Margin::symmetric(12, 6))
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 3.0;
                if let Some(place) = place {
                    now(ui, read, place, out);
                } else {
                    let words = "It is not in this dump.";
                    ui.label(RichText::new(words).color(tokens.text_weak));
                }
                // While a dump is pinned its stack stands beside this one.
                let are_beside = stacks::show(ui, document, key);
                thread_time::show(ui, document, (content, key), out);
                if let Some(place) = place {
                    ui.add_space(6.0);
                    kernel(ui, (content, read), place);
                    if let Some(followed) = read.report.followed(place) {
                        fact(ui, "It", &followed.words(), Some("followed"));
                    }
                }
                if let Some(place) = place.filter(|_| !are_beside) {
                    stack(ui, &read.dump.threads[place]);
                }
            });
    });
}

fn title(
    ui: &mut Ui,
    (content, read): (&DumpContent, &ReadDump),
    (key, place): (&ThreadKey, Option<usize>),
    out: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui.visuals());
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let close = ui
                .button("Close")
                .on_hover_text("Back to all threads (Esc)");
            if close.clicked() {
                out.push(Command::Dumps(DumpCommand::Thread(None)));
            }
            let text = place.zip(content.text.as_ref());
            if let Some((place, text)) = text {
                let begin = read.dump.threads[place].place.start;
                if ui.button("In the text").clicked() {
                    let line = text.line_of(begin);
                    out.push(Command::Dumps(DumpCommand::GoToLine(line)));
                }
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                if let Some(place) = place {
                    let (rect, _) = ui.allocate_exact_size(vec2(16.0, 16.0), Sense::hover());
                    ink::badge(ui, rect, read.dump.threads[place].state);
                }
                let name = match place {
                    Some(place) => read.dump.threads[place].called(),
                    None => key.name.to_string(),
                };
                let name = RichText::new(safe(&name))
                    .size(14.0)
                    .color(tokens.text_strong);
                ui.add(Label::new(name).truncate());
            });
        });
    });
}

/// What it does in the dump that is shown.
fn now(ui: &mut Ui, read: &ReadDump, place: usize, out: &mut Vec<Command>) {
    let thread = &read.dump.threads[place];
    let locks = &read.report.locks;
    let state = if thread.status.is_empty() {
        thread.state.name().to_owned()
    } else {
        format!("{}, {}", thread.state.name(), thread.status)
    };
    fact(ui, "State", &state, None);
    for held in locks.held_by(place) {
        let words = format!("{}: {} wait for it", held.lock.words(), held.total);
        fact(ui, "Holds", &words, Some("holds"));
    }
    if let Some(wanted) = locks.waits_for[place].map(|wanted| &locks.wanted[wanted]) {
        fact(ui, "Wants", &wanted.lock.words(), Some("wants"));
        if let Some(holder) = wanted.holder.thread() {
            let perhaps = if wanted.holder.is_guess() {
                "perhaps "
            } else {
                ""
            };
            let words = format!("{perhaps}{}", read.dump.threads[holder].called());
            if link(ui, "which has", &words) {
                ink::open(read, holder, out);
            }
        }
    }
    numbers(ui, thread);
}

fn numbers(ui: &mut Ui, thread: &Thread) {
    let number = thread.number.map(|number| format!("#{number}"));
    let os_id = thread.os_id.map(|id| format!("kernel {id}"));
    let daemon = thread.is_daemon.then(|| "daemon".to_owned());
    let parts: Vec<String> = [number, os_id, daemon].into_iter().flatten().collect();
    if !parts.is_empty() {
        fact(ui, "Thread", &parts.join(", "), None);
    }
    let cpu = thread.cpu.map(|cpu| format!("CPU {}", time_words(cpu)));
    let age = thread
        .elapsed
        .map(|age| format!("in {}", display::duration(age)));
    let bytes = thread.allocated_bytes.map(|bytes| {
        let bytes = display::bytes(afterimage_format::units::Bytes(bytes));
        format!("{bytes} allocated")
    });
    let parts: Vec<String> = [cpu, age, bytes].into_iter().flatten().collect();
    if !parts.is_empty() {
        fact(ui, "In its life", &parts.join(", "), Some("life"));
    }
}

/// What the kernel said of it.
fn kernel(ui: &mut Ui, (content, read): (&DumpContent, &ReadDump), place: usize) {
    let kernel = &read.report.kernel;
    let Some(seen) = kernel.thread(place) else {
        let why = if content.after.is_some() || content.before.is_some() {
            "it is not among the threads that the kernel told of"
        } else {
            "the kernel was not asked around this dump"
        };
        return fact(ui, "Kernel", &format!("— {why}"), None);
    };
    let over = kernel.over.map(time_words).unwrap_or_default();
    if let (Some(cpu), Some(share)) = (seen.cpu, kernel.cpu_share(seen)) {
        let words = format!(
            "{} of a core: {} in {over}",
            ink::percent(share),
            time_words(cpu)
        );
        fact(ui, "CPU", &words, Some("cpu"));
    }
    if let (Some(wait), Some(share)) = (seen.wait, kernel.wait_share(seen))
        && share >= 0.01
    {
        let words = format!("{} ({} of the time)", time_words(wait), ink::percent(share));
        fact(ui, "Wanted a CPU", &words, Some("starved"));
    }
    let state = seen.state.map_or(display::ABSENT.to_owned(), |state| {
        format!("{state} ({})", display::state(state))
    });
    let words = seen.words.clone().unwrap_or_default();
    fact(ui, "Kernel", &format!("{state}. {words}"), Some("kernel"));
    let Some(view) = content.kernel_thread(seen.tid) else {
        return;
    };
    let raw = [
        ("wchan", &view.wchan),
        ("syscall", &view.syscall),
        ("stack", &view.stack),
    ];
    let raw = raw.into_iter().filter_map(|(name, value)| {
        let value = value.as_deref().filter(|value| !value.is_empty())?;
        Some(format!("{name} {}", value.replace(';', " ← ")))
    });
    let raw: Vec<String> = raw.collect();
    if !raw.is_empty() {
        fact(ui, "", &raw.join("; "), Some("kernel"));
    }
}

/// Its stack, what is the application's own in stronger letters, with what it does with locks.
fn stack(ui: &mut Ui, thread: &Thread) {
    let tokens = Tokens::of(ui.visuals());
    ui.add_space(6.0);
    let words = RichText::new("Stack, the innermost first")
        .strong()
        .color(tokens.text_strong);
    ui.label(words);
    if thread.stack.0.is_empty() {
        ui.label(RichText::new("It has none.").color(tokens.text_weak));
    }
    let locks = |depth: usize| thread.locks.iter().filter(move |used| used.depth == depth);
    for (depth, name) in thread.stack.frames().take(DEEPEST).enumerate() {
        locks(depth).for_each(|used| lock(ui, used));
        let is_application = frame::is_application(name);
        let color = if is_application {
            tokens.text_strong
        } else {
            tokens.text_weak
        };
        let words = RichText::new(safe(&frame::short(name)))
            .monospace()
            .size(11.5)
            .color(color);
        ui.add(Label::new(words).truncate());
    }
    locks(thread.stack.0.len()).for_each(|used| lock(ui, used));
    let more = thread.stack.0.len().saturating_sub(DEEPEST);
    if more > 0 {
        ui.label(format!("and {more} more frames"));
    }
}

fn lock(ui: &mut Ui, used: &LockUse) {
    let tokens = Tokens::of(ui.visuals());
    let verb = match used.how {
        How::Locked => "locked",
        How::Eliminated => "lock left out by the compiler",
        How::WaitingToLock => "waiting to lock",
        How::WaitingOn => "waiting on",
        How::Relocking => "waiting to lock again",
        How::Parking => "parking to wait for",
        How::Owns => "owns",
        How::ClassInitialization => "waiting for the initialization of",
    };
    let lock = used
        .lock
        .as_ref()
        .map_or("something".to_owned(), Lock::words);
    let is_wait = matches!(
        used.how,
        How::WaitingToLock | How::Relocking | How::ClassInitialization
    );
    let color = if is_wait { tokens.blocked } else { tokens.io };
    let words = RichText::new(safe(&format!("  {verb} {lock}")));
    ui.add(Label::new(words.monospace().size(11.5).color(color)).truncate());
}

fn fact(ui: &mut Ui, name: &str, words: &str, key: Option<&str>) {
    let tokens = Tokens::of(ui.visuals());
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let label = ui.label(RichText::new(name).color(tokens.text_weak));
        if let Some(key) = key {
            explained::on_hover(label, name, explain::figure("dumps", key));
        }
        ui.label(RichText::new(safe(words)).color(tokens.text));
    });
}

/// A name that leads somewhere; whether it was clicked.
fn link(ui: &mut Ui, name: &str, words: &str) -> bool {
    let tokens = Tokens::of(ui.visuals());
    let mut clicked = false;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.label(RichText::new(name).color(tokens.text_weak));
        clicked = ui.link(safe(words)).clicked();
    });
    clicked
}
