//! The curves of the network, of sockets and of file systems, and what each file system did.

use super::{OPTIONS, run_facts, tick, wall};
use crate::data::capture::CaptureReplay;
use crate::data::{Replay as _, RowGroup, SeriesId, Want};
use afterimage_format::capture::lock::OwnerLock;
use afterimage_format::capture::writer::Writer;
use afterimage_format::group::{CpuField, FileSystemField, Group, LineField, SocketField};
use afterimage_format::tick::{Key, Tick};

/// The rows that the host adds in a tick: 7 segments sent again each second, and 100 more in
/// tick 40; a leak of one CLOSE-WAIT a second; `/var` fills up by one in 400 each second.
fn more(tick: &mut Tick, seq: u64) {
    let seq = i64::try_from(seq).unwrap();
    let value = LineField::Value.column();
    let sent_again = 7 * seq + if seq >= 40 { 100 } else { 0 };
    for (slot, name, number) in [
        (0, "Tcp.RetransSegs", sent_again),
        (1, "Udp.InErrors", 2 * seq),
        (2, "Udp6InErrors", 3 * seq),
    ] {
        tick.begin(Group::Protocol, slot, Key::name(name));
        tick.number(Group::Protocol, slot, value, Ok(number));
    }
    let count = SocketField::Count.column();
    for (slot, name, number) in [
        (0, "tcp * *:* *:* -", 12 + seq),
        (1, "tcp ESTAB 10.0.0.1:80 10.0.0.2:* 42", 7),
        (2, "tcp ESTAB 10.0.0.1:80 10.0.0.3:* 42", 4),
        (3, "tcp LISTEN *:80 *:* 42", 1),
        (4, "tcp CLOSE-WAIT 10.0.0.1:80 10.0.0.4:* 42", seq),
        (5, "udp UNCONN *:53 *:* 42", 3),
    ] {
        tick.begin(Group::Socket, slot, Key::name(name));
        tick.number(Group::Socket, slot, count, Ok(number));
    }
    // Read-only and full, as every squashfs is; the others half full, and filling.
    for (slot, name, flags, free) in [
        (0, "/snap", 1, 0),
        (1, "/", 0, 500),
        (2, "/var", 0, 400 - seq),
    ] {
        tick.begin(Group::FileSystem, slot, Key::name(name));
        let total = if name == "/" { 1_000 } else { 400 };
        for (field, number) in [
            (FileSystemField::Total, total),
            (FileSystemField::Free, free),
            (FileSystemField::Available, free),
            (FileSystemField::Flags, flags),
        ] {
            tick.number(Group::FileSystem, slot, field.column(), Ok(number));
        }
    }
    for (slot, name, khz) in [(0, "cpu0", 1_000_000), (1, "cpu1", 3_000_000)] {
        tick.begin(Group::Cpu, slot, Key::name(name));
        tick.number(Group::Cpu, slot, CpuField::FrequencyKhz.column(), Ok(khz));
    }
}

fn replay() -> (tempfile::TempDir, CaptureReplay) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("web-07.afterimage");
    let lock = OwnerLock::take(&path).unwrap();
    let (mut writer, _start) = Writer::start(&path, lock, OPTIONS, &run_facts()).unwrap();
    for seq in 1..=70 {
        let mut tick = tick(seq);
        more(&mut tick, seq);
        writer.commit(Some(&tick), vec![]).unwrap();
    }
    writer.finish("signal").unwrap();
    let replay = CaptureReplay::open(&path).unwrap();
    (folder, replay)
}

const WANTED: [SeriesId; 7] = [
    SeriesId::TcpRetransmits,
    SeriesId::UdpErrors,
    SeriesId::TcpEstablished,
    SeriesId::TcpCloseWait,
    SeriesId::TcpSynSent,
    SeriesId::FullestSpace,
    SeriesId::CpuMegahertz,
];

#[test]
fn the_curves_have_the_same_peaks_tick_by_tick_and_in_the_pyramid() {
    let (_folder, mut replay) = replay();
    // Tick by tick, and in pieces of a minute.
    for pieces in [1_000, 2] {
        let series = replay.series(&WANTED, wall(0), wall(69), pieces).unwrap();
        let most: Vec<f64> = series
            .iter()
            .map(|series| {
                let values = series.buckets.iter().map(|bucket| bucket.max);
                values.fold(f64::NAN, f64::max)
            })
            .collect();
        // 70 of 400 in use are 17.5 %, so `/` with 50 % is the fullest.
        let expected = [107.0, 5.0, 11.0, 70.0, 0.0, 50.0, 2_000.0];
        for ((most, expected), id) in most.iter().zip(expected).zip(WANTED) {
            assert!((most - expected).abs() < 1e-3, "{pieces} {id:?}: {most}");
        }
    }
}

#[test]
fn a_snapshot_has_the_values_of_sockets_and_file_systems_when_they_are_asked_for() {
    let (_folder, mut replay) = replay();
    let snapshot = replay.snapshot(Want::At(wall(20)), &[]).unwrap();
    assert!(!snapshot.values.contains_key(&SeriesId::TcpCloseWait));
    assert!(snapshot.values[&SeriesId::TcpRetransmits].is_ok());
    let wanted = [SeriesId::TcpCloseWait, SeriesId::TcpListen];
    let snapshot = replay.snapshot(Want::At(wall(20)), &wanted).unwrap();
    assert_eq!(snapshot.values[&SeriesId::TcpCloseWait], Ok(21.0));
    assert_eq!(snapshot.values[&SeriesId::TcpListen], Ok(1.0));
    assert!(!snapshot.values.contains_key(&SeriesId::FullestSpace));
    // Nobody counted these here.
    assert!(snapshot.values[&SeriesId::ListenDrops].is_err());
    assert!(snapshot.values[&SeriesId::CpuThrottles].is_err());
}

#[test]
fn file_systems_have_rows_by_how_full_they_were_and_what_nobody_can_fill_has_none() {
    let (_folder, mut replay) = replay();
    let between = (wall(0), wall(69));
    let rows = replay.rows(RowGroup::FileSystems, between, 100).unwrap();
    assert_eq!(rows.names, ["/", "/var"]);
    let last = rows.cells.last().unwrap();
    assert_eq!(last.values, [Some(50.0), Some(17.5)]);
    assert_eq!(rows.cell_at(wall(30)).unwrap().values[1], Some(7.75));
    // CPUs and file systems of one tick do not stand in for each other.
    assert!(replay.rows(RowGroup::Cpus, between, 100).is_ok());
    assert_eq!(
        replay.rows(RowGroup::FileSystems, between, 100).unwrap(),
        rows
    );
}
