//! Threads that do the same, and pools whose threads wait for work.

use super::frame;
use super::model::{Dump, Stack, State, Thread};
use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

/// Threads with the same state and the same stack.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// They, as places in [`Dump::threads`].
    pub threads: Vec<usize>,
    /// Their state.
    pub state: State,
    /// Their stack.
    pub stack: Arc<Stack>,
    /// Whether they wait for work, as they should.
    pub is_idle: bool,
    /// What their names have in common, numbers as `*`.
    pub name: String,
}

/// The groups of a dump: those at work first, the largest first, and the idle ones behind them.
pub fn find(dump: &Dump) -> Vec<Group> {
    let mut places: HashMap<(State, &Arc<Stack>), usize> = HashMap::new();
    let mut groups: Vec<Group> = Vec::new();
    for (place, thread) in dump.threads.iter().enumerate() {
        if !thread.is_listed && thread.stack.0.is_empty() {
            continue;
        }
        let next = groups.len();
        let at = *places.entry((thread.state, &thread.stack)).or_insert(next);
        if at == next {
            groups.push(Group {
                threads: Vec::new(),
                state: thread.state,
                stack: thread.stack.clone(),
                is_idle: frame::is_idle(thread) || is_of_the_runtime(thread),
                name: String::new(),
            });
        }
        groups[at].threads.push(place);
    }
    for group in &mut groups {
        group.name = common(
            group
                .threads
                .iter()
                .map(|place| &*dump.threads[*place].name),
        );
    }
    groups.sort_by_key(|group| {
        (
            group.is_idle,
            Reverse(group.threads.len()),
            group.threads[0],
        )
    });
    groups
}

/// The runtime's own, which are shown by their CPU if at all; carriers are not.
fn is_of_the_runtime(thread: &Thread) -> bool {
    thread.state == State::Vm && thread.carries.is_none()
}

/// The name of a pool: numbers are `*`.
pub fn pool_name(name: &str) -> String {
    let mut pool = String::new();
    for character in name.chars() {
        if !character.is_ascii_digit() {
            pool.push(character);
        } else if !pool.ends_with('*') {
            pool.push('*');
        }
    }
    pool
}

/// What names have in common: the one name of their pool, or nothing.
fn common<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut names = names.map(pool_name);
    let first = names.next().unwrap_or_default();
    if names.all(|name| name == first) {
        first
    } else {
        String::new()
    }
}
