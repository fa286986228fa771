//! Sorting the process table by its headings.

use crate::{commands, harness, settle};
use egui::Role;
use egui_kittest::kittest::Queryable as _;

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
