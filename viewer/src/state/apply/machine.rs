//! What commands do to the tabs, the pages of the machine and the kernel log.

use super::{dumps, focus, go_to, leave_end, navigate, processes, with_active};
use crate::command::{Command, LogCommand, Request};
use crate::data::Snapshot;
use crate::state::history::Journey;
use crate::state::tabs::Tab;
use crate::state::{Document, Focus, State};
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::time::WallTime;
use std::time::Duration;

/// What concerns the pages; the rest concerns the processes.
pub(super) fn change(document: &mut Document, command: Command) -> Vec<Request> {
    match command {
        Command::ShowTab(tab) => show_tab(document, tab),
        Command::GroupLoadBy(by) => {
            document.load.by = by;
            document.load.data = None;
            vec![]
        }
        Command::Log(command) => change_log(document, command),
        Command::Dumps(command) => dumps::change(document, command),
        Command::List(id, command) => {
            document.lists.change(id, command);
            vec![]
        }
        Command::ClosePage if document.tab == Tab::Threads => dumps::close(document),
        Command::FollowPid(pid, at) => follow_pid(document, pid, at),
        Command::SelectNext(by) if document.tab == Tab::Log => step_line(document, by),
        Command::SelectNext(by) if document.tab == Tab::Threads => dumps::step(document, by),
        // Nobody chooses what is not to be seen.
        Command::SelectNext(_) if document.tab != Tab::Processes => vec![],
        command => processes::change(document, command),
    }
}

/// Puts the keyboard into the field of the page that is shown; the filter is one of the
/// processes.
pub(super) fn focus_field(state: &mut State) -> Vec<Request> {
    let tab = state.document().map(|document| document.tab);
    if tab == Some(Tab::Log) {
        return focus(state, Some(Focus::Search));
    }
    if tab == Some(Tab::Threads) {
        return focus(state, Some(Focus::Dumps));
    }
    if tab.is_some_and(|tab| tab.filtered().is_some()) {
        return focus(state, Some(Focus::List));
    }
    focus(state, Some(Focus::Filter));
    with_active(state, |document| show_tab(document, Tab::Processes))
}

/// Shows another page.
pub(super) fn show_tab(document: &mut Document, tab: Tab) -> Vec<Request> {
    document.tab = tab;
    if tab == Tab::Log && document.log.follows {
        document.log.follow(true);
    }
    vec![]
}

/// Changes how the kernel log is shown.
fn change_log(document: &mut Document, command: LogCommand) -> Vec<Request> {
    let view = &mut document.log;
    match command {
        LogCommand::Search(text) => view.search = text,
        LogCommand::ToggleOnlyMatches => view.only_matches = !view.only_matches,
        LogCommand::Show(at_least) => view.at_least = at_least,
        LogCommand::NextMatch(by) => {
            view.next_match(by);
            return vec![];
        }
        LogCommand::Follow(follows) => {
            view.follow(follows);
            return vec![];
        }
        LogCommand::Stand(place) => {
            view.stand(place);
            return vec![];
        }
        LogCommand::InSight(places) => {
            view.in_sight = places;
            return vec![];
        }
        LogCommand::LineShown => {
            view.wanted_line = None;
            return vec![];
        }
    }
    document.arrange_log();
    vec![]
}

/// Goes to the next line of the kernel log that is shown, or to the one before.
fn step_line(document: &mut Document, by: i64) -> Vec<Request> {
    let at = document.log_instant();
    let events = document.timeline.events.clone();
    let log = events.as_ref().map_or(&[][..], |events| &events.log);
    let Some(found) = document.log.neighbour(log, at, by) else {
        return vec![];
    };
    navigate::leave(document, Journey::Steps);
    leave_end(document);
    document.log.follows = true;
    go_to(document, found)
}

/// Goes to a moment and follows the process that had this pid then.
pub(super) fn follow_pid(document: &mut Document, pid: Pid, at: WallTime) -> Vec<Request> {
    navigate::leave(document, Journey::Jump);
    leave_end(document);
    let requests = go_to(document, at);
    document.wanted_pid = Some(pid);
    requests
}

/// The process that is to be followed once the moment is loaded: that one, or why there is none.
pub(super) fn wanted_process(
    document: &Document,
    wanted: Pid,
    snapshot: &Snapshot,
) -> Result<ProcessKey, String> {
    let rows = snapshot.rows.iter().chain(&snapshot.gone);
    let mut same = rows.filter(|row| row.key.pid == wanted);
    // Of two that had the number one after the other it is the one that was there.
    let found = same.next().map(|row| row.key);
    found.ok_or_else(|| {
        format!(
            "No process {} was there at {}: it had ended, or lived between two snapshots.",
            wanted.0,
            document.moment(snapshot.at)
        )
    })
}

impl Document {
    /// Whatever was done, it may have moved the view or the cursor, or chosen another process.
    pub(super) fn keep_up(&mut self) -> Vec<Request> {
        self.look_at_log();
        let mut requests = self.want_life();
        requests.extend(self.want_load());
        requests.extend(self.want_dumps());
        requests.extend(self.want_things());
        requests
    }

    /// The instant that the kernel log is looked at from: what was gone to, and not the snapshot
    /// that is shown for it, which is a little older.
    pub(crate) fn log_instant(&self) -> WallTime {
        let (cursor, wanted) = (self.time.cursor, self.time.wanted);
        let runs = self.timeline.events.as_ref();
        let runs = runs.map_or(&[][..], |events| &events.runs);
        let run = runs.iter().rev().find(|run| run.from <= cursor);
        let interval = run.map_or(Duration::from_secs(1), |run| run.interval);
        if cursor <= wanted && wanted < cursor.plus(interval) {
            wanted
        } else {
            cursor
        }
    }

    /// Works out anew which lines of the kernel log are shown.
    pub(crate) fn arrange_log(&mut self) {
        let events = self.timeline.events.clone();
        if let Some(events) = events {
            self.log.arrange(&events.log);
        }
    }

    /// Finds the lines of the kernel log at the cursor.
    pub(crate) fn look_at_log(&mut self) {
        let at = self.log_instant();
        let previous = self.snapshot.as_ref().and_then(|shown| shown.previous);
        if let Some(events) = &self.timeline.events {
            self.log.look_at(&events.log, at, previous);
        }
    }
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
