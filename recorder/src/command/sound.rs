//! Reading commands answer from every file: of one that is damaged, from what is sound of it, and
//! they say what is not.

use super::clip::maker;
use crate::signals;
use afterimage_analysis::escape::Escaped;
use afterimage_format::capture::error::CaptureError;
use afterimage_format::capture::watch::{Unwatched, Watch};
use afterimage_format::capture::{Capture, Rescue};
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// So many losses are named; `check` names all.
const MOST_NAMED: usize = 3;

/// Answers from a capture. When that meets damage that hides the rest, it is asked once more, of
/// what could be salvaged: nothing may have been printed until then.
pub(super) fn read(
    path: &Path,
    mut answer: impl FnMut(Capture) -> anyhow::Result<ExitCode>,
) -> anyhow::Result<ExitCode> {
    signals::clean_up_at_end()?;
    let watch: Arc<dyn Watch> = Arc::new(Unwatched);
    let capture = Capture::open_or_salvage(path, &maker(), &watch)?;
    let is_rescued = capture.rescue().is_some();
    say(path, capture.rescue());
    let answered = answer(capture);
    if is_rescued {
        return answered;
    }
    let reason = match answered {
        Err(error) => error.downcast::<CaptureError>()?,
        answered => return answered,
    };
    if !matches!(reason, CaptureError::Sqlite { .. }) || !reason.is_damage() {
        return Err(reason.into());
    }
    let capture = Capture::of_what_is_sound(path, &maker(), (reason, &watch))?;
    say(path, capture.rescue());
    answer(capture)
}

/// What was lost of the file, and that it stays as it is.
fn say(path: &Path, rescue: Option<&Rescue>) {
    let Some(Rescue { reason, salvaged }) = rescue else {
        return;
    };
    let losses = &salvaged.losses;
    let mut lost: Vec<String> = losses
        .iter()
        .take(MOST_NAMED)
        .map(ToString::to_string)
        .collect();
    if losses.len() > MOST_NAMED {
        let more = losses.len() - MOST_NAMED;
        let check = format!(
            "{more} more (`afterimage check {}` lists all)",
            path.display()
        );
        lost.push(check);
    }
    let lost = match lost.as_slice() {
        [] => "nothing is lost".to_owned(),
        lost => format!("lost: {}", lost.join("; ")),
    };
    let words = format!(
        "afterimage: {}\nafterimage: shown is what is sound of it, the file itself is unchanged; {lost}\n",
        in_words(reason)
    );
    // Where standard error is closed the exit code still tells.
    drop(std::io::stderr().write_all(words.as_bytes()));
}

/// An error with its causes, safe for a terminal.
pub(super) fn in_words(reason: &CaptureError) -> String {
    let mut words = reason.to_string();
    let mut cause = std::error::Error::source(reason);
    while let Some(inner) = cause {
        let inner_words = inner.to_string();
        if !words.contains(&inner_words) {
            words.push_str(": ");
            words.push_str(&inner_words);
        }
        cause = inner.source();
    }
    Escaped(words.as_bytes()).to_string()
}
