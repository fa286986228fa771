//! How fast each CPU runs, and how often it was slowed down for its heat.

use super::{Ask, Errand, Sysfs, any, number, numbered};
use crate::rows::NamedRows;
use afterimage_format::group::CpuField;
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::tick::Tick;
use std::path::Path;

/// Ticks from one reading to the next: where asking a CPU interrupts it, that is rare enough.
const ROUND: u16 = 10;
/// The same where there was nothing to read: a driver may still come.
const LONG_ROUND: u16 = 600;

/// One CPU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Speed {
    /// As `/proc/stat` has it: `cpu0`.
    name: Box<str>,
    /// `cpufreq/scaling_cur_freq`, in kHz.
    khz: Reading<u64>,
    /// `thermal_throttle/core_throttle_count`.
    throttled: Reading<u64>,
}

/// Every CPU that there is; of one that is offline, what is missing and why.
pub(super) fn read(sys: &Path) -> Vec<Speed> {
    let folder = sys.join("devices/system/cpu");
    let names = numbered(&folder, "cpu").unwrap_or_default();
    let speed = |name: Box<str>| {
        let cpu = folder.join(&*name);
        Speed {
            khz: number(&cpu.join("cpufreq/scaling_cur_freq")),
            throttled: number(&cpu.join("thermal_throttle/core_throttle_count")),
            name,
        }
    };
    names.into_iter().map(speed).collect()
}

/// What is known of the CPUs: asked for at each tenth tick.
#[derive(Debug)]
pub(crate) struct Speeds {
    errand: Errand<Vec<Speed>>,
    known: Vec<Speed>,
    wait: u16,
}

impl Speeds {
    pub(crate) fn new(sysfs: &Sysfs) -> Self {
        Self {
            errand: Errand::new(sysfs),
            known: Vec::new(),
            wait: 0,
        }
    }

    /// Puts what is known into the rows of `/proc/stat`, and says how the two kinds of files
    /// fare, if that was found out at this tick.
    pub(crate) fn collect(
        &mut self,
        cpus: &mut NamedRows,
        tick: &mut Tick,
        note: &mut dyn FnMut(&'static str, Reading<()>),
    ) {
        let mut say = |frequency: Reading<()>, throttle: Reading<()>| {
            note("cpufreq", frequency);
            note("thermal_throttle", throttle);
        };
        let now = tick.times.began.monotonic;
        if let Some(speeds) = self.errand.answer() {
            let frequency = any(speeds.iter().map(|speed| speed.khz));
            let throttle = any(speeds.iter().map(|speed| speed.throttled));
            if frequency.is_err() && throttle.is_err() {
                self.wait = LONG_ROUND;
            }
            say(frequency, throttle);
            self.known = speeds;
        }
        if self.errand.is_late(now) {
            say(Err(Missing::Blocked), Err(Missing::Blocked));
            for speed in &mut self.known {
                (speed.khz, speed.throttled) = (Err(Missing::Blocked), Err(Missing::Blocked));
            }
        }
        for speed in &self.known {
            let Some(row) = cpus.known(speed.name.as_bytes()) else {
                continue;
            };
            row.count(tick, CpuField::FrequencyKhz.column(), speed.khz);
            row.count(tick, CpuField::ThrottleCount.column(), speed.throttled);
        }
        self.wait = self.wait.saturating_sub(1);
        if self.wait == 0 && self.errand.is_idle() {
            self.wait = ROUND;
            if let Err(missing) = self.errand.ask(now, Ask::Cpus) {
                self.wait = LONG_ROUND;
                say(Err(missing), Err(missing));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn each_cpu_says_what_it_has_and_what_it_has_not() {
        let sys = tempfile::tempdir().unwrap();
        let write = |file: &str, text: &str| {
            let path = sys.path().join("devices/system/cpu").join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("cpu0/cpufreq/scaling_cur_freq", "2400000\n");
        write("cpu0/thermal_throttle/core_throttle_count", "7\n");
        write("cpu1/cpufreq/scaling_cur_freq", "<unknown>\n");
        write("cpu1/online", "1\n");
        write("possible", "0-1\n");
        let none = Missing::NotSupported;
        let expected = [
            ("cpu0", Ok(2_400_000), Ok(7)),
            ("cpu1", Err(Missing::Malformed), Err(none)),
        ];
        let speeds = read(sys.path());
        let read: Vec<_> = speeds
            .iter()
            .map(|cpu| (&*cpu.name, cpu.khz, cpu.throttled))
            .collect();
        assert_eq!(read, expected);
    }
}
