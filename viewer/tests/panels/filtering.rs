//! Filtering the process table.

use crate::{commands, cursor, harness, settle};
use egui::Key;
use egui_kittest::kittest::Queryable as _;

#[test]
fn the_slash_key_goes_to_the_filter_and_typing_narrows_the_table() {
    let mut harness = harness("14:00:00");
    harness.key_press(Key::Slash);
    harness.run();
    let field = harness.get_by_label("Filter");
    assert!(field.is_focused());
    field.type_text("nginx worker");
    settle(&mut harness);
    let shown = commands(&harness);
    assert!(
        shown.len() == 4
            && shown
                .iter()
                .all(|command| command == "nginx: worker process")
    );
}

#[test]
fn while_the_filter_is_typed_the_arrows_do_not_move_the_cursor() {
    let mut harness = harness("14:00:00");
    harness.key_press(Key::Slash);
    harness.run();
    harness.key_press(Key::ArrowLeft);
    settle(&mut harness);
    assert_eq!(cursor(&harness), "14:00:00");
}

#[test]
fn a_name_with_control_characters_is_shown_as_codes() {
    let mut harness = harness("14:00:00");
    harness.key_press(Key::Slash);
    harness.run();
    harness.get_by_label("Filter").type_text("gpj");
    settle(&mut harness);
    assert_eq!(commands(&harness).len(), 1);
    assert!(
        harness
            .query_all_by_label_contains("exe\\u{202e}gpj")
            .next()
            .is_some()
    );
}
