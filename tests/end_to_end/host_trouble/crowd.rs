//! Processes in numbers, ended with their guard: see `crowd.c`.

use crate::support::command::finish;
use crate::support::host::{folder, has, skip};
use crate::support::process::Guarded;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use tempfile::TempDir;

const SOURCE: &str = include_str!("crowd.c");

/// They end when this goes.
#[derive(Debug)]
pub(crate) struct Crowd {
    _process: Guarded,
    _folder: TempDir,
}

impl Crowd {
    /// `None` where there is no C compiler, or the machine does not hold so many.
    #[track_caller]
    pub(crate) fn start(what: &str, number: u32) -> Option<Self> {
        if !has("cc") {
            skip("there is no C compiler");
            return None;
        }
        let folder = folder();
        let source = folder.path().join("crowd.c");
        fs::write(&source, SOURCE).expect("the folder is ours");
        let program = folder.path().join("crowd");
        let mut compiler = Command::new("cc");
        let ran = finish(compiler.arg("-O1").arg(&source).arg("-o").arg(&program));
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let mut command = Command::new(&program);
        command.args([what, &number.to_string()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Guarded::spawn(&mut command);
        let mut line = String::new();
        let read = BufReader::new(process.stdout()).read_line(&mut line);
        read.expect("a pipe can be read");
        if line != "ready\n" {
            skip(&format!(
                "this machine does not hold {number} processes more"
            ));
            return None;
        }
        Some(Self {
            _process: process,
            _folder: folder,
        })
    }
}
