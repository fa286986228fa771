//! The kernel's formula for the load averages, forwards and backwards.
//!
//! `kernel/sched/loadavg.c`: every `LOAD_FREQ` (5 s and one tick of the kernel's clock) the number
//! of tasks is taken, and `avenrun = avenrun * exp + active * (1 - exp)` in fixed point with eleven
//! bits behind the point.

use std::time::Duration;

/// One, in the kernel's fixed point.
const FIXED_1: u64 = 1 << 11;
/// `1/exp(5s/1min)`, `1/exp(5s/5min)`, `1/exp(5s/15min)`.
const EXP: [u64; 3] = [1884, 2014, 2037];
/// `LOAD_FREQ` of a kernel whose clock ticks 250 times a second; with 100 it is 6 ms longer, with
/// 1000 3 ms shorter.
pub const CADENCE: Duration = Duration::from_millis(5004);

/// The three averages, as the kernel keeps them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Averages([u64; 3]);

impl Averages {
    /// Those that `/proc/loadavg` shows as so many hundredths.
    pub fn from_hundredths(hundredths: [u64; 3]) -> Self {
        Self(hundredths.map(|load| load.saturating_mul(FIXED_1).saturating_add(50) / 100))
    }

    /// The kernel takes the number of tasks. That is whole in the kernel; here it may be one
    /// between two samples.
    #[must_use]
    pub fn after(self, active: f64) -> Self {
        let [one, five, fifteen] = self.0;
        let active = fixed(active);
        let [e1, e5, e15] = EXP;
        Self([
            calc_load(one, e1, active),
            calc_load(five, e5, active),
            calc_load(fifteen, e15, active),
        ])
    }

    /// As numbers.
    pub fn values(self) -> [f64; 3] {
        self.0.map(|load| load as f64 / FIXED_1 as f64)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is not negative, and no host has 2^40 tasks"
)]
fn fixed(active: f64) -> u64 {
    (active.clamp(0.0, 1e12) * FIXED_1 as f64).round() as u64
}

/// `calc_load()` of the kernel.
fn calc_load(load: u64, exp: u64, active: u64) -> u64 {
    let mut sum = load
        .saturating_mul(exp)
        .saturating_add(active.saturating_mul(FIXED_1 - exp));
    if active >= load {
        sum = sum.saturating_add(FIXED_1 - 1);
    }
    sum / FIXED_1
}

/// How many tasks a change of the average over one minute implies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Implied {
    /// On average over the time, with more weight on its end, as the formula has it.
    pub tasks: f64,
    /// Give or take so many, as the averages are published in hundredths.
    pub resolution: f64,
}

/// What the kernel must have counted for the one-minute average to go from here to there in so many
/// steps of [`CADENCE`]; nothing when it took no step.
pub fn implied(before_hundredths: u64, now_hundredths: u64, steps: u32) -> Option<Implied> {
    if steps == 0 {
        return None;
    }
    let left = decay(steps);
    let [before, now] = [before_hundredths, now_hundredths].map(|load| load as f64 / 100.0);
    Some(Implied {
        tasks: ((now - before * left) / (1.0 - left)).max(0.0),
        resolution: 0.005 * (1.0 + left) / (1.0 - left),
    })
}

/// What is left of the one-minute average after so many steps.
pub(super) fn decay(steps: u32) -> f64 {
    let steps = i32::try_from(steps).unwrap_or(i32::MAX);
    (EXP[0] as f64 / FIXED_1 as f64).powi(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formula_is_that_of_the_kernel() {
        // 0 tasks so far, then one: (0 * 1884 + 2048 * 164 + 2047) / 2048 = 164 (and 999/1000).
        let one = Averages::from_hundredths([0; 3]).after(1.0);
        assert_eq!(one, Averages([164, 34, 11]));
        // From 1.00 with nothing: 2048 * 1884 / 2048.
        assert_eq!(
            Averages::from_hundredths([100; 3]).after(0.0),
            Averages(EXP)
        );
        // Where nothing changes nothing does.
        let three = Averages::from_hundredths([300; 3]);
        assert_eq!(three.after(3.0), three);
    }

    #[test]
    fn after_a_minute_of_one_task_the_average_is_what_is_known_of_it() {
        let minute = (0..12).fold(Averages::from_hundredths([0; 3]), |load, _| load.after(1.0));
        let [one, five, fifteen] = minute.values();
        assert!((one - 0.633).abs() < 0.005, "{one}");
        assert!((five - 0.183).abs() < 0.005, "{five}");
        assert!((fifteen - 0.065).abs() < 0.005, "{fifteen}");
    }

    #[test]
    fn backwards_it_says_how_many_tasks_there_were_as_well_as_hundredths_can() {
        let mut load = Averages::from_hundredths([420, 300, 100]);
        for _ in 0..3 {
            load = load.after(7.0);
        }
        let shown = (load.values()[0] * 100.0).round();
        let implied = implied(420, format!("{shown}").parse().unwrap(), 3).unwrap();
        assert!(
            (implied.tasks - 7.0).abs() <= implied.resolution,
            "{implied:?}"
        );
        assert!((implied.resolution - 0.04).abs() < 0.003, "{implied:?}");
    }

    #[test]
    fn one_step_is_coarse_and_none_says_nothing() {
        let one = implied(100, 100, 1).unwrap();
        assert!((one.resolution - 0.12).abs() < 0.001, "{one:?}");
        assert!((one.tasks - 1.0).abs() < 1e-9);
        assert_eq!(implied(100, 200, 0), None);
        // A fall that is steeper than with no task at all is rounding.
        assert!(implied(2, 1, 1).unwrap().tasks.abs() < 1e-9);
    }
}
