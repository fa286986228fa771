//! `afterimage threads FILE --diff OTHER`: what is different between two dumps.
//!
//! Of a capture two dumps of each process, of files the last one in each. The earlier one comes first,
//! in whatever order they were named.

mod csv;
mod json;
mod text;

use super::super::Opened;
use super::Lives;
use super::files::of_files;
use super::source::{Asked, BEFORE, Taken};
use crate::cli::{Format, ThreadsArgs};
use afterimage_analysis::dumps::Dump;
use afterimage_analysis::dumps::compare::{Comparison, Side};
use afterimage_analysis::dumps::history;
use afterimage_analysis::dumps::kernel::Views;
use afterimage_analysis::dumps::model::When as DumpTime;
use afterimage_analysis::dumps::report::Report;
use afterimage_analysis::when::When;
use afterimage_format::capture::StoredDump;
use afterimage_format::process::Pid;
use afterimage_format::time::WallTime;
use anyhow::{Context as _, bail};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// One of the two dumps, with what follows from it.
struct Kept {
    taken: Taken,
    dump: Dump,
    report: Report,
}

impl Kept {
    fn side<'a>(&'a self, architecture: &'a str) -> Side<'a> {
        Side {
            dump: &self.dump,
            report: &self.report,
            views: Views {
                earlier: None,
                before: self.taken.before.as_ref(),
                after: self.taken.after.as_ref(),
                architecture,
            },
        }
    }
}

/// Two dumps of a process, and what is different.
struct Compared {
    before: Kept,
    now: Kept,
    comparison: Comparison,
}

impl Compared {
    fn of(before: Kept, now: Kept, architecture: &str) -> Self {
        let by_start = before.taken.has_same_start(&now.taken);
        let by_words = || history::is_same_life(&before.dump, &now.dump);
        let is_one_life = by_start.unwrap_or_else(by_words);
        let sides = (before.side(architecture), now.side(architecture));
        let comparison = Comparison::of(&sides.0, &sides.1, is_one_life);
        Self {
            before,
            now,
            comparison,
        }
    }
}

/// The moment of the other dump, in a capture.
pub(super) fn moment(other: &str, opened: &Opened) -> anyhow::Result<WallTime> {
    let when: When = other
        .parse()
        .context("--diff takes the moment of another dump of the capture")?;
    opened.resolve_end(&when)
}

/// The rows of a capture that are compared, each with some before it that say what did not move.
pub(super) fn rows(
    args: &ThreadsArgs,
    opened: &mut Opened,
    ends: [WallTime; 2],
) -> anyhow::Result<Vec<(StoredDump, bool)>> {
    let last = ends[0].max(ends[1]);
    let mut rows = opened.capture.thread_dumps(WallTime(i64::MIN), last)?;
    let has_threads =
        |row: &StoredDump| row.raw_bytes.is_some() || row.has_kernel.0 || row.has_kernel.1;
    rows.retain(has_threads);
    if let Some(pids) = &args.pid {
        rows.retain(|row| pids.contains(&i64::from(row.facts.pid.0)));
    }
    rows.sort_by_key(|row| (row.facts.wall, row.id));
    let mut of_pid: BTreeMap<Pid, Vec<usize>> = BTreeMap::new();
    for (place, row) in rows.iter().enumerate() {
        of_pid.entry(row.facts.pid).or_default().push(place);
    }
    let mut chosen: BTreeMap<usize, bool> = BTreeMap::new();
    for places in of_pid.values() {
        let count = |end| places.partition_point(|place| rows[*place].facts.wall <= end);
        let [one, other] = ends.map(count);
        if one == other || one == 0 || other == 0 {
            continue;
        }
        for end in [one, other] {
            for place in &places[end.saturating_sub(BEFORE)..end - 1] {
                chosen.entry(*place).or_insert(false);
            }
            chosen.insert(places[end - 1], true);
        }
    }
    if chosen.is_empty() {
        bail!(
            "no process has two dumps to compare there: --at and --diff each mean the last one at or before a moment, and these must be two (`afterimage threads FILE` lists them)"
        );
    }
    let mut rows: Vec<Option<StoredDump>> = rows.into_iter().map(Some).collect();
    let chosen = chosen.into_iter();
    let chosen = chosen.filter_map(|(place, is_shown)| Some((rows[place].take()?, is_shown)));
    Ok(chosen.collect())
}

/// The dumps of two files, of which the last of each are compared.
pub(super) fn files(args: &ThreadsArgs, other: &str) -> anyhow::Result<(Vec<Taken>, usize)> {
    let [file] = args.files.as_slice() else {
        bail!("--diff compares with one file of dumps, or one capture");
    };
    let pids = args.pid.as_deref();
    let (mut one, lines) = of_files(std::slice::from_ref(file), pids)?;
    let (mut two, more) = of_files(&[PathBuf::from(other)], pids)?;
    for dumps in [&mut one, &mut two] {
        let last = dumps.len() - 1;
        for (place, taken) in dumps.iter_mut().enumerate() {
            taken.is_shown = place == last;
        }
    }
    let time = |all: &[Taken]| match all.last()?.dump.as_ref()?.at? {
        DumpTime::Local(at) => Some(at),
        DumpTime::Exact(_) => None,
    };
    let is_turned = time(&one)
        .zip(time(&two))
        .is_some_and(|(one, two)| two < one);
    if is_turned {
        std::mem::swap(&mut one, &mut two);
    }
    one.append(&mut two);
    Ok((one, lines + more))
}

/// Prints what is different.
pub(super) fn print(asked: &mut Asked<'_>, format: Format) -> anyhow::Result<()> {
    let architecture = asked.architecture.clone();
    let mut lives = Lives::default();
    let mut waiting: BTreeMap<Option<Pid>, Kept> = BTreeMap::new();
    let mut all = Vec::new();
    asked.each(&mut |taken| {
        let is_shown = taken.is_shown;
        let kept = lives.work(taken, &architecture, |worked, taken| {
            let worked = worked.filter(|_| is_shown)?;
            Some(Kept {
                taken: taken.without_text(),
                dump: worked.dump.clone(),
                report: worked.report.clone(),
            })
        });
        let Some(kept) = kept else {
            return Ok(());
        };
        // Files are compared whatever they say of whom they are.
        let pid = kept.taken.stored.as_ref().map(|stored| stored.facts.pid);
        match waiting.remove(&pid) {
            Some(before) => all.push(Compared::of(before, kept, &architecture)),
            None => {
                waiting.insert(pid, kept);
            }
        }
        Ok(())
    })?;
    match format {
        Format::Json => json::print(&all, asked.other_lines),
        Format::Csv => csv::print(&all),
        Format::Table => text::print(&all),
    }
}
