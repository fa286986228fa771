//! The keyboard: the keys of the catalogue of actions, read from the input.

use crate::action::{Action, Press, usable};
use crate::command::{Command, TimeCommand, WindowCommand};
use crate::panel::focus;
use crate::state::State;
use egui::{Context, Event, FocusDirection, Key, PointerButton, Popup};

/// Takes the keys that were pressed out of the input. While text is typed, or something lies
/// over the window, only few are.
pub fn read(ctx: &Context, state: &State, out: &mut Vec<Command>) {
    side_buttons(ctx, state, out);
    let is_key = |event: &Event| matches!(event, Event::Key { .. });
    if !ctx.input(|input| input.events.iter().any(is_key)) {
        return;
    }
    if Popup::is_any_open(ctx) && ctx.input(|input| input.key_pressed(Key::Escape)) {
        // It closes the menu that is open.
        return;
    }
    let is_covered = state.help || state.palette.is_some() || state.desk.is_asking();
    if state.help && state.palette.is_none() && consume(ctx, Press::escape()) > 0 {
        out.push(Command::Window(WindowCommand::ToggleHelp));
        return;
    }
    let is_elsewhere = is_covered || ctx.text_edit_focused();
    if !is_elsewhere && is_dragging(state) && ctx.input(|input| input.key_pressed(Key::Escape)) {
        // Else it closes what is open.
        out.push(Command::Time(TimeCommand::Cancel));
        return;
    }
    let mut presses: Vec<_> = usable(state)
        .into_iter()
        .flat_map(|action| {
            let Action { keys, commands, .. } = action;
            keys.into_iter().map(move |press| (press, commands.clone()))
        })
        .collect();
    // Those with something held first: they would match without it as well.
    presses.sort_by_key(|(press, _)| std::cmp::Reverse(press.modifiers()));
    for (press, commands) in presses {
        // In a text Ctrl W takes away a word.
        let is_text = is_elsewhere && (!press.is_global() || press.key == Key::W);
        if is_text || belongs_to_widget(ctx, press) {
            continue;
        }
        for _ in 0..consume(ctx, press) {
            out.extend(commands.iter().cloned());
        }
    }
}

fn consume(ctx: &Context, press: Press) -> usize {
    let count = ctx.input_mut(|input| input.count_and_consume_key(press.held, press.key));
    if count > 0 && is_arrow(press) {
        // egui has read it before: it would take the keyboard to another widget as well.
        ctx.memory_mut(|memory| memory.move_focus(FocusDirection::None));
    }
    count
}

fn is_arrow(press: Press) -> bool {
    let arrows = [
        Key::ArrowUp,
        Key::ArrowDown,
        Key::ArrowLeft,
        Key::ArrowRight,
    ];
    press.modifiers() == 0 && arrows.contains(&press.key)
}

/// Enter presses what the keyboard is on; arrows move an edge, or go through a menu.
fn belongs_to_widget(ctx: &Context, press: Press) -> bool {
    match press.key {
        Key::Enter => ctx.memory(|memory| memory.focused().is_some()),
        _ if is_arrow(press) => Popup::is_any_open(ctx) || focus::takes(ctx, press.key),
        _ => false,
    }
}

fn is_dragging(state: &State) -> bool {
    state.document().is_some_and(|document| {
        let time = &document.time;
        time.preview.is_some() || time.band.is_some() || time.brush.is_some()
    })
}

/// The two buttons at the side of a mouse.
fn side_buttons(ctx: &Context, state: &State, out: &mut Vec<Command>) {
    if state.document().is_none() {
        return;
    }
    let buttons = [
        (PointerButton::Extra1, TimeCommand::Back),
        (PointerButton::Extra2, TimeCommand::Forward),
    ];
    for (button, command) in buttons {
        if ctx.input(|input| input.pointer.button_pressed(button)) {
            out.push(Command::Time(command));
        }
    }
}
