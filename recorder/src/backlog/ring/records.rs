//! What the rows for plain tables take while they wait, and which of them may be left out.

use afterimage_format::capture::writer::Record;
use afterimage_format::facts::{Event, Gap, GapKind};
use afterimage_format::thread_dump::PackedText;
use afterimage_format::time::{Seq, WallTime};

/// About what a record takes beside its text.
const RECORD_BYTES: usize = 100;

/// The gap of a tick that was given up.
pub(super) fn lost(seq: Seq, wall: WallTime) -> Record {
    Record::Gap(Gap {
        kind: GapKind::StorageOutage,
        after: Seq(seq.0.saturating_sub(1)),
        from: wall,
        to: wall,
        missed: 1,
        detail: "the capture could not be written for longer than memory lasts".to_owned(),
    })
}

/// One gap for all ticks that went one after the other.
pub(super) fn add_lost(records: &mut Vec<Record>, seq: Seq, wall: WallTime, until: WallTime) {
    let open = records.iter_mut().find_map(|record| match record {
        Record::Gap(gap) if gap.kind == GapKind::StorageOutage => Some(gap),
        _ => None,
    });
    if let Some(gap) = open {
        gap.missed += 1;
        gap.to = until;
        return;
    }
    let mut gap = lost(seq, wall);
    if let Record::Gap(gap) = &mut gap {
        gap.to = until;
    }
    records.insert(0, gap);
}

/// Ticks are numbered without holes in the file: what is said of where ticks were lost is said of the
/// last one before them, and of the one that comes next.
pub(super) fn move_to_ends(records: &mut [Record], next: Seq) {
    let outage = records.iter().find_map(|record| match record {
        Record::Gap(gap) if gap.kind == GapKind::StorageOutage => Some(gap.after),
        _ => None,
    });
    let Some(last) = outage else { return };
    for record in records {
        match record {
            Record::Gap(gap) => gap.after = last,
            Record::Clock(anchor) => anchor.seq = next,
            _ => {}
        }
    }
}

/// How many of them come in floods.
pub(super) fn lines(records: &[Record]) -> usize {
    records.iter().filter(|record| is_line(record)).count()
}

/// What comes in floods, and is left out when there is too much of it.
pub(super) fn is_line(record: &Record) -> bool {
    matches!(record, Record::KernelLog(_) | Record::Exited(_))
}

/// About how much memory they take.
pub(super) fn bytes(records: &[Record]) -> usize {
    let text = |record: &Record| match record {
        Record::KernelLog(line) => line.text.len(),
        Record::Event(Event { text, .. }) => text.len(),
        Record::Exited(exited) => {
            let texts = [&exited.comm, &exited.command_line].into_iter().flatten();
            texts.map(Vec::len).sum()
        }
        Record::Gap(gap) => gap.detail.len(),
        Record::Source(source) => source.detail.len(),
        Record::ThreadDump(dump) => {
            let texts = [&dump.text, &dump.before, &dump.after];
            texts
                .into_iter()
                .flatten()
                .map(PackedText::packed_bytes)
                .sum()
        }
        Record::Clock(_) | Record::EndsSum(_) | Record::Settings { .. } => 0,
    };
    records
        .iter()
        .map(|record| RECORD_BYTES + text(record))
        .sum()
}
