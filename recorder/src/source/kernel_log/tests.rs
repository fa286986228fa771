//! Literal records of several kernels, damaged ones, and a ring that overwrites.

use super::*;
use proptest::prelude::*;
use std::collections::VecDeque;

#[test]
fn a_record_is_taken_apart() {
    let record = parse(b"6,339,5140900,-;NET: Registered protocol family 10\n").unwrap();
    assert_eq!(
        record,
        KernelLogRecord {
            sequence: 339,
            at: MonotonicTime(5_140_900),
            severity: Severity::Info,
            facility: 0,
            fragment: Fragment::Whole,
            text: b"NET: Registered protocol family 10".to_vec(),
            properties: vec![],
        }
    );
}

#[test]
fn properties_follow_the_text() {
    let record = parse(b"7,160,424069,-;pci_root PNP0A03:00: host bridge (ignored)\n SUBSYSTEM=acpi\n DEVICE=+acpi:PNP0A03:00\n").unwrap();
    let expected = [
        (b"SUBSYSTEM".to_vec(), b"acpi".to_vec()),
        (b"DEVICE".to_vec(), b"+acpi:PNP0A03:00".to_vec()),
    ];
    assert_eq!(record.properties, expected);
    assert_eq!(record.text, b"pci_root PNP0A03:00: host bridge (ignored)");
}

#[test]
fn a_program_that_wrote_to_the_ring_has_a_facility() {
    // 30 = facility 3 (daemon) * 8 + 6 (info); 12 = facility 1 (user) * 8 + 4 (warning).
    let systemd = parse(b"30,500,1,-;systemd[1]: Started.\n").unwrap();
    assert_eq!((systemd.facility, systemd.severity), (3, Severity::Info));
    let user = parse(b"12,501,2,-;x\n").unwrap();
    assert_eq!((user.facility, user.severity), (1, Severity::Warning));
}

#[test]
fn a_continuation_is_told_from_a_whole_line() {
    let flag = |record: &[u8]| parse(record).unwrap().fragment;
    assert_eq!(flag(b"4,1,2,c;part\n"), Fragment::Piece);
    assert_eq!(flag(b"4,1,2,+;of a line\n"), Fragment::Continued);
    assert_eq!(flag(b"4,1,2,-;line\n"), Fragment::Whole);
}

#[test]
fn fields_of_later_kernels_are_passed_over() {
    let record = parse(b"6,339,5140900,-,caller=T123,new=1;text; with a semicolon\n").unwrap();
    assert_eq!(record.text, b"text; with a semicolon");
}

#[test]
fn the_kernels_escapes_are_undone() {
    let text = |record: &[u8]| parse(record).unwrap().text;
    assert_eq!(
        text(b"4,1,2,-;a\\x1b[31m\\x0ab\\xc3\\xbc\\x5cx41\n"),
        b"a\x1b[31m\nb\xc3\xbc\\x41"
    );
    assert_eq!(text(b"4,1,2,-;cut \\x1\n"), b"cut \\x1");
    assert_eq!(text(b"4,1,2,-;not \\xzz\n"), b"not \\xzz");
}

#[test]
fn a_record_without_text_or_newline_is_still_one() {
    assert_eq!(parse(b"4,1,2,-;").unwrap().text, b"");
    assert_eq!(parse(b"4,1,2,-;abc").unwrap().text, b"abc");
}

#[test]
fn a_damaged_record_is_malformed() {
    let damaged: [&[u8]; 9] = [
        b"",
        b"text",
        b"4,1,2,-",
        b";",
        b"4,1;x",
        b"x,1,2,-;x",
        b"4,-1,2,-;x",
        b"4,1,+2,-;x",
        b"4,1,99999999999999999999,-;x",
    ];
    for record in damaged {
        assert_eq!(
            parse(record),
            Err(Missing::Malformed),
            "{}",
            String::from_utf8_lossy(record)
        );
    }
}

/// What a ring answers to each read.
enum Answer {
    Record(u64),
    Bytes(&'static [u8]),
    Error(Errno),
}
use Answer::{Bytes, Error, Record};

/// One round over `answers`, and the sequence numbers handed over.
fn drained(
    progress: &mut Progress,
    limit: usize,
    answers: Vec<Answer>,
) -> (Reading<Drained>, Vec<u64>) {
    let mut answers = VecDeque::from(answers);
    let mut handed_over = vec![];
    let read = || match answers.pop_front() {
        Some(Record(sequence)) => Ok(format!("6,{sequence},0,-;x\n").into_bytes()),
        Some(Bytes(bytes)) => Ok(bytes.to_vec()),
        Some(Error(errno)) => Err(errno),
        None => Err(Errno::AGAIN),
    };
    let drained = progress.drain(limit, read, |record| handed_over.push(record.sequence));
    (drained, handed_over)
}

#[test]
fn reading_ends_when_nothing_is_left() {
    let (round, records) = drained(&mut Progress::default(), 10, vec![Record(7), Record(8)]);
    assert_eq!(records, [7, 8]);
    assert_eq!(
        round,
        Ok(Drained {
            records: 2,
            ..Drained::default()
        }),
        "what was before 7 is not lost: it was never ours"
    );
}

#[test]
fn overwritten_records_are_counted_by_their_numbers() {
    let mut progress = Progress::default();
    let answers = vec![Record(7), Error(Errno::PIPE), Record(20), Record(21)];
    let (round, records) = drained(&mut progress, 10, answers);
    assert_eq!(records, [7, 20, 21]);
    assert_eq!(round.unwrap().lost, 12);
    // The next round goes on from there.
    let (round, _) = drained(&mut progress, 10, vec![Error(Errno::PIPE), Record(25)]);
    assert_eq!(round.unwrap().lost, 3);
}

#[test]
fn a_record_too_long_for_the_buffer_is_lost_and_no_more() {
    let answers = vec![
        Record(7),
        Error(Errno::INVAL),
        Error(Errno::INTR),
        Record(9),
    ];
    let (round, _) = drained(&mut Progress::default(), 10, answers);
    assert_eq!(
        round,
        Ok(Drained {
            records: 2,
            lost: 1,
            ..Drained::default()
        })
    );
}

#[test]
fn a_malformed_record_is_counted_once() {
    let answers = vec![Record(7), Bytes(b"damaged"), Record(9)];
    let (round, _) = drained(&mut Progress::default(), 10, answers);
    assert_eq!(
        round,
        Ok(Drained {
            records: 2,
            malformed: 1,
            ..Drained::default()
        })
    );
}

#[test]
fn a_flood_ends_with_the_limit_and_says_so() {
    let (round, records) = drained(
        &mut Progress::default(),
        2,
        vec![Record(1), Record(2), Record(3)],
    );
    assert_eq!(records, [1, 2]);
    assert!(round.unwrap().more);
    let answers = (0..100).map(|_| Error(Errno::PIPE)).collect();
    let (round, _) = drained(&mut Progress::default(), 5, answers);
    assert_eq!(
        round,
        Ok(Drained {
            more: true,
            ..Drained::default()
        })
    );
}

#[test]
fn numbers_that_fall_are_no_loss() {
    let (round, _) = drained(
        &mut Progress::default(),
        10,
        vec![Record(9), Record(3), Record(u64::MAX), Record(0)],
    );
    assert_eq!(round.unwrap().lost, u64::MAX - 4);
}

#[test]
fn a_denied_read_is_a_reason() {
    let (round, _) = drained(&mut Progress::default(), 10, vec![Error(Errno::PERM)]);
    assert_eq!(round, Err(Missing::PermissionDenied));
}

#[test]
fn a_failure_does_not_take_what_was_read_before_it() {
    let mut progress = Progress::default();
    let (round, _) = drained(&mut progress, 10, vec![Record(1), Error(Errno::IO)]);
    assert_eq!(
        round,
        Ok(Drained {
            records: 1,
            ..Drained::default()
        })
    );
    let (round, _) = drained(&mut progress, 10, vec![Error(Errno::IO)]);
    assert_eq!(round, Err(Missing::Unreadable));
}

#[test]
fn a_host_without_the_device_does_not_support_it() {
    let directory = tempfile::tempdir().unwrap();
    let absent = KernelLog::open(&directory.path().join("kmsg"));
    assert_eq!(absent.err(), Some(Missing::NotSupported));
}

#[test]
fn an_empty_device_in_its_place_is_no_kernel_log() {
    let mut log = KernelLog::open(Path::new("/dev/null")).unwrap();
    assert_eq!(log.read_available(10, drop), Err(Missing::NotSupported));
}

#[test]
fn one_read_of_the_descriptor_is_one_record() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kmsg");
    std::fs::write(&path, b"6,339,5140900,-;one\n").unwrap();
    let mut log = KernelLog::open(&path).unwrap();
    let mut records = vec![];
    let round = log.read_available(1, |record| records.push(record.sequence));
    assert_eq!(
        round,
        Ok(Drained {
            records: 1,
            more: true,
            ..Drained::default()
        })
    );
    assert_eq!(records, [339]);
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        drop(parse(&bytes));
    }

    #[test]
    fn no_text_behind_a_good_header_panics(text in "[\\\\x0-9a-f\n =]{0,60}") {
        let record = parse(format!("4,1,2,-;{text}").as_bytes()).unwrap();
        prop_assert!(record.text.len() <= text.len());
    }
}
