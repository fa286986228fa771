//! Every command of the catalogue is performed: by each of its keys, and by its name in the
//! palette. A command that is added without a case here fails the first test.

mod cases;
mod scenes;

use crate::{document, settle};
use afterimage_viewer::action::{Action, every, offered};
use afterimage_viewer::app::Viewer;
use afterimage_viewer::command::{Command, DumpCommand};
use afterimage_viewer::state::dumps::DumpPage;
use afterimage_viewer::state::tabs::Tab;
use cases::{CHOICES, LOG, PROCESSES, TIME, TRACKS, VIEW, WINDOW};
use egui::{Key, Modifiers, OutputCommand, Role};
use egui_kittest::Harness;
use egui_kittest::kittest::{By, Queryable as _};
use scenes::{plain, two, with};
use std::collections::BTreeSet;

type Window = Harness<'static, Viewer>;

/// What a command changes, and to what.
struct Case {
    name: &'static str,
    begin: fn() -> Window,
    /// What is looked at; it must differ before.
    told: fn(&Window) -> String,
    after: &'static str,
}

const fn case(
    name: &'static str,
    begin: fn() -> Window,
    told: fn(&Window) -> String,
    after: &'static str,
) -> Case {
    Case {
        name,
        begin,
        told,
        after,
    }
}

const ALL: [&[Case]; 6] = [TIME, VIEW, TRACKS, LOG, PROCESSES, WINDOW];

/// How a command is given.
enum Way {
    /// By a key of it.
    Key(Modifiers, Key),
    /// By its name in the palette.
    Name,
}

/// Gives a command, and draws until it is done; playing never is.
fn perform(harness: &mut Window, name: &str, way: &Way) {
    match way {
        Way::Key(held, key) => harness.key_press_modifiers(*held, *key),
        Way::Name => {
            harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
            settle(harness);
            harness
                .get_by_label("Find a command")
                .type_text(name.trim_end_matches(" …"));
            settle(harness);
            let row = By::new().role(Role::Button).label(name);
            let rows: Vec<_> = harness.query_all(row).collect();
            rows.first().unwrap_or_else(|| panic!("no {name}")).click();
        }
    }
    for _ in 0..5 {
        harness.step();
        let commands = harness.output().platform_output.commands.clone();
        for command in commands {
            if let OutputCommand::CopyText(text) = command {
                let key = egui::Id::unique("what a test saw on the clipboard");
                harness.ctx.data_mut(|data| data.insert_temp(key, text));
            }
        }
    }
    let open = harness.state().state().document();
    if !open.is_some_and(|document| document.time.playing) {
        settle(harness);
    }
}

fn actions() -> Vec<Action> {
    every(plain().state().state())
}

fn ways(action: &Action) -> Vec<Way> {
    let keys = action
        .keys
        .iter()
        .map(|press| Way::Key(press.held, press.key));
    let mut ways: Vec<Way> = keys.collect();
    // In the palette it would only close the palette that it opens.
    if action.name != "Find a command …" {
        ways.push(Way::Name);
    }
    ways
}

fn run(cases: &[Case]) {
    let actions = actions();
    for case in cases {
        let action = actions.iter().find(|action| action.name == case.name);
        let action = action.unwrap_or_else(|| panic!("no command is called {}", case.name));
        for way in ways(action) {
            let mut harness = (case.begin)();
            let before = (case.told)(&harness);
            assert_ne!(before, case.after, "{}: it is so before", case.name);
            perform(&mut harness, case.name, &way);
            let after = (case.told)(&harness);
            let how = match way {
                Way::Key(_, key) => key.name(),
                Way::Name => "its name",
            };
            assert_eq!(after, case.after, "{} by {how}, {before} before", case.name);
        }
    }
}

#[test]
fn there_is_a_case_for_every_command_of_the_catalogue() {
    let known: BTreeSet<&str> = ALL.into_iter().flatten().map(|case| case.name).collect();
    let is_page = |action: &&Action| {
        let name = action.name.as_ref();
        let page = Tab::ALL
            .iter()
            .any(|tab| name == format!("Page: {}", tab.title()));
        let dumps = DumpPage::ALL.iter().any(|page| name == dump_page(*page));
        page || dumps
    };
    let actions = actions();
    let rest = actions.iter().filter(|action| !is_page(action));
    let unknown: Vec<_> = rest
        .filter(|action| !known.contains(action.name.as_ref()))
        .collect();
    assert!(unknown.is_empty(), "no test performs {unknown:#?}");
}

#[test]
fn the_cursor() {
    run(TIME);
}

#[test]
fn how_much_of_time_is_shown() {
    run(VIEW);
}

#[test]
fn tracks_and_lanes() {
    run(TRACKS);
}

#[test]
fn the_kernel_log() {
    run(LOG);
}

#[test]
fn processes() {
    run(PROCESSES);
}

#[test]
fn the_window() {
    run(WINDOW);
}

#[test]
fn every_page_of_the_lower_half() {
    let actions = actions();
    for tab in Tab::ALL {
        let name = format!("Page: {}", tab.title());
        let action = actions.iter().find(|action| action.name == name);
        for way in ways(action.expect("it is in the catalogue")) {
            let other = if tab == Tab::Cpu { Tab::Log } else { Tab::Cpu };
            let mut harness = with(&[Command::ShowTab(other)]);
            perform(&mut harness, &name, &way);
            assert_eq!(document(&harness).tab, tab, "{name}");
        }
    }
}

fn dump_page(page: DumpPage) -> String {
    format!("Thread dumps: {}", page.title().to_lowercase())
}

#[test]
fn every_page_of_the_thread_dumps() {
    for page in DumpPage::ALL {
        let other = match page {
            DumpPage::Text => DumpPage::Locks,
            _ => DumpPage::Text,
        };
        let mut harness = with(&[Command::Dumps(DumpCommand::Show(other))]);
        assert_eq!(document(&harness).dumps.page, other);
        perform(&mut harness, &dump_page(page), &Way::Name);
        assert_eq!(document(&harness).dumps.page, page);
    }
}

#[test]
fn what_the_palette_offers_beside_the_catalogue() {
    let harness = two();
    let state = harness.state().state();
    let fixed: BTreeSet<_> = every(state).into_iter().map(|action| action.name).collect();
    let offered = offered(state, "");
    let mut choices = offered
        .iter()
        .filter(|action| !fixed.contains(&action.name));
    let unknown = choices.find(|action| {
        let begins = |(begin, _): &(&str, Case)| action.name.starts_with(begin);
        !CHOICES.iter().any(begins)
    });
    assert!(unknown.is_none(), "no test performs {unknown:?}");
    for (_, case) in CHOICES {
        let mut harness = (case.begin)();
        let before = (case.told)(&harness);
        assert_ne!(before, case.after, "{}: it is so before", case.name);
        perform(&mut harness, case.name, &Way::Name);
        assert_eq!((case.told)(&harness), case.after, "{}", case.name);
    }
}
