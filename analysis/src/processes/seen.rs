//! A process next to what it was at an earlier moment: what became of it, and the differences.

use crate::processes::column::{Column, Kind};
use crate::processes::row::Row;
use crate::processes::value::Value;
use afterimage_format::reading::{Missing, Reading};

/// What became of a process between two moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mark {
    /// It was there at both.
    #[default]
    Stayed,
    /// It began since.
    Born,
    /// It is there no more.
    Gone,
}

/// A process next to what it was at an earlier moment: a row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// The process; of one that is gone, as it was last seen.
    pub row: &'a Row,
    /// What it was then, if it differs or if a moment was pinned.
    pub was: Option<&'a Row>,
    /// What became of it.
    pub mark: Mark,
    /// Whether differences can be told: there is an earlier moment to compare with.
    pub is_compared: bool,
}

impl<'a> Seen<'a> {
    /// What stands in a column, the differences too.
    pub fn value(&self, column: Column) -> Reading<Value<'a>> {
        let Some(base) = column.changes_of() else {
            return self.row.value(column);
        };
        if !self.is_compared {
            return Err(Missing::NotRead);
        }
        let number = |row: &Row| {
            row.value(base)
                .map(|value| value.number().unwrap_or(f64::NAN))
        };
        // A process that was not there had no memory and used no CPU: that is known.
        let (now, then) = match self.mark {
            Mark::Born => (number(self.row)?, 0.0),
            Mark::Gone => (0.0, number(self.row)?),
            Mark::Stayed => (
                number(self.row)?,
                number(self.was.ok_or(Missing::NotRead)?)?,
            ),
        };
        Ok(Value::Number(now - then))
    }

    /// What stood in a column, when it was known and is different now.
    pub fn before(&self, column: Column) -> Option<Value<'a>> {
        let was = self.was?.value(column).ok()?;
        let now = self.row.value(column).ok()?;
        (is_level(column) && was != now).then_some(was)
    }
}

/// Whether a column shows how things stand; the others are counted anew at each snapshot.
const fn is_level(column: Column) -> bool {
    use Column as C;
    let counted = matches!(column.kind(), Kind::Percent | Kind::Rate | Kind::ByteRate);
    let grows = matches!(
        column,
        C::Age | C::CpuTime | C::ChildTime | C::FaultCount | C::MajorFaultCount
    );
    !counted && !grows && !matches!(column, C::Started | C::Processor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterimage_format::process::{Pid, ProcessKey};
    use afterimage_format::units::Bytes;
    use afterimage_format::units::Ticks;

    fn row(rss: u64) -> Row {
        let key = ProcessKey {
            pid: Pid(7),
            started: Ticks(1),
        };
        Row {
            rss: Ok(Bytes(rss)),
            state: Ok('S'),
            ..Row::unknown(key)
        }
    }

    fn seen<'a>(row: &'a Row, was: Option<&'a Row>, mark: Mark) -> Seen<'a> {
        Seen {
            row,
            was,
            mark,
            is_compared: true,
        }
    }

    #[test]
    fn what_was_not_there_is_compared_with_nothing() {
        let (now, then) = (row(300), row(100));
        let change = |seen: Seen<'_>| seen.value(Column::RssChange).unwrap().number();
        assert_eq!(change(seen(&now, Some(&then), Mark::Stayed)), Some(200.0));
        assert_eq!(change(seen(&now, None, Mark::Born)), Some(300.0));
        assert_eq!(change(seen(&now, None, Mark::Gone)), Some(-300.0));
    }

    #[test]
    fn a_difference_of_what_is_absent_is_absent() {
        let (now, then) = (row(300), row(100));
        let change = seen(&now, Some(&then), Mark::Stayed).value(Column::CpuChange);
        assert_eq!(change, Err(Missing::NotRead));
        let alone = Seen {
            is_compared: false,
            ..seen(&now, None, Mark::Stayed)
        };
        assert_eq!(alone.value(Column::RssChange), Err(Missing::NotRead));
    }

    #[test]
    fn only_what_stands_and_is_different_was_something_else() {
        let (now, then) = (row(300), row(100));
        let seen = seen(&now, Some(&then), Mark::Stayed);
        assert_eq!(seen.before(Column::Rss), Some(Value::Number(100.0)));
        assert_eq!(seen.before(Column::State), None);
        assert_eq!(seen.before(Column::Threads), None);
    }
}
