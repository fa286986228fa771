//! Which file is recorded into: the one that was named, or, when that cannot be gone on with and
//! nobody is there to choose another, one beside it.

use super::Settings;
use crate::status::Shared;
use afterimage_format::capture::error::CaptureError;
use afterimage_format::capture::lock::OwnerLock;
use afterimage_format::capture::writer::{RunFacts, Start, Writer};
use anyhow::{Context as _, bail};
use std::path::{Path, PathBuf};

/// Files beside the one that was named, before it is given up.
const MOST_BESIDE: u32 = 99;

/// Opens the output; if it is another one than was named, `settings` has it then.
pub(super) fn open(
    settings: &mut Settings,
    facts: &RunFacts,
    shared: &Shared,
) -> anyhow::Result<(Writer, Start)> {
    let named = settings.output.clone();
    for number in 1..=MOST_BESIDE {
        let path = if number == 1 {
            named.clone()
        } else {
            beside(&named, number)
        };
        let lock = OwnerLock::take(&path)
            .with_context(|| format!("cannot record into {}", path.display()))?;
        let error = match Writer::start(&path, lock, settings.tunable.options, facts) {
            Ok(opened) => {
                settings.output = path;
                return Ok(opened);
            }
            Err(error) => error,
        };
        if !goes_beside(&error, settings.is_service) {
            return Err(error.into());
        }
        shared.say(format!(
            "{:#}; recording into {} instead",
            anyhow::Error::from(error),
            beside(&named, number + 1).display()
        ));
    }
    bail!(
        "{} and {MOST_BESIDE} files beside it cannot be gone on with: name another one with -o",
        named.display()
    )
}

/// A damaged or newer capture must not keep a host from being recorded. Anything else is a
/// mistake that whoever is at the keyboard should know of; a service has nobody there.
fn goes_beside(error: &CaptureError, is_service: bool) -> bool {
    match error {
        CaptureError::OtherFormat { found, ours, .. } => is_service || found > ours,
        CaptureError::NotACapture { .. }
        | CaptureError::Altered { .. }
        | CaptureError::OtherHost { .. } => is_service,
        CaptureError::Damaged { .. }
        | CaptureError::Unsound { .. }
        | CaptureError::Sqlite { .. } => error.is_damage(),
        CaptureError::Open { .. }
        | CaptureError::NoSample { .. }
        | CaptureError::Cancelled { .. } => false,
    }
}

/// `web-1.afterimage` with a number: `web-1.2.afterimage`.
fn beside(named: &Path, number: u32) -> PathBuf {
    let stem = named.file_stem().unwrap_or_default().to_string_lossy();
    let extension = named.extension().map_or_else(String::new, |extension| {
        format!(".{}", extension.to_string_lossy())
    });
    named.with_file_name(format!("{stem}.{number}{extension}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_beside_keep_their_extension() {
        assert_eq!(
            beside(Path::new("/a/web-1.afterimage"), 2),
            Path::new("/a/web-1.2.afterimage")
        );
        assert_eq!(beside(Path::new("plain"), 3), Path::new("plain.3"));
    }

    #[test]
    fn only_damaged_and_newer_captures_are_passed_by_by_hand() {
        let other = |found| CaptureError::OtherFormat {
            path: "a".into(),
            found,
            ours: 1,
            advice: "",
        };
        let foreign = CaptureError::NotACapture {
            path: "a".into(),
            why: String::new(),
        };
        assert!(goes_beside(&other(2), false) && !goes_beside(&other(0), false));
        assert!(!goes_beside(&foreign, false) && goes_beside(&foreign, true));
    }
}
