//! What commands do to the page of the thread dumps.

use super::{go_to, leave_end, navigate};
use crate::command::{DumpCommand, Request};
use crate::state::Document;
use crate::state::dumps::DumpPage;
use crate::state::history::Journey;
use crate::state::tabs::Tab;

/// Changes how the dumps are shown.
pub(super) fn change(document: &mut Document, command: DumpCommand) -> Vec<Request> {
    let view = &mut document.dumps;
    match command {
        DumpCommand::Pick(id) => return pick(document, id),
        DumpCommand::Show(page) => {
            view.page = page;
            document.tab = Tab::Threads;
        }
        DumpCommand::Thread(key) => view.thread = key,
        DumpCommand::Called(name) if view.read().is_some() => view.follow(&name),
        DumpCommand::Called(name) => view.wanted_thread = Some(name),
        DumpCommand::Sort(sort) => {
            view.sort = sort;
            view.arrange();
        }
        DumpCommand::ToggleCpu => view.by_cpu = !view.by_cpu,
        DumpCommand::ToggleIdle => view.with_idle = !view.with_idle,
        DumpCommand::Zoom(node) => view.zoom = node,
        DumpCommand::Turn(branch) => {
            if !view.turned.remove(&branch) {
                view.turned.insert(branch);
            }
            view.compare();
        }
        DumpCommand::GoToPinned => {
            let pinned = view.pinned.as_ref().map(|pinned| pinned.content.id);
            return pinned.map_or(vec![], |id| pick(document, id));
        }
        DumpCommand::Search(text) => {
            view.search = text;
            view.look_for();
            view.arrange();
        }
        DumpCommand::NextMatch(by) => view.next_match(by),
        DumpCommand::GoToLine(line) => {
            view.page = DumpPage::Text;
            view.wanted_line = Some(line);
        }
        DumpCommand::LineShown => view.wanted_line = None,
    }
    vec![]
}

/// Goes to a dump.
fn pick(document: &mut Document, id: i64) -> Vec<Request> {
    let Some(at) = document.dumps.entry(id).map(|dump| dump.facts.wall) else {
        return vec![];
    };
    navigate::leave(document, Journey::Steps);
    leave_end(document);
    document.dumps.picked = Some(id);
    go_to(document, at)
}

/// Pins the dump that is shown, or unpins the one that is; then others are compared with it.
pub(super) fn pin(document: &mut Document) {
    let view = &mut document.dumps;
    view.toggle_pin();
    match (&view.pinned, view.page) {
        (Some(_), _) => view.page = DumpPage::Compare,
        (None, DumpPage::Compare) => view.page = DumpPage::default(),
        (None, _) => {}
    }
}

/// Goes so many dumps further down in the list.
pub(super) fn step(document: &mut Document, by: i64) -> Vec<Request> {
    let shown = document.dump_at_cursor().map(|dump| dump.id);
    let list = document.dumps.list.as_deref().unwrap_or_default();
    let here = list.iter().position(|dump| Some(dump.id) == shown);
    let here = here.and_then(|here| i64::try_from(here).ok());
    let next = here.and_then(|here| usize::try_from(here.saturating_add(by)).ok());
    let next = next.and_then(|next| list.get(next)).map(|dump| dump.id);
    next.map_or(vec![], |id| pick(document, id))
}

/// Puts away what lies over the threads.
pub(super) fn close(document: &mut Document) -> Vec<Request> {
    let view = &mut document.dumps;
    if view.thread.take().is_none() {
        view.zoom = None;
    }
    vec![]
}
