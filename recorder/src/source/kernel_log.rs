//! `/dev/kmsg`: what the kernel has to say, record by record.
//!
//! Each `read(2)` gives one record of the kernel's ring. [`parse`] takes it apart; [`KernelLog`]
//! reads what has come since the last time and counts what was overwritten before it could be
//! read. Conversion of its clock, and what the messages mean, are not done here.
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::time::MonotonicTime;
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::path::Path;

/// No record is longer (`CONSOLE_EXT_LOG_MAX`, later `PRINTK_MESSAGE_MAX`, in the kernel).
const LONGEST_RECORD: usize = 8 * 1024;

/// One record of the kernel's ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KernelLogRecord {
    /// Rises by one with each record since boot.
    pub(crate) sequence: u64,
    /// When it was said: the kernel's `local_clock()`, which like `CLOCK_MONOTONIC` stands still
    /// during a suspend, but may differ from it by milliseconds to seconds on a long-running host.
    pub(crate) at: MonotonicTime,
    /// How bad it is.
    pub(crate) severity: Severity,
    /// Who said it: 0 the kernel, 1 and up a program that wrote to `/dev/kmsg`, as in `syslog(3)`.
    pub(crate) facility: u32,
    /// Whether it is a line of its own.
    pub(crate) fragment: Fragment,
    /// The message as the kernel had it, with its escapes undone; may hold any byte.
    pub(crate) text: Vec<u8>,
    /// `SUBSYSTEM=pci`, `DEVICE=+pci:0000:00:1f.2` and the like, with escapes undone.
    pub(crate) properties: Vec<(Vec<u8>, Vec<u8>)>,
}

/// The level of a message, as in `syslog(3)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    Emergency,
    Alert,
    Critical,
    Error,
    Warning,
    Notice,
    Info,
    Debug,
}

impl Severity {
    /// The low three bits of a `syslog(3)` priority.
    fn from_priority(priority: u32) -> Self {
        match priority & 7 {
            0 => Self::Emergency,
            1 => Self::Alert,
            2 => Self::Critical,
            3 => Self::Error,
            4 => Self::Warning,
            5 => Self::Notice,
            6 => Self::Info,
            _ => Self::Debug,
        }
    }
}

/// Whether a record is a whole line. The kernel warns that its hints are not always right:
/// fragments of two lines may lie among each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fragment {
    /// `-`: a line of its own.
    Whole,
    /// `c`: a piece of a line.
    Piece,
    /// `+`: goes on with the line before it (before Linux 4.10).
    Continued,
}

/// Takes one record: `PRIORITY,SEQUENCE,MICROSECONDS,FLAG[,…];TEXT` and ` KEY=VALUE` lines.
///
/// Fields that later kernels add before the `;` (`caller=T123`) are passed over, as the kernel's
/// `Documentation/ABI/testing/dev-kmsg` asks.
pub(crate) fn parse(record: &[u8]) -> Reading<KernelLogRecord> {
    parts(record).ok_or(Missing::Malformed)
}

fn parts(record: &[u8]) -> Option<KernelLogRecord> {
    let semicolon = record.iter().position(|byte| *byte == b';')?;
    let (header, body) = (
        std::str::from_utf8(&record[..semicolon]).ok()?,
        &record[semicolon + 1..],
    );
    let mut fields = header.split(',');
    let priority = u32::try_from(number(fields.next()?)?).ok()?;
    let sequence = number(fields.next()?)?;
    let micros = i64::try_from(number(fields.next()?)?).ok()?;
    let fragment = match fields.next()? {
        "c" => Fragment::Piece,
        "+" => Fragment::Continued,
        // `-`, and what a later kernel may come up with.
        _ => Fragment::Whole,
    };
    let mut lines = body
        .strip_suffix(b"\n")
        .unwrap_or(body)
        .split(|byte| *byte == b'\n');
    Some(KernelLogRecord {
        sequence,
        at: MonotonicTime(micros),
        severity: Severity::from_priority(priority),
        facility: priority >> 3,
        fragment,
        text: unescaped(lines.next().unwrap_or_default()),
        properties: lines.filter_map(property).collect(),
    })
}

/// Digits only: `str::parse` would also take `+5`.
fn number(digits: &str) -> Option<u64> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    Some(digits).filter(|_| plain)?.parse().ok()
}

/// ` KEY=VALUE`; another line is none of ours.
fn property(line: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let line = line.strip_prefix(b" ")?;
    let equals = line.iter().position(|byte| *byte == b'=')?;
    Some((unescaped(&line[..equals]), unescaped(&line[equals + 1..])))
}

/// The kernel writes control characters, bytes above 126 and the backslash as `\x1b`.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, behind)) = rest.split_first() {
        let (byte, behind) = escape(rest).unwrap_or((*first, behind));
        bytes.push(byte);
        rest = behind;
    }
    bytes
}

/// The byte behind an escape at the start of `text`, and what follows.
fn escape(text: &[u8]) -> Option<(u8, &[u8])> {
    let [b'\\', b'x', high, low, rest @ ..] = text else {
        return None;
    };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = digit(*high)? * 16 + digit(*low)?;
    Some((u8::try_from(byte).ok()?, rest))
}

/// What one round of reading brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Drained {
    /// Records handed over.
    pub(crate) records: u64,
    /// Records the kernel overwrote before they were read, by the gaps in their sequence.
    pub(crate) lost: u64,
    /// Records that were read but not understood.
    pub(crate) malformed: u64,
    /// The limit was reached; there may be more to read at once.
    pub(crate) more: bool,
}

impl Drained {
    /// What was read, or if that is nothing, why. A failure that stays comes again next round.
    fn or(self, missing: Missing) -> Reading<Self> {
        if self == Self::default() {
            Err(missing)
        } else {
            Ok(self)
        }
    }
}

/// The kernel's ring, read from its oldest record on.
#[derive(Debug)]
pub(crate) struct KernelLog {
    device: OwnedFd,
    buffer: Box<[u8; LONGEST_RECORD]>,
    progress: Progress,
}

impl KernelLog {
    /// Opens the device (`/dev/kmsg`) at the oldest record that the ring still holds.
    pub(crate) fn open(path: &Path) -> Reading<Self> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let device = rustix::fs::open(path, flags, Mode::empty()).map_err(missing)?;
        let buffer = Box::new([0; LONGEST_RECORD]);
        Ok(Self {
            device,
            buffer,
            progress: Progress::default(),
        })
    }

    /// Hands over the records that are there, at most about `max_records`, without waiting.
    pub(crate) fn read_available(
        &mut self,
        max_records: usize,
        sink: impl FnMut(KernelLogRecord),
    ) -> Reading<Drained> {
        let Self {
            device,
            buffer,
            progress,
        } = self;
        let read = || {
            let length = rustix::io::read(&*device, &mut buffer[..])?;
            Ok(buffer[..length].to_vec())
        };
        progress.drain(max_records, read, sink)
    }
}

/// How far the ring was read.
#[derive(Debug, Default)]
struct Progress {
    /// The sequence number that comes next when nothing is lost; none before the first record.
    expected: Option<u64>,
}

impl Progress {
    /// Reads records until none is left or as many reads were made as records are wanted: under
    /// a flood the kernel answers "overwritten" again and again, and that must end as well.
    fn drain(
        &mut self,
        max_records: usize,
        mut read: impl FnMut() -> Result<Vec<u8>, Errno>,
        mut sink: impl FnMut(KernelLogRecord),
    ) -> Reading<Drained> {
        let mut drained = Drained::default();
        for _ in 0..max_records {
            match read() {
                // A file in the place of the device (in a container, /dev/null) ends; the ring does not.
                Ok(record) if record.is_empty() => return drained.or(Missing::NotSupported),
                Ok(record) => self.take(&record, &mut drained, &mut sink),
                Err(Errno::AGAIN) => return Ok(drained),
                // Overwritten, or longer than the buffer: either way the kernel has moved on to
                // the next record, whose sequence number tells how many are lost.
                Err(Errno::PIPE | Errno::INVAL | Errno::INTR) => {}
                Err(errno) => return drained.or(missing(errno)),
            }
        }
        drained.more = true;
        Ok(drained)
    }

    fn take(
        &mut self,
        record: &[u8],
        drained: &mut Drained,
        sink: &mut impl FnMut(KernelLogRecord),
    ) {
        let Ok(record) = parse(record) else {
            drained.malformed += 1;
            // It had a number too, or it would be counted as lost besides.
            self.expected = self.expected.map(|expected| expected.saturating_add(1));
            return;
        };
        let expected = self.expected.unwrap_or(record.sequence);
        drained.lost = drained
            .lost
            .saturating_add(record.sequence.saturating_sub(expected));
        drained.records += 1;
        self.expected = Some(record.sequence.saturating_add(1));
        sink(record);
    }
}

fn missing(errno: Errno) -> Missing {
    match errno {
        Errno::PERM | Errno::ACCESS => Missing::PermissionDenied,
        Errno::NOENT | Errno::NOTDIR | Errno::NXIO | Errno::NODEV => Missing::NotSupported,
        _ => Missing::Unreadable,
    }
}

#[cfg(test)]
mod tests;
