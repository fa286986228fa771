//! `afterimage waits`: who waits for what, in words, at one moment or step by step.

use super::replay::exit;
use super::rows::Rows;
use super::stretch::{Item, Stretch};
use super::{DAMAGED, Opened, sound};
use crate::cli::{Format, RangeArgs, WaitsArgs};
use afterimage_analysis::rate::Elapsed;
use afterimage_analysis::replay::waits::{COLUMNS, DEFAULT, TOP_FUNCTIONS, rows};
use afterimage_analysis::table::Cell;
use afterimage_analysis::waits::Seen;
use afterimage_analysis::when::When;
use afterimage_format::group::Group;
use afterimage_format::group::ProcessField;
use afterimage_format::reading::Missing;
use afterimage_format::sample::{Extract, Sample};
use afterimage_format::time::{MonotonicTime, Seq};
use std::process::ExitCode;
use std::time::Duration;

/// So far back it is looked for when a state began.
const MOST_BACK: u64 = 3600;

/// What is wanted of the ticks that only say since when.
const TASKS: Extract = Extract {
    machine: false,
    processes: &[],
    things: &[Group::Task],
};

pub(super) fn run(args: &WaitsArgs) -> anyhow::Result<ExitCode> {
    let mut range = args.range.clone();
    if range.from.is_none() && range.to.is_none() {
        range.at.get_or_insert(When::End);
    }
    if range.columns.is_none() && range.show.format == Format::Table {
        range.columns = Some(DEFAULT.map(str::to_owned).into());
    }
    sound::read(&range.file, |capture| {
        show(args, &range, Opened::of(capture, range.show.utc)?)
    })
}

fn show(args: &WaitsArgs, range: &RangeArgs, mut opened: Opened) -> anyhow::Result<ExitCode> {
    // Since when a state lasts takes every tick; how many are printed is another matter.
    let every = RangeArgs {
        step: None,
        ..range.clone()
    };
    let stretch = Stretch::new(&mut opened, &every)?;
    let mut out = Rows::new(range, COLUMNS.to_vec())?;
    let extract = Extract {
        processes: &[ProcessField::Comm],
        ..TASKS
    };
    let (first, last) = stretch.ends();
    let mut seen = seen_before(&mut opened, first)?;
    let (mut printed, mut unread) = (None, 0);
    let damaged = stretch.walk(&mut opened, &extract, |opened, item| {
        let (now, step) = match item {
            Item::Gap(gap) => return out.gap(gap, &opened.zone),
            Item::Row(now, step) => (now, step),
        };
        if now.tasks.as_ref().err() == Some(&Missing::NotRead) {
            unread += 1;
        }
        if now.times.seq > first {
            seen.forward(now, step.is_some());
        }
        let at = now.times.began.monotonic;
        if now.times.seq < last && !is_due(printed, at, range) {
            return Ok(());
        }
        printed = Some(at);
        let known = (&opened.zone, opened.host.architecture.as_str());
        for mut row in rows((now, step), &seen, known, args.all) {
            if range.show.format == Format::Table {
                shorten(&mut row);
            }
            out.row(row, step)?;
        }
        Ok(())
    })?;
    out.finish()?;
    if unread > 0 {
        return Ok(ExitCode::from(DAMAGED));
    }
    Ok(exit(&opened, range, damaged))
}

/// Whether a step is over since the last that was printed.
fn is_due(printed: Option<MonotonicTime>, at: MonotonicTime, range: &RangeArgs) -> bool {
    let Some((printed, step)) = printed.zip(range.step.as_ref()) else {
        return true;
    };
    // Ticks are a little late, one more than another.
    let step = step.0.mul_f64(0.98);
    at.since(printed).is_none_or(|since| since >= step)
}

/// Since when each thread of a tick is as it is, by the ticks before.
fn seen_before(opened: &mut Opened, first: Seq) -> anyhow::Result<Seen> {
    let Some(mut now) = opened.capture.extract(first, &TASKS)? else {
        return Ok(Seen::default());
    };
    let mut seen = Seen::at(&now);
    for back in 1..=MOST_BACK {
        let Some(earlier) = first
            .0
            .checked_sub(back)
            .filter(|seq| *seq >= opened.first.0)
        else {
            break;
        };
        let interval = opened.interval_at(Seq(earlier + 1))?;
        let Some(earlier) = opened.capture.extract(Seq(earlier), &TASKS)? else {
            break;
        };
        if !is_next(&earlier, &now, interval) || !seen.back(&earlier) {
            break;
        }
        now = earlier;
    }
    Ok(seen)
}

fn is_next(earlier: &Sample, now: &Sample, interval: Duration) -> bool {
    Elapsed::between(&earlier.times, &now.times, interval).is_some()
}

/// Of a stack people see its top.
fn shorten(row: &mut [Cell]) {
    let place = COLUMNS.iter().position(|column| column.key == "stack");
    let Some(Cell::Text(stack)) = place.and_then(|place| row.get_mut(place)) else {
        return;
    };
    let mut functions: Vec<&[u8]> = stack.split(|byte| *byte == b' ').collect();
    if functions.len() > TOP_FUNCTIONS {
        functions.truncate(TOP_FUNCTIONS);
        functions.push(b"...");
        *stack = functions.join(&b' ').into();
    }
}
