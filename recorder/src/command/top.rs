//! `afterimage top`: the machine and its processes, at one moment or step by step.

use super::output::{self, print_text, write_json, write_shown};
use super::replay::exit;
use super::rows::{Rows, chosen};
use super::stretch::{Item, Pause, Stretch};
use super::{Opened, sound};
use crate::cli::{Format, RangeArgs, TopArgs};
use afterimage_analysis::amount::HumanDuration;
use afterimage_analysis::rate::Step;
use afterimage_analysis::replay::top;
use afterimage_analysis::table::{Cell, Column, Table};
use afterimage_analysis::when::When;
use afterimage_format::sample::{Extract, Sample};
use std::process::ExitCode;
use std::time::Duration;

pub(super) fn run(args: &TopArgs) -> anyhow::Result<ExitCode> {
    let mut range = args.range.clone();
    if range.from.is_none() && range.to.is_none() {
        range.at.get_or_insert(When::End);
    }
    sound::read(&range.file, |capture| {
        show(args, &range, Opened::of(capture, range.show.utc)?)
    })
}

fn show(args: &TopArgs, range: &RangeArgs, mut opened: Opened) -> anyhow::Result<ExitCode> {
    let stretch = Stretch::new(&mut opened, range)?;
    let mut out = Out::new(args, range)?;
    let sort = chosen(&[full_name(&args.sort)], &top::COLUMNS)?;
    let extract = Extract {
        machine: true,
        processes: top::FIELDS,
        ..Extract::MACHINE
    };
    let damaged = stretch.walk(&mut opened, &extract, |opened, item| match item {
        Item::Gap(gap) => out.gap(gap, opened),
        Item::Row(now, step) => {
            let units = (opened.host.tick_rate, opened.host.page_size);
            let mut rows = top::rows(now, step, units);
            rows.sort_by(|a, b| a[sort[0]].order(&b[sort[0]]));
            rows.truncate(args.limit.unwrap_or(usize::MAX));
            out.moment((now, step), rows, opened)
        }
    })?;
    out.finish()?;
    Ok(exit(&opened, range, damaged))
}

/// What people call these columns.
fn full_name(name: &str) -> String {
    let known = match name {
        "cpu" => "cpu_percent",
        "mem" => "mem_percent",
        "time" => "time_seconds",
        "rss" => "res_bytes",
        other => other,
    };
    known.to_owned()
}

/// Where the moments go.
enum Out {
    /// One after the other, each a summary and a table of the columns that were asked for.
    Table { places: Vec<usize>, is_first: bool },
    /// An object each, in an array.
    Json { places: Vec<usize>, is_first: bool },
    /// Their processes only, each with its moment.
    Csv(Box<Rows>),
}

impl Out {
    fn new(args: &TopArgs, range: &RangeArgs) -> anyhow::Result<Self> {
        let places = match &args.range.columns {
            Some(names) => chosen(names, &top::COLUMNS)?,
            None => (0..top::COLUMNS.len()).collect(),
        };
        let is_first = true;
        Ok(match args.range.show.format {
            Format::Table => Self::Table { places, is_first },
            Format::Json => Self::Json { places, is_first },
            Format::Csv => {
                let at = std::iter::once(Column::text("at", "TIME"));
                Self::Csv(Box::new(Rows::new(
                    range,
                    at.chain(top::COLUMNS).collect(),
                )?))
            }
        })
    }

    fn moment(
        &mut self,
        (now, step): (&Sample, Option<&Step<'_>>),
        rows: Vec<Vec<Cell>>,
        opened: &Opened,
    ) -> anyhow::Result<()> {
        let at = opened.zone.rfc3339(now.times.began.wall);
        let summary = top::summary(now, step);
        match self {
            Self::Csv(out) => rows.into_iter().try_for_each(|row| {
                let at = std::iter::once(Cell::Word(at.clone()));
                out.row(at.chain(row).collect(), step)
            }),
            Self::Json { places, is_first } => {
                let seconds = step.map(|step| step.elapsed.seconds);
                let mut members = vec![
                    ("at", json(&Cell::Word(at))),
                    ("over_seconds", json(&Cell::real(seconds, 3))),
                    ("gap", json(&Cell::Absent)),
                    ("gap_seconds", json(&Cell::Absent)),
                ];
                let summary = top::SUMMARY.iter().zip(&summary);
                members.extend(summary.map(|(column, cell)| (column.key, json(cell))));
                let rows = rows.iter().map(|row| {
                    let cells = places
                        .iter()
                        .map(|&at| (top::COLUMNS[at].key, json(&row[at])));
                    object(cells.collect())
                });
                let rows: Vec<String> = rows.collect();
                members.push(("processes", format!("[{}]", rows.join(","))));
                put(is_first, &object(members))
            }
            Self::Table { places, is_first } => {
                let blank = if std::mem::take(is_first) { "" } else { "\n" };
                let time = at.get(11..19).unwrap_or(&at);
                print_text(&format!("{blank}{}\n", header(time, &summary)))?;
                let row = |row: &Vec<Cell>| places.iter().map(|&at| shown(at, &row[at])).collect();
                let table = Table {
                    columns: places.iter().map(|&at| top::COLUMNS[at]).collect(),
                    rows: rows.iter().map(row).collect(),
                };
                Ok(output::print(&table, Format::Table)?)
            }
        }
    }

    fn gap(&mut self, gap: &Pause, opened: &Opened) -> anyhow::Result<()> {
        match self {
            Self::Csv(out) => out.gap(gap, &opened.zone),
            Self::Table { .. } => Ok(print_text(&format!("\n{}\n", gap.words(&opened.zone)))?),
            Self::Json { is_first, .. } => {
                let own = ["at", "gap", "gap_seconds"];
                let summary = top::SUMMARY.iter().map(|column| column.key);
                let absent = summary.chain(["over_seconds", "processes"]);
                let absent = absent.map(|key| (key, json(&Cell::Absent)));
                let cells = gap.cells(&opened.zone);
                let own = own.into_iter().zip(cells.iter().map(json));
                put(is_first, &object(own.chain(absent).collect()))
            }
        }
    }

    fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Csv(out) => out.finish(),
            Self::Table { .. } => Ok(()),
            Self::Json { is_first, .. } => Ok(print_text(if is_first { "[]\n" } else { "]\n" })?),
        }
    }
}

/// The next object of an array.
pub(super) fn put(is_first: &mut bool, object: &str) -> anyhow::Result<()> {
    let before = if std::mem::take(is_first) { '[' } else { ',' };
    Ok(print_text(&format!("{before}{object}"))?)
}

/// A cell in JSON.
pub(super) fn json(cell: &Cell) -> String {
    let mut text = Vec::new();
    write_json(&mut text, cell);
    String::from_utf8_lossy(&text).into_owned()
}

/// As everywhere in the order of keys.
pub(super) fn object(mut members: Vec<(&str, String)>) -> String {
    members.sort_by_key(|(key, _)| *key);
    let members = members
        .iter()
        .map(|(key, value)| format!("\"{key}\":{value}"));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

/// A cell as top shows it.
fn shown(column: usize, cell: &Cell) -> Cell {
    match (top::COLUMNS[column].key, cell) {
        ("time_seconds", Cell::Real(seconds, _)) => Cell::Word(top::time_plus(*seconds)),
        // The kernel's own threads that no other may delay, and whatever else is in real time.
        ("pr", Cell::Integer(..=-100)) => Cell::Word("rt".to_owned()),
        _ => cell.clone(),
    }
}

/// The five lines above the table.
fn header(time: &str, summary: &[Cell]) -> String {
    let text = |key: &str| {
        let place = top::SUMMARY.iter().position(|column| column.key == key);
        let cell = place.map_or(&Cell::Absent, |place| &summary[place]);
        let mut text = Vec::new();
        match (key, cell) {
            ("up_seconds", Cell::Real(seconds, _)) => {
                let up = HumanDuration(Duration::from_secs_f64(seconds.max(0.0).floor()));
                return up.to_string();
            }
            (key, Cell::Integer(bytes)) if key.ends_with("_bytes") => {
                write_shown(&mut text, &Cell::Real(*bytes as f64 / 1_048_576.0, 1));
            }
            (_, cell) => write_shown(&mut text, cell),
        }
        String::from_utf8_lossy(&text).into_owned()
    };
    let all = |keys: &[(&str, &str)]| {
        let parts = keys
            .iter()
            .map(|(key, word)| format!("{} {word}", text(key)));
        parts.collect::<Vec<_>>().join(", ")
    };
    let loads = ["load1", "load5", "load15"].map(text).join(", ");
    let tasks = all(&[
        ("tasks_total", "total"),
        ("tasks_running", "running"),
        ("tasks_sleeping", "sleeping"),
        ("tasks_stopped", "stopped"),
        ("tasks_zombie", "zombie"),
    ]);
    let modes = ["us", "sy", "ni", "id", "wa", "hi", "si", "st"];
    let modes = modes.map(|mode| format!("{} {mode}", text(&format!("{mode}_percent"))));
    let memory = all(&[
        ("mem_total_bytes", "total"),
        ("mem_free_bytes", "free"),
        ("mem_used_bytes", "used"),
        ("mem_buff_cache_bytes", "buff/cache"),
    ]);
    let swap = all(&[
        ("swap_total_bytes", "total"),
        ("swap_free_bytes", "free"),
        ("swap_used_bytes", "used"),
    ]);
    let available = text("mem_available_bytes");
    format!(
        "top - {time} up {}, load average: {loads}\nTasks: {tasks}\n%Cpu(s): {}\nMiB Mem : {memory}\nMiB Swap: {swap}. {available} avail Mem\n",
        text("up_seconds"),
        modes.join(", "),
    )
}
