//! Who holds what, and what each thread cannot go on without, line by line of its stack.

use super::Kind;
use crate::dumps::frame;
use crate::dumps::model::{Dump, How, Lock, LockUse, State, Thread};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Who holds what, as the dump says.
#[derive(Debug, Default)]
pub(super) struct Owners {
    /// Whoever has a lock, by its id.
    pub(super) locks: HashMap<Arc<str>, usize>,
    /// Who runs the initialization of a class.
    pub(super) classes: HashMap<Arc<str>, usize>,
    numbers: HashMap<u64, usize>,
}

impl Owners {
    /// Whom the line itself names.
    pub(super) fn named(&self, used: &LockUse) -> Option<usize> {
        self.numbers.get(&used.owner?).copied()
    }
}

/// Those of a dump.
pub(super) fn owners(dump: &Dump) -> Owners {
    let mut owners = Owners::default();
    let mut names: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, thread) in dump.threads.iter().enumerate() {
        names.entry(&thread.name).or_default().push(place);
        if let Some(number) = thread.number {
            owners.numbers.entry(number).or_insert(place);
        }
        for used in &thread.locks {
            let Some(lock) = &used.lock else { continue };
            let has_it = match used.how {
                How::Owns => true,
                How::Locked => !gives_up(thread, lock),
                _ => false,
            };
            if has_it {
                owners.locks.entry(lock.id.clone()).or_insert(place);
            }
        }
        for frame in thread.stack.frames() {
            if !frame.contains(".<clinit>") {
                continue;
            }
            if let Some(class) = frame::method(frame).strip_suffix(".<clinit>") {
                owners.classes.entry(class.into()).or_insert(place);
            }
        }
    }
    for reported in dump.reported.iter().flatten() {
        let (Some(lock), Some(holder)) = (&reported.lock, &reported.holder) else {
            continue;
        };
        if let Some([only]) = names.get(&**holder).map(Vec::as_slice) {
            owners.locks.entry(lock.id.clone()).or_insert(*only);
        }
    }
    owners
}

/// Whether a thread does not have a monitor although a line further out says that it locked it: who
/// waits on one gives it up.
fn gives_up(thread: &Thread, lock: &Lock) -> bool {
    let waits = |used: &&LockUse| {
        matches!(
            used.how,
            How::WaitingOn | How::Relocking | How::WaitingToLock
        )
    };
    let mut waiting = thread.locks.iter().filter(waits);
    waiting.any(|used| used.lock.as_ref().is_some_and(|other| other.id == lock.id))
}

/// What a thread cannot go on without.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Want<'t> {
    This(&'t LockUse, &'t Lock, Kind),
    /// JDK 8 to 16 do not name the class.
    SomeClass,
}

/// What a thread waits for.
pub(super) fn want<'t>(thread: &'t Thread, owners: &Owners) -> Option<Want<'t>> {
    for used in &thread.locks {
        let kind = match used.how {
            How::WaitingToLock if used.lock.as_ref().is_some_and(is_of_go) => Kind::Synchronizer,
            How::WaitingToLock => Kind::Monitor,
            // Of who was notified. JDK 8 has only the first of them, and JDK 11 has the second of who
            // was not, too.
            How::WaitingOn | How::Relocking if thread.state == State::Blocked => Kind::Monitor,
            How::ClassInitialization => Kind::ClassInitialization,
            How::Parking => Kind::Synchronizer,
            _ => continue,
        };
        let lock = used.lock.as_ref()?;
        let is_lock = kind != Kind::Synchronizer
            || is_of_go(lock)
            || is_exclusive(&lock.class)
            || used.owner.is_some()
            || owners.locks.contains_key(&lock.id);
        return is_lock.then_some(Want::This(used, lock, kind));
    }
    let waits_inside = thread.state == State::Runnable && &*thread.status == "in Object.wait()";
    let is_own = thread
        .top()
        .is_some_and(|top| frame::method(top) == "java.lang.Object.wait");
    (waits_inside && !is_own).then_some(Want::SomeClass)
}

fn is_of_go(lock: &Lock) -> bool {
    lock.class.starts_with("sync.")
}

/// Whether somebody must hold it when others wait for it. That nobody holds a condition, a latch or
/// a queue is as it should be.
fn is_exclusive(class: &str) -> bool {
    let is_sync = class.contains("Lock$") && class.ends_with("Sync");
    is_sync || class.ends_with(".StampedLock")
}
