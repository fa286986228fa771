//! A recording that ends in the ordinary way: the ticks that were due, and one whole file that
//! anybody's SQLite opens where nothing can be written.

use crate::support::capture::account;
use crate::support::command::{assert_sound, finish, info, run, ticks};
use crate::support::host::{busy, folder, has, is_root, names, skip};
use crate::support::recorder::Recorder;
use rusqlite::{Connection, OpenFlags};
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

/// 5 s at 200 ms: a tick at the start, and one at the very end unless that is a moment later.
const DUE: [u64; 2] = [25, 26];
/// On a loaded machine the recorder may wait for a CPU for this many ticks in all.
const MOST_MISSED: u64 = 5;

#[test]
fn a_recording_has_the_ticks_that_were_due_and_leaves_one_whole_file() {
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let ended = Recorder::start_for(&file, "5s", &["-i", "200ms"]).wait();
    assert_eq!(ended.code, 0, "{}", ended.stderr);

    let [account] = account(&file)[..] else {
        panic!("there is one run");
    };
    assert!(account.due >= DUE[0], "{account:?}");
    match busy() {
        Some(busy) if account.missed > MOST_MISSED => skip(&format!("punctuality: {busy}")),
        _ => assert!(account.missed <= MOST_MISSED, "{account:?}"),
    }
    // A tick that is late may be one that was due after the end.
    let most = DUE[1] + account.missed;
    assert!(account.due <= most, "{account:?}");
    assert_eq!(account.ticks + account.missed, account.due);
    let info = info(&file);
    assert_eq!(info["ticks"], account.ticks);
    assert_eq!(info["missed"], account.missed);
    assert_eq!(
        (&info["state"], &info["clean_end"]),
        (&"clean".into(), &true.into())
    );
    assert_eq!(info["runs"][0]["interval_seconds"], 0.2);
    assert_eq!(info["damaged_frames"], 0);
    let said = format!(
        "ended (duration): {} ticks, {} missed",
        account.ticks, account.missed
    );
    assert!(ended.stderr.contains(&said), "{}", ended.stderr);

    assert_eq!(names(folder.path()), [Path::new("host.afterimage")]);
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
    assert_eq!(ticks("vmstat", &file, &[]).len() as u64, account.ticks);
    assert_sound(&file);

    let before = fs::read(&file).unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o555)).unwrap();
    opens_with_sqlite(&file);
    opens_with_the_sqlite_command(&file);
    assert_sound(&file);
    opens_on_a_read_only_mount(&file);
    assert_eq!(names(folder.path()), [Path::new("host.afterimage")]);
    assert!(
        before == fs::read(&file).unwrap(),
        "looking at it changed it"
    );
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
}

fn opens_with_sqlite(file: &Path) {
    let db = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let sound: String = db
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
    let count = |table: &str| -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        db.query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    for one in ["capture", "host", "run", "chunk", "chunk_body"] {
        assert_eq!(count(one), 1, "{one}");
    }
    for some in ["process", "command", "source", "mount", "clock"] {
        assert!(count(some) > 0, "{some} is empty");
    }
    assert_eq!(count("tail"), 0);
    let ours = "SELECT count(*) FROM process JOIN command ON command.id = process.command
        WHERE command.text LIKE '%record%' AND process.comm LIKE 'afterimage%'";
    let ours: i64 = db.query_row(ours, [], |row| row.get(0)).unwrap();
    assert!(ours >= 1, "the recorder does not see itself");
}

fn opens_with_the_sqlite_command(file: &Path) {
    if !has("sqlite3") {
        return skip("there is no sqlite3 here: its opening of a capture");
    }
    let sql = "PRAGMA integrity_check; SELECT ended FROM run;";
    let ran = finish(Command::new("sqlite3").arg("-readonly").arg(file).arg(sql));
    assert_eq!(
        (ran.code, ran.text().as_str()),
        (0, "ok\nduration\n"),
        "{}",
        ran.stderr
    );
}

/// Root writes where it likes, but not on a read-only mount.
fn opens_on_a_read_only_mount(file: &Path) {
    if !is_root() {
        return skip("only root can mount: opening on a read-only mount");
    }
    let mount = "mount --bind \"$1\" \"$1\" && mount -o remount,ro,bind \"$1\" || exit 99
        touch \"$1/x\" 2>/dev/null && exit 98; shift; exec \"$@\"";
    let in_mount = |program: &[&OsStr]| {
        let mut command = Command::new("unshare");
        command.args(["-m", "sh", "-c", mount, "sh"]);
        finish(command.arg(file.parent().unwrap()).args(program))
    };
    let afterimage = OsStr::new(crate::support::command::AFTERIMAGE);
    let ran = in_mount(&[afterimage, OsStr::new("check"), file.as_os_str()]);
    if ran.code == 99 || ran.code == 1 && ran.stderr.contains("unshare") {
        return skip("no mount may be made here: opening on a read-only mount");
    }
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    if has("sqlite3") {
        let sql = OsStr::new("SELECT count(*) FROM host;");
        let ran = in_mount(&[OsStr::new("sqlite3"), file.as_os_str(), sql]);
        assert_eq!(
            (ran.code, ran.text().as_str()),
            (0, "1\n"),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn a_capture_of_ours_is_continued_and_each_stop_is_a_gap_without_loss() {
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    for _ in 0..3 {
        let ended = Recorder::start_for(&file, "300ms", &["-i", "100ms"]).wait();
        assert_eq!(ended.code, 0, "{}", ended.stderr);
    }
    let info = info(&file);
    assert_eq!(info["runs"].as_array().unwrap().len(), 3);
    let gaps = info["gaps"].as_array().unwrap();
    let stops = gaps.iter().filter(|gap| gap["kind"] == "stopped");
    let stops: Vec<_> = stops.map(|gap| gap["missed"].as_u64().unwrap()).collect();
    assert_eq!(stops, [0, 0], "{info:#}");
    let ticks: u64 = account(&file).iter().map(|run| run.ticks).sum();
    assert_eq!(info["ticks"], ticks);
    assert_sound(&file);
}

#[test]
fn without_o_the_capture_is_named_after_the_host() {
    let folder = folder();
    let mut command = Command::new(crate::support::command::AFTERIMAGE);
    command.args(["record", "--duration", "200ms", "-i", "100ms", "--socket"]);
    let ran = finish(
        command
            .arg(folder.path().join("s"))
            .current_dir(folder.path()),
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let name = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    let file = folder.path().join(format!("{name}.afterimage"));
    assert_eq!(run(&[OsStr::new("info"), file.as_os_str()]).code, 0);
}
