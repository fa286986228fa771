//! Which processes have all their threads recorded, and why. Pure: what the sweep saw in, reasons out.

use crate::sweep::Glance;
use afterimage_format::sample::Why;
use afterimage_format::tick::Shed;
use std::cmp::Reverse;
use std::time::Duration;

/// A process starves whose leader waited so long since the tick before.
const STARVING: Duration = Duration::from_millis(300);
const MOST_STARVING: usize = 16;
/// Of the busiest and of those with most threads, so many each.
const MOST_BUSY: usize = 3;
/// CPU time since the tick before, in hundredths of a second, without which none is busy.
const BUSY_TICKS: i64 = 10;
/// Threads of one process, of those that nobody asked for.
const MOST_EACH: u64 = 64;
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

/// Those that are chosen, what somebody asked for first. What is left out to stay within the
/// budget are first those that nobody asked for, then those too.
pub(super) fn choose(glances: &[Glance], shed: Shed) -> Vec<(Glance, Why)> {
    let mut chosen: Vec<(Glance, Why)> = Vec::new();
    if !shed.contains(Shed::IDLE_PROCESSES) {
        let asked = glances.iter().filter(|glance| glance.is_asked_for);
        add(&mut chosen, asked, Why::ASKED_FOR);
    }
    if shed.contains(Shed::RARE_FILES) {
        return chosen;
    }
    let small = || glances.iter().filter(|glance| glance.threads <= MOST_EACH);
    let mut starving: Vec<&Glance> = small()
        .filter(|glance| glance.rose.waited >= STARVING)
        .collect();
    starving.sort_by_key(|glance| Reverse(glance.rose.waited));
    add(
        &mut chosen,
        starving.into_iter().take(MOST_STARVING),
        Why::STARVED,
    );
    let busy = |glance: &&Glance| glance.threads > 1 && glance.rose.cpu_ticks >= BUSY_TICKS;
    let mut busy: Vec<&Glance> = small().filter(busy).collect();
    busy.sort_by_key(|glance| Reverse(glance.rose.cpu_ticks));
    add(
        &mut chosen,
        busy.iter().copied().take(MOST_BUSY),
        Why::BUSIEST,
    );
    busy.sort_by_key(|glance| Reverse(glance.threads));
    add(&mut chosen, busy.into_iter().take(MOST_BUSY), Why::BUSIEST);
    chosen
}

fn add<'a>(chosen: &mut Vec<(Glance, Why)>, more: impl Iterator<Item = &'a Glance>, why: Why) {
    for glance in more {
        match chosen.iter_mut().find(|(known, _)| known.key == glance.key) {
            Some((_, reasons)) => reasons.0 |= why.0,
            None => chosen.push((*glance, why)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::Rose;
    use afterimage_format::process::{Pid, ProcessKey};
    use afterimage_format::units::Ticks;

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
            is_asked_for: false,
        }
    }

    fn pids(chosen: &[(Glance, Why)]) -> Vec<(i32, u32)> {
        let pid = |(glance, why): &(Glance, Why)| (glance.key.pid.0, why.0);
        chosen.iter().map(pid).collect()
    }

    #[test]
    fn a_quiet_host_has_none() {
        let quiet: Vec<Glance> = (1..500).map(|pid| glance(pid, 4, 1)).collect();
        assert_eq!(pids(&choose(&quiet, Shed::NONE)), []);
    }

    #[test]
    fn what_nobody_asked_for_is_left_out_first() {
        let mut asked = glance(1, 2, 0);
        asked.is_asked_for = true;
        let mut starving = glance(2, 1, 0);
        starving.rose.waited = STARVING;
        let all = [
            asked,
            starving,
            glance(3, 2, 50),
            glance(4, 1, 90),
            glance(5, 65, 90),
        ];
        let (asked, starved, busiest) = (4, 2, 8);
        let whole = [(1, asked), (2, starved), (3, busiest)];
        assert_eq!(pids(&choose(&all, Shed::NONE)), whole);
        assert_eq!(pids(&choose(&all, Shed::RARE_FILES)), [(1, asked)]);
        let most = Shed::RARE_FILES.with(Shed::IDLE_PROCESSES);
        assert_eq!(pids(&choose(&all, most)), []);
    }

    #[test]
    fn a_number_is_a_pid_and_a_name_is_cut_as_the_kernel_cuts_it() {
        assert_eq!(ThreadsOf::from("4711"), ThreadsOf::Pid(4711));
        let name = ThreadsOf::from("a-name-that-is-too-long");
        assert_eq!(name, ThreadsOf::Name("a-name-that-is-".to_owned()));
    }
}
