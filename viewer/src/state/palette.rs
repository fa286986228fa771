//! The palette: a text, and which of the actions that fit it is chosen.

use crate::action::{Action, offered};
use crate::command::WindowCommand;
use crate::state::{Focus, State};

/// The palette while it is open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Palette {
    /// What is typed.
    pub text: String,
    /// Which of the actions that fit is chosen, from the top.
    pub chosen: usize,
}

/// The most actions that are shown.
const MOST: usize = 200;

impl Palette {
    /// The actions that fit what is typed, the best first.
    pub fn fitting(&self, state: &State) -> Vec<Action> {
        let mut all: Vec<(i64, Action)> = offered(state, &self.text)
            .into_iter()
            .filter_map(|action| Some((fit(&self.text, &action.name)?, action)))
            .collect();
        // Stable: what fits equally well stays in the order of the catalogue.
        all.sort_by_key(|(fit, _)| -fit);
        all.truncate(MOST);
        all.into_iter().map(|(_, action)| action).collect()
    }
}

/// Changes what lies over the window.
pub(crate) fn change(state: &mut State, command: WindowCommand) {
    match command {
        WindowCommand::OpenPalette if state.palette.is_some() => close(state),
        WindowCommand::OpenPalette => {
            state.palette = Some(Palette::default());
            state.focus = Some(Focus::Palette);
        }
        WindowCommand::ClosePalette => close(state),
        WindowCommand::EditPalette(text) => {
            if let Some(palette) = &mut state.palette {
                *palette = Palette { text, chosen: 0 };
            }
        }
        WindowCommand::ChooseInPalette(by) => {
            let Some(palette) = state.palette.clone() else {
                return;
            };
            let last = palette.fitting(state).len().saturating_sub(1);
            if let Some(palette) = &mut state.palette {
                let by = isize::try_from(by).unwrap_or(0);
                palette.chosen = palette.chosen.saturating_add_signed(by).min(last);
            }
        }
        WindowCommand::ToggleHelp => state.help = !state.help,
        WindowCommand::PutAwayBoxes => state.boxes_told = true,
        WindowCommand::NextPart(by) => state.next_part(by),
    }
}

fn close(state: &mut State) {
    state.palette = None;
    if state.focus == Some(Focus::Palette) {
        state.focus = None;
    }
}

/// How well a name fits what is typed, the more the better; `None` when it does not.
///
/// Each word that is typed must be in the name: best at the beginning of a word, then anywhere
/// in one, then with other letters between its own.
pub(crate) fn fit(typed: &str, name: &str) -> Option<i64> {
    let name = name.to_lowercase();
    let mut sum = 0;
    for word in typed.to_lowercase().split_whitespace() {
        sum += fit_of_word(word, &name)?;
    }
    Some(sum)
}

fn fit_of_word(word: &str, name: &str) -> Option<i64> {
    let begins = |place: usize| {
        let before = name[..place].chars().next_back();
        before.is_none_or(|before| !before.is_alphanumeric())
    };
    let places = || name.match_indices(word).map(|(place, _)| place);
    // Earlier in the name is a little better.
    let early = |place: usize| 20 - i64::try_from(place).map_or(20, |place| place.min(20));
    if let Some(place) = places().find(|place| begins(*place)) {
        return Some(200 + early(place));
    }
    if let Some(place) = places().next() {
        return Some(100 + early(place));
    }
    let mut rest = name.char_indices();
    let mut together = 0;
    let mut last = None;
    for letter in word.chars() {
        let (place, _) = rest.find(|(_, other)| *other == letter)?;
        together += i64::from(begins(place) || last.is_some_and(|last| last + 1 == place));
        last = Some(place);
    }
    // Letters that are scattered all over are no fit.
    let letters = i64::try_from(word.chars().count()).ok()?;
    (together * 2 >= letters).then_some(together)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_a_word_is_better_than_its_middle_and_that_than_scattered_letters() {
        let order = ["Go to a time", "Not at once: ago", "Give or take"];
        let fits = order.map(|name| fit("go", name));
        assert!(fits[0] > fits[1] && fits[1] > fits[2], "{fits:?}");
        assert_eq!(fit("xyz", "Go to a time"), None);
        assert_eq!(fit("", "Go to a time"), Some(0));
    }

    #[test]
    fn each_word_must_be_there_in_whatever_order() {
        assert!(fit("column rss", "Show the column RSS").is_some());
        assert!(fit("rss column", "Show the column RSS").is_some());
        assert!(fit("rss lane", "Show the column RSS").is_none());
        assert!(fit("stc", "Show the column RSS").is_some());
    }

    #[test]
    fn choosing_stops_at_both_ends_and_typing_starts_anew() {
        let mut state = State::default();
        change(&mut state, WindowCommand::OpenPalette);
        assert_eq!(state.focus, Some(Focus::Palette));
        change(&mut state, WindowCommand::ChooseInPalette(-3));
        assert_eq!(state.palette.clone().unwrap().chosen, 0);
        change(&mut state, WindowCommand::ChooseInPalette(9_999));
        let palette = state.palette.clone().unwrap();
        assert_eq!(palette.chosen, palette.fitting(&state).len() - 1);
        change(&mut state, WindowCommand::EditPalette("dark".to_owned()));
        let palette = state.palette.clone().unwrap();
        assert_eq!(palette.chosen, 0);
        assert_eq!(palette.fitting(&state)[0].name, "Dark colours");
        change(&mut state, WindowCommand::OpenPalette);
        assert!(state.palette.is_none() && state.focus.is_none());
    }
}
