//! `afterimage threads CAPTURE --import DUMP.txt`: dumps that somebody took go into a capture.

use super::super::{Opened, sound};
use super::files::{bytes_of, none_found};
use super::kind::is_capture;
use crate::cli::ThreadsArgs;
use crate::command::output::print_text;
use afterimage_analysis::dumps::model::When as DumpTime;
use afterimage_analysis::dumps::plain::originals;
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
use std::borrow::Cow;
use std::io::Write as _;
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
    let (text, found) = read_bytes(&bytes);
    let parts = originals(&bytes, &text, &found.dumps);
    if found.dumps.is_empty() {
        bail!("{}: {}", from.display(), none_found(found.refused));
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
        for (dump, text) in found.dumps.iter().zip(&parts) {
            dumps.push(brought(dump, (text, &name), (&opened, pid))?);
        }
        Ok(ExitCode::SUCCESS)
    })?;
    bring(capture, &lock, &dumps)?;
    say_what_was_cut(&parts);
    print_text(&format!(
        "{} thread dump{} added to {}\n",
        dumps.len(),
        if dumps.len() == 1 { "" } else { "s" },
        capture.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Says which dumps are not kept whole.
fn say_what_was_cut(parts: &[Cow<'_, [u8]>]) {
    for (number, part) in parts.iter().enumerate() {
        if let Some(cut) = cut(part) {
            let words = format!("afterimage: dump {} is cut: {cut}\n", number + 1);
            // Where standard error is closed the row still tells.
            drop(std::io::stderr().write_all(words.as_bytes()));
        }
    }
}

/// What is lost of a text that is larger than a capture keeps.
fn cut(text: &[u8]) -> Option<String> {
    (text.len() > MOST_TEXT).then(|| {
        format!(
            "of its {} bytes the first {} MiB are kept",
            text.len(),
            MOST_TEXT >> 20
        )
    })
}

/// A dump as the capture keeps it.
fn brought(
    dump: &Dump,
    (text, name): (&[u8], &str),
    (opened, pid): (&Opened, Option<i64>),
) -> anyhow::Result<ThreadDump> {
    let cut = cut(text);
    let text = &text[..text.len().min(MOST_TEXT)];
    let wall = time(dump, opened);
    let no_time = "the text does not say when it was taken: it stands at the end of the capture";
    let no_time = wall.is_none().then(|| no_time.to_owned());
    let wall = wall.unwrap_or(opened.span.end);
    let pid = pid.or(dump.pid).and_then(|pid| i32::try_from(pid).ok());
    let status = if dump.is_truncated || cut.is_some() {
        DumpStatus::Truncated
    } else {
        DumpStatus::Ok
    };
    let detail: Vec<String> = cut.into_iter().chain(no_time).collect();
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
            detail: detail.join("; "),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_larger_than_a_capture_keeps_is_said_to_be_cut() {
        assert_eq!(cut(&vec![b'a'; MOST_TEXT]), None);
        let said = cut(&vec![b'a'; MOST_TEXT + 1]).unwrap();
        assert_eq!(said, "of its 16777217 bytes the first 16 MiB are kept");
    }
}
