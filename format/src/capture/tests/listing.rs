//! Listings say what the samples say, and name what is damaged.

use super::*;
use crate::capture::Mode;
use crate::capture::frame::skip;
use crate::reading::Missing;
use crate::sample::Extract;
use rusqlite::Connection;

/// Whether a listing says the same as the samples do.
fn assert_listed(capture: &mut Capture, seq: u64) {
    let listing = capture.listing(Seq(seq)).unwrap().unwrap();
    let now = capture.sample(Seq(seq)).unwrap().unwrap();
    let before = capture.sample(Seq(seq - 1)).unwrap();
    let times_before = before.as_ref().map(|before| before.times);
    assert_eq!(
        (listing.times, listing.times_before),
        (now.times, times_before)
    );
    let processes: Vec<_> = listing.processes().collect();
    let counted = |key| Some(before.as_ref()?.process(key)?.counters());
    let wanted = now.processes.iter();
    let wanted: Vec<_> = wanted
        .map(|process| (process.listed(), counted(process.key)))
        .collect();
    assert_eq!(processes, wanted, "tick {seq}");
}

#[test]
fn a_listing_says_what_the_samples_say_at_every_tick() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(90);
    host.writer.finish("signal").unwrap();
    // A second run: its first chunk begins after a gap, and its tail is open.
    let (mut host, _) = FakeHost::start(&path, "boot-2", 200, LARGE);
    host.record(85);
    let mut capture = Capture::open(&path).unwrap();
    assert_eq!(capture.ends().unwrap(), Some((Seq(1), Seq(175))));
    assert_eq!(capture.mode(), Mode::Recording);
    for seq in 1..=175 {
        assert_listed(&mut capture, seq);
    }
    assert!(capture.listing(Seq(0)).unwrap().is_none());
    assert!(capture.listing(Seq(176)).unwrap().is_none());
    let first = capture.listing(Seq(1)).unwrap().unwrap();
    assert!(first.processes().all(|(_, before)| before.is_none()));
    assert_eq!(capture.damage(), []);
}

/// A capture of 180 ticks of which one byte of the chunk that begins at tick 61 is changed,
/// behind the header of a frame: 0 the index, 1 the machine, 2 the
/// processes, 3 the rest.
fn with_damaged_frame(path: &Path, frame: usize) -> Capture {
    let (mut host, _) = FakeHost::start(path, "boot-1", 0, LARGE);
    host.record(180);
    host.writer.finish("signal").unwrap();
    let db = Connection::open(path).unwrap();
    let read = "SELECT frames FROM chunk_body WHERE id = 61";
    let mut frames: Vec<u8> = db.query_row(read, [], |row| row.get(0)).unwrap();
    let mut rest = &frames[..];
    for _ in 0..frame {
        skip(&mut rest).unwrap();
    }
    let changed = frames.len() - rest.len() + 40;
    frames[changed] ^= 4;
    db.execute("UPDATE chunk_body SET frames = ? WHERE id = 61", [frames])
        .unwrap();
    drop(db);
    Capture::open(path).unwrap()
}

#[test]
fn a_listing_needs_only_the_frames_it_is_made_of() {
    for (frame, is_needed) in [(0, true), (1, false), (2, true), (3, false)] {
        let (_folder, path) = folder();
        let mut capture = with_damaged_frame(&path, frame);
        let within = capture.listing(Seq(90)).unwrap();
        assert_eq!(within.is_none(), is_needed, "frame {frame}");
        // The first tick behind it can be shown, but not what has happened since the last.
        let behind = capture.listing(Seq(121)).unwrap().unwrap();
        assert_eq!(behind.processes().count(), 3);
        assert_eq!(behind.times_before.is_none(), is_needed, "frame {frame}");
        let damage = capture.damage().iter();
        let damage: Vec<_> = damage.map(|damage| (damage.table, damage.row)).collect();
        let expected: &[_] = if is_needed {
            &[("chunk_body", 61)]
        } else {
            &[]
        };
        assert_eq!(damage, expected, "frame {frame}");
        let sample = capture.sample(Seq(90)).unwrap();
        assert_eq!(sample.is_some(), frame == 3);
        assert_eq!(capture.damage().len(), 1, "frame {frame}");
    }
}

#[test]
fn damage_to_the_rest_hides_nothing_else_and_does_not_look_like_nothing() {
    let (_folder, path) = folder();
    let mut capture = with_damaged_frame(&path, 3);
    assert!(
        capture
            .extract(Seq(90), &Extract::MACHINE)
            .unwrap()
            .is_some()
    );
    assert_eq!(capture.damage(), []);
    for _ in 0..2 {
        let sample = capture.sample(Seq(90)).unwrap().unwrap();
        assert_eq!(sample.processes.len(), 3);
        assert_eq!(sample.machine.memory.number("MemFree"), Ok(1089));
        assert_eq!(sample.tasks, Err(Missing::NotRead));
        assert_eq!(sample.sockets, Err(Missing::NotRead));
    }
    let sample = capture.sample(Seq(60)).unwrap().unwrap();
    assert_eq!(sample.tasks, Ok(vec![]));
    let damage = capture.damage().iter();
    let damage: Vec<_> = damage.map(|damage| (damage.table, damage.row)).collect();
    assert_eq!(damage, [("chunk_body", 61)]);
}

#[test]
fn what_follows_a_damaged_row_of_the_tail_is_lost_and_what_is_before_it_is_not() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(80);
    let after = path.with_file_name("b.afterimage");
    crashed_copy(&path, &after);
    let db = Connection::open(&after).unwrap();
    let change = "UPDATE tail SET frame = CAST(substr(frame, 1, 40) || x'00ff' || substr(frame, 43) AS BLOB) WHERE id = 70";
    assert_eq!(db.execute(change, []).unwrap(), 1);
    drop(db);
    let mut capture = Capture::open(&after).unwrap();
    for seq in [1, 60, 61, 62, 69] {
        assert_listed(&mut capture, seq);
    }
    for seq in [70, 71, 80] {
        assert!(capture.listing(Seq(seq)).unwrap().is_none(), "tick {seq}");
        assert!(capture.sample(Seq(seq)).unwrap().is_none(), "tick {seq}");
    }
    assert_eq!(capture.at_or_before(wall(75)).unwrap(), Some(Seq(69)));
    let damage = capture.damage().iter();
    let damage: Vec<_> = damage.map(|damage| (damage.table, damage.row)).collect();
    assert_eq!(damage, [("tail", 70)]);
}
