//! Whether a file is a capture, or has dumps in it.
//!
//! In: the path. Out: yes or no, and of what can be read only once nothing is read. A capture whose
//! first page is damaged is one, too: the other commands salvage it.

use anyhow::Context as _;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

/// Pages of a capture have so many bytes.
const PAGE: usize = 4096;
/// So many pages are looked at.
const PAGES: usize = 16;

/// Whether a file is a capture: by how it begins, by its name, or by the pages behind the first.
pub(super) fn is_capture(path: &Path) -> anyhow::Result<bool> {
    if path == Path::new("-") {
        return Ok(false);
    }
    let data = fs::metadata(path).with_context(|| format!("cannot open {}", path.display()))?;
    let is_named = path
        .extension()
        .is_some_and(|extension| extension == "afterimage");
    // What is read of a pipe is gone.
    if !data.is_file() {
        return Ok(is_named && data.is_dir());
    }
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut head = Vec::new();
    file.take((PAGE * PAGES) as u64)
        .read_to_end(&mut head)
        .with_context(|| format!("cannot read {}", path.display()))?;
    Ok(is_named || is_database(&head))
}

/// Whether these are the first pages of a database, of which one may be damaged.
fn is_database(head: &[u8]) -> bool {
    head.starts_with(b"SQLite format 3\0") || head.chunks_exact(PAGE).skip(1).any(is_tree)
}

/// Whether a page begins as those of SQLite's trees do: the kind, then three places or counts within
/// the page. No text does.
fn is_tree(page: &[u8]) -> bool {
    let word = |at: usize| u16::from_be_bytes([page[at], page[at + 1]]);
    let [free, cells, content] = [word(1), word(3), word(5)].map(usize::from);
    matches!(page[0], 2 | 5 | 10 | 13)
        && free < PAGE
        && (1..PAGE / 4).contains(&cells)
        && (1..PAGE).contains(&content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_known_by_its_first_bytes_or_by_its_other_pages() {
        assert!(is_database(b"SQLite format 3\0"));
        let mut pages = vec![0; 3 * PAGE];
        assert!(!is_database(&pages), "the hole at the begin of a log");
        pages[2 * PAGE..][..8].copy_from_slice(&[13, 0, 0, 0, 7, 9, 1, 0]);
        assert!(is_database(&pages));
        assert!(!is_database(&vec![b'\n'; 3 * PAGE]));
        assert!(!is_database(&vec![b'\r'; 3 * PAGE]));
        assert!(!is_database(b"Full thread dump"));
    }

    #[test]
    fn nothing_is_read_of_a_pipe() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.afterimage");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        // To open it would wait for ever.
        assert!(!is_capture(&path).unwrap());
    }
}
