//! What is shown of a short kernel log, what matches in it, and where the cursor is.

use super::*;

/// A line a second from 10 on, of these severities.
fn log() -> Vec<LogEntry> {
    let lines = [
        (6, "eth0: Link is Up"),
        (4, "TCP: out of memory"),
        (3, "I/O error, dev vda"),
        (6, "usb 1-1: Größe linked"),
        (7, "debugging"),
    ];
    let entry = |(second, (severity, text)): (i64, (u8, &str))| {
        LogEntry::new(WallTime(second * 1_000_000), severity, text.to_owned())
    };
    (10..).zip(lines).map(entry).collect()
}

fn at(seconds: i64) -> WallTime {
    WallTime(seconds * 1_000_000)
}

fn view(change: impl FnOnce(&mut LogView)) -> LogView {
    let mut view = LogView::default();
    change(&mut view);
    view.arrange(&log());
    view
}

#[test]
fn a_threshold_hides_what_is_milder() {
    assert_eq!(view(|_| ()).lines, [0, 1, 2, 3, 4]);
    let shown = |at_least| view(|view| view.at_least = at_least).lines;
    assert_eq!(shown(AtLeast::Notice), [1, 2]);
    assert_eq!(shown(AtLeast::Error), [2]);
}

#[test]
fn a_search_does_not_mind_the_case_and_may_hide_the_rest() {
    let found = |text: &str| view(|view| view.search = text.to_owned()).matches;
    assert_eq!(found("LINK"), [0, 3]);
    assert_eq!(found("grösse"), [] as [usize; 0]);
    assert_eq!(found("GRÖßE"), [3]);
    assert_eq!(found(""), [] as [usize; 0]);
    assert_eq!(
        found("a text that is longer than every line of it"),
        [] as [usize; 0]
    );
    let only = view(|view| {
        view.search = "link".to_owned();
        view.only_matches = true;
    });
    assert_eq!((only.lines, only.matches), (vec![0, 3], vec![0, 1]));
    let nothing = view(|view| view.only_matches = true);
    assert_eq!(nothing.lines.len(), 5, "nothing is looked for");
}

#[test]
fn the_lines_of_the_step_are_at_the_cursor_and_wanted_once() {
    let mut view = view(|_| ());
    view.look_at(&log(), at(12), Some(at(10)));
    assert_eq!((view.at_cursor.clone(), view.wanted_line), (1..3, Some(2)));
    view.wanted_line = None;
    view.look_at(&log(), at(12), Some(at(10)));
    assert_eq!(view.wanted_line, None, "the cursor has not moved");
    view.look_at(&log(), at(99), None);
    assert_eq!((view.at_cursor.clone(), view.wanted_line), (5..5, Some(4)));
    view.follow(false);
    view.wanted_line = None;
    view.look_at(&log(), at(10), None);
    assert_eq!(view.wanted_line, None, "somebody scrolled");
    view.follow(true);
    assert_eq!(view.wanted_line, Some(0));
}

#[test]
fn matches_are_gone_through_from_the_cursor_on_and_round() {
    let mut view = view(|view| view.search = "link".to_owned());
    view.look_at(&log(), at(11), None);
    view.next_match(1);
    assert_eq!((view.current, view.wanted_line), (Some(1), Some(3)));
    assert!(!view.follows);
    view.next_match(1);
    assert_eq!((view.current, view.wanted_line), (Some(0), Some(0)));
    view.next_match(-1);
    assert_eq!(view.current, Some(1));
    view.at_line = None;
    view.next_match(-1);
    assert_eq!(view.current, Some(0), "the last one before the cursor");
}

#[test]
fn the_next_match_is_looked_for_from_where_one_is() {
    // Lines 0 and 3 have it, and the cursor is before both.
    let mut view = view(|view| view.search = "link".to_owned());
    view.look_at(&log(), at(1), None);
    view.stand(1);
    view.next_match(1);
    assert_eq!(
        view.wanted_line,
        Some(3),
        "behind the line that was clicked"
    );
    view.stand(1);
    view.next_match(-1);
    assert_eq!(view.wanted_line, Some(0));
    view.search = "lin".to_owned();
    view.arrange(&log());
    assert_eq!(view.current, Some(0), "typing on stays at the match");
    view.next_match(1);
    assert_eq!(view.wanted_line, Some(3));
    // Somebody scrolled away from it.
    (view.at_line, view.in_sight) = (Some(0), 2..5);
    view.next_match(1);
    assert_eq!(view.wanted_line, Some(3), "the first in sight");
}

#[test]
fn neighbours_of_an_instant_are_lines_that_are_shown() {
    let view = view(|view| view.at_least = AtLeast::Warning);
    let next = |from, by| {
        view.neighbour(&log(), at(from), by)
            .map(|at| at.0 / 1_000_000)
    };
    assert_eq!(
        [next(9, 1), next(11, 1), next(12, 1)],
        [Some(11), Some(12), None]
    );
    assert_eq!([next(12, -1), next(11, -1)], [Some(11), None]);
}
