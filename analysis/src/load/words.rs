//! The load in sentences: what it was made of, and how that agrees with the kernel.

use super::{Counts, Group, Hidden, Name, Over, Waiting};
use crate::escape::Escaped;

/// So many groups are named in a sentence.
const NAMED: usize = 3;

/// A number of tasks: whole where it is.
pub fn count_words(tasks: f64) -> String {
    let text = format!("{tasks:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}

/// `23 tasks: 20 running or runnable (java 12, gzip 8), 3 in D (nfsd 3)`. The groups are of so many
/// moments, added up.
pub fn words(groups: &[Group], moments: u64) -> String {
    let moments = moments.max(1) as f64;
    let sum = |of: fn(&Group) -> u64| groups.iter().map(of).sum::<u64>() as f64 / moments;
    let (running, stuck) = (
        sum(|group| group.running),
        sum(|group| group.uninterruptible),
    );
    let total = running + stuck;
    let tasks = if count_words(total) == "1" {
        "task"
    } else {
        "tasks"
    };
    let running = format!(
        "{} running or runnable{}",
        count_words(running),
        named(groups, moments, |group| group.running)
    );
    let stuck = format!(
        "{} in D{}",
        count_words(stuck),
        named(groups, moments, |group| group.uninterruptible)
    );
    format!("{} {tasks}: {running}, {stuck}", count_words(total))
}

/// ` (java 12, gzip 8, 3 others)`
fn named(groups: &[Group], moments: f64, of: fn(&Group) -> u64) -> String {
    let mut sums: Vec<(&Group, u64)> = groups.iter().map(|group| (group, of(group))).collect();
    sums.retain(|(_, tasks)| *tasks > 0);
    sums.sort_by_key(|(_, tasks)| std::cmp::Reverse(*tasks));
    let rest: u64 = sums.iter().skip(NAMED).map(|(_, tasks)| tasks).sum();
    let share = |tasks: u64| count_words(tasks as f64 / moments);
    let mut parts: Vec<String> = sums
        .iter()
        .take(NAMED)
        .map(|(group, tasks)| format!("{} {}", name_words(&group.name), share(*tasks)))
        .collect();
    if rest > 0 {
        parts.push(format!("others {}", share(rest)));
    }
    if parts.is_empty() {
        return String::new();
    }
    format!(" ({})", parts.join(", "))
}

/// The name of a group, safe to show.
pub fn name_words(name: &Name) -> String {
    match name {
        Name::Text(text) => Escaped(text).to_string(),
        Name::Runnable => "running or runnable".to_owned(),
        Name::Unknown => "not recorded".to_owned(),
    }
}

/// What tasks wait in: in words, else the function's own name.
pub fn wait_words(waiting: &Waiting) -> String {
    match (waiting.what(), &waiting.wchan) {
        (Some(what), _) => what.to_owned(),
        (None, Some(function)) => format!("Waits in {} of the kernel.", Escaped(function)),
        (None, None) => "Where it waits was not recorded.".to_owned(),
    }
}

/// How the tasks that were seen agree with what the kernel counted at the same instant.
pub fn residual(counts: &Counts, hidden: &[Hidden]) -> String {
    let mut parts = vec![running(counts)];
    if counts.running_not_seen().is_some_and(|rest| rest > 0)
        && let Some(suspects) = suspects(hidden)
    {
        parts.push(suspects);
    }
    parts.push(match counts.kernel_blocked {
        Ok(blocked) => format!(
            "It publishes no count of tasks in D, of which {} were seen, but one of those that wait for I/O: {blocked}.",
            counts.uninterruptible
        ),
        Err(missing) => format!("How many tasks wait for I/O is not known: {missing}."),
    });
    if let Err(missing) = counts.threads {
        parts.push(format!(
            "Of threads other than the first nothing is known: {missing}."
        ));
    }
    if counts.idle_left_out {
        parts.push(
            "Processes that had been idle were left out of this tick: their states are older."
                .to_owned(),
        );
    }
    parts.join(" ")
}

fn running(counts: &Counts) -> String {
    let (Ok(kernel), Some(rest)) = (counts.kernel_running, counts.running_not_seen()) else {
        let why = counts
            .kernel_running
            .err()
            .map_or_else(String::new, |why| format!(": {why}"));
        return format!("How many running tasks the kernel counted is not known{why}.");
    };
    let tasks = if kernel == 1 { "task" } else { "tasks" };
    let begin = format!("The kernel counted {kernel} running {tasks} beside the recorder");
    match rest {
        0 => format!("{begin}: as many as were seen."),
        1.. => format!("{begin}: {rest} of them not seen."),
        _ => format!("{begin}, a moment before {} were seen.", counts.running),
    }
}

fn suspects(hidden: &[Hidden]) -> Option<String> {
    let named: Vec<String> = hidden
        .iter()
        .take(NAMED)
        .map(|hidden| {
            let comm = hidden.comm.as_deref().unwrap_or(b"?");
            format!(
                "{} (pid {}, {} of {} threads looked at, {:.0} % CPU)",
                Escaped(comm),
                hidden.process.pid.0,
                hidden.looked_at,
                hidden.threads,
                hidden.cpu_percent
            )
        })
        .collect();
    (!named.is_empty()).then(|| format!("They may be threads of {}.", named.join(", ")))
}

/// What the load average implies over a time, and how much of it was seen.
pub fn over_words(over: &Over) -> String {
    let share = over.not_seen_percent();
    let share = share.map_or_else(String::new, |share| format!(", {share:.0} % of the load"));
    format!(
        "{} tasks on average (\u{b1} {:.2}) by the change of the load average, {} seen, {} not seen{share}",
        count_words(over.implied.tasks),
        over.implied.resolution,
        count_words(over.seen),
        count_words(over.not_seen()),
    )
}

#[cfg(test)]
mod tests {
    use super::super::moment::tests::{process, sample};
    use super::super::{By, Implied, Moment, groups};
    use super::*;
    use afterimage_format::process::{Pid, ProcessKey};
    use afterimage_format::reading::Missing;
    use afterimage_format::units::Ticks;

    fn counts(running: u64) -> Counts {
        let processes = vec![process(7, b'R', "ja\x1bva"), process(9, b'D', "dd")];
        Moment::of(&sample(processes, vec![], running), None).counts
    }

    #[test]
    fn a_moment_is_a_sentence_and_names_do_not_reach_the_terminal() {
        let processes = [b'R', b'R', b'D']
            .iter()
            .zip([7, 8, 9])
            .map(|(state, pid)| process(pid, *state, "ja\x1bva"));
        let sample = sample(processes.collect(), vec![], 3);
        let groups = groups(&Moment::of(&sample, None).parts, By::Command);
        let expected = "3 tasks: 2 running or runnable (ja\\x1bva 2), 1 in D (ja\\x1bva 1)";
        assert_eq!(words(&groups, 1), expected);
        assert_eq!(words(&[], 1), "0 tasks: 0 running or runnable, 0 in D");
        let half = "1.5 tasks: 1 running or runnable (ja\\x1bva 1), 0.5 in D (ja\\x1bva 0.5)";
        assert_eq!(words(&groups, 2), half);
    }

    #[test]
    fn the_rest_is_told_with_who_may_have_it() {
        assert!(residual(&counts(2), &[]).starts_with(
            "The kernel counted 1 running task beside the recorder: as many as were seen."
        ));
        assert!(residual(&counts(1), &[]).starts_with(
            "The kernel counted 0 running tasks beside the recorder, a moment before 1 were seen."
        ));
        let hidden = Hidden {
            process: ProcessKey {
                pid: Pid(7),
                started: Ticks(5),
            },
            comm: Some(b"java"[..].into()),
            threads: 300,
            looked_at: 1,
            cpu_percent: 640.4,
        };
        let told = residual(&counts(8), &[hidden]);
        assert!(told.contains("counted 7 running tasks beside the recorder: 6 of them not seen. They may be threads of java (pid 7, 1 of 300 threads looked at, 640 % CPU)."), "{told}");
    }

    #[test]
    fn what_is_not_known_says_why() {
        let mut counts = counts(2);
        counts.kernel_running = Err(Missing::PermissionDenied);
        counts.threads = Err(Missing::Shed);
        let told = residual(&counts, &[]);
        assert!(
            told.starts_with("How many running tasks the kernel counted is not known: "),
            "{told}"
        );
        assert!(
            told.contains("Of threads other than the first nothing is known: "),
            "{told}"
        );
    }

    #[test]
    fn what_the_average_implies_is_told_with_its_resolution() {
        let over = Over {
            implied: Implied {
                tasks: 23.1,
                resolution: 0.011,
            },
            seen: 22.0,
            counted: 23.0,
            steps: 12,
        };
        let expected = "23.1 tasks on average (± 0.01) by the change of the load average, 22 seen, 1.1 not seen, 5 % of the load";
        assert_eq!(over_words(&over), expected);
    }
}
