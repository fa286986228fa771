//! A file that somebody made to do harm costs bounded time and memory, and what is wrong is named.

use super::clips::maker;
use super::{FakeHost, LARGE, folder};
use crate::capture::error::{CaptureError, FrameFault};
use crate::capture::lock::with_suffix;
use crate::capture::watch::{Patience, Unwatched, Watch, Work};
use crate::capture::{Capture, Mode};
use crate::time::Seq;
use rusqlite::Connection;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use tempfile::TempDir;

const PAGE: usize = 4096;

/// The bytes of a capture of three chunks that ended cleanly.
static RECORDED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(180);
    host.writer.finish("signal").unwrap();
    fs::read(&path).unwrap()
});

/// The capture as this SQL leaves it.
fn altered(sql: &str) -> (TempDir, PathBuf) {
    let (folder, path) = folder();
    fs::write(&path, &*RECORDED).unwrap();
    let db = Connection::open(&path).unwrap();
    db.execute_batch(sql).unwrap();
    (folder, path)
}

fn rescued(path: &Path) -> Result<Capture, CaptureError> {
    let watch: Arc<dyn Watch> = Arc::new(Unwatched);
    let before = fs::read(path).unwrap();
    let capture = Capture::open_or_salvage(path, &maker(), &watch);
    assert!(fs::read(path).unwrap() == before, "the file was changed");
    capture
}

/// What of each table stands in the schema, and where its tree begins.
fn root(path: &Path, table: &str) -> usize {
    let db = Connection::open(path).unwrap();
    let find = "SELECT rootpage FROM sqlite_schema WHERE name = ?";
    let page: i64 = db.query_row(find, [table], |row| row.get(0)).unwrap();
    usize::try_from(page).unwrap()
}

#[test]
fn whatever_was_done_to_the_schema_every_tick_is_shown_and_what_was_is_said() {
    for (sql, word) in [
        (
            "DROP TABLE note; CREATE VIEW note AS WITH RECURSIVE n(id) AS \
             (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id, 2 AS unix_us, 'x' AS text, 3 AS row_check FROM n",
            "its table note is not as",
        ),
        (
            "CREATE TRIGGER t AFTER INSERT ON gap BEGIN DELETE FROM chunk; END",
            "not ours: trigger",
        ),
        (
            "CREATE INDEX hidden ON chunk (id) WHERE id > 1000",
            "not ours: index",
        ),
        (
            "DROP TABLE gap; CREATE VIRTUAL TABLE gap USING fts5(kind, detail)",
            "its table gap is not as",
        ),
        (
            "ALTER TABLE host ADD COLUMN more TEXT DEFAULT 'x'",
            "its table host is not as",
        ),
    ] {
        let (_folder, path) = altered(sql);
        let refused = Capture::open(&path).unwrap_err();
        assert!(
            matches!(refused, CaptureError::Altered { .. }) && refused.to_string().contains(word),
            "{refused}"
        );
        let mut capture = rescued(&path).unwrap();
        assert_eq!(capture.ticks().unwrap(), 180, "{sql}");
        assert_eq!(capture.path(), path);
        assert!(capture.sample(Seq(180)).unwrap().is_some());
        let reason = &capture.rescue().unwrap().reason;
        assert!(reason.to_string().contains(word), "{reason}");
    }
}

#[test]
fn more_tables_than_any_capture_has_are_not_read_one_by_one() {
    let tables: Vec<String> = (0..300)
        .map(|number| format!("CREATE TABLE x{number} (a);"))
        .collect();
    let (_folder, path) = altered(&tables.concat());
    let refused = Capture::open(&path).unwrap_err().to_string();
    assert!(refused.contains("more tables than any"), "{refused}");
}

/// Makes the tree of a table lead from its root to its root again, by every one of its entries.
fn in_a_circle(path: &Path, table: &str) {
    let page = root(path, table);
    let mut bytes = fs::read(path).unwrap();
    let begin = (page - 1) * PAGE;
    // A leaf of the same tree would be found by its ids: so there are 300 ways to the same page,
    // on each of 19 levels, before there is one.
    let pages = bytes.len() / PAGE;
    let leaf = bytes[begin..begin + PAGE].to_vec();
    for level in 0..19 {
        let at = if level == 0 { page } else { pages + level };
        let next = pages + level + 1;
        let mut interior = vec![0; PAGE];
        interior[0] = 5;
        interior[3..5].copy_from_slice(&300_u16.to_be_bytes());
        interior[8..12].copy_from_slice(&u32::try_from(next).unwrap().to_be_bytes());
        for cell in 0..300_usize {
            let place = PAGE - 5 * (cell + 1);
            let pointer = 12 + 2 * cell;
            interior[pointer..pointer + 2]
                .copy_from_slice(&u16::try_from(place).unwrap().to_be_bytes());
            interior[place..place + 4].copy_from_slice(&u32::try_from(next).unwrap().to_be_bytes());
            interior[place + 4] = 100;
        }
        let first = interior[12 + 2 * 299];
        interior[5] = first;
        interior[6] = interior[13 + 2 * 299];
        bytes.resize(bytes.len().max(at * PAGE), 0);
        bytes[(at - 1) * PAGE..at * PAGE].copy_from_slice(&interior);
    }
    bytes.extend_from_slice(&leaf);
    let count = u32::try_from(bytes.len() / PAGE).unwrap();
    bytes[28..32].copy_from_slice(&count.to_be_bytes());
    fs::write(path, bytes).unwrap();
}

#[test]
fn pages_that_lead_in_a_circle_end_and_are_said_to_be_damaged() {
    for table in ["gap", "kernel_log", "chunk", "tail", "host"] {
        let (_folder, path) = altered("");
        in_a_circle(&path, table);
        let Ok(mut capture) = Capture::open(&path) else {
            assert!(rescued(&path).is_ok(), "{table}");
            continue;
        };
        let all = (
            capture.ticks(),
            capture.chunks(),
            capture.hosts().map(drop),
            capture.gaps().map(drop),
        );
        let checked = capture.check();
        let is_said = checked.is_err_and(|error| error.is_damage())
            || capture
                .damage()
                .iter()
                .any(|damage| damage.table == table && damage.fault == FrameFault::Torn);
        assert!(is_said, "{table}: {all:?} {:?}", capture.damage());
    }
}

#[test]
fn a_file_of_any_other_kind_is_refused_by_name() {
    let (folder, path) = folder();
    fs::write(&path, &*RECORDED).unwrap();
    let refused = |path: &Path| Capture::open(path).unwrap_err().to_string();
    assert!(refused(folder.path()).contains("it is a directory"));
    assert!(refused(Path::new("/dev/zero")).contains("not a regular file"));
    let mut bytes = RECORDED.clone();
    bytes[16..18].copy_from_slice(&[0x20, 0]);
    fs::write(&path, &bytes).unwrap();
    assert!(refused(&path).contains("pages are not of 4096 bytes"));
    // Its pages are there all the same.
    assert_eq!(rescued(&path).unwrap().ticks().unwrap(), 180);
    // Sparse: it takes no room.
    fs::File::create(&path)
        .unwrap()
        .set_len((64 << 30) + 1)
        .unwrap();
    assert!(refused(&path).contains("larger than 64 GiB"));
}

#[test]
fn a_file_without_a_trace_of_a_capture_is_not_looked_through() {
    let (_folder, path) = folder();
    fs::write(&path, vec![7; 3 << 20]).unwrap();
    let watch = Arc::new(Patience::default());
    let shared = Arc::clone(&watch) as Arc<dyn Watch>;
    let error = Capture::open_or_salvage(&path, &maker(), &shared).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("does not begin as a capture does"),
        "{error}"
    );
    let told = watch.told.lock().unwrap();
    assert!(told.iter().all(|stage| stage.work != Work::FindingSound));
}

#[test]
fn a_link_to_a_capture_is_opened_with_the_log_beside_the_capture() {
    let (folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(70);
    let real = folder.path().join("real");
    super::crashed_copy(&path, &real);
    let elsewhere = folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let link = elsewhere.join("link");
    std::os::unix::fs::symlink("../real", &link).unwrap();
    let capture = Capture::open(&link).unwrap();
    assert_eq!(
        (capture.mode(), capture.ticks().unwrap()),
        (Mode::WithLog, 70)
    );
}

#[test]
fn a_log_of_another_capture_hides_nothing() {
    let (folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(130);
    let other = folder.path().join("other");
    let (mut another, _) = FakeHost::start(&other, "boot-2", 0, LARGE);
    another.record(70);
    let crashed = folder.path().join("crashed");
    super::crashed_copy(&path, &crashed);
    let alone = {
        fs::remove_file(with_suffix(&crashed, "-wal")).unwrap();
        Capture::open(&crashed).unwrap().ticks().unwrap()
    };
    fs::copy(with_suffix(&other, "-wal"), with_suffix(&crashed, "-wal")).unwrap();
    let mut capture = rescued(&crashed).unwrap();
    assert_eq!(capture.ticks().unwrap(), alone);
    assert!(capture.sample(Seq(1)).unwrap().is_some());
    assert_eq!(capture.hosts().unwrap()[0].1.boot_id, "boot-1");
    // Nor when only its pages can be read.
    let mut bytes = fs::read(&crashed).unwrap();
    bytes[..100].fill(0);
    fs::write(&crashed, bytes).unwrap();
    let mut capture = rescued(&crashed).unwrap();
    assert_eq!(capture.hosts().unwrap()[0].1.boot_id, "boot-1");
    let losses = &capture.rescue().unwrap().salvaged.losses;
    assert!(
        losses
            .iter()
            .any(|loss| loss.what.contains("another capture")),
        "{losses:?}"
    );
    assert!(capture.sample(Seq(1)).unwrap().is_some());
}

#[test]
fn the_number_of_a_capture_is_there_twice() {
    for table in ["capture", "quota"] {
        let (_folder, path) = altered("");
        let page = root(&path, table);
        let mut bytes = fs::read(&path).unwrap();
        bytes[(page - 1) * PAGE..page * PAGE].fill(0);
        fs::write(&path, &bytes).unwrap();
        let capture = rescued(&path).unwrap();
        assert_eq!(capture.ticks().unwrap(), 180, "without the page of {table}");
        // And when SQLite is no help.
        bytes[..PAGE].fill(0);
        fs::write(&path, &bytes).unwrap();
        let capture = rescued(&path).unwrap();
        assert_eq!(capture.ticks().unwrap(), 180, "without the page of {table}");
    }
    let (_folder, path) = altered("UPDATE capture SET number = number + 1");
    let mut capture = Capture::open(&path).unwrap();
    assert!(capture.sample(Seq(90)).unwrap().is_some());
    capture.check().unwrap();
    assert_eq!(
        capture
            .damage()
            .iter()
            .map(|damage| damage.table)
            .collect::<Vec<_>>(),
        ["capture"]
    );
}

#[test]
fn a_salvage_tells_how_far_it_is_and_ends_when_nobody_waits() {
    let (folder, path) = altered("ALTER TABLE gap ADD COLUMN more TEXT");
    let watch = Arc::new(Patience::default());
    let shared = Arc::clone(&watch) as Arc<dyn Watch>;
    let capture = Capture::open_or_salvage(&path, &maker(), &shared).unwrap();
    drop(capture);
    let told = watch.told.lock().unwrap().clone();
    for work in [Work::FindingSound, Work::SavingSound] {
        assert!(
            told.iter()
                .any(|stage| stage.work == work && stage.total > 0)
        );
    }
    let begin = told
        .iter()
        .position(|stage| stage.work == Work::FindingSound);
    for longest in begin.unwrap()..told.len() {
        let watch: Arc<dyn Watch> = Arc::new(Patience {
            longest: Some(longest),
            ..Patience::default()
        });
        let opened = Capture::open_or_salvage(&path, &maker(), &watch);
        assert!(matches!(opened, Err(CaptureError::Cancelled { .. })));
    }
    let left = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 1);
}

#[test]
fn what_sqlite_finds_wrong_is_part_of_a_check() {
    let (_folder, path) = altered("");
    let mut bytes = RECORDED.clone();
    // More free pages than there are.
    bytes[36..40].copy_from_slice(&7_u32.to_be_bytes());
    fs::write(&path, bytes).unwrap();
    let mut capture = Capture::open(&path).unwrap();
    let checked = capture.check().unwrap();
    assert!(!checked.structure.is_empty() && capture.damage().is_empty());
}
