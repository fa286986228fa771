//! The lists of the page that is shown: what was loaded, and in what order which of their lines
//! are shown.

pub(crate) mod export;
mod filter;

use crate::command::{ListCommand, Request};
use crate::data::worker::{Generation, Job};
use crate::data::{LoadMoment, Things, ThingsOf};
use crate::display::escape::escaped;
use crate::display::{ABSENT, figure};
use crate::state::Document;
use crate::state::tabs::Tab;
use afterimage_analysis::lists::{Column, Field, Line, List, ListId};
use afterimage_format::time::Seq;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The lists of the page that is shown.
#[derive(Debug, Clone, Default)]
pub struct Lists {
    /// What was loaded last.
    pub things: Option<Arc<Things>>,
    /// How each list is shown.
    pub views: BTreeMap<ListId, ListView>,
    /// The number of the newest question, while its answer is owed.
    pub owed: Option<Generation>,
    /// For what it was asked last.
    asked: Option<(ThingsOf, Seq)>,
}

/// How one list is shown.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ListView {
    /// By which column it is sorted, and whether the other way round; else as it came.
    pub sort: Option<(&'static str, bool)>,
    /// Only lines that match this are shown.
    pub filter: String,
    /// The lines that are shown, by their places in the list.
    pub lines: Vec<u32>,
    /// The longest text of each column, as it is written.
    pub longest: Vec<String>,
}

/// Of a longer list only so many lines say how wide its columns are.
const MEASURED: usize = 400;

impl ListView {
    /// Works out anew which lines are shown, and in what order.
    fn arrange(&mut self, list: &List) {
        let wanted = filter::Filter::new(&self.filter);
        let places = (0..).zip(&list.lines);
        let shown = places.filter(|(_, line)| wanted.matches(list.columns, line));
        self.lines = shown.map(|(place, _)| place).collect();
        let sort = self.sort.and_then(|(key, is_down)| {
            let place = list.columns.iter().position(|column| column.key == key)?;
            Some((place, is_down))
        });
        if let Some((place, is_down)) = sort {
            let field = |line: u32| list.lines.get(line as usize)?.fields.get(place);
            self.lines.sort_by(|a, b| {
                let order = compare(field(*a), field(*b), is_down);
                order.then(a.cmp(b))
            });
        }
        let columns = list.columns.iter().enumerate();
        let longest = |(place, column): (usize, &Column)| {
            let lines = list.lines.iter().take(MEASURED);
            let texts = lines.filter_map(|line| Some(written(column, line.fields.get(place)?)));
            texts.max_by_key(|text| breadth(text)).unwrap_or_default()
        };
        self.longest = columns.map(longest).collect();
    }

    /// By another column: numbers the largest first, names from A on; then the other way round;
    /// then as it came.
    fn sort_by(&mut self, columns: &[Column], key: &'static str) {
        let Some(column) = columns.iter().find(|column| column.key == key) else {
            return;
        };
        let first = column.is_number();
        self.sort = match self.sort {
            Some((known, is_down)) if known == key && is_down == first => Some((key, !first)),
            Some((known, _)) if known == key => None,
            _ => Some((key, first)),
        };
    }

    /// A line by its place among those that are shown.
    pub fn line<'a>(&self, list: &'a List, place: usize) -> Option<&'a Line> {
        list.lines.get(*self.lines.get(place)? as usize)
    }
}

/// About how wide a text is: capitals are wide, strokes are narrow.
fn breadth(text: &str) -> usize {
    let letter = |letter: char| match letter {
        'I' | 'i' | 'l' | 'j' | 't' | 'f' | '.' | ':' | '-' | ' ' => 2,
        'm' | 'w' | 'M' | 'W' => 6,
        'A'..='Z' => 5,
        _ => 4,
    };
    text.chars().map(letter).sum()
}

/// A field as it is shown, without the unit of an amount: that has a place of its own.
pub fn written(column: &Column, field: &Field) -> String {
    let number = |number: f64| figure::figure(column.measure(), number).number;
    match field {
        Field::Text(text) => escaped(text),
        Field::Number(value) => number(*value),
        Field::AtLeast(value) => format!("≥ {}", number(*value)),
        Field::Absent(_) => ABSENT.to_owned(),
        Field::Empty => String::new(),
    }
}

/// What is absent comes last, whichever way round.
fn compare(a: Option<&Field>, b: Option<&Field>, is_down: bool) -> Ordering {
    let turned = |order: Ordering| if is_down { order.reverse() } else { order };
    match (a, b) {
        (Some(Field::Text(a)), Some(Field::Text(b))) => turned(a.cmp(b)),
        (Some(Field::Text(_)), _) => Ordering::Less,
        (_, Some(Field::Text(_))) => Ordering::Greater,
        (a, b) => match (a.and_then(Field::number), b.and_then(Field::number)) {
            (Some(a), Some(b)) => turned(a.total_cmp(&b)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        },
    }
}

impl Lists {
    /// A list of the page `of` with how it is shown, once it is loaded.
    pub fn list(&self, of: ThingsOf, id: ListId) -> Option<(&List, &ListView)> {
        let things = self.things.as_ref().filter(|things| things.of == of)?;
        Some((things.list(id)?, self.views.get(&id)?))
    }

    /// The load taken apart, once it is loaded.
    pub fn load(&self) -> Option<&LoadMoment> {
        self.things.as_ref()?.load.as_ref()
    }

    fn arrange(&mut self) {
        let Some(things) = &self.things else { return };
        for list in &things.lists {
            self.views.entry(list.id).or_default().arrange(list);
        }
    }

    /// An answer came; one that was overtaken is shown until the newer one comes.
    pub(crate) fn received(&mut self, generation: Generation, things: Arc<Things>) {
        if self.owed == Some(generation) {
            self.owed = None;
        }
        self.things = Some(things);
        self.arrange();
    }

    /// Somebody sorts or filters.
    pub(crate) fn change(&mut self, id: ListId, command: ListCommand) {
        let view = self.views.entry(id).or_default();
        match command {
            ListCommand::SortBy(key) => view.sort_by(id.columns(), key),
            ListCommand::Filter(text) => view.filter = text,
        }
        self.arrange();
    }

    /// No answer will come.
    pub(crate) fn failed(&mut self) {
        self.owed = None;
    }
}

impl Tab {
    /// What the page shows beside the machine and its processes.
    pub const fn things(self) -> Option<ThingsOf> {
        match self {
            Self::Cpu => Some(ThingsOf::Cpus),
            Self::Disks => Some(ThingsOf::Disks),
            Self::Network => Some(ThingsOf::Network),
            Self::Waits => Some(ThingsOf::Waits),
            Self::Sockets => Some(ThingsOf::Sockets),
            Self::Load => Some(ThingsOf::Load),
            Self::Processes | Self::Memory | Self::Pressure | Self::Log | Self::Threads => None,
        }
    }

    /// The list of the page that has a filter.
    pub const fn filtered(self) -> Option<ListId> {
        match self {
            Self::Waits => Some(ListId::Waits),
            Self::Sockets => Some(ListId::Sockets),
            _ => None,
        }
    }
}

impl Document {
    /// Asks for the lists of the page that is shown at the snapshot that is shown, unless that
    /// was asked for already.
    pub(crate) fn want_things(&mut self) -> Vec<Request> {
        let (Some(of), Some(snapshot)) = (self.tab.things(), &self.snapshot) else {
            return vec![];
        };
        let asking = (of, snapshot.seq);
        if self.facts().is_none() || self.lists.asked == Some(asking) {
            return vec![];
        }
        let generation = self.next_generation();
        self.lists.asked = Some(asking);
        self.lists.owed = Some(generation);
        let (of, seq) = asking;
        let job = Job::Things {
            generation,
            of,
            seq,
        };
        vec![Request::Ask(self.id, job)]
    }
}

#[cfg(test)]
mod tests;
