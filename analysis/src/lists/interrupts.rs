//! Interrupts, hard and soft: how often each comes, the busiest first.

use super::{Column, Field, Line, List, ListId};
use crate::machine::{Absent, Before, Measure, rise};
use crate::rate::Step;
use afterimage_format::sample::{Interrupt, Sample};

/// The columns of [`interrupts`].
pub(super) const INTERRUPTS: [Column; 4] = [
    Column::text("name", "Interrupt"),
    Column::figure("per_second", "per second", Measure::PerSecond),
    Column::figure("total", "Since boot", Measure::Count),
    Column::words("description", "Whose it is"),
];

/// The columns of [`soft_interrupts`]: the kernel says nothing more of them than their names.
pub(super) const SOFT: [Column; 3] = [
    Column::text("name", "Soft interrupt"),
    Column::figure("per_second", "per second", Measure::PerSecond),
    Column::figure("total", "Since boot", Measure::Count),
];

/// Soft interrupts that are explained, by the kernel's names.
pub(super) const KNOWN: [(&str, &str); 10] = [
    ("HI", "soft-interrupt.HI"),
    ("TIMER", "soft-interrupt.TIMER"),
    ("NET_TX", "soft-interrupt.NET_TX"),
    ("NET_RX", "soft-interrupt.NET_RX"),
    ("BLOCK", "soft-interrupt.BLOCK"),
    ("IRQ_POLL", "soft-interrupt.IRQ_POLL"),
    ("TASKLET", "soft-interrupt.TASKLET"),
    ("SCHED", "soft-interrupt.SCHED"),
    ("HRTIMER", "soft-interrupt.HRTIMER"),
    ("RCU", "soft-interrupt.RCU"),
];

/// Interrupts of devices and of CPUs among each other.
pub fn interrupts(now: &Sample, step: Option<&Step<'_>>) -> List {
    ListId::Interrupts.list(lines(now, step, "irq:"), NONE)
}

/// Work that interrupts left for later.
pub fn soft_interrupts(now: &Sample, step: Option<&Step<'_>>) -> List {
    ListId::SoftInterrupts.list(lines(now, step, "softirq:"), NONE)
}

const NONE: &str = "Interrupts were not recorded at this moment.";

fn lines(now: &Sample, step: Option<&Step<'_>>, kind: &str) -> Vec<Line> {
    let before = Before(step);
    let own = now.interrupts.iter().enumerate();
    let own =
        own.filter_map(|(place, (name, row))| Some((place, name, name.strip_prefix(kind)?, row)));
    let mut lines: Vec<Line> = own
        .map(|(place, whole, name, row)| {
            let then = earlier(step, whole, place).map(|then| then.total);
            let rate = before.per_second(rise(then, row.total));
            let mut fields = vec![
                Field::word(name),
                Field::value(rate),
                Field::count(row.total),
            ];
            if kind == "irq:" {
                fields.push(match &row.description {
                    Ok(words) => Field::bytes(words),
                    Err(_none) => Field::Empty,
                });
            }
            let mut known = KNOWN.iter();
            let known = known.find(|(known, _)| kind != "irq:" && *known == name);
            Line {
                fields,
                meaning: known.map(|(_, meaning)| *meaning),
                ..Line::default()
            }
        })
        .collect();
    let number = |line: &Line, place: usize| line.fields[place].number().unwrap_or(-1.0);
    lines.sort_by(|a, b| {
        let rate = number(b, 1).total_cmp(&number(a, 1));
        rate.then_with(|| number(b, 2).total_cmp(&number(a, 2)))
    });
    lines
}

/// The same one at the sample before. Rows mostly keep their place.
fn earlier<'a>(step: Option<&Step<'a>>, name: &str, place: usize) -> Result<&'a Interrupt, Absent> {
    let rows = &step.ok_or(Absent::NoStep)?.before.interrupts;
    let same = rows.get(place).filter(|(known, _)| **known == *name);
    let found = same.or_else(|| rows.iter().find(|(known, _)| **known == *name));
    found.map(|(_, row)| row).ok_or(Absent::New)
}
