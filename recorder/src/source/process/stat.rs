//! `/proc/PID/stat`: one line of some fifty fields.
//!
//! The name in brackets may hold anything, brackets and newlines too, so the fields are
//! counted from the **last** closing bracket.

use crate::rows::Cells;
use crate::source::numbers::{Words, signed};
use afterimage_format::group::{ProcessField, TaskField};
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::tick::Tick;
use afterimage_format::units::Ticks;

/// The kernel's flag of a thread of its own, in field 9.
const PF_KTHREAD: u64 = 0x0020_0000;

/// The line, taken apart as far as it takes to know what it is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stat<'a> {
    /// Field 2, without its brackets.
    pub(crate) comm: &'a [u8],
    /// Fields 3 to 52, as words.
    words: [&'a [u8]; 50],
}

/// Takes the line apart; nothing when it is not such a line.
pub(crate) fn parse(text: &[u8]) -> Reading<Stat<'_>> {
    let open = text
        .iter()
        .position(|byte| *byte == b'(')
        .ok_or(Missing::Malformed)?;
    let close = text
        .iter()
        .rposition(|byte| *byte == b')')
        .ok_or(Missing::Malformed)?;
    let comm = text.get(open + 1..close).ok_or(Missing::Malformed)?;
    let mut rest = Words(text[close + 1..].trim_ascii_end());
    let mut words = [&[][..]; 50];
    for word in &mut words {
        *word = rest.word().unwrap_or_default();
    }
    let stat = Stat { comm, words };
    if stat.words[0].len() == 1 && stat.count(22).is_ok() {
        Ok(stat)
    } else {
        Err(Missing::Malformed)
    }
}

impl Stat<'_> {
    /// Field 3: the state letter.
    pub(crate) fn state(&self) -> u8 {
        self.words[0].first().copied().unwrap_or(b'?')
    }

    /// Field 7: the controlling terminal, 0 for none.
    pub(crate) fn tty_nr(&self) -> Reading<i64> {
        self.signed(7)
    }

    /// Field 4: the process that it is a child of.
    pub(crate) fn parent(&self) -> Reading<u64> {
        self.count(4)
    }

    /// Field 20.
    pub(crate) fn threads(&self) -> Reading<u64> {
        self.count(20)
    }

    /// Field 22, since boot.
    pub(crate) fn started(&self) -> Reading<Ticks> {
        self.count(22).map(Ticks)
    }

    /// Fields 14 and 15: CPU time in user and in kernel mode.
    pub(crate) fn cpu_times(&self) -> [Reading<Ticks>; 2] {
        [14, 15].map(|field| self.count(field).map(Ticks))
    }

    fn count(&self, field: usize) -> Reading<u64> {
        match self.words[field - 3] {
            [] => Err(Missing::NotSupported),
            word => crate::source::numbers::count(word),
        }
    }

    fn signed(&self, field: usize) -> Reading<i64> {
        match self.words[field - 3] {
            [] => Err(Missing::NotSupported),
            word => signed(word),
        }
    }

    /// Puts every field that is kept into the row, and gives whether the name is another one.
    pub(crate) fn store(&self, cells: &mut Cells, tick: &mut Tick) -> bool {
        const SIGNED: [(usize, ProcessField); 11] = [
            (4, ProcessField::Ppid),
            (5, ProcessField::Pgrp),
            (6, ProcessField::Session),
            (7, ProcessField::TtyNr),
            (8, ProcessField::Tpgid),
            (18, ProcessField::Priority),
            (19, ProcessField::Nice),
            (39, ProcessField::Processor),
            (40, ProcessField::RtPriority),
            (41, ProcessField::Policy),
            (24, ProcessField::Rss),
        ];
        const COUNTS: [(usize, ProcessField); 13] = [
            (10, ProcessField::Minflt),
            (11, ProcessField::Cminflt),
            (12, ProcessField::Majflt),
            (13, ProcessField::Cmajflt),
            (14, ProcessField::Utime),
            (15, ProcessField::Stime),
            (16, ProcessField::Cutime),
            (17, ProcessField::Cstime),
            (20, ProcessField::Threads),
            (23, ProcessField::Vsize),
            (42, ProcessField::BlkioDelay),
            (43, ProcessField::GuestTime),
            (44, ProcessField::CguestTime),
        ];
        cells.set(
            tick,
            ProcessField::State.column(),
            Ok(i64::from(self.state())),
        );
        let kernel_thread = self
            .count(9)
            .map(|flags| i64::from(flags & PF_KTHREAD != 0));
        cells.set(tick, ProcessField::KernelThread.column(), kernel_thread);
        for (field, column) in SIGNED {
            cells.set(tick, column.column(), self.signed(field));
        }
        for (field, column) in COUNTS {
            cells.count(tick, column.column(), self.count(field));
        }
        cells.text(tick, ProcessField::Comm.column(), Ok(self.comm))
    }

    /// Puts what is kept of a thread into its row.
    pub(crate) fn store_task(&self, cells: &mut Cells, tick: &mut Tick) {
        const COUNTS: [(usize, TaskField); 4] = [
            (12, TaskField::MajorFaults),
            (14, TaskField::UserTime),
            (15, TaskField::SystemTime),
            (39, TaskField::Processor),
        ];
        let state = Ok(i64::from(self.state()));
        cells.set(tick, TaskField::State.column(), state);
        for (field, column) in COUNTS {
            cells.count(tick, column.column(), self.count(field));
        }
        cells.text(tick, TaskField::Comm.column(), Ok(self.comm));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "S 1 2 3 34816 5 4194304 10 11 12 13 14 15 16 17 20 -5 7 0 4242 1000 250 18446744073709551615 \
        1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 3 0 0 0 0 0 0 0 0 0 0";

    fn started(name: &str) -> Reading<Ticks> {
        let text = format!("77 ({name}) {LINE}\n");
        parse(text.as_bytes()).and_then(|stat| stat.started())
    }

    #[test]
    fn no_name_can_shift_the_fields() {
        for name in ["bash", "a) R 1 (", "", ") ) )", "new\nline", "((("] {
            assert_eq!(started(name), Ok(Ticks(4242)), "{name}");
            let text = format!("77 ({name}) {LINE}\n");
            assert_eq!(parse(text.as_bytes()).unwrap().comm, name.as_bytes());
        }
    }

    #[test]
    fn a_line_cut_short_is_malformed() {
        assert!(parse(b"77 (bash) S 1 2").is_err());
        assert!(parse(b"77 bash S 1 2").is_err());
        assert!(parse(b")(").is_err());
        assert!(parse(b"").is_err());
    }

    #[test]
    fn fields_stand_where_the_manual_has_them() {
        let text = format!("77 (x) {LINE}\n");
        let stat = parse(text.as_bytes()).unwrap();
        assert_eq!(stat.state(), b'S');
        assert_eq!(
            (stat.signed(19), stat.threads(), stat.count(24)),
            (Ok(-5), Ok(7), Ok(250))
        );
        assert_eq!((stat.signed(39), stat.count(42)), (Ok(1), Ok(3)));
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_panic(text in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            proptest::prop_assert!(parse(&text).is_err() || text.contains(&b')'));
        }

        #[test]
        fn it_agrees_with_the_procfs_crate(numbers in proptest::collection::vec(0..i32::MAX, 49)) {
            let fields: Vec<String> = numbers.iter().map(ToString::to_string).collect();
            let text = format!("77 (na me) S {}\n", fields.join(" "));
            let theirs = <procfs_core::process::Stat as procfs_core::FromRead>::from_read(text.as_bytes());
            let theirs = theirs.map_err(|error| proptest::test_runner::TestCaseError::fail(error.to_string()))?;
            let ours = parse(text.as_bytes()).unwrap();
            proptest::prop_assert_eq!(ours.count(14), Ok(theirs.utime));
            proptest::prop_assert_eq!(ours.started(), Ok(Ticks(theirs.starttime)));
            proptest::prop_assert_eq!(ours.signed(18), Ok(theirs.priority));
            proptest::prop_assert_eq!(ours.count(24), Ok(theirs.rss));
            proptest::prop_assert_eq!(ours.signed(39).ok(), theirs.processor.map(i64::from));
            proptest::prop_assert_eq!(ours.count(42).ok(), theirs.delayacct_blkio_ticks);
        }
    }
}
