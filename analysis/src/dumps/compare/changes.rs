//! Locks, groups and findings that are other ones in the later dump.

use super::{Side, about, holder};
use crate::dumps::locks::{Kind, Wanted};
use crate::dumps::model::{Stack, State};
use crate::dumps::report::Report;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

/// A lock that is wanted in one of the dumps or both: places in [`super::super::locks::Locks::wanted`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockChange {
    /// In the earlier dump; none where nobody wanted it.
    pub before: Option<usize>,
    /// In the later one.
    pub now: Option<usize>,
    /// It is wanted in both, and another thread has it, or it became known or unknown who.
    pub has_other_owner: bool,
}

/// Threads with the same state and stack, of which there were more or fewer: places in
/// [`Report::groups`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupChange {
    /// In the earlier dump; none where there was none.
    pub before: Option<usize>,
    /// In the later one.
    pub now: Option<usize>,
    /// How many threads were in it, and are.
    pub counts: (usize, usize),
}

/// Something that is wrong in one of the dumps or both: places in [`Report::findings`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FindingChange {
    /// In the earlier dump; none where it is new.
    pub before: Option<usize>,
    /// In the later one; none where it is gone.
    pub now: Option<usize>,
}

/// The locks that are wanted. One is the same when its kind and class are, and, where several of a
/// class are wanted, its holder, else most of its waiters: addresses move with each collection.
pub(super) fn locks(
    before: &Side<'_>,
    now: &Side<'_>,
    same: &HashMap<usize, usize>,
) -> Vec<LockChange> {
    let (then, after) = (&before.report.locks.wanted, &now.report.locks.wanted);
    let mut places: HashMap<(Kind, &str), Vec<usize>> = HashMap::new();
    for (place, wanted) in then.iter().enumerate() {
        let key = (wanted.kind, &*wanted.lock.class);
        places.entry(key).or_default().push(place);
    }
    let mut changes = Vec::with_capacity(after.len());
    for (place, wanted) in after.iter().enumerate() {
        let left = places.entry((wanted.kind, &wanted.lock.class)).or_default();
        let found = left
            .iter()
            .map(|place| (likeness(before, &then[*place], (now, wanted), same), *place))
            .max_by_key(|(likeness, place)| (*likeness, Reverse(*place)))
            .filter(|((is_held, waiters), _)| left.len() == 1 || *is_held || *waiters > 0);
        let earlier = found.map(|(_, place)| place);
        left.retain(|place| Some(*place) != earlier);
        let has_other_owner =
            earlier.is_some_and(|earlier| holder(before, &then[earlier]) != holder(now, wanted));
        changes.push(LockChange {
            before: earlier,
            now: Some(place),
            has_other_owner,
        });
    }
    let mut gone: Vec<usize> = places.into_values().flatten().collect();
    gone.sort_unstable();
    changes.extend(gone.into_iter().map(|place| LockChange {
        before: Some(place),
        now: None,
        has_other_owner: false,
    }));
    changes
}

/// Whether a lock has the same holder in both, and how many wait for it in both.
fn likeness(
    before: &Side<'_>,
    then: &Wanted,
    (now, wanted): (&Side<'_>, &Wanted),
    same: &HashMap<usize, usize>,
) -> (bool, usize) {
    let held = holder(before, then).zip(holder(now, wanted));
    let waits = wanted.waiters.iter().filter(|waiter| {
        let earlier = same.get(waiter);
        earlier.is_some_and(|earlier| then.waiters.contains(earlier))
    });
    (held.is_some_and(|(then, now)| then == now), waits.count())
}

/// The groups of another size, those that grew or shrank most first.
pub(super) fn groups(before: &Side<'_>, now: &Side<'_>) -> Vec<GroupChange> {
    let mut then: HashMap<(State, &Arc<Stack>), usize> = HashMap::new();
    for (place, group) in before.report.groups.iter().enumerate() {
        then.insert((group.state, &group.stack), place);
    }
    let size = |report: &Report, place: usize| report.groups[place].threads.len();
    let mut changes = Vec::new();
    for (place, group) in now.report.groups.iter().enumerate() {
        let earlier = then.remove(&(group.state, &group.stack));
        let was = earlier.map_or(0, |earlier| size(before.report, earlier));
        changes.push(GroupChange {
            before: earlier,
            now: Some(place),
            counts: (was, group.threads.len()),
        });
    }
    changes.extend(then.into_values().map(|earlier| GroupChange {
        before: Some(earlier),
        now: None,
        counts: (size(before.report, earlier), 0),
    }));
    changes.retain(|change| change.counts.0 != change.counts.1);
    changes.sort_by_key(|change| {
        let by = change.counts.0.abs_diff(change.counts.1);
        (Reverse(by), change.now.is_none(), change.now, change.before)
    });
    changes
}

/// The findings: new ones first, then those that stayed, then those that are gone.
pub(super) fn findings(before: &Report, now: &Report) -> Vec<FindingChange> {
    let mut then: Vec<_> = before.findings.iter().map(about).map(Some).collect();
    let mut all = Vec::with_capacity(now.findings.len());
    for (place, finding) in now.findings.iter().enumerate() {
        let wanted = Some(about(finding));
        let earlier = then.iter().position(|about| *about == wanted);
        if let Some(earlier) = earlier {
            then[earlier] = None;
        }
        all.push(FindingChange {
            before: earlier,
            now: Some(place),
        });
    }
    all.sort_by_key(|change| change.before.is_some());
    let gone = then.iter().enumerate().filter(|(_, about)| about.is_some());
    all.extend(gone.map(|(place, _)| FindingChange {
        before: Some(place),
        now: None,
    }));
    all
}
