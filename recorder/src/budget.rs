//! What the recorder may cost: over its budget it leaves things out, in a declared order.
//!
//! Never left out: machine totals, pressure, tasks in state R or D, the record of gaps.

use afterimage_format::tick::Shed;
use std::time::Duration;

/// What is left out, step by step, each on top of those before it. The last steps leave out
/// nothing more: idle processes, and what is read now and then, have their turn more rarely.
const STEPS: [Shed; 8] = [
    Shed::RARE_FILES,
    Shed::SOCKETS,
    Shed::STATUS,
    Shed::IO,
    Shed::IDLE_PROCESSES,
    Shed::NONE,
    Shed::NONE,
    Shed::NONE,
];
/// Ticks between two turns of a process, after each step.
const ROUNDS: [u64; STEPS.len() + 1] = [10, 10, 10, 10, 10, 10, 20, 40, 80];
/// A step is taken, or taken back, after so many ticks.
const PATIENCE: u32 = 10;
/// A step is taken back once the cost is under this share of the budget, in percent: taking it
/// back will cost something.
const RELIEF_PERCENT: u32 = 60;

/// The budget and how it is kept.
#[derive(Debug)]
pub(crate) struct Budget {
    /// CPU time allowed for each second that passes.
    allowed: f64,
    taken: usize,
    ticks: u32,
    spent: Duration,
    passed: Duration,
}

impl Budget {
    /// A budget in percent of one core.
    pub(crate) fn new(percent: f64) -> Self {
        Self {
            allowed: percent / 100.0,
            taken: 0,
            ticks: 0,
            spent: Duration::ZERO,
            passed: Duration::ZERO,
        }
    }

    /// Another budget; what is left out stays so until the cost says otherwise.
    pub(crate) fn set_percent(&mut self, percent: f64) {
        self.allowed = percent / 100.0;
    }

    /// What to leave out of the next tick.
    pub(crate) fn shed(&self) -> Shed {
        STEPS[..self.taken]
            .iter()
            .fold(Shed::NONE, |all, step| all.with(*step))
    }

    /// How many ticks there are between two turns of an idle process.
    pub(crate) fn round(&self) -> u64 {
        ROUNDS[self.taken]
    }

    /// Counts what a tick cost, and how much time passed since the one before. Gives whether
    /// what is left out has changed.
    pub(crate) fn spend(&mut self, cost: Duration, passed: Duration) -> bool {
        self.spent += cost;
        self.passed += passed;
        self.ticks += 1;
        if self.ticks < PATIENCE {
            return false;
        }
        let share = self.spent.as_secs_f64() / self.passed.as_secs_f64().max(f64::MIN_POSITIVE);
        (self.ticks, self.spent, self.passed) = (0, Duration::ZERO, Duration::ZERO);
        let before = self.shed();
        if share > self.allowed {
            self.taken = (self.taken + 1).min(STEPS.len());
        } else if share * 100.0 < self.allowed * f64::from(RELIEF_PERCENT) {
            self.taken = self.taken.saturating_sub(1);
        }
        self.shed() != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ten_ticks(budget: &mut Budget, cost_ms: u64) -> Vec<&'static str> {
        for _ in 0..10 {
            budget.spend(Duration::from_millis(cost_ms), Duration::from_secs(1));
        }
        budget.shed().names().collect()
    }

    #[test]
    fn steps_are_taken_one_by_one_and_taken_back_with_some_room() {
        let mut budget = Budget::new(3.0);
        assert_eq!(ten_ticks(&mut budget, 29), [""; 0]);
        assert_eq!(ten_ticks(&mut budget, 40), ["rare-files"]);
        assert_eq!(ten_ticks(&mut budget, 40), ["rare-files", "sockets"]);
        assert_eq!(
            ten_ticks(&mut budget, 20),
            ["rare-files", "sockets"],
            "20 ms is over the relief"
        );
        assert_eq!(ten_ticks(&mut budget, 10), ["rare-files"]);
        assert_eq!(ten_ticks(&mut budget, 10), [""; 0]);
    }

    #[test]
    fn with_everything_left_out_idle_processes_have_their_turn_more_rarely() {
        let mut budget = Budget::new(3.0);
        let mut rounds = Vec::new();
        for _ in 0..10 {
            ten_ticks(&mut budget, 60);
            rounds.push((
                budget.shed() == Shed(15).with(Shed::SOCKETS),
                budget.round(),
            ));
        }
        let shed_first = [10; 4].map(|round| (false, round));
        let then = [10, 20, 40, 80, 80, 80].map(|round| (true, round));
        assert_eq!(rounds, [&shed_first[..], &then].concat());
        ten_ticks(&mut budget, 5);
        assert_eq!(budget.round(), 40, "taken back one by one");
    }

    #[test]
    fn one_dear_tick_is_no_reason() {
        let mut budget = Budget::new(3.0);
        assert!(!budget.spend(Duration::from_millis(200), Duration::from_secs(1)));
        assert_eq!(ten_ticks(&mut budget, 5), [""; 0]);
    }
}
