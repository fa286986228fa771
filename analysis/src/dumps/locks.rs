//! Who holds what, and who waits for it.
//!
//! In: the lines about locks of all threads. Out: each lock that is waited for, with its holder and
//! its waiters, and how many wait for it in the end: for what those hold as well who wait for it.
//!
//! A thread waits for one lock at most, and a lock has one holder at most: so everything here takes
//! time in proportion to the number of threads.

mod guess;
mod owners;

use super::model::{Dump, Lock};
use guess::{Places, guess};
use owners::{Owners, Want, owners, want};
use std::collections::HashMap;
use std::sync::Arc;

/// What kind of thing is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The monitor of an object (`synchronized`).
    Monitor,
    /// A lock of `java.util.concurrent`, or a mutex of Go.
    Synchronizer,
    /// That another thread has initialized a class.
    ClassInitialization,
}

impl Kind {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Monitor => "monitor",
            Self::Synchronizer => "synchronizer",
            Self::ClassInitialization => "class initialization",
        }
    }
}

/// Who holds a lock. Threads are places in [`Dump::threads`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// The dump says so.
    Known(usize),
    /// The dump does not say; this one is in the same code, and does not wait.
    Guessed(usize),
    /// Nobody that the dump knows of.
    Unknown,
}

impl Holder {
    /// The thread, guessed or known.
    pub const fn thread(self) -> Option<usize> {
        match self {
            Self::Known(thread) | Self::Guessed(thread) => Some(thread),
            Self::Unknown => None,
        }
    }

    /// Whether it is only a guess.
    pub const fn is_guess(self) -> bool {
        matches!(self, Self::Guessed(_))
    }
}

/// A lock that is waited for.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Which.
    pub lock: Lock,
    /// What it is.
    pub kind: Kind,
    /// Who has it.
    pub holder: Holder,
    /// Who waits for it, in the order of the dump.
    pub waiters: Vec<usize>,
    /// How many cannot go on before it is given up.
    pub total: usize,
    /// Whether its holder itself waits for nobody.
    pub is_root: bool,
}

/// All locks that are waited for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Locks {
    /// They, the worst first.
    pub wanted: Vec<Wanted>,
    /// For each thread, which of them it waits for.
    pub waits_for: Vec<Option<usize>>,
    /// Threads that wait for the initialization of a class that the dump does not name.
    pub unnamed_initializations: Vec<usize>,
    /// For each thread that holds any, which of them.
    held: HashMap<usize, Vec<usize>>,
}

impl Locks {
    /// Those of a dump.
    pub fn of(dump: &Dump) -> Self {
        let owners = owners(dump);
        let mut locks = Self {
            waits_for: vec![None; dump.threads.len()],
            ..Self::default()
        };
        let mut places: HashMap<(Kind, Arc<str>), usize> = HashMap::new();
        for (place, thread) in dump.threads.iter().enumerate() {
            match want(thread, &owners) {
                None => {}
                Some(Want::SomeClass) => locks.unnamed_initializations.push(place),
                Some(Want::This(used, lock, kind)) => {
                    let next = locks.wanted.len();
                    let at = *places.entry((kind, lock.id.clone())).or_insert(next);
                    if at == next {
                        locks.wanted.push(Wanted {
                            lock: lock.clone(),
                            kind,
                            holder: Holder::Unknown,
                            waiters: Vec::new(),
                            total: 0,
                            is_root: true,
                        });
                    }
                    let wanted = &mut locks.wanted[at];
                    wanted.waiters.push(place);
                    if let Some(owner) = owners.named(used) {
                        wanted.holder = Holder::Known(owner);
                    }
                    locks.waits_for[place] = Some(at);
                }
            }
        }
        locks.find_holders(dump, &owners);
        locks.count();
        locks.sort();
        locks
    }

    fn find_holders(&mut self, dump: &Dump, owners: &Owners) {
        for wanted in &mut self.wanted {
            let known = match wanted.kind {
                Kind::ClassInitialization => owners.classes.get(&wanted.lock.id),
                _ => owners.locks.get(&wanted.lock.id),
            };
            if let Some(known) = known.filter(|known| !wanted.waiters.contains(known)) {
                wanted.holder = Holder::Known(*known);
            }
        }
        let nobody = self.wanted.iter().enumerate();
        let nobody = nobody.filter(|(_, wanted)| wanted.holder == Holder::Unknown);
        let nobody: Vec<usize> = nobody.map(|(at, _)| at).collect();
        let mut places = None;
        let initializers = self.waiters_of_initializers();
        for at in nobody {
            // A class whose own code does not run yet: its parent is initialized first, so who
            // initializes it waits for one of those who wait for it.
            let guess = if self.wanted[at].kind == Kind::ClassInitialization {
                let mut waiters = self.wanted[at].waiters.iter();
                waiters.find_map(|waiter| initializers.get(waiter).copied())
            } else {
                let places = places.get_or_insert_with(|| Places::of(dump));
                guess(&self.wanted[at], (dump, &self.waits_for), places)
            };
            if let Some(guess) = guess {
                self.wanted[at].holder = Holder::Guessed(guess);
            }
        }
    }

    /// Who waits for a class that somebody initializes: the first for each of those.
    fn waiters_of_initializers(&self) -> HashMap<usize, usize> {
        let classes = self
            .wanted
            .iter()
            .filter(|wanted| wanted.kind == Kind::ClassInitialization);
        let pairs =
            classes.filter_map(|wanted| Some((wanted.holder.thread()?, *wanted.waiters.first()?)));
        pairs.collect()
    }

    /// Who a thread waits for.
    pub fn waits_for_thread(&self, thread: usize) -> Option<usize> {
        let wanted = (*self.waits_for.get(thread)?)?;
        self.wanted[wanted].holder.thread()
    }

    /// Threads that wait for each other in a circle, each circle once.
    pub fn circles(&self) -> Vec<Vec<usize>> {
        // 0: not seen; else the number of the walk that came by.
        let mut seen = vec![0_usize; self.waits_for.len()];
        let mut circles = Vec::new();
        for start in 0..self.waits_for.len() {
            let mut at = start;
            while seen[at] == 0 {
                seen[at] = start + 1;
                let Some(next) = self.waits_for_thread(at) else {
                    break;
                };
                at = next;
                if seen[at] == start + 1 {
                    let mut circle = vec![at];
                    let mut next = self.waits_for_thread(at);
                    while let Some(member) = next.filter(|member| *member != at) {
                        circle.push(member);
                        next = self.waits_for_thread(member);
                    }
                    circles.push(circle);
                }
            }
        }
        circles
    }

    /// How many wait for each lock in the end, and whose holder waits for nobody.
    fn count(&mut self) {
        let threads = self.waits_for.len();
        let circles = self.circles();
        let mut circle_of = vec![usize::MAX; threads];
        for (number, circle) in circles.iter().enumerate() {
            for member in circle {
                circle_of[*member] = number;
            }
        }
        // Those who wait for a thread, from those for whom nobody waits up to the circles.
        let mut behind = vec![0_usize; threads];
        let mut open = vec![0_usize; threads];
        for thread in 0..threads {
            if let Some(holder) = self.waits_for_thread(thread) {
                open[holder] += 1;
            }
        }
        let mut ready: Vec<usize> = (0..threads).filter(|thread| open[*thread] == 0).collect();
        while let Some(thread) = ready.pop() {
            let Some(holder) = self.waits_for_thread(thread) else {
                continue;
            };
            behind[holder] += 1 + behind[thread];
            open[holder] -= 1;
            if open[holder] == 0 {
                ready.push(holder);
            }
        }
        let all = |circle: &Vec<usize>| {
            let hanging: usize = circle.iter().map(|member| behind[*member]).sum();
            hanging + circle.len() - 1
        };
        let of_circles: Vec<usize> = circles.iter().map(all).collect();
        for at in 0..self.wanted.len() {
            let holder = self.wanted[at].holder.thread();
            let circle = |thread: usize| of_circles.get(circle_of[thread]).copied();
            let is_in_circle = |waiter: &&usize| circle(**waiter).is_some();
            let waiters = &self.wanted[at].waiters;
            let total = match waiters.iter().find(is_in_circle) {
                Some(member) => circle(*member).unwrap_or(0),
                None => waiters.iter().map(|waiter| 1 + behind[*waiter]).sum(),
            };
            let is_root = holder.is_none_or(|holder| self.waits_for_thread(holder).is_none());
            self.wanted[at].total = total;
            self.wanted[at].is_root = is_root;
        }
    }

    /// The worst first; what more wait for, then roots, then as in the dump.
    fn sort(&mut self) {
        let mut order: Vec<usize> = (0..self.wanted.len()).collect();
        let key = |at: &usize| {
            let wanted = &self.wanted[*at];
            let weight = (wanted.total, wanted.is_root, wanted.waiters.len());
            (std::cmp::Reverse(weight), *at)
        };
        order.sort_by_key(key);
        let mut place = vec![0; order.len()];
        for (new, old) in order.iter().enumerate() {
            place[*old] = new;
        }
        let mut wanted: Vec<Option<Wanted>> = std::mem::take(&mut self.wanted)
            .into_iter()
            .map(Some)
            .collect();
        self.wanted = order.iter().filter_map(|old| wanted[*old].take()).collect();
        for at in self.waits_for.iter_mut().flatten() {
            *at = place[*at];
        }
        for (at, wanted) in self.wanted.iter().enumerate() {
            if let Some(holder) = wanted.holder.thread() {
                self.held.entry(holder).or_default().push(at);
            }
        }
    }

    /// The locks that a thread holds and others wait for.
    pub fn held_by(&self, thread: usize) -> impl Iterator<Item = &Wanted> {
        let held = self.held.get(&thread).into_iter().flatten();
        held.map(|at| &self.wanted[*at])
    }
}
