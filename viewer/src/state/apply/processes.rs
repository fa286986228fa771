//! What commands do to the process table and to a process's page.

use super::machine::wanted_process;
use crate::command::{Command, Request};
use crate::state::Document;
use crate::state::dumps;
use crate::state::lists;
use crate::state::load;
use crate::state::page::Page;
use crate::state::pages;
use crate::state::table::export::{CopyAs, export};
use crate::state::table::{Arrangement, Branch, Pinned, What};
use crate::state::tabs::Tab;
use afterimage_format::process::ProcessKey;
use std::sync::Arc;

/// The rest of what concerns the capture that is shown.
pub(super) fn change(document: &mut Document, command: Command) -> Vec<Request> {
    let is_new_order = matches!(
        command,
        Command::SortBy(_) | Command::Filter(_) | Command::Arrange(_) | Command::ToggleTree
    );
    let table = &mut document.table;
    match command {
        Command::SortBy(column) => table.sort_by(column),
        Command::Filter(text) => table.filter(text),
        Command::ToggleColumn(column) => table.toggle_column(column),
        Command::MoveColumn { column, before } => table.move_column(column, before),
        Command::ResetColumns => table.reset_columns(),
        Command::SetColumnWidth { column, width } => table.set_width(column, width),
        Command::Arrange(arrangement) => table.arrangement = arrangement,
        Command::ToggleTree => {
            table.arrangement = match table.arrangement {
                Arrangement::Tree => Arrangement::Flat,
                _ => Arrangement::Tree,
            };
        }
        Command::Turn(branch) => table.turn(branch),
        Command::TurnHere => turn_here(document),
        Command::TogglePin if document.tab == Tab::Threads => super::dumps::pin(document),
        Command::TogglePin => pin(document),
        Command::Select(key) if table.selected == Some(key) => close(document),
        Command::Select(key) => follow(document, key),
        Command::Follow(key) => {
            follow(document, key);
            reveal(document);
        }
        Command::SelectNext(by) => select_next(document, by),
        Command::ClosePage => close(document),
        Command::LineShown => table.wanted_line = None,
        Command::TogglePageWidth => {
            if let Some(page) = &mut document.page {
                page.is_wide = !page.is_wide;
            }
        }
        Command::CopyTable(how) => return copy(document, how),
        _ => {}
    }
    document.arrange();
    if is_new_order {
        reveal(document);
        // Nobody is followed, or not among those that are shown: the first lines are the news.
        document.table.wanted_line.get_or_insert(0);
    }
    vec![]
}

fn pin(document: &mut Document) {
    document.pinned = match document.pinned.take() {
        Some(_) => None,
        None => document.snapshot.clone().map(Pinned::new),
    };
    // What was sorted by a difference has none any more.
    let table = &mut document.table;
    if let Some(base) = table
        .sort
        .changes_of()
        .filter(|_| document.pinned.is_none())
    {
        table.sort = base;
    }
}

fn follow(document: &mut Document, key: ProcessKey) {
    document.tab = Tab::Processes;
    document.table.selected = Some(key);
    document.table.at_group = None;
    let was_wide = document.page.as_ref().is_some_and(|page| page.is_wide);
    let rows = document.rows().map(|rows| rows.all()).unwrap_or_default();
    let row = rows.iter().find(|seen| seen.row.key == key);
    let row = row.map(|seen| Arc::new(seen.row.clone()));
    let known = document.page.take().filter(|page| page.key == key);
    document.page = known.or_else(|| Some(Page::new(key, row?, was_wide)));
}

/// Follows the process that was to be followed once its moment was loaded.
pub(super) fn follow_wanted(document: &mut Document) {
    let wanted = document.wanted_pid.take();
    let Some((wanted, snapshot)) = wanted.zip(document.snapshot.clone()) else {
        return;
    };
    match wanted_process(document, wanted, &snapshot) {
        Ok(key) => {
            follow(document, key);
            document.arrange();
            reveal(document);
        }
        Err(problem) => document.problem = Some(problem),
    }
}

fn close(document: &mut Document) {
    document.table.selected = None;
    document.page = None;
}

/// Goes to another line: a process is followed, of a group it is only remembered.
fn select_next(document: &mut Document, by: i64) {
    let rows = document.rows();
    let line = rows.and_then(|rows| document.table.neighbour(by, &rows));
    let Some(line) = line else { return };
    match document.table.lines[line].what {
        What::Process(_) => {
            let rows = document.rows();
            let key = rows.and_then(|rows| document.table.process_of(line, &rows));
            if let Some(key) = key {
                follow(document, key);
            }
        }
        What::Group(group) => {
            close(document);
            let name = document.table.groups[group].name.clone().ok();
            document.table.at_group = Some(Branch::Group(name));
        }
    }
    document.table.wanted_line = Some(line);
}

/// Opens or closes the group or the branch that the keys are at.
fn turn_here(document: &mut Document) {
    let rows = document.rows();
    let here = rows.and_then(|rows| document.table.branch_here(&rows));
    if let Some((line, branch)) = here {
        document.table.turn(branch);
        document.table.wanted_line = Some(line);
    }
}

/// Scrolls to the process that is followed.
fn reveal(document: &mut Document) {
    let line = document.rows().and_then(|rows| {
        let table = &document.table;
        (0..table.lines.len()).find(|line| table.process_of(*line, &rows) == table.selected)
    });
    document.table.wanted_line = line;
}

fn copy(document: &Document, how: CopyAs) -> Vec<Request> {
    if document.tab != Tab::Processes {
        return copy_page(document, how);
    }
    let Some(rows) = document.rows() else {
        return vec![];
    };
    let columns = document.table.shown_columns(document.pinned.is_some());
    let text = export(&document.table, &rows, &columns, &document.zone, how);
    vec![Request::Copy(text)]
}

/// The page of the machine, or the kernel log, that is shown.
fn copy_page(document: &Document, how: CopyAs) -> Vec<Request> {
    let text = match (document.tab, &document.timeline.events, &document.snapshot) {
        (Tab::Log, Some(events), _) => {
            pages::export_log(&document.log, &events.log, &document.zone, how)
        }
        (Tab::Log, None, _) | (_, _, None) => return vec![],
        (Tab::Load, _, Some(_)) => match document.lists.load() {
            Some(moment) => load::export(moment, document.load.by, how),
            None => return vec![],
        },
        (Tab::Threads, _, _) => dumps::export::export(&document.dumps, how),
        (tab, _, Some(snapshot)) => {
            let page = pages::export(&snapshot.machine, tab, how);
            let lists = lists::export::export(&document.lists, tab, how);
            let parts = [page, lists].into_iter().filter(|part| !part.is_empty());
            parts.collect::<Vec<_>>().join("\n")
        }
    };
    vec![Request::Copy(text)]
}
