//! What is mounted, and what is left of it.
//!
//! Asking a file system for its space may take for ever: its server is gone, or its program
//! stopped. So an [`Asker`] asks on a thread of its own, round by round. Here each round is given
//! out at a tick and taken in at the next one; where one stays out, the mount that it is at does
//! not answer, its thread is left behind, and another goes on with the others.

mod asker;

use super::mountinfo::{Mount, one_of_each};
use super::{ProcRoot, RowSource};
use crate::rows::NamedRows;
use afterimage_format::facts::Event;
use afterimage_format::group::{FileSystemField, Group};
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::tick::Tick;
use afterimage_format::time::{Seq, WallTime};
use asker::{Asker, News, Space};

/// No more events are written at one tick: a host may mount hundreds at once.
const MOST_EVENTS: usize = 64;

/// A file system, and what it said last.
#[derive(Debug)]
struct Known {
    mount: Mount,
    space: Reading<Space>,
    /// The tick at which it was asked for that.
    asked: Reading<Seq>,
}

/// The mounts, and the way to whoever asks them.
#[derive(Debug)]
pub(crate) struct FileSystems {
    rows: NamedRows,
    asker: Asker,
    /// Every mount, once the list was read.
    mounts: Option<Vec<Mount>>,
    /// One of each file system.
    known: Vec<Known>,
    events: Vec<Event>,
}

impl FileSystems {
    pub(crate) fn new(root: &ProcRoot) -> Self {
        Self {
            rows: NamedRows::new(Group::FileSystem),
            asker: Asker::new(root),
            mounts: None,
            known: Vec::new(),
            events: Vec::new(),
        }
    }

    fn take(
        &mut self,
        news: News,
        wall: WallTime,
        note: &mut dyn FnMut(&'static str, Reading<()>),
    ) {
        match news {
            News::Mounts(Ok(mounts)) => {
                note("self/mountinfo", Ok(()));
                self.say_what_changed(&mounts, wall);
                self.renew(&mounts);
                self.mounts = Some(mounts);
            }
            News::Mounts(Err(missing)) => note("self/mountinfo", Err(missing)),
            News::Space { asked, all } => {
                for (id, space) in all {
                    if let Some(known) = self.known.iter_mut().find(|known| known.mount.id == id) {
                        (known.space, known.asked) = (space, Ok(asked));
                    }
                }
            }
            News::Blocked { id: None, .. } => note("self/mountinfo", Err(Missing::Blocked)),
            News::Blocked {
                id: Some(id),
                since,
            } => {
                let Some(known) = self.known.iter_mut().find(|known| known.mount.id == id) else {
                    return;
                };
                (known.space, known.asked) = (Err(Missing::Blocked), Ok(since));
                let words = words(&known.mount, "does not answer");
                self.say("mount-blocked", words, wall);
            }
            News::Back { id } => {
                if let Some(known) = self.known.iter().find(|known| known.mount.id == id) {
                    let words = words(&known.mount, "answers again");
                    self.say("mount-answers", words, wall);
                }
            }
        }
    }

    /// What is no longer mounted goes, what is new has said nothing yet.
    fn renew(&mut self, mounts: &[Mount]) {
        let mut before = std::mem::take(&mut self.known);
        let known = one_of_each(mounts).into_iter().map(|mount| {
            let place = before.iter().position(|known| known.mount.id == mount.id);
            let before = place.map(|place| before.swap_remove(place));
            let said = before.map(|known| (known.space, known.asked));
            let (space, asked) = said.unwrap_or((Err(Missing::NotRead), Err(Missing::NotRead)));
            Known {
                mount,
                space,
                asked,
            }
        });
        self.known = known.collect();
    }

    /// What appeared, what went, and what may be written to no more or again.
    fn say_what_changed(&mut self, now: &[Mount], wall: WallTime) {
        let Some(before) = self.mounts.take() else {
            return;
        };
        for gone in before.iter().filter(|mount| !has(now, mount)) {
            self.say("unmount", words(gone, "is not mounted any more"), wall);
        }
        for mount in now {
            match before.iter().find(|known| is_same(known, mount)) {
                None => self.say("mount", words(mount, "is mounted"), wall),
                Some(known) if known.is_read_only != mount.is_read_only => {
                    let turned = if mount.is_read_only {
                        "is read-only now"
                    } else {
                        "may be written to again"
                    };
                    self.say("remount", words(mount, turned), wall);
                }
                Some(_) => {}
            }
        }
        let more = self.events.len().saturating_sub(MOST_EVENTS);
        if more > 0 {
            self.events.truncate(MOST_EVENTS);
            let words = format!("{more} more mounts came or went at once");
            self.say("mount", words, wall);
        }
    }

    /// Whether all that were asked have answered.
    fn state(&self) -> Reading<()> {
        let blocked = |known: &Known| known.space == Err(Missing::Blocked);
        if self.known.iter().any(blocked) {
            Err(Missing::Blocked)
        } else {
            Ok(())
        }
    }

    fn say(&mut self, kind: &str, text: String, wall: WallTime) {
        let kind = kind.to_owned();
        self.events.push(Event { wall, kind, text });
    }
}

/// A number may be given to another mount once the first is gone.
fn is_same(a: &Mount, b: &Mount) -> bool {
    a.id == b.id && a.point == b.point
}

fn has(mounts: &[Mount], mount: &Mount) -> bool {
    mounts.iter().any(|known| is_same(known, mount))
}

/// `/srv is mounted (ext4 /dev/sda1 rw,relatime)`.
fn words(mount: &Mount, what: &str) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (point, kind) = (text(&mount.point), text(&mount.kind));
    let (source, options) = (text(&mount.source), text(&mount.options));
    format!("{point} {what} ({kind} {source} {options})")
}

impl RowSource for FileSystems {
    fn collect(
        &mut self,
        _root: &ProcRoot,
        tick: &mut Tick,
        note: &mut dyn FnMut(&'static str, Reading<()>),
    ) {
        let (now, wall) = (tick.times.began.monotonic, tick.times.began.wall);
        while let Some(news) = self.asker.heard(now) {
            self.take(news, wall, note);
        }
        let asks = self.asker.ask(tick.times.seq);
        if let Err(missing) = asks {
            // Too many threads are stuck: what is known grows old, and none of it is said.
            for known in self.known.iter_mut().filter(|known| known.space.is_ok()) {
                known.space = Err(missing);
            }
        }
        if self.mounts.is_some() {
            note("statvfs", asks.and(self.state()));
        }
        for known in &self.known {
            put(self.rows.row(tick, &*known.mount.point), known, tick);
        }
        self.rows.end_unseen(tick);
    }

    fn forget(&mut self) {
        self.rows.forget();
    }

    fn events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }
}

fn put(row: &mut crate::rows::Cells, known: &Known, tick: &mut Tick) {
    use FileSystemField as F;
    row.text(tick, F::Device.column(), Ok(&known.mount.source));
    row.text(tick, F::Type.column(), Ok(&known.mount.kind));
    let space =
        |pick: fn(&Space) -> u64| known.space.as_ref().map(pick).map_err(|missing| *missing);
    row.count(tick, F::Total.column(), space(|space| space.total));
    row.count(tick, F::Free.column(), space(|space| space.free));
    row.count(tick, F::Available.column(), space(|space| space.available));
    row.count(tick, F::Inodes.column(), space(|space| space.inodes));
    row.count(
        tick,
        F::InodesFree.column(),
        space(|space| space.inodes_free),
    );
    row.count(tick, F::Flags.column(), space(|space| space.flags));
    row.count(tick, F::ReadAt.column(), known.asked.map(|seq| seq.0));
}

#[cfg(test)]
mod tests;
