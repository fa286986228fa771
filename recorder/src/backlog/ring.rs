//! What waits to be written, in order, within a fixed amount of memory.
//!
//! The newest ticks stay as they came, for the writer that is only a moment behind; older ones are
//! packed. When the memory is used up, every second tick leaves what it says of processes to the
//! next, evenly over all that waits, and then every second of those that are left. Only when no
//! tick has any more to leave do ticks go, the oldest first: each of them is counted.

mod records;

use crate::store::Job;
use afterimage_format::capture::writer::{Options, Record};
use afterimage_format::tick::{PackedTick, Tick, TickPacker};
use std::collections::VecDeque;
use std::fmt;
use std::io;

use records::{add_lost, bytes, is_line, lines, lost, move_to_ends};

/// So many of the newest ticks are not packed.
const FRESH: usize = 8;
/// More lines of the kernel log and ends of processes than this do not wait.
const MOST_LINES: usize = 20_000;

/// Something that waits.
#[derive(Debug)]
struct Item {
    what: What,
    records: Vec<Record>,
}

#[derive(Debug)]
enum What {
    Tick(Box<Tick>),
    Packed(PackedTick),
    Nothing,
    Options(Options),
    End(String),
}

/// What was given up for want of memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct GivenUp {
    /// Ticks of which a later one says what they said of processes.
    pub(crate) thinned: u64,
    /// Ticks that are not there at all.
    pub(crate) ticks: u64,
    /// Lines of the kernel log.
    pub(crate) lines: u64,
    /// Ends of processes.
    pub(crate) exits: u64,
}

impl fmt::Display for GivenUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given_up = [
            (self.ticks, "ticks"),
            (self.thinned, "ticks without processes"),
            (self.lines, "lines of the kernel log"),
            (self.exits, "ends of processes"),
        ];
        let mut any = false;
        for (count, what) in given_up.into_iter().filter(|(count, _)| *count > 0) {
            let before = if any { ", " } else { "memory was short: " };
            let of = if what == "ticks without processes" {
                ""
            } else {
                " lost"
            };
            write!(f, "{before}{count} {what}{of}")?;
            any = true;
        }
        if any {
            Ok(())
        } else {
            f.write_str("nothing in memory was lost")
        }
    }
}

/// What waits to be written.
#[derive(Debug)]
pub(crate) struct Ring {
    items: VecDeque<Item>,
    most_bytes: usize,
    packed_bytes: usize,
    record_bytes: usize,
    lines: usize,
    ticks: usize,
    /// Where the next tick that leaves its details is looked for.
    place: usize,
    packer: TickPacker,
    given_up: GivenUp,
}

impl Ring {
    pub(crate) fn new(most_bytes: usize) -> io::Result<Self> {
        Ok(Self {
            items: VecDeque::new(),
            most_bytes,
            packed_bytes: 0,
            record_bytes: 0,
            lines: 0,
            ticks: 0,
            place: 0,
            packer: TickPacker::new()?,
            given_up: GivenUp::default(),
        })
    }

    /// How many ticks wait.
    pub(crate) fn ticks(&self) -> usize {
        self.ticks
    }

    /// What was given up since it was taken last.
    pub(crate) fn given_up(&self) -> GivenUp {
        self.given_up
    }

    /// The same, taken: from now on it is counted anew.
    pub(crate) fn take_given_up(&mut self) -> GivenUp {
        std::mem::take(&mut self.given_up)
    }

    pub(crate) fn push(&mut self, job: Job) {
        let item = self.accounted(item_from_job(job));
        self.items.push_back(item);
    }

    /// Puts back what could not be taken.
    pub(crate) fn put_back(&mut self, job: Job) {
        let item = self.accounted(item_from_job(job));
        self.items.push_front(item);
    }

    /// The next thing to write; `spare` is a tick to unpack it into.
    pub(crate) fn pop(&mut self, spare: impl FnOnce(&PackedTick) -> Box<Tick>) -> Option<Job> {
        let item = self.items.pop_front()?;
        self.place = self.place.saturating_sub(1);
        self.record_bytes -= bytes(&item.records);
        self.lines -= lines(&item.records);
        let records = item.records;
        Some(match item.what {
            What::Tick(tick) => {
                self.ticks -= 1;
                Job::Tick(tick, records)
            }
            What::Packed(packed) => {
                self.ticks -= 1;
                self.packed_bytes -= packed.bytes();
                let mut tick = spare(&packed);
                if self.packer.unpack(&packed, &mut tick).is_ok() {
                    return Some(Job::Tick(tick, records));
                }
                // It was packed by the same hand; if memory cannot be trusted, it is counted.
                self.given_up.ticks += 1;
                let gap = lost(packed.times().seq, packed.times().began.wall);
                Job::Records(records.into_iter().chain([gap]).collect())
            }
            What::Nothing => Job::Records(records),
            What::Options(options) => Job::Options(options, records),
            What::End(why) => Job::End(why),
        })
    }

    /// Packs what has waited for a while, and gives back the ticks that it came in.
    pub(crate) fn pack(&mut self, give_back: &mut dyn FnMut(Box<Tick>)) {
        let Some(old) = self.ticks.checked_sub(FRESH).filter(|old| *old > 0) else {
            return;
        };
        let mut seen = 0;
        for item in &mut self.items {
            if seen == old {
                break;
            }
            seen += usize::from(matches!(item.what, What::Tick(_) | What::Packed(_)));
            let What::Tick(tick) = &item.what else {
                continue;
            };
            // Without memory to pack it, it stays as it is.
            let Ok(packed) = self.packer.pack(tick) else {
                break;
            };
            self.packed_bytes += packed.bytes();
            if let What::Tick(tick) = std::mem::replace(&mut item.what, What::Packed(packed)) {
                give_back(tick);
            }
        }
        while self.packed_bytes + self.record_bytes > self.most_bytes && self.relieve() {}
    }

    /// The first tick that waits and says everything anew, and all after it.
    pub(crate) fn since_reset(&mut self, mut visit: impl FnMut(&Tick, &[Record])) -> bool {
        let is_reset = |item: &Item| match &item.what {
            What::Tick(tick) => tick.reset,
            What::Packed(packed) => packed.is_reset(),
            _ => false,
        };
        let Some(from) = self.items.iter().position(is_reset) else {
            return false;
        };
        for item in self.items.iter().skip(from) {
            match &item.what {
                What::Tick(tick) => visit(tick, &item.records),
                What::Packed(packed) => {
                    let mut tick = Tick::new(*packed.times());
                    if self.packer.unpack(packed, &mut tick).is_ok() {
                        visit(&tick, &item.records);
                    }
                }
                _ => {}
            }
        }
        true
    }

    /// Gives up a little; `false` when nothing is left to give up.
    fn relieve(&mut self) -> bool {
        if self.thin() {
            return true;
        }
        self.place = 0;
        self.thin() || self.drop_oldest()
    }

    /// One tick leaves its details to the next one that has some.
    fn thin(&mut self) -> bool {
        let packed = |item: &Item, has: fn(&PackedTick) -> bool| match &item.what {
            What::Packed(packed) => has(packed),
            _ => false,
        };
        let mut places = (self.place..self.items.len())
            .filter(|&at| packed(&self.items[at], PackedTick::has_details));
        let Some(one) = places.next() else {
            return false;
        };
        let Some(next) = (one + 1..self.items.len())
            .find(|&at| packed(&self.items[at], PackedTick::takes_details))
        else {
            return false;
        };
        let (front, back) = self.items.make_contiguous().split_at_mut(next);
        let (What::Packed(from), What::Packed(to)) = (&mut front[one].what, &mut back[0].what)
        else {
            return false;
        };
        let before = from.bytes() + to.bytes();
        if from.thin(to, &mut self.packer).is_err() {
            return false;
        }
        self.packed_bytes = self.packed_bytes + from.bytes() + to.bytes() - before;
        self.place = next + 1;
        self.given_up.thinned += 1;
        true
    }

    /// The oldest tick goes; the next one says what it said, and that it is missing.
    fn drop_oldest(&mut self) -> bool {
        let is_packed = |item: &Item| matches!(item.what, What::Packed(_));
        let mut places = (0..self.items.len()).filter(|&at| is_packed(&self.items[at]));
        let (Some(one), Some(next)) = (places.next(), places.next()) else {
            return false;
        };
        let item = &mut self.items[one];
        let mut records = std::mem::take(&mut item.records);
        let What::Packed(gone) = std::mem::replace(&mut item.what, What::Nothing) else {
            return false;
        };
        let What::Packed(heir) = &mut self.items[next].what else {
            return false;
        };
        let before = heir.bytes() + gone.bytes();
        if heir.fold(&gone, &mut self.packer).is_err() {
            // It cannot be told by another one: then it stays.
            self.items[one] = Item {
                what: What::Packed(gone),
                records,
            };
            return false;
        }
        self.packed_bytes = self.packed_bytes + heir.bytes() - before;
        self.record_bytes -= bytes(&records);
        self.lines -= lines(&records);
        let (seq, wall) = (gone.times().seq, gone.times().began.wall);
        let next_seq = heir.times().seq;
        add_lost(&mut records, seq, wall, heir.times().began.wall);
        let heir = &mut self.items[next];
        self.record_bytes -= bytes(&heir.records);
        self.lines -= lines(&heir.records);
        let own = std::mem::replace(&mut heir.records, records);
        heir.records.extend(own);
        move_to_ends(&mut heir.records, next_seq);
        self.record_bytes += bytes(&heir.records);
        self.lines += lines(&heir.records);
        self.items.remove(one);
        self.place = self.place.saturating_sub(1);
        self.ticks -= 1;
        self.given_up.ticks += 1;
        true
    }

    /// Counts what an item takes; lines of the kernel log, and ends of
    /// processes, beyond the limit are left out.
    fn accounted(&mut self, mut item: Item) -> Item {
        let too_many = (self.lines + lines(&item.records)).saturating_sub(MOST_LINES);
        if too_many > 0 {
            let mut left = too_many;
            item.records.retain(|record| {
                let goes = left > 0 && is_line(record);
                if goes {
                    left -= 1;
                    match record {
                        Record::Exited(_) => self.given_up.exits += 1,
                        _ => self.given_up.lines += 1,
                    }
                }
                !goes
            });
        }
        self.record_bytes += bytes(&item.records);
        self.lines += lines(&item.records);
        match &item.what {
            What::Packed(packed) => {
                self.ticks += 1;
                self.packed_bytes += packed.bytes();
            }
            What::Tick(_) => self.ticks += 1,
            _ => {}
        }
        item
    }
}

fn item_from_job(job: Job) -> Item {
    let (what, records) = match job {
        Job::Tick(tick, records) => (What::Tick(tick), records),
        Job::Records(records) => (What::Nothing, records),
        Job::Options(options, records) => (What::Options(options), records),
        Job::Again => (What::Nothing, Vec::new()),
        Job::End(why) => (What::End(why), Vec::new()),
    };
    Item { what, records }
}

#[cfg(test)]
mod tests;
