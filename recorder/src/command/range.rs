//! A stretch of a capture, sample by sample, for the commands that print one row each.

use super::Opened;
use crate::cli::RangeArgs;
use afterimage_analysis::rate::Step;
use afterimage_analysis::table::{Cell, Column, Table};
use afterimage_analysis::when::When;
use afterimage_format::sample::Sample;
use afterimage_format::time::Seq;
use std::time::Duration;

/// Makes a row for each sample of the stretch. What is damaged is left out: the second value says
/// how many samples.
pub(super) fn table(
    opened: &mut Opened,
    args: &RangeArgs,
    columns: &[Column],
    mut row: impl FnMut(&Opened, &Sample, Option<&Step<'_>>) -> Vec<Cell>,
) -> anyhow::Result<(Table, u64)> {
    let (first, last) = ends(opened, args)?;
    let interval = opened.interval_at(first)?;
    let stride = stride(args.step.as_ref().map(|step| step.0), interval);
    let mut table = Table {
        columns: columns.to_vec(),
        rows: Vec::new(),
    };
    let mut damaged = 0;
    let mut before = if first > opened.first {
        opened.capture.sample(Seq(first.0 - 1))?
    } else {
        None
    };
    let mut seq = first.0;
    while seq <= last.0 {
        let now = opened.capture.sample(Seq(seq))?;
        match &now {
            // A hole in the numbers may be of any size.
            None => {
                let next = opened.capture.next_stored(Seq(seq))?;
                let next = next.map_or(last.0.saturating_add(1), |next| next.0);
                let next = next.min(last.0.saturating_add(1));
                damaged += next - seq;
                before = None;
                seq = next;
                continue;
            }
            Some(now) if (seq - first.0).is_multiple_of(stride) => {
                let interval = opened.interval_at(Seq(seq))?;
                let step = before
                    .as_ref()
                    .and_then(|before| Step::between(before, now, interval));
                table.rows.push(row(opened, now, step.as_ref()));
            }
            Some(_) => {}
        }
        before = now;
        seq += 1;
    }
    Ok((table, damaged))
}

fn ends(opened: &mut Opened, args: &RangeArgs) -> anyhow::Result<(Seq, Seq)> {
    if let Some(at) = &args.at {
        let seq = opened.tick_at(at)?;
        return Ok((seq, seq));
    }
    between(opened, args.from.as_ref(), args.to.as_ref())
}

/// The first and the last tick between two moments.
pub(super) fn between(
    opened: &mut Opened,
    from: Option<&When>,
    to: Option<&When>,
) -> anyhow::Result<(Seq, Seq)> {
    let begin = opened.resolve(from.unwrap_or(&When::Start))?;
    let first = match from {
        None => opened.first,
        // `resolve` is a millisecond generous: a tick at the very moment that was named counts.
        Some(_) => opened
            .capture
            .at_or_after(begin.minus(Duration::from_millis(2)))?
            .unwrap_or(opened.last),
    };
    let last = opened.tick_at(to.unwrap_or(&When::End))?;
    if first > last {
        anyhow::bail!("--from is after --to");
    }
    Ok((first, last))
}

fn stride(step: Option<Duration>, interval: Duration) -> u64 {
    let ticks = step.map_or(1, |step| step.as_micros() / interval.as_micros().max(1));
    u64::try_from(ticks).unwrap_or(u64::MAX).max(1)
}
