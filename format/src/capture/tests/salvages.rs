//! Whatever became of a file, a salvage takes what is sound, and nothing that is not.

use super::clips::maker;
use super::{FakeHost, LARGE, crashed_copy, folder};
use crate::capture::Capture;
use crate::capture::error::CaptureError;
use crate::capture::salvage::{Salvaged, salvage};
use crate::capture::watch::{Unwatched, Watch};
use crate::facts::GapKind;
use crate::time::Seq;
use proptest::prelude::*;
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock};

const PAGE: usize = 4096;

fn saved(from: &Path, to: &Path) -> Result<Salvaged, CaptureError> {
    let watch: Arc<dyn Watch> = Arc::new(Unwatched);
    salvage(from, to, (&maker(), "salvaged"), &watch)
}

fn samples(file: &Path) -> BTreeMap<u64, String> {
    let mut capture = Capture::open(file).unwrap();
    let Some((first, last)) = capture.ends().unwrap() else {
        return BTreeMap::new();
    };
    let mut samples = BTreeMap::new();
    for seq in first.0..=last.0 {
        if let Some(sample) = capture.sample(Seq(seq)).unwrap() {
            samples.insert(seq, format!("{sample:?}"));
        }
    }
    capture.check().unwrap();
    samples
}

/// The bytes of a capture of ten chunks and a bit, with their samples.
static RECORDED: LazyLock<(Vec<u8>, BTreeMap<u64, String>)> = LazyLock::new(|| {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.processes = 40;
    host.record(620);
    host.writer.finish("signal").unwrap();
    (fs::read(&path).unwrap(), samples(&path))
});

/// Salvages these bytes; whatever comes out is sound, and each tick as it was.
#[track_caller]
fn salvaged(bytes: &[u8]) -> Option<(Salvaged, usize)> {
    let (folder, path) = folder();
    fs::write(&path, bytes).unwrap();
    let to = folder.path().join("saved");
    let done = saved(&path, &to);
    assert!(
        fs::read(&path).unwrap() == bytes,
        "the original was changed"
    );
    let Ok(done) = done else {
        assert!(!to.exists(), "something was left of what failed");
        return None;
    };
    let mut capture = Capture::open(&to).unwrap();
    capture.check().unwrap();
    assert_eq!(capture.damage(), []);
    let found = samples(&to);
    for (seq, sample) in &found {
        assert_eq!(Some(sample), RECORDED.1.get(seq), "tick {seq}");
    }
    // Ticks that are not there are missed, and said to be.
    let gaps = capture.gaps().unwrap();
    assert!(gaps.iter().all(|gap| gap.kind == GapKind::UnknownEnd));
    let missed: u64 = gaps.iter().map(|gap| gap.missed).sum();
    assert!(found.len() as u64 + missed <= 620, "{gaps:?}");
    assert_eq!(
        missed > 0 || found.is_empty(),
        done.losses.iter().any(|loss| loss.what.contains("tick")),
        "{:?} {gaps:?}",
        done.losses
    );
    Some((done, found.len()))
}

#[test]
fn a_sound_capture_loses_nothing() {
    let (done, ticks) = salvaged(&RECORDED.0).unwrap();
    assert_eq!((done.losses, ticks), (vec![], 620));
}

#[test]
fn without_its_first_page_a_file_still_gives_everything() {
    for length in [16, 100, PAGE] {
        let mut bytes = RECORDED.0.clone();
        bytes[..length].fill(0);
        let (done, ticks) = salvaged(&bytes).unwrap();
        assert_eq!((done.losses, ticks), (vec![], 620), "{length} bytes");
    }
}

/// The number of pages is on the first page, which no checksum covers.
#[test]
fn pages_behind_those_that_the_header_counts_are_looked_at() {
    let pages = u32::try_from(RECORDED.0.len() / PAGE).unwrap();
    for said in [1, 2, pages / 2, pages - 1] {
        let mut bytes = RECORDED.0.clone();
        bytes[28..32].copy_from_slice(&said.to_be_bytes());
        let (done, ticks) = salvaged(&bytes).unwrap();
        assert_eq!((done.losses, ticks), (vec![], 620), "{said} pages");
        // One of them that is really damaged is no room that was never used.
        let among = bytes.len() / PAGE - 9;
        bytes[among * PAGE..][..PAGE].fill(7);
        let (done, _) = salvaged(&bytes).unwrap();
        assert!(!done.losses.is_empty(), "{said} pages, one damaged");
    }
    // Room that was reserved and never used.
    let mut bytes = RECORDED.0.clone();
    bytes.resize(bytes.len() + 40 * PAGE, 0);
    bytes[100] ^= 1;
    let (done, ticks) = salvaged(&bytes).unwrap();
    assert_eq!((done.losses, ticks), (vec![], 620), "with room behind");
}

#[test]
fn a_file_that_was_cut_gives_what_is_left_of_it() {
    let pages = RECORDED.0.len() / PAGE;
    let mut counts = Vec::new();
    for part in 2..8 {
        let bytes = &RECORDED.0[..pages * part / 8 * PAGE + 77];
        if let Some((done, ticks)) = salvaged(bytes) {
            assert!(!done.losses.is_empty());
            counts.push(ticks);
        }
    }
    assert!(counts.is_sorted() && counts[0] < 620, "{counts:?}");
    assert!(counts.last() >= Some(&300), "{counts:?}");
}

#[test]
fn a_lost_page_costs_what_was_on_it() {
    let pages = RECORDED.0.len() / PAGE;
    // The number of the capture is on page 3.
    for page in (4..=pages).step_by(5) {
        let mut bytes = RECORDED.0.clone();
        bytes[(page - 1) * PAGE..page * PAGE].fill(0);
        let (_, ticks) = salvaged(&bytes).unwrap();
        assert!(ticks >= 500, "page {page}: {ticks} ticks");
    }
}

#[test]
fn an_altered_schema_and_a_changed_row_do_not_hide_the_rest() {
    let (folder, path) = folder();
    fs::write(&path, &RECORDED.0).unwrap();
    let db = Connection::open(&path).unwrap();
    db.execute_batch(
        "ALTER TABLE gap ADD COLUMN more TEXT; UPDATE capture SET recorder_version = 'x';
         UPDATE host SET hostname = 'other';
         UPDATE chunk_body SET id = 9999 WHERE id = 121",
    )
    .unwrap();
    drop(db);
    assert!(Capture::open(&path).is_err());
    let to = folder.path().join("saved");
    let done = saved(&path, &to).unwrap();
    assert_eq!(samples(&to).len(), 560);
    assert!(Capture::open(&to).unwrap().hosts().unwrap().is_empty());
    assert!(
        done.losses
            .iter()
            .any(|loss| loss.what == "60 ticks from tick 121 on"),
        "{:?}",
        done.losses
    );
}

#[test]
fn the_log_of_a_crash_is_taken_too_and_a_broken_tail_up_to_where_it_broke() {
    let (folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(100);
    let expected = samples(&path);
    let crashed = folder.path().join("crashed");
    crashed_copy(&path, &crashed);
    // SQLite cannot open it any more.
    let mut bytes = fs::read(&crashed).unwrap();
    bytes[..100].fill(0);
    fs::write(&crashed, &bytes).unwrap();
    let to = folder.path().join("saved");
    saved(&crashed, &to).unwrap();
    assert_eq!(samples(&to), expected);

    // A tail without its first row says nothing: what follows builds on it.
    host.writer.finish("signal").unwrap();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 200, LARGE);
    host.record(20);
    for (row, left) in [(101, 100), (111, 110)] {
        let broken = folder.path().join(format!("broken-{row}"));
        crashed_copy(&path, &broken);
        let db = Connection::open(&broken).unwrap();
        db.execute("DELETE FROM tail WHERE id = ?", [row]).unwrap();
        db.execute_batch("ALTER TABLE gap ADD COLUMN more TEXT")
            .unwrap();
        drop(db);
        let to = folder.path().join(format!("saved-{row}"));
        let done = saved(&broken, &to).unwrap();
        assert_eq!(samples(&to).len(), left, "{:?}", done.losses);
        assert!(!done.losses.is_empty());
    }
}

/// Alters some bytes of a page, among the first so many, by numbers that look random.
fn alter(page: &mut [u8], seed: u64, among: usize) {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for _ in 0..6 {
        let [at, byte] = [next(), next()];
        page[usize::try_from(at % among as u64).unwrap()] = byte.to_le_bytes()[3];
    }
}

/// A page whose header is altered seems to hold rows again that are no more, half overwritten:
/// what they held is elsewhere, and is no loss.
#[test]
fn what_a_page_held_before_is_no_loss() {
    let leaves = RECORDED.0.chunks(PAGE).enumerate();
    for (number, _) in leaves.filter(|(_, page)| page[0] == 13) {
        for seed in 0..3 {
            let mut bytes = RECORDED.0.clone();
            alter(&mut bytes[number * PAGE..][..PAGE], seed + 1, 64);
            salvaged(&bytes);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn random_bytes_anywhere_are_never_taken_for_data(
        pages in prop::collection::vec((0_usize..400, any::<u64>(), 0_u8..4), 1..12),
    ) {
        let mut bytes = RECORDED.0.clone();
        let count = bytes.len() / PAGE;
        for (page, seed, how) in pages {
            let page = &mut bytes[page % count * PAGE..][..PAGE];
            let mut state = seed | 1;
            let mut next = || {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state
            };
            match how {
                0 => page.fill(0),
                1 => page.iter_mut().for_each(|byte| *byte = next().to_le_bytes()[0]),
                // Some bytes only, among them those that say what kind of page it is.
                2 => alter(page, seed, 64),
                _ => alter(page, seed, PAGE),
            }
        }
        salvaged(&bytes);
    }

    #[test]
    fn what_is_no_capture_at_all_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..20_000)) {
        prop_assert!(salvaged(&bytes).is_none());
    }
}
