//! Whether it is worth while to look for sound parts of a file: what is no capture at all should
//! be known for that at once, however large it is.

use crate::capture::error::CaptureError;
use crate::capture::lock::with_suffix;
use rusqlite::ErrorCode;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// What every frame begins with: one page in thirty or so has one.
const SIGN: &[u8] = b"AFFR";
/// So many pieces of a file are looked at, at most,
const PIECES: u64 = 64;
/// each so long.
const PIECE: usize = 256 << 10;

/// Whether a capture that could not be read for this reason may have sound parts.
pub(in crate::capture) fn may_help(path: &Path, reason: &CaptureError) -> bool {
    match reason {
        CaptureError::Damaged { .. }
        | CaptureError::Unsound { .. }
        | CaptureError::Altered { .. }
        | CaptureError::Header { .. } => true,
        CaptureError::NotACapture { .. } => has_signs(path),
        CaptureError::Sqlite { source, .. } => {
            let elsewhere = [
                ErrorCode::DatabaseBusy,
                ErrorCode::DatabaseLocked,
                ErrorCode::CannotOpen,
                ErrorCode::PermissionDenied,
                ErrorCode::DiskFull,
                ErrorCode::OutOfMemory,
            ];
            source
                .sqlite_error_code()
                .is_none_or(|code| !elsewhere.contains(&code))
        }
        CaptureError::Open { .. }
        | CaptureError::OtherFormat { .. }
        | CaptureError::OtherHost { .. }
        | CaptureError::Cancelled { .. }
        | CaptureError::Unfinished { .. }
        | CaptureError::NoSample { .. } => false,
    }
}

/// Whether something in the file, or in the log beside it, looks like a part of a capture.
fn has_signs(path: &Path) -> bool {
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let is_file = |path: &Path| fs::metadata(path).is_ok_and(|data| data.is_file());
    is_file(&real)
        && [with_suffix(&real, "-wal"), real]
            .iter()
            .any(|file| is_file(file) && has_sign(file).unwrap_or(false))
}

fn has_sign(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let step = (length / PIECES).max(PIECE as u64);
    let mut piece = Vec::new();
    let mut at = 0;
    while at < length {
        file.seek(SeekFrom::Start(at))?;
        piece.clear();
        // A sign at the end of a piece may reach into the next one.
        let most = (PIECE + SIGN.len() - 1) as u64;
        (&mut file).take(most).read_to_end(&mut piece)?;
        if piece.windows(SIGN.len()).any(|bytes| bytes == SIGN) {
            return Ok(true);
        }
        at += step;
    }
    Ok(false)
}
