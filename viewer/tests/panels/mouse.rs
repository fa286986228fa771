//! Buttons and gestures, by the names that they have.

use crate::{cursor, document, harness, settle};
use afterimage_viewer::app::Viewer;
use afterimage_viewer::command::Command;
use afterimage_viewer::state::table::{Column, DEFAULT_COLUMNS};
use afterimage_viewer::time_axis::Span;
use egui::{Event, Key, Modifiers, PointerButton, Pos2, Rect, Role, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{By, Queryable as _};

type Window = Harness<'static, Viewer>;

fn click(harness: &mut Window, name: &str) {
    harness.get_by_label(name).click();
    settle(harness);
}

fn view(harness: &Window) -> Span {
    document(harness).time.view
}

fn plot(harness: &Window) -> Rect {
    let name = "Load against wait over time";
    harness.get_by_label_contains(name).rect()
}

fn strip(harness: &Window) -> Rect {
    let strip = harness.get_by_label("Overview of the whole capture").rect();
    // It is a little wider than the curves, so that its edges can be held.
    strip.shrink2(vec2(6.0, 0.0))
}

/// Zoomed into the middle, so that there is something beside it.
fn zoomed() -> Window {
    let mut harness = harness("14:00:00");
    for _ in 0..2 {
        harness.key_press(Key::Plus);
    }
    settle(&mut harness);
    harness
}

fn button(harness: &mut Window, pos: Pos2, pressed: bool, how: (PointerButton, Modifiers)) {
    let (button, modifiers) = how;
    harness.event(Event::PointerButton {
        pos,
        button,
        pressed,
        modifiers,
    });
}

/// Drags from one place to another, with these keys held all the time.
fn drag(harness: &mut Window, (from, to): (Pos2, Pos2), how: (PointerButton, Modifiers)) {
    harness.event(Event::ModifiersChanged(how.1));
    harness.hover_at(from);
    harness.run();
    button(harness, from, true, how);
    harness.run();
    for share in [0.3, 0.7, 1.0] {
        harness.hover_at(from + (to - from) * share);
        harness.run();
    }
    button(harness, to, false, how);
    harness.event(Event::ModifiersChanged(Modifiers::NONE));
    settle(harness);
}

const LEFT: (PointerButton, Modifiers) = (PointerButton::Primary, Modifiers::NONE);

#[test]
fn the_buttons_step_play_and_stop() {
    let mut harness = harness("14:00:00");
    click(&mut harness, "Next snapshot");
    assert_eq!(cursor(&harness), "14:00:01");
    click(&mut harness, "Previous snapshot");
    assert_eq!(cursor(&harness), "14:00:00");
    harness.get_by_label("Play").click();
    for _ in 0..3 {
        harness.step();
    }
    assert!(document(&harness).time.playing);
    harness.get_by_label("Pause").click();
    for _ in 0..3 {
        harness.step();
    }
    settle(&mut harness);
    assert!(!document(&harness).time.playing);
    assert!(harness.query_by_label("Play").is_some());
}

#[test]
fn the_button_takes_a_time_and_goes_there() {
    let mut harness = harness("14:00:00");
    click(&mut harness, "Go to …");
    harness.get_by_label("Go to a time").type_text("13:30");
    harness.run();
    harness.key_press(Key::Enter);
    settle(&mut harness);
    assert_eq!(cursor(&harness), "13:30:00");
}

#[test]
fn the_button_and_a_double_click_show_the_whole_capture() {
    for on in ["button", "curves", "strip", "ruler"] {
        let mut harness = harness("14:00:00");
        let whole = view(&harness);
        harness.key_press(Key::Plus);
        settle(&mut harness);
        assert!(view(&harness).micros() < whole.micros());
        let place = match on {
            "button" => {
                click(&mut harness, "Whole capture");
                assert_eq!(view(&harness), whole);
                continue;
            }
            "curves" => plot(&harness).center(),
            "strip" => strip(&harness).center(),
            _ => harness.get_by_label_contains("Shown: ").rect().center(),
        };
        // Each event has a frame of its own, a quarter of a second after the one before.
        harness
            .ctx
            .options_mut(|options| options.input_options.max_double_click_delay = 9.0);
        harness.hover_at(place);
        for is_down in [true, false, true, false] {
            button(&mut harness, place, is_down, LEFT);
        }
        settle(&mut harness);
        assert_eq!(view(&harness), whole, "{on}");
    }
}

#[test]
fn the_side_buttons_go_back_and_forward() {
    let mut harness = harness("14:00:00");
    harness.key_press(Key::Home);
    settle(&mut harness);
    assert_eq!(cursor(&harness), "13:00:00");
    let place = plot(&harness).center();
    for (which, there) in [
        (PointerButton::Extra1, "14:00:00"),
        (PointerButton::Extra2, "13:00:00"),
    ] {
        for pressed in [true, false] {
            button(&mut harness, place, pressed, (which, Modifiers::NONE));
        }
        settle(&mut harness);
        assert_eq!(cursor(&harness), there, "{which:?}");
    }
}

#[test]
fn shift_or_the_middle_button_pan_the_curves() {
    for how in [
        (PointerButton::Primary, Modifiers::SHIFT),
        (PointerButton::Middle, Modifiers::NONE),
    ] {
        let mut harness = zoomed();
        let before = view(&harness);
        let from = plot(&harness).center();
        drag(&mut harness, (from, from - vec2(120.0, 0.0)), how);
        let after = view(&harness);
        assert_eq!(after.micros(), before.micros(), "{how:?}");
        assert!(after.from > before.from, "{how:?}");
        assert_eq!(cursor(&harness), "14:00:00", "{how:?}");
    }
}

#[test]
fn ctrl_and_a_drag_zoom_into_what_is_marked() {
    let mut harness = harness("14:00:00");
    let before = view(&harness);
    let from = plot(&harness).center();
    let to = from + vec2(plot(&harness).width() / 4.0, 0.0);
    let held = Modifiers::COMMAND | Modifiers::CTRL;
    drag(&mut harness, (from, to), (PointerButton::Primary, held));
    let share = view(&harness).micros() as f64 / before.micros() as f64;
    assert!((share - 0.25).abs() < 0.02, "{share}");
}

#[test]
fn the_middle_of_the_brush_pans_and_beside_it_another_stretch_is_drawn() {
    let mut harness = zoomed();
    let before = view(&harness);
    let strip = strip(&harness);
    let y = strip.top() + 10.0;
    let middle = Pos2::new(strip.center().x, y);
    drag(&mut harness, (middle, middle + vec2(80.0, 0.0)), LEFT);
    let panned = view(&harness);
    assert_eq!(panned.micros(), before.micros());
    assert!(panned.from > before.from);

    let at = |share: f32| Pos2::new(strip.left() + strip.width() * share, y);
    drag(&mut harness, (at(0.05), at(0.15)), LEFT);
    let drawn = view(&harness);
    assert!(drawn.to < before.from, "it is beside the one before");
    let whole = document(&harness).time.whole().micros() as f64;
    let share = drawn.micros() as f64 / whole;
    assert!((share - 0.1).abs() < 0.02, "{share}");
}

#[test]
fn a_headings_menu_moves_and_hides_its_column_and_all_come_back() {
    let mut harness = harness("14:00:00");
    let columns = |harness: &Window| document(harness).table.columns.clone();
    let choose = |harness: &mut Window, column: &str, what: &str| {
        let heading = harness.get_by_role_and_label(Role::ColumnHeader, column);
        heading.click_secondary();
        harness.run();
        click(harness, what);
    };
    choose(&mut harness, "State", "Move to the left");
    let order = [Column::Pid, Column::State, Column::User];
    assert_eq!(columns(&harness)[..3], order);
    choose(&mut harness, "PID", "Move to the right");
    let order = [Column::State, Column::Pid, Column::User];
    assert_eq!(columns(&harness)[..3], order);
    choose(&mut harness, "User", "Hide it");
    assert!(!columns(&harness).contains(&Column::User));
    choose(&mut harness, "RSS", "Sort by it");
    assert_eq!(document(&harness).table.sort, Column::Rss);
    click(&mut harness, "Columns");
    click(&mut harness, "As they were at first");
    assert_eq!(columns(&harness), DEFAULT_COLUMNS);
}

#[test]
fn what_divides_the_window_is_dragged() {
    let mut harness = harness("14:00:00");
    let shares = |harness: &Window| harness.state().state().desk.shares;
    let before = shares(&harness).timeline.expect("it was drawn");
    let edge = harness.get_by_label("Height of the curves").rect().center();
    drag(&mut harness, (edge, edge + vec2(0.0, 80.0)), LEFT);
    let after = shares(&harness).timeline.expect("it was drawn");
    assert!(after > before + 0.05, "{before} {after}");

    harness.key_press(Key::ArrowDown);
    settle(&mut harness);
    let before = shares(&harness).page.expect("it was drawn");
    let edge = harness.get_by_label("Width of the process's page").rect();
    // On its left half lies the table.
    let edge = edge.center() + vec2(2.0, 0.0);
    drag(&mut harness, (edge, edge - vec2(100.0, 0.0)), LEFT);
    let after = shares(&harness).page.expect("it was drawn");
    assert!(after > before + 0.05, "{before} {after}");
}

#[test]
fn the_first_row_of_a_branch_is_closed_by_its_button() {
    let mut harness = harness("14:00:00");
    harness.state_mut().perform(Command::ToggleTree);
    settle(&mut harness);
    let all = document(&harness).table.lines.len();
    click(&mut harness, "Close systemd");
    assert!(document(&harness).table.lines.len() < all);
    click(&mut harness, "Open systemd");
    assert_eq!(document(&harness).table.lines.len(), all);
}

#[test]
fn the_notice_of_what_is_missing_goes_and_comes_by_the_palette() {
    let mut harness = crate::keeping::damaged_window();
    let is_told = |harness: &Window| harness.query_by_label("Put this notice away").is_some();
    assert!(is_told(&harness));
    for is_then in [false, true] {
        harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
        settle(&mut harness);
        let name = "Show or hide what is missing of this capture";
        harness.get_by_label("Find a command").type_text(name);
        settle(&mut harness);
        harness
            .get(By::new().role(Role::Button).label(name))
            .click();
        settle(&mut harness);
        assert_eq!(is_told(&harness), is_then);
    }
}
