//! A dump as text, findings first, and its threads as CSV.

use super::DumpsView;
use crate::data::dumps::ReadDump;
use crate::display::escape::escaped;
use crate::state::table::export::CopyAs;
use afterimage_analysis::dumps::frame;
use afterimage_analysis::escape::csv_field;
use std::fmt::Write as _;

/// The dump that is loaded; nothing without one that could be read.
pub(crate) fn export(view: &DumpsView, how: CopyAs) -> String {
    let Some(read) = view.read() else {
        return String::new();
    };
    match how {
        CopyAs::Text => findings(read) + &threads(read),
        CopyAs::Csv => csv(read),
    }
}

fn findings(read: &ReadDump) -> String {
    let mut out = String::new();
    for finding in &read.report.findings {
        // Writing to a `String` cannot fail.
        let _infallible = writeln!(
            out,
            "{}: {}",
            finding.severity.name(),
            escaped(&finding.summary)
        );
        for party in &finding.suspects {
            let reasons = party.reasons.join("; ");
            let _infallible = writeln!(out, "    {} {}", escaped(&party.name), escaped(&reasons));
        }
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// For each thread its state, whom it waits for, its CPU, and where it is.
fn rows(read: &ReadDump) -> impl Iterator<Item = [String; 5]> {
    read.dump.threads.iter().enumerate().map(|(place, thread)| {
        let holder = read.report.locks.waits_for_thread(place);
        let holder = holder.map(|holder| read.dump.threads[holder].called());
        let cpu = read
            .cpu_share(place)
            .map(|share| format!("{:.1}", share * 100.0));
        let at = frame::telling(thread).map(frame::short);
        [
            thread.called(),
            thread.state.name().to_owned(),
            cpu.unwrap_or_default(),
            holder.unwrap_or_default(),
            at.unwrap_or_default(),
        ]
    })
}

fn threads(read: &ReadDump) -> String {
    let line = |[name, state, cpu, holder, at]: [String; 5]| {
        let cpu = if cpu.is_empty() {
            "—".to_owned()
        } else {
            cpu
        };
        let holder = if holder.is_empty() {
            String::new()
        } else {
            format!("waits for {holder}, ")
        };
        let words = format!("{state:<14} {cpu:>6} %  {name}  {holder}{at}");
        escaped(words.trim_end()) + "\n"
    };
    rows(read).map(line).collect()
}

fn csv(read: &ReadDump) -> String {
    let head = "thread,state,cpu_percent,waits_for,at\n".to_owned();
    let line = |fields: [String; 5]| {
        let fields = fields.map(|field| csv_field(field.as_bytes()));
        fields.join(",") + "\n"
    };
    head + &rows(read).map(line).collect::<String>()
}
