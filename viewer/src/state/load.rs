//! The page of the load: what tasks are grouped by, and the load over the time in view.

use crate::command::Request;
use crate::data::LoadData;
use crate::data::load::{LoadMoment, LoadQuestion};
use crate::data::worker::{Generation, Job};
use crate::display::escape::escaped;
use crate::state::Document;
use crate::state::table::export::CopyAs;
use crate::state::tabs::Tab;
use crate::time_axis::Span;
use afterimage_analysis::escape::csv_field;
use afterimage_analysis::load::{By, name_words, wait_words};
use afterimage_format::time::WallTime;
use std::fmt::Write as _;
use std::sync::Arc;

/// At most so many columns are asked for: each is a sample that is read.
const COLUMNS: usize = 240;

/// How the load is shown.
#[derive(Debug, Clone, Default)]
pub struct LoadView {
    /// What tasks are grouped by.
    pub by: By,
    /// The load over time, once it is loaded.
    pub data: Option<Arc<LoadData>>,
    /// The number of the newest question, while the answer is owed.
    pub owed: Option<Generation>,
    asked: Option<Asked>,
}

/// For what the load was asked last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asked {
    by: By,
    span: Span,
    view_micros: i64,
    end: WallTime,
}

impl Asked {
    /// Whether this is as good in `view` as what `other` would bring.
    fn fits(&self, other: &Self, view: Span) -> bool {
        let covers = self.span.contains(view.from) && self.span.contains(view.to);
        let zoom = other.view_micros as f64 / self.view_micros.max(1) as f64;
        let piece = other.view_micros / i64::try_from(COLUMNS).unwrap_or(i64::MAX);
        let grown = other.end.0.saturating_sub(self.end.0);
        let is_seen = self.end <= view.to && grown >= piece.max(1_000_000);
        self.by == other.by && covers && (0.7..=1.4).contains(&zoom) && !is_seen
    }
}

impl LoadView {
    pub(crate) fn received(&mut self, generation: Generation, data: Arc<LoadData>) {
        if self.owed == Some(generation) {
            self.owed = None;
        }
        if data.by == self.by {
            self.data = Some(data);
        }
    }

    /// No answer will come.
    pub(crate) fn failed(&mut self) {
        (self.owed, self.asked) = (None, None);
    }
}

impl Document {
    /// Asks for the load over the time in view while its page is shown, unless it is there.
    pub(crate) fn want_load(&mut self) -> Vec<Request> {
        if self.tab != Tab::Load || self.facts().is_none() || self.time.width == 0 {
            return vec![];
        }
        let view = self.time.view;
        let asking = Asked {
            by: self.load.by,
            span: self.time.folds.change(view, |view| view.widened(0.25)),
            view_micros: view.micros(),
            end: self.time.capture.to,
        };
        if self
            .load
            .asked
            .is_some_and(|asked| asked.fits(&asking, view))
        {
            return vec![];
        }
        let generation = self.next_generation();
        (self.load.asked, self.load.owed) = (Some(asking), Some(generation));
        let question = LoadQuestion {
            by: asking.by,
            from: asking.span.from,
            to: asking.span.to,
            most: COLUMNS,
        };
        let job = Job::Load {
            generation,
            question,
        };
        vec![Request::Ask(self.id, job)]
    }
}

/// The groups of a moment as text or as CSV.
pub fn export(moment: &LoadMoment, by: By, how: CopyAs) -> String {
    let mut out = match how {
        CopyAs::Text => String::new(),
        CopyAs::Csv => "name,pid,tasks,running,uninterruptible,wchan\n".to_owned(),
    };
    for group in moment.by(by) {
        let pid = group.process.map(|key| key.pid.0.to_string());
        let pid = pid.unwrap_or_default();
        let waiting = group.waiting.first();
        // Writing to a `String` cannot fail.
        let _infallible = match how {
            CopyAs::Text => {
                let words = waiting.map_or(String::new(), wait_words);
                let name = escaped(&name_words(&group.name));
                let (running, stuck) = (group.running, group.uninterruptible);
                writeln!(
                    out,
                    "{:>5} {running:>5} R {stuck:>5} D  {pid:>7} {name:<16} {words}",
                    group.tasks()
                )
            }
            CopyAs::Csv => {
                let field = |text: Option<&[u8]>| text.map_or(String::new(), csv_field);
                let name = field(group.name.text());
                let wchan = field(waiting.and_then(|waiting| waiting.wchan.as_deref()));
                let (running, stuck) = (group.running, group.uninterruptible);
                writeln!(
                    out,
                    "{name},{pid},{},{running},{stuck},{wchan}",
                    group.tasks()
                )
            }
        };
    }
    out
}
