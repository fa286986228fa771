//! A sample as the process table and the legend show it.

use super::curves;
use crate::data::{SeriesId, Snapshot};
use afterimage_analysis::machine::{Absent, Pages};
use afterimage_analysis::processes::row;
use afterimage_analysis::rate::Step;
use afterimage_analysis::replay::ps::View;
use afterimage_analysis::zone::Zone;
use afterimage_format::capture::pyramid::Bucket;
use afterimage_format::facts::Host;
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::sample::Sample;

/// Everything of one instant, with rates over the step that led to it.
pub(super) fn snapshot(
    now: &Sample,
    step: Option<&Step<'_>>,
    host: &Host,
    zone: &Zone,
    (curves, wanted): (Option<&Bucket>, &[SeriesId]),
) -> Snapshot {
    let view = View::new(host, zone, &now.times);
    let (rows, gone) = row::rows(now, step, &view);
    let page_bytes = host.page_size.get() as f64;
    let machine = Pages::new(now, step, host.page_size);
    let is_known = |id: &SeriesId| !id.is_of_the_rest() || wanted.contains(id);
    let values = SeriesId::ALL.into_iter().filter(is_known);
    let values = values.map(|id| (id, value(id, now, &machine, (curves, page_bytes))));
    Snapshot {
        seq: now.times.seq,
        at: now.times.began.wall,
        previous: step.map(|step| step.before.times.began.wall),
        values: values.collect(),
        machine,
        rows,
        gone,
    }
}

/// The value of a curve at one instant.
fn value(
    id: SeriesId,
    now: &Sample,
    pages: &Pages,
    (curves, page_bytes): (Option<&Bucket>, f64),
) -> Reading<f64> {
    let machine = &now.machine;
    let count = |reading: Reading<u64>| reading.map(|count| count as f64);
    let load = |place: usize| count(machine.load_hundredths[place]).map(|load| load / 100.0);
    match id {
        SeriesId::LoadOne => load(0),
        SeriesId::LoadFive => load(1),
        SeriesId::LoadFifteen => load(2),
        SeriesId::Runnable => count(machine.running),
        SeriesId::Blocked => count(machine.blocked),
        SeriesId::Uninterruptible => count(machine.uninterruptible),
        SeriesId::PressureCpu => pressure("cpu some", pages),
        SeriesId::PressureIo => pressure("io some", pages),
        SeriesId::PressureIoFull => pressure("io full", pages),
        SeriesId::PressureMemory => pressure("memory some", pages),
        SeriesId::PressureMemoryFull => pressure("memory full", pages),
        // What the curve shows at this very tick.
        _ => curves
            .and_then(|bucket| curves::spread(id, bucket, page_bytes))
            .map(|spread| spread.mean)
            .ok_or(Missing::NotRead),
    }
}

/// The share of the step in which tasks waited, percent.
fn pressure(line: &str, pages: &Pages) -> Reading<f64> {
    let share = pages.pressure.value(line, "step_percent");
    let share = share.unwrap_or(Err(Absent::Reading(Missing::NotSupported)));
    share.map_err(|absent| match absent {
        Absent::Reading(missing) => missing,
        _ => Missing::NotRead,
    })
}
