//! Lives that begin and end within a chunk, too many for a row each: sums of `process_sum`.

use super::Seen;
use crate::capture::tables::{self, integer, maybe, text};
use crate::group::ProcessField;
use rusqlite::Connection;
use rusqlite::types::Value;
use std::collections::BTreeMap;

/// What lives are added up by.
type ParentAndName<'a> = (Option<i64>, Option<&'a [u8]>);

/// A fork storm: lives are counted by parent and name.
pub(super) fn add_up(
    db: &Connection,
    (capture, tick_rate): (u64, u64),
    lives: &[Seen<'_>],
) -> rusqlite::Result<()> {
    let mut sums: BTreeMap<ParentAndName<'_>, (i64, Option<u64>)> = BTreeMap::new();
    for seen in lives {
        let name = (
            seen.number(ProcessField::Ppid),
            seen.text(ProcessField::Comm),
        );
        let sum = sums.entry(name).or_default();
        let cpu = [sum.1, seen.cpu_us(tick_rate)];
        *sum = (
            sum.0 + 1,
            cpu.into_iter().flatten().reduce(u64::saturating_add),
        );
    }
    let Some(first) = lives.first() else {
        return Ok(());
    };
    let (from, to) = (
        first.unix_seconds(0),
        first.unix_seconds(first.chunk.ticks.len() - 1),
    );
    for ((ppid, comm), (count, cpu)) in sums {
        let values = vec![
            integer(from),
            integer(to),
            maybe(ppid.map(Value::Integer)),
            maybe(comm.map(text)),
            integer(count),
            maybe(cpu.map(integer)),
        ];
        tables::named("process_sum").insert(db, capture, None, values)?;
    }
    Ok(())
}
