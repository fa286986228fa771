//! Dumps in files that somebody made.

use super::source::Taken;
use afterimage_analysis::dumps::model::When as DumpTime;
use afterimage_analysis::dumps::plain::originals;
use afterimage_analysis::dumps::read_bytes;
use afterimage_analysis::zone::Zone;
use afterimage_format::time::WallTime;
use anyhow::{Context as _, bail};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// No file of dumps is read that is larger.
const MOST_BYTES: u64 = 512 << 20;

/// The bytes of a file of dumps.
pub(super) fn bytes_of(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin()
            .lock()
            .take(MOST_BYTES + 1)
            .read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes))
    };
    read.with_context(|| format!("cannot read {}", path.display()))?;
    if bytes.len() as u64 > MOST_BYTES {
        bail!(
            "{} is larger than {} MiB: cut out the part with the dumps (`grep -n 'Full thread dump'` says where)",
            path.display(),
            MOST_BYTES >> 20
        );
    }
    if let Some((how, with)) = compressed(&bytes) {
        bail!(
            "{path} is compressed ({how}): `{with} {path} | afterimage threads -` reads it",
            path = path.display()
        );
    }
    Ok(bytes)
}

/// With what a file is compressed, and what makes it a text again.
fn compressed(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    let kinds: [(&[u8], _, _); 5] = [
        (b"\x1f\x8b", "gzip", "zcat"),
        (b"\x28\xb5\x2f\xfd", "zstd", "zstdcat"),
        (b"\xfd7zXZ\0", "xz", "xzcat"),
        (b"BZh", "bzip2", "bzcat"),
        (b"PK\x03\x04", "zip", "unzip -p"),
    ];
    let kind = kinds.iter().find(|kind| bytes.starts_with(kind.0));
    kind.map(|(_, how, with)| (*how, *with))
}

/// What is said where there is no dump.
pub(super) fn none_found(refused: Option<&str>) -> String {
    let what = refused.map_or(String::new(), |what| {
        format!(": it is {what}, which is not read")
    });
    format!("no thread dump of a known form was found{what}")
}

/// The dumps in files, in the order of time where they tell it.
pub(super) fn of_files(
    files: &[PathBuf],
    pids: Option<&[i64]>,
) -> anyhow::Result<(Vec<Taken>, usize)> {
    let (mut all, mut other_lines, mut refused) = (Vec::new(), 0, None);
    for path in files {
        let bytes = bytes_of(path)?;
        let (text, found) = read_bytes(&bytes);
        let parts = originals(&bytes, &text, &found.dumps);
        other_lines += found.other_lines;
        refused = refused.or(found.refused);
        for (dump, part) in found.dumps.into_iter().zip(parts) {
            all.push(Taken {
                wall: None,
                at: dump.at.map(shown_time),
                is_shown: true,
                stored: None,
                text: Some(part.into_owned()),
                dump: Some(dump),
                before: None,
                after: None,
                past: None,
                host: None,
            });
        }
    }
    if all.is_empty() {
        bail!(none_found(refused));
    }
    if let Some(pids) = pids {
        all.retain(|taken| taken.pid().is_some_and(|pid| pids.contains(&pid)));
        if all.is_empty() {
            bail!("no thread dump there is known to be of that process");
        }
    }
    // Files are given in any order; what does not tell the time stays where it is.
    let time = |taken: &Taken| taken.dump.as_ref()?.at;
    if all
        .iter()
        .all(|taken| matches!(time(taken), Some(DumpTime::Local(_))))
    {
        all.sort_by_key(|taken| match time(taken) {
            Some(DumpTime::Local(at)) => Some(at),
            _ => None,
        });
    }
    Ok((all, other_lines))
}

/// A time in a dump: on whatever clock the process had, unless it says so.
fn shown_time(at: DumpTime) -> String {
    match at {
        DumpTime::Local(at) => at.to_string(),
        DumpTime::Exact(at) => Zone::utc().rfc3339(WallTime(at.as_microsecond())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compressed_is_said_to_be_with_what_makes_it_a_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.log.1.gz");
        std::fs::write(&path, b"\x1f\x8b\x08\0").unwrap();
        let said = bytes_of(&path).unwrap_err().to_string();
        assert!(said.contains("is compressed (gzip): `zcat "), "{said}");
        std::fs::write(&path, b"Full thread dump").unwrap();
        assert_eq!(bytes_of(&path).unwrap(), b"Full thread dump");
    }
}
