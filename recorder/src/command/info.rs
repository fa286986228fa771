//! `afterimage info`: what a capture holds.

mod text;

use super::DAMAGED;
use super::clip::NOTE;
use super::output::print_text;
use super::sound;
use crate::cli::{Format, InfoArgs};
use afterimage_analysis::zone::Zone;
use afterimage_format::capture::reader::EndCounts;
use afterimage_format::capture::version::FORMAT;
use afterimage_format::capture::{Capture, Mode};
use afterimage_format::facts::{Gap, Run, Source};
use afterimage_format::time::WallTime;
use serde_json::{Value, json};
use std::process::ExitCode;
use std::time::{Duration, UNIX_EPOCH};

/// Said of a log whose newest commit is not whole.
const IN_PIECES: &str = "the newest commit in the log is in pieces: it was being written when the recorder, the host or the copy stopped, or was changed since; a tick is lost, at most two";

pub(super) fn run(args: &InfoArgs) -> anyhow::Result<ExitCode> {
    sound::read(&args.file, |mut capture| show(args, &mut capture))
}

fn show(args: &InfoArgs, capture: &mut Capture) -> anyhow::Result<ExitCode> {
    let info = Info::read(capture, args.utc)?;
    sound::refuse_torn(capture)?;
    if args.json || args.format == Format::Json {
        print_text(&format!("{:#}\n", info.json()))?;
    } else {
        print_text(&text::text(&info))?;
    }
    let basis_is_damaged = capture
        .damage()
        .iter()
        .any(|damage| damage.table != "chunk_body");
    let rescue = capture.rescue();
    let is_in_part = rescue.is_some_and(|rescue| !rescue.salvaged.losses.is_empty());
    Ok(if basis_is_damaged || is_in_part {
        ExitCode::from(DAMAGED)
    } else {
        ExitCode::SUCCESS
    })
}

struct Info {
    file: String,
    size_bytes: u64,
    data_bytes: u64,
    host: afterimage_format::facts::Host,
    boot_ids: Vec<String>,
    zone: Zone,
    ticks: u64,
    /// Ticks that are no longer kept.
    evicted: u64,
    /// Ticks that the capture had of which this is a clip, before the first of this one.
    clipped: u64,
    span: Option<(WallTime, WallTime)>,
    runs: Vec<Run>,
    gaps: Vec<Gap>,
    sources: Vec<Source>,
    notes: Vec<String>,
    shed: Vec<&'static str>,
    ends: EndCounts,
    /// What was lost of the ends of processes, in words.
    ends_lost: Vec<String>,
    mode: Mode,
    behind: Option<Duration>,
    damaged: usize,
}

impl Info {
    fn read(capture: &mut Capture, utc: bool) -> anyhow::Result<Self> {
        let path = capture.path().to_owned();
        let hosts = capture.hosts()?;
        let (_, host) = capture.host()?;
        let zone = if utc {
            Zone::utc()
        } else {
            Zone::from_capture(host.timezone.as_deref(), host.utc_offset_seconds)
        };
        let ends = capture.ends()?;
        let span = match ends {
            Some((first, last)) => capture.wall_of(first)?.zip(capture.wall_of(last)?),
            None => None,
        };
        let data = std::fs::metadata(&path)?;
        let mut notes = capture.notes()?;
        if capture.ends_in_pieces() {
            notes.push(IN_PIECES.to_owned());
        }
        let is_clip = notes.iter().any(|note| note.starts_with(NOTE));
        // They are numbered from 1.
        let before = ends.map_or(0, |(first, _)| first.0.saturating_sub(1));
        let mode = capture.mode();
        Ok(Self {
            file: path.display().to_string(),
            size_bytes: data.len(),
            data_bytes: capture.data_bytes()?,
            boot_ids: hosts.into_iter().map(|(_, host)| host.boot_id).collect(),
            host,
            zone,
            ticks: capture.ticks()?,
            evicted: if is_clip { 0 } else { before },
            clipped: if is_clip { before } else { 0 },
            span,
            runs: capture.runs()?,
            gaps: capture.gaps()?,
            sources: capture.sources()?,
            notes,
            shed: capture.shed()?.names().collect(),
            ends: capture.count_ends()?,
            ends_lost: capture.events_of("exits-lost")?,
            mode,
            behind: behind(mode, span, &data),
            damaged: capture.damage().len(),
        })
    }

    fn missed(&self) -> u64 {
        self.gaps.iter().map(|gap| gap.missed).sum()
    }

    /// How the last run ended, if it did.
    fn clean_end(&self) -> bool {
        self.runs.last().is_some_and(Run::ended_cleanly)
    }

    fn state(&self) -> &'static str {
        match self.mode {
            Mode::Recording => "recording",
            // With a reader at its end a capture stays in the form of one that is recorded.
            _ if self.clean_end() => "clean",
            Mode::CopiedLive => "copied-live",
            Mode::Whole | Mode::WithLog => "unclean",
        }
    }

    fn json(&self) -> Value {
        let time = |at: WallTime| self.zone.rfc3339(at);
        let gaps: Vec<Value> = self.gaps.iter()
            .map(|gap| json!({ "kind": gap.kind.name(), "from": time(gap.from), "to": time(gap.to), "missed": gap.missed, "detail": gap.detail }))
            .collect();
        let runs: Vec<Value> = self
            .runs
            .iter()
            .map(|run| {
                json!({
                    "from": time(run.from),
                    "to": self.end_of(run).map(time),
                    "interval_seconds": run.interval.as_secs_f64(),
                    "end": run.end,
                    "sync": run.sync,
                    "loss_bound": loss_bound(&run.sync),
                })
            })
            .collect();
        let sources: Vec<Value> = self.sources.iter()
            .map(|source| json!({ "name": source.name, "state": source.state, "detail": source.detail }))
            .collect();
        json!({
            "format": format!("0.{FORMAT}"),
            "file": self.file,
            "size_bytes": self.size_bytes,
            "data_bytes": self.data_bytes,
            "host": self.host.hostname,
            "kernel": self.host.kernel,
            "timezone": self.host.timezone,
            "cpus": self.host.cpus,
            "boot_ids": self.boot_ids,
            "from": self.span.map(|(from, _)| time(from)),
            "to": self.span.map(|(_, to)| time(to)),
            "ticks": self.ticks,
            "evicted": self.evicted,
            "clipped": self.clipped,
            "missed": self.missed(),
            "damaged_frames": self.damaged,
            "behind_seconds": self.behind.map(|behind| behind.as_secs()),
            "state": self.state(),
            "clean_end": self.clean_end(),
            "shed": self.shed,
            "ends": {
                "kept": self.ends.kept,
                "added_up": self.ends.added_up,
                "evicted": self.ends.evicted,
                "lost": self.ends_lost,
            },
            "gaps": gaps,
            "runs": runs,
            "sources": sources,
            "notes": self.notes,
        })
    }

    /// When a run ended; of the one that is not over, its newest tick.
    fn end_of(&self, run: &Run) -> Option<WallTime> {
        let is_last = self.runs.last().is_some_and(|last| last.id == run.id);
        run.to.or(self.span.filter(|_| is_last).map(|(_, to)| to))
    }
}

/// What a power cut may cost.
fn loss_bound(sync: &str) -> &'static str {
    match sync {
        "tick" => "a power cut loses at most the tick in flight",
        "10s" => "a power cut loses at most the last 10 seconds",
        _ => "a power cut loses what the system had not written yet, and may damage it",
    }
}

/// How much older than the copy its newest tick is. Unless the copy kept the original's time
/// of change, that is how much was recorded and not yet in the file when it was copied.
fn behind(
    mode: Mode,
    span: Option<(WallTime, WallTime)>,
    data: &std::fs::Metadata,
) -> Option<Duration> {
    if mode != Mode::CopiedLive {
        return Some(Duration::ZERO);
    }
    let changed = data.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    let changed = WallTime(i64::try_from(changed.as_micros()).ok()?);
    Some(changed.since(span?.1).unwrap_or_default())
}
