//! Threads that wait for each other in a circle, and will for ever.
//!
//! The JVM reports circles of monitors and of synchronizers itself, and what it reports is held
//! beside what is found here. Of classes that wait for each other's initialization it says nothing.

use super::frame;
use super::locks::{Holder, Kind, Locks};
use super::model::{Dump, Lock};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// One deadlock.
#[derive(Debug, Clone, PartialEq)]
pub struct Deadlock {
    /// Its threads, each of which waits for the next, the last for the first; places in
    /// [`Dump::threads`].
    pub members: Vec<usize>,
    /// What each of them waits for; none where the dump does not name it.
    pub locks: Vec<Option<Lock>>,
    /// What kinds of things those are.
    pub kinds: BTreeSet<Kind>,
    /// Whether the JVM reported it.
    pub is_reported: bool,
    /// Whether the dump does not quite prove it.
    pub is_guess: bool,
}

/// Those of a dump, with its locks.
pub fn find(dump: &Dump, locks: &Locks) -> Vec<Deadlock> {
    let mut found: Vec<Deadlock> = locks
        .circles()
        .into_iter()
        .map(|members| of_circle(members, locks))
        .collect();
    found.extend(of_unnamed_classes(dump, locks));
    let own = found.iter().enumerate();
    let own = own.map(|(at, deadlock)| {
        let names = deadlock
            .members
            .iter()
            .map(|member| &*dump.threads[*member].name);
        (names.collect::<BTreeSet<&str>>(), at)
    });
    let own: BTreeMap<BTreeSet<&str>, usize> = own.collect();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (place, thread) in dump.threads.iter().enumerate() {
        places.entry(&thread.name).or_insert(place);
    }
    for cycle in &dump.reported {
        let names: BTreeSet<&str> = cycle.iter().map(|reported| &*reported.thread).collect();
        if let Some(known) = own.get(&names) {
            found[*known].is_reported = true;
            continue;
        }
        // The JVM knows what the text does not say.
        let member = |one: &'_ super::model::Reported| places.get(&*one.thread).copied();
        let reported: Vec<_> = cycle
            .iter()
            .filter_map(|one| Some((member(one)?, one)))
            .collect();
        if !reported.is_empty() {
            found.push(Deadlock {
                members: reported.iter().map(|(member, _)| *member).collect(),
                locks: reported.iter().map(|(_, one)| one.lock.clone()).collect(),
                kinds: BTreeSet::new(),
                is_reported: true,
                is_guess: false,
            });
        }
    }
    found
}

fn of_circle(members: Vec<usize>, locks: &Locks) -> Deadlock {
    let wanted: Vec<_> = members
        .iter()
        .filter_map(|member| Some(&locks.wanted[locks.waits_for[*member]?]))
        .collect();
    Deadlock {
        locks: wanted
            .iter()
            .map(|wanted| Some(wanted.lock.clone()))
            .collect(),
        kinds: wanted.iter().map(|wanted| wanted.kind).collect(),
        is_reported: false,
        is_guess: wanted
            .iter()
            .any(|wanted| matches!(wanted.holder, Holder::Guessed(_))),
        members,
    }
}

/// Up to JDK 16 a thread that waits for the initialization of a class does not say of which. Whoever
/// runs an initialization and waits for another one can only wait for one of its kind; if nobody
/// else runs one, they wait for each other.
fn of_unnamed_classes(dump: &Dump, locks: &Locks) -> Option<Deadlock> {
    let waiting = &locks.unnamed_initializations;
    let is_initializing = |place: usize| {
        let mut frames = dump.threads[place].stack.frames();
        frames.any(|frame| frame::method(frame).ends_with(".<clinit>"))
    };
    let members: Vec<usize> = waiting
        .iter()
        .copied()
        .filter(|place| is_initializing(*place))
        .collect();
    let mut others = (0..dump.threads.len()).filter(|place| waiting.binary_search(place).is_err());
    let is_another_at_work = others.any(is_initializing);
    let members = match members.len() {
        2.. => members,
        // One that waits for a class whose parent it initializes.
        1 if waiting.len() > 1 && !is_another_at_work => waiting.clone(),
        _ => return None,
    };
    Some(Deadlock {
        locks: vec![None; members.len()],
        kinds: BTreeSet::from([Kind::ClassInitialization]),
        is_reported: false,
        is_guess: is_another_at_work || members.len() > 2,
        members,
    })
}
