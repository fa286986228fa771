//! `/proc/locks`: who holds a lock, and who waits for whom.
//!
//! A lock has a number; those who wait for it follow under the same number, with an arrow. (It is
//! indented by where in the queue they are; whom they wait for is the one who holds the lock.)

use super::numbers::{Words, count, lines, signed};
use super::{KeptFile, ProcRoot, RowSource};
use crate::rows::{Cells, NamedRows};
use afterimage_format::group::{FileLockField, Group};
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::tick::Tick;
use std::io::Write as _;

/// No more lines are kept: a storm of locks is told by its beginning.
const MOST: usize = 2000;

/// The file and its rows.
#[derive(Debug)]
pub(crate) struct FileLocks {
    file: KeptFile,
    rows: NamedRows,
    /// Where a row's name is put together.
    name: Vec<u8>,
}

impl FileLocks {
    pub(crate) fn new() -> Self {
        Self {
            file: KeptFile::new("locks"),
            rows: NamedRows::new(Group::FileLock),
            name: Vec::new(),
        }
    }
}

impl RowSource for FileLocks {
    fn collect(
        &mut self,
        root: &ProcRoot,
        tick: &mut Tick,
        note: &mut dyn FnMut(&'static str, Reading<()>),
    ) {
        let text = self.file.read(root);
        note("locks", text.map(drop));
        let (rows, name) = (&mut self.rows, &mut self.name);
        match text {
            Ok(text) => parse(text, rows, name, tick),
            Err(missing) => rows.all_missing(tick, missing),
        }
    }

    fn forget(&mut self) {
        self.rows.forget();
    }
}

/// One line, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Line<'a> {
    /// The number of its lock.
    number: &'a [u8],
    /// It has an arrow: it is not held, but waited for.
    waits: bool,
    pid: Reading<i64>,
    /// Its words and its range: `FLOCK ADVISORY WRITE 0 EOF`.
    kind: Reading<Kind<'a>>,
    /// `major:minor`, in hexadecimal digits.
    device: Reading<&'a [u8]>,
    inode: Reading<u64>,
}

/// The words of a lock, and the first and the last byte that it is about.
type Kind<'a> = [&'a [u8]; 5];

/// `1: -> FLOCK  ADVISORY  WRITE 17865 fe:00:10010856 0 EOF`.
fn line(text: &[u8]) -> Option<Line<'_>> {
    let mut words = Words(text);
    let number = words.word()?.strip_suffix(b":")?;
    let arrow = words.0.windows(2).position(|pair| pair == b"->");
    if let Some(at) = arrow {
        words = Words(&words.0[at + 2..]);
    }
    let [first, second, third] = [words.word()?, words.word()?, words.word()?];
    let pid = words.word().map_or(Err(Missing::Malformed), signed);
    let place = words.word().unwrap_or_default();
    let colon = place.iter().rposition(|byte| *byte == b':');
    let (device, inode) = match colon {
        Some(at) => (Ok(&place[..at]), count(&place[at + 1..])),
        // `<none>` stands for a file that nobody can name.
        None => (Err(Missing::Malformed), Err(Missing::Malformed)),
    };
    let kind = match (words.word(), words.word()) {
        (Some(from), Some(to)) => Ok([first, second, third, from, to]),
        _ => Err(Missing::Malformed),
    };
    Some(Line {
        number,
        waits: arrow.is_some(),
        // An open file description holds it, not a process: the kernel says -1.
        pid: pid.and_then(|pid| {
            if pid > 0 {
                Ok(pid)
            } else {
                Err(Missing::NotSupported)
            }
        }),
        kind,
        device,
        inode,
    })
}

fn parse(text: &[u8], rows: &mut NamedRows, name: &mut Vec<u8>, tick: &mut Tick) {
    let (mut holder, mut waiters) = (Err(Missing::Malformed), 0);
    for line in lines(text).filter_map(line).take(MOST) {
        name.clear();
        name.extend_from_slice(line.number);
        if line.waits {
            waiters += 1;
            write!(name, ".{waiters}").expect("there is memory for a name");
        } else {
            (holder, waiters) = (line.pid, 0);
        }
        put(rows.row(tick, name), &line, holder, tick);
    }
    rows.end_unseen(tick);
}

/// One row; of a line that waits, with who holds what it waits for.
fn put(row: &mut Cells, line: &Line<'_>, holder: Reading<i64>, tick: &mut Tick) {
    use FileLockField as F;
    let waiter = if line.waits {
        line.pid
    } else {
        Err(Missing::NotSupported)
    };
    row.set(tick, F::Holder.column(), holder);
    row.set(tick, F::Waiter.column(), waiter);
    let mut room = [0; 128];
    let kind = line.kind.map(|words| joined(&mut room, &words));
    row.text(tick, F::Kind.column(), kind);
    row.text(tick, F::Device.column(), line.device);
    row.count(tick, F::Inode.column(), line.inode);
}

/// The words with a blank between them; what fits, as the kernel's fit three times.
fn joined<'a>(room: &'a mut [u8; 128], words: &Kind<'_>) -> &'a [u8] {
    let bytes = words
        .iter()
        .flat_map(|word| b" ".iter().chain(word.iter()))
        .skip(1);
    let mut length = 0;
    for (to, byte) in room.iter_mut().zip(bytes) {
        *to = *byte;
        length += 1;
    }
    &room[..length]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_tick;
    use afterimage_format::tick::Key;

    const TEXT: &[u8] = b"1: FLOCK  ADVISORY  WRITE 17865 fe:00:10010856 0 EOF\n\
        1: -> FLOCK  ADVISORY  WRITE 19013 fe:00:10010856 0 EOF\n\
        1:  -> FLOCK  ADVISORY  READ 19014 fe:00:10010856 0 EOF\n\
        1: -> FLOCK  ADVISORY  WRITE 19015 fe:00:10010856 0 EOF\n\
        2: OFDLCK ADVISORY  READ -1 00:19:77 100 199\n\
        3: POSIX  ADVISORY  WRITE 5\n\
        garbage\n";

    /// Name, holder, waiter, kind.
    type Collected = (String, Reading<i64>, Reading<i64>, Reading<String>);

    /// The values of the rows as a tick has them.
    fn collected(text: &[u8]) -> Vec<Collected> {
        let mut rows = NamedRows::new(Group::FileLock);
        let mut tick = test_tick();
        parse(text, &mut rows, &mut Vec::new(), &mut tick);
        let said = tick.group(Group::FileLock);
        let cell = |row: u32, field: FileLockField| {
            let of = said.changes.iter();
            let mut of = of
                .filter(|change| change.row == row && usize::from(change.field) == field.column());
            of.next()
                .map_or(Err(Missing::NotRead), |change| change.reading())
        };
        let row = |(row, key): &(u32, Key)| {
            let Key::Name(name) = key else {
                panic!("{key:?}")
            };
            let kind = cell(*row, FileLockField::Kind);
            let kind = kind.map(|at| String::from_utf8_lossy(tick.text_at(at)).into_owned());
            let name = String::from_utf8_lossy(name).into_owned();
            (
                name,
                cell(*row, FileLockField::Holder),
                cell(*row, FileLockField::Waiter),
                kind,
            )
        };
        said.births.iter().map(row).collect()
    }

    #[test]
    fn who_waits_waits_for_the_one_who_holds_the_lock_of_that_number() {
        let none = Err(Missing::NotSupported);
        let write = || Ok("FLOCK ADVISORY WRITE 0 EOF".to_owned());
        let expected = [
            ("1".to_owned(), Ok(17865), none, write()),
            ("1.1".to_owned(), Ok(17865), Ok(19013), write()),
            (
                "1.2".to_owned(),
                Ok(17865),
                Ok(19014),
                Ok("FLOCK ADVISORY READ 0 EOF".to_owned()),
            ),
            ("1.3".to_owned(), Ok(17865), Ok(19015), write()),
            (
                "2".to_owned(),
                none,
                none,
                Ok("OFDLCK ADVISORY READ 100 199".to_owned()),
            ),
            ("3".to_owned(), Ok(5), none, Err(Missing::Malformed)),
        ];
        assert_eq!(collected(TEXT), expected);
    }

    #[test]
    fn any_text_is_taken_apart_without_a_panic() {
        let deep: Vec<u8> = (1..40)
            .flat_map(|depth| {
                format!("1: {}-> FLOCK A W {depth} 1:2:3 0 EOF\n", " ".repeat(depth)).into_bytes()
            })
            .collect();
        assert_eq!(collected(&deep).len(), 39);
        for end in 0..TEXT.len() {
            collected(&TEXT[..end]);
        }
        collected(b"1: -> ->\n: \n1: a b c d :\n");
    }
}
