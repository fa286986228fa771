//! Answers of the worker become state.

use super::{desk, go_to, go_to_end, is_recorded, navigate, processes};
use crate::command::{DocumentId, Request};
use crate::data::worker::{Generation, Reply};
use crate::data::{Facts, Snapshot, Want};
use crate::state::moment::instant;
use crate::state::timeline::Owed;
use crate::state::{Document, Focus, Phase, State};
use crate::time_axis::Span;
use std::sync::Arc;

pub(super) fn received(state: &mut State, id: DocumentId, reply: Reply) -> Vec<Request> {
    let reply = match desk::received(state, id, reply) {
        Ok(requests) => return requests,
        Err(reply) => reply,
    };
    let (choice, local) = (state.zone, state.local_zone.clone());
    let Some(document) = state.find_mut(id) else {
        return vec![];
    };
    match reply {
        Reply::Opened(facts) => {
            let requests = opened(document, facts);
            document.zone = navigate::zone_of(document, choice, local.as_ref());
            // A moment that was named on the command line and is not there is asked for again.
            let asks = document.jump.is_some() && state.active == Some(id);
            state.focus = if asks { Some(Focus::Jump) } else { state.focus };
            requests
        }
        Reply::Changed(facts) => changed(document, facts),
        Reply::NotOpened(problem) => {
            // It may have been open until now.
            document.owe_nothing();
            document.phase = Phase::Failed(problem);
            vec![]
        }
        Reply::Series(generation, all) => {
            if document.owed_series == Some(generation) {
                document.owed_series = None;
            }
            document
                .series
                .extend(all.into_iter().map(|series| (series.id, series)));
            vec![]
        }
        Reply::Overview(generation, all) => {
            document.timeline.came(Owed::Overview, generation);
            let all = all.into_iter().map(|series| (series.id, series));
            document.timeline.overview = all.collect();
            vec![]
        }
        Reply::Rows(generation, all) => {
            document.timeline.came(Owed::Rows, generation);
            let all = all.into_iter().map(|rows| (rows.group, rows));
            document.timeline.rows.extend(all);
            vec![]
        }
        Reply::Events(generation, events) => {
            document.timeline.came(Owed::Events, generation);
            document.timeline.events = Some(events);
            document.arrange_log();
            vec![]
        }
        Reply::Snapshot(generation, snapshot) => loaded(document, generation, snapshot),
        Reply::Things(generation, things) => {
            document.lists.received(generation, things);
            vec![]
        }
        Reply::Life(generation, life) => {
            if let Some(page) = &mut document.page {
                page.received(generation, life);
            }
            vec![]
        }
        Reply::Load(generation, load) => {
            document.load.received(generation, load);
            vec![]
        }
        reply @ (Reply::Dumps(..)
        | Reply::Dump(..)
        | Reply::DumpGrid(..)
        | Reply::ThreadCurve(..)) => {
            document.dumps.answered(reply);
            vec![]
        }
        Reply::Failed(asked, problem) => {
            failed(document, asked, problem);
            vec![]
        }
        Reply::IsAt(_) | Reply::Opening(_) | Reply::Searched(_) => vec![],
    }
}

fn failed(document: &mut Document, asked: Option<Generation>, problem: String) {
    match asked {
        Some(asked) => document.owe_no_more(asked),
        None => document.owe_nothing(),
    }
    document.problem = Some(problem);
}

fn opened(document: &mut Document, facts: Arc<Facts>) -> Vec<Request> {
    document.zone = facts.zone.clone();
    document.time.capture = span(&facts);
    document.time.fold_long(&facts.gaps);
    document.time.view = document.time.whole();
    document.phase = Phase::Open(facts);
    let found = document
        .wanted_at
        .take()
        .map(|when| instant(document, &when));
    match found {
        Some(Ok(at)) => go_to(document, at),
        Some(Err(problem)) => {
            document.jump = Some(String::new());
            document.problem = Some(problem);
            go_to_end(document, Want::Last)
        }
        None => go_to_end(document, Want::Last),
    }
}

/// More was recorded, or something was found damaged.
fn changed(document: &mut Document, facts: Arc<Facts>) -> Vec<Request> {
    document.time.fold_long(&facts.gaps);
    document.time.grow(span(&facts));
    document.phase = Phase::Open(facts);
    let mut requests = document.want_series();
    if document.time.following {
        document.time.following = is_recorded(document);
        // The cursor moves once there is something to show there.
        requests.extend(document.want(Want::Last));
    }
    requests
}

fn span(facts: &Facts) -> Span {
    Span {
        from: facts.first,
        to: facts.last.max(facts.first),
    }
}

fn loaded(
    document: &mut Document,
    generation: Generation,
    snapshot: Arc<Snapshot>,
) -> Vec<Request> {
    let at = snapshot.at;
    if let Some(page) = &mut document.page {
        page.look_at(&snapshot);
    }
    document.snapshot = Some(snapshot);
    document.arrange();
    if document.jump.is_none() {
        document.problem = None;
    }
    if document.owed_snapshot != Some(generation) {
        // Overtaken: shown, so that something moves while scrubbing, but it moves no cursor.
        return vec![];
    }
    document.owed_snapshot = None;
    processes::follow_wanted(document);
    let stepped = document.time.stepping.take().is_some();
    // The cursor stands where something was recorded, unless it points at what was not.
    let at_rest = !document.time.playing && document.gap_at_cursor().is_none();
    if !stepped && !at_rest {
        return vec![];
    }
    document.time.move_cursor(at);
    if stepped {
        document.time.wanted = document.time.cursor;
    }
    document.want_series()
}
