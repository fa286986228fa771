//! The rows of the comparison: findings, locks, threads and groups, as they were and as they are.

use super::super::MARGIN;
use super::super::ink::{self, ROW, safe};
use super::Columns;
use crate::command::{Command, DumpCommand};
use crate::data::dumps::{ReadDump, time_words};
use crate::panel::process_table::ink::triangle;
use crate::state::Document;
use crate::state::dumps::Branch;
use crate::state::dumps::compare::{Both, Compared, DiffRow, Fate, Fold, place_of, threads};
use crate::theme::Tokens;
use afterimage_analysis::dumps::compare::{FindingChange, LockChange};
use afterimage_analysis::dumps::frame;
use afterimage_analysis::dumps::model::Thread;
use egui::{Align2, Color32, FontId, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use std::sync::Arc;

/// What every row is drawn from.
pub(super) struct Page<'a> {
    pub(super) document: &'a Document,
    pub(super) compared: &'a Compared,
    pub(super) reads: [&'a ReadDump; 2],
    pub(super) columns: Columns,
}

impl Page<'_> {
    pub(super) fn row(&self, ui: &mut Ui, (number, row): (usize, DiffRow), out: &mut Vec<Command>) {
        let comparison = &self.compared.comparison;
        match row {
            DiffRow::Findings => title(ui, "What is wrong", None, out),
            DiffRow::Locks => title(ui, "Locks", None, out),
            DiffRow::Groups => title(ui, "Groups that grew or shrank", None, out),
            DiffRow::Fate(fate, count) => {
                let words = format!("{}  {count}", fate.title());
                let branch = (fate == Fate::Idle).then_some(Branch::Idle);
                let branch = branch.map(|branch| (branch, self.document.dumps.is_open(branch)));
                title(ui, &words, branch, out);
            }
            DiffRow::Finding(place) => self.finding(ui, (number, &comparison.findings[place])),
            DiffRow::Lock(place) => self.lock(ui, (number, &comparison.locks[place]), out),
            DiffRow::Group(place) => self.group(ui, (number, place)),
            DiffRow::Fold(place) => self.fold(ui, (number, place), out),
            DiffRow::Thread(fold, place) => {
                let fold = &self.compared.folds[fold];
                self.thread(ui, number, (fold, &fold.threads[place], true), out);
            }
        }
    }

    fn finding(&self, ui: &mut Ui, (number, change): (usize, &FindingChange)) {
        let tokens = Tokens::of(ui.visuals());
        let of =
            |side: usize, place: Option<usize>| Some(&self.reads[side].report.findings[place?]);
        let (then, now) = (of(0, change.before), of(1, change.now));
        let Some(finding) = now.or(then) else { return };
        let (word, color) = match (then, now) {
            (None, _) => ("new", tokens.blocked),
            (_, None) => ("gone", tokens.born),
            (Some(_), Some(_)) => ("stayed", tokens.warning),
        };
        let words = safe(&finding.summary);
        let (rect, response) = ink::row(ui, (ROW, number), false, &format!("{word}: {words}"));
        let area = Columns::area(rect, MARGIN, MARGIN + 64.0);
        ink::text(ui, area, word, color, 12.5);
        let area = Columns::area(rect, MARGIN + 64.0, rect.width());
        let ink = if now.is_some() {
            tokens.text_strong
        } else {
            tokens.text_weak
        };
        ink::text(ui, area, &words, ink, 12.5);
        response.on_hover_ui(|ui| {
            ui.set_max_width(560.0);
            ui.label(words);
        });
    }

    fn lock(&self, ui: &mut Ui, (number, change): (usize, &LockChange), out: &mut Vec<Command>) {
        let tokens = Tokens::of(ui.visuals());
        let of = |side: usize, place: Option<usize>| {
            let read = self.reads[side];
            let wanted = &read.report.locks.wanted[place?];
            let name = wanted
                .holder
                .thread()
                .map(|thread| read.dump.threads[thread].called());
            let name = name.unwrap_or_else(|| "nobody known".to_owned());
            let perhaps = if wanted.holder.is_guess() {
                "perhaps "
            } else {
                ""
            };
            Some((format!("{perhaps}{name}: {} wait", wanted.total), wanted))
        };
        let sides = [of(0, change.before), of(1, change.now)];
        let Some((_, wanted)) = sides[1].as_ref().or(sides[0].as_ref()) else {
            return;
        };
        let class = if wanted.lock.class.is_empty() {
            &wanted.lock.id
        } else {
            &wanted.lock.class
        };
        let words = sides
            .clone()
            .map(|side| side.map_or("nobody waits".to_owned(), |(words, _)| words));
        let told = format!(
            "Lock {}: {}, then {}",
            safe(class),
            safe(&words[0]),
            safe(&words[1])
        );
        let (rect, response) = ink::row(ui, (ROW, number), false, &told);
        let area = Columns::area(rect, MARGIN, self.columns.before);
        ink::text(ui, area, &frame::short(class), tokens.text_strong, 12.5);
        let is_other = change.has_other_owner || change.before.is_none() != change.now.is_none();
        let color = if is_other {
            tokens.text_strong
        } else {
            tokens.text
        };
        self.sides(ui, rect, &words, [color, color]);
        if change.has_other_owner {
            self.mark(ui, rect);
        }
        if response.clicked() {
            let holder = change
                .now
                .and_then(|place| self.reads[1].report.locks.wanted[place].holder.thread());
            if let Some(holder) = holder {
                ink::open(self.reads[1], holder, out);
            }
        }
    }

    fn group(&self, ui: &mut Ui, (number, place): (usize, usize)) {
        let tokens = Tokens::of(ui.visuals());
        let change = &self.compared.comparison.groups[place];
        let group = match (change.before, change.now) {
            (_, Some(now)) => &self.reads[1].report.groups[now],
            (Some(before), None) => &self.reads[0].report.groups[before],
            (None, None) => return,
        };
        let at = group
            .stack
            .frames()
            .find(|frame| frame::is_application(frame));
        let at = at.or_else(|| group.stack.frames().next());
        let at = at.map(frame::short).unwrap_or_default();
        let (then, now) = change.counts;
        let name = if group.name.is_empty() {
            "several"
        } else {
            &group.name
        };
        let idle = if group.is_idle { ", idle" } else { "" };
        let state = group.state.name();
        let told = format!(
            "Group of {then}, then {now} {state}{idle}: {}, {}",
            safe(name),
            safe(&at)
        );
        let (rect, _) = ink::row(ui, (ROW, number), false, &told);
        let area = Columns::area(rect, MARGIN, self.columns.before);
        ink::text(ui, area, name, tokens.text_strong, 12.5);
        let words = [then, now].map(|count| match count {
            0 => "none".to_owned(),
            count => format!("{count} {state}{idle}"),
        });
        self.sides(ui, rect, &words, [tokens.text; 2]);
        let begin = self.columns.now + 150.0;
        let area = Columns::area(rect, begin, rect.width() - MARGIN);
        ink::text(ui, area, &at, tokens.text_weak, 12.5);
    }

    fn fold(&self, ui: &mut Ui, (number, place): (usize, usize), out: &mut Vec<Command>) {
        let fold = &self.compared.folds[place];
        let Some(first) = fold.threads.first() else {
            return;
        };
        if fold.threads.len() == 1 {
            return self.thread(ui, number, (fold, first, false), out);
        }
        let tokens = Tokens::of(ui.visuals());
        let branch = Branch::Fold(place);
        let is_open = self.document.dumps.is_open(branch);
        let count = fold.threads.len();
        let sides = threads(first, self.reads);
        let told = format!("{count} threads {}: {}", safe(&fold.name), told(sides));
        let (rect, response) = ink::row(ui, (ROW, number), false, &told);
        let sign = Rect::from_min_size(rect.left_top() + vec2(MARGIN - 6.0, 0.0), vec2(12.0, ROW));
        triangle(ui, sign, is_open, tokens.text_weak);
        let font = FontId::proportional(13.0);
        let number = ui.painter().text(
            pos2(rect.left() + MARGIN + 10.0, rect.center().y),
            Align2::LEFT_CENTER,
            count.to_string(),
            font,
            tokens.text_strong,
        );
        let from = number.right() - rect.left() + 6.0;
        let area = Columns::area(rect, from, self.columns.before);
        ink::name(ui, area, &fold.name, (tokens.text_strong, 12.5));
        self.both(ui, rect, (fold, first, sides));
        let all: Option<std::time::Duration> = fold.threads.iter().map(|both| both.cpu).sum();
        self.cpu(ui, rect, all);
        if response.clicked() {
            out.push(Command::Dumps(DumpCommand::Turn(branch)));
        }
    }

    fn thread(
        &self,
        ui: &mut Ui,
        number: usize,
        (fold, both, is_inner): (&Fold, &Both, bool),
        out: &mut Vec<Command>,
    ) {
        let tokens = Tokens::of(ui.visuals());
        let sides = threads(both, self.reads);
        let key = match (both.now, both.before) {
            (Some(now), _) => self.reads[1].keys.get(now),
            (None, Some(before)) => self.reads[0].keys.get(before),
            (None, None) => None,
        };
        let name = sides[1].or(sides[0]).map_or(String::new(), Thread::called);
        let is_chosen = key.is_some() && self.document.dumps.thread.as_ref() == key;
        let told = format!("{}: {}", safe(&name), told(sides));
        let (rect, response) = ink::row(ui, (ROW, number), is_chosen, &told);
        let from = MARGIN + if is_inner { 22.0 } else { 10.0 };
        let area = Columns::area(rect, from, self.columns.before);
        let color = if is_inner {
            tokens.text
        } else {
            tokens.text_strong
        };
        ink::name(ui, area, &name, (color, 12.5));
        self.both(ui, rect, (fold, both, sides));
        self.cpu(ui, rect, both.cpu);
        if response.clicked() {
            let key = key.filter(|_| !is_chosen).map(Arc::clone);
            out.push(Command::Dumps(DumpCommand::Thread(key)));
        }
    }

    /// What a thread did on the left, what it does on the right; the same is pale.
    fn both(&self, ui: &Ui, rect: Rect, (fold, both, sides): (&Fold, &Both, [Option<&Thread>; 2])) {
        let tokens = Tokens::of(ui.visuals());
        let words = sides.map(|thread| thread.map_or("not there".to_owned(), place_of));
        let is_same = sides[0]
            .zip(sides[1])
            .is_some_and(|(then, now)| then.state == now.state && words[0] == words[1]);
        let pale = matches!(fold.fate, Fate::Still | Fate::Idle) || is_same;
        let color = |thread: Option<&Thread>| match thread {
            None => tokens.text_weak,
            Some(_) if pale => tokens.text_weak,
            Some(_) => tokens.text,
        };
        let edges = [
            (self.columns.before, self.columns.now),
            (self.columns.now, self.columns.cpu),
        ];
        for (side, (from, to)) in edges.into_iter().enumerate() {
            let Some(thread) = sides[side] else {
                let area = Columns::area(rect, from, to);
                ink::text(ui, area, &words[side], tokens.text_weak, 12.5);
                continue;
            };
            let middle = pos2(rect.left() + from + 8.0, rect.center().y);
            let badge = Rect::from_center_size(middle, vec2(16.0, 16.0));
            ink::badge(ui, badge, thread.state);
            let area = Columns::area(rect, from + 22.0, to);
            // What a frame does is at its end.
            ink::name(ui, area, &words[side], (color(Some(thread)), 12.5));
        }
        if fold.fate == Fate::Moved && (!is_same || both.has_other_lock) {
            self.mark(ui, rect);
        }
    }

    fn sides(&self, ui: &Ui, rect: Rect, words: &[String; 2], colors: [Color32; 2]) {
        let edges = [
            (self.columns.before, self.columns.now),
            (self.columns.now, self.columns.cpu),
        ];
        for (side, (from, to)) in edges.into_iter().enumerate() {
            ink::text(
                ui,
                Columns::area(rect, from, to),
                &words[side],
                colors[side],
                12.5,
            );
        }
    }

    /// A line at the edge of the later side: it is another one.
    fn mark(&self, ui: &Ui, rect: Rect) {
        let tokens = Tokens::of(ui.visuals());
        let left = rect.left() + self.columns.now - 6.0;
        let mark = Rect::from_min_max(
            pos2(left, rect.top() + 3.0),
            pos2(left + 3.0, rect.bottom() - 3.0),
        );
        ui.painter().rect_filled(mark, 1.0, tokens.changed);
    }

    fn cpu(&self, ui: &Ui, rect: Rect, cpu: Option<std::time::Duration>) {
        let tokens = Tokens::of(ui.visuals());
        let Some(cpu) = cpu.filter(|cpu| cpu.as_millis() > 0) else {
            return;
        };
        let at = pos2(rect.left() + self.columns.right, rect.center().y);
        let is_much = self.compared.comparison.cpu.and_then(|(_, over)| over);
        let is_much = is_much.is_some_and(|over| cpu > over / 2);
        let color = if is_much { tokens.running } else { tokens.text };
        let font = FontId::proportional(12.0);
        ui.painter()
            .text(at, Align2::RIGHT_CENTER, time_words(cpu), font, color);
    }
}

/// What a thread did and does, for who cannot see the row.
fn told(sides: [Option<&Thread>; 2]) -> String {
    let words = sides.map(|thread| {
        thread.map_or("not there".to_owned(), |thread| {
            format!("{} {}", thread.state.name(), safe(&place_of(thread)))
        })
    });
    if words[0] == words[1] {
        format!("{} in both", words[0])
    } else {
        format!("{}, then {}", words[0], words[1])
    }
}

/// The title of a part; one that can be opened has a sign.
fn title(ui: &mut Ui, words: &str, branch: Option<(Branch, bool)>, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let size = vec2(ui.available_width(), ROW);
    let sense = if branch.is_some() {
        Sense::click()
    } else {
        Sense::hover()
    };
    let (rect, response) = ui.allocate_exact_size(size, sense);
    let role = if branch.is_some() {
        Role::Button
    } else {
        Role::Heading
    };
    response.widget_info(|| WidgetInfo::labeled(role, true, words));
    let line = Stroke::new(1.0, tokens.grid);
    ui.painter()
        .hline(rect.x_range(), rect.bottom() - 0.5, line);
    let mut left = MARGIN;
    if let Some((branch, is_open)) = branch {
        let sign = Rect::from_min_size(rect.left_top() + vec2(MARGIN - 6.0, 0.0), vec2(12.0, ROW));
        triangle(ui, sign, is_open, tokens.text_weak);
        left += 10.0;
        if response.clicked() {
            out.push(Command::Dumps(DumpCommand::Turn(branch)));
        }
    }
    let area = rect.with_min_x(rect.left() + left);
    ink::text(ui, area, words, tokens.text_weak, 12.0);
}
