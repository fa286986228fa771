//! What a capture says around a dump of it: what its threads did before, and who else was on the host.
//!
//! In: a capture and a dump of it. Out: what a report takes beside the dump. Only what the dump needs is
//! read: the past of the threads that its findings are about, and the host when a thread waits for a
//! socket or a child.

use super::followed::{self, Host};
use super::kernel::Views;
use super::model::Dump;
use super::past::{Past, pieces};
use super::report::{Around, Report};
use crate::zone::Zone;
use afterimage_format::capture::error::CaptureError;
use afterimage_format::capture::{Capture, StoredDump};
use afterimage_format::kernel_view::KernelView;
use afterimage_format::time::{Seq, WallTime};
use std::collections::BTreeMap;
use std::time::Duration;

/// So far back the past of a thread is looked at.
const PAST: Duration = Duration::from_mins(10);
/// What another process did so long before or after is told of it.
const NEAR: Duration = Duration::from_mins(1);
/// Of so many other processes.
const MOST_NEAR: usize = 16;

/// A dump as it is in the capture.
#[derive(Debug, Clone, Copy)]
pub struct Of<'a> {
    /// Its row.
    pub stored: &'a StoredDump,
    /// What it says.
    pub dump: &'a Dump,
    /// What the kernel said before and after it.
    pub views: [Option<&'a KernelView>; 2],
    /// When the first dump of the trouble was taken.
    pub first: WallTime,
    /// As `uname -m` has it.
    pub architecture: &'a str,
    /// In which times are told.
    pub zone: &'a Zone,
}

/// What is around it; what it has no need of is not read.
#[derive(Debug, Default)]
pub struct Surroundings {
    /// Of the threads that its findings are about.
    pub past: Option<Past>,
    /// Everybody else at that moment.
    pub host: Option<Host>,
}

/// Reads it. Costs up to ten minutes of ticks.
pub fn read(capture: &mut Capture, of: &Of<'_>) -> Result<Surroundings, CaptureError> {
    let [before, after] = of.views;
    let Some(last) = after.or(before) else {
        return Ok(Surroundings::default());
    };
    let views = Views {
        before,
        after,
        architecture: of.architecture,
        ..Views::default()
    };
    let around = Around {
        views,
        ..Around::default()
    };
    let suspects = Report::of(of.dump, &around).suspects();
    let from = capture.at_or_after(last.at.minus(PAST))?;
    let to = capture.at_or_before(last.at)?;
    let (Some(from), Some(to)) = (from, to) else {
        return Ok(Surroundings::default());
    };
    let mut found = Surroundings::default();
    if !suspects.is_empty() {
        let ticks = capture.task_ticks(of.stored.facts.pid, &suspects, (from, to))?;
        let threads = ticks
            .iter()
            .map(|(key, ticks)| (key.pid.0, pieces(ticks)))
            .collect();
        found.past = Some(Past {
            threads,
            at: last.at,
            first: of.first,
            zone: of.zone.clone(),
        });
    }
    if followed::is_of_interest(last, of.architecture) {
        found.host = host(capture, to, of)?;
    }
    Ok(found)
}

/// Everybody on the host at a tick, with what the kernel said of others about then.
fn host(capture: &mut Capture, seq: Seq, of: &Of<'_>) -> Result<Option<Host>, CaptureError> {
    let Some(sample) = capture.sample(seq)? else {
        return Ok(None);
    };
    let mut host = Host::of(&sample, of.architecture);
    let (own, at) = (of.stored, of.stored.facts.wall);
    let rows = capture.thread_dumps(at.minus(NEAR), at.plus(NEAR))?;
    let others = rows.into_iter().filter(|row| {
        let has_kernel = row.has_kernel.0 || row.has_kernel.1;
        row.run == own.run && row.facts.pid != own.facts.pid && has_kernel
    });
    // Of each the one that is nearest.
    let mut nearest: BTreeMap<i32, (u64, i64)> = BTreeMap::new();
    for row in others {
        let apart = row.facts.wall.0.abs_diff(at.0);
        let known = nearest.entry(row.facts.pid.0).or_insert((apart, row.id));
        *known = (*known).min((apart, row.id));
    }
    for (pid, (_, id)) in nearest.into_iter().take(MOST_NEAR) {
        let (before, after) = capture.dump_kernel(id)?;
        if let Some(view) = after.or(before) {
            host.add_view(pid, view);
        }
    }
    Ok(Some(host))
}
