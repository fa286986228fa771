//! The page of memory: the table of `free`, what memory is used for as a bar, paging since the
//! snapshot before, and the lines of `/proc/meminfo` that matter.

use super::cell::Change;
use super::sheet::{self, Look};
use super::{Then, bar, figures};
use crate::theme::Tokens;
use afterimage_analysis::machine::{Pages, Value};
use egui::{Color32, Frame, Margin, Rect, RichText, ScrollArea, Ui, UiBuilder, vec2};

const FREE: Look = Look {
    page: "memory",
    names: "Memory",
    kept: 0,
    groups: &[],
    bar: None,
    share: |_, _, _| None,
    behind_name: None,
    has_words: false,
    is_sum: |_| false,
};

/// Draws it.
pub(super) fn show(ui: &mut Ui, (pages, then): (&Pages, Option<Then<'_>>)) {
    let less = |of| then.map(|then| then.change(pages, of));
    free(ui, pages, less(|pages| &pages.memory).as_ref());
    let frame = Frame::new().inner_margin(Margin::symmetric(12, 6));
    ScrollArea::vertical()
        .id_salt("memory")
        .auto_shrink(false)
        .show(ui, |ui| {
            frame.show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 4.0;
                bars(ui, pages);
                heading(ui, "Paging since the snapshot before");
                let change = less(|pages| &pages.paging);
                figures::show(ui, (&pages.paging, change.as_ref()), "paging", 2);
                heading(ui, "Lines of /proc/meminfo");
                let change = less(|pages| &pages.lines);
                figures::show(ui, (&pages.lines, change.as_ref()), "meminfo", 1);
            });
        });
}

fn heading(ui: &mut Ui, words: &str) {
    let tokens = Tokens::of(ui.visuals());
    ui.add_space(6.0);
    ui.label(RichText::new(words).strong().color(tokens.text_strong));
}

/// The two rows of `free`.
fn free(ui: &mut Ui, pages: &Pages, change: Option<&Change>) {
    let rows = if change.is_some() { 4.0 } else { 2.0 };
    let height = sheet::HEADER + rows * sheet::ROW;
    let at = ui.available_rect_before_wrap();
    let rect = Rect::from_min_size(at.min, vec2(at.width(), height));
    ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| {
        sheet::show(ui, (&pages.memory, change), &FREE);
    });
}

fn bars(ui: &mut Ui, pages: &Pages) {
    let tokens = Tokens::of(ui.visuals());
    let of = |row, key| -> Option<f64> { pages.memory.value(row, key)?.ok() };
    let Some(total) = of("Mem", "total_bytes") else {
        return;
    };
    let parts: Vec<bar::Part> = pages
        .parts
        .figures()
        .map(|(column, value)| (column, value, part_color(tokens, column.key)))
        .collect();
    let available = of("Mem", "available_bytes");
    bar::show(ui, ("parts", "RAM"), &parts, total, available);
    let Some(total) = of("Swap", "total_bytes").filter(|total| *total > 0.0) else {
        ui.label(RichText::new("There is no swap space.").color(tokens.text_weak));
        return;
    };
    let swap = pages.memory.rows.iter().find(|row| &*row.name == "Swap");
    let values: &[Value] = swap.map_or(&[], |row| &row.values);
    let columns = pages.memory.columns.iter().zip(values);
    let parts = columns.filter_map(|(column, value)| {
        let color = match column.key {
            "used_bytes" => tokens.memory,
            "free_bytes" => tokens.grid,
            _ => return None,
        };
        Some((column, *value, color))
    });
    bar::show(
        ui,
        ("memory", "Swap"),
        &parts.collect::<Vec<_>>(),
        total,
        None,
    );
}

/// One family of colours is in use by programs, one by the kernel, and grey could be had.
fn part_color(tokens: &Tokens, key: &str) -> Color32 {
    match key {
        "programs_bytes" => tokens.memory,
        "shared_bytes" => tokens.mark,
        "kernel_bytes" => tokens.system,
        "reclaimable_bytes" => tokens.event,
        "files_bytes" => tokens.spare,
        _ => tokens.grid,
    }
}
