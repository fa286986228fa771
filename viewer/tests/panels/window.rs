//! What lies over the window: the palette and the help page.

use crate::{cursor, document, harness, settle};
use afterimage_viewer::action::{GESTURES, every};
use afterimage_viewer::app::Viewer;
use afterimage_viewer::state::table::Arrangement;
use afterimage_viewer::state::tracks::TrackId;
use egui::{Key, Modifiers, Role};
use egui_kittest::Harness;
use egui_kittest::kittest::{By, NodeT as _, Queryable as _};

/// Opens the palette and types into it.
fn ask(harness: &mut Harness<'static, Viewer>, text: &str) {
    harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
    settle(harness);
    let field = harness.get_by_role_and_label(Role::TextInput, "Find a command");
    assert!(
        field.accesskit_node().is_focused(),
        "the keyboard is in the field"
    );
    field.type_text(text);
    settle(harness);
}

fn enter(harness: &mut Harness<'static, Viewer>) {
    harness.key_press(Key::Enter);
    settle(harness);
    assert!(harness.state().state().palette.is_none());
}

#[test]
fn a_command_is_found_by_a_part_of_its_name_and_done_with_enter() {
    let mut harness = harness("14:00:00");
    ask(&mut harness, "tree by");
    assert!(
        harness
            .query_by_label("Processes: Tree by parent")
            .is_some()
    );
    enter(&mut harness);
    assert_eq!(document(&harness).table.arrangement, Arrangement::Tree);
}

#[test]
fn a_click_does_what_it_names() {
    let mut harness = harness("14:00:00");
    ask(&mut harness, "track memory");
    harness.get_by_label("Show the track Memory").click();
    settle(&mut harness);
    assert!(document(&harness).timeline.tracks.contains(TrackId::Memory));
    assert!(harness.state().state().palette.is_none());
    ask(&mut harness, "track memory");
    assert!(harness.query_by_label("Hide the track Memory").is_some());
}

#[test]
fn a_time_that_is_typed_is_gone_to() {
    let mut harness = harness("14:00:00");
    ask(&mut harness, "13:58:20");
    assert!(harness.query_by_label("Go to 13:58:20").is_some());
    enter(&mut harness);
    assert_eq!(cursor(&harness), "13:58:20");
}

#[test]
fn a_process_is_found_by_its_name_and_its_page_opens() {
    let mut harness = harness("14:00:00");
    let (pid, name) = {
        let rows = document(&harness).rows().expect("it is loaded");
        let rows = rows.all();
        let seen = rows.iter().find(|seen| seen.row.title().contains("nginx"));
        let seen = seen.expect("the generated capture has one");
        (seen.row.key.pid, seen.row.comm.clone())
    };
    ask(&mut harness, &pid.0.to_string());
    enter(&mut harness);
    let page = document(&harness).page.as_ref().expect("it is open");
    assert_eq!(page.key.pid, pid, "{name}");
}

#[test]
fn arrows_choose_escape_closes_and_the_keys_of_the_window_rest_meanwhile() {
    let mut harness = harness("14:00:00");
    ask(&mut harness, "sort by");
    let chosen = |harness: &Harness<'static, Viewer>| {
        let palette = harness.state().state().palette.as_ref();
        palette.map(|palette| palette.chosen)
    };
    harness.key_press(Key::ArrowDown);
    harness.key_press(Key::ArrowDown);
    settle(&mut harness);
    assert_eq!(chosen(&harness), Some(2));
    assert!(
        document(&harness).page.is_none(),
        "the table was not gone through"
    );
    harness.key_press(Key::Escape);
    settle(&mut harness);
    assert_eq!(chosen(&harness), None);
    assert_eq!(cursor(&harness), "14:00:00");
}

#[test]
fn what_fits_nothing_says_so_and_enter_leaves_it_open() {
    let mut harness = harness("14:00:00");
    ask(&mut harness, "zzqqxx");
    assert!(harness.query_by_label("Nothing is called that.").is_some());
    harness.key_press(Key::Enter);
    settle(&mut harness);
    assert!(harness.state().state().palette.is_some());
}

#[test]
fn the_help_page_tells_of_every_action_key_and_gesture() {
    let mut harness = harness("14:00:00");
    harness.key_press(Key::F1);
    settle(&mut harness);
    let actions = every(harness.state().state());
    for action in &actions {
        let name = action.name.trim_end_matches(" …");
        let mut told = harness.query_all_by_label_contains(name);
        assert!(told.next().is_some(), "{name}");
        let keys: Vec<String> = action.keys.iter().map(|press| press.name()).collect();
        if !keys.is_empty() {
            let keys = keys.join(", ");
            let mut told = harness.query_all_by_label_contains(&keys);
            assert!(told.next().is_some(), "{keys:?}");
        }
    }
    for (place, _) in GESTURES {
        assert!(harness.query_by_label(place).is_some(), "{place}");
    }
    harness.key_press(Key::ArrowLeft);
    settle(&mut harness);
    assert_eq!(cursor(&harness), "14:00:00", "keys do nothing behind it");
    harness.key_press(Key::Escape);
    settle(&mut harness);
    assert!(!harness.state().state().help);
}

#[test]
fn a_track_is_moved_by_dragging_its_title() {
    let mut harness = harness("14:00:00");
    ask(&mut harness, "show the track memory");
    enter(&mut harness);
    let order = |harness: &Harness<'static, Viewer>| -> Vec<TrackId> {
        let tracks = &document(harness).timeline.tracks.0;
        tracks.iter().map(|track| track.id).collect()
    };
    assert_eq!(order(&harness), [TrackId::Load, TrackId::Memory]);
    let title = harness
        .get_by_role_and_label(Role::Label, "Memory")
        .rect()
        .center();
    let first = harness
        .get_by_role_and_label(Role::Label, "Load")
        .rect()
        .center();
    harness.drag_at(title);
    harness.run();
    for step in 1..=10_u8 {
        let share = f32::from(step) / 10.0;
        harness.hover_at(title + (first - title) * share);
        harness.run();
    }
    harness.drop_at(first);
    settle(&mut harness);
    assert_eq!(order(&harness), [TrackId::Memory, TrackId::Load]);
}

#[test]
fn the_pinned_moment_has_a_flag_that_leads_back_to_it() {
    let mut harness = harness("14:00:00");
    harness.key_press(Key::P);
    settle(&mut harness);
    for _ in 0..3 {
        harness.key_press_modifiers(Modifiers::SHIFT, Key::ArrowLeft);
        settle(&mut harness);
    }
    assert_ne!(cursor(&harness), "14:00:00");
    harness
        .get_by_label("Pinned moment 14:00:00: go there")
        .click();
    settle(&mut harness);
    assert_eq!(cursor(&harness), "14:00:00");
}

#[test]
fn the_colours_are_changed_by_the_button_and_back() {
    let mut harness = harness("14:00:00");
    let is_dark = |harness: &Harness<'static, Viewer>| harness.ctx.global_style().visuals.dark_mode;
    let before = is_dark(&harness);
    let [first, second] = if before {
        ["Light", "Dark"]
    } else {
        ["Dark", "Light"]
    };
    harness.get_by_label(first).click();
    settle(&mut harness);
    assert_ne!(is_dark(&harness), before);
    harness.get_by_label(second).click();
    settle(&mut harness);
    assert_eq!(is_dark(&harness), before);
}

#[test]
fn enter_does_what_fits_the_letters_that_came_with_it() {
    let mut harness = harness("14:00:00");
    ask(&mut harness, "show the track ");
    let field = harness.get_by_role_and_label(Role::TextInput, "Find a command");
    field.type_text("Paging");
    harness.key_press(Key::Enter);
    settle(&mut harness);
    assert!(document(&harness).timeline.tracks.contains(TrackId::Swap));
    assert_eq!(document(&harness).timeline.tracks.0.len(), 2);
}

#[test]
fn escape_closes_the_menu_that_is_open_and_nothing_else() {
    let mut harness = harness("14:00:00");
    harness.key_press(Key::ArrowDown);
    settle(&mut harness);
    assert!(document(&harness).page.is_some());
    harness.get_by_label("Tracks").click();
    settle(&mut harness);
    assert!(
        harness
            .query_by_role_and_label(Role::CheckBox, "Memory")
            .is_some()
    );
    harness.key_press(Key::Escape);
    settle(&mut harness);
    assert!(
        harness
            .query_by_role_and_label(Role::CheckBox, "Memory")
            .is_none()
    );
    assert!(document(&harness).page.is_some(), "the page stays");
}

#[test]
fn each_page_is_scrolled_for_itself() {
    let mut harness = harness("14:00:00");
    let first = crate::commands(&harness)[0].clone();
    let in_sight = |harness: &Harness<'static, Viewer>| {
        let mut rows = harness.query_all(By::new().role(Role::Row).label_contains(&first));
        rows.next().is_some()
    };
    assert!(in_sight(&harness));
    // The log goes to the lines at the cursor, far below its beginning.
    harness.key_press(Key::End);
    harness.key_press(Key::Num9);
    settle(&mut harness);
    harness.key_press(Key::Num1);
    settle(&mut harness);
    let top = crate::commands(&harness)[0].clone();
    let mut rows = harness.query_all(By::new().role(Role::Row).label_contains(&top));
    assert!(rows.next().is_some(), "the first line is in sight");
}
