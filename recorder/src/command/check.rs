//! `afterimage check`: every frame and every row, verified.

use super::DAMAGED;
use super::output::print_text;
use crate::cli::{Format, InfoArgs};
use afterimage_format::capture::Capture;
use serde_json::json;
use std::fmt::Write as _;
use std::process::ExitCode;

pub(super) fn run(args: &InfoArgs) -> anyhow::Result<ExitCode> {
    let mut capture = Capture::open(&args.file)?;
    let checked = capture.check()?;
    let damage = capture.damage();
    if args.json || args.format == Format::Json {
        let damaged: Vec<_> = damage.iter()
            .map(|damage| json!({ "table": damage.table, "row": damage.row, "fault": damage.fault.to_string() }))
            .collect();
        let report = json!({ "frames": checked.frames, "rows": checked.rows, "damaged": damaged });
        print_text(&format!("{report:#}\n"))?;
    } else {
        let mut text = format!(
            "{} frames and {} rows checked, {} damaged\n",
            checked.frames,
            checked.rows,
            damage.len()
        );
        for damage in damage {
            writeln!(text, "{} {}: {}", damage.table, damage.row, damage.fault)?;
        }
        print_text(&text)?;
    }
    Ok(if capture.damage().is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(DAMAGED)
    })
}
