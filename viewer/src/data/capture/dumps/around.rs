//! What the capture says around a dump: what its threads did before, who else was on the host, and the
//! names of threads of which the kernel alone told.

use super::{CaptureReplay, Parsed};
use crate::data::ReplayError;
use crate::data::dumps::ThreadCurve;
use afterimage_analysis::dumps::kernel;
use afterimage_analysis::dumps::model::Dump;
use afterimage_analysis::dumps::past::pieces;
use afterimage_analysis::dumps::surroundings::{self, Surroundings};
use afterimage_format::capture::StoredDump;
use afterimage_format::kernel_view::KernelView;
use afterimage_format::process::Pid;
use afterimage_format::time::{Seq, WallTime};
use std::collections::BTreeSet;

/// A curve is read over so many ticks at most: about half a second.
const MOST_TICKS: u64 = 14_400;

impl CaptureReplay {
    /// What is needed around a dump, the last of its life up to here.
    pub(super) fn around(
        &mut self,
        parsed: &Parsed,
        life: &[&StoredDump],
    ) -> Result<Surroundings, ReplayError> {
        let (Some(dump), Some(stored)) = (&parsed.dump, life.last()) else {
            return Ok(Surroundings::default());
        };
        let first = life.get(life.len().saturating_sub(super::LOOK_BACK));
        let of = surroundings::Of {
            stored,
            dump,
            views: [parsed.before.as_ref(), parsed.after.as_ref()],
            first: first.map_or(stored.facts.wall, |first| first.facts.wall),
            architecture: &self.whole.host.architecture.clone(),
            zone: &self.facts.zone.clone(),
        };
        Ok(surroundings::read(self.reader()?, &of)?)
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
