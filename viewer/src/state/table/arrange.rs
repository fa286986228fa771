//! From rows to lines: filtered, sorted, under their parents or in groups.

use super::{Arrangement, Branch, Counts, Line, Pinned, Rows, TableView, What, rows};
use crate::data::Snapshot;
use afterimage_analysis::processes::group::{GroupBy, Together, together};
use afterimage_analysis::processes::tree::Forest;
use afterimage_analysis::processes::{Column, Mark, Seen, Value, order};
use afterimage_format::reading::Reading;
use std::cmp::Ordering;

impl TableView {
    /// Works out which lines are shown, in which order.
    pub(crate) fn arrange(&mut self, snapshot: &Snapshot, pinned: Option<&Pinned>) {
        self.gone = rows::gone(snapshot, pinned);
        let gone = std::mem::take(&mut self.gone);
        let all = Rows::new(snapshot, pinned, &gone).all();
        let mut chosen: Vec<usize> = (0..all.len())
            .filter(|place| self.matching.matches(&all[*place]))
            .collect();
        let marked = |mark| all.iter().filter(|seen| seen.mark == mark).count();
        let gone_ones = marked(Mark::Gone);
        let of_them = chosen
            .iter()
            .filter(|place| all[**place].mark == Mark::Gone);
        let shown_gone = of_them.count();
        self.counts = Counts {
            shown: chosen.len() - shown_gone,
            shown_gone,
            all: all.len() - gone_ones,
            born: marked(Mark::Born),
            gone: gone_ones,
        };
        let order = Order::new(&all, self.sort, self.descending);
        self.groups.clear();
        self.lines = match self.arrangement {
            Arrangement::Flat => {
                chosen.sort_by(|one, other| order.compare(*one, *other));
                chosen.into_iter().map(|place| line(place, 0)).collect()
            }
            Arrangement::Tree => self.tree(&all, &chosen, &order),
            Arrangement::By(by) => self.grouped(&all, &chosen, by, &order),
        };
        self.gone = gone;
    }

    /// Under their parents; siblings by what they and everyone under them come to.
    fn tree(&self, all: &[Seen<'_>], chosen: &[usize], order: &Order<'_>) -> Vec<Line> {
        let forest = Forest::new(
            all.iter()
                .map(|seen| (seen.row.key.pid, seen.row.ppid.ok())),
        );
        let is_difference = self.sort.changes_of().is_some();
        let totals = self.sort.is_summable().then(|| {
            let own = |place: usize| {
                let is_counted = is_difference || all[place].mark != Mark::Gone;
                let value = all[place].value(self.sort).ok().filter(|_| is_counted);
                let number = value.and_then(|value| value.number());
                number.filter(|number| number.is_finite()).unwrap_or(0.0)
            };
            // Of differences the largest counts: those of who is gone would hide who has grown.
            forest.totals(own, |one, other| match (is_difference, self.descending) {
                (false, _) => one + other,
                (true, true) => one.max(other),
                (true, false) => one.min(other),
            })
        });
        let compare = |one: usize, other: usize| match &totals {
            None => order.compare(one, other),
            Some(totals) => {
                let by = totals[one].total_cmp(&totals[other]);
                let by = if self.descending { by.reverse() } else { by };
                by.then_with(|| order.by_key(one, other))
            }
        };
        let is_filtered = !self.matching.is_empty();
        let is_turned = |place: usize| self.turned.contains(&Branch::Process(all[place].row.key));
        let mut matches = vec![!is_filtered; all.len()];
        let mut kept = matches.clone();
        for &place in chosen.iter().filter(|_| is_filtered) {
            matches[place] = true;
            kept[place] = true;
            for parent in forest.parents(place) {
                kept[parent] = true;
            }
        }
        // What matches must be seen, so a filter opens everything.
        let places = forest.order(compare, |place| !is_filtered && is_turned(place));
        places
            .into_iter()
            .filter(|place| kept[place.row])
            .map(|place| Line {
                what: What::Process(place.row),
                depth: place.depth,
                children: place.children,
                is_open: is_filtered || !is_turned(place.row),
                is_context: !matches[place.row],
            })
            .collect()
    }

    fn grouped(
        &mut self,
        all: &[Seen<'_>],
        chosen: &[usize],
        by: GroupBy,
        order: &Order<'_>,
    ) -> Vec<Line> {
        let mut groups = together(all, chosen, by);
        groups.sort_by(|one, other| self.compare_groups(one, other));
        let mut lines = Vec::new();
        for (place, group) in groups.iter_mut().enumerate() {
            let is_open = self
                .turned
                .contains(&Branch::Group(group.name.clone().ok()));
            lines.push(Line {
                what: What::Group(place),
                depth: 0,
                children: group.members.len(),
                is_open,
                is_context: false,
            });
            if is_open {
                group
                    .members
                    .sort_by(|one, other| order.compare(*one, *other));
                lines.extend(group.members.iter().map(|member| line(*member, 1)));
            }
        }
        self.groups = groups;
        lines
    }

    /// By the sums of the column; where there is none, by how many they are.
    fn compare_groups(&self, one: &Together, other: &Together) -> Ordering {
        let value = |group: &Together| match group.sum(self.sort) {
            Some(sum) => sum.value().map(Value::Number),
            None => Ok(Value::Number(group.members.len() as f64)),
        };
        let descending = self.descending || !self.sort.is_summable();
        let by = order(&value(one), &value(other), descending);
        by.then_with(|| one.name.as_ref().ok().cmp(&other.name.as_ref().ok()))
    }
}

fn line(place: usize, depth: usize) -> Line {
    Line {
        what: What::Process(place),
        depth,
        children: 0,
        is_open: false,
        is_context: false,
    }
}

/// The values that are sorted by, taken once.
struct Order<'a> {
    all: &'a [Seen<'a>],
    values: Vec<Reading<Value<'a>>>,
    /// Whether they say how much of something there is at a moment.
    is_amount: bool,
    descending: bool,
}

impl<'a> Order<'a> {
    fn new(all: &'a [Seen<'a>], sort: Column, descending: bool) -> Self {
        Self {
            all,
            values: all.iter().map(|seen| seen.value(sort)).collect(),
            is_amount: sort.is_largest_first() && sort.changes_of().is_none(),
            descending,
        }
    }

    fn compare(&self, one: usize, other: usize) -> Ordering {
        let by = order(&self.values[one], &self.values[other], self.descending);
        let by = self.is_past(one).cmp(&self.is_past(other)).then(by);
        by.then_with(|| self.by_key(one, other))
    }

    /// Whether a row's value is that of the pinned moment: it says nothing of the one that is
    /// looked at, so it stands behind those that do.
    fn is_past(&self, place: usize) -> bool {
        let seen = &self.all[place];
        self.is_amount && seen.is_compared && seen.mark == Mark::Gone
    }

    /// Always the same order among equals, so that nothing jumps while one steps.
    fn by_key(&self, one: usize, other: usize) -> Ordering {
        self.all[one].row.key.cmp(&self.all[other].row.key)
    }
}

#[cfg(test)]
#[path = "arrange_tests.rs"]
mod tests;
