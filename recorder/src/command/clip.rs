//! `afterimage clip`: a range of a capture as a capture of its own.

use super::destination::{self, refuse_existing};
use super::{DAMAGED, Opened, sound, stretch};
use crate::cli::ClipArgs;
use crate::clock;
use afterimage_format::capture::{Damage, Made, Maker};
use afterimage_format::facts::Gap;
use std::io::Write as _;
use std::process::ExitCode;

/// What the note begins with that a clip carries.
pub(super) const NOTE: &str = "clipped from";

pub(super) fn run(args: &ClipArgs) -> anyhow::Result<ExitCode> {
    refuse_existing(&args.output)?;
    sound::read(&args.file, |capture| {
        clip(args, Opened::of(capture, false)?)
    })
}

fn clip(args: &ClipArgs, mut opened: Opened) -> anyhow::Result<ExitCode> {
    let (first, last) = stretch::between(&mut opened, args.from.as_ref(), args.to.as_ref())?;
    let mut at = |seq| -> anyhow::Result<String> {
        let wall = opened.capture.wall_of(seq)?;
        Ok(wall.map_or_else(|| "?".to_owned(), |wall| opened.zone.rfc3339(wall)))
    };
    let (from, to) = (at(first)?, at(last)?);
    let name = args.file.file_name().unwrap_or_default().display();
    let note = format!(
        "{NOTE} {name}: ticks {} to {}, {from} to {to}",
        first.0, last.0
    );
    let bytes = opened.capture.data_bytes()?;
    let clipped = destination::write(&args.output, bytes, |to| {
        let range = (first, last);
        Ok(opened.capture.clip(range, to, (&maker(), &note))?)
    });
    let damage = opened.capture.damage();
    if clipped.is_err() {
        say_damage(damage, &[]);
    }
    let mut made = clipped?;
    // What a salvage had lost before is lost of the clip as well.
    if let Some(rescue) = opened.capture.rescue() {
        let before = rescue.salvaged.made.lost.iter();
        let is_in_range = |gap: &&Gap| gap.after.0 + gap.missed >= first.0 && gap.after < last;
        made.lost.extend(before.filter(is_in_range).cloned());
    }
    Ok(exit(damage, &made))
}

/// Who makes a capture: this program, now.
pub(super) fn maker() -> Maker {
    Maker {
        now: clock::now().wall,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// Lists what was lost; the exit code says whether anything was.
pub(super) fn exit(damage: &[Damage], made: &Made) -> ExitCode {
    if damage.is_empty() && made.lost.is_empty() {
        return ExitCode::SUCCESS;
    }
    let lost = made.lost.iter().map(|gap| {
        let first = gap.after.0 + 1;
        format!("lost: {} ticks from tick {first} on", gap.missed)
    });
    say_damage(damage, &lost.collect::<Vec<_>>());
    ExitCode::from(DAMAGED)
}

/// Damage is said beside what was made, as it is no output.
fn say_damage(damage: &[Damage], lost: &[String]) {
    let damage = damage
        .iter()
        .map(|damage| format!("damaged: {} {}: {}", damage.table, damage.row, damage.fault));
    for line in damage.chain(lost.iter().cloned()) {
        // Where standard error is closed the exit code still tells.
        drop(writeln!(std::io::stderr(), "{line}"));
    }
}
