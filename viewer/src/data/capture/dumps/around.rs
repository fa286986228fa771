//! What the capture says around a dump: what its threads did before, who else was on the host, and the
//! names of threads of which the kernel alone told.

use super::{CaptureReplay, Parsed};
use crate::data::ReplayError;
use crate::data::dumps::ThreadCurve;
use afterimage_analysis::dumps::followed::{self, Host};
use afterimage_analysis::dumps::kernel::{self, Views};
use afterimage_analysis::dumps::model::Dump;
use afterimage_analysis::dumps::past::{Past, pieces};
use afterimage_analysis::dumps::report::{Around, Report};
use afterimage_format::capture::StoredDump;
use afterimage_format::kernel_view::KernelView;
use afterimage_format::process::Pid;
use afterimage_format::time::{Seq, WallTime};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// So far back the past of a thread is looked at.
const PAST: Duration = Duration::from_mins(10);
/// What another process did so long before or after is told of it.
const NEAR: Duration = Duration::from_mins(1);
/// Of so many other processes.
const MOST_NEAR: usize = 16;
/// A curve is read over so many ticks at most: about half a second.
const MOST_TICKS: u64 = 14_400;

impl CaptureReplay {
    /// What is needed around a dump, the last of its life up to here.
    pub(super) fn around(
        &mut self,
        parsed: &Parsed,
        life: &[&StoredDump],
    ) -> Result<(Option<Past>, Option<Host>), ReplayError> {
        let last = parsed.after.as_ref().or(parsed.before.as_ref());
        let (Some(dump), Some(last), Some(stored)) = (&parsed.dump, last, life.last()) else {
            return Ok((None, None));
        };
        let architecture = self.whole.host.architecture.clone();
        let views = Views {
            before: parsed.before.as_ref(),
            after: parsed.after.as_ref(),
            architecture: &architecture,
            ..Views::default()
        };
        let around = Around {
            views,
            ..Around::default()
        };
        let suspects = Report::of(dump, &around).suspects();
        let from = self.reader()?.at_or_after(last.at.minus(PAST))?;
        let to = self.reader()?.at_or_before(last.at)?;
        let (Some(from), Some(to)) = (from, to) else {
            return Ok((None, None));
        };
        let past = if suspects.is_empty() {
            None
        } else {
            let first = life.get(life.len().saturating_sub(super::LOOK_BACK));
            let ticks = self
                .reader()?
                .task_ticks(stored.facts.pid, &suspects, (from, to))?;
            Some(Past {
                threads: ticks
                    .iter()
                    .map(|(key, ticks)| (key.pid.0, pieces(ticks)))
                    .collect(),
                at: last.at,
                first: first.map_or(stored.facts.wall, |first| first.facts.wall),
                zone: self.facts.zone.clone(),
            })
        };
        let host = if followed::is_of_interest(last, &architecture) {
            self.host_at(to, stored, &architecture)?
        } else {
            None
        };
        Ok((past, host))
    }

    /// Everybody on the host at a tick, with what the kernel said of others about then.
    fn host_at(
        &mut self,
        seq: Seq,
        stored: &StoredDump,
        architecture: &str,
    ) -> Result<Option<Host>, ReplayError> {
        let Some(sample) = self.reader()?.sample(seq)? else {
            return Ok(None);
        };
        let mut host = Host::of(&sample, architecture);
        let at = stored.facts.wall;
        let list = self.known_dumps()?;
        let mut nearest: BTreeMap<i32, (u64, i64)> = BTreeMap::new();
        for row in list.iter() {
            let apart = row.facts.wall.0.abs_diff(at.0);
            let is_near = u128::from(apart) <= NEAR.as_micros();
            let has_kernel = row.has_kernel.0 || row.has_kernel.1;
            let is_other = row.run == stored.run && row.facts.pid != stored.facts.pid;
            if is_near && has_kernel && is_other {
                let known = nearest.entry(row.facts.pid.0).or_insert((apart, row.id));
                *known = (*known).min((apart, row.id));
            }
        }
        for (pid, (_, id)) in nearest.into_iter().take(MOST_NEAR) {
            let (before, after) = self.reader()?.dump_kernel(id)?;
            if let Some(view) = after.or(before) {
                host.add_view(pid, view);
            }
        }
        Ok(Some(host))
    }

    /// What the kernel alone said as a dump, with the names of the nearest dump of the same life.
    pub(super) fn of_kernel(&mut self, id: i64, view: &KernelView) -> Result<Dump, ReplayError> {
        let mut dump = kernel::dump_of(view);
        let list = self.known_dumps()?;
        let life = super::life_of(&list, id);
        let real = life.iter().filter(|dump| dump.raw_bytes.is_some());
        let apart = |dump: &&&StoredDump| dump.facts.wall.0.abs_diff(view.at.0);
        if let Some(nearest) = real.min_by_key(apart).map(|dump| dump.id) {
            let parsed = self.parsed_of(nearest)?;
            if let Some(real) = &parsed.dump {
                kernel::named(&mut dump, real);
            }
        }
        Ok(dump)
    }

    /// The CPU of a thread between two moments, as far as it was recorded. Of a long time only what is
    /// around `at` is read.
    pub(in crate::data::capture) fn curve_of(
        &mut self,
        (process, tid): (Pid, i32),
        at: WallTime,
        (from, to): (WallTime, WallTime),
    ) -> Result<ThreadCurve, ReplayError> {
        let reader = self.reader()?;
        let ends = (reader.at_or_after(from)?, reader.at_or_before(to)?);
        let here = reader.at_or_before(at)?;
        let (Some(first), Some(last)) = ends else {
            return Ok(ThreadCurve::nothing(tid, (from, to)));
        };
        let middle = here.unwrap_or(last).0.clamp(first.0, last.0.max(first.0));
        let (mut begin, mut end) = (first, last);
        if last.0.saturating_sub(first.0) > MOST_TICKS {
            begin = Seq(first.0.max(middle.saturating_sub(MOST_TICKS / 2)));
            end = Seq(last.0.min(begin.0 + MOST_TICKS));
        }
        let looked = (reader.wall_of(begin)?, reader.wall_of(end)?);
        let ticks = reader.task_ticks(process, &BTreeSet::from([tid]), (begin, end))?;
        // A number is used again: it is the thread that was there nearest to the dump.
        let nearest = ticks.into_values().min_by_key(|ticks| {
            let apart = ticks.iter().map(|tick| tick.seq.0.abs_diff(middle));
            apart.min()
        });
        self.notice_damage()?;
        Ok(ThreadCurve {
            pieces: nearest.map_or(vec![], |ticks| pieces(&ticks)),
            looked: (
                looked.0.filter(|_| begin > first).unwrap_or(from),
                looked.1.filter(|_| end < last).unwrap_or(to),
            ),
            ..ThreadCurve::nothing(tid, (from, to))
        })
    }
}
