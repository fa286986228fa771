//! `afterimage ps --threads`: the threads that were recorded, one a row.

use super::output::print;
use super::{DAMAGED, Opened};
use crate::cli::{Format, PsArgs};
use afterimage_analysis::rate::Elapsed;
use afterimage_analysis::replay::ps::{Row, View, threads};
use afterimage_analysis::table::Column;
use afterimage_format::group::Group;
use afterimage_format::reading::Reading;
use afterimage_format::sample::{Extract, Task};
use afterimage_format::time::Seq;
use anyhow::bail;
use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// What is wanted of a tick beside its processes.
const TASKS: Extract = Extract {
    machine: false,
    processes: &[],
    things: &[Group::Task],
};

/// The threads of a tick, and of the one before it.
#[derive(Debug)]
pub(super) struct Threads {
    now: Reading<Vec<Task>>,
    before: Vec<Task>,
}

impl Threads {
    pub(super) fn read(opened: &mut Opened, seq: Seq) -> anyhow::Result<Self> {
        let now = opened.capture.extract(seq, &TASKS)?;
        let now = opened.readable(now, seq)?.tasks;
        let before = match seq.0.checked_sub(1).filter(|seq| *seq >= opened.first.0) {
            Some(before) => opened.capture.extract(Seq(before), &TASKS)?,
            None => None,
        };
        let before = before.and_then(|before| before.tasks.ok());
        Ok(Self {
            now,
            before: before.unwrap_or_default(),
        })
    }

    /// Prints them among the processes.
    pub(super) fn show(
        &self,
        args: &PsArgs,
        (processes, view, elapsed): (&[Row<'_>], &View<'_>, Option<Elapsed>),
    ) -> anyhow::Result<ExitCode> {
        let now = self.now.as_deref().unwrap_or_default();
        let mut rows = threads::rows(processes, now, &self.before, elapsed);
        if let Some(key) = &args.sort
            && !threads::sort(&mut rows, key, view)
        {
            bail!(
                "there is no column {key:?} to sort by; there are {}",
                names()
            );
        }
        rows.truncate(args.limit.unwrap_or(usize::MAX));
        print(
            &threads::table(&rows, view, &columns(args)?),
            args.show.format,
        )?;
        if args.show.format == Format::Table {
            self.say_which();
        }
        Ok(match self.now {
            Ok(_) => ExitCode::SUCCESS,
            Err(_) => ExitCode::from(DAMAGED),
        })
    }

    /// Which threads these are, for people: on standard error, as it is no row.
    fn say_which(&self) {
        let words = match &self.now {
            Err(missing) => format!("no thread could be read from the capture: {missing}"),
            Ok(tasks) => {
                let processes: BTreeSet<_> = tasks.iter().flat_map(|task| task.process).collect();
                format!(
                    "{} threads of {} processes were recorded at that moment: those in state D, and those of processes that starved, were busiest, had most threads or were chosen with --threads-of; every other process is one row",
                    tasks.len(),
                    processes.len()
                )
            }
        };
        // Where standard error is closed, the rows were printed all the same.
        drop(writeln!(io::stderr(), "afterimage: {words}"));
    }
}

/// The columns that were asked for; JSON and CSV have all unless told otherwise.
fn columns(args: &PsArgs) -> anyhow::Result<Vec<Column>> {
    let column = |name: &str| match threads::column_named(name) {
        Some(column) => Ok(column),
        None => bail!("there is no column {name:?}; there are {}", names()),
    };
    match (&args.columns, args.show.format) {
        (Some(names), _) => names.iter().map(|name| column(name)).collect(),
        (None, Format::Table) => threads::DEFAULT.iter().map(|name| column(name)).collect(),
        (None, _) => Ok(threads::COLUMNS.to_vec()),
    }
}

fn names() -> String {
    let names: Vec<&str> = threads::COLUMNS.iter().map(|column| column.key).collect();
    names.join(" ")
}
