//! `afterimage dump`: has the running recorder take thread dumps, and prints how they went.

use super::live::socket;
use super::output::print_text;
use crate::cli::{DumpArgs, HelperArgs};
use crate::control::ask_for_lines;
use crate::dumps::{self, Request};
use afterimage_analysis::escape::Escaped;
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::units::Ticks;
use serde_json::Value;
use std::process::ExitCode;
use std::time::Duration;

/// A virtual machine that hangs is waited for some minutes by the recorder, and others after it.
const PATIENCE: Duration = Duration::from_mins(6);

pub(super) fn run(args: &DumpArgs) -> anyhow::Result<ExitCode> {
    let socket = socket(&args.socket)?;
    let (mut all_given, mut any) = (true, false);
    let mut every = Vec::new();
    let request = format!("dump {}", args.whom);
    ask_for_lines(&socket, &request, PATIENCE, |line| {
        if line.get("pid").is_none() {
            return Ok(());
        }
        any = true;
        let status = line["status"].as_str().unwrap_or_default();
        all_given &= matches!(status, "ok" | "late" | "truncated") && line["kind"] != "kernel";
        if args.json {
            every.push(line);
            return Ok(());
        }
        Ok(print_text(&told(&line))?)
    })?;
    if args.json {
        print_text(&format!("{:#}\n", Value::Array(every)))?;
    } else if !any {
        print_text("there is no Java virtual machine here\n")?;
    }
    Ok(ExitCode::from(u8::from(!all_given)))
}

/// A line for people.
fn told(line: &Value) -> String {
    let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let bytes = line["bytes"].as_u64();
    let pause = line["pause_ms"].as_f64();
    let parts = [
        format!("{} {}: {}", line["pid"], text("comm"), text("status")),
        bytes.map_or_else(String::new, |bytes| format!(", {bytes} bytes")),
        format!(" after {:.0} ms", line["took_ms"].as_f64().unwrap_or(0.0)),
        pause.map_or_else(String::new, |pause| {
            format!(", it stood still for {pause:.1} ms")
        }),
        match text("detail") {
            detail if detail.is_empty() => detail,
            detail => format!(": {detail}"),
        },
    ];
    format!("{}\n", Escaped(parts.concat().as_bytes()))
}

/// The process that asks.
pub(super) fn helper(args: &HelperArgs) -> ExitCode {
    dumps::run_helper(Request {
        key: ProcessKey {
            pid: Pid(args.pid),
            started: Ticks(args.started),
        },
        feature: args
            .feature
            .as_deref()
            .and_then(|version| version.parse().ok()),
    })
}
