//! `afterimage threads CAPTURE --import DUMP.txt`: dumps that somebody took go into a capture.

use super::super::{Opened, sound};
use super::files::{bytes_of, original};
use super::source::is_capture;
use crate::cli::ThreadsArgs;
use crate::command::output::print_text;
use afterimage_analysis::dumps::model::When as DumpTime;
use afterimage_analysis::dumps::summary::summary;
use afterimage_analysis::dumps::{Dump, read_bytes};
use afterimage_analysis::when::When;
use afterimage_format::capture::bring::bring;
use afterimage_format::capture::lock::OwnerLock;
use afterimage_format::process::Pid;
use afterimage_format::thread_dump::{
    DumpFacts, DumpStatus, IMPORTED, MOST_TEXT, PackedText, ThreadDump,
};
use afterimage_format::time::WallTime;
use anyhow::{Context as _, bail};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

pub(super) fn run(args: &ThreadsArgs, from: &Path) -> anyhow::Result<ExitCode> {
    let [capture] = args.files.as_slice() else {
        bail!("dumps are imported into one capture");
    };
    if !is_capture(capture)? {
        bail!(
            "{} is no capture: --import puts dumps into one",
            capture.display()
        );
    }
    let bytes = bytes_of(from)?;
    let (_, found) = read_bytes(&bytes);
    if found.dumps.is_empty() {
        bail!(
            "no thread dump of a known form was found in {}",
            from.display()
        );
    }
    let name = from.file_name().unwrap_or(from.as_os_str());
    let name = name.to_string_lossy().into_owned();
    let lock = OwnerLock::take(capture).with_context(|| {
        format!(
            "nothing can be added to {}; `afterimage copy` makes one that can be added to",
            capture.display()
        )
    })?;
    let mut dumps = Vec::new();
    sound::read(capture, |opened| {
        let opened = Opened::of_any(opened, args.show.utc)?;
        // It may be asked a second time, of what is sound.
        dumps.clear();
        let pid = args.pid.as_ref().and_then(|pids| pids.first().copied());
        for dump in &found.dumps {
            let text = original(&bytes, &dump.place);
            dumps.push(brought(dump, (text, &name), (&opened, pid))?);
        }
        Ok(ExitCode::SUCCESS)
    })?;
    bring(capture, &lock, &dumps)?;
    print_text(&format!(
        "{} thread dump{} added to {}\n",
        dumps.len(),
        if dumps.len() == 1 { "" } else { "s" },
        capture.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// A dump as the capture keeps it.
fn brought(
    dump: &Dump,
    (text, name): (&[u8], &str),
    (opened, pid): (&Opened, Option<i64>),
) -> anyhow::Result<ThreadDump> {
    let text = &text[..text.len().min(MOST_TEXT)];
    let (wall, detail) = match time(dump, opened) {
        Some(wall) => (wall, String::new()),
        None => (
            opened.span.end,
            "the text does not say when it was taken: it stands at the end of the capture"
                .to_owned(),
        ),
    };
    let pid = pid.or(dump.pid).and_then(|pid| i32::try_from(pid).ok());
    let status = if dump.is_truncated {
        DumpStatus::Truncated
    } else {
        DumpStatus::Ok
    };
    Ok(ThreadDump {
        facts: DumpFacts {
            wall,
            end: wall,
            pid: Pid(pid.unwrap_or(-1)),
            started: None,
            comm: Vec::new(),
            kind: IMPORTED.to_owned(),
            trigger: IMPORTED.to_owned(),
            trigger_detail: format!("from the file {name}"),
            burst: None,
            status,
            detail,
            arguments: String::new(),
            signalled: false,
            attach: None,
            took: Duration::ZERO,
            pause: None,
            vm: dump.vm.as_deref().map(str::to_owned),
            cpu: None,
            summary: Some(summary(dump)),
        },
        text: Some(PackedText::pack(text)?),
        before: None,
        after: None,
    })
}

/// When it was taken; what does not name its zone is of the zone of the recorded host.
fn time(dump: &Dump, opened: &Opened) -> Option<WallTime> {
    let wall = match dump.at? {
        DumpTime::Exact(at) => WallTime(at.as_microsecond()),
        DumpTime::Local(at) => {
            let when: When = at.to_string().parse().ok()?;
            when.resolve(&opened.span, &opened.zone).ok()?
        }
    };
    Some(WallTime::from_file(wall.0))
}
