//! `/proc/PID/status`: owner, resident set by kind, swap, context switches.

use crate::rows::Cells;
use crate::source::numbers::{Words, lines};
use afterimage_format::group::ProcessField;
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::tick::Tick;

/// The lines with one number each.
const LINES: [(&[u8], ProcessField); 7] = [
    (b"VmHWM:", ProcessField::PeakRss),
    (b"RssAnon:", ProcessField::RssAnon),
    (b"RssFile:", ProcessField::RssFile),
    (b"RssShmem:", ProcessField::RssShmem),
    (b"VmSwap:", ProcessField::Swap),
    (b"voluntary_ctxt_switches:", ProcessField::VoluntarySwitches),
    (
        b"nonvoluntary_ctxt_switches:",
        ProcessField::InvoluntarySwitches,
    ),
];

/// The lines with the real and the effective id.
const IDS: [(&[u8], [ProcessField; 2]); 2] = [
    (b"Uid:", [ProcessField::Uid, ProcessField::Euid]),
    (b"Gid:", [ProcessField::Gid, ProcessField::Egid]),
];

/// Reads what is kept. A kernel thread has no memory of its own, so no such lines either.
pub(crate) fn parse(text: &[u8], cells: &mut Cells, tick: &mut Tick) {
    let mut values = LINES.map(|_| Err(Missing::NotSupported));
    let mut ids = IDS.map(|_| [Err(Missing::NotSupported); 2]);
    for line in lines(text) {
        // Every name that is kept begins with one of these: the others are not looked up.
        if !matches!(line.first(), Some(b'V' | b'R' | b'v' | b'n' | b'U' | b'G')) {
            continue;
        }
        let mut words = Words(line);
        let name = words.word();
        if let Some(place) = LINES.iter().position(|(known, _)| name == Some(*known)) {
            values[place] = words.count();
        } else if let Some(place) = IDS.iter().position(|(known, _)| name == Some(*known)) {
            ids[place] = [words.count(), words.count()];
        }
    }
    for ((_, field), value) in LINES.into_iter().zip(values) {
        cells.count(tick, field.column(), value);
    }
    for ((_, fields), values) in IDS.into_iter().zip(ids) {
        for (field, value) in fields.into_iter().zip(values) {
            cells.count(tick, field.column(), value);
        }
    }
}

/// How often it gave its CPU away, and how often it was taken.
pub(crate) fn switches(text: &[u8]) -> [Reading<u64>; 2] {
    let names: [&[u8]; 2] = [b"voluntary_ctxt_switches:", b"nonvoluntary_ctxt_switches:"];
    names.map(|name| {
        let mut found = lines(text).filter_map(|line| line.strip_prefix(name));
        Words(found.next().ok_or(Missing::NotSupported)?).count()
    })
}

/// The file could not be read.
pub(crate) fn missing(missing: Missing, cells: &mut Cells, tick: &mut Tick) {
    let ids = IDS.into_iter().flat_map(|(_, fields)| fields);
    for field in LINES.into_iter().map(|(_, field)| field).chain(ids) {
        cells.set(tick, field.column(), Err(missing));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_tick;
    use afterimage_format::group::Group;
    use afterimage_format::tick::Key;

    #[test]
    fn owner_and_memory_are_read_and_a_hostile_name_is_not() {
        let mut tick = test_tick();
        let mut cells = Cells::begin(&mut tick, Group::Process, 0, Key::name(""));
        // The kernel escapes a newline in the name as \n, so no line can be forged.
        let text = b"Name:\tVmSwap:\\nUid: 5\nUid:\t1000\t0\t0\t0\nGid:\t100\t100\t100\t100\nRssAnon:\t     812 kB\n\
            voluntary_ctxt_switches:\t42\nnonvoluntary_ctxt_switches:\t7\n";
        parse(text, &mut cells, &mut tick);
        let read = |field: ProcessField| cells.last(field.column());
        assert_eq!(
            (read(ProcessField::Uid), read(ProcessField::Euid)),
            (Ok(1000), Ok(0))
        );
        assert_eq!(
            (
                read(ProcessField::RssAnon),
                read(ProcessField::VoluntarySwitches)
            ),
            (Ok(812), Ok(42))
        );
        assert_eq!(read(ProcessField::Swap), Err(Missing::NotSupported));
    }
}
