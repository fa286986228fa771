//! `afterimage info` for people: a line for each thing worth knowing.

use super::{Info, loss_bound};
use afterimage_analysis::amount::{HumanBytes, HumanDuration};
use afterimage_analysis::escape::Escaped;
use afterimage_format::capture::Mode;
use afterimage_format::capture::version::FORMAT;
use afterimage_format::facts::{Gap, Run};
use afterimage_format::units::Bytes;

type Line = (&'static str, String);

/// Everything of it, safe for a terminal.
pub(super) fn text(info: &Info) -> String {
    let mut lines = vec![file(info), host(info)];
    lines.extend(time(info));
    lines.extend([ticks(info), state(info)]);
    if !info.shed.is_empty() {
        let names = info.shed.join(", ");
        lines.push(("left out", format!("{names} (to stay within the budget)")));
    }
    lines.push(ends(info));
    lines.extend(
        info.ends_lost
            .iter()
            .map(|lost| ("ends lost", lost.clone())),
    );
    lines.extend(info.runs.iter().map(|each| run(info, each)));
    lines.extend(info.gaps.iter().map(|each| gap(info, each)));
    let troubled = info.sources.iter().filter(|source| source.state != "ok");
    lines.extend(troubled.map(|source| {
        let words = format!("{}: {} ({})", source.name, source.state, source.detail);
        ("source", words)
    }));
    lines.extend(info.notes.iter().map(|note| ("note", note.clone())));
    let printed = lines
        .into_iter()
        .map(|(name, value)| format!("{name:<10} {}\n", Escaped(value.as_bytes())));
    printed.collect()
}

fn file(info: &Info) -> Line {
    let size = HumanBytes(Bytes(info.size_bytes));
    let used = HumanBytes(Bytes(info.data_bytes));
    (
        "file",
        format!(
            "{}, {size}, of which {used} in use, format 0.{FORMAT}",
            info.file
        ),
    )
}

fn host(info: &Info) -> Line {
    let host = &info.host;
    let boots = match info.boot_ids.len() {
        1 => "1 boot".to_owned(),
        boots => format!("{boots} boots"),
    };
    let words = format!(
        "{}, {} {}, {} CPUs, {boots}",
        host.hostname, host.kernel, host.architecture, host.cpus
    );
    ("host", words)
}

fn time(info: &Info) -> Option<Line> {
    let (from, to) = info.span?;
    let length = HumanDuration(to.since(from).unwrap_or_default());
    let zone = info.host.timezone.as_deref().unwrap_or("unknown");
    let words = format!(
        "{} to {}, {length}, zone {zone}",
        info.zone.rfc3339(from),
        info.zone.rfc3339(to)
    );
    Some(("time", words))
}

fn ticks(info: &Info) -> Line {
    let evicted = match (info.evicted, info.clipped) {
        (0, 0) => String::new(),
        (0, clipped) => format!(", {clipped} older ones not in this clip"),
        (evicted, _) => format!(", {evicted} older ones evicted"),
    };
    let words = format!(
        "{}, {} missed, {} damaged frames{evicted}",
        info.ticks,
        info.missed(),
        info.damaged
    );
    ("ticks", words)
}

fn ends(info: &Info) -> Line {
    let ends = info.ends;
    let more = [
        (ends.added_up, "more short lives only counted"),
        (ends.evicted, "older ones evicted"),
    ];
    let more = more.into_iter().filter(|(count, _)| *count > 0);
    let more = more.map(|(count, what)| format!(", {count} {what}"));
    let more: String = more.collect();
    let words = format!("{} processes ended, as `lastcomm` shows{more}", ends.kept);
    ("ends", words)
}

fn state(info: &Info) -> Line {
    let behind = info.behind.filter(|behind| !behind.is_zero());
    let behind = behind.map_or_else(String::new, |behind| {
        format!(", {} s behind when it was copied", behind.as_secs())
    });
    ("state", format!("{}{behind}", info.state()))
}

fn run(info: &Info, run: &Run) -> Line {
    let to = info
        .end_of(run)
        .map_or_else(|| "?".to_owned(), |to| info.zone.rfc3339(to));
    let unfinished = if info.mode == Mode::Recording {
        "recording"
    } else {
        "no clean end"
    };
    let end = run.end.as_deref().unwrap_or(unfinished);
    let from = info.zone.rfc3339(run.from);
    let words = format!(
        "{from} to {to}, every {:?}, {end}; {}",
        run.interval,
        loss_bound(&run.sync)
    );
    ("run", words)
}

fn gap(info: &Info, gap: &Gap) -> Line {
    let (from, to) = (info.zone.rfc3339(gap.from), info.zone.rfc3339(gap.to));
    let words = format!(
        "{from} to {to}, {}, {} missed: {}",
        gap.kind.name(),
        gap.missed,
        gap.detail
    );
    ("gap", words)
}
