//! A pid that is given to another process within a second: two lives, never one.

use crate::support::capture::samples;
use crate::support::command::{AFTERIMAGE, finish};
use crate::support::host::{folder, is_root, skip};
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// The pid that is used twice, in a namespace where nothing else gets that far.
const PID: i32 = 4242;
/// Prints the two pids. Both live for some ticks of 50 ms, and there is a tick between them
/// at most: the second is born within 20 ms of the end of the first.
const SCRIPT: &str = r#"
"$1" record -i 50ms --duration 60s --budget-cpu 100 -o "$2" --socket "$3" 2>"$4" & recorder=$!
until "$1" check "$2" >/dev/null 2>&1; do sleep 0.05; done
sleep 0.2
echo $(($5 - 1)) > /proc/sys/kernel/ns_last_pid || exit 99
sleep 41.25 & first=$!
sleep 0.5
kill -9 $first; wait $first 2>/dev/null
echo $(($5 - 1)) > /proc/sys/kernel/ns_last_pid
sleep 42.75 & second=$!
sleep 0.5
kill $recorder; wait $recorder || exit 98
kill -9 $second
echo $first $second
"#;

#[test]
fn a_reused_pid_is_two_lives() {
    if !is_root() {
        return skip("only root makes a pid namespace and sets ns_last_pid");
    }
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let mut command = Command::new("unshare");
    command.args([
        "-p",
        "-f",
        "--mount-proc",
        "--kill-child",
        "sh",
        "-c",
        SCRIPT,
        "sh",
        AFTERIMAGE,
    ]);
    command
        .arg(&file)
        .arg(folder.path().join("socket"))
        .arg(folder.path().join("stderr"));
    let ran = finish(command.arg(PID.to_string()));
    if ran.code == 99 || ran.stderr.contains("unshare failed") {
        return skip("no pid namespace or no ns_last_pid here");
    }
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(
        ran.text(),
        format!("{PID} {PID}\n"),
        "the pid was not given out again"
    );

    in_the_samples(&file);
    in_the_table(&file);
}

fn in_the_samples(file: &Path) {
    let mut lives = BTreeSet::new();
    for sample in samples(file) {
        let own = sample
            .processes
            .iter()
            .filter(|process| process.key.pid.0 == PID);
        let own: Vec<_> = own.collect();
        assert!(own.len() <= 1, "twice at once: {own:?}");
        for process in own {
            let line = process.command_line.clone().unwrap_or_default();
            lives.insert((
                process.key.started,
                String::from_utf8_lossy(&line).into_owned(),
            ));
        }
    }
    let sleeps: Vec<&str> = lives
        .iter()
        .map(|(_, line)| line.split(' ').next_back().unwrap())
        .collect();
    assert_eq!(sleeps, ["41.25", "42.75"], "{lives:?}");
    let starts: BTreeSet<_> = lives.iter().map(|(started, _)| *started).collect();
    assert_eq!(starts.len(), 2);
}

fn in_the_table(file: &Path) {
    let db = Connection::open(file).unwrap();
    let select = "SELECT started_ticks, first_seq, coalesce(last_seq, 1 << 40) FROM process
        WHERE pid = ? ORDER BY first_seq";
    let mut select = db.prepare(select).unwrap();
    let lives = select
        .query_map([PID], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap();
    let lives: Vec<(i64, i64, i64)> = lives.map(Result::unwrap).collect();
    let [first, second] = lives[..] else {
        panic!("two lives: {lives:?}");
    };
    assert!(first.0 < second.0, "{lives:?}");
    assert!(first.2 < second.1, "they overlap: {lives:?}");
}
