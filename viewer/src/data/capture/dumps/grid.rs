//! The threads of one process over its dumps, put together out of what is kept of each.

use super::columns::{Column, Columns, Kept};
use crate::data::dumps::{Grid, GridCell, GridColumn, GridRow};
use afterimage_format::capture::StoredDump;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// A dump, its threads by their keys, and its burst.
type Before<'c> = (&'c Column, HashMap<u32, &'c Kept>, Option<i64>);

/// The grid of these dumps, which are in order of time; those that were not read yet are left out.
pub(super) fn of(columns: &Columns, life: &[&StoredDump]) -> Grid {
    let read: Vec<&&StoredDump> = life.iter().filter(|dump| columns.has(dump.id)).collect();
    let mut grid = Grid {
        left: life.len() - read.len(),
        stacks: columns.stacks(),
        columns: Vec::with_capacity(read.len()),
        rows: Vec::new(),
    };
    let mut rows: HashMap<u32, usize> = HashMap::new();
    // The last dump, and the last view of the kernel alone: the one has other stacks than the other.
    let mut befores: [Option<Before<'_>>; 2] = [None, None];
    for (place, dump) in read.iter().enumerate() {
        let Some(column) = columns.column(dump.id) else {
            continue;
        };
        grid.columns.push(GridColumn {
            id: dump.id,
            at: dump.facts.wall,
            is_kernel: column.is_kernel,
        });
        let burst = dump.facts.burst;
        let before = &mut befores[usize::from(column.is_kernel)];
        let same_burst = before
            .as_ref()
            .filter(|(_, _, of)| burst.is_some() && *of == burst);
        for kept in &column.threads {
            let last = before.as_ref();
            let last = last.and_then(|(_, known, _)| known.get(&kept.key).copied());
            let in_burst = same_burst.and_then(|(column, _, _)| Some((*column, last?)));
            let cell = GridCell {
                state: kept.state,
                is_unchanged: last.is_some_and(|last| is_same(last, kept)),
                is_idle: kept.is_idle,
                stack: kept.stack,
                cpu: share_by_kernel(in_burst, column, kept)
                    .or_else(|| share_by_dumps(last?, kept)),
            };
            let next = grid.rows.len();
            let row = *rows.entry(kept.key).or_insert(next);
            if row == next {
                grid.rows.push(GridRow {
                    key: Arc::clone(columns.key(kept.key)),
                    first: place,
                    cells: Vec::new(),
                });
            }
            let row = &mut grid.rows[row];
            row.cells.resize(place - row.first, None);
            row.cells.push(Some(cell));
        }
        let known = column.threads.iter().map(|kept| (kept.key, kept));
        *before = Some((column, known.collect(), burst));
    }
    grid
}

fn is_same(before: &Kept, now: &Kept) -> bool {
    before.state == now.state && before.stack == now.stack && now.stack.is_some()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a share for a bar of a few pixels"
)]
fn share(part: Duration, of: Duration) -> Option<f32> {
    (!of.is_zero()).then(|| (part.as_secs_f64() / of.as_secs_f64()) as f32)
}

/// By the kernel: from after the dump before of the same burst, else from before the dump, to after
/// it.
fn share_by_kernel(earlier: Option<(&Column, &Kept)>, column: &Column, kept: &Kept) -> Option<f32> {
    let (end, run_end) = (
        column.asked[1].or(column.asked[0])?,
        kept.run[1].or(kept.run[0])?,
    );
    let from_earlier = earlier.and_then(|(column, kept)| Some((column.asked[1]?, kept.run[1]?)));
    let (begin, run) = from_earlier.or_else(|| Some((column.asked[0]?, kept.run[0]?)))?;
    share(run_end.checked_sub(run)?, end.since(begin)?)
}

/// By the runtime: since the dump before.
fn share_by_dumps(before: &Kept, now: &Kept) -> Option<f32> {
    let over = now.elapsed?.checked_sub(before.elapsed?)?;
    share(now.cpu?.checked_sub(before.cpu?)?, over)
}
