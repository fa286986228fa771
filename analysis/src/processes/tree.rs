//! Processes under their parents.
//!
//! In: for each process its pid and its parent's. Out: an order with depths. Parents in a circle
//! can only come from a damaged or forged capture: each process is put out once all the same.

use afterimage_format::process::Pid;
use std::cmp::Ordering;
use std::collections::HashMap;

/// A process in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Which of the processes that were given.
    pub row: usize,
    /// How many parents stand above it.
    pub depth: usize,
    /// How many children stand under it.
    pub children: usize,
}

/// Who is whose child.
#[derive(Debug, Clone, Default)]
pub struct Forest {
    parents: Vec<Option<usize>>,
    children: Vec<Vec<usize>>,
    roots: Vec<usize>,
}

impl Forest {
    /// The forest of processes with these pids and parents. Whoever names itself, or a parent
    /// that is not there, has none.
    pub fn new(processes: impl IntoIterator<Item = (Pid, Option<Pid>)>) -> Self {
        let processes: Vec<_> = processes.into_iter().collect();
        let mut places = HashMap::with_capacity(processes.len());
        for (place, (pid, _)) in processes.iter().enumerate() {
            places.entry(*pid).or_insert(place);
        }
        let mut forest = Self {
            parents: vec![None; processes.len()],
            children: vec![Vec::new(); processes.len()],
            roots: Vec::new(),
        };
        for (place, (_, parent)) in processes.iter().enumerate() {
            let parent = parent.and_then(|pid| places.get(&pid).copied());
            match parent.filter(|parent| *parent != place) {
                Some(parent) => {
                    forest.parents[place] = Some(parent);
                    forest.children[parent].push(place);
                }
                None => forest.roots.push(place),
            }
        }
        forest
    }

    /// The parent, its parent and so on, the nearest first; a circle ends where it closes.
    pub fn parents(&self, of: usize) -> Vec<usize> {
        let mut chain = Vec::new();
        let mut next = self.parents.get(of).copied().flatten();
        while let Some(place) = next {
            if place == of || chain.contains(&place) {
                break;
            }
            chain.push(place);
            next = self.parents[place];
        }
        chain
    }

    /// The children, in the order they were given.
    pub fn children(&self, of: usize) -> &[usize] {
        self.children.get(of).map_or(&[], Vec::as_slice)
    }

    /// How many others have the same parent.
    pub fn siblings(&self, of: usize) -> usize {
        let parent = self.parents.get(of).copied().flatten();
        parent.map_or(0, |parent| self.children[parent].len().saturating_sub(1))
    }

    /// Everyone, parents before their children; `compare` orders siblings, and what is under
    /// those that `is_closed` is left out.
    pub fn order(
        &self,
        compare: impl Fn(usize, usize) -> Ordering,
        is_closed: impl Fn(usize) -> bool,
    ) -> Vec<Place> {
        let mut roots = self.roots.clone();
        roots.sort_by(|one, other| compare(*one, *other));
        let mut done = vec![false; self.parents.len()];
        let mut ordered = Vec::with_capacity(self.parents.len());
        // Those that no root leads to stand in circles, and come last.
        for start in roots.into_iter().chain(0..self.parents.len()) {
            let mut stack = vec![(start, 0, true)];
            while let Some((row, depth, is_shown)) = stack.pop() {
                if std::mem::replace(&mut done[row], true) {
                    continue;
                }
                let children = self.children(row).len();
                if is_shown {
                    ordered.push(Place {
                        row,
                        depth,
                        children,
                    });
                }
                let mut below = self.children[row].clone();
                below.sort_by(|one, other| compare(*other, *one));
                let is_shown = is_shown && !is_closed(row);
                stack.extend(below.into_iter().map(|row| (row, depth + 1, is_shown)));
            }
        }
        ordered
    }

    /// Each process's number joined with those of everyone under it, as by adding them.
    pub fn totals(&self, own: impl Fn(usize) -> f64, join: impl Fn(f64, f64) -> f64) -> Vec<f64> {
        let order = self.order(|one, other| one.cmp(&other), |_| false);
        let mut totals: Vec<f64> = (0..self.parents.len()).map(&own).collect();
        let mut seen = vec![false; totals.len()];
        for place in order.iter().rev() {
            seen[place.row] = true;
            // In a circle the first one stands above the others, and is under nobody.
            if place.depth > 0
                && let Some(parent) = self.parents[place.row].filter(|parent| !seen[*parent])
            {
                totals[parent] = join(totals[parent], totals[place.row]);
            }
        }
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn forest(processes: &[(i32, i32)]) -> Forest {
        let pid = |(pid, parent): &(i32, i32)| (Pid(*pid), Some(Pid(*parent)));
        Forest::new(processes.iter().map(pid))
    }

    fn depths(forest: &Forest) -> Vec<(usize, usize)> {
        let order = forest.order(|one, other| one.cmp(&other), |_| false);
        order.iter().map(|place| (place.row, place.depth)).collect()
    }

    #[test]
    fn children_follow_their_parents() {
        let forest = forest(&[(1, 0), (5, 1), (9, 5), (6, 1), (2, 0)]);
        assert_eq!(depths(&forest), [(0, 0), (1, 1), (2, 2), (3, 1), (4, 0)]);
        assert_eq!(forest.parents(2), [1, 0]);
        assert_eq!((forest.children(0), forest.siblings(1)), (&[1, 3][..], 1));
    }

    #[test]
    fn parents_in_a_circle_and_ones_own_parent_end() {
        let forest = forest(&[(1, 1), (2, 3), (3, 2), (0, 0)]);
        assert_eq!(depths(&forest), [(0, 0), (3, 0), (1, 0), (2, 1)]);
        assert_eq!(forest.parents(1), [2]);
        assert_eq!(
            forest.totals(|row| row as f64, |one, other| one + other),
            [0.0, 3.0, 2.0, 3.0]
        );
    }

    #[test]
    fn what_is_closed_hides_everyone_under_it() {
        let forest = forest(&[(1, 0), (5, 1), (9, 5), (2, 0)]);
        let order = forest.order(|one, other| one.cmp(&other), |row| row == 0);
        let rows: Vec<_> = order.iter().map(|place| place.row).collect();
        assert_eq!(rows, [0, 3]);
        assert_eq!(order[0].children, 1);
    }

    #[test]
    fn a_total_counts_everyone_underneath() {
        let forest = forest(&[(1, 0), (5, 1), (9, 5), (2, 0)]);
        assert_eq!(
            forest.totals(|_| 1.0, |one, other| one + other),
            [3.0, 2.0, 1.0, 1.0]
        );
    }

    proptest! {
        #[test]
        fn everyone_is_put_out_once(parents in proptest::collection::vec((0..40_i32, 0..40_i32), 0..60)) {
            let forest = forest(&parents);
            let mut rows: Vec<_> = depths(&forest).iter().map(|(row, _)| *row).collect();
            rows.sort_unstable();
            prop_assert_eq!(rows, (0..parents.len()).collect::<Vec<_>>());
            for row in 0..parents.len() {
                prop_assert!(forest.parents(row).len() <= parents.len());
            }
            prop_assert!(forest.totals(|_| f64::NAN, f64::max).len() == parents.len());
        }
    }
}
