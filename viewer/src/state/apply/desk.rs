//! Commands around the captures: opening, closing and choosing them, pictures, words.

use super::with_active;
use crate::command::{DeskCommand, DocumentId, Errand, Request};
use crate::data::worker::Reply;
use crate::state::condition::Condition;
use crate::state::desk::{Chosen, NotSaved, Preferences, Saving, Word};
use crate::state::{Document, Focus, Phase, State};
use afterimage_analysis::when::When;
use std::path::{Path, PathBuf};

/// Opens a file in a tab of its own; one that is open is shown instead.
pub(super) fn open(state: &mut State, path: PathBuf, at: Option<When>) -> Vec<Request> {
    let is_it = |document: &Document| {
        document.path == path || document.condition.file.as_deref() == Some(&*path)
    };
    let known = state.documents.iter().find(|document| is_it(document));
    let known = known.map(|known| (known.id, matches!(known.phase, Phase::Failed(_))));
    if let Some((id, has_failed)) = known {
        state.active = Some(id);
        if !has_failed {
            state.desk.chooser.tried = None;
        }
        return if has_failed { retry(state, id) } else { vec![] };
    }
    let mut requests = vec![];
    // What could not be opened and is looked at gives way to what is tried next.
    if let Some(shown) = state.document()
        && matches!(shown.phase, Phase::Failed(_))
    {
        let id = shown.id;
        requests = close(state, id);
    }
    keep_preferences(state);
    let id = DocumentId(state.desk.number());
    let mut document = Document::new(id, path.clone(), at);
    state.desk.preferences.arrange(&mut document);
    state.documents.push(document);
    state.active = Some(id);
    requests.push(Request::Open(id, path));
    requests
}

/// Changes what lies around the captures.
pub(super) fn change(state: &mut State, command: DeskCommand) -> Vec<Request> {
    let desk = &mut state.desk;
    match command {
        DeskCommand::Choose => return choose(state),
        DeskCommand::Chosen(chosen) => return chosen_files(state, chosen),
        DeskCommand::EditPath(text) => desk.chooser.text = text,
        DeskCommand::OpenPath => return open_typed(state),
        DeskCommand::CancelChoice => desk.chooser.is_open = false,
        DeskCommand::Close(id) => return close(state, id),
        DeskCommand::CloseShown => {
            return state.active.map_or(vec![], |id| close(state, id));
        }
        DeskCommand::Next(by) => next(state, by),
        DeskCommand::Retry(id) => return retry(state, id),
        DeskCommand::Remember(file) => desk.remember(file),
        DeskCommand::Forget(path) => desk.forget(&path),
        DeskCommand::Found(found) => {
            for recent in &mut desk.recent {
                let known = found.iter().find(|(path, _)| *path == recent.path);
                recent.is_missing = known.map_or(recent.is_missing, |(_, missing)| *missing);
            }
        }
        DeskCommand::Say(word) => desk.word = Some(word),
        DeskCommand::Unsay => desk.word = None,
        DeskCommand::NothingCanBeDropped => desk.takes_no_drops = true,
        DeskCommand::Divide(divider, share) => desk.shares.set(divider, share),
        DeskCommand::ToggleMissing | DeskCommand::ToggleNotice => {
            return with_active(state, |document| notice(document, &command));
        }
        command => return picture(state, command),
    }
    vec![]
}

/// Takes over how the shown capture is shown, for those that come.
pub(super) fn keep_preferences(state: &mut State) {
    if let Some(shown) = state.document() {
        state.desk.preferences = Preferences::of(shown);
    }
}

fn choose(state: &mut State) -> Vec<Request> {
    let chooser = &mut state.desk.chooser;
    chooser.is_open = true;
    chooser.problem = None;
    let was_choosing = std::mem::replace(&mut chooser.is_choosing, true);
    state.focus = Some(Focus::Path);
    let mut requests = look_for_recent(state);
    if !was_choosing {
        requests.push(Request::Run(Errand::Choose));
    }
    requests
}

fn chosen_files(state: &mut State, chosen: Chosen) -> Vec<Request> {
    let chooser = &mut state.desk.chooser;
    chooser.is_choosing = false;
    match chosen {
        Chosen::Files(files) => {
            // Whoever cancels the dialog but has begun to type wants to type.
            if !files.is_empty() || chooser.text.is_empty() {
                chooser.is_open = false;
            }
            let opened = files.into_iter().flat_map(|path| open(state, path, None));
            opened.collect()
        }
        Chosen::Unavailable(problem) => {
            chooser.problem = Some(problem);
            state.focus = Some(Focus::Path);
            vec![]
        }
    }
}

fn open_typed(state: &mut State) -> Vec<Request> {
    let chooser = &mut state.desk.chooser;
    if chooser.text.trim().is_empty() {
        return vec![];
    }
    (chooser.is_open, chooser.problem) = (false, None);
    let text = std::mem::take(&mut chooser.text);
    chooser.tried = Some(text.clone());
    vec![Request::Run(Errand::OpenTyped(text))]
}

fn close(state: &mut State, id: DocumentId) -> Vec<Request> {
    let Some(place) = state
        .documents
        .iter()
        .position(|document| document.id == id)
    else {
        return vec![];
    };
    keep_preferences(state);
    state.documents.remove(place);
    if state.active == Some(id) {
        let neighbour = state.documents.get(place).or(state.documents.last());
        state.active = neighbour.map(|neighbour| neighbour.id);
    }
    let mut requests = vec![Request::Run(Errand::Close(id))];
    requests.extend(look_for_recent(state));
    requests
}

fn next(state: &mut State, by: isize) {
    let count = state.documents.len();
    let place = (state.documents.iter()).position(|document| Some(document.id) == state.active);
    if let Some(place) = place {
        let count = count.cast_signed();
        let place = (place.cast_signed() + by).rem_euclid(count);
        state.active = Some(state.documents[place.cast_unsigned()].id);
    }
}

fn retry(state: &mut State, id: DocumentId) -> Vec<Request> {
    let Some(document) = state.find_mut(id) else {
        return vec![];
    };
    document.phase = Phase::Opening;
    document.condition = Condition::default();
    vec![Request::Open(id, document.path.clone())]
}

fn look_for_recent(state: &State) -> Vec<Request> {
    let recent = state.desk.recent.iter().map(|recent| recent.path.clone());
    let recent: Vec<_> = recent.collect();
    if recent.is_empty() {
        return vec![];
    }
    vec![Request::Run(Errand::LookFor(recent))]
}

fn notice(document: &mut Document, command: &DeskCommand) -> Vec<Request> {
    let damage = document.facts().map(|facts| facts.damage.clone());
    let condition = &mut document.condition;
    match command {
        DeskCommand::ToggleMissing => condition.is_list_open = !condition.is_list_open,
        _ if condition.dismissed.is_some() => {
            condition.dismissed = None;
            condition.is_list_open = true;
        }
        _ => condition.dismissed = damage,
    }
    vec![]
}

fn picture(state: &mut State, command: DeskCommand) -> Vec<Request> {
    let name = picture_name(state);
    let saving = &mut state.desk.saving;
    match (command, saving.as_mut()) {
        (DeskCommand::BeginPicture, None) => {
            if let Some(text) = name {
                *saving = Some(Saving {
                    text,
                    ..Saving::default()
                });
                state.focus = Some(Focus::Picture);
            }
        }
        (DeskCommand::EditPicture(text), Some(saving)) => {
            (saving.text, saving.exists, saving.problem) = (text, false, None);
        }
        (DeskCommand::SavePicture { replaces }, Some(saving))
            if !saving.is_busy && !saving.text.trim().is_empty() =>
        {
            (saving.is_busy, saving.problem) = (true, None);
            let to = saving.text.clone();
            return vec![Request::Run(Errand::Picture { to, replaces })];
        }
        (DeskCommand::PictureSaved(Ok(path)), _) => {
            *saving = None;
            state.desk.word = Some(Word {
                text: format!("The picture is in {}", path.display()),
                is_problem: false,
            });
        }
        (DeskCommand::PictureSaved(Err(why)), Some(saving)) => {
            saving.is_busy = false;
            match why {
                NotSaved::Exists => saving.exists = true,
                NotSaved::Failed(problem) => saving.problem = Some(problem),
            }
        }
        (DeskCommand::CancelPicture, _) => *saving = None,
        _ => {}
    }
    vec![]
}

/// `web-07-2026-11-22-140307.png`: the host and the time at the cursor.
fn picture_name(state: &State) -> Option<String> {
    let document = state.document()?;
    let host = &document.facts()?.host;
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_".contains(letter);
    let plain = |letter: char| if is_plain(letter) { letter } else { '-' };
    let host: String = host.chars().take(80).map(plain).collect();
    let time = document
        .zone
        .format(document.time.cursor, "%Y-%m-%d-%H%M%S");
    Some(format!("{host}-{time}.png"))
}

/// What a worker says of a file as a whole; the rest is given back.
pub(super) fn received(
    state: &mut State,
    id: DocumentId,
    reply: Reply,
) -> Result<Vec<Request>, Reply> {
    match reply {
        Reply::IsAt(file) => return Ok(identify(state, id, &file)),
        Reply::Opened(facts) => {
            state.desk.chooser.tried = None;
            return Err(Reply::Opened(facts));
        }
        Reply::NotOpened(problem) => {
            // A slip in it is put right, and not typed anew; what was typed since stays.
            let chooser = &mut state.desk.chooser;
            let tried = chooser.tried.take().filter(|_| chooser.text.is_empty());
            if let Some(tried) = tried {
                chooser.text = tried;
            }
            return Err(Reply::NotOpened(problem));
        }
        Reply::Opening(reached) => {
            if let Some(document) = state.find_mut(id) {
                document.condition.stage = Some(reached);
            }
        }
        Reply::Searched(found) => {
            if let Some(document) = state.find_mut(id) {
                document.condition.search = found;
            }
        }
        reply => return Err(reply),
    }
    Ok(vec![])
}

/// A file that is open under another name already is not opened twice.
fn identify(state: &mut State, id: DocumentId, file: &Path) -> Vec<Request> {
    let is_other = |document: &&Document| {
        document.id != id && document.condition.file.as_deref() == Some(file)
    };
    let other = state.documents.iter().find(is_other).map(|other| other.id);
    if let Some(other) = other {
        let requests = close(state, id);
        state.active = Some(other);
        return requests;
    }
    if let Some(document) = state.find_mut(id) {
        document.condition.file = Some(file.to_owned());
    }
    vec![]
}

#[cfg(test)]
#[path = "desk_tests.rs"]
mod tests;
