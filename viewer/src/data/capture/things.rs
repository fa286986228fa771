//! What a page shows beside the machine and its processes, out of a capture file.

use super::{CaptureReplay, load};
use crate::data::things::{Things, ThingsOf};
use crate::data::{Replay as _, ReplayError};
use afterimage_analysis::lists::{self, List};
use afterimage_analysis::load::Moment;
use afterimage_analysis::rate::{Elapsed, Step};
use afterimage_analysis::waits::Seen;
use afterimage_format::group::{Group, ProcessField};
use afterimage_format::sample::{Extract, Sample};
use afterimage_format::time::Seq;

/// So many ticks back it is looked for when a thread began to wait: 4 ms for each minute.
const MOST_BACK: u64 = 600;

/// What is wanted of the ticks that only say since when.
const TASKS: Extract = Extract {
    machine: false,
    processes: &[],
    things: &[Group::Task],
};

/// What the page needs of a sample.
const fn extract(of: ThingsOf) -> Extract {
    const COMM: &[ProcessField] = &[ProcessField::Comm];
    match of {
        ThingsOf::Cpus => Extract {
            things: &[Group::Interrupt, Group::Node],
            ..Extract::MACHINE
        },
        ThingsOf::Network => Extract {
            things: &[Group::Protocol, Group::Limit],
            ..Extract::MACHINE
        },
        ThingsOf::Disks => Extract {
            machine: true,
            processes: COMM,
            things: &[Group::FileSystem, Group::FileLock],
        },
        ThingsOf::Sockets => Extract {
            machine: false,
            processes: COMM,
            things: &[Group::Socket, Group::Protocol, Group::Limit],
        },
        ThingsOf::Waits => Extract {
            machine: false,
            processes: COMM,
            things: &[Group::Task],
        },
        ThingsOf::Load => Moment::PARTS,
    }
}

/// Since when each thread of a tick waits.
#[derive(Debug, Default)]
pub(super) struct Waited {
    /// The tick that is known last.
    at: Option<Seq>,
    seen: Seen,
}

impl CaptureReplay {
    /// The lists of a page at one tick.
    pub(super) fn things_of(&mut self, of: ThingsOf, seq: Seq) -> Result<Things, ReplayError> {
        let extract = extract(of);
        let Some(now) = self.reader()?.extract(seq, &extract)? else {
            self.notice_damage()?;
            return Err(ReplayError::Damaged);
        };
        let before = match seq.0.checked_sub(1) {
            Some(before) if seq > self.whole.ends.0 => {
                self.reader()?.extract(Seq(before), &extract)?
            }
            _ => None,
        };
        self.notice_damage()?;
        let interval = self.whole.interval_at(seq);
        let step = before
            .as_ref()
            .and_then(|before| Step::between(before, &now, interval));
        let step = step.as_ref();
        let lists = match of {
            ThingsOf::Cpus => vec![
                lists::soft_interrupts(&now, step),
                lists::interrupts(&now, step),
                lists::speeds(&now, step),
                lists::nodes(&now, step),
            ],
            ThingsOf::Network => vec![lists::protocols(&now, step), lists::limits(&now)],
            ThingsOf::Disks => vec![self.file_systems(&now)?, lists::file_locks(&now)],
            ThingsOf::Sockets => vec![
                lists::socket_states(&now),
                lists::listeners(&now),
                lists::close_waits(&now),
                lists::local_ports(&now),
                lists::sockets(&now),
            ],
            ThingsOf::Waits => {
                self.look_back(&now)?;
                let (seen, architecture) = (&self.waited.seen, &self.whole.host.architecture);
                vec![
                    lists::channels((&now, step), seen, architecture),
                    lists::waits((&now, step), seen, architecture),
                ]
            }
            ThingsOf::Load => vec![],
        };
        let load = (of == ThingsOf::Load).then(|| {
            let known = (self.whole.recorder_at(seq), self.whole.host.tick_rate);
            load::moment(&now, step, known)
        });
        Ok(Things {
            of,
            seq,
            lists,
            load,
        })
    }

    fn file_systems(&mut self, now: &Sample) -> Result<List, ReplayError> {
        let zone = self.facts().zone.clone();
        let reader = self.reader()?;
        // What cannot be read counts as damage of the capture by itself.
        let mut when = |seq| reader.wall_of(seq).ok().flatten();
        Ok(lists::file_systems(now, &zone, &mut when))
    }

    /// Finds out since when each thread waits: from the tick before when that was the last one
    /// asked for, else by the ticks before.
    fn look_back(&mut self, now: &Sample) -> Result<(), ReplayError> {
        let seq = now.times.seq;
        let is_next = self.waited.at.is_some_and(|at| at.0 + 1 == seq.0);
        if is_next && !self.whole.is_after_gap(seq) {
            self.waited.seen.forward(now, true);
            self.waited.at = Some(seq);
            return Ok(());
        }
        let mut seen = Seen::at(now);
        let (mut times, first) = (now.times, self.whole.ends.0);
        for back in 1..=MOST_BACK {
            let earlier = seq.0.checked_sub(back).map(Seq);
            let Some(earlier) = earlier.filter(|earlier| *earlier >= first) else {
                break;
            };
            let Some(earlier) = self.reader()?.extract(earlier, &TASKS)? else {
                break;
            };
            let interval = self.whole.interval_at(times.seq);
            let is_next = Elapsed::between(&earlier.times, &times, interval).is_some();
            if !is_next || !seen.back(&earlier) {
                break;
            }
            times = earlier.times;
        }
        self.notice_damage()?;
        self.waited = Waited {
            at: Some(seq),
            seen,
        };
        Ok(())
    }
}
