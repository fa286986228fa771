//! Who holds what, and who waits for it: a tree from each holder that waits for nobody itself.

use super::MARGIN;
use super::ink::{self, ROW, safe};
use crate::command::{Command, DumpCommand};
use crate::data::dumps::ReadDump;
use crate::panel::process_table::ink::text_in;
use crate::state::Document;
use crate::state::dumps::Branch;
use crate::theme::Tokens;
use afterimage_analysis::dumps::frame;
use afterimage_analysis::dumps::locks::{Holder, Wanted};
use egui::{Rect, ScrollArea, Ui, pos2, vec2};
use std::collections::{BTreeSet, HashMap};

/// So many who wait for a lock have a row at first.
const WAITERS: usize = 4;
/// Nobody looks deeper than that.
const DEEPEST: usize = 24;
/// How far a level is further in.
const STEP: f32 = 22.0;

/// A row of the view, and how deep it is.
#[derive(Clone, Copy)]
enum What {
    /// A deadlock, by its place.
    Deadlock(usize),
    /// A member of it, and which.
    Member(usize, usize),
    /// A lock with its holder, by its place.
    Lock(usize),
    /// One who waits and holds nothing that others want.
    Waiter(usize),
    /// So many more wait for this lock.
    More(usize, usize),
}

struct Lines<'a> {
    document: &'a Document,
    read: &'a ReadDump,
    all: Vec<(What, usize)>,
    seen: BTreeSet<usize>,
    /// Where each lock is among those of the report.
    places: HashMap<*const Wanted, usize>,
}

impl Lines<'_> {
    fn lock(&mut self, place: usize, depth: usize) {
        if !self.seen.insert(place) || depth > DEEPEST {
            return;
        }
        let locks = &self.read.report.locks;
        self.all.push((What::Lock(place), depth));
        let waiters = &locks.wanted[place].waiters;
        let is_open = self.document.dumps.is_open(Branch::Waiters(place));
        // Those on whom others wait in their turn come first.
        let holds = |waiter: &&usize| locks.held_by(**waiter).next().is_some();
        let (holders, others): (Vec<&usize>, Vec<&usize>) = waiters.iter().partition(holds);
        for waiter in holders {
            let held: Vec<usize> = locks
                .held_by(*waiter)
                .filter_map(|held| self.place(held))
                .collect();
            self.all.push((What::Waiter(*waiter), depth + 1));
            for held in held {
                self.lock(held, depth + 2);
            }
        }
        let shown = if is_open {
            others.len()
        } else {
            others.len().min(WAITERS)
        };
        let named = others[..shown]
            .iter()
            .map(|waiter| (What::Waiter(**waiter), depth + 1));
        self.all.extend(named);
        let more = others.len() - shown;
        if more > 0 || is_open {
            self.all.push((What::More(place, more), depth + 1));
        }
    }

    fn place(&self, held: &Wanted) -> Option<usize> {
        self.places.get(&std::ptr::from_ref(held)).copied()
    }
}

fn lines(document: &Document, read: &ReadDump) -> Vec<(What, usize)> {
    let mut lines = Lines {
        document,
        read,
        all: Vec::new(),
        seen: BTreeSet::new(),
        places: read
            .report
            .locks
            .wanted
            .iter()
            .map(std::ptr::from_ref)
            .zip(0..)
            .collect(),
    };
    for (place, deadlock) in read.report.deadlocks.iter().enumerate() {
        lines.all.push((What::Deadlock(place), 0));
        let members = (0..deadlock.members.len()).map(|member| (What::Member(place, member), 1));
        lines.all.extend(members);
    }
    let wanted = &read.report.locks.wanted;
    for place in (0..wanted.len()).filter(|place| wanted[*place].is_root) {
        lines.lock(place, 0);
    }
    // Those in a circle have no root.
    for place in 0..wanted.len() {
        lines.lock(place, 0);
    }
    lines.all
}

/// Draws it.
pub(super) fn show(ui: &mut Ui, document: &Document, read: &ReadDump, out: &mut Vec<Command>) {
    let lines = lines(document, read);
    ink::heading(
        ui,
        "Who holds what others wait for, the worst first; further in, who waits for it.",
    );
    if lines.is_empty() {
        return ink::note(ui, "Nobody waits for a lock.");
    }
    let area = ScrollArea::vertical().id_salt("locks").auto_shrink(false);
    area.show_rows(ui, ROW, lines.len(), |ui, numbers| {
        for number in numbers {
            one(ui, document, read, (number, lines[number]), out);
        }
    });
}

fn one(
    ui: &mut Ui,
    document: &Document,
    read: &ReadDump,
    (number, (what, depth)): (usize, (What, usize)),
    out: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui.visuals());
    let (thread, strong, more_words) = words(read, what);
    let is_chosen = thread.is_some()
        && thread.and_then(|place| read.keys.get(place)) == document.dumps.thread.as_ref();
    let told = format!("{strong} {more_words}").trim_end().to_owned();
    let (rect, response) = ink::row(ui, (ROW, number), is_chosen, &told);
    let mut left = rect.left() + MARGIN + STEP * depth as f32;
    if depth > 0 {
        let line = egui::Stroke::new(1.0, tokens.line);
        let x = left - STEP + 8.0;
        ui.painter().vline(x, rect.top()..=rect.center().y, line);
        ui.painter().hline(x..=left - 4.0, rect.center().y, line);
    }
    if let Some(place) = thread {
        let badge = Rect::from_center_size(pos2(left + 8.0, rect.center().y), vec2(16.0, 16.0));
        ink::badge(ui, badge, read.dump.threads[place].state);
        left += 22.0;
    }
    let is_heavy = matches!(what, What::Deadlock(_) | What::Lock(_));
    let color = if is_heavy {
        tokens.text_strong
    } else {
        tokens.text
    };
    let size = if is_heavy { 13.5 } else { 12.5 };
    let area = rect.with_min_x(left).with_max_x(rect.right() - MARGIN);
    let wide = text_in(ui, area, &strong, ink::ink(color, size));
    let area = area.with_min_x((area.left() + wide + 8.0).min(area.right()));
    let weak = ink::ink(tokens.text_weak, 12.5);
    text_in(ui, area, &more_words, weak);
    if response.clicked() {
        match (what, thread) {
            (What::More(place, _), _) => {
                out.push(Command::Dumps(DumpCommand::Turn(Branch::Waiters(place))));
            }
            (_, Some(place)) => ink::open(read, place, out),
            (_, None) => {}
        }
    }
}

/// The thread of a row, what it says, and where that thread is.
fn words(read: &ReadDump, what: What) -> (Option<usize>, String, String) {
    let report = &read.report;
    let name = |place: usize| safe(&read.dump.threads[place].called());
    let at = |place: usize| {
        let at = frame::telling(&read.dump.threads[place]).map(frame::short);
        at.map_or(String::new(), |at| format!("at {}", safe(&at)))
    };
    match what {
        What::Deadlock(place) => {
            let deadlock = &report.deadlocks[place];
            let surely = if deadlock.is_guess {
                "probably wait"
            } else {
                "wait"
            };
            let count = deadlock.members.len();
            let words = format!("Deadlock: {count} threads {surely} for each other, for ever");
            (None, words, String::new())
        }
        What::Member(place, member) => {
            let deadlock = &report.deadlocks[place];
            let thread = deadlock.members[member];
            let next = deadlock.members[(member + 1) % deadlock.members.len()];
            let lock = deadlock.locks.get(member).and_then(Option::as_ref);
            let lock = lock.map_or("a class".to_owned(), |lock| safe(&lock.words()));
            let words = format!(
                "{} waits for {lock}, which {} has",
                name(thread),
                name(next)
            );
            (Some(thread), words, at(thread))
        }
        What::Lock(place) => lock_words(read, &report.locks.wanted[place], name, at),
        What::Waiter(thread) => (Some(thread), name(thread), at(thread)),
        What::More(_, 0) => (None, "fewer".to_owned(), String::new()),
        What::More(place, more) => {
            let waiters = &report.locks.wanted[place].waiters;
            let tops: BTreeSet<_> = waiters
                .iter()
                .map(|waiter| frame::telling(&read.dump.threads[*waiter]))
                .collect();
            let same = if tops.len() == 1 {
                "at the same place"
            } else {
                ""
            };
            (None, format!("and {more} more"), same.to_owned())
        }
    }
}

fn lock_words(
    read: &ReadDump,
    wanted: &Wanted,
    name: impl Fn(usize) -> String,
    at: impl Fn(usize) -> String,
) -> (Option<usize>, String, String) {
    let (total, direct) = (wanted.total, wanted.waiters.len());
    let lock = safe(&wanted.lock.words());
    let waiting = if total == direct {
        format!("{total} wait")
    } else {
        format!("{total} wait ({direct} directly)")
    };
    match wanted.holder {
        Holder::Known(holder) => {
            let cpu = read.cpu_share(holder);
            let cpu = cpu.map_or(String::new(), |share| {
                format!(", CPU {}", ink::percent(share))
            });
            let words = format!("{} holds {lock}: {waiting}", name(holder));
            let state = read.dump.threads[holder].state.name();
            (Some(holder), words, format!("{state}{cpu}, {}", at(holder)))
        }
        Holder::Guessed(holder) => {
            let words = format!("Perhaps {} holds {lock}: {waiting}", name(holder));
            (
                Some(holder),
                words,
                format!("a guess: it is in the same code, {}", at(holder)),
            )
        }
        Holder::Unknown => {
            let words = format!("Nobody that the dump names holds {lock}: {waiting}");
            (None, words, String::new())
        }
    }
}
