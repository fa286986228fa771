//! What a capture says around a dump of it: what its threads did before, and who else was on the host.
//!
//! Only what a dump needs is read: the past of the threads that its findings are about, and the host
//! when a thread waits for a socket or a child.

use super::super::Opened;
use super::source::Taken;
use afterimage_analysis::dumps::followed::{self, Host};
use afterimage_analysis::dumps::kernel::Views;
use afterimage_analysis::dumps::past::{Past, pieces};
use afterimage_analysis::dumps::report::{Around, Report};
use afterimage_format::capture::StoredDump;
use afterimage_format::time::{Seq, WallTime};
use std::collections::BTreeMap;
use std::time::Duration;

/// So far back the past of a thread is looked at.
const PAST: Duration = Duration::from_mins(10);
/// What another process did so long before or after is told of it.
const NEAR: Duration = Duration::from_mins(1);
/// Of so many other processes.
const MOST_NEAR: usize = 16;

/// Adds it to a dump.
pub(super) fn add(opened: &mut Opened, taken: &mut Taken) -> anyhow::Result<()> {
    let (Some(stored), Some(dump)) = (&taken.stored, &taken.dump) else {
        return Ok(());
    };
    let Some(last) = taken.after.as_ref().or(taken.before.as_ref()) else {
        return Ok(());
    };
    let architecture = opened.host.architecture.clone();
    let views = Views {
        before: taken.before.as_ref(),
        after: taken.after.as_ref(),
        architecture: &architecture,
        ..Views::default()
    };
    let around = Around {
        views,
        ..Around::default()
    };
    let pid = stored.facts.pid;
    let suspects = Report::of(dump, &around).suspects();
    let from = opened.capture.at_or_after(last.at.minus(PAST))?;
    let to = opened.capture.at_or_before(last.at)?;
    if let (false, Some(from), Some(to)) = (suspects.is_empty(), from, to) {
        let ticks = opened.capture.task_ticks(pid, &suspects, (from, to))?;
        let threads = ticks
            .iter()
            .map(|(key, ticks)| (key.pid.0, pieces(ticks)))
            .collect();
        taken.past = Some(Past {
            threads,
            at: last.at,
            first: stored.facts.wall,
            zone: opened.zone.clone(),
        });
    }
    if followed::is_of_interest(last, &architecture) {
        let moment = (stored.clone(), last.at);
        taken.host = host(opened, to, &moment)?;
    }
    Ok(())
}

/// Everybody on the host at the tick at or before a dump, with what the kernel said of others then.
fn host(
    opened: &mut Opened,
    seq: Option<Seq>,
    (stored, at): &(StoredDump, WallTime),
) -> anyhow::Result<Option<Host>> {
    let Some(seq) = seq else {
        return Ok(None);
    };
    let Some(sample) = opened.capture.sample(seq)? else {
        return Ok(None);
    };
    let mut host = Host::of(&sample, &opened.host.architecture);
    let rows = opened.capture.thread_dumps(at.minus(NEAR), at.plus(NEAR))?;
    let others = rows.into_iter().filter(|row| {
        let has_kernel = row.has_kernel.0 || row.has_kernel.1;
        row.run == stored.run && row.facts.pid != stored.facts.pid && has_kernel
    });
    // Of each the one that is nearest.
    let mut nearest: BTreeMap<i32, (u64, i64)> = BTreeMap::new();
    for row in others {
        let apart = row.facts.wall.0.abs_diff(at.0);
        let known = nearest.entry(row.facts.pid.0).or_insert((apart, row.id));
        *known = (*known).min((apart, row.id));
    }
    for (pid, (_, id)) in nearest.into_iter().take(MOST_NEAR) {
        let (before, after) = opened.capture.dump_kernel(id)?;
        if let Some(view) = after.or(before) {
            host.add_view(pid, view);
        }
    }
    Ok(Some(host))
}
