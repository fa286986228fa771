//! The pages of a database file, read one by one and without SQLite.
//!
//! In: the file and, where there is one, the log that a crash left beside it, whose newest pages
//! go before those of the file. What its first page says of free pages is taken as far as it can
//! be true, and of how many there are only which of them may be left over: all are there to be
//! read. Nothing is trusted: a number of a page that is not there is no page.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// Every capture has pages of this size.
pub(super) const PAGE: usize = 4096;
/// So many pages follow each page that says what kind they are (`auto_vacuum`), and itself.
const MAP_STEP: u32 = 4096 / 5 + 1;
const LOG_HEADER: u64 = 32;
const LOG_PAGE_HEADER: usize = 24;

/// A log, and where the newest copy of each page in it lies.
pub(super) type Log = (File, HashMap<u32, u64>);

/// The pages of a file, by number, from 1.
#[derive(Debug)]
pub(super) struct Pages {
    file: File,
    in_file: u32,
    log: Option<Log>,
    /// How many there are.
    count: u32,
    /// How many of them are of the database, by its first page.
    said: u32,
}

impl Pages {
    pub(super) fn open(path: &Path, log: Option<&Path>) -> io::Result<Self> {
        let file = File::open(path)?;
        let length = file.metadata()?.len().div_ceil(PAGE as u64);
        let in_file = u32::try_from(length).unwrap_or(u32::MAX);
        let log = log.map(read_log).transpose()?.flatten();
        let mut pages = Self {
            file,
            in_file,
            log,
            count: in_file,
            said: 0,
        };
        let newest = pages.log.as_ref().and_then(|(_, log)| log.keys().max());
        pages.count = pages.count.max(newest.copied().unwrap_or(0));
        pages.said = pages.count;
        let mut first = [0; PAGE];
        if pages.read(1, &mut first)? && is_header(&first) {
            let said = be32(&first, 28);
            // The recorder reserves room behind the database.
            if said > 0 && said < pages.count {
                pages.said = said;
            }
        }
        Ok(pages)
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// How many of them should hold the database: what follows is room for more of it, or that
    /// number is damaged.
    pub(super) fn said(&self) -> u32 {
        self.said
    }

    /// How long all of them are.
    pub(super) fn bytes(&self) -> u64 {
        u64::from(self.count) * PAGE as u64
    }

    pub(super) fn has_log(&self) -> bool {
        self.log.is_some()
    }

    /// Whether the log has a newer one of that number.
    pub(super) fn is_in_log(&self, number: u32) -> bool {
        let log = self.log.as_ref();
        log.is_some_and(|(_, places)| places.contains_key(&number))
    }

    /// From here on without the log, which belongs to another capture; gives it back.
    pub(super) fn take_log(&mut self) -> Option<Log> {
        self.log.take()
    }

    /// With the log after all.
    pub(super) fn put_log(&mut self, log: Option<Log>) {
        self.log = log;
    }

    /// How many pages its first page says there are, beyond those that are there.
    pub(super) fn missing(&mut self) -> io::Result<u32> {
        let mut first = [0; PAGE];
        if !self.read(1, &mut first)? || !is_header(&first) {
            return Ok(0);
        }
        Ok(be32(&first, 28).saturating_sub(self.count))
    }

    /// Reads a page; `false` when there is none of that number. What a cut left of the last one
    /// is filled up with zeros.
    pub(super) fn read(&mut self, number: u32, page: &mut [u8; PAGE]) -> io::Result<bool> {
        if number == 0 || number > self.count {
            return Ok(false);
        }
        page.fill(0);
        if let Some((log, places)) = &mut self.log
            && let Some(&at) = places.get(&number)
        {
            log.seek(SeekFrom::Start(at))?;
            log.read_exact(page)?;
            return Ok(true);
        }
        if number > self.in_file {
            return Ok(false);
        }
        self.file
            .seek(SeekFrom::Start(u64::from(number - 1) * PAGE as u64))?;
        let mut filled = 0;
        while filled < PAGE {
            match self.file.read(&mut page[filled..])? {
                0 => break,
                read => filled += read,
            }
        }
        Ok(true)
    }

    /// Which pages hold nothing, by the list that begins on the first page; `None` when that list
    /// cannot be right.
    pub(super) fn free(&mut self) -> io::Result<Option<Vec<u32>>> {
        let mut page = [0; PAGE];
        if !self.read(1, &mut page)? || !is_header(&page) {
            return Ok(None);
        }
        let (mut next, expected) = (be32(&page, 32), be32(&page, 36));
        if expected > self.count {
            return Ok(None);
        }
        let mut free = Vec::new();
        while next != 0 {
            if free.len() > expected as usize || !self.read(next, &mut page)? {
                return Ok(None);
            }
            free.push(next);
            next = be32(&page, 0);
            let leaves = be32(&page, 4) as usize;
            if leaves > PAGE / 4 - 2 {
                return Ok(None);
            }
            free.extend((0..leaves).map(|leaf| be32(&page, 8 + 4 * leaf)));
        }
        Ok((free.len() == expected as usize).then_some(free))
    }
}

/// Whether a page only says what kind others are.
pub(super) fn is_map(number: u32) -> bool {
    number >= 2 && (number - 2).is_multiple_of(MAP_STEP)
}

fn is_header(page: &[u8; PAGE]) -> bool {
    page.starts_with(b"SQLite format 3\0") && page[16..18] == [0x10, 0]
}

/// Where the newest copy of each page in a log lies, up to the last one that was committed. Whose
/// bytes are wrong is found by the checks of rows and frames.
fn read_log(path: &Path) -> io::Result<Option<Log>> {
    let mut log = File::open(path)?;
    let length = log.metadata()?.len();
    let mut header = [0; 32];
    if length < LOG_HEADER {
        return Ok(None);
    }
    log.read_exact(&mut header)?;
    if be32(&header, 8) as usize != PAGE {
        return Ok(None);
    }
    let (mut committed, mut waiting) = (HashMap::new(), Vec::new());
    let mut at = LOG_HEADER;
    let step = (LOG_PAGE_HEADER + PAGE) as u64;
    let mut of_page = [0; LOG_PAGE_HEADER];
    while at + step <= length {
        log.seek(SeekFrom::Start(at))?;
        log.read_exact(&mut of_page)?;
        // Each round of the log has numbers of its own; of an earlier one pages may follow, and one
        // that was damaged may seem to be of another.
        if of_page[8..16] == header[16..24] {
            waiting.push((be32(&of_page, 0), at + LOG_PAGE_HEADER as u64));
            if be32(&of_page, 4) != 0 {
                committed.extend(waiting.drain(..));
            }
        }
        at += step;
    }
    // A page far behind all others would make the file look larger than any.
    let most = length / PAGE as u64 + (1 << 20);
    committed.retain(|&number, _| number > 0 && u64::from(number) <= most);
    Ok(Some((log, committed)))
}

/// A number as SQLite stores it.
pub(super) fn be32(bytes: &[u8], at: usize) -> u32 {
    let word = bytes.get(at..at + 4).and_then(|word| word.try_into().ok());
    word.map_or(0, u32::from_be_bytes)
}
