//! Sorting the process table by its headings.

use crate::{commands, document, harness, settle};
use afterimage_viewer::app::Viewer;
use egui::Role;
use egui_kittest::kittest::{By, Queryable as _};

#[test]
fn a_click_on_a_heading_sorts_by_it_and_another_turns_it_round() {
    let mut harness = harness("14:00:00");
    harness
        .get_by_role_and_label(Role::ColumnHeader, "RSS")
        .click();
    settle(&mut harness);
    assert!(
        commands(&harness)[0].starts_with("/usr/bin/java"),
        "{}",
        commands(&harness)[0]
    );
    harness
        .get_by_role_and_label(Role::ColumnHeader, "PID")
        .click();
    settle(&mut harness);
    assert_eq!(commands(&harness)[0], "/sbin/init");
    harness
        .get_by_role_and_label(Role::ColumnHeader, "PID")
        .click();
    settle(&mut harness);
    assert_ne!(commands(&harness)[0], "/sbin/init");
}

#[test]
fn another_order_shows_whom_one_follows_or_else_its_first_lines() {
    let mut harness = harness("14:00:00");
    let heading = |harness: &mut egui_kittest::Harness<'static, Viewer>, name: &str| {
        harness
            .get_by_role_and_label(Role::ColumnHeader, name)
            .click();
        settle(harness);
    };
    heading(&mut harness, "PID");
    let first = commands(&harness)[0].clone();
    let in_sight = |harness: &egui_kittest::Harness<'static, Viewer>, name: &str| {
        harness
            .query_all(By::new().role(Role::Row).label_contains(name))
            .next()
            .is_some()
    };
    assert!(in_sight(&harness, &first));
    heading(&mut harness, "PID");
    let last = commands(&harness)[0].clone();
    assert!(in_sight(&harness, &last) && !in_sight(&harness, &first));
    let mut rows = harness.query_all(By::new().role(Role::Row).label_contains(&last));
    rows.next().expect("it is in sight").click();
    drop(rows);
    settle(&mut harness);
    assert!(document(&harness).page.is_some());
    heading(&mut harness, "PID");
    assert!(in_sight(&harness, &last), "at the end now, and followed");
}
