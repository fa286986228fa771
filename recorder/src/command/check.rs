//! `afterimage check`: every frame and every row, verified, and what is damaged named with its
//! time.

use super::DAMAGED;
use super::output::print_text;
use super::sound::{self, in_words};
use crate::cli::{Format, InfoArgs};
use afterimage_analysis::escape::Escaped;
use afterimage_analysis::zone::Zone;
use afterimage_format::capture::error::CaptureError;
use afterimage_format::capture::{Capture, Checked};
use afterimage_format::time::WallTime;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

pub(super) fn run(args: &InfoArgs) -> anyhow::Result<ExitCode> {
    let checked = sound::read(&args.file, |mut capture| {
        let report = Report::make(&mut capture, args.utc)?;
        if args.json || args.format == Format::Json {
            print_text(&format!("{:#}\n", report.json()))?;
        } else {
            print_text(&report.text(&args.file.display().to_string())?)?;
        }
        Ok(if report.is_sound() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(DAMAGED)
        })
    });
    match checked.map_err(anyhow::Error::downcast::<CaptureError>) {
        Ok(code) => Ok(code),
        Err(Ok(error)) if error.is_damage() => {
            let words = in_words(&error);
            drop(writeln!(
                std::io::stderr(),
                "afterimage: {words}, and nothing sound could be read from it"
            ));
            Ok(ExitCode::from(DAMAGED))
        }
        Err(Ok(error)) => Err(error.into()),
        Err(Err(error)) => Err(error),
    }
}

/// From when to when, as far as that is known.
type Time = (Option<WallTime>, Option<WallTime>);

struct Report {
    zone: Zone,
    checked: Checked,
    /// Table, row, what is wrong, when.
    damaged: Vec<(&'static str, i64, String, Time)>,
    /// Why the file cannot be read as it is, if so, and what is lost of it.
    refused: Option<String>,
    lost: Vec<(String, Time)>,
}

impl Report {
    fn make(capture: &mut Capture, utc: bool) -> anyhow::Result<Self> {
        let checked = capture.check()?;
        let (_, host) = capture.host()?;
        let zone = if utc {
            Zone::utc()
        } else {
            Zone::from_capture(host.timezone.as_deref(), host.utc_offset_seconds)
        };
        let mut damaged = Vec::new();
        for damage in capture.damage().to_vec() {
            let time = capture.time_of(&damage)?;
            damaged.push((damage.table, damage.row, damage.fault.to_string(), time));
        }
        let rescue = capture.rescue();
        let losses = rescue
            .into_iter()
            .flat_map(|rescue| &rescue.salvaged.losses);
        Ok(Self {
            zone,
            checked,
            damaged,
            refused: rescue.map(|rescue| in_words(&rescue.reason)),
            lost: losses
                .map(|loss| (loss.what.clone(), (loss.from, loss.to)))
                .collect(),
        })
    }

    fn is_sound(&self) -> bool {
        self.damaged.is_empty() && self.checked.structure.is_empty() && self.refused.is_none()
    }

    fn json(&self) -> Value {
        let time = |at: Option<WallTime>| at.map(|at| self.zone.rfc3339(at));
        let damaged = self.damaged.iter().map(|(table, row, fault, (from, to))| {
            json!({ "table": table, "row": row, "fault": fault, "from": time(*from), "to": time(*to) })
        });
        let lost = self.lost.iter().map(
            |(what, (from, to))| json!({ "what": what, "from": time(*from), "to": time(*to) }),
        );
        json!({
            "frames": self.checked.frames,
            "rows": self.checked.rows,
            "damaged": damaged.collect::<Vec<_>>(),
            "structure": self.checked.structure,
            "refused": self.refused,
            "lost": lost.collect::<Vec<_>>(),
        })
    }

    fn text(&self, file: &str) -> anyhow::Result<String> {
        let Checked {
            frames,
            rows,
            structure,
        } = &self.checked;
        let mut text = String::new();
        let count = self.damaged.len() + structure.len();
        if let Some(refused) = &self.refused {
            let file = Escaped(file.as_bytes()).to_string();
            writeln!(text, "{refused}")?;
            writeln!(text, "{frames} frames and {rows} rows of it are sound")?;
            for (what, time) in &self.lost {
                writeln!(text, "lost: {what}{}", self.when(*time))?;
            }
            writeln!(
                text,
                "`afterimage salvage {file} NEW` makes a sound capture of what is left"
            )?;
        } else {
            writeln!(
                text,
                "{frames} frames and {rows} rows checked, {count} damaged"
            )?;
        }
        for (table, row, fault, time) in &self.damaged {
            writeln!(text, "{table} {row}: {fault}{}", self.when(*time))?;
        }
        for finding in structure {
            writeln!(text, "database: {}", Escaped(finding.as_bytes()))?;
        }
        Ok(text)
    }

    fn when(&self, time: Time) -> String {
        let say = |at| self.zone.rfc3339(at);
        match time {
            (Some(from), Some(to)) => format!(", {} to {}", say(from), say(to)),
            (Some(from), None) => format!(", after {}", say(from)),
            (None, Some(to)) => format!(", before {}", say(to)),
            (None, None) => String::new(),
        }
    }
}
