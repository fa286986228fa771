//! The stacks of all threads, merged: outermost frames on top, as wide as many threads are in them,
//! or as much CPU as they used.
//!
//! Each row is a level; a click makes a part as wide as the page.

use super::MARGIN;
use super::ink::{self, HEADER, safe};
use crate::command::{Command, DumpCommand};
use crate::data::dumps::{CallNode, CallTree, ReadDump, time_words};
use crate::display;
use crate::state::Document;
use crate::theme::Tokens;
use afterimage_analysis::dumps::frame;
use egui::{
    Button, Frame, Id, Margin, Rect, RichText, Role, ScrollArea, Sense, Stroke, Ui, WidgetInfo,
    pos2, vec2,
};

const LEVEL: f32 = 20.0;
/// What is narrower is left out, in points.
const NARROWEST: f32 = 2.5;
/// Nobody looks deeper than that.
const DEEPEST: usize = 256;
/// So many frames of a part are told.
const TOLD: usize = 40;

/// How wide a part is.
#[derive(Clone, Copy)]
struct Weigh {
    by_cpu: bool,
    with_idle: bool,
}

impl Weigh {
    fn of(self, node: &CallNode) -> f64 {
        match (self.by_cpu, self.with_idle) {
            (true, _) => node.cpu.as_secs_f64(),
            (false, true) => node.threads as f64,
            (false, false) => (node.threads - node.idle) as f64,
        }
    }
}

/// A part that is drawn.
struct Part {
    node: usize,
    rect: Rect,
}

/// Draws it.
pub(super) fn show(ui: &mut Ui, document: &Document, read: &ReadDump, out: &mut Vec<Command>) {
    let view = &document.dumps;
    let has_cpu = read
        .tree
        .nodes
        .first()
        .is_some_and(|root| !root.cpu.is_zero());
    choices(ui, document, has_cpu, out);
    let weigh = Weigh {
        by_cpu: view.by_cpu && has_cpu,
        with_idle: view.with_idle,
    };
    let root = view
        .zoom
        .filter(|node| *node < read.tree.nodes.len())
        .unwrap_or(0);
    let all = read.tree.nodes.get(root).map_or(0.0, |node| weigh.of(node));
    if all <= 0.0 {
        return ink::note(
            ui,
            "Every thread that has a stack is idle. Show idle threads, too, to see them.",
        );
    }
    ScrollArea::vertical()
        .id_salt("calls")
        .auto_shrink(false)
        .show_viewport(ui, |ui, seen| {
            let left = ui.max_rect().left() + MARGIN;
            let width = (ui.available_width() - 2.0 * MARGIN).max(1.0);
            let top = ui.max_rect().top() + 4.0;
            let first = Rect::from_min_size(pos2(left, top), vec2(width, LEVEL));
            let (parts, deepest) = parts(&read.tree, weigh, (root, first));
            ui.set_height((deepest as f32 + 1.0) * LEVEL + 12.0);
            let in_sight = seen.translate(ui.max_rect().min.to_vec2()).expand(LEVEL);
            for part in parts {
                if in_sight.y_range().intersects(part.rect.y_range()) {
                    one(ui, document, read, (&part, weigh, all), out);
                }
            }
        });
}

/// Where every part of the tree stands that is wide enough, and how many levels there are.
fn parts(tree: &CallTree, weigh: Weigh, (root, first): (usize, Rect)) -> (Vec<Part>, usize) {
    let mut parts = Vec::new();
    let mut deepest = 0;
    let mut left = vec![(root, first, 0_usize)];
    while let Some((place, rect, depth)) = left.pop() {
        let node = &tree.nodes[place];
        deepest = deepest.max(depth);
        parts.push(Part { node: place, rect });
        let own = weigh.of(node);
        if depth >= DEEPEST || own <= 0.0 {
            continue;
        }
        let mut children: Vec<usize> = node.children.clone();
        children.sort_by(|a, b| {
            weigh
                .of(&tree.nodes[*b])
                .total_cmp(&weigh.of(&tree.nodes[*a]))
        });
        let mut x = rect.left();
        for child in children {
            let share = weigh.of(&tree.nodes[child]) / own;
            let width = rect.width() * crate::paint::points(share);
            if width >= NARROWEST {
                let place = pos2(x, rect.top() + LEVEL);
                left.push((
                    child,
                    Rect::from_min_size(place, vec2(width, LEVEL)),
                    depth + 1,
                ));
            }
            x += width;
        }
    }
    (parts, deepest)
}

fn choices(ui: &mut Ui, document: &Document, has_cpu: bool, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let view = &document.dumps;
    let frame = Frame::new()
        .fill(tokens.panel)
        .inner_margin(Margin::symmetric(12, 2));
    frame.show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.set_min_height(HEADER - 4.0);
            ui.spacing_mut().item_spacing.x = 4.0;
            ui.set_min_width(ui.available_width());
            let by_cpu = view.by_cpu && has_cpu;
            ui.label(RichText::new("as wide as").small().color(tokens.text_weak));
            if ui.add(Button::selectable(!by_cpu, "Threads")).clicked() && by_cpu {
                out.push(Command::Dumps(DumpCommand::ToggleCpu));
            }
            let cpu = ui.add_enabled(has_cpu, Button::selectable(by_cpu, "CPU time"));
            let cpu =
                cpu.on_disabled_hover_text("Nobody says how much CPU they used around the dump");
            if cpu.clicked() && !by_cpu {
                out.push(Command::Dumps(DumpCommand::ToggleCpu));
            }
            if ui
                .add_enabled(
                    !by_cpu,
                    Button::selectable(view.with_idle, "Idle threads, too"),
                )
                .clicked()
            {
                out.push(Command::Dumps(DumpCommand::ToggleIdle));
            }
            if view.zoom.is_some() && ui.button("Show all").clicked() {
                out.push(Command::Dumps(DumpCommand::Zoom(None)));
            }
        });
    });
}

fn one(
    ui: &Ui,
    document: &Document,
    read: &ReadDump,
    (part, weigh, all): (&Part, Weigh, f64),
    out: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui.visuals());
    let node = &read.tree.nodes[part.node];
    let amount = amount(node, weigh);
    let name = match node.telling() {
        Some(name) => safe(&frame::short(name)),
        None => "all".to_owned(),
    };
    let more = node.frames.len().saturating_sub(1);
    let label = if more > 0 {
        format!("{name}  (+{more} frames)")
    } else {
        name.clone()
    };
    let id: Id = ui.scope_id().with(("call", part.node));
    let response = ui.interact(part.rect, id, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::TreeItem, true, format!("{name}: {amount}")));
    let wanted = document.dumps.search.to_lowercase();
    let is_found = !wanted.is_empty()
        && node
            .frames
            .iter()
            .any(|frame| frame.to_lowercase().contains(&wanted));
    let color = match (is_found, node.is_application(), node.frames.is_empty()) {
        (true, _, _) => tokens.changed,
        (_, _, true) => tokens.line,
        (_, true, _) => tokens.io,
        (_, false, _) => tokens.spare,
    };
    let strength = if response.hovered() || response.has_focus() {
        0.6
    } else {
        0.38
    };
    let bar = part.rect.shrink2(vec2(0.5, 0.5));
    ui.painter()
        .rect_filled(bar, 2.0, color.gamma_multiply(strength));
    if response.has_focus() {
        let stroke = Stroke::new(1.0, tokens.text_strong);
        ui.painter()
            .rect_stroke(bar, 2.0, stroke, egui::StrokeKind::Inside);
    }
    if part.rect.width() > 24.0 {
        let weight = crate::paint::points(weigh.of(node) / all);
        let words = if weight > 0.0 && part.rect.width() > 90.0 {
            format!("{amount}  {label}")
        } else {
            label
        };
        let area = bar.shrink2(vec2(4.0, 0.0));
        let color = if node.is_application() {
            tokens.text_strong
        } else {
            tokens.text
        };
        crate::panel::process_table::ink::text_in(ui, area, &words, ink::ink(color, 12.0));
    }
    if response.clicked() {
        let is_root = document.dumps.zoom == Some(part.node) || part.node == 0;
        let zoom = (!is_root).then_some(part.node);
        out.push(Command::Dumps(DumpCommand::Zoom(zoom)));
    }
    response.on_hover_ui(|ui| hover(ui, node));
}

fn amount(node: &CallNode, weigh: Weigh) -> String {
    if weigh.by_cpu {
        return time_words(node.cpu);
    }
    let threads = if weigh.with_idle {
        node.threads
    } else {
        node.threads - node.idle
    };
    display::counted(threads as u64, "thread")
}

fn hover(ui: &mut Ui, node: &CallNode) {
    let tokens = Tokens::of(ui.visuals());
    ui.set_max_width(620.0);
    let threads = display::counted(node.threads as u64, "thread");
    let words = format!(
        "{threads}, {} of them idle, CPU {}",
        node.idle,
        time_words(node.cpu)
    );
    ui.label(RichText::new(words).strong().color(tokens.text_strong));
    for name in node.frames.iter().rev().take(TOLD) {
        let color = if frame::is_application(name) {
            tokens.text_strong
        } else {
            tokens.text_weak
        };
        let words = RichText::new(safe(&frame::short(name)));
        ui.label(words.monospace().small().color(color));
    }
    let more = node.frames.len().saturating_sub(TOLD);
    if more > 0 {
        ui.label(format!("and {more} more frames"));
    }
}
