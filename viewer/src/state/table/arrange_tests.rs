//! Arranging made-up snapshots; beside `arrange.rs`, which would be too long with them.

use super::*;
use crate::data::ProcessRow;
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::reading::Missing;
use afterimage_format::time::{Seq, WallTime};
use afterimage_format::units::{Bytes, Ticks};
use std::collections::BTreeMap;
use std::sync::Arc;

fn row(pid: i32, parent: i32, user: &str, cpu: Option<f64>) -> ProcessRow {
    let key = ProcessKey {
        pid: Pid(pid),
        started: Ticks(7),
    };
    ProcessRow {
        ppid: Ok(Pid(parent)),
        user: Ok(user.to_owned()),
        cpu_percent: cpu.ok_or(Missing::NotRead),
        rss: Ok(Bytes(u64::from(pid.unsigned_abs()) * 100)),
        started: Ok(WallTime(0)),
        comm: format!("p{pid}"),
        ..ProcessRow::unknown(key)
    }
}

fn snapshot(rows: Vec<ProcessRow>, gone: Vec<ProcessRow>) -> Snapshot {
    Snapshot {
        seq: Seq(1),
        at: WallTime(0),
        previous: None,
        values: BTreeMap::new(),
        machine: afterimage_analysis::machine::Pages::default(),
        rows,
        gone,
    }
}

fn host() -> Snapshot {
    let rows = vec![
        row(1, 0, "root", Some(0.5)),
        row(5, 1, "app", Some(1.0)),
        row(6, 1, "app", None),
        row(9, 6, "app", Some(80.0)),
        row(2, 0, "root", Some(3.0)),
    ];
    snapshot(rows, vec![row(7, 1, "root", None)])
}

fn arranged(snapshot: &Snapshot, change: impl FnOnce(&mut TableView)) -> (TableView, Vec<String>) {
    let mut view = TableView::default();
    change(&mut view);
    view.arrange(snapshot, None);
    let lines = told(&view, snapshot, None);
    (view, lines)
}

/// The lines as `depth:pid`, a group by its name.
fn told(view: &TableView, snapshot: &Snapshot, pinned: Option<&Pinned>) -> Vec<String> {
    let rows = view.rows(snapshot, pinned);
    let line = |line: &Line| match line.what {
        What::Process(place) => {
            format!("{}:{}", line.depth, rows.get(place).unwrap().row.key.pid.0)
        }
        What::Group(group) => view.groups[group].name.clone().unwrap(),
    };
    view.lines.iter().map(line).collect()
}

#[test]
fn a_list_is_sorted_with_what_is_absent_last_and_what_is_gone_in_it_once() {
    let (view, lines) = arranged(&host(), |_| ());
    assert_eq!(lines, ["0:9", "0:2", "0:5", "0:1", "0:6", "0:7"]);
    let counts = view.counts;
    assert_eq!((counts.all, counts.shown, counts.gone), (5, 5, 1));
}

#[test]
fn in_a_tree_the_busiest_branch_comes_first() {
    let tree = |view: &mut TableView| view.arrangement = Arrangement::Tree;
    let (_, lines) = arranged(&host(), tree);
    assert_eq!(lines, ["0:1", "1:6", "2:9", "1:5", "1:7", "0:2"]);
}

#[test]
fn a_closed_branch_hides_what_is_under_it_unless_that_is_looked_for() {
    let key = host().rows[2].key;
    let closed = |view: &mut TableView| {
        view.arrangement = Arrangement::Tree;
        view.turn(Branch::Process(key));
    };
    let (_, lines) = arranged(&host(), closed);
    assert_eq!(lines, ["0:1", "1:6", "1:5", "1:7", "0:2"]);
    let (view, lines) = arranged(&host(), |view| {
        closed(view);
        view.filter("cpu>50".to_owned());
    });
    assert_eq!(lines, ["0:1", "1:6", "2:9"]);
    let context: Vec<_> = view.lines.iter().map(|line| line.is_context).collect();
    assert_eq!(context, [true, true, false]);
}

#[test]
fn groups_are_sorted_by_their_sums_and_open_on_demand() {
    let by_user = |view: &mut TableView| view.arrangement = Arrangement::By(GroupBy::User);
    let (view, lines) = arranged(&host(), by_user);
    assert_eq!(lines, ["app", "root"]);
    let cpu = view.groups[0].sum(Column::Cpu).unwrap();
    assert_eq!((cpu.value(), cpu.absent), (Ok(81.0), 1));
    let (_, lines) = arranged(&host(), |view| {
        by_user(view);
        view.turn(Branch::Group(Some("app".to_owned())));
    });
    assert_eq!(lines, ["app", "1:9", "1:5", "1:6", "root"]);
}

#[test]
fn compared_with_a_pinned_moment_rows_of_only_one_are_marked() {
    let mut then = host();
    then.rows.retain(|row| row.key.pid.0 != 9);
    then.rows.push(row(77, 1, "app", Some(9.0)));
    let pinned = Pinned::new(Arc::new(then));
    let now = host();
    let mut view = TableView {
        sort: Column::RssChange,
        ..TableView::default()
    };
    view.arrange(&now, Some(&pinned));
    assert_eq!(
        told(&view, &now, Some(&pinned)),
        ["0:9", "0:1", "0:2", "0:5", "0:6", "0:77"]
    );
    assert_eq!((view.counts.born, view.counts.gone), (1, 1));
    let rows = view.rows(&now, Some(&pinned));
    let change = |pid| {
        let all = rows.all();
        let seen = all.iter().find(|seen| seen.row.key.pid == Pid(pid));
        let change = seen.unwrap().value(Column::RssChange).unwrap();
        change.number().unwrap().to_string()
    };
    assert_eq!([change(9), change(5), change(77)], ["900", "0", "-7700"]);
}

#[test]
fn a_pid_that_was_given_again_after_a_reboot_is_another_process() {
    let then = snapshot(vec![row(1, 0, "root", None)], vec![]);
    let pinned = Pinned::new(Arc::new(then));
    let mut rebooted = row(1, 0, "root", None);
    rebooted.started = Ok(WallTime(3_600_000_000));
    let now = snapshot(vec![rebooted], vec![]);
    let mut view = TableView::default();
    view.arrange(&now, Some(&pinned));
    assert_eq!((view.counts.born, view.counts.gone), (1, 1));
}
