//! Which bytes of a capture hold which ticks, so that it is known what some damage touched.
//!
//! In: a sound file, and its bytes with those of its log behind them. A frame is looked for in all
//! of its pages, however old a copy of it they hold: what is called untouched certainly is.

use rusqlite::Connection;
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

const PAGE: usize = 4096;
const LOG_HEADER: usize = 32;
const LOG_PAGE_HEADER: usize = 24;
/// So many bytes of a frame are not found by accident.
const ENOUGH: usize = 24;

/// The frames of a capture.
pub(crate) struct Frames {
    /// The ticks of each, and the pages that it lies on.
    chunks: Vec<(Range<u64>, Vec<Range<usize>>)>,
    /// The same, in order; what is behind one builds on it.
    tail: Vec<(u64, Vec<Range<usize>>)>,
    /// Where it says which capture it is.
    capture: Vec<Range<usize>>,
}

impl Frames {
    pub(crate) fn find(file: &Path, bytes: &[u8], log: usize) -> Self {
        let db = Connection::open(file).unwrap();
        let frames = |sql: &str| -> Vec<(i64, i64, Vec<u8>)> {
            let mut rows = db.prepare(sql).unwrap();
            let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
            rows.unwrap().collect::<Result<_, _>>().unwrap()
        };
        let pages = pages(bytes, log);
        let chunks = frames("SELECT id, ticks, frames FROM chunk JOIN chunk_body USING (id)");
        let chunks = chunks.iter().map(|(id, ticks, frames)| {
            let ticks = id.cast_unsigned()..(id + ticks).cast_unsigned();
            (ticks, pages_of(frames, bytes, &pages))
        });
        let tail = frames("SELECT id, 1, frame FROM tail ORDER BY id");
        let tail = tail
            .iter()
            .map(|(id, _, frame)| (id.cast_unsigned(), pages_of(frame, bytes, &pages)));
        let number: i64 = db
            .query_row("SELECT number FROM capture", [], |row| row.get(0))
            .unwrap();
        let number = number.to_be_bytes();
        let with_number = pages.iter().filter(|page| {
            bytes[(*page).clone()]
                .windows(8)
                .any(|eight| eight == number)
        });
        Self {
            chunks: chunks.collect(),
            tail: tail.collect(),
            capture: with_number.cloned().collect(),
        }
    }

    /// The ticks of which nothing was touched that they are made of.
    pub(crate) fn untouched(&self, damage: &Range<usize>) -> BTreeSet<u64> {
        let is_touched = |pages: &[Range<usize>]| {
            pages
                .iter()
                .any(|page| page.start < damage.end && damage.start < page.end)
        };
        if is_touched(&self.capture) {
            return BTreeSet::new();
        }
        let chunks = self.chunks.iter().filter(|(_, pages)| !is_touched(pages));
        let chunks = chunks.flat_map(|(ticks, _)| ticks.clone());
        let tail = self.tail.iter().take_while(|(_, pages)| !is_touched(pages));
        chunks.chain(tail.map(|(seq, _)| *seq)).collect()
    }
}

/// Every page of the file and of the log, with what the log says of it.
fn pages(bytes: &[u8], log: usize) -> Vec<Range<usize>> {
    let of_file = (0..log / PAGE).map(|page| page * PAGE..(page + 1) * PAGE);
    let step = LOG_PAGE_HEADER + PAGE;
    let in_log = bytes.len().saturating_sub(log + LOG_HEADER) / step;
    let of_log = (0..in_log).map(|page| {
        let at = log + LOG_HEADER + page * step;
        at..at + step
    });
    of_file.chain(of_log).collect()
}

/// The pages that hold any part of a frame.
fn pages_of(frame: &[u8], bytes: &[u8], pages: &[Range<usize>]) -> Vec<Range<usize>> {
    let (mut found, local) = (Vec::new(), local_bytes(frame.len()));
    for page in pages {
        let content = &bytes[page.clone()];
        let mut begins = content.windows(ENOUGH.min(frame.len()));
        found.extend(
            begins
                .any(|some| frame.starts_with(some))
                .then(|| page.clone()),
        );
    }
    assert!(!found.is_empty(), "a frame is in the file");
    // What does not fit there goes on on pages of its own, behind the number of the next.
    let mut rest = frame.get(local..).unwrap_or_default();
    while !rest.is_empty() {
        let begin = &rest[..rest.len().min(ENOUGH)];
        let goes_on = |page: &&Range<usize>| bytes[page.end - PAGE + 4..].starts_with(begin);
        let before = found.len();
        found.extend(pages.iter().filter(goes_on).cloned());
        assert!(found.len() > before, "a frame is in the file to its end");
        rest = &rest[rest.len().min(PAGE - 4)..];
    }
    found
}

/// What of a frame stays on the page of its row, by the rules of SQLite.
fn local_bytes(frame: usize) -> usize {
    const MOST: usize = PAGE - 35;
    const LEAST: usize = (PAGE - 12) * 32 / 255 - 23;
    // Its length, and the types of an id and of the frame.
    let header = 2 + match 12 + 2 * frame {
        ..128 => 1,
        128..16_384 => 2,
        _ => 3,
    };
    let row = header + frame;
    let fitting = LEAST + row.saturating_sub(LEAST) % (PAGE - 4);
    match row {
        ..=MOST => frame,
        _ if fitting <= MOST => fitting - header,
        _ => LEAST - header,
    }
}
