//! The pages of the machine at the cursor: CPU, memory, disks, network, waits and pressure.
//!
//! `sheet` draws a table and `figures` numbers that have no rows, `cell` what stands in both;
//! `bar` is memory as one bar, `beside` places the lists under a page's table. Each number says on hover what it is, or why it is absent.

mod bar;
mod beside;
pub(super) mod cell;
mod figures;
mod memory;
mod sheet;

use crate::command::Command;
use crate::data::Snapshot;
use crate::display;
use crate::explain;
use crate::panel::process_table::{copy_menu, problem};
use crate::panel::unreadable;
use crate::state::tabs::Tab;
use crate::state::{Document, State};
use crate::theme::Tokens;
use afterimage_analysis::machine::{Pages, Sheet, cpu};
use cell::Change;
use egui::{Color32, Frame, Label, Margin, RichText, Ui, UiBuilder};
use sheet::Look;

/// Draws the page that is chosen.
pub fn show(ui: &mut Ui, state: &State, document: &Document, out: &mut Vec<Command>) {
    let Some(snapshot) = &document.snapshot else {
        return unreadable::or_loading(ui, document);
    };
    if document.gap_at_cursor().is_some() {
        // It is another moment than the one under the cursor.
        ui.set_opacity(0.6);
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    let pages = &snapshot.machine;
    let since = then(document, snapshot).map(|pinned| document.moment(pinned.at));
    let then = then(document, snapshot)
        .zip(since.as_deref())
        .map(|(pinned, since)| Then {
            pages: &pinned.machine,
            since,
        });
    let table = |ui: &mut Ui, of: fn(&Pages) -> &Sheet, look: &'static Look| {
        let change = then.map(|then| then.change(pages, of));
        sheet::show(ui, (of(pages), change.as_ref()), look);
    };
    let mut with_lists =
        |ui: &mut Ui, of: fn(&Pages) -> &Sheet, look: &'static Look, otherwise: &str| {
            let rows = of(pages).rows.len() * if then.is_some() { 2 } else { 1 };
            let room = ui.available_rect_before_wrap();
            let (above, below) = beside::split(document, room, sheet::height(rows, look));
            ui.scope_builder(UiBuilder::new().max_rect(above), |ui| {
                if rows == 0 {
                    nothing(ui, otherwise);
                } else {
                    table(ui, of, look);
                }
            });
            beside::show(ui, (state, document), below, out);
        };
    match document.tab {
        Tab::Cpu => {
            let frame = Frame::new().inner_margin(Margin::symmetric(12, 6));
            let change = then.map(|then| then.change(pages, |pages| &pages.tasks));
            let tasks = (&pages.tasks, change.as_ref());
            frame.show(ui, |ui| figures::show(ui, tasks, "tasks", 3));
            with_lists(ui, |pages| &pages.cpus, &CPUS, "No CPU was recorded.");
        }
        Tab::Memory => memory::show(ui, (pages, then)),
        Tab::Disks => with_lists(
            ui,
            |pages| &pages.disks,
            &DISKS,
            "No disk did anything yet.",
        ),
        Tab::Network => {
            let nothing = "No interface was recorded.";
            with_lists(ui, |pages| &pages.networks, &NETWORKS, nothing);
        }
        Tab::Waits | Tab::Sockets => {
            let room = ui.available_rect_before_wrap();
            beside::show(ui, (state, document), room, out);
        }
        Tab::Pressure if pages.pressure.rows.is_empty() => nothing(ui, NO_PRESSURE),
        Tab::Pressure => table(ui, |pages| &pages.pressure, &PRESSURE),
        Tab::Processes | Tab::Log | Tab::Load | Tab::Threads => {}
    }
}

/// The pinned moment, when it is another one than the one that is shown.
fn then<'a>(document: &'a Document, shown: &Snapshot) -> Option<&'a Snapshot> {
    let pinned = document.pinned.as_ref()?;
    (pinned.snapshot.seq != shown.seq).then_some(&*pinned.snapshot)
}

/// The machine at the pinned moment, and which moment that is.
#[derive(Clone, Copy)]
struct Then<'a> {
    pages: &'a Pages,
    since: &'a str,
}

impl Then<'_> {
    /// What is different in one sheet.
    fn change(self, now: &Pages, of: fn(&Pages) -> &Sheet) -> Change {
        Change {
            sheet: of(now).less(of(self.pages)),
            since: self.since.to_owned(),
        }
    }
}

const NO_PRESSURE: &str = "This kernel reports no pressure. It needs Linux 4.20 or newer, and on \
                           some distributions psi=1 on the kernel's command line.";

fn nothing(ui: &mut Ui, words: &str) {
    ui.add_space((ui.available_height() / 2.0 - 10.0).clamp(4.0, 40.0));
    ui.vertical_centered(|ui| ui.weak(words));
}

/// Which moment it is, what the rates are counted from, and how to copy it; from the right.
pub fn words(ui: &mut Ui, document: &Document, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    copy_menu(ui, out);
    let Some(snapshot) = &document.snapshot else {
        return;
    };
    let (text, color) = match problem(document, snapshot) {
        Some(problem) if document.gap_at_cursor().is_some() => (problem, tokens.problem),
        _ => (moment(document, snapshot), tokens.text_weak),
    };
    ui.add(Label::new(RichText::new(text).color(color)).truncate());
}

/// `At 14:03:07. Rates are over the 1.0 s since the snapshot before.`
fn moment(document: &Document, snapshot: &Snapshot) -> String {
    let at = document.moment(snapshot.at);
    if document.tab == Tab::Load {
        return format!("At {at}.");
    }
    let since = snapshot.previous;
    let over = since.and_then(|since| snapshot.at.since(since));
    let rates = match over {
        Some(over) => {
            let over = display::duration(over);
            format!("Rates are over the {over} since the snapshot before.")
        }
        None if snapshot.at <= document.time.capture.from => {
            "It is the first snapshot, so there are no rates.".to_owned()
        }
        None => "It is the first after a gap, so there are no rates.".to_owned(),
    };
    let compared = then(document, snapshot).map(|pinned| document.moment(pinned.at));
    let compared = compared.map_or(String::new(), |then| {
        format!(" Compared with {then} (P ends it).")
    });
    format!("At {at}. {rates}{compared}")
}

const CPUS: Look = Look {
    page: "cpu",
    names: "CPU",
    kept: 0,
    groups: &[],
    bar: Some(cpu_color),
    share: |_, _, _| None,
    behind_name: None,
    has_words: false,
    is_sum: |name| name == cpu::ALL,
};

/// What the parts of a CPU's bar are drawn in; idle is what is left.
fn cpu_color(tokens: &Tokens, key: &str) -> Option<Color32> {
    Some(match key {
        "usr_percent" => tokens.running,
        "nice_percent" => tokens.nice,
        "sys_percent" => tokens.system,
        "iowait_percent" => tokens.io,
        "irq_percent" | "soft_percent" => tokens.interrupts,
        "steal_percent" => tokens.blocked,
        "guest_percent" | "gnice_percent" => tokens.memory,
        _ => return None,
    })
}

const DISKS: Look = Look {
    page: "disk",
    names: "Device",
    // Which device is busy must be seen without scrolling.
    kept: 2,
    groups: &[
        ("All requests", 2),
        ("Reads", 6),
        ("Writes", 6),
        ("Discards", 6),
        ("Flushes", 2),
    ],
    bar: None,
    share: |tokens, _, key| (key == "util_percent").then_some(tokens.io),
    behind_name: Some("util_percent"),
    has_words: false,
    is_sum: |_| false,
};

const NETWORKS: Look = Look {
    page: "network",
    names: "Interface",
    kept: 0,
    groups: &[("Received", 4), ("Sent", 4), ("Since it came up", 4)],
    bar: None,
    share: |_, _, _| None,
    behind_name: None,
    has_words: false,
    is_sum: |_| false,
};

const PRESSURE: Look = Look {
    page: "pressure",
    names: "Waiting for",
    kept: 0,
    groups: &[],
    bar: None,
    share: |tokens, row, key| {
        let color = match row.split(' ').next() {
            Some("cpu") => tokens.running,
            Some("memory") => tokens.memory,
            Some("io") => tokens.io,
            _ => tokens.interrupts,
        };
        key.ends_with("_percent").then_some(color)
    },
    behind_name: None,
    has_words: true,
    is_sum: |_| false,
};

/// What a row of the pressure page means: `pressure.io-full`.
fn row_meaning(page: &str, name: &str) -> Option<&'static explain::Entry> {
    explain::figure(page, &name.replace(' ', "-"))
}
