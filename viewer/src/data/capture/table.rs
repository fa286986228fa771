//! A sample as the process table and the legend show it.

use super::curves;
use crate::data::{SeriesId, Snapshot};
use afterimage_analysis::processes::row;
use afterimage_analysis::rate::Step;
use afterimage_analysis::replay::ps::View;
use afterimage_analysis::zone::Zone;
use afterimage_format::capture::pyramid::Bucket;
use afterimage_format::facts::Host;
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::sample::{Pressure, Sample};
use std::time::Duration;

/// Everything of one instant, with rates over the step that led to it.
pub(super) fn snapshot(
    now: &Sample,
    step: Option<&Step<'_>>,
    host: &Host,
    (zone, curves): (&Zone, Option<&Bucket>),
) -> Snapshot {
    let view = View::new(host, zone, &now.times);
    let (rows, gone) = row::rows(now, step, &view);
    let page_bytes = host.page_size.get() as f64;
    let values = SeriesId::ALL.map(|id| (id, value(id, now, step, curves, page_bytes)));
    Snapshot {
        seq: now.times.seq,
        at: now.times.began.wall,
        previous: step.map(|step| step.before.times.began.wall),
        values: values.into(),
        rows,
        gone,
    }
}

/// The value of a curve at one instant.
fn value(
    id: SeriesId,
    now: &Sample,
    step: Option<&Step<'_>>,
    curves: Option<&Bucket>,
    page_bytes: f64,
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
        SeriesId::PressureCpu => pressure("cpu some", now, step),
        SeriesId::PressureIo => pressure("io some", now, step),
        SeriesId::PressureIoFull => pressure("io full", now, step),
        SeriesId::PressureMemory => pressure("memory some", now, step),
        SeriesId::PressureMemoryFull => pressure("memory full", now, step),
        // What the curve shows at this very tick.
        _ => curves
            .and_then(|bucket| curves::spread(id, bucket, page_bytes))
            .map(|spread| spread.mean)
            .ok_or(Missing::NotRead),
    }
}

/// The share of the step in which some task waited, percent.
fn pressure(line: &str, now: &Sample, step: Option<&Step<'_>>) -> Reading<f64> {
    let total = |sample: &Sample| {
        let Pressure { total, .. } = sample.machine.pressure_of(line)?;
        total.map(micros)
    };
    let now = total(now);
    let rise = step.and_then(|step| step.per_second(total(step.before), now));
    rate(rise.map(|micros| micros / 1e4), now)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// A rate, or why there is none: what it is counted from is absent, or there is only one of it.
fn rate<T, V>(rate: Option<T>, counted_from: Reading<V>) -> Reading<T> {
    rate.ok_or(counted_from.err().unwrap_or(Missing::NotRead))
}
