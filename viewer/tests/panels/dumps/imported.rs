//! Dumps that were brought in from a file: older than the recording, and perhaps nobody's.

use super::capture::{facts, of, record};
use super::{has, opened};
use crate::{document, painted, settle};
use afterimage_format::process::Pid;
use afterimage_format::time::WallTime;
use egui::{Key, Role};
use egui_kittest::kittest::Queryable as _;

const TEXT: &[u8] = b"2026-11-21 08:12:04\nFull thread dump OpenJDK 64-Bit Server VM (17.0.15+6 \
                      mixed mode):\n\n\"main\" #1 prio=5 os_prio=0 cpu=1.00ms elapsed=9.77s \
                      tid=0x00007fe6bc1831a0 nid=0x5520 runnable  [0x00007fe621ffd000]\n   \
                      java.lang.Thread.State: RUNNABLE\n\tat a.B.m(B.java:1)\n\n";

#[test]
fn a_dump_of_another_day_tells_its_day_and_one_of_nobody_has_no_number() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("imported.afterimage");
    let mut imported = facts(0.5, TEXT);
    imported.wall = WallTime(imported.wall.0 - 3 * 86_400_000_000);
    imported.end = imported.wall;
    imported.pid = Pid(-1);
    imported.started = None;
    imported.comm = Vec::new();
    let own = facts(1.5, TEXT);
    of(
        &path,
        vec![record(imported, Some(TEXT)), record(own, Some(TEXT))],
    );
    let mut harness = opened(&path, "start");
    harness.key_press(Key::H);
    settle(&mut harness);
    let dumps = document(&harness)
        .dumps
        .list
        .as_deref()
        .expect("it is there");
    let at = dumps[0].facts.wall;
    let day = document(&harness).zone.format(at, "%-d %b %H:%M:%S");
    has(&harness, Role::Row, &format!("Dump at {day}: "), "pid —");
    let texts = painted(&harness);
    let mut words = texts.iter().flat_map(|text| text.split([' ', ',', ':']));
    assert!(!words.any(|word| word == "-1"), "{texts:?}");
    // The other is of the day of the recording.
    let own = dumps[1].facts.wall;
    let time = document(&harness).zone.time_of_day(own);
    has(&harness, Role::Row, &format!("Dump at {time}: "), "java");
    assert!(harness.query_by_label("pid —").is_some());
    assert!(
        harness
            .query_by_role_and_label(Role::Button, "pid —")
            .is_none(),
        "there is no process to go to"
    );
}
