//! `/proc/PID/io`: what a process read and wrote. Needs ptrace rights over it.

use crate::rows::Cells;
use crate::source::numbers::{Words, lines};
use afterimage_format::group::ProcessField;
use afterimage_format::reading::Missing;
use afterimage_format::tick::Tick;

const LINES: [(&[u8], ProcessField); 7] = [
    (b"rchar:", ProcessField::ReadChars),
    (b"wchar:", ProcessField::WriteChars),
    (b"syscr:", ProcessField::ReadCalls),
    (b"syscw:", ProcessField::WriteCalls),
    (b"read_bytes:", ProcessField::ReadBytes),
    (b"write_bytes:", ProcessField::WriteBytes),
    (b"cancelled_write_bytes:", ProcessField::CancelledWriteBytes),
];

/// Reads the whole file; its lines come in this order on every kernel.
pub(crate) fn parse(text: &[u8], cells: &mut Cells, tick: &mut Tick) {
    let mut found = lines(text);
    for (name, field) in LINES {
        let mut words = Words(found.next().unwrap_or_default());
        let value = match words.word() {
            Some(word) if word == name => words.count(),
            Some(_) => Err(Missing::Malformed),
            None => Err(Missing::NotSupported),
        };
        cells.count(tick, field.column(), value);
    }
}

/// The file could not be read.
pub(crate) fn missing(missing: Missing, cells: &mut Cells, tick: &mut Tick) {
    for (_, field) in LINES {
        cells.set(tick, field.column(), Err(missing));
    }
}
