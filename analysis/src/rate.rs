//! What happened between two samples, never across a gap.

use afterimage_format::counter::change;
use afterimage_format::reading::Reading;
use afterimage_format::sample::{Counters, Process, Sample};
use afterimage_format::tick::{Shed, TickTimes};
use afterimage_format::time::Seq;
use afterimage_format::units::{Bytes, TickRate};
use std::time::Duration;

/// The time between the beginnings of two ticks with no gap between them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Elapsed {
    /// Never 0.
    pub seconds: f64,
    /// How many ticks the later is behind the earlier.
    pub ticks: u32,
    /// Idle processes were left out of one of the two ticks, to stay within the budget: of those
    /// nothing new is known until their turn comes.
    pub idle_left_out: bool,
}

impl Elapsed {
    /// The time between two ticks; none when ticks are missing between them, when they are of
    /// different boots, or when the time between them is not positive.
    pub fn between(before: &TickTimes, now: &TickTimes, interval: Duration) -> Option<Self> {
        if now.seq.0 != before.seq.0 + 1 {
            return None;
        }
        Self::over(before, now, interval)
    }

    /// The time between two ticks that need not be neighbours; none where [`Elapsed::between`]
    /// has none for any two ticks from the one to the other, as far as their times tell: what a
    /// gap's cause is, and whether there was one, the gaps of the capture say.
    pub fn over(before: &TickTimes, now: &TickTimes, interval: Duration) -> Option<Self> {
        let planned = now.planned.since(before.planned)?;
        let ticks = u32::try_from(now.seq.0.checked_sub(before.seq.0)?).ok()?;
        if planned > interval.checked_mul(ticks)? + interval / 2 {
            return None;
        }
        let elapsed = now.began.monotonic.since(before.began.monotonic)?;
        (ticks > 0 && !elapsed.is_zero()).then_some(Self {
            seconds: elapsed.as_secs_f64(),
            ticks,
            idle_left_out: [before, now]
                .iter()
                .any(|times| times.shed.contains(Shed::IDLE_PROCESSES)),
        })
    }
}

impl Elapsed {
    /// Over how many seconds the counters of a process rose, if they were read at the later tick.
    fn of_process(self, before: &Counters, now: &Counters) -> Option<f64> {
        if !self.idle_left_out {
            return Some(self.seconds);
        }
        let (before, now) = (before.stat_read_at, now.stat_read_at);
        (now.ok()? > before.ok()?).then(|| self.between_reads(before, now))
    }

    /// Over how many seconds what a file shows has happened, given the ticks at which it was read:
    /// it is not read at every one, and what it shows happened since it was read before.
    pub(crate) fn between_reads(self, before: Reading<Seq>, now: Reading<Seq>) -> f64 {
        let ticks = f64::from(self.ticks);
        let reads = match (before, now) {
            (Ok(before), Ok(now)) if now > before => (now.0 - before.0) as f64,
            _ => ticks,
        };
        self.seconds / ticks * reads.max(ticks)
    }
}

/// Two samples with no gap between them, and the time between them.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// The earlier one.
    pub before: &'a Sample,
    /// The later one.
    pub now: &'a Sample,
    /// The time between their beginnings.
    pub elapsed: Elapsed,
}

impl<'a> Step<'a> {
    /// The step between two samples; none when there is no [`Elapsed`] between them.
    pub fn between(before: &'a Sample, now: &'a Sample, interval: Duration) -> Option<Self> {
        let elapsed = Elapsed::between(&before.times, &now.times, interval)?;
        Some(Self {
            before,
            now,
            elapsed,
        })
    }

    /// A counter's rise a second.
    pub fn per_second(&self, before: Reading<u64>, now: Reading<u64>) -> Option<f64> {
        Some(rise(before, now)? as f64 / self.elapsed.seconds)
    }
}

/// By how much a counter rose; none when either is absent or it was restarted.
pub fn rise(before: Reading<u64>, now: Reading<u64>) -> Option<u64> {
    change(before.ok()?, now.ok()?).rise()
}

/// What one process did between two samples.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ProcessRates {
    /// CPU time used, 100 = one core.
    pub cpu_percent: Option<f64>,
    /// Time runnable without a CPU, 100 = all the time (of the leader thread).
    pub wait_percent: Option<f64>,
    /// Bytes a second fetched from storage.
    pub read_per_second: Option<f64>,
    /// Bytes a second sent to storage.
    pub write_per_second: Option<f64>,
}

impl ProcessRates {
    /// The rates of one process between two ticks.
    pub fn between(elapsed: Elapsed, before: &Counters, now: &Counters, ticks: TickRate) -> Self {
        let micros = |reading: Reading<Duration>| {
            reading.map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
        };
        let own = elapsed.of_process(before, now);
        let share =
            |before: Reading<u64>, now: Reading<u64>| Some(rise(before, now)? as f64 / 1e4 / own?);
        // `schedstat` counts in microseconds but only the leader thread; `stat` counts all
        // threads, in hundredths of a second.
        let cpu_percent = if now.threads == Ok(1) && before.threads == Ok(1) {
            share(micros(before.run), micros(now.run))
                .or_else(|| cpu_of_ticks(own?, before, now, ticks))
        } else {
            own.and_then(|seconds| cpu_of_ticks(seconds, before, now, ticks))
        };
        let seconds = elapsed.between_reads(before.io_read_at, now.io_read_at);
        let bytes = |before: Reading<Bytes>, now: Reading<Bytes>| {
            Some(rise(before.map(|bytes| bytes.0), now.map(|bytes| bytes.0))? as f64 / seconds)
        };
        Self {
            cpu_percent,
            // A process is read a little later at one tick than at the next: a thread that only
            // waits may seem to have waited longer than there was time.
            wait_percent: share(micros(before.wait), micros(now.wait)).map(|wait| wait.min(100.0)),
            read_per_second: bytes(before.read, now.read),
            write_per_second: bytes(before.written, now.written),
        }
    }
}

impl ProcessRates {
    /// The rates of a process that began since the tick before: it counted from zero.
    pub fn since_birth(elapsed: Elapsed, now: &Counters, ticks: TickRate) -> Self {
        let exact = now.threads == Ok(1);
        let run = now.run.ok().filter(|_| exact).map(|run| run.as_secs_f64());
        let total = || Some(cpu_ticks(now).ok()? as f64 / ticks.0.get() as f64);
        let cpu = run
            .or_else(total)
            .map(|seconds| seconds * 100.0 / elapsed.seconds);
        let bytes = |reading: Reading<Bytes>| Some(reading.ok()?.0 as f64 / elapsed.seconds);
        Self {
            cpu_percent: cpu,
            wait_percent: now
                .wait
                .ok()
                .map(|wait| (wait.as_secs_f64() * 100.0 / elapsed.seconds).min(100.0)),
            read_per_second: bytes(now.read),
            write_per_second: bytes(now.written),
        }
    }
}

/// Faults and context switches of one process between two samples, each a second.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct EventRates {
    /// Minor faults a second.
    pub minor_faults: Option<f64>,
    /// Major faults a second.
    pub major_faults: Option<f64>,
    /// Times a second that it gave up the CPU to wait (the leader thread).
    pub switches: Option<f64>,
    /// Times a second that the CPU was taken from it (the leader thread).
    pub preempted: Option<f64>,
}

impl EventRates {
    /// The rates of one process between two ticks.
    pub fn between(elapsed: Elapsed, before: &Process, now: &Process) -> Self {
        let counted = |seconds: f64, before, now| Some(rise(before, now)? as f64 / seconds);
        let stat = elapsed.between_reads(before.stat_read_at, now.stat_read_at);
        let status = elapsed.between_reads(before.status_read_at, now.status_read_at);
        Self {
            minor_faults: counted(stat, before.minflt[0], now.minflt[0]),
            major_faults: counted(stat, before.majflt[0], now.majflt[0]),
            switches: counted(status, before.switches[0], now.switches[0]),
            preempted: counted(status, before.switches[1], now.switches[1]),
        }
    }

    /// The rates of a process that began since the tick before: it counted from zero.
    pub fn since_birth(elapsed: Elapsed, now: &Process) -> Self {
        let counted = |reading: Reading<u64>| Some(reading.ok()? as f64 / elapsed.seconds);
        Self {
            minor_faults: counted(now.minflt[0]),
            major_faults: counted(now.majflt[0]),
            switches: counted(now.switches[0]),
            preempted: counted(now.switches[1]),
        }
    }
}

/// CPU time of all threads.
fn cpu_ticks(counters: &Counters) -> Reading<u64> {
    Ok(counters.utime?.0.saturating_add(counters.stime?.0))
}

fn cpu_of_ticks(seconds: f64, before: &Counters, now: &Counters, ticks: TickRate) -> Option<f64> {
    let rise = rise(cpu_ticks(before), cpu_ticks(now))?;
    Some(rise as f64 * 100.0 / ticks.0.get() as f64 / seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterimage_format::reading::Missing;
    use afterimage_format::units::Ticks;
    use std::num::NonZeroU64;

    fn counters(run_ms: u64, stat_read_at: u64) -> Counters {
        Counters {
            io_read_at: Err(Missing::PermissionDenied),
            stat_read_at: Ok(Seq(stat_read_at)),
            run: Ok(Duration::from_millis(run_ms)),
            wait: Ok(Duration::ZERO),
            utime: Ok(Ticks(run_ms / 10)),
            stime: Ok(Ticks(0)),
            threads: Ok(1),
            read: Err(Missing::PermissionDenied),
            written: Err(Missing::PermissionDenied),
        }
    }

    fn cpu(idle_left_out: bool, before: Counters, now: Counters) -> Option<f64> {
        let elapsed = Elapsed {
            seconds: 1.0,
            ticks: 1,
            idle_left_out,
        };
        let ticks = TickRate(NonZeroU64::new(100).unwrap());
        ProcessRates::between(elapsed, &before, &now, ticks).cpu_percent
    }

    #[test]
    fn what_was_left_out_is_not_idle_and_its_turn_tells_of_all_the_time_since_the_last() {
        let (before, same) = (counters(1000, 40), counters(1000, 40));
        assert_eq!(cpu(false, before, same), Some(0.0));
        assert_eq!(cpu(true, before, same), None, "nobody looked");
        // 30 s of CPU time since it was read 40 ticks ago: three quarters of a core.
        assert_eq!(cpu(true, before, counters(31_000, 80)), Some(75.0));
        let mut many = [before, counters(31_000, 80)];
        for counters in &mut many {
            counters.threads = Ok(4);
        }
        assert_eq!(cpu(true, many[0], many[1]), Some(75.0));
        assert_eq!(cpu(true, before, counters(1500, 41)), Some(50.0));
    }

    #[test]
    fn absurd_counters_do_not_overflow() {
        let mut absurd = counters(0, 1);
        (absurd.utime, absurd.stime) = (Ok(Ticks(u64::MAX)), Ok(Ticks(u64::MAX)));
        absurd.threads = Ok(2);
        assert_eq!(cpu(false, absurd, absurd), Some(0.0));
    }
}
