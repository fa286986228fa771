//! Reading commands answer from every file: of one that is damaged, from what is sound of it, and
//! they say what is not.

use super::clip::maker;
use crate::signals;
use afterimage_analysis::escape::Escaped;
use afterimage_format::capture::error::{CaptureError, FrameFault};
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
    let is_hiding = matches!(
        reason,
        CaptureError::Sqlite { .. } | CaptureError::Unsound { .. }
    );
    if !is_hiding || !reason.is_damage() {
        return Err(reason.into());
    }
    let capture = Capture::of_what_is_sound(path, &maker(), (reason, &watch))?;
    say(path, capture.rescue());
    answer(capture)
}

/// Fails when pages of a table are damaged: to be asked before anything is printed.
pub(super) fn refuse_torn(capture: &Capture) -> Result<(), CaptureError> {
    let is_torn = capture
        .damage()
        .iter()
        .any(|damage| damage.fault == FrameFault::Torn);
    if is_torn && capture.rescue().is_none() {
        let path = capture.path().to_owned();
        return Err(CaptureError::Unsound { path });
    }
    Ok(())
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

/// Why a file is not read as it is, in one line and safe for a terminal.
pub(super) fn in_words(reason: &CaptureError) -> String {
    let words = match reason {
        CaptureError::NotACapture { path, why } => format!("{} is damaged: {why}", path.display()),
        CaptureError::Unsound { path } => {
            format!(
                "{} is damaged: pages of its tables cannot be read",
                path.display()
            )
        }
        CaptureError::Sqlite { path, source, .. } => {
            format!("{} is damaged: {source}", path.display())
        }
        other => other.to_string(),
    };
    Escaped(words.as_bytes()).to_string()
}
