//! `afterimage lastcomm`: the processes that ended, the last one first.
//!
//! In: the rows of `exited`, one after the other. What the kernel did not tell of an end (names
//! without `taskstats`, command lines of those that were there before) is looked up in the lives
//! that the samples saw.

use super::printer::Printer;
use super::rows::chosen;
use super::{DAMAGED, Opened, sound};
use crate::cli::{Format, LastcommArgs};
use afterimage_analysis::ending::{self, Ending};
use afterimage_analysis::escape::Escaped;
use afterimage_analysis::processes::row::tty_name;
use afterimage_analysis::table::{Cell, Column};
use afterimage_format::capture::reader::{LifeName, StoredEnd};
use afterimage_format::facts::Exited;
use afterimage_format::process::Pid;
use afterimage_format::time::{Seq, WallTime};
use std::collections::{BTreeMap, HashMap};
use std::process::ExitCode;
use std::time::Duration;

const COLUMNS: [Column; 22] = [
    Column::text("comm", "COMMAND"),
    Column::text("flags", "FLAGS"),
    Column::text("user", "USER"),
    Column::text("tty", "TTY"),
    Column::number("cpu_seconds", "SECS"),
    Column::text("started", "START"),
    Column::text("at", "END"),
    Column::number("elapsed_seconds", "ELAPSED"),
    Column::number("pid", "PID"),
    Column::number("ppid", "PPID"),
    Column::text("parent", "PARENT"),
    Column::text("exit", "EXIT"),
    Column::number("exit_status", "STATUS"),
    Column::text("signal", "SIGNAL"),
    Column::text("core", "CORE"),
    Column::number("user_seconds", "USR"),
    Column::number("system_seconds", "SYS"),
    Column::number("peak_rss_bytes", "PEAK RSS"),
    Column::number("read_bytes", "READ"),
    Column::number("write_bytes", "WRITE"),
    Column::text("known_by", "KNOWN BY"),
    Column::text("cmdline", "COMMAND LINE"),
];
/// What people are shown unless they ask for something else.
const SHOWN: [usize; 15] = [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 17, 18, 19, 21];
/// Ends whose names are remembered for their children, which ended before them.
const MOST_NAMES: usize = 100_000;

pub(super) fn run(args: &LastcommArgs) -> anyhow::Result<ExitCode> {
    sound::read(&args.file, |capture| {
        show(args, Opened::of_any(capture, args.show.utc)?)
    })
}

fn show(args: &LastcommArgs, mut opened: Opened) -> anyhow::Result<ExitCode> {
    // Ends are told a moment after the last tick, so without --to all of them are shown.
    let from = match &args.from {
        Some(from) => opened.resolve(from)?.minus(Duration::from_micros(999)),
        None => WallTime(i64::MIN),
    };
    let to = match &args.to {
        Some(to) => opened.resolve_end(to)?,
        None => WallTime(i64::MAX),
    };
    let mut names = Names::read(&mut opened, from, to)?;
    // What hides rows behind it must be known before any is printed; and how long a command line
    // is, only the lives say, which cannot be asked while the ends are read.
    let mut commands: BTreeMap<i64, Option<Vec<u8>>> = BTreeMap::new();
    opened.capture.each_exited(from, to, |end| {
        let own = names.own(&end);
        commands.extend(own.and_then(|own| Some((own.command?, None))));
        true
    })?;
    for (command, line) in &mut commands {
        *line = opened.capture.command_line(*command)?;
    }
    opened.refuse_torn()?;
    let places = match (&args.columns, args.show.format) {
        (Some(wanted), _) => chosen(wanted, &COLUMNS)?,
        (None, Format::Table) => SHOWN.to_vec(),
        (None, _) => (0..COLUMNS.len()).collect(),
    };
    let columns = places.iter().map(|&place| COLUMNS[place]).collect();
    let mut printer = Printer::new(args.show.format, columns);
    let row = Row {
        is_table: args.show.format == Format::Table,
        zone: opened.zone.clone(),
        commands,
    };
    let (mut done, mut told) = (Ok(()), 0_u64);
    let whom = &args.whom;
    opened.capture.each_exited(from, to, |end| {
        told += 1;
        let called = names.of(&end);
        if is_wanted(whom, &end.exited, &called) {
            let cells = row.cells(&end.exited, &called);
            let chosen: Vec<Cell> = places.iter().map(|&place| cells[place].clone()).collect();
            done = printer.row(&chosen);
        }
        done.is_ok()
    })?;
    done?;
    if told == 0 {
        printer.words(nobody_told(&mut opened)?)?;
    }
    printer.finish()?;
    let damaged = opened
        .capture
        .damage()
        .iter()
        .any(|damage| damage.table == "exited");
    Ok(if damaged || opened.lost_anything_anywhere() {
        ExitCode::from(DAMAGED)
    } else {
        ExitCode::SUCCESS
    })
}

/// Why there is nothing to show.
fn nobody_told(opened: &mut Opened) -> anyhow::Result<String> {
    let sources = opened.capture.sources()?.into_iter();
    let tellers =
        sources.filter(|source| ["connector", "taskstats"].contains(&source.name.as_str()));
    let words = tellers.map(|source| match source.state.as_str() {
        "ok" => format!("{}: ok", source.name),
        state => format!("{}: {state} ({})", source.name, source.detail),
    });
    let words: Vec<String> = words.collect();
    let words = if words.is_empty() {
        "nobody was asked".to_owned()
    } else {
        words.join("; ")
    };
    let words = format!("no process is known to have ended then: {words}");
    Ok(Escaped(words.as_bytes()).to_string())
}

/// Whether somebody asked for it, by name, user or pid.
fn is_wanted(whom: &[String], exited: &Exited, named: &Named) -> bool {
    let is = |wanted: &String| {
        named.comm.as_deref() == Some(wanted.as_bytes())
            || named.user.as_deref() == Some(wanted)
            || wanted.parse() == Ok(exited.pid.0)
    };
    whom.is_empty() || whom.iter().any(is)
}

/// What a process and its parent are called.
#[derive(Debug, Default)]
struct Named {
    comm: Option<Box<[u8]>>,
    user: Option<Box<str>>,
    parent: Option<Box<[u8]>>,
    command: Option<i64>,
}

/// The boot's number and a pid.
type Whose = (i64, Pid);

/// Where names come from.
struct Names {
    lives: HashMap<Whose, Vec<LifeName>>,
    /// Of those that ended later: a parent mostly outlives its children.
    ended: HashMap<Whose, (Option<u64>, Box<[u8]>)>,
    users: BTreeMap<u32, Box<str>>,
    /// Who was there at the last tick, of which the lives tell only a minute later.
    last: HashMap<Pid, (u64, Box<[u8]>)>,
}

impl Names {
    fn read(opened: &mut Opened, from: WallTime, to: WallTime) -> anyhow::Result<Self> {
        let first = opened.capture.at_or_before(from)?.unwrap_or(opened.first);
        let last = opened.capture.at_or_before(to)?.unwrap_or(opened.last);
        let mut lives: HashMap<_, Vec<LifeName>> = HashMap::new();
        // An end is told with the tick after it.
        let sampled = opened
            .capture
            .life_names(Seq(first.0.saturating_sub(1)), last)?;
        for life in sampled {
            lives
                .entry((life.boot, life.key.pid))
                .or_default()
                .push(life);
        }
        let mut names = Self {
            lives,
            ended: HashMap::new(),
            users: BTreeMap::from([(0, "root".into())]),
            last: HashMap::new(),
        };
        if let Some(sample) = opened.capture.listing(last)? {
            for (process, _) in sample.processes() {
                if let (Ok(uid), Ok(user)) = (process.uid, process.user)
                    && let Ok(uid) = u32::try_from(uid)
                {
                    let user = String::from_utf8_lossy(user).into_owned();
                    names.users.insert(uid, user.into());
                }
                if let Ok(comm) = process.comm {
                    let there = (process.key.started.0, comm.into());
                    names.last.insert(process.key.pid, there);
                }
            }
        }
        Ok(names)
    }

    /// The life that the samples saw of this process.
    fn own(&self, end: &StoredEnd) -> Option<&LifeName> {
        let lives = self.lives.get(&(end.boot, end.exited.pid))?;
        lives.iter().rev().find(|life| end.exited.is_of(life.key))
    }

    /// The name of its parent.
    fn parent(&self, end: &StoredEnd) -> Option<Box<[u8]>> {
        let ppid = end.exited.ppid?;
        let started = end.exited.started.map(|started| started.0);
        let was_before = |parent: Option<u64>| match (parent, started) {
            // Clock ticks: both may have begun within one.
            (Some(parent), Some(child)) => parent <= child + 1,
            _ => true,
        };
        let ended = self.ended.get(&(end.boot, ppid));
        if let Some((_, comm)) = ended.filter(|(began, _)| was_before(*began)) {
            return Some(comm.clone());
        }
        let lives = self.lives.get(&(end.boot, ppid)).into_iter().flatten();
        let was_there = |life: &&LifeName| {
            was_before(Some(life.key.started.0))
                && life.last.is_none_or(|last| last.0 + 2 >= end.seq.0)
        };
        let sampled = lives.rev().find(was_there).map(|life| life.comm.clone());
        sampled.or_else(|| {
            let (began, comm) = self.last.get(&ppid)?;
            was_before(Some(*began)).then(|| comm.clone())
        })
    }

    /// All names of this one; it may be a parent of those that come.
    fn of(&mut self, end: &StoredEnd) -> Named {
        let parent = self.parent(end);
        let own = self.own(end);
        let told = end.exited.comm.as_deref().map(Box::from);
        let comm: Option<Box<[u8]>> = told.or_else(|| own.map(|own| own.comm.clone()));
        let user = own.and_then(|own| own.user.clone()).or_else(|| {
            let uid = end.exited.uid?;
            let known = self.users.get(&uid).cloned();
            Some(known.unwrap_or_else(|| uid.to_string().into()))
        });
        let command = own.and_then(|own| own.command);
        if let Some(comm) = &comm {
            if self.ended.len() >= MOST_NAMES {
                self.ended.clear();
            }
            let began = end.exited.started.map(|started| started.0);
            self.ended
                .insert((end.boot, end.exited.pid), (began, comm.clone()));
        }
        Named {
            comm,
            user,
            parent,
            command,
        }
    }
}

/// How rows are made.
struct Row {
    is_table: bool,
    zone: afterimage_analysis::zone::Zone,
    commands: BTreeMap<i64, Option<Vec<u8>>>,
}

impl Row {
    fn cells(&self, exited: &Exited, named: &Named) -> Vec<Cell> {
        let text = |text: Option<&[u8]>| text.map_or(Cell::Absent, |text| Cell::Text(text.into()));
        let word = |word: Option<String>| word.map_or(Cell::Absent, Cell::Word);
        let seconds = |time: Option<Duration>| Cell::real(time.map(|time| time.as_secs_f64()), 3);
        let kib = |bytes: Option<u64>| Cell::scaled(bytes.map(|bytes| bytes as f64), 1024.0);
        let ending = exited.wait_status.map(Ending::from_wait_status);
        let core = ending.map(|ending| matches!(ending, Ending::Killed { core: true, .. }));
        let sampled = named
            .command
            .and_then(|command| self.commands.get(&command)?.as_deref());
        let began = exited.lifetime.map(|lived| exited.wall.minus(lived));
        vec![
            text(named.comm.as_deref()),
            word(ending::flags(exited)),
            text(named.user.as_deref().map(str::as_bytes)),
            word(exited.tty_nr.map(|tty| tty_name(tty.into()))),
            seconds(exited.cpu()),
            word(began.map(|began| self.time(began))),
            Cell::Word(self.time(exited.wall)),
            seconds(exited.lifetime),
            Cell::Integer(exited.pid.0.into()),
            Cell::integer(exited.ppid.map(|ppid| ppid.0)),
            text(named.parent.as_deref()),
            word(ending.map(|ending| ending.to_string())),
            Cell::integer(ending.and_then(Ending::status)),
            word(ending.and_then(Ending::signal)),
            word(core.map(|core| if core { "yes" } else { "no" }.to_owned())),
            seconds(exited.user),
            seconds(exited.system),
            kib(exited.peak_rss.map(|peak| peak.0)),
            kib(exited.read.map(|read| read.0)),
            kib(exited.written.map(|written| written.0)),
            Cell::Word(exited.known_by.name().to_owned()),
            text(exited.command_line.as_deref().or(sampled)),
        ]
    }

    fn time(&self, at: WallTime) -> String {
        if self.is_table {
            self.zone.date_and_time(at)
        } else {
            self.zone.rfc3339(at)
        }
    }
}
