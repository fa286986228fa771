//! Who may hold a lock that the dump gives no holder of.

use super::Wanted;
use crate::dumps::frame;
use crate::dumps::model::Dump;
use std::collections::HashMap;

/// So many threads are looked at for who might hold a lock.
const MOST_LOOKED_AT: usize = 1000;

/// Where methods and classes are on the stacks.
#[derive(Debug, Default)]
pub(super) struct Places<'d> {
    methods: HashMap<&'d str, Vec<usize>>,
    classes: HashMap<&'d str, Vec<usize>>,
}

impl<'d> Places<'d> {
    /// Those of a dump.
    pub(super) fn of(dump: &'d Dump) -> Self {
        let mut places = Self::default();
        for (place, thread) in dump.threads.iter().enumerate() {
            for frame in thread
                .stack
                .frames()
                .filter(|frame| !frame::is_runtime(frame))
            {
                for (map, name) in [
                    (&mut places.methods, frame::method(frame)),
                    (&mut places.classes, frame::class(frame)),
                ] {
                    let at = map.entry(name).or_default();
                    if at.last() != Some(&place) {
                        at.push(place);
                    }
                }
            }
        }
        places
    }
}

/// The one thread that is in the code from which the others want the lock, and does not want it.
pub(super) fn guess(
    wanted: &Wanted,
    (dump, waits_for): (&Dump, &[Option<usize>]),
    places: &Places<'_>,
) -> Option<usize> {
    let first = *wanted.waiters.first()?;
    let wants = waits_for.get(first).copied().flatten();
    let mut frames = dump.threads.get(first)?.stack.frames();
    let from = frames.find(|frame| !frame::is_runtime(frame))?;
    let only = |at: Option<&Vec<usize>>| {
        let others = at?.iter().filter(|place| waits_for[**place] != wants);
        let others = others.take(MOST_LOOKED_AT);
        let mut others = others.filter(|place| !frame::is_idle(&dump.threads[**place]));
        match (others.next(), others.next()) {
            (Some(one), None) => Some(Some(*one)),
            (None, _) => Some(None),
            _ => None,
        }
    };
    match only(places.methods.get(frame::method(from))) {
        Some(Some(one)) => Some(one),
        Some(None) => only(places.classes.get(frame::class(from))).flatten(),
        None => None,
    }
}
