//! Processes put together by user, cgroup, command or state, and their values added up.

use crate::processes::column::Column;
use crate::processes::seen::{Mark, Seen};
use crate::processes::value::Value;
use afterimage_format::reading::{Missing, Reading};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What processes have in common that stand together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupBy {
    /// Their owner.
    User,
    /// Their cgroup.
    Cgroup,
    /// The program: the kernel's name for it, without the number of a worker.
    Command,
    /// What they are doing.
    State,
}

impl GroupBy {
    /// Every way to put processes together.
    pub const ALL: [Self; 4] = [Self::User, Self::Cgroup, Self::Command, Self::State];

    /// What a menu calls it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Cgroup => "Cgroup",
            Self::Command => "Program",
            Self::State => "State",
        }
    }

    /// The name of a process's group.
    fn name<'a>(self, seen: &Seen<'a>) -> Reading<Cow<'a, str>> {
        let column = match self {
            Self::User => Column::User,
            Self::Cgroup => Column::Cgroup,
            Self::State => Column::State,
            Self::Command => return Ok(program(&seen.row.comm).into()),
        };
        match seen.row.value(column)? {
            Value::Text(text) => Ok(text),
            Value::Number(number) => Ok(number.to_string().into()),
        }
    }
}

/// The name without what numbers a worker: `kworker/3:1-events` is a `kworker`.
fn program(comm: &str) -> &str {
    comm.split_once('/').map_or(comm, |(name, _)| name)
}

/// Processes that stand together.
#[derive(Debug, Clone, PartialEq)]
pub struct Together {
    /// What they have in common; why it is not known, of those of whom it is not.
    pub name: Reading<String>,
    /// Which of the rows that were given.
    pub members: Vec<usize>,
    /// How many of them are there; the others are gone.
    pub present: usize,
    /// The programs among them that are most, with how many; and how many others there are.
    pub programs: (Vec<(String, usize)>, usize),
    /// What the columns that can be added up come to, by [`Column`].
    sums: Vec<(Column, Sum)>,
}

/// Values added up. What is absent is not 0: it is told beside the sum.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sum {
    /// The sum of what is known.
    pub known: f64,
    /// How many values that is.
    pub count: usize,
    /// How many are not known.
    pub absent: usize,
    /// Why the first of those is not.
    pub missing: Option<Missing>,
}

impl Sum {
    /// Adds values up.
    pub fn of<'a>(values: impl Iterator<Item = Reading<Value<'a>>>) -> Self {
        let mut sum = Self::default();
        for value in values {
            match value {
                Ok(Value::Number(number)) if number.is_finite() => {
                    sum.known += number;
                    sum.count += 1;
                }
                Ok(_) => sum.absent += 1,
                Err(missing) => {
                    sum.absent += 1;
                    sum.missing.get_or_insert(missing);
                }
            }
        }
        sum
    }

    /// The sum, unless nothing of it is known.
    pub fn value(&self) -> Reading<f64> {
        match self.count {
            0 => Err(self.missing.unwrap_or(Missing::NotRead)),
            _ => Ok(self.known),
        }
    }
}

impl Together {
    /// What a column comes to; `None` when it cannot be added up.
    pub fn sum(&self, column: Column) -> Option<Sum> {
        let mut sums = self.sums.iter();
        sums.find(|(of, _)| *of == column).map(|(_, sum)| *sum)
    }
}

/// The most programs of a group that are named.
const MOST: usize = 6;

fn programs(rows: &[Seen<'_>], members: &[usize]) -> (Vec<(String, usize)>, usize) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for &place in members
        .iter()
        .filter(|&&place| rows[place].mark != Mark::Gone)
    {
        *counts.entry(&rows[place].row.comm).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let others = counts.len().saturating_sub(MOST);
    counts.truncate(MOST);
    let named = counts
        .into_iter()
        .map(|(name, count)| (name.to_owned(), count));
    (named.collect(), others)
}

/// The groups of some of the rows, by name.
pub fn together(rows: &[Seen<'_>], chosen: &[usize], by: GroupBy) -> Vec<Together> {
    let mut groups: BTreeMap<Result<Cow<'_, str>, u8>, Vec<usize>> = BTreeMap::new();
    for &place in chosen {
        let name = by.name(&rows[place]).map_err(Missing::code);
        groups.entry(name).or_default().push(place);
    }
    let group = |(name, members): (Result<Cow<'_, str>, u8>, Vec<usize>)| {
        let summable = Column::ALL
            .into_iter()
            .filter(|column| column.is_summable());
        let sum = |column: Column| {
            // What is gone is nothing now; of a difference it is a part.
            let of_all = column.changes_of().is_some();
            let counted = members.iter().map(|&place| &rows[place]);
            let counted = counted.filter(|seen| of_all || seen.mark != Mark::Gone);
            (column, Sum::of(counted.map(|seen| seen.value(column))))
        };
        let missing = |code| Missing::from_code(code).unwrap_or(Missing::Unknown);
        Together {
            name: name.map(Cow::into_owned).map_err(missing),
            sums: summable.map(sum).collect(),
            programs: programs(rows, &members),
            present: members
                .iter()
                .filter(|&&place| rows[place].mark != Mark::Gone)
                .count(),
            members,
        }
    };
    groups.into_iter().map(group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::processes::row::Row;
    use afterimage_format::process::{Pid, ProcessKey};
    use afterimage_format::units::{Bytes, Ticks};

    fn row(user: &str, rss: Reading<u64>) -> Row {
        let key = ProcessKey {
            pid: Pid(1),
            started: Ticks(1),
        };
        Row {
            user: Ok(user.to_owned()),
            rss: rss.map(Bytes),
            comm: "kworker/0:1".to_owned(),
            ..Row::unknown(key)
        }
    }

    fn seen(rows: &[Row]) -> Vec<Seen<'_>> {
        let seen = |row| Seen {
            row,
            was: None,
            mark: Mark::Stayed,
            is_compared: false,
        };
        rows.iter().map(seen).collect()
    }

    #[test]
    fn what_is_absent_is_told_beside_the_sum_and_not_added_as_nothing() {
        let denied = Missing::PermissionDenied;
        let rows = [
            row("app", Ok(100)),
            row("app", Err(denied)),
            row("root", Err(denied)),
        ];
        let groups = together(&seen(&rows), &[0, 1, 2], GroupBy::User);
        assert_eq!(groups.len(), 2);
        let sum = groups[0].sum(Column::Rss).unwrap();
        assert_eq!(
            (sum.value(), sum.absent, sum.missing),
            (Ok(100.0), 1, Some(denied))
        );
        assert_eq!(groups[1].sum(Column::Rss).unwrap().value(), Err(denied));
        assert_eq!(groups[0].sum(Column::Pid), None);
    }

    #[test]
    fn giant_values_and_no_numbers_do_not_break_a_sum() {
        let rows = [row("app", Ok(u64::MAX)), row("app", Ok(u64::MAX))];
        let groups = together(&seen(&rows), &[0, 1], GroupBy::User);
        let sum = groups[0].sum(Column::Rss).unwrap().known;
        assert!((sum / (u64::MAX as f64 * 2.0) - 1.0).abs() < 1e-9);
        let values = [Ok(Value::Number(f64::NAN)), Ok(Value::Number(2.0))];
        let sum = Sum::of(values.into_iter());
        assert_eq!((sum.value(), sum.absent), (Ok(2.0), 1));
    }

    #[test]
    fn workers_of_one_program_stand_together() {
        let rows = [row("root", Ok(0)), row("root", Ok(0))];
        let groups = together(&seen(&rows), &[0, 1], GroupBy::Command);
        assert_eq!(groups[0].name.as_deref(), Ok("kworker"));
        assert_eq!(groups[0].members, [0, 1]);
        assert_eq!(groups[0].programs, (vec![("kworker/0:1".to_owned(), 2)], 0));
    }

    #[test]
    fn what_is_gone_is_in_no_sum_but_in_that_of_the_differences() {
        let rows = [row("root", Ok(10)), row("root", Ok(500))];
        let mut all = seen(&rows);
        all[1].mark = Mark::Gone;
        for seen in &mut all {
            seen.is_compared = true;
            seen.was = Some(seen.row);
        }
        let groups = together(&all, &[0, 1], GroupBy::User);
        assert_eq!(groups[0].present, 1);
        assert_eq!(groups[0].members.len(), 2);
        let sum = |column| groups[0].sum(column).map(|sum| sum.known);
        assert_eq!(sum(Column::Rss), Some(10.0));
        let change = Column::Rss.change().unwrap();
        assert_eq!(sum(change), Some(-500.0));
    }
}
