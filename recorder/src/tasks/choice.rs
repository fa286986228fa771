//! Which processes have all their threads recorded, and why. Pure: what the sweep saw in, reasons out.

use super::known::waited_long;
use crate::sweep::Glance;
use afterimage_format::sample::Why;
use afterimage_format::tick::Shed;
use std::cmp::Reverse;
use std::time::Duration;

/// Processes that starve, at a tick.
const MOST_STARVING: usize = 16;
/// Of the busiest, and of those with most threads.
const MOST_BUSY: usize = 3;
const MOST_THREADED: usize = 2;
/// A process is busy that used so much CPU since the tick before, in percent of one core.
const BUSY_PERCENT: u64 = 10;
/// Threads in all of processes that nobody asked for: one that has more is not chosen.
const MOST_UNASKED: u64 = 96;
/// What the kernel keeps of a name.
const NAME_LENGTH: usize = 15;

/// A process whose threads somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ThreadsOf {
    Pid(i32),
    Name(String),
}

impl From<&str> for ThreadsOf {
    fn from(text: &str) -> Self {
        let end = text.floor_char_boundary(NAME_LENGTH);
        let name = || Self::Name(text[..end].to_owned());
        text.parse().map_or_else(|_not_a_pid| name(), Self::Pid)
    }
}

/// Chooses among processes.
#[derive(Debug, Default)]
pub(super) struct Choice {
    /// Places of those that might be chosen, the first first.
    order: Vec<usize>,
    /// Threads of processes that nobody asked for.
    unasked: u64,
}

impl Choice {
    /// Says of each why it is chosen. What is left out to stay within the budget are first those
    /// that nobody asked for, then those too.
    pub(super) fn choose(&mut self, glances: &mut [Glance], shed: Shed, interval: Duration) {
        self.unasked = 0;
        for glance in glances.iter_mut() {
            let is_chosen = glance.is_asked_for && !shed.contains(Shed::IDLE_PROCESSES);
            glance.why = if is_chosen { Why::ASKED_FOR } else { Why(0) };
        }
        if shed.contains(Shed::RARE_FILES) {
            return;
        }
        self.add(glances, (Why::STARVED, MOST_STARVING), |glance| {
            let waited = glance.rose.waited;
            let nanos = u64::try_from(waited.as_nanos()).unwrap_or(u64::MAX);
            let is_starving = glance.is_stalled || waited_long(nanos, interval);
            is_starving.then_some((glance.is_stalled, nanos))
        });
        // A clock tick of `stat` is a hundredth of a second.
        let busy =
            u64::try_from(interval.as_millis()).unwrap_or(u64::MAX) / 10 * BUSY_PERCENT / 100;
        let busy = i64::try_from(busy.max(1)).unwrap_or(i64::MAX);
        self.add(glances, (Why::BUSIEST, MOST_BUSY), |glance| {
            let cpu = glance.rose.cpu_ticks;
            (glance.threads > 1 && cpu >= busy).then_some(cpu)
        });
        self.add(glances, (Why::BUSIEST, MOST_THREADED), |glance| {
            (glance.threads > 1).then_some(glance.threads)
        });
    }

    /// Those that rank first.
    fn add<R: Ord>(
        &mut self,
        glances: &mut [Glance],
        (why, most): (Why, usize),
        rank: impl Fn(&Glance) -> Option<R>,
    ) {
        self.order.clear();
        let ranked = (0..glances.len()).filter(|&place| rank(&glances[place]).is_some());
        self.order.extend(ranked);
        self.order
            .sort_unstable_by_key(|&place| (Reverse(rank(&glances[place])), place));
        for &place in self.order.iter().take(most) {
            let glance = &mut glances[place];
            if glance.why == Why(0) {
                if self.unasked + glance.threads > MOST_UNASKED {
                    continue;
                }
                self.unasked += glance.threads;
            }
            glance.why.0 |= why.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::Rose;
    use afterimage_format::process::{Pid, ProcessKey};
    use afterimage_format::units::Ticks;

    const SECOND: Duration = Duration::from_secs(1);
    const STARVED: u32 = Why::STARVED.0;
    const ASKED_FOR: u32 = Why::ASKED_FOR.0;
    const BUSIEST: u32 = Why::BUSIEST.0;

    fn glance(pid: i32, threads: u64, cpu_ticks: i64) -> Glance {
        Glance {
            key: ProcessKey {
                pid: Pid(pid),
                started: Ticks(5),
            },
            state: b'S',
            threads,
            is_busy: cpu_ticks > 0,
            rose: Rose {
                cpu_ticks,
                waited: Duration::ZERO,
            },
            is_stalled: false,
            is_asked_for: false,
            why: Why(0),
        }
    }

    fn chosen(glances: &[Glance], shed: Shed, interval: Duration) -> Vec<(i32, u32)> {
        let mut glances = glances.to_vec();
        Choice::default().choose(&mut glances, shed, interval);
        let chosen = glances.iter().filter(|glance| glance.why != Why(0));
        chosen
            .map(|glance| (glance.key.pid.0, glance.why.0))
            .collect()
    }

    #[test]
    fn of_a_quiet_host_those_with_most_threads_are_chosen() {
        let mut quiet: Vec<Glance> = (1..500).map(|pid| glance(pid, 1, 1)).collect();
        assert_eq!(chosen(&quiet, Shed::NONE, SECOND), []);
        for (pid, threads) in [(7, 30), (8, 20), (9, 25), (10, 2)] {
            quiet[pid - 1].threads = threads;
        }
        let most = [(7, BUSIEST), (9, BUSIEST)];
        assert_eq!(chosen(&quiet, Shed::NONE, SECOND), most);
    }

    #[test]
    fn what_nobody_asked_for_is_left_out_first() {
        let mut asked = glance(1, 2, 0);
        asked.is_asked_for = true;
        let mut starving = glance(2, 1, 0);
        starving.rose.waited = Duration::from_millis(300);
        let all = [asked, starving, glance(3, 2, 50), glance(4, 1, 90)];
        let whole = [(1, ASKED_FOR | BUSIEST), (2, STARVED), (3, BUSIEST)];
        assert_eq!(chosen(&all, Shed::NONE, SECOND), whole);
        let rare = chosen(&all, Shed::RARE_FILES, SECOND);
        assert_eq!(rare, [(1, ASKED_FOR)]);
        let most = Shed::RARE_FILES.with(Shed::IDLE_PROCESSES);
        assert_eq!(chosen(&all, most, SECOND), []);
    }

    #[test]
    fn who_gets_no_cpu_at_all_starves_more_than_who_gets_some_at_any_interval() {
        let mut all: Vec<Glance> = (1..=20).map(|pid| glance(pid, 1, 0)).collect();
        for glance in &mut all {
            glance.rose.waited = Duration::from_millis(90);
        }
        all[19].rose.waited = Duration::ZERO;
        all[19].is_stalled = true;
        assert_eq!(chosen(&all, Shed::NONE, SECOND), [(20, STARVED)]);
        let starving = chosen(&all, Shed::NONE, SECOND / 10);
        assert_eq!(starving.len(), MOST_STARVING);
        assert_eq!(starving[15], (20, STARVED));
    }

    #[test]
    fn threads_that_nobody_asked_for_are_only_so_many() {
        let mut all = [
            glance(1, 97, 90),
            glance(2, 90, 80),
            glance(3, 7, 70),
            glance(4, 6, 60),
        ];
        assert_eq!(chosen(&all, Shed::NONE, SECOND), [(2, BUSIEST)]);
        all[0].is_asked_for = true;
        let with_asked = [(1, ASKED_FOR | BUSIEST), (2, BUSIEST)];
        assert_eq!(chosen(&all, Shed::NONE, SECOND), with_asked);
    }

    #[test]
    fn a_number_is_a_pid_and_a_name_is_cut_as_the_kernel_cuts_it() {
        assert_eq!(ThreadsOf::from("4711"), ThreadsOf::Pid(4711));
        let name = ThreadsOf::from("a-name-that-is-too-long");
        assert_eq!(name, ThreadsOf::Name("a-name-that-is-".to_owned()));
    }
}
