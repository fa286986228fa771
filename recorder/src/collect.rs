//! One tick: every source, in the order in which their truth matters.
//!
//! `/proc/stat` and the pressure files come first, since the sweep over the processes uses
//! them; it comes last, since it takes longest. What is not readable is noted once.

mod fared;
mod left;

pub(crate) use fared::source_from_state;

use crate::accounts_at::AccountsAt;
use crate::clock;
use crate::details::Details;
use crate::dumps::Lookout;
use crate::redact::ArgsLevel;
use crate::rows::{Cells, NamedRows};
use crate::sockets::Sockets;
use crate::source::disks::Disks;
use crate::source::file_locks::FileLocks;
use crate::source::file_rows::FileRows;
use crate::source::file_systems::FileSystems;
use crate::source::interrupts::Interrupts;
use crate::source::limits::Limits;
use crate::source::protocols::Protocols;
use crate::source::sysfs::Sysfs;
use crate::source::sysfs::cpus::Speeds;
use crate::source::sysfs::nodes::NodeRows;
use crate::source::{
    KeptFile, ProcRoot, RowSource, lines, loadavg, missing_from_errno, net_dev, pressure,
    schedstat, stat,
};
use crate::sweep::{Glance, Seen, Surroundings, Sweep};
use crate::tasks::{self, Tasks};
use afterimage_format::facts::{Event, Source};
use afterimage_format::group::{Group, MachineField, PressureField};
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::tick::{Key, Tick};
use std::time::Duration;

/// The resources that `/proc/pressure` has files for.
const RESOURCES: [(&str, &str); 4] = [
    ("cpu", "pressure/cpu"),
    ("memory", "pressure/memory"),
    ("io", "pressure/io"),
    ("irq", "pressure/irq"),
];
/// Pressure that rose by more than this share of an interval, in thousandths: tasks waited.
const CPU_PRESSURE_THOUSANDTHS: u64 = 50;
const MEMORY_PRESSURE_THOUSANDTHS: u64 = 10;

/// Everything that is read at a tick, and what it said last.
#[derive(Debug)]
pub(crate) struct Collector {
    root: ProcRoot,
    accounts: AccountsAt,
    details: Details,
    sweep: Sweep,
    tasks: Tasks,
    glances: Vec<Glance>,
    /// Tasks waited for a CPU or for memory since the last tick.
    pressed: bool,
    machine: Option<Cells>,
    cpus: NamedRows,
    speeds: Speeds,
    pressure: NamedRows,
    tables: Vec<Box<dyn RowSource>>,
    sockets: Sockets,
    /// How their files fared at the tick at hand.
    fared: Vec<(&'static str, Reading<()>)>,
    files: MachineFiles,
    stalled_us: [Option<u64>; 2],
    states: Vec<(&'static str, Reading<()>)>,
    news: Vec<Source>,
    /// Whether `/proc` is mounted so that it hides the processes of others.
    hides_processes: bool,
    /// Of how many processes `io` may not be read, and of how many it was tried.
    io_denied: (u64, u64),
    /// Something is missing that was not, or the other way round, or for another reason.
    is_missing_news: bool,
    /// Where the numbers are left that decide on thread dumps.
    lookout: Option<Lookout>,
}

/// The sources whose rows nobody else needs, in the order in which they are read.
fn tables(root: &ProcRoot, sysfs: &Sysfs) -> Vec<Box<dyn RowSource>> {
    vec![
        Box::new(FileRows::new("meminfo", Group::Memory, lines::parse)),
        Box::new(FileRows::new("vmstat", Group::Vmstat, lines::parse)),
        Box::new(Disks::new(sysfs)),
        Box::new(FileRows::new("net/dev", Group::Network, net_dev::parse)),
        Box::new(FileRows::new(
            "schedstat",
            Group::Scheduler,
            schedstat::parse,
        )),
        Box::new(Protocols::new()),
        Box::new(Limits::new()),
        Box::new(Interrupts::new()),
        Box::new(FileLocks::new()),
        Box::new(FileSystems::new(root)),
        Box::new(NodeRows::new(sysfs)),
    ]
}

#[derive(Debug)]
struct MachineFiles {
    stat: KeptFile,
    loadavg: KeptFile,
    uptime: KeptFile,
    pressure: [KeptFile; 4],
}

impl Collector {
    pub(crate) fn new(
        root: ProcRoot,
        accounts: AccountsAt,
        details: Details,
        (tasks, kept_files): (Tasks, usize),
    ) -> Self {
        let hides_processes = root.is_live() && !root.path().join("1").exists();
        let sysfs = Sysfs::start(&root);
        let sockets = Sockets::new(&root);
        Self {
            tables: tables(&root, &sysfs),
            speeds: Speeds::new(&sysfs),
            root,
            accounts,
            details,
            hides_processes,
            sweep: Sweep::new(kept_files),
            tasks,
            glances: Vec::new(),
            pressed: false,
            machine: None,
            cpus: NamedRows::new(Group::Cpu),
            pressure: NamedRows::new(Group::Pressure),
            sockets,
            fared: Vec::new(),
            files: MachineFiles {
                stat: KeptFile::new("stat"),
                loadavg: KeptFile::new("loadavg"),
                uptime: KeptFile::new("uptime"),
                pressure: RESOURCES.map(|(_, file)| KeptFile::new(file)),
            },
            stalled_us: [None; 2],
            states: Vec::new(),
            news: Vec::new(),
            io_denied: (0, 0),
            is_missing_news: false,
            lookout: None,
        }
    }

    /// Reads everything into the tick.
    pub(crate) fn collect(&mut self, tick: &mut Tick, interval: Duration, round: u64) {
        if tick.times.seq.0.is_multiple_of(60) {
            self.accounts.refresh();
        }
        let mut machine = match self.machine.take() {
            Some(machine) => machine,
            None => Cells::begin(tick, Group::Machine, 0, Key::name("")),
        };
        self.read_stat(&mut machine, tick);
        // They are listed on another thread while the sweep goes on. Had it begun before, it would
        // be one more that runs, and the sweep would look for it among all processes.
        self.sockets.ask(tick);
        self.read_pressure(tick);
        self.read_lines(&mut machine, tick);
        self.read_tables(tick);
        let seen = self.read_processes(&machine, tick, (interval, round));
        self.read_tasks(&machine, tick, interval);
        for (field, value) in [
            (MachineField::Processes, seen.map(|seen| seen.processes)),
            (
                MachineField::ProcessesRunnable,
                seen.map(|seen| seen.runnable),
            ),
            (
                MachineField::ProcessesUninterruptible,
                seen.map(|seen| seen.uninterruptible),
            ),
            (MachineField::ProcessesDenied, seen.map(|seen| seen.denied)),
        ] {
            machine.count(tick, field.column(), value);
        }
        tick.times.full_sweep = seen.is_ok_and(|seen| seen.full_sweep);
        self.machine = Some(machine);
        self.take_sockets(tick);
        self.leave_for_dumps(tick, interval);
    }

    /// What is stored of command lines from now on.
    pub(crate) fn set_args(&mut self, level: ArgsLevel) {
        if self.details.set_level(level) {
            self.sweep.forget_command_lines();
        }
    }

    /// Forgets everything: a tick was lost, so the next one says it all anew.
    pub(crate) fn forget(&mut self) {
        self.machine = None;
        self.cpus.forget();
        self.pressure.forget();
        for table in &mut self.tables {
            table.forget();
        }
        self.sockets.forget();
        self.sweep.forget();
        self.tasks.forget();
    }

    /// What has happened since this was asked last.
    pub(crate) fn events(&mut self) -> impl Iterator<Item = Event> {
        self.tables.iter_mut().flat_map(|table| table.events())
    }

    fn read_stat(&mut self, machine: &mut Cells, tick: &mut Tick) {
        let text = self.files.stat.read(&self.root);
        let state = text.map(drop);
        match text {
            Ok(text) => stat::parse(text, &mut self.cpus, machine, tick),
            Err(missing) => {
                self.cpus.all_missing(tick, missing);
                missing_fields(&stat::FIELDS, missing, machine, tick);
            }
        }
        self.note("stat", state);
        let mut fared = std::mem::take(&mut self.fared);
        let note = &mut |name, state| fared.push((name, state));
        self.speeds.collect(&mut self.cpus, tick, note);
        self.note_all(fared);
    }

    fn read_pressure(&mut self, tick: &mut Tick) {
        let mut any = false;
        for (place, (resource, name)) in RESOURCES.into_iter().enumerate() {
            let text = self.files.pressure[place].read(&self.root);
            let state = text.map(drop);
            if let Ok(text) = text {
                pressure::parse(resource, text, &mut self.pressure, tick);
                any = true;
            }
            self.note(name, state);
        }
        if any {
            self.pressure.end_unseen(tick);
        } else {
            self.pressure.all_missing(tick, Missing::NotSupported);
        }
    }

    fn read_lines(&mut self, machine: &mut Cells, tick: &mut Tick) {
        let text = self.files.loadavg.read(&self.root);
        let state = text.map(drop);
        match text {
            Ok(text) => loadavg::parse_loadavg(text, machine, tick),
            Err(missing) => missing_fields(&loadavg::LOADAVG_FIELDS, missing, machine, tick),
        }
        self.note("loadavg", state);
        let text = self.files.uptime.read(&self.root);
        let state = text.map(drop);
        match text {
            Ok(text) => loadavg::parse_uptime(text, machine, tick),
            Err(missing) => missing_fields(&loadavg::UPTIME_FIELDS, missing, machine, tick),
        }
        self.note("uptime", state);
    }

    fn read_tables(&mut self, tick: &mut Tick) {
        let mut fared = std::mem::take(&mut self.fared);
        for table in &mut self.tables {
            table.collect(&self.root, tick, &mut |name, state| {
                fared.push((name, state));
            });
        }
        self.note_all(fared);
    }

    fn take_sockets(&mut self, tick: &mut Tick) {
        let mut fared = std::mem::take(&mut self.fared);
        let now = clock::now().monotonic;
        let note = &mut |name, state| fared.push((name, state));
        let news = self.sockets.take(tick, now, note);
        self.note_all(fared);
        self.news.extend(news);
    }

    fn read_processes(
        &mut self,
        machine: &Cells,
        tick: &mut Tick,
        (interval, round): (Duration, u64),
    ) -> Reading<Seen> {
        let running = machine.last(MachineField::Running.column()).ok();
        self.pressed = self.is_pressed(interval);
        let around = Surroundings {
            root: &self.root,
            accounts: &self.accounts,
            running: running.and_then(|running| u64::try_from(running).ok()),
            pressed: self.pressed,
            round,
        };
        let seen = self
            .sweep
            .run(tick, &around, &mut self.details)
            .map_err(missing_from_errno);
        self.note("etc/passwd", self.accounts.state());
        // With hidepid the list holds our own processes, and nothing says what is not in it.
        let all = match seen {
            Ok(_) if self.hides_processes => Err(Missing::PermissionDenied),
            seen => seen.map(drop),
        };
        self.note("PID/stat", all);
        if let Ok(seen) = seen {
            let denied = (seen.denied, seen.processes);
            self.is_missing_news |= seen.denied > 0 && denied != self.io_denied;
            self.io_denied = denied;
            let io = if seen.denied > 0 {
                Err(Missing::PermissionDenied)
            } else {
                Ok(())
            };
            self.note("PID/io", io);
        }
        let stuck = if self.details.is_stuck(tick.times.began.monotonic) {
            Err(Missing::Blocked)
        } else {
            Ok(())
        };
        self.note("PID/cmdline", stuck);
        seen
    }

    /// The threads that are worth it, by what the sweep knows.
    fn read_tasks(&mut self, machine: &Cells, tick: &mut Tick, interval: Duration) {
        let asked_for = self.tasks.asked_for();
        self.sweep.glances(asked_for, &mut self.glances);
        let around = tasks::Surroundings {
            root: &self.root,
            interval,
            blocked: machine.last(MachineField::Blocked.column()).unwrap_or(0),
            pressed: self.pressed,
        };
        self.tasks.collect(&around, tick, &mut self.glances);
        for (name, state) in self.tasks.fared() {
            self.note(name, state);
        }
    }

    /// Whether tasks waited for a CPU or for memory since the last tick.
    fn is_pressed(&mut self, interval: Duration) -> bool {
        let interval = u64::try_from(interval.as_micros()).unwrap_or(u64::MAX);
        let limits = [
            ("cpu some", CPU_PRESSURE_THOUSANDTHS),
            ("memory some", MEMORY_PRESSURE_THOUSANDTHS),
        ];
        let mut pressed = false;
        for ((line, thousandths), stalled) in limits.into_iter().zip(&mut self.stalled_us) {
            let Some(row) = self.pressure.known(line.as_bytes()) else {
                continue;
            };
            let total = row.last(PressureField::Total.column());
            let total = total.ok().map(i64::cast_unsigned);
            let rose = total
                .zip(*stalled)
                .map(|(now, before)| now.saturating_sub(before));
            pressed |= rose.is_some_and(|rose| rose > interval / 1000 * thousandths);
            *stalled = total;
        }
        pressed
    }
}

fn missing_fields(fields: &[MachineField], missing: Missing, machine: &mut Cells, tick: &mut Tick) {
    for field in fields {
        machine.set(tick, field.column(), Err(missing));
    }
}
