//! The page of the thread dumps, on real dumps of a web server with a stuck lock, an empty pool and
//! a thread that spins.

pub(crate) mod capture;
mod compare;
mod hostile;
mod imported;

use crate::{cursor, document, settle};
use afterimage_viewer::app::Viewer;
use afterimage_viewer::command::Command;
use afterimage_viewer::data::Lane;
use afterimage_viewer::state::tabs::Tab;
use egui::{Key, Modifiers, Role, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{By, NodeT as _, Queryable as _};
use std::path::Path;

pub(crate) fn opened(path: &Path, at: &'static str) -> Harness<'static, Viewer> {
    let path = path.to_owned();
    let mut harness = Harness::builder()
        .with_size(vec2(1400.0, 1000.0))
        .with_max_steps(60)
        .build_eframe(move |creation| {
            let mut viewer = Viewer::new(&creation.egui_ctx);
            let at = Some(at.parse().expect("a moment"));
            viewer.perform(Command::Open { path, at });
            viewer
        });
    settle(&mut harness);
    harness
}

/// The page at a moment of the story.
fn page(at: &'static str) -> Harness<'static, Viewer> {
    let mut harness = opened(capture::written(), at);
    harness.key_press(Key::H);
    settle(&mut harness);
    assert_eq!(document(&harness).tab, Tab::Threads);
    harness
}

fn labels(harness: &Harness<'static, Viewer>, role: Role) -> Vec<String> {
    let all = harness.query_all(By::new().role(role));
    all.filter_map(|node| {
        let node = node.accesskit_node();
        node.label().or_else(|| node.value())
    })
    .collect()
}

#[track_caller]
fn has(harness: &Harness<'static, Viewer>, role: Role, begin: &str, part: &str) {
    let all = labels(harness, role);
    let found = all
        .iter()
        .any(|label| label.starts_with(begin) && label.contains(part));
    assert!(found, "no {begin} … {part} in {all:#?}");
}

fn click(harness: &mut Harness<'static, Viewer>, role: Role, begin: &str) {
    let found = labels(harness, role)
        .into_iter()
        .find(|label| label.starts_with(begin));
    let label = found.unwrap_or_else(|| panic!("no {begin} in {:#?}", labels(harness, role)));
    harness.get_by_role_and_label(role, &label).click();
    settle(harness);
}

#[test]
fn findings_come_first_and_name_the_holder_the_pool_and_the_thread_that_spins() {
    let harness = page("14:01:35");
    has(
        &harness,
        Role::Button,
        "\"http-nio-127.0.0.1-auto-1-exec-100\" has",
        "keeps 40 threads waiting",
    );
    has(
        &harness,
        Role::Button,
        "25 threads",
        "HikariPool.getConnection",
    );
    has(&harness, Role::Button, "\"pricing-recompute\"", "");
    has(&harness, Role::Label, "40 BLOCKED", "");
    has(&harness, Role::Label, "13 RUNNABLE", "");
}

#[test]
fn the_dump_that_is_shown_is_the_newest_at_the_cursor() {
    let mut harness = page("14:01:17");
    let at = |harness: &Harness<'static, Viewer>| {
        let document = document(harness);
        let shown = document.dump_at_cursor();
        shown.map(|dump| document.zone.time_of_day(dump.facts.wall))
    };
    assert_eq!(at(&harness).as_deref(), Some("14:01:15"));
    has(&harness, Role::Label, "12 BLOCKED", "");
    harness.key_press(Key::ArrowDown);
    settle(&mut harness);
    assert_eq!(at(&harness).as_deref(), Some("14:01:22"));
    has(&harness, Role::Label, "40 BLOCKED", "");
    harness.key_press(Key::ArrowUp);
    settle(&mut harness);
    harness.key_press(Key::ArrowUp);
    settle(&mut harness);
    assert_eq!(at(&harness).as_deref(), Some("14:01:09"));
    has(&harness, Role::Label, "132 WAITING", "");
    assert!(
        !labels(&harness, Role::Label)
            .iter()
            .any(|label| label.ends_with(" BLOCKED"))
    );
}

#[test]
fn the_keys_go_along_the_lane_of_dumps_and_a_refusal_says_why() {
    let mut harness = page("14:00:10");
    harness.get_by_label("Lane: Thread dumps").click();
    settle(&mut harness);
    assert_eq!(document(&harness).timeline.lane, Lane::ThreadDumps);
    harness.key_press(Key::N);
    settle(&mut harness);
    assert_eq!(cursor(&harness), "14:00:50");
    harness.get_by_label_contains("There is no dump: the process was not asked");
    harness.get_by_label("SIGQUIT would end it: it does not catch that signal");
    harness.key_press(Key::N);
    settle(&mut harness);
    has(&harness, Role::Label, "132 WAITING", "");
    harness.key_press_modifiers(Modifiers::SHIFT, Key::N);
    settle(&mut harness);
    assert_eq!(cursor(&harness), "14:00:50");
    harness.get_by_label("Thread dumps: 7 events");
}

#[test]
fn where_no_text_came_the_kernel_still_says_what_the_threads_did() {
    let mut harness = page("14:01:41");
    harness.get_by_label_contains("There is no dump: the process did not answer in time");
    has(&harness, Role::Row, "pricing-recomp", "CPU —");
    has(&harness, Role::Row, "VM Thread", "futex");
    harness.key_press(Key::ArrowDown);
    settle(&mut harness);
    has(&harness, Role::Row, "VM Thread", "futex");
    assert!(
        harness
            .query_by_label_contains("There is no dump")
            .is_none()
    );
}

#[test]
fn the_grid_has_a_row_a_thread_and_the_worst_come_first() {
    let mut harness = page("14:01:28");
    click(&mut harness, Role::Button, "Over time");
    let rows = labels(&harness, Role::Row);
    let threads: Vec<&String> = rows
        .iter()
        .filter(|row| !row.starts_with("Dump at"))
        .collect();
    // Four dumps: idle, asleep with the lock, and the same twice more; then the kernel's view twice.
    assert!(
        threads[0].starts_with("http-nio-127.0.0.1-auto-1-exec-100: W T T T W W, blocks 40: "),
        "{threads:#?}"
    );
    assert!(
        threads[1].starts_with("pricing-recompute: - - R R R R, "),
        "{threads:#?}"
    );
    assert!(
        threads[2].contains(": W ") && threads[2].contains(" B W W, waits for http-nio"),
        "{threads:#?}"
    );
    click(&mut harness, Role::Button, "Sort by CPU");
    let rows = labels(&harness, Role::Row);
    let first = rows.iter().find(|row| !row.starts_with("Dump at"));
    assert!(
        first.is_some_and(|row| row.starts_with("pricing-recompute: ")),
        "{first:?}"
    );
    click(&mut harness, Role::ColumnHeader, "Dump of 14:01:15");
    has(&harness, Role::Label, "12 BLOCKED", "");
}

#[test]
fn a_thread_has_a_page_with_its_stacks_over_time_its_cpu_and_the_kernels_view() {
    let mut harness = page("14:01:28");
    click(
        &mut harness,
        Role::Link,
        "Thread http-nio-127.0.0.1-auto-1-exec-100",
    );
    has(
        &harness,
        Role::Row,
        "14:01:15 – 14:01:27 (3 dumps): TIMED_WAITING",
        "Victim.pause(Victim.java:25)",
    );
    has(&harness, Role::Row, "14:01:09: WAITING", "");
    harness.get_by_label_contains("40 wait for it");
    let kernel = "S (sleeping). Waits for another thread of its program";
    has(&harness, Role::Label, kernel, "It called futex");
    let curve = harness.get(
        By::new()
            .role(Role::Image)
            .label_contains("CPU around each dump"),
    );
    let label = curve.accesskit_node().label().unwrap_or_default();
    assert!(
        label.starts_with("CPU around each dump, in percent of a core: "),
        "{label}"
    );
    harness.key_press(Key::Escape);
    settle(&mut harness);
    assert!(document(&harness).dumps.thread.is_none());
    click(&mut harness, Role::Link, "Thread pricing-recompute");
    harness
        .get_by_role_and_label(Role::Button, "In the text")
        .click();
    settle(&mut harness);
    has(
        &harness,
        Role::Row,
        "",
        "\"pricing-recompute\" #155 daemon prio=5",
    );
}

#[test]
fn groups_fold_what_is_idle_and_locks_are_a_tree() {
    let mut harness = page("14:01:28");
    click(&mut harness, Role::Button, "Groups");
    has(
        &harness,
        Role::Row,
        "Group of 40 BLOCKED: http-nio",
        "ReportService.render",
    );
    has(
        &harness,
        Role::Row,
        "Group of 25 TIMED_WAITING: http-nio",
        "",
    );
    has(&harness, Role::Row, "Idle: ", "wait for work");
    let is_idle = |row: &String| row.starts_with("Group of 20 WAITING");
    assert!(!labels(&harness, Role::Row).iter().any(is_idle));
    click(&mut harness, Role::Row, "Idle: ");
    click(&mut harness, Role::Row, "Group of 40 BLOCKED");
    let frames = crate::painted(&harness);
    assert!(
        frames
            .iter()
            .any(|text| text == "at Victim$ReportService.render(Victim.java:41)")
    );
    click(&mut harness, Role::Button, "Locks");
    has(
        &harness,
        Role::Row,
        "http-nio-127.0.0.1-auto-1-exec-100 holds <",
        "40 wait",
    );
    has(&harness, Role::Row, "and 36 more", "at the same place");
    click(&mut harness, Role::Row, "and 36 more");
    assert!(
        !labels(&harness, Role::Row)
            .iter()
            .any(|row| row.starts_with("and 36"))
    );
}

#[test]
fn the_call_tree_is_as_wide_as_threads_or_cpu() {
    let mut harness = page("14:01:28");
    click(&mut harness, Role::Button, "Call tree");
    has(&harness, Role::TreeItem, "all: ", "threads");
    has(
        &harness,
        Role::TreeItem,
        "",
        "ReportService.render(Victim.java",
    );
    click(&mut harness, Role::Button, "CPU time");
    has(&harness, Role::TreeItem, "", "Pricing");
    let spins = labels(&harness, Role::TreeItem);
    let spins = spins
        .into_iter()
        .find(|label| label.contains("Pricing"))
        .expect("it is there");
    click(&mut harness, Role::TreeItem, &spins);
    assert!(document(&harness).dumps.zoom.is_some());
    harness.key_press(Key::Escape);
    settle(&mut harness);
    assert!(document(&harness).dumps.zoom.is_none());
}

#[test]
fn the_text_is_searched_and_enter_goes_on() {
    let mut harness = page("14:01:28");
    click(&mut harness, Role::Button, "Text");
    has(&harness, Role::Row, "1 2026-11-22 08:12:22", "");
    harness.key_press(Key::Slash);
    settle(&mut harness);
    let field = harness.get_by_role_and_label(Role::TextInput, "Search in the dump");
    field.type_text("pricing");
    settle(&mut harness);
    has(&harness, Role::Row, "6746 ", "\"pricing-recompute\" #155");
    let found = document(&harness).dumps.found.clone();
    assert_eq!(found.first(), Some(&6745));
    harness.key_press(Key::Enter);
    settle(&mut harness);
    assert_eq!(document(&harness).dumps.found_at, Some(1 % found.len()));
}

#[test]
fn a_capture_without_dumps_teaches_how_to_have_them() {
    let mut harness = crate::harness("14:00:00");
    harness.key_press(Key::H);
    settle(&mut harness);
    harness.get_by_label("No thread dump is in this capture");
    harness.get_by_label("afterimage record --thread-dumps");
    harness.get_by_label("afterimage dump PID");
}

#[test]
fn what_is_shown_can_be_copied() {
    use afterimage_viewer::command::Request;
    use afterimage_viewer::state::apply;
    use afterimage_viewer::state::table::export::CopyAs;
    let harness = page("14:01:28");
    let mut state = harness.state().state().clone();
    let mut copied = |how| match apply(&mut state, Command::CopyTable(how))
        .into_iter()
        .next()
    {
        Some(Request::Copy(text)) => text,
        other => panic!("{other:?}"),
    };
    let text = copied(CopyAs::Text);
    assert!(
        text.starts_with("critical: \"http-nio-127.0.0.1-auto-1-exec-100\" has "),
        "{text}"
    );
    let csv = copied(CopyAs::Csv);
    assert_eq!(csv.lines().count(), 160, "159 threads and the headings");
    let waits = |line: &&str| {
        line.contains(",BLOCKED,") && line.contains(",http-nio-127.0.0.1-auto-1-exec-100,")
    };
    assert_eq!(csv.lines().filter(waits).count(), 40);
}

#[test]
fn all_dumps_of_a_process_are_read_those_that_are_near_first() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("many.afterimage");
    capture::many(&path, 70);
    let mut harness = opened(&path, "14:00:33");
    harness.key_press(Key::H);
    settle(&mut harness);
    let grid = document(&harness)
        .dumps
        .grid
        .clone()
        .expect("it was asked for");
    let ids: Vec<i64> = grid.columns.iter().map(|column| column.id).collect();
    assert_eq!(ids, (1..=70).collect::<Vec<i64>>());
    assert_eq!(grid.left, 0);
    let of = |name: &str| {
        grid.rows
            .iter()
            .find(|row| &*row.key.name == name)
            .expect("it is there")
    };
    // It is in the third and fourth of each four.
    let spins = of("pricing-recompute");
    let there: Vec<usize> = (0..70)
        .filter(|column| spins.cell(*column).is_some())
        .collect();
    let expected: Vec<usize> = (0..70).filter(|column| column % 4 >= 2).collect();
    assert_eq!(there, expected);
    assert_eq!(
        spins.changes(0..70),
        34,
        "35 times it appears or goes, but for its last"
    );
}

/// `AFTERIMAGE_STORY=FILE cargo test -p afterimage-viewer --test panels the_story -- --ignored` writes
/// the capture that the pictures in the documents are made of.
#[test]
#[ignore = "writes a capture for pictures"]
fn the_story_is_written_where_one_wants_it() {
    let path = std::env::var_os("AFTERIMAGE_STORY").expect("AFTERIMAGE_STORY says where");
    capture::story(Path::new(&path));
}
