//! The thread dumps of a capture: the list, one of them in full, and all of a process's.
//!
//! Texts are read when they are wanted and not kept. Of each dump that was read a few numbers a
//! thread stay, and of stacks each only once: a thousand dumps take some megabytes.

mod around;
mod columns;
mod grid;

use super::CaptureReplay;
use crate::data::ReplayError;
use crate::data::dumps::{CallTree, DumpContent, DumpList, DumpText, Grid, ReadDump, ThreadKey};
use afterimage_analysis::dumps::history;
use afterimage_analysis::dumps::kernel::{Kernel, Views};
use afterimage_analysis::dumps::model::{Dump, Source};
use afterimage_analysis::dumps::read_bytes;
use afterimage_analysis::dumps::report::{Around, By, Report};
use afterimage_analysis::dumps::surroundings::Surroundings;
use afterimage_format::capture::StoredDump;
use afterimage_format::kernel_view::KernelView;
use afterimage_format::time::WallTime;
use columns::Columns;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// So many dumps are kept as they were read.
const KEPT: usize = 16;
/// A thread that has not moved is followed back through so many dumps.
const LOOK_BACK: usize = 8;
/// From the end of one dump CPU is counted to the next, if it is so near.
const NEAR: Duration = Duration::from_mins(2);
/// So many dumps are read before something else may be: about 30 ms.
const AT_A_TIME: usize = 16;

/// What was read of dumps.
#[derive(Debug, Default)]
pub(super) struct Library {
    list: Option<DumpList>,
    /// Those that were read last.
    kept: VecDeque<Arc<Parsed>>,
    columns: Columns,
    /// Of which dump's process the grid was told, and with how many dumps.
    told: Option<(i64, usize)>,
}

/// A dump that was read.
#[derive(Debug)]
pub(super) struct Parsed {
    id: i64,
    /// None without a text that can be read.
    dump: Option<Arc<Dump>>,
    before: Option<KernelView>,
    after: Option<KernelView>,
    problem: Option<String>,
}

impl CaptureReplay {
    /// The dumps of the capture, in order of time. Costs a scan of their table, without the texts.
    pub(super) fn dump_list(&mut self) -> Result<DumpList, ReplayError> {
        let always = (WallTime(i64::MIN), WallTime(i64::MAX));
        let mut list = self.reader()?.thread_dumps(always.0, always.1)?;
        self.notice_damage()?;
        list.sort_by_key(|dump| (dump.facts.wall, dump.id));
        let list: DumpList = list.into();
        self.dumps.list = Some(Arc::clone(&list));
        Ok(list)
    }

    fn known_dumps(&mut self) -> Result<DumpList, ReplayError> {
        match &self.dumps.list {
            Some(list) => Ok(Arc::clone(list)),
            None => self.dump_list(),
        }
    }

    /// One dump with everything that follows from it. Costs a few milliseconds.
    pub(super) fn dump_content(&mut self, id: i64) -> Result<DumpContent, ReplayError> {
        let list = self.known_dumps()?;
        let text = self.reader()?.dump_text(id)?;
        let parsed = self.parsed(id, text.as_deref())?;
        let life = life_until(&list, id);
        let mut before = Vec::new();
        for earlier in life.iter().rev().skip(1).take(LOOK_BACK - 1).rev() {
            let earlier = self.parsed_of(earlier.id)?;
            // What the kernel alone said has other stacks: nobody would have stood still.
            if earlier.is_kernel() == parsed.is_kernel() {
                before.push(earlier);
            }
        }
        let asked = parsed.after.as_ref().or(parsed.before.as_ref());
        let is_near = |earlier: &&KernelView| {
            let since = asked.and_then(|asked| asked.at_boot.since(earlier.at_boot));
            since.is_some_and(|since| since <= NEAR)
        };
        let earlier = before.last().and_then(|earlier| earlier.after.as_ref());
        let earlier = earlier.filter(is_near);
        let Surroundings { past, host } = self.around(&parsed, &life)?;
        let views = Views {
            earlier,
            before: parsed.before.as_ref(),
            after: parsed.after.as_ref(),
            architecture: &self.whole.host.architecture,
        };
        let read = parsed.dump.as_ref().map(|dump| {
            let all = before.iter().filter_map(|earlier| earlier.dump.as_deref());
            let all: Vec<&Dump> = all.chain([&**dump]).collect();
            let around = Around {
                views,
                series: None,
                host: host.as_ref(),
                before: past.as_ref(),
            };
            read(dump, &all, around)
        });
        let kernel = if read.is_some() && !parsed.is_kernel() {
            Kernel::default()
        } else {
            Kernel::of(&Dump::new(Source::Kernel), &views)
        };
        self.notice_damage()?;
        Ok(DumpContent {
            id,
            read,
            text: text.as_deref().map(DumpText::new),
            before: parsed.before.clone(),
            after: parsed.after.clone(),
            kernel,
            problem: parsed.problem.clone(),
        })
    }

    /// The threads of a dump's process over all its dumps, as far as they are read: those around it
    /// first. Costs about 2 ms a dump that was not read yet. `None` when there is more to read and
    /// little news.
    pub(super) fn grid_of(&mut self, id: i64) -> Result<Option<Grid>, ReplayError> {
        let list = self.known_dumps()?;
        let life = life_of(&list, id);
        let here = life.iter().position(|dump| dump.id == id).unwrap_or(0);
        let mut unread: Vec<(usize, i64)> = life
            .iter()
            .enumerate()
            .filter(|(_, dump)| !self.dumps.columns.has(dump.id))
            .map(|(place, dump)| (place, dump.id))
            .collect();
        unread.sort_by_key(|(place, _)| place.abs_diff(here));
        let left = unread.len().saturating_sub(AT_A_TIME);
        unread.truncate(AT_A_TIME);
        // In the order in which they are packed beside each other.
        unread.sort_unstable();
        for (_, id) in unread {
            let parsed = self.parsed_of(id)?;
            self.dumps.columns.add(&parsed);
        }
        self.notice_damage()?;
        // Each time it is put together anew, so it is told when there is much more of it.
        let known = life.len() - left;
        let told = self.dumps.told.filter(|(of, _)| *of == id);
        if left > 0 && told.is_some_and(|(_, told)| known < told * 4) {
            return Ok(None);
        }
        self.dumps.told = (left > 0).then_some((id, known));
        Ok(Some(grid::of(&self.dumps.columns, &life)))
    }

    fn parsed_of(&mut self, id: i64) -> Result<Arc<Parsed>, ReplayError> {
        if let Some(known) = self.dumps.kept.iter().find(|known| known.id == id) {
            return Ok(Arc::clone(known));
        }
        let text = self.reader()?.dump_text(id)?;
        self.parsed(id, text.as_deref())
    }

    fn parsed(&mut self, id: i64, text: Option<&[u8]>) -> Result<Arc<Parsed>, ReplayError> {
        if let Some(known) = self.dumps.kept.iter().find(|known| known.id == id) {
            return Ok(Arc::clone(known));
        }
        let (before, after) = self.reader()?.dump_kernel(id)?;
        let (mut dump, problem) = parse(text);
        if dump.is_none()
            && let Some(view) = after.as_ref().or(before.as_ref())
        {
            dump = Some(Arc::new(self.of_kernel(id, view)?));
        }
        let parsed = Arc::new(Parsed {
            id,
            dump,
            before,
            after,
            problem,
        });
        self.dumps.kept.truncate(KEPT - 1);
        self.dumps.kept.push_front(Arc::clone(&parsed));
        Ok(parsed)
    }
}

impl Parsed {
    /// Whether it is what the kernel said, and nobody else.
    fn is_kernel(&self) -> bool {
        let dump = self.dump.as_ref();
        dump.is_some_and(|dump| dump.source == Source::Kernel)
    }
}

/// The dump in a text, and what is odd about it.
fn parse(text: Option<&[u8]>) -> (Option<Arc<Dump>>, Option<String>) {
    let Some(text) = text else {
        return (None, None);
    };
    let (_, mut found) = read_bytes(text);
    let problem = match (found.dumps.len(), found.refused) {
        (0, Some(what)) => Some(format!("The text is {what}, which cannot be read yet.")),
        (0, None) => Some("Nothing in the text is a thread dump of a known kind.".to_owned()),
        (1, _) => None,
        (many, _) => Some(format!("The text has {many} dumps: the largest is shown.")),
    };
    found.dumps.sort_by_key(|dump| dump.threads.len());
    (found.dumps.pop().map(Arc::new), problem)
}

/// What follows from a dump, the last of these of one process.
fn read(dump: &Arc<Dump>, all: &[&Dump], around: Around<'_>) -> ReadDump {
    let series = history::series(all);
    let last = all.len() - 1;
    let series = series
        .iter()
        .find(|series| series.dumps.last() == Some(&last));
    let around = Around {
        series: series.map(|series| (series, all)),
        ..around
    };
    let report = Report::of(dump, &around);
    // CPU since the begin of the threads says nothing of now.
    let by_place = report.cpu.iter().filter(|used| used.by != By::SinceStart);
    let by_place = by_place.filter_map(|used| Some((used.thread?, used.cpu)));
    let by_place: std::collections::HashMap<usize, Duration> = by_place.collect();
    let keys: Vec<Arc<ThreadKey>> = ThreadKey::all(dump).into_iter().map(Arc::new).collect();
    ReadDump {
        places: keys.iter().cloned().zip(0..).collect(),
        keys,
        tree: CallTree::of(dump, |place| {
            by_place.get(&place).copied().unwrap_or_default()
        }),
        dump: Arc::clone(dump),
        report,
    }
}

/// The dumps of the same life of the same process that have something to read, in order of time.
fn life_of<'l>(list: &'l [StoredDump], id: i64) -> Vec<&'l StoredDump> {
    let Some(wanted) = list.iter().find(|dump| dump.id == id) else {
        return vec![];
    };
    let of = |dump: &StoredDump| (dump.run, dump.facts.pid, dump.facts.started);
    let has_text = |dump: &StoredDump| dump.raw_bytes.is_some();
    let is_of_it = |dump: &&'l StoredDump| {
        let has_kernel = dump.has_kernel.0 || dump.has_kernel.1;
        let is_there = has_text(dump) || has_kernel || dump.id == id;
        // What the kernel alone said goes with every kind.
        let both_have_text = has_text(dump) && has_text(wanted);
        let is_of_kind = dump.facts.kind == wanted.facts.kind || !both_have_text;
        of(dump) == of(wanted) && is_of_kind && is_there
    };
    list.iter().filter(is_of_it).collect()
}

/// The same up to that one.
fn life_until(list: &[StoredDump], id: i64) -> Vec<&StoredDump> {
    let mut life = life_of(list, id);
    let here = life.iter().position(|dump| dump.id == id);
    life.truncate(here.map_or(0, |here| here + 1));
    life
}
