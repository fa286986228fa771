//! Comparing with a pinned moment.

use crate::{commands, harness, settle};
use egui::{Key, Role};
use egui_kittest::kittest::Queryable as _;

#[test]
fn a_pinned_moment_brings_columns_of_difference_and_marks_what_is_only_in_one() {
    let mut harness = harness("13:57:03");
    harness.key_press(Key::P);
    settle(&mut harness);
    harness.key_press(Key::Home);
    settle(&mut harness);
    for heading in ["Δ CPU %", "Δ RSS"] {
        assert!(
            harness
                .query_by_role_and_label(Role::ColumnHeader, heading)
                .is_some()
        );
    }
    assert!(harness.query_by_label("compared with 13:57:03").is_some());
    harness.get_by_label("−1 gone").click();
    settle(&mut harness);
    let shown = commands(&harness);
    assert!(
        shown.len() == 1 && shown[0].starts_with("tar --zstd"),
        "{shown:?}"
    );
    let gone = "gone: tar --zstd";
    assert!(harness.query_all_by_label_contains(gone).next().is_some());
}

#[test]
fn unpinning_takes_the_differences_away_and_sorts_by_what_they_were_of() {
    let mut harness = harness("13:57:03");
    harness.key_press(Key::P);
    settle(&mut harness);
    harness
        .get_by_role_and_label(Role::ColumnHeader, "Δ RSS")
        .click();
    settle(&mut harness);
    harness.get_by_label("Unpin").click();
    settle(&mut harness);
    assert!(
        harness
            .query_by_role_and_label(Role::ColumnHeader, "Δ RSS")
            .is_none()
    );
    assert!(commands(&harness)[0].starts_with("/usr/bin/java"));
}

#[test]
fn what_is_gone_stands_behind_what_is_there_and_is_not_counted_with_it() {
    let mut harness = harness("13:57:03");
    harness.key_press(Key::P);
    settle(&mut harness);
    harness.key_press(Key::Home);
    settle(&mut harness);
    // It used a third of a core at the pinned moment, and is not there at this one.
    let shown = commands(&harness);
    let last = shown.last().expect("there are many");
    assert!(last.starts_with("tar --zstd"), "{last}");
    let all = shown.len() - 1;
    harness.key_press(Key::Slash);
    harness.run();
    harness.get_by_label("Filter").type_text("tar or init");
    settle(&mut harness);
    assert_eq!(commands(&harness).len(), 2);
    let told = format!("1 of {all}, 1 gone");
    assert!(harness.query_by_label(&told).is_some(), "{told}");
    assert!(harness.query_by_label(&format!("{all} in all")).is_some());
}
