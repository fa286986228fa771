//! What is usual: the median of the last ten minutes.

use std::collections::VecDeque;
use std::time::Duration;

/// A value is kept so often,
const EVERY: Duration = Duration::from_secs(5);
/// and for so long.
const KEPT: usize = 120;
/// With fewer values nothing is usual yet: half a minute.
const FEWEST: usize = 6;

/// The values of the last minutes.
#[derive(Debug, Default)]
pub(super) struct History {
    values: VecDeque<f64>,
    last: Option<Duration>,
}

impl History {
    pub(super) fn add(&mut self, now: Duration, value: f64) {
        if self
            .last
            .is_some_and(|last| now.saturating_sub(last) < EVERY)
        {
            return;
        }
        self.last = Some(now);
        if self.values.len() == KEPT {
            self.values.pop_front();
        }
        self.values.push_back(value);
    }

    /// What is in the middle of them; nothing when they are too few.
    pub(super) fn median(&self) -> Option<f64> {
        if self.values.len() < FEWEST {
            return None;
        }
        let mut sorted: Vec<f64> = self.values.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_in_five_seconds_counts_and_the_oldest_go() {
        let mut history = History::default();
        for second in 0..25 {
            history.add(Duration::from_secs(second), 1.0);
        }
        assert_eq!(history.median(), None);
        history.add(Duration::from_secs(25), 9.0);
        assert_eq!(history.median(), Some(1.0));
        for second in 30..1000 {
            history.add(Duration::from_secs(second), 5.0);
        }
        assert_eq!(history.median(), Some(5.0));
        assert_eq!(history.values.len(), KEPT);
    }
}
