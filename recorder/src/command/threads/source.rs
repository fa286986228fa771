//! Where dumps come from: the rows of a capture, or files that somebody made.

use super::super::{DAMAGED, Opened, sound};
use super::diff;
use super::files::of_files;
use super::kind::is_capture;
use crate::cli::ThreadsArgs;
use afterimage_analysis::dumps::followed::Host;
use afterimage_analysis::dumps::past::Past;
use afterimage_analysis::dumps::{Dump, history, kernel, read_bytes, surroundings};
use afterimage_analysis::when::When;
use afterimage_format::capture::StoredDump;
use afterimage_format::kernel_view::KernelView;
use afterimage_format::process::Pid;
use afterimage_format::time::WallTime;
use anyhow::bail;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

/// So many dumps before the one that was asked for say what did not move.
pub(super) const BEFORE: usize = 4;

/// One dump, or an attempt at one.
pub(super) struct Taken {
    /// When it was begun, where that is known by the clock of the host.
    pub(super) wall: Option<WallTime>,
    /// The same as it is shown, in whatever zone.
    pub(super) at: Option<String>,
    /// Its row in the capture.
    pub(super) stored: Option<StoredDump>,
    /// Whether it was asked for; others only say what was before.
    pub(super) is_shown: bool,
    /// The text, to the byte.
    pub(super) text: Option<Vec<u8>>,
    /// What the text says, where it is of a form that is known.
    pub(super) dump: Option<Dump>,
    /// What the kernel said before it.
    pub(super) before: Option<KernelView>,
    /// What it said after it.
    pub(super) after: Option<KernelView>,
    /// What the samples say of its threads before it.
    pub(super) past: Option<Past>,
    /// Everybody else on the host at that moment.
    pub(super) host: Option<Host>,
}

impl Taken {
    /// The same without its text and what was read in it.
    pub(super) fn without_text(&self) -> Self {
        Self {
            wall: self.wall,
            at: self.at.clone(),
            stored: self.stored.clone(),
            is_shown: self.is_shown,
            text: None,
            dump: None,
            before: self.before.clone(),
            after: self.after.clone(),
            past: None,
            host: None,
        }
    }

    /// Which process it is of.
    pub(super) fn pid(&self) -> Option<i64> {
        let stored = self.stored.as_ref().map(|stored| stored.facts.pid.0);
        let known = stored.filter(|pid| *pid >= 0).map(i64::from);
        known.or_else(|| self.dump.as_ref()?.pid)
    }

    /// Whether another is of a process of the same number and start, where the capture knows both.
    pub(super) fn has_same_start(&self, other: &Self) -> Option<bool> {
        let started = |taken: &Self| {
            let facts = &taken.stored.as_ref()?.facts;
            Some((facts.pid, facts.started?))
        };
        Some(started(self)? == started(other)?)
    }

    /// Whether another is of the same life of the same process.
    pub(super) fn is_same_life(&self, other: &Self, dump: &Dump) -> bool {
        self.has_same_start(other).unwrap_or_else(|| {
            let own = self.dump.as_ref();
            own.is_some_and(|own| history::is_same_life(own, dump))
        })
    }
}

/// What was asked for: dumps, one after the other.
pub(super) struct Asked<'a> {
    from: Origin<'a>,
    /// As `uname -m` has it.
    pub(super) architecture: String,
    /// Lines beside the dumps.
    pub(super) other_lines: usize,
}

enum Origin<'a> {
    Files(Vec<Taken>),
    Capture {
        opened: &'a mut Opened,
        /// With whether each was asked for.
        rows: Vec<(StoredDump, bool)>,
    },
}

impl Asked<'_> {
    /// Every dump.
    pub(super) fn each(
        &mut self,
        show: &mut dyn FnMut(Taken) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        match &mut self.from {
            Origin::Files(taken) => taken.drain(..).try_for_each(show),
            Origin::Capture { opened, rows } => {
                for (row, is_shown) in rows.drain(..) {
                    for taken in of_row(opened, row, is_shown)? {
                        show(taken)?;
                    }
                }
                Ok(())
            }
        }
    }
}

/// Answers from whatever the files are.
pub(super) fn each(
    args: &ThreadsArgs,
    mut answer: impl FnMut(&mut Asked<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<ExitCode> {
    if let [file] = args.files.as_slice()
        && is_capture(file)?
    {
        return sound::read(file, |capture| {
            let mut opened = Opened::of_any(capture, args.show.utc)?;
            let rows = rows(args, &mut opened)?;
            opened.refuse_torn()?;
            let architecture = opened.host.architecture.clone();
            let mut asked = Asked {
                from: Origin::Capture {
                    opened: &mut opened,
                    rows,
                },
                architecture,
                other_lines: 0,
            };
            answer(&mut asked)?;
            let mut damage = opened.capture.damage().iter();
            let is_hit = damage.any(|damage| damage.table == "thread_dump");
            Ok(if is_hit || opened.lost_anything_anywhere() {
                ExitCode::from(DAMAGED)
            } else {
                opened.exit()
            })
        });
    }
    if args.at.is_some() || args.from.is_some() || args.to.is_some() {
        bail!("--at, --from and --to choose dumps of a capture, and this is none");
    }
    let (taken, other_lines) = match &args.diff {
        Some(other) => diff::files(args, other)?,
        None => of_files(&args.files, args.pid.as_deref())?,
    };
    let mut asked = Asked {
        from: Origin::Files(taken),
        architecture: std::env::consts::ARCH.to_owned(),
        other_lines,
    };
    answer(&mut asked)?;
    Ok(ExitCode::SUCCESS)
}

/// The rows of a capture that were asked for, and some before them.
fn rows(args: &ThreadsArgs, opened: &mut Opened) -> anyhow::Result<Vec<(StoredDump, bool)>> {
    let end = |when: Option<&When>| match when {
        Some(when) => opened.resolve_end(when),
        None => Ok(WallTime(i64::MAX)),
    };
    if let Some(other) = &args.diff {
        let ends = [end(args.at.as_ref())?, diff::moment(other, opened)?];
        return diff::rows(args, opened, ends);
    }
    let from = match &args.from {
        Some(from) => opened.resolve(from)?.minus(Duration::from_micros(999)),
        None => WallTime(i64::MIN),
    };
    let to = end(args.at.as_ref().or(args.to.as_ref()))?;
    let mut rows = opened.capture.thread_dumps(from, to)?;
    if let Some(pids) = &args.pid {
        rows.retain(|row| pids.contains(&i64::from(row.facts.pid.0)));
    }
    rows.sort_by_key(|row| (row.facts.wall, row.id));
    if args.at.is_none() {
        return Ok(rows.into_iter().map(|row| (row, true)).collect());
    }
    // The last of each process.
    let mut counts: BTreeMap<Pid, usize> = BTreeMap::new();
    let mut chosen = Vec::new();
    for row in rows.into_iter().rev() {
        let count = counts.entry(row.facts.pid).or_default();
        *count += 1;
        if *count <= BEFORE {
            chosen.push((row, *count == 1));
        }
    }
    chosen.reverse();
    Ok(chosen)
}

/// What the capture says around a dump of it.
fn add_surroundings(opened: &mut Opened, taken: &mut Taken) -> anyhow::Result<()> {
    let (Some(stored), Some(dump)) = (&taken.stored, &taken.dump) else {
        return Ok(());
    };
    let of = surroundings::Of {
        stored,
        dump,
        views: [taken.before.as_ref(), taken.after.as_ref()],
        first: stored.facts.wall,
        architecture: &opened.host.architecture,
        zone: &opened.zone,
    };
    let found = surroundings::read(&mut opened.capture, &of)?;
    (taken.past, taken.host) = (found.past, found.host);
    Ok(())
}

/// The dumps in the text of a row: one, if it is of a form that is known.
fn of_row(opened: &mut Opened, row: StoredDump, is_shown: bool) -> anyhow::Result<Vec<Taken>> {
    let text = opened.capture.dump_text(row.id)?;
    let (before, after) = opened.capture.dump_kernel(row.id)?;
    let dumps = text.as_deref().map(|text| read_bytes(text).1.dumps);
    let mut dumps = dumps.unwrap_or_default();
    // Where nothing came, or nothing that is known, the kernel still says what each thread was in.
    let view = after
        .as_ref()
        .or(before.as_ref())
        .filter(|_| dumps.is_empty());
    dumps.extend(view.map(kernel::dump_of));
    let mut dumps = dumps.into_iter();
    let mut first = Taken {
        wall: Some(row.facts.wall),
        at: Some(opened.zone.rfc3339(row.facts.wall)),
        is_shown,
        text,
        dump: dumps.next(),
        before,
        after,
        past: None,
        host: None,
        stored: Some(row),
    };
    if is_shown {
        add_surroundings(opened, &mut first)?;
    }
    // `py-spy dump --subprocesses` writes several.
    let more = dumps.map(|dump| Taken {
        wall: first.wall,
        at: first.at.clone(),
        is_shown,
        text: None,
        dump: Some(dump),
        before: None,
        after: None,
        past: None,
        host: None,
        stored: None,
    });
    let more: Vec<Taken> = more.collect();
    Ok(std::iter::once(first).chain(more).collect())
}
