//! The load of the generated capture: what runs is `postgres` and `php-fpm8.2`, what waits a copy.

use super::{Moment, wall};
use afterimage_analysis::load::{By, Counts, Group, Name, Waiting};
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::units::Ticks;
use afterimage_viewer::data::load::LoadPart;
use afterimage_viewer::data::{LoadColumn, LoadData, LoadMoment, LoadQuestion};

fn count(value: i64) -> u64 {
    u64::try_from(value.max(0)).expect("not negative")
}

/// Of those that want to run one is not seen.
pub(crate) fn moment(moment: &Moment) -> LoadMoment {
    let running = count(moment.runnable - 1);
    let stuck = count(moment.blocked);
    let load = |place: usize| Ok(count(super::whole(moment.load[place] * 100.0)));
    let groups = By::ALL.map(|by| groups(by, running, stuck));
    LoadMoment {
        groups,
        counts: Counts {
            running,
            uninterruptible: stuck,
            kernel_running: Ok(count(moment.runnable)),
            kernel_runnable: Ok(count(moment.runnable)),
            kernel_blocked: Ok(stuck),
            load_hundredths: [load(0), load(1), load(2)],
            threads: Ok(()),
            idle_left_out: false,
        },
        residual: "The kernel counted one more running task than were seen.".to_owned(),
    }
}

fn groups(by: By, running: u64, stuck: u64) -> Vec<Group> {
    let workers = running / 3;
    let group = |name: &str, pid: i32, running, uninterruptible| Group {
        name: Name::Text(name.as_bytes().into()),
        process: (by == By::Process).then_some(key(pid)),
        running,
        uninterruptible,
        pids: vec![Pid(pid)],
        waiting: vec![],
    };
    let mut waits = group(
        if by == By::User { "backup" } else { "rsync" },
        1180,
        0,
        stuck,
    );
    let wchan = Some(b"folio_wait_bit_common"[..].into());
    waits.waiting = vec![Waiting {
        wchan,
        tasks: stuck,
    }];
    let mut all = match by {
        By::Wchan => {
            let mut runs = group("", 1, running, 0);
            runs.name = Name::Runnable;
            waits.name = Name::Text(b"folio_wait_bit_common"[..].into());
            vec![runs, waits]
        }
        By::User => vec![group("www-data", 900, running, 0), waits],
        By::Process | By::Command => vec![
            group("postgres", 811, running - workers, 0),
            group("php-fpm8.2", 2013, workers, 0),
            waits,
        ],
    };
    all.retain(|group| group.tasks() > 0);
    all.sort_by_key(|group| std::cmp::Reverse(group.tasks()));
    all
}

fn key(pid: i32) -> ProcessKey {
    ProcessKey {
        pid: Pid(pid),
        started: Ticks(5),
    }
}

/// One column for each so many seconds.
pub(crate) fn over_time(moments: &[Moment], question: &LoadQuestion) -> LoadData {
    let seen = moments.iter().filter(|moment| {
        question.from <= wall(moment.second) && wall(moment.second) <= question.to
    });
    let seen: Vec<&Moment> = seen.collect();
    let every = seen.len().div_ceil(question.most).max(1);
    let seen: Vec<&Moment> = seen.into_iter().step_by(every).collect();
    let mut data = LoadData::nothing(question.by);
    for group in seen
        .iter()
        .flat_map(|seen| moment(seen).by(question.by).to_vec())
    {
        if data.place_of(&group).is_none() {
            data.parts.push(LoadPart {
                name: group.name,
                process: group.process,
            });
        }
    }
    for (place, seen_now) in seen.iter().enumerate() {
        let next = seen
            .get(place + 1)
            .map_or(seen_now.second + 1, |next| next.second);
        let every = i64::try_from(every).expect("two hours");
        let mut column = LoadColumn {
            from: wall(seen_now.second),
            to: wall(next.min(seen_now.second + every)),
            tasks: vec![0.0; data.parts.len()],
            others: 0.0,
            not_seen: 1.0,
            load_one: Some(seen_now.load[0]),
            computed: Some(seen_now.load[0] * 0.95),
        };
        for group in moment(seen_now).by(question.by) {
            if let Some(place) = data.place_of(group) {
                column.tasks[place] = group.tasks() as f64;
            }
        }
        data.columns.push(column);
    }
    data
}
