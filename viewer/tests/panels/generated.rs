//! A capture made up for tests: two hours of a web server on which several things go wrong.
//!
//! 13:30 a burst of jobs for two minutes; 13:41:10 to 13:44:20 nothing was recorded; 13:52 to
//! 14:06 the disk does not keep up; at 14:31:07 forty tasks want to run for one second.

use crate::generated::processes::rows;
use afterimage_analysis::zone::Zone;
use afterimage_format::time::{Seq, WallTime};
use afterimage_viewer::data::{
    Bucket, Damage, Ending, Events, Facts, GapBand, Life, LoadData, LoadQuestion, ProcessRow,
    Replay, ReplayError, RowGroup, RowsData, SeriesData, SeriesId, Snapshot, Things, ThingsOf,
    Want, Whom,
};
use std::collections::BTreeMap;
use std::sync::Arc;

mod events;
mod life;
mod load;
mod machine;
mod processes;
pub(crate) mod things;

const SECOND: i64 = 1_000_000;
/// 13:00:00 in Berlin on 22 November 2026.
const START: i64 = 1_795_348_800;
const SECONDS: i64 = 7_200;
const GAP: std::ops::Range<i64> = 2_470..2_660;
const SPIKE: i64 = 5_467;

/// What the machine as a whole did in one second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// Seconds since the start.
    pub(crate) second: i64,
    /// Tasks running or runnable.
    pub(crate) runnable: i64,
    /// Tasks blocked.
    pub(crate) blocked: i64,
    load: [f64; 3],
    pressure: [f64; 3],
}

/// The made-up capture.
#[derive(Debug)]
pub(crate) struct Generated {
    moments: Vec<Moment>,
    facts: Arc<Facts>,
    /// So many lines of the kernel log.
    pub(crate) many: i64,
    /// What every value of every curve is instead of what it was.
    pub(crate) wrong: Option<f64>,
    /// Whether names and numbers are what nobody would write in good faith.
    pub(crate) hostile: bool,
    /// What becomes of each process before it is shown.
    pub(crate) rename: fn(&mut ProcessRow),
}

/// A number from 0 to 1 that looks random and is always the same.
pub(crate) fn noise(one: i64, two: i64) -> f64 {
    let mut mixed = one.wrapping_mul(0x9E37_79B9) ^ two.wrapping_mul(0x0085_EBCA_6B00);
    mixed ^= mixed >> 13;
    mixed = mixed.wrapping_mul(0x00C2_B2AE_3D27);
    mixed ^= mixed >> 16;
    (mixed & 0xFFFF) as f64 / 65_535.0
}

#[expect(clippy::cast_possible_truncation, reason = "small made-up numbers")]
fn whole(value: f64) -> i64 {
    value.round() as i64
}

/// From 0 to 1 and back within a range of seconds, steep at both ends.
fn hump(second: i64, range: &std::ops::Range<i64>) -> f64 {
    if !range.contains(&second) {
        return 0.0;
    }
    let share = (second - range.start) as f64 / (range.end - range.start) as f64;
    (share * 8.0).min((1.0 - share) * 12.0).min(1.0)
}

impl Generated {
    pub(crate) fn new() -> Self {
        let mut load = [0.9, 0.8, 0.7];
        let moment = |second| {
            let slow = (second as f64 / 700.0).sin() * 0.6 + 1.2;
            let burst = hump(second, &(1_800..1_925));
            let disk = hump(second, &(3_120..3_960));
            let mut runnable =
                whole(slow + noise(second, 1) * 1.9 + burst * (13.0 + 6.0 * noise(second, 2)));
            if second == SPIKE {
                runnable = 40;
            }
            let blocked =
                whole(disk * (9.0 + 6.0 * noise(second / 7, 3)) + noise(second, 4).powi(9) * 2.0);
            let tasks = (runnable + blocked) as f64;
            for (average, minutes) in load.iter_mut().zip([1.0, 5.0, 15.0]) {
                let keep = (-1.0_f64 / (60.0 * minutes)).exp();
                *average = *average * keep + tasks * (1.0 - keep);
            }
            let cpu = ((runnable - 4).max(0) as f64 * 6.0 + noise(second, 5) * 3.0).min(98.0);
            let io = disk * (62.0 + 30.0 * noise(second / 5, 6)) + noise(second, 7).powi(6) * 8.0;
            let memory =
                disk * disk * 22.0 * noise(second / 20, 8) + noise(second, 9).powi(12) * 3.0;
            Moment {
                second,
                runnable,
                blocked,
                load,
                pressure: [cpu, io.min(100.0), memory],
            }
        };
        let moments = (0..SECONDS)
            .map(moment)
            .filter(|moment| !GAP.contains(&moment.second));
        Self {
            moments: moments.collect(),
            facts: Arc::new(facts()),
            many: 40,
            wrong: None,
            hostile: false,
            rename: |_| (),
        }
    }

    /// Tells something else of the capture as a whole.
    pub(crate) fn change_facts(&mut self, change: fn(&mut Facts)) {
        change(Arc::make_mut(&mut self.facts));
    }

    /// The place of the newest moment at or before an instant.
    fn place(&self, at: WallTime) -> usize {
        let after = self
            .moments
            .partition_point(|moment| wall(moment.second) <= at);
        after.saturating_sub(1)
    }
}

pub(crate) fn wall(second: i64) -> WallTime {
    WallTime((START + second) * SECOND)
}

fn value(moment: &Moment, id: SeriesId) -> f64 {
    const GIB: f64 = 1_073_741_824.0;
    let at = |two: i64| noise(moment.second / 4, two);
    let busy = (moment.runnable as f64 * 20.0 + at(20) * 9.0).min(98.0);
    let used = 3.1 + moment.pressure[2] / 30.0 + (moment.second as f64 / 900.0).sin() * 0.2;
    match id {
        SeriesId::LoadOne => moment.load[0],
        SeriesId::LoadFive => moment.load[1],
        SeriesId::LoadFifteen => moment.load[2],
        SeriesId::Runnable => moment.runnable as f64,
        SeriesId::Blocked | SeriesId::Uninterruptible => moment.blocked as f64,
        SeriesId::PressureCpu => moment.pressure[0],
        SeriesId::PressureIo => moment.pressure[1],
        SeriesId::PressureIoFull => moment.pressure[1] * 0.6,
        SeriesId::PressureMemory => moment.pressure[2],
        SeriesId::PressureMemoryFull => moment.pressure[2] * 0.4,
        SeriesId::CpuIowait => (moment.pressure[1] * 0.5).min(98.0 - busy).max(0.0),
        SeriesId::CpuUser => busy * 0.66,
        SeriesId::CpuNice => busy * 0.04,
        SeriesId::CpuSystem => busy * 0.22,
        SeriesId::CpuInterrupts => busy * 0.05,
        SeriesId::CpuSteal => busy * 0.03,
        SeriesId::CpuBusy => busy,
        SeriesId::MemoryUsed => used * GIB,
        SeriesId::MemoryCache => 3.9 * GIB,
        SeriesId::MemoryFree => (4.0 - used.min(3.9)) * GIB,
        SeriesId::MemoryAvailable => (7.6 - used) * GIB,
        SeriesId::MemoryTotal => 8.0 * GIB,
        SeriesId::Dirty => at(21) * 0.2 * GIB,
        SeriesId::SwapUsed => moment.pressure[2] / 60.0 * GIB,
        SeriesId::SwapIn | SeriesId::SwapOut => moment.pressure[2] * 2e5,
        SeriesId::MajorFaults => moment.pressure[2] * 9.0,
        SeriesId::DiskRead => moment.pressure[1] * 6e5 + at(22).powi(4) * 4e6,
        SeriesId::DiskWritten => moment.pressure[1] * 9e5 + at(23).powi(3) * 9e6,
        SeriesId::Received => 2e5 + at(24) * 3e6,
        SeriesId::Sent => 4e5 + at(25) * 8e6,
        SeriesId::ContextSwitches => 9e3 + at(26) * 6e3,
        SeriesId::Forks => at(27) * 14.0,
        SeriesId::Interrupts => 4e3 + at(28) * 2e3,
        SeriesId::Softirqs => 3e3 + at(29) * 2e3,
        SeriesId::PageFaults => 8e2 + at(30).powi(3) * 9e3,
        SeriesId::TcpOpenedOut => at(31) * 12.0,
        SeriesId::TcpOpenedIn => 30.0 + at(32) * 40.0,
        SeriesId::TcpRetransmits => at(33).powi(6) * 80.0,
        SeriesId::TcpFailed => at(34).powi(8) * 10.0,
        SeriesId::TcpResets => at(35).powi(5) * 30.0,
        SeriesId::TcpResetsSent => at(36).powi(5) * 20.0,
        SeriesId::ListenOverflows | SeriesId::ListenDrops => moment.blocked as f64 * 2.0,
        SeriesId::UdpErrors | SeriesId::PacketsLost => at(37).powi(9) * 50.0,
        SeriesId::TcpEstablished => 240.0 + at(38) * 60.0,
        SeriesId::TcpListen => 14.0,
        SeriesId::TcpTimeWait => 400.0 + at(39) * 200.0,
        SeriesId::TcpCloseWait => moment.second as f64 / 20.0,
        SeriesId::TcpSynSent | SeriesId::TcpSynReceived => at(40).powi(4) * 9.0,
        SeriesId::TcpFinWait | SeriesId::TcpClosing => at(41) * 20.0,
        SeriesId::FullestSpace => 71.0 + moment.second as f64 / 300.0,
        SeriesId::FullestInodes => 34.0,
        SeriesId::CpuMegahertz => 1_200.0 + busy * 22.0,
        SeriesId::CpuThrottles => 0.0,
    }
}

/// What is true of all of it.
fn facts() -> Facts {
    Facts {
        host: "web-07".to_owned(),
        kernel: "6.1.0-28-amd64".to_owned(),
        zone: Zone::from_capture(Some("Europe/Berlin"), 3_600),
        zone_name: Some("Europe/Berlin".to_owned()),
        cpus: Some(4),
        ending: Ending::Clean,
        first: wall(0),
        last: wall(SECONDS - 1),
        gaps: vec![GapBand {
            from: wall(GAP.start),
            to: wall(GAP.end),
            kind: "stalled".to_owned(),
            detail: "starved of CPU; 190 ticks missed".to_owned(),
        }],
        damage: Damage::default(),
    }
}

impl Replay for Generated {
    fn facts(&self) -> Arc<Facts> {
        Arc::clone(&self.facts)
    }

    fn refresh(&mut self) -> Result<(), ReplayError> {
        Ok(())
    }

    fn rest(&mut self) {}

    fn series(
        &mut self,
        wanted: &[SeriesId],
        from: WallTime,
        to: WallTime,
        buckets: usize,
    ) -> Result<Vec<SeriesData>, ReplayError> {
        let pieces = i64::try_from(buckets.max(1)).expect("a screen is not that wide");
        let step = ((to.0 - from.0) / pieces / SECOND).max(1);
        let seen = |moment: &&Moment| from <= wall(moment.second + 1) && wall(moment.second) <= to;
        let one = |id: &SeriesId| {
            let mut all: Vec<Bucket> = Vec::new();
            for moment in self.moments.iter().filter(seen) {
                let value = self.wrong.unwrap_or_else(|| value(moment, *id));
                let (begin, end) = (wall(moment.second), wall(moment.second + 1));
                match all.last_mut() {
                    Some(last) if last.to == begin && moment.second % step != 0 => {
                        last.to = end;
                        last.min = last.min.min(value);
                        last.max = last.max.max(value);
                    }
                    _ => all.push(Bucket {
                        from: begin,
                        to: end,
                        min: value,
                        max: value,
                        mean: value,
                    }),
                }
            }
            SeriesData {
                id: *id,
                buckets: all,
            }
        };
        Ok(wanted.iter().map(one).collect())
    }

    fn rows(
        &mut self,
        group: RowGroup,
        (from, to): (WallTime, WallTime),
        most: usize,
    ) -> Result<RowsData, ReplayError> {
        Ok(events::rows(&self.moments, group, (from, to), most))
    }

    fn events(&mut self) -> Result<Option<Events>, ReplayError> {
        Ok(Some(events::all(self.many)))
    }

    fn snapshot(&mut self, want: Want, _curves: &[SeriesId]) -> Result<Snapshot, ReplayError> {
        let last = self.moments.len() - 1;
        let place = match want {
            Want::At(at) => self.place(at),
            Want::First => 0,
            Want::Last => last,
            Want::Step { from, by } => {
                let from = i64::try_from(from.0).expect("two hours of ticks");
                usize::try_from((from + by).max(0))
                    .expect("not negative")
                    .min(last)
            }
        };
        let moment = &self.moments[place];
        let previous = place.checked_sub(1).map(|before| &self.moments[before]);
        let values: BTreeMap<_, _> = SeriesId::ALL
            .into_iter()
            .map(|id| (id, Ok(value(moment, id))))
            .collect();
        let mut renamed = rows(moment, previous.is_some());
        renamed.iter_mut().for_each(self.rename);
        Ok(Snapshot {
            seq: Seq(place as u64),
            at: wall(moment.second),
            previous: previous.map(|previous| wall(previous.second)),
            values,
            machine: machine::pages(moment, previous.is_some()),
            rows: renamed,
            gone: vec![],
        })
    }

    fn load(&mut self, question: &LoadQuestion) -> Result<Option<LoadData>, ReplayError> {
        Ok(Some(load::over_time(&self.moments, question)))
    }

    fn things(&mut self, of: ThingsOf, seq: Seq) -> Result<Things, ReplayError> {
        let mut things = things::of(self.hostile, of, seq);
        let place = usize::try_from(seq.0).expect("a place of ours");
        things.load = (of == ThingsOf::Load).then(|| load::moment(&self.moments[place]));
        Ok(things)
    }

    fn life(
        &mut self,
        whom: &Whom,
        from: WallTime,
        to: WallTime,
        buckets: usize,
    ) -> Result<Life, ReplayError> {
        Ok(life::of(self, whom, (from, to), buckets))
    }
}
