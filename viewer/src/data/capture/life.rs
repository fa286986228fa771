//! One process over a stretch of time, from what the reader keeps of its life.
//!
//! A bucket of the pyramid knows a sum and the most of one tick; the least is kept of memory
//! alone, so a curve is drawn from its mean up to its highest. The machine's curves come from the same
//! pyramid, so both have about the same resolution.

use super::whole::Whole;
use crate::data::life::{Life, LogLine, Trace, Whom};
use crate::data::{Bucket, ReplayError};
use afterimage_analysis::ending::Ending;
use afterimage_analysis::escape::Escaped;
use afterimage_analysis::processes::kernel_log;
use afterimage_format::capture::reader::LifeBucket;
use afterimage_format::capture::{Capture, pyramid};
use afterimage_format::facts::ProcessLife;
use afterimage_format::series::Series;
use afterimage_format::time::{Seq, WallTime};
use std::collections::BTreeMap;
use std::time::Duration;

/// The most lines of the log that are handed over; the newest count.
const MOST_LINES: usize = 200;

/// Everything about one process between two moments.
pub(super) fn of(
    capture: &mut Capture,
    whole: &Whole,
    whom: &Whom,
    span: (WallTime, WallTime),
    buckets: usize,
) -> Result<Life, ReplayError> {
    let life = capture.life_curve(whom.key, span, buckets)?;
    let machine = capture.curves(span.0, span.1, buckets)?;
    let mut traces = of_life(&life, whole);
    let cpus = f64::from(whole.host.cpus.max(1));
    let mut limits = BTreeMap::from([
        (Trace::MachineCpu, 100.0 * cpus),
        (Trace::MachineWait, 100.0),
    ]);
    of_machine(&machine.buckets, whole, cpus, &mut traces);
    let total = machine
        .buckets
        .iter()
        .rev()
        .find_map(|bucket| bucket.of(Series::MemoryTotal));
    limits.extend(total.map(|total| (Trace::MachineMemory, total.max * 1024.0)));
    let lives = capture.lives(whole.ends.0, whole.ends.1)?;
    let own = lives.iter().rev().find(|life| life.key == whom.key);
    let same = lives.iter().filter(|life| life.key.pid == whom.key.pid);
    let later = same.filter(|life| own.is_some_and(|own| own.first < life.first));
    let next = later.map(|life| life.first).min();
    let next = next.map(|first| capture.wall_of(first)).transpose()?;
    let (log, log_left_out) = log(capture, whom, next.flatten())?;
    let exited = own
        .map(|own| capture.end_of(own.boot, own.key))
        .transpose()?;
    let ending = exited.flatten().and_then(|exited| {
        let status = exited.wait_status?;
        Some((exited.wall, Ending::from_wait_status(status)))
    });
    Ok(Life {
        key: whom.key,
        seen: seen(capture, whole, own)?,
        traces,
        limits,
        log,
        log_left_out,
        ending,
    })
}

/// The curves of the process. What is known at no tick of a bucket leaves a hole.
fn of_life(life: &[LifeBucket], whole: &Whole) -> BTreeMap<Trace, Vec<Bucket>> {
    let mut traces: BTreeMap<Trace, Vec<Bucket>> = BTreeMap::new();
    let mut before: Option<&LifeBucket> = None;
    let mut all = life.iter().peekable();
    while let Some(bucket) = all.next() {
        let interval = whole.interval_at(bucket.first).as_secs_f64();
        let to = end(
            whole,
            (bucket.first, bucket.ticks, bucket.to),
            all.peek().map(|next| (next.first, next.from)),
        );
        let sums = &bucket.sums;
        let mut add = |trace, [min, mean, max]: [f64; 3]| {
            traces.entry(trace).or_default().push(Bucket {
                from: bucket.from,
                to,
                min,
                max,
                mean,
            });
        };
        // Of a single tick the true time since the one before is known.
        let since = before.and_then(|before| bucket.from.since(before.to));
        let each = since
            .filter(|_| bucket.ticks == 1)
            .map_or(interval, |since| since.as_secs_f64());
        let each = each.max(0.001);
        for (trace, sum, unit) in [
            (Trace::Cpu, sums.cpu_us, 1e4),
            (Trace::Wait, sums.wait_us, 1e4),
            (Trace::Read, sums.read_bytes, 1.0),
            (Trace::Write, sums.write_bytes, 1.0),
        ] {
            if sum.ticks > 0 {
                let mean = sum.sum as f64 / unit / (each * sum.ticks as f64);
                let most = sum.most as f64 / unit / each;
                add(trace, [mean.min(most), mean, most]);
            }
        }
        let (page, rss) = (whole.host.page_size.0 as f64, sums.rss_pages);
        if rss.ticks > 0 {
            let mean = rss.sum as f64 / rss.ticks as f64 * page;
            add(
                Trace::Rss,
                [rss.least as f64 * page, mean, rss.most as f64 * page],
            );
        }
        before = Some(bucket);
    }
    traces
}

/// The machine's curves.
fn of_machine(
    buckets: &[pyramid::Bucket],
    whole: &Whole,
    cpus: f64,
    traces: &mut BTreeMap<Trace, Vec<Bucket>>,
) {
    for (place, bucket) in buckets.iter().enumerate() {
        let next = buckets.get(place + 1).map(|next| (next.first, next.from));
        let to = end(whole, (bucket.first, bucket.ticks, bucket.to), next);
        let mut add = |trace, min: f64, max: f64, mean: f64| {
            let from = bucket.from;
            traces.entry(trace).or_default().push(Bucket {
                from,
                to,
                min,
                max,
                mean,
            });
        };
        for (trace, series, unit) in [
            (Trace::MachineCpu, Series::CpuBusy, cpus),
            (Trace::MachineWait, Series::PressureCpuSome, 1.0),
            (Trace::MachineRead, Series::PagedIn, 1024.0),
            (Trace::MachineWrite, Series::PagedOut, 1024.0),
        ] {
            if let Some(spread) = bucket.of(series) {
                add(
                    trace,
                    spread.min * unit,
                    spread.max * unit,
                    spread.mean * unit,
                );
            }
        }
        let memory = bucket
            .of(Series::MemoryTotal)
            .zip(bucket.of(Series::MemoryAvailable));
        if let Some((total, available)) = memory {
            let used = |available: f64| (total.mean - available).max(0.0) * 1024.0;
            add(
                Trace::MachineMemory,
                used(available.max),
                used(available.min),
                used(available.mean),
            );
        }
    }
}

/// Until when a bucket stands: up to the next one, or for one interval where ticks are missing.
fn end(
    whole: &Whole,
    (first, ticks, to): (Seq, u64, WallTime),
    next: Option<(Seq, WallTime)>,
) -> WallTime {
    let own = to.plus(whole.interval_at(first));
    match next {
        Some((seq, from)) if seq.0 == first.0 + ticks && !whole.is_after_gap(seq) && from > to => {
            from
        }
        Some((_, from)) => own.min(from),
        None => own,
    }
}

/// When the process was first and last seen.
fn seen(
    capture: &mut Capture,
    whole: &Whole,
    life: Option<&ProcessLife>,
) -> Result<Option<(WallTime, Option<WallTime>)>, ReplayError> {
    let Some(life) = life else {
        return Ok(None);
    };
    let Some(first) = capture.wall_of(life.first)? else {
        return Ok(None);
    };
    let last = match life.last {
        Some(last) if last < whole.ends.1 => capture.wall_of(last)?,
        _ => None,
    };
    Ok(Some((first, last)))
}

/// The lines of the kernel log that name it, of `next` on not by its number: another process has
/// that then.
fn log(
    capture: &mut Capture,
    whom: &Whom,
    next: Option<WallTime>,
) -> Result<(Vec<LogLine>, usize), ReplayError> {
    // The clock of the log may run a little behind.
    let from = whom
        .started
        .map_or(WallTime(i64::MIN), |at| at.minus(Duration::from_secs(1)));
    let lines = capture.kernel_log(from, WallTime(i64::MAX))?;
    let mut named: Vec<LogLine> = lines
        .iter()
        .map(|line| (line, Escaped(&line.text).to_string()))
        .filter(|(_, text)| kernel_log::names(text, whom.key.pid, &whom.comm))
        .map(|(line, text)| LogLine {
            at: line.wall,
            severity: line.severity,
            names_pid: kernel_log::names_pid(&text, whom.key.pid),
            text,
        })
        .filter(|line| !line.names_pid || next.is_none_or(|next| line.at < next))
        .collect();
    let left_out = named.len().saturating_sub(MOST_LINES);
    named.drain(..left_out);
    Ok((named, left_out))
}
