//! `top`: a summary of the machine and the processes, as procps 4 shows them.

use crate::machine::cpu::Modes;
use crate::machine::memory::Amounts;
use crate::rate::{ProcessRates, Step};
use crate::table::{Cell, Column};
use afterimage_format::counter::total;
use afterimage_format::group::ProcessField;
use afterimage_format::reading::Reading;
use afterimage_format::sample::{Machine, Process, Sample};
use afterimage_format::units::{Bytes, TickRate};

/// The columns of the table of processes.
pub const COLUMNS: [Column; 12] = [
    Column::number("pid", "PID"),
    Column::text("user", "USER"),
    Column::number("pr", "PR"),
    Column::number("ni", "NI"),
    Column::number("virt_bytes", "VIRT"),
    Column::number("res_bytes", "RES"),
    Column::number("shr_bytes", "SHR"),
    Column::text("state", "S"),
    Column::number("cpu_percent", "%CPU"),
    Column::number("mem_percent", "%MEM"),
    Column::number("time_seconds", "TIME+"),
    Column::text("command", "COMMAND"),
];

/// The columns of the summary.
pub const SUMMARY: [Column; 25] = [
    Column::number("up_seconds", "up"),
    Column::number("load1", "load1"),
    Column::number("load5", "load5"),
    Column::number("load15", "load15"),
    Column::number("tasks_total", "total"),
    Column::number("tasks_running", "running"),
    Column::number("tasks_sleeping", "sleeping"),
    Column::number("tasks_stopped", "stopped"),
    Column::number("tasks_zombie", "zombie"),
    Column::number("us_percent", "us"),
    Column::number("sy_percent", "sy"),
    Column::number("ni_percent", "ni"),
    Column::number("id_percent", "id"),
    Column::number("wa_percent", "wa"),
    Column::number("hi_percent", "hi"),
    Column::number("si_percent", "si"),
    Column::number("st_percent", "st"),
    Column::number("mem_total_bytes", "total"),
    Column::number("mem_free_bytes", "free"),
    Column::number("mem_used_bytes", "used"),
    Column::number("mem_buff_cache_bytes", "buff/cache"),
    Column::number("swap_total_bytes", "total"),
    Column::number("swap_free_bytes", "free"),
    Column::number("swap_used_bytes", "used"),
    Column::number("mem_available_bytes", "avail Mem"),
];

/// The fields of processes that it is made of.
pub const FIELDS: &[ProcessField] = &[
    ProcessField::StatReadAt,
    ProcessField::Run,
    ProcessField::Wait,
    ProcessField::State,
    ProcessField::Utime,
    ProcessField::Stime,
    ProcessField::Priority,
    ProcessField::Nice,
    ProcessField::Threads,
    ProcessField::Vsize,
    ProcessField::Rss,
    ProcessField::RssFile,
    ProcessField::RssShmem,
    ProcessField::Uid,
    ProcessField::User,
    ProcessField::Comm,
];

/// The numbers of the summary, in the order of [`SUMMARY`].
pub fn summary(now: &Sample, step: Option<&Step<'_>>) -> Vec<Cell> {
    let machine = &now.machine;
    let bytes = |amount: Reading<Bytes>| Cell::integer(amount.ok().map(|bytes| bytes.0));
    let amounts = Amounts::new(&machine.memory);
    let mut cells = vec![Cell::real(
        machine.uptime.ok().map(|up| up.as_secs_f64()),
        2,
    )];
    let loads = machine.load_hundredths.iter();
    cells.extend(loads.map(|load| Cell::real(load.ok().map(|load| load as f64 / 100.0), 2)));
    cells.extend(tasks(&now.processes).map(|count| Cell::integer(Some(count))));
    let shares = step.and_then(|step| shares(&step.before.machine, machine));
    cells.extend((0..8).map(|at| Cell::real(shares.map(|shares| shares[at]), 1)));
    cells.extend(
        [
            amounts.total,
            amounts.unused,
            amounts.used,
            amounts.buff_cache,
            amounts.swap_total,
            amounts.swap_unused,
            amounts.swap_used,
            amounts.available,
        ]
        .map(bytes),
    );
    cells
}

/// Total, running, sleeping, stopped, zombie. As in top, what waits in any way sleeps.
fn tasks(processes: &[Process]) -> [usize; 5] {
    let count = |states: &[u8]| {
        let letters = processes.iter().filter_map(|process| process.state.ok());
        letters.filter(|state| states.contains(&state.0)).count()
    };
    [
        processes.len(),
        count(b"R"),
        count(b"SDI"),
        count(b"Tt"),
        count(b"Z"),
    ]
}

/// us, sy, ni, id, wa, hi, si, st.
fn shares(before: &Machine, now: &Machine) -> Option<[f64; 8]> {
    let modes = Modes::between(&before.cpu.ok()?, &now.cpu.ok()?).ok()?;
    let all = modes.total();
    let parts = [
        modes.user,
        modes.system,
        modes.nice,
        modes.idle,
        modes.iowait,
        modes.irq,
        modes.softirq,
        modes.steal,
    ];
    (all > 0).then(|| parts.map(|part| part as f64 * 100.0 / all as f64))
}

/// A row for each process, by pid, in the order of [`COLUMNS`]; without a step nobody's share of
/// the CPU is known.
pub fn rows(
    now: &Sample,
    step: Option<&Step<'_>>,
    (tick_rate, page_size): (TickRate, Bytes),
) -> Vec<Vec<Cell>> {
    let all = now.machine.memory.bytes("MemTotal");
    let row = |process: &Process| {
        let rates = step.map(|step| {
            let counters = process.counters();
            match step.before.process(process.key) {
                Some(before) => {
                    ProcessRates::between(step.elapsed, &before.counters(), &counters, tick_rate)
                }
                None => ProcessRates::since_birth(step.elapsed, &counters, tick_rate),
            }
        });
        let bytes = |amount: Reading<Bytes>| amount.ok().map(|bytes| bytes.0 as f64);
        let resident = process.rss_pages;
        let resident = bytes(resident.map(|pages| Bytes::from_pages(pages, page_size)));
        let shared = bytes(process.rss_file).zip(bytes(process.rss_shmem));
        let share = resident.zip(bytes(all));
        let share = share.map(|(resident, all)| resident * 100.0 / all);
        let ticks = process.utime.ok().zip(process.stime.ok());
        let ticks = ticks.map(|(user, system)| total([user.0, system.0]));
        let seconds = ticks.map(|ticks| ticks as f64 / tick_rate.0.get() as f64);
        let kib = |amount: Option<f64>| Cell::scaled(amount, 1024.0);
        let uid = || process.uids[0].ok().map(|uid| uid.to_string().into_bytes());
        let user = process
            .user
            .as_deref()
            .ok()
            .map(<[u8]>::to_vec)
            .or_else(uid);
        let state = process.state.ok();
        vec![
            Cell::Integer(process.key.pid.0.into()),
            Cell::text(user.as_deref()),
            Cell::integer(process.priority.ok()),
            Cell::integer(process.nice.ok()),
            kib(bytes(process.vsize)),
            kib(resident),
            kib(shared.map(|(file, shmem)| file + shmem)),
            state.map_or(Cell::Absent, |state| Cell::Word(state.letter().to_string())),
            Cell::real(rates.and_then(|rates| rates.cpu_percent), 1),
            Cell::real(share, 1),
            Cell::real(seconds, 2),
            Cell::text(process.comm.as_deref().ok()),
        ]
    };
    now.processes.iter().map(row).collect()
}

/// CPU time as top has it: minutes, seconds and hundredths.
pub fn time_plus(seconds: f64) -> String {
    let hundredths = std::time::Duration::from_secs_f64(seconds.max(0.0)).as_millis() / 10;
    let (minutes, rest) = (hundredths / 6000, hundredths % 6000);
    format!("{minutes}:{:02}.{:02}", rest / 100, rest % 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::made::{TWO_SECONDS, at, lines, nothing};
    use afterimage_format::process::{Pid, ProcessKey};
    use afterimage_format::sample::State;
    use afterimage_format::units::Ticks;
    use std::num::NonZeroU64;

    fn process(state: u8, ticks: u64) -> Process {
        let key = ProcessKey {
            pid: Pid(7),
            started: Ticks(1),
        };
        Process {
            state: Ok(State(state)),
            utime: Ok(Ticks(ticks)),
            stime: Ok(Ticks(0)),
            threads: Ok(2),
            rss_pages: Ok(256),
            ..Process::not_read(key)
        }
    }

    #[test]
    fn a_process_has_the_share_of_the_step_and_the_time_of_its_life() {
        let (mut before, mut now) = at(nothing(), nothing());
        now.machine.memory = lines(&[("MemTotal", 4096)]);
        before.processes = vec![process(b'S', 6000)];
        now.processes = vec![process(b'R', 6100)];
        let units = (TickRate(NonZeroU64::new(100).unwrap()), Bytes(4096));
        let step = Step {
            before: &before,
            now: &now,
            elapsed: TWO_SECONDS,
        };
        let row = &rows(&now, Some(&step), units)[0];
        let cell = |key| {
            let place = COLUMNS.iter().position(|column| column.key == key);
            row[place.unwrap()].clone()
        };
        // A second of 2 s; 1 MiB of 4 MiB.
        assert_eq!(cell("cpu_percent"), Cell::Real(50.0, 1));
        assert_eq!(cell("mem_percent"), Cell::Real(25.0, 1));
        assert_eq!(cell("time_seconds"), Cell::Real(61.0, 2));
        assert_eq!(cell("shr_bytes"), Cell::Absent, "`status` was not read");
        assert_eq!(rows(&now, None, units)[0][8], Cell::Absent);
        let summary = summary(&now, Some(&step));
        assert_eq!(summary.len(), SUMMARY.len());
        let tasks = &summary[4..9];
        let counts = [1, 1, 0, 0, 0].map(Cell::Integer);
        assert_eq!(tasks, counts);
    }

    #[test]
    fn time_is_minutes_seconds_and_hundredths() {
        assert_eq!(time_plus(61.0), "1:01.00");
        assert_eq!(time_plus(36_000.239), "600:00.23");
    }
}
