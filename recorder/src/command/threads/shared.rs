//! Lines about threads, of which those of one pool that say the same are one.

use super::safe;
use afterimage_analysis::dumps::groups::pool_name;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

/// So many lines are shown.
const MOST_LINES: usize = 25;

/// What is said, of whom, and the CPU that they used together where it is known of all.
pub(super) struct Line {
    said: String,
    names: Vec<String>,
    cpu: Option<Duration>,
}

/// Lines that say the same of threads of one pool, as one: what they say, and of whom.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) lines: Vec<Line>,
    places: HashMap<(String, String), usize>,
}

impl Shared {
    pub(super) fn add(&mut self, said: String, name: &str) {
        let next = self.lines.len();
        let key = (said, pool_name(name));
        let place = *self.places.entry(key.clone()).or_insert(next);
        if place == next {
            self.lines.push(Line {
                said: key.0,
                names: Vec::new(),
                cpu: None,
            });
        }
        self.lines[place].names.push(name.to_owned());
    }

    /// The same with CPU, of which the line tells the sum.
    pub(super) fn add_with_cpu(&mut self, said: String, name: &str, cpu: Option<Duration>) {
        let place = self.places.get(&(said.clone(), pool_name(name)));
        let before = place.map_or(Some(Duration::ZERO), |place| self.lines[*place].cpu);
        let place = place.copied().unwrap_or(self.lines.len());
        self.add(said, name);
        self.lines[place].cpu = before.zip(cpu).map(|(before, cpu)| before + cpu);
    }

    /// Writes them with a column of CPU before each.
    pub(super) fn write_with_cpu(&mut self, text: &mut String) {
        for line in &mut self.lines {
            let cpu = line
                .cpu
                .map(|cpu| format!("{:.1}", cpu.as_secs_f64() * 1e3));
            let cpu = cpu.unwrap_or_else(|| "-".to_owned());
            line.said = format!("{cpu:>10}  {}", line.said);
        }
        self.write(text);
    }

    /// Writes them, each with whom it is about behind it.
    pub(super) fn write(&self, text: &mut String) {
        for line in self.lines.iter().take(MOST_LINES) {
            let (said, names) = (&line.said, &line.names);
            let who = match names.as_slice() {
                [only] => safe(only),
                [first, ..] => format!("{} ({} threads)", safe(&pool_name(first)), names.len()),
                [] => String::new(),
            };
            let _infallible = writeln!(text, "{said}  {who}");
        }
        if self.lines.len() > MOST_LINES {
            let more = self.lines.len() - MOST_LINES;
            let _infallible = writeln!(text, "... and {more} more lines (--format json)");
        }
    }
}
