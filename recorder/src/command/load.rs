//! `afterimage load`: which tasks made up the load, at one moment or step by step.

use super::output::{self, print_text};
use super::replay::exit;
use super::rows::{Rows, chosen};
use super::stretch::{Item, Pause, Stretch};
use super::top::{json, object, put};
use super::{Opened, sound};
use crate::cli::{Format, LoadArgs, RangeArgs};
use afterimage_analysis::amount::HumanDuration;
use afterimage_analysis::load::{By, CADENCE, Moment, hidden, over_words, residual, words};
use afterimage_analysis::replay::load::{
    COLUMNS, DEFAULT, GROUPS, Gather, PARTS, Taken, part_rows,
};
use afterimage_analysis::table::{Cell, Column, Table};
use afterimage_analysis::when::When;
use afterimage_format::facts::Run;
use afterimage_format::process::Pid;
use afterimage_format::sample::Sample;
use afterimage_format::time::Seq;
use std::process::ExitCode;
use std::time::Duration;

/// Samples are at most so far apart: near enough to tell when the kernel took its number.
const EACH: Duration = Duration::from_secs(4);
/// So far back the load averages are followed up to one moment.
const BEFORE: Duration = Duration::from_mins(1);

pub(super) fn run(args: &LoadArgs) -> anyhow::Result<ExitCode> {
    let mut range = args.range.clone();
    if range.from.is_none() && range.to.is_none() {
        range.at.get_or_insert(When::End);
    }
    sound::read(&range.file, |capture| {
        let opened = Opened::of(capture, range.show.utc)?;
        match range.at {
            Some(at) => moment(args.by, &range, at, opened),
            None => steps(args.by, &range, opened),
        }
    })
}

/// The recorders of a capture: which pid each run had.
struct Recorders(Vec<Run>);

impl Recorders {
    fn of(opened: &mut Opened) -> anyhow::Result<Self> {
        Ok(Self(opened.capture.runs()?))
    }

    fn at(&self, seq: Seq) -> Option<Pid> {
        let run = self.0.iter().rev().find(|run| run.first <= seq)?;
        Some(Pid(run.pid))
    }
}

/// A row for each step.
fn steps(by: By, range: &RangeArgs, mut opened: Opened) -> anyhow::Result<ExitCode> {
    let step = range.step.as_ref().map(|step| step.0);
    let often = RangeArgs {
        step: step.map(|step| HumanDuration(step.min(EACH))),
        ..range.clone()
    };
    let recorders = Recorders::of(&mut opened)?;
    let stretch = Stretch::new(&mut opened, &often)?;
    let (mut gather, mut out) = (Gather::by(by), Out::new(range)?);
    let last = stretch.ends().1;
    let damaged = stretch.walk(
        &mut opened,
        &Moment::grouped(by),
        |opened, item| match item {
            Item::Gap(gap) => {
                // What was gathered ends with it.
                out.taken(gather.take(), opened)?;
                gather.restart();
                out.gap(gap, opened)
            }
            Item::Row(now, step_before) => {
                if step_before.is_none() {
                    out.taken(gather.take(), opened)?;
                    gather.restart();
                }
                gather.add(now, recorders.at(now.times.seq));
                if gather.is_due(step) || now.times.seq == last {
                    out.taken(gather.take(), opened)?;
                }
                Ok(())
            }
        },
    )?;
    out.taken(gather.take(), &opened)?;
    out.finish()?;
    Ok(exit(&opened, range, damaged))
}

/// Where the rows of steps go.
enum Out {
    /// For people and as CSV: the row.
    Rows(Box<Rows>),
    /// With its groups.
    Json { is_first: bool },
}

impl Out {
    fn new(range: &RangeArgs) -> anyhow::Result<Self> {
        if range.show.format == Format::Json {
            if let Some(names) = &range.columns {
                chosen(names, &COLUMNS)?;
            } else {
                return Ok(Self::Json { is_first: true });
            }
        }
        let mut range = range.clone();
        if range.columns.is_none() && range.show.format == Format::Table {
            range.columns = Some(DEFAULT.map(str::to_owned).into());
        }
        Ok(Self::Rows(Box::new(Rows::new(&range, COLUMNS.to_vec())?)))
    }

    fn taken(&mut self, taken: Option<Taken>, opened: &Opened) -> anyhow::Result<()> {
        let Some(taken) = taken else { return Ok(()) };
        let seconds = taken.over.map(|over| over.as_secs_f64());
        match self {
            Self::Rows(rows) => rows.row_over(taken.row(&opened.zone), seconds),
            Self::Json { is_first } => {
                let mut members = members(&taken, opened);
                members.push(("parts", json(&Cell::Absent)));
                put(is_first, &object(members))
            }
        }
    }

    fn gap(&mut self, gap: &Pause, opened: &Opened) -> anyhow::Result<()> {
        match self {
            Self::Rows(rows) => rows.gap(gap, &opened.zone),
            Self::Json { is_first } => {
                let keys = COLUMNS.iter().map(|column| column.key).skip(1);
                let absent = keys.chain(["over_seconds", "groups", "parts"]);
                let absent = absent.map(|key| (key, json(&Cell::Absent)));
                let cells = gap.cells(&opened.zone);
                let own = ["at", "gap", "gap_seconds"].into_iter();
                let own = own.zip(cells.iter().map(json));
                put(is_first, &object(own.chain(absent).collect()))
            }
        }
    }

    fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Rows(rows) => rows.finish(),
            Self::Json { is_first } => Ok(print_text(if is_first { "[]\n" } else { "]\n" })?),
        }
    }
}

/// A row in JSON, without its tasks.
fn members(taken: &Taken, opened: &Opened) -> Vec<(&'static str, String)> {
    let row = taken.row(&opened.zone);
    let seconds = taken.over.map(|over| over.as_secs_f64());
    let mut members = vec![
        ("over_seconds", json(&Cell::real(seconds, 3))),
        ("gap", json(&Cell::Absent)),
        ("gap_seconds", json(&Cell::Absent)),
        ("groups", array(&GROUPS, &taken.group_rows())),
    ];
    members.extend(
        COLUMNS
            .iter()
            .map(|column| column.key)
            .zip(row.iter().map(json)),
    );
    members
}

fn array(columns: &[Column], rows: &[Vec<Cell>]) -> String {
    let rows = rows.iter().map(|row| {
        let cells = columns
            .iter()
            .map(|column| column.key)
            .zip(row.iter().map(json));
        object(cells.collect())
    });
    format!("[{}]", rows.collect::<Vec<_>>().join(","))
}

/// One moment, and what the load averages say of the minute before it.
fn moment(by: By, range: &RangeArgs, at: When, mut opened: Opened) -> anyhow::Result<ExitCode> {
    let seq = opened.tick_at(&at)?;
    let recorders = Recorders::of(&mut opened)?;
    let wall = opened.capture.wall_of(seq)?.unwrap_or(opened.span.end);
    let before = RangeArgs {
        at: None,
        from: Some(When::Instant(wall.minus(BEFORE).max(opened.span.start))),
        to: Some(When::Instant(wall)),
        step: Some(HumanDuration(EACH)),
        ..range.clone()
    };
    let stretch = Stretch::new(&mut opened, &before)?;
    let mut gather = Gather::by(by);
    let (mut shown, mut is_damaged) = (None, false);
    stretch.walk(&mut opened, &Moment::PARTS, |opened, item| {
        let (now, step) = match item {
            Item::Gap(_) => {
                gather.restart();
                return Ok(());
            }
            Item::Row(now, step) => (now, step),
        };
        if step.is_none() {
            gather.restart();
        }
        let recorder = recorders.at(now.times.seq);
        if now.times.seq == seq {
            is_damaged = now.lacks(&Moment::PARTS);
            // The groups are those of the moment alone.
            gather.forget_groups();
            let ticks = opened.host.tick_rate;
            shown = Some((now.clone(), recorder, hidden(now, step, ticks)));
        }
        gather.add(now, recorder);
        Ok(())
    })?;
    let shown = opened.readable(shown, seq)?;
    let taken = opened.readable(gather.take(), seq)?;
    let (sample, recorder, hidden) = &shown;
    let moment = Moment::of(sample, *recorder);
    match range.show.format {
        Format::Json => {
            let mut members = members(&taken, &opened);
            members.push(("parts", array(&PARTS, &part_rows(&moment))));
            print_text(&format!("[{}]\n", object(members)))?;
        }
        Format::Csv => table(range, &taken, sample, &opened)?,
        Format::Table => {
            print_text(&heading(&taken, &opened))?;
            table(range, &taken, sample, &opened)?;
            let rest = residual(&moment.counts, hidden);
            print_text(&format!(
                "\n{}.\n{rest}\n{}",
                words(&taken.groups, 1),
                averages(&taken)
            ))?;
        }
    }
    Ok(exit(&opened, range, u64::from(is_damaged)))
}

/// `2026-11-22 18:15:16  load average: 23.10, 18.20, 9.71`
fn heading(taken: &Taken, opened: &Opened) -> String {
    let loads = taken.counts.load_hundredths.map(|load| {
        load.map_or_else(
            |_| "-".to_owned(),
            |load| format!("{:.2}", load as f64 / 100.0),
        )
    });
    let at = opened.zone.date_and_time(taken.at);
    format!("{at}  load average: {}\n\n", loads.join(", "))
}

fn table(range: &RangeArgs, taken: &Taken, sample: &Sample, opened: &Opened) -> anyhow::Result<()> {
    let at = Cell::Word(opened.zone.rfc3339(sample.times.began.wall));
    let columns: Vec<Column> = std::iter::once(Column::text("at", "TIME"))
        .chain(GROUPS)
        .collect();
    let rows = taken.group_rows().into_iter();
    let rows: Vec<Vec<Cell>> = rows
        .map(|row| std::iter::once(at.clone()).chain(row).collect())
        .collect();
    let places = match (&range.columns, range.show.format) {
        (Some(names), _) => chosen(names, &columns)?,
        (None, Format::Table) => chosen(
            &[
                "tasks",
                "share_percent",
                "running",
                "uninterruptible",
                "name",
                "pids",
                "waits_for",
            ]
            .map(str::to_owned),
            &columns,
        )?,
        (None, _) => (0..columns.len()).collect(),
    };
    let table = Table {
        columns: places.iter().map(|&place| columns[place]).collect(),
        rows: rows
            .iter()
            .map(|row| places.iter().map(|&place| row[place].clone()).collect())
            .collect(),
    };
    Ok(output::print(&table, range.show.format)?)
}

/// What the formula gives, and what the published averages imply, over the minute before.
fn averages(taken: &Taken) -> String {
    let part = taken.compared.part.as_ref().map(|part| {
        let seconds = f64::from(part.steps) * CADENCE.as_secs_f64();
        format!("Over the {seconds:.0} s before: {}.\n", over_words(part))
    });
    let computed = taken.compared.computed.map(|[one, five, fifteen]| {
        format!("The kernel's formula over our counts since then gives {one:.2}, {five:.2}, {fifteen:.2}.\n")
    });
    part.into_iter().chain(computed).collect()
}
