//! `afterimage threads`: thread dumps, of a capture or of files that somebody made.
//!
//! In: dumps one after the other. Out: what follows from each, with the dumps of the same process
//! before it. Of all of them only a few are held at a time, but for the text for people, which has the
//! last of each process.

mod csv;
mod diff;
mod files;
mod import;
mod json;
mod kind;
mod shared;
mod source;
mod table;

use super::output::{OutputError, print_bytes};
use crate::cli::{Format, ThreadsArgs};
use afterimage_analysis::dumps::Dump;
use afterimage_analysis::dumps::history::{self, Series};
use afterimage_analysis::dumps::kernel::Views;
use afterimage_analysis::dumps::report::{Around, Report};
use afterimage_analysis::escape::Escaped;
use source::{Asked, Taken};
use std::collections::VecDeque;
use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::time::Duration;

/// So many dumps of a process are looked at together.
const TOGETHER: usize = 8;
/// So many processes are told apart at a time.
const MOST_LIVES: usize = 64;
/// From the end of one dump CPU is counted to the next, if it is so near.
const NEAR: Duration = Duration::from_mins(2);

pub(super) fn run(args: &ThreadsArgs) -> anyhow::Result<ExitCode> {
    if let Some(dump) = &args.import {
        return import::run(args, dump);
    }
    if args.diff.is_some() {
        return source::each(args, |asked| diff::print(asked, args.show.format));
    }
    source::each(args, |asked| match (args.raw, args.show.format) {
        (true, _) => raw(asked),
        (false, Format::Json) => json::print(asked),
        (false, Format::Csv) => csv::print(asked),
        (false, Format::Table) => table::print(asked),
    })
}

/// The dumps as they came.
fn raw(asked: &mut Asked<'_>) -> anyhow::Result<()> {
    let is_terminal = std::io::stdout().is_terminal();
    asked.each(&mut |taken| {
        let Some(text) = taken.text.as_ref().filter(|_| taken.is_shown) else {
            return Ok(());
        };
        if is_terminal {
            print_bytes(&shown(text))?;
        } else {
            print_bytes(text)?;
        }
        Ok(())
    })
}

/// Lines of which a terminal obeys nothing; tabs are tabs.
fn shown(text: &[u8]) -> Vec<u8> {
    let mut shown = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let (line, end) = match line.strip_suffix(b"\n") {
            Some(line) => (line, "\n"),
            None => (line, ""),
        };
        let parts = line.split(|byte| *byte == b'\t');
        let parts: Vec<String> = parts.map(|part| Escaped(part).to_string()).collect();
        shown.extend_from_slice(parts.join("\t").as_bytes());
        shown.extend_from_slice(end.as_bytes());
    }
    shown
}

/// What follows from a dump, and with which others it was looked at.
struct Worked<'a> {
    taken: &'a Taken,
    /// The number of the process's life.
    life: usize,
    dump: &'a Dump,
    report: Report,
    /// The threads over the dumps of the same life up to this one.
    series: Series,
}

/// The dumps of each process that were taken last.
#[derive(Default)]
struct Lives {
    last: Vec<(usize, VecDeque<Taken>)>,
    /// How many there were.
    count: usize,
}

impl Lives {
    /// Looks at one more dump.
    fn work<T>(
        &mut self,
        taken: Taken,
        architecture: &str,
        show: impl FnOnce(Option<&Worked<'_>>, &Taken) -> T,
    ) -> T {
        let Some(dump) = &taken.dump else {
            return show(None, &taken);
        };
        let place = self.last.iter().rposition(|(_, life)| {
            life.back()
                .is_some_and(|last| last.is_same_life(&taken, dump))
        });
        let place = place.unwrap_or_else(|| {
            if self.last.len() >= MOST_LIVES {
                self.last.remove(0);
            }
            self.last.push((self.count, VecDeque::new()));
            self.count += 1;
            self.last.len() - 1
        });
        let (number, life) = &mut self.last[place];
        if life.len() >= TOGETHER {
            life.pop_front();
        }
        life.push_back(taken);
        // "Before the first dump" is the first of the trouble that is looked at.
        let first = life.iter().find_map(|taken| taken.wall);
        if let (Some(past), Some(first)) =
            (life.back_mut().and_then(|taken| taken.past.as_mut()), first)
        {
            past.first = first;
        }
        let life = &*life;
        let all: Vec<(&Taken, &Dump)> = life
            .iter()
            .filter_map(|taken| Some((taken, taken.dump.as_ref()?)))
            .collect();
        let Some((taken, dump)) = all.last().copied() else {
            // It was put there a moment ago.
            return show(None, &life[life.len() - 1]);
        };
        let dumps: Vec<&Dump> = all.iter().map(|(_, dump)| *dump).collect();
        let is_last = |series: &Series| series.dumps.last() == Some(&(dumps.len() - 1));
        let series = history::series(&dumps).into_iter().find(is_last);
        let series = series.unwrap_or_default();
        let near = |earlier: &&(&Taken, &Dump)| {
            let since = taken.wall.zip(earlier.0.wall);
            since.is_some_and(|(now, then)| now.since(then).is_some_and(|since| since <= NEAR))
        };
        let earlier = all.iter().rev().nth(1).filter(near);
        let around = Around {
            views: Views {
                earlier: earlier.and_then(|(earlier, _)| earlier.after.as_ref()),
                before: taken.before.as_ref(),
                after: taken.after.as_ref(),
                architecture,
            },
            series: Some((&series, &dumps)),
            host: taken.host.as_ref(),
            before: taken.past.as_ref(),
        };
        let report = Report::of(dump, &around);
        let worked = Worked {
            taken,
            life: *number,
            dump,
            report,
            series,
        };
        show(Some(&worked), taken)
    }
}

/// A text out of a dump on one line.
fn safe(text: &str) -> String {
    Escaped(text.as_bytes()).to_string()
}

/// A time without milliseconds and offset.
fn short_time(at: &str) -> String {
    safe(&at.get(..19).unwrap_or(at).replace('T', " "))
}

/// Text of ours, in which everything out of a dump is escaped already.
fn put(text: &str) -> Result<(), OutputError> {
    print_bytes(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn a_terminal_obeys_nothing_of_a_dump_and_tabs_stay() {
        let text = b"\"a\x1b[2J\" #1\n\tat x\xff\r\nlast";
        let safe = b"\"a\\x1b[2J\" #1\n\tat x\\xff\\r\nlast";
        assert_eq!(shown(text), safe);
    }
}
