//! Everything a person can do by name: one catalogue, from which the keyboard, the hints, the
//! palette and the help page are made.
//!
//! An [`Action`] is a name, what it does in a sentence, its keys, and the commands it pushes. What
//! needs a place (dragging, pointing) is no action: [`GESTURES`] tells of it.

mod choices;
mod gestures;
mod pages;
mod processes;
mod time;
mod window;

use crate::command::Command;
use crate::state::tabs::Tab;
use crate::state::{Document, State};
use egui::{Key, Modifiers};
pub use gestures::GESTURES;
pub(crate) use pages::page_key;
use std::borrow::Cow;

/// One thing to do.
#[derive(Debug, Clone)]
pub struct Action {
    /// What it is about.
    pub topic: Topic,
    /// What it is called, as one would ask for it.
    pub name: Cow<'static, str>,
    /// What more there is to say; may be empty.
    pub what: Cow<'static, str>,
    /// The keys that do it; the first one is told.
    pub keys: Vec<Press>,
    /// What the bar at the bottom says: keys, perhaps of several actions, and words for them.
    pub hint: Option<(&'static str, &'static str)>,
    /// What it does, in order.
    pub commands: Vec<Command>,
}

/// What actions are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// The cursor.
    Time,
    /// How much of time is shown.
    View,
    /// Tracks, curves and lanes.
    Tracks,
    /// The pages of the lower half.
    Pages,
    /// The process table and the page beside it.
    Processes,
    /// The window and the captures in it.
    Window,
}

/// A key, and what is held with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Press {
    /// Held with it.
    pub held: Modifiers,
    /// The key.
    pub key: Key,
}

impl Topic {
    /// Every topic, in the order of the help page.
    pub const ALL: [Self; 6] = [
        Self::Time,
        Self::View,
        Self::Tracks,
        Self::Pages,
        Self::Processes,
        Self::Window,
    ];

    /// What it is called.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Time => "Go through time",
            Self::View => "Show more or less time",
            Self::Tracks => "Curves and events",
            Self::Pages => "Pages below the curves",
            Self::Processes => "Processes",
            Self::Window => "Window",
        }
    }
}

impl Press {
    const fn only(key: Key) -> Self {
        let held = Modifiers::NONE;
        Self { held, key }
    }

    const fn with(held: Modifiers, key: Key) -> Self {
        Self { held, key }
    }

    /// The key that closes what is open.
    pub(crate) const fn escape() -> Self {
        Self::only(Key::Escape)
    }

    /// What it is called: `Shift ←`.
    pub fn name(self) -> String {
        let held = [
            (self.held.command || self.held.ctrl, "Ctrl "),
            (self.held.alt, "Alt "),
            (self.held.shift, "Shift "),
        ];
        let mut name: String = held
            .iter()
            .filter(|(is, _)| *is)
            .map(|(_, text)| *text)
            .collect();
        name.push_str(match self.key {
            Key::Escape => "Esc",
            Key::ArrowLeft => "←",
            Key::ArrowRight => "→",
            Key::ArrowUp => "↑",
            Key::ArrowDown => "↓",
            key => key.symbol_or_name(),
        });
        name
    }

    /// How many keys are held with it: with fewer it would match as well.
    pub(crate) fn modifiers(self) -> usize {
        let held = self.held;
        let all = [held.command || held.ctrl, held.alt, held.shift];
        all.into_iter().filter(|held| *held).count()
    }

    /// Whether it is one even while text is typed.
    pub fn is_global(self) -> bool {
        self.held.command || self.held.ctrl || matches!(self.key, Key::F1)
    }
}

impl Action {
    fn new(topic: Topic, name: impl Into<Cow<'static, str>>, command: Command) -> Self {
        Self {
            topic,
            name: name.into(),
            what: Cow::Borrowed(""),
            keys: vec![],
            hint: None,
            commands: vec![command],
        }
    }

    fn keys<const N: usize>(self, keys: [Press; N]) -> Self {
        let keys = keys.to_vec();
        Self { keys, ..self }
    }

    fn what(self, what: impl Into<Cow<'static, str>>) -> Self {
        let what = what.into();
        Self { what, ..self }
    }

    fn hint(self, keys: &'static str, words: &'static str) -> Self {
        let hint = Some((keys, words));
        Self { hint, ..self }
    }
}

/// Every action with a fixed name, in the order of the help page.
pub fn every(state: &State) -> Vec<Action> {
    let mut all = time::actions(state);
    all.extend(pages::actions());
    all.extend(processes::actions());
    all.extend(window::actions());
    all
}

/// Those of them that can do something now: without a capture only those of the window.
pub fn usable(state: &State) -> Vec<Action> {
    match state.document().and_then(Document::facts) {
        Some(_) => every(state),
        None => window::actions(),
    }
}

/// What the bar at the bottom tells of keys and the mouse: what everybody needs first.
pub fn hints(state: &State) -> Vec<(&'static str, &'static str)> {
    let all = every(state);
    let of = |topic: Topic| {
        let of_topic = all.iter().filter(move |action| action.topic == topic);
        of_topic.filter_map(|action| action.hint)
    };
    let (_, gestures) = GESTURES[0];
    let tab = state
        .document()
        .map_or(Tab::Processes, |document| document.tab);
    let of_page: Vec<_> = match tab {
        Tab::Processes => of(Topic::Processes).collect(),
        Tab::Log => pages::LOG_HINTS.to_vec(),
        Tab::Load => vec![],
        Tab::Threads => pages::DUMP_HINTS.to_vec(),
        Tab::Waits | Tab::Sockets => pages::LIST_HINTS.to_vec(),
        Tab::Cpu | Tab::Memory | Tab::Disks | Tab::Network | Tab::Pressure => {
            pages::MACHINE_HINTS.to_vec()
        }
    };
    let first = of(Topic::Window).chain(of(Topic::Time)).chain(of_page);
    let mouse = gestures.iter().copied();
    first
        .chain(mouse)
        .chain(of(Topic::View))
        .chain(of(Topic::Pages))
        .chain(of(Topic::Tracks))
        .collect()
}

/// What the palette offers: every action, what can be chosen among what is there, and what fits
/// the text that is typed, such as a time or a process.
pub fn offered(state: &State, typed: &str) -> Vec<Action> {
    let mut all = choices::typed(state, typed);
    all.extend(usable(state));
    all.extend(choices::all(state));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_actions_have_the_same_name_or_the_same_key() {
        let mut seen = BTreeSet::new();
        for action in every(&State::default()) {
            assert!(
                seen.insert(action.name.clone().into_owned()),
                "{}",
                action.name
            );
            assert!(!action.commands.is_empty(), "{}", action.name);
            for press in &action.keys {
                assert!(
                    seen.insert(press.name()),
                    "{} of {}",
                    press.name(),
                    action.name
                );
            }
        }
    }

    #[test]
    fn hints_are_those_of_the_page_that_is_open() {
        use crate::command::DocumentId;
        let of = |tab| {
            let mut state = State::default();
            let id = DocumentId(0);
            let mut document = Document::new(id, "a".into(), None);
            document.tab = tab;
            state.documents.push(document);
            state.active = Some(id);
            let words = hints(&state).into_iter().map(|(_, words)| words);
            words.collect::<Vec<_>>()
        };
        let processes = of(Tab::Processes);
        assert!(processes.contains(&"filter") && processes.contains(&"tree"));
        for tab in Tab::ALL.into_iter().skip(1) {
            let words = of(tab);
            let has_filter = tab.filtered().is_some();
            assert_eq!(words.contains(&"filter"), has_filter, "{tab:?}");
            assert!(!words.contains(&"tree"), "{tab:?}");
            assert_eq!(
                words.contains(&"search"),
                matches!(tab, Tab::Log | Tab::Threads)
            );
            let compares = !matches!(tab, Tab::Log | Tab::Load) && !has_filter;
            assert_eq!(words.contains(&"pin and compare"), compares, "{tab:?}");
            assert!(words.contains(&"help"));
        }
    }

    #[test]
    fn keys_are_named_as_they_are_printed() {
        assert_eq!(
            Press::with(Modifiers::SHIFT, Key::ArrowLeft).name(),
            "Shift ←"
        );
        assert_eq!(Press::with(Modifiers::COMMAND, Key::K).name(), "Ctrl K");
        assert_eq!(Press::only(Key::Escape).name(), "Esc");
        assert!(Press::with(Modifiers::COMMAND, Key::K).is_global());
        assert!(!Press::only(Key::K).is_global());
    }
}
