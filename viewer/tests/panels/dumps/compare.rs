//! Two dumps side by side, a thread's CPU from tick to tick, and what the kernel alone said among the
//! dumps of its process.

use super::{click, has, labels, page};
use crate::{document, settle};
use afterimage_viewer::app::Viewer;
use afterimage_viewer::command::{Command, DumpCommand};
use afterimage_viewer::state::dumps::DumpPage;
use egui::{Key, Role};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

/// Looks for a text.
fn search(harness: &mut Harness<'static, Viewer>, text: &str) {
    let search = DumpCommand::Search(text.to_owned());
    harness.state_mut().perform(Command::Dumps(search));
    settle(harness);
}

/// The first dump pinned, and the one of that moment shown.
fn compared(at: &'static str) -> Harness<'static, Viewer> {
    let mut harness = page("14:01:10");
    harness.key_press(Key::P);
    settle(&mut harness);
    assert_eq!(document(&harness).dumps.page, DumpPage::Compare);
    has(&harness, Role::Label, "The dump of 14:01:09 is pinned", "");
    has(&harness, Role::Row, "Dump at 14:01:09", ", pinned");
    for _ in 0..4 {
        harness.key_press(Key::ArrowDown);
        settle(&mut harness);
        let shown = document(&harness).dump_at_cursor();
        let shown = shown.map(|dump| document(&harness).moment(dump.facts.wall));
        if shown.as_deref() == Some(at) {
            return harness;
        }
    }
    panic!("there is no dump at {at}");
}

#[test]
fn a_pinned_dump_is_held_beside_the_one_that_is_shown() {
    let mut harness = compared("14:01:22");
    has(&harness, Role::Label, "14:01:09 → 14:01:22", "later");
    has(&harness, Role::Label, "0 → 40 BLOCKED", "");
    has(&harness, Role::Row, "new: ", "keeps 40 threads waiting");
    has(&harness, Role::Row, "Lock ", "nobody waits, then http-nio");
    has(
        &harness,
        Role::Row,
        "40 threads http-nio",
        "WAITING org.apache.tomcat.util.threads.TaskQueue.take",
    );
    has(
        &harness,
        Role::Row,
        "40 threads http-nio",
        ", then BLOCKED ",
    );
    has(
        &harness,
        Role::Row,
        "pricing-recompute: not there, then RUNNABLE",
        "",
    );
    // A fold opens, and a thread of it has both its stacks.
    click(&mut harness, Role::Row, "40 threads http-nio");
    click(
        &mut harness,
        Role::Row,
        "http-nio-127.0.0.1-auto-1-exec-1: WAITING",
    );
    has(&harness, Role::Label, "Stacks side by side: ", " differ");
    has(
        &harness,
        Role::Label,
        "before: jdk.internal.misc.Unsafe.park",
        "now: ",
    );
    has(&harness, Role::Label, "both: ", "Thread.run");
    let pinned = harness.get_by_role_and_label(Role::Button, "compared with 14:01:09");
    pinned.click();
    settle(&mut harness);
    has(&harness, Role::Label, "The dump of 14:01:09 is pinned", "");
    harness.key_press(Key::P);
    settle(&mut harness);
    assert!(document(&harness).dumps.pinned.is_none());
    has(&harness, Role::Button, "Pin this dump", "");
}

#[test]
fn from_an_earlier_dump_the_pinned_one_is_on_the_right() {
    let mut harness = page("14:01:28");
    harness
        .get_by_role_and_label(Role::Button, "Pin this dump")
        .click();
    settle(&mut harness);
    harness.key_press(Key::ArrowUp);
    settle(&mut harness);
    has(&harness, Role::Label, "14:01:22 → 14:01:27", "later");
    has(&harness, Role::Row, "stayed: ", "keeps 40 threads waiting");
    search(&mut harness, "render");
    has(
        &harness,
        Role::Row,
        "40 threads http-nio",
        "BLOCKED Victim$ReportService.render(Victim.java:41) in both",
    );
    search(&mut harness, "pricing");
    has(
        &harness,
        Role::Row,
        "pricing-recompute: RUNNABLE",
        "in both",
    );
}

#[test]
fn a_thread_has_its_cpu_from_tick_to_tick_and_its_dumps_are_marks_on_it() {
    let mut harness = page("14:01:28");
    click(&mut harness, Role::Link, "Thread pricing-recompute");
    has(
        &harness,
        Role::Image,
        "CPU from tick to tick, from 14:01:17 to ",
        "at most 100 %",
    );
    let pieces = document(&harness).dumps.curve.clone();
    let pieces = pieces.map_or(vec![], |curve| curve.pieces.clone());
    let holes = pieces.windows(2).filter(|pair| pair[0].to != pair[1].from);
    assert_eq!(holes.count(), 1, "two ticks did not record it");
    has(
        &harness,
        Role::Label,
        "RUNNABLE in ",
        "at full CPU since 14:01:21 or longer",
    );
    click(&mut harness, Role::Button, "Dump of 14:01:22 on the curve");
    let shown = document(&harness).dump_at_cursor();
    let shown = shown.map(|dump| document(&harness).moment(dump.facts.wall));
    assert_eq!(shown.as_deref(), Some("14:01:22"));
}

#[test]
fn what_the_kernel_alone_said_has_its_column_and_the_names_of_the_dumps() {
    let mut harness = page("14:01:28");
    click(&mut harness, Role::Button, "Over time");
    let columns = labels(&harness, Role::ColumnHeader);
    let dumps = columns.iter().filter(|name| name.starts_with("Dump of "));
    assert_eq!(
        dumps.count(),
        6,
        "four dumps, and two views of the kernel: {columns:#?}"
    );
    let before = labels(&harness, Role::Row);
    let spins = before
        .iter()
        .filter(|row| row.starts_with("pricing-recompute: "));
    assert_eq!(
        spins.count(),
        1,
        "no second row under the name that the kernel cut"
    );
}

#[test]
fn the_button_goes_to_the_pinned_dump() {
    let mut harness = compared("14:01:22");
    click(&mut harness, Role::Button, "compared with 14:01:09");
    let shown = document(&harness).dump_at_cursor();
    let shown = shown.map(|dump| document(&harness).moment(dump.facts.wall));
    assert_eq!(shown.as_deref(), Some("14:01:09"));
}
