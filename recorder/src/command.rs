//! The subcommands, one file each, and what they share.

mod check;
mod clip;
mod copy;
mod destination;
mod dmesg;
mod doctor;
mod dump;
mod generate;
mod holdings;
mod info;
mod lastcomm;
mod live;
mod load;
pub(crate) mod output;
mod pidstat;
mod printer;
mod ps;
mod ps_threads;
mod record;
mod replay;
mod rows;
mod salvage;
mod sound;
mod ss;
mod stretch;
mod threads;
mod top;
mod waits;

use crate::cli::Command;
use afterimage_analysis::when::{Span, When};
use afterimage_analysis::zone::Zone;
use afterimage_format::capture::Capture;
use afterimage_format::capture::error::{CaptureError, FrameFault};
use afterimage_format::capture::lock::LockError;
use afterimage_format::facts::{Gap, Host};
use afterimage_format::time::{Seq, WallTime};
use anyhow::{Context as _, bail};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// A frame that the command needed is damaged.
const DAMAGED: u8 = 3;
/// Another recorder holds the file (`EX_TEMPFAIL`).
const HELD: u8 = 75;

/// Runs a subcommand.
pub(crate) fn dispatch(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Record(args) => record::run(&args),
        Command::Status(args) => live::status(&args),
        Command::Mark(args) => live::mark(&args),
        Command::Dump(args) => dump::run(&args),
        Command::ThreadDumpHelper(args) => Ok(dump::helper(&args)),
        Command::Info(args) => info::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Ps(args) => ps::run(&args),
        Command::Uptime(args) => replay::uptime(&args),
        Command::Vmstat(args) => replay::vmstat(&args),
        Command::Free(args) => replay::free(&args),
        Command::Iostat(args) => replay::iostat(&args),
        Command::Sar(args) => replay::sar(&args),
        Command::Df(args) => holdings::df(&args),
        Command::Lslocks(args) => holdings::lslocks(&args),
        Command::Lsblk(args) => holdings::lsblk(&args),
        Command::Numastat(args) => holdings::numastat(&args),
        Command::Top(args) => top::run(&args),
        Command::Pidstat(args) => pidstat::run(&args),
        Command::Waits(args) => waits::run(&args),
        Command::Ss(args) => ss::run(&args),
        Command::Load(args) => load::run(&args),
        Command::Threads(args) => threads::run(&args),
        Command::Dmesg(args) => dmesg::run(&args),
        Command::Lastcomm(args) => lastcomm::run(&args),
        Command::Copy(args) => copy::run(&args),
        Command::Clip(args) => clip::run(&args),
        Command::Salvage(args) => salvage::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Completions(args) => generate::completions(&args),
        Command::Man(args) => generate::man(&args),
    }
}

/// The exit code for an error.
pub(crate) fn exit_code(error: &anyhow::Error) -> ExitCode {
    let held = error
        .chain()
        .any(|cause| matches!(cause.downcast_ref(), Some(LockError::Held { .. })));
    let damaged = error.chain().any(|cause| {
        cause.is::<NothingLeft>()
            || matches!(cause.downcast_ref(), Some(CaptureError::Damaged { .. }))
    });
    match (held, damaged) {
        (true, _) => ExitCode::from(HELD),
        (false, true) => ExitCode::from(DAMAGED),
        (false, false) => ExitCode::FAILURE,
    }
}

/// Every tick of a capture is lost: what else it holds, `info` and `dmesg` show.
#[derive(Debug, thiserror::Error)]
#[error("no tick of {} is sound", .0.display())]
struct NothingLeft(PathBuf);

/// A capture with what every reading command needs of it.
struct Opened {
    capture: Capture,
    host: Host,
    zone: Zone,
    first: Seq,
    last: Seq,
    span: Span,
}

impl Opened {
    /// One with ticks.
    fn of(capture: Capture, utc: bool) -> anyhow::Result<Self> {
        let opened = Self::of_any(capture, utc)?;
        if opened.last == Seq(0) {
            bail!(NothingLeft(opened.capture.path().to_owned()));
        }
        Ok(opened)
    }

    /// The same for who can do without ticks, where a salvage has found none.
    fn of_any(mut capture: Capture, utc: bool) -> anyhow::Result<Self> {
        let path = capture.path().to_owned();
        let (_, host) = capture.host()?;
        let zone = if utc {
            Zone::utc()
        } else {
            Zone::from_capture(host.timezone.as_deref(), host.utc_offset_seconds)
        };
        let nothing = || CaptureError::NoSample {
            path: path.clone(),
            place: "yet".to_owned(),
        };
        let ends = capture.ends()?;
        let none = capture.rescue().map(|_| (Seq(0), Seq(0)));
        let (first, last) = ends.or(none).ok_or_else(nothing)?;
        let start = capture.wall_of(first)?.unwrap_or(WallTime(0));
        let end = capture.wall_of(last)?.unwrap_or(start);
        Ok(Self {
            capture,
            host,
            zone,
            first,
            last,
            span: Span { start, end },
        })
    }

    /// The exit code of a command that has printed what it could: the zone of times and the unit
    /// of counters may be wrong when what says them is damaged.
    fn exit(&self) -> ExitCode {
        let basis = ["capture", "host", "run", "clock"];
        let mut damage = self.capture.damage().iter();
        if damage.any(|damage| basis.contains(&damage.table)) || self.lacks_basis() {
            ExitCode::from(DAMAGED)
        } else {
            ExitCode::SUCCESS
        }
    }

    /// Where pages of a table are damaged that hide what comes behind them, a salvage shows more.
    fn refuse_torn(&self) -> Result<(), CaptureError> {
        sound::refuse_torn(&self.capture)
    }

    /// Whether a salvage lost what every answer goes by.
    fn lacks_basis(&self) -> bool {
        self.capture.rescue().is_some() && self.host == Host::unknown()
    }

    /// Whether something that no time is known of was lost: it may have been anywhere.
    fn lost_anything_anywhere(&self) -> bool {
        let rescue = self.capture.rescue();
        let losses = rescue.map(|rescue| &rescue.salvaged.losses);
        losses.is_some_and(|losses| losses.iter().any(|loss| loss.from.is_none()))
    }

    /// Whether what a moment means depends on an end of the capture that may be lost.
    fn is_uncertain(&self, when: &When) -> bool {
        let Some(rescue) = self.capture.rescue() else {
            return false;
        };
        let mut lost = rescue.salvaged.made.lost.iter();
        let is_at_start = matches!(when, When::Start | When::AfterStart(_));
        let end_is_lost = if is_at_start {
            lost.any(|gap| gap.after < self.first)
        } else {
            lost.any(|gap| gap.after >= self.last)
        };
        let is_exact = matches!(
            when,
            When::Instant(_) | When::DateTime(_) | When::TimeOfDay(_)
        );
        !is_exact && (end_is_lost || self.lost_anything_anywhere())
    }

    /// The last tick that began by a moment, which must lie within the capture, and not where
    /// ticks were lost.
    fn tick_at(&mut self, when: &When) -> anyhow::Result<Seq> {
        let at = self.resolve_end(when)?;
        let found = self.capture.at_or_before(at)?;
        let seq = found.context("the capture has no sample there")?;
        let interval = self.interval_at(seq)?;
        let rescue = self.capture.rescue().into_iter();
        let mut lost = rescue.flat_map(|rescue| &rescue.salvaged.made.lost);
        let is_lost = |gap: &&Gap| gap.after == seq && at >= gap.from.plus(interval) && at < gap.to;
        match lost.find(is_lost) {
            None => Ok(seq),
            Some(gap) => Err(CaptureError::Damaged {
                path: self.capture.path().to_owned(),
                seq: gap.after.0 + 1,
                fault: FrameFault::Absent,
            }
            .into()),
        }
    }

    /// A moment within the capture. What was printed to the millisecond is found again, though
    /// the tick may lie microseconds later.
    fn resolve(&self, when: &When) -> anyhow::Result<WallTime> {
        self.moment(when).map(|(at, _)| at)
    }

    /// The same up to the end of the second, if it is one that is meant: 14:02:38 is what tables
    /// show beside a tick of 14:02:38.4.
    fn resolve_end(&self, when: &When) -> anyhow::Result<WallTime> {
        self.moment(when).map(|(_, end)| end)
    }

    fn moment(&self, when: &When) -> anyhow::Result<(WallTime, WallTime)> {
        let at = when
            .resolve(&self.span, &self.zone)?
            .plus(Duration::from_micros(999));
        let rest = if when.names_a_second() { 999_000 } else { 0 };
        let until = at.plus(Duration::from_micros(rest));
        let Span { start, end } = self.span;
        // The moments between the last tick and the next one belong to the last.
        if until < start || at > end.plus(Duration::from_mins(1)) {
            let evicted = if at < start && self.first > Seq(1) {
                "; what was before has been evicted, to stay within --max-size and --retain"
            } else {
                ""
            };
            let (start, end) = (self.zone.rfc3339(start), self.zone.rfc3339(end));
            bail!(
                "{} is outside the capture, which goes from {start} to {end}{evicted}",
                self.zone.rfc3339(at)
            );
        }
        Ok((at, until))
    }

    /// What was read of a tick, which must be readable.
    fn readable<T>(&self, read: Option<T>, seq: Seq) -> anyhow::Result<T> {
        if let Some(read) = read {
            return Ok(read);
        }
        let fault = self
            .capture
            .damage()
            .last()
            .map(|damage| damage.fault.clone());
        let path = self.capture.path().to_owned();
        Err(match fault {
            Some(fault) => CaptureError::Damaged {
                path,
                seq: seq.0,
                fault,
            }
            .into(),
            None => CaptureError::NoSample {
                path,
                place: format!("number {}", seq.0),
            }
            .into(),
        })
    }

    /// The time between ticks when `seq` was taken.
    fn interval_at(&mut self, seq: Seq) -> anyhow::Result<Duration> {
        let runs = self.capture.runs()?;
        let run = runs.iter().rev().find(|run| run.first <= seq);
        Ok(run.map_or(Duration::from_secs(1), |run| run.interval))
    }
}
