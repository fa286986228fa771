//! A process chooses its own name and arguments. They are recorded as they are, and nothing
//! that is printed obeys them.

use crate::support::capture::samples;
use crate::support::command::{ok, rows};
use crate::support::host::folder;
use crate::support::process::{Guarded, StandIn};
use crate::support::recorder::Recorder;
use afterimage_format::sample::Process;
use afterimage_format::units::Bytes;
use serde_json::Value;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;

/// Names of programs, at most 15 bytes: what a parser, a terminal or a table trips over.
const NAMES: [&str; 6] = [
    "a) R 1 (",
    "new\nline",
    "\u{1b}[31mred",
    "\u{1b}]52;c;ZQ==\u{7}",
    "x\u{202e}drow",
    "=1+2",
];
/// Fifteen bytes that are no UTF-8.
const NO_UTF8: &[u8] = b"\xff\xfe\xc3(";
/// Each argument is below the kernel's 128 KiB; in all they are 1.6 MB.
const LONG_ARGUMENT: usize = 100_000;
const LONG_ARGUMENTS: usize = 16;
/// What is kept of a command line.
const KEPT: usize = 4096;

struct Recorded {
    folder: tempfile::TempDir,
    processes: Vec<Guarded>,
}

impl Recorded {
    /// Records these beside everything else on the machine.
    fn of(start: impl FnOnce(&Path) -> Vec<Guarded>) -> Self {
        let folder = folder();
        let processes = start(folder.path());
        let own = Self { folder, processes };
        let args = ["-i", "200ms", "--budget-cpu", "100"];
        let mut recorder = Recorder::start(&own.file(), &args);
        recorder.wait_until_seen(&own.processes);
        recorder.wait_for_more(1);
        recorder.stop();
        own
    }

    fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("host.afterimage")
    }

    /// The process as it was stored last, with its bytes.
    fn stored(&self, which: usize) -> Process {
        let pid = self.processes[which].pid();
        let last = samples(&self.file()).pop().unwrap();
        let found = last
            .processes
            .into_iter()
            .find(|process| i64::from(process.key.pid.0) == pid);
        found.unwrap_or_else(|| panic!("{pid} was not recorded"))
    }

    fn row(&self, which: usize) -> Value {
        let pid = self.processes[which].pid();
        let rows = rows("ps", &self.file(), &[]);
        let found = rows.into_iter().find(|row| row["pid"] == pid);
        found.unwrap_or_else(|| panic!("{pid} is not printed"))
    }
}

#[test]
fn hostile_names_are_recorded_byte_for_byte_and_printed_harmless() {
    let start = |folder: &Path| {
        let names = NAMES.iter().map(|name| OsString::from(*name));
        let names = names.chain([OsString::from_vec(NO_UTF8.to_vec())]);
        let start = |name: OsString| {
            StandIn::new("")
                .named(folder, &name)
                .args(["one", "", "\u{1b}[2J\nx"])
                .start()
        };
        names.map(start).collect()
    };
    let recorded = Recorded::of(start);
    let names = NAMES.iter().map(|name| name.as_bytes()).chain([NO_UTF8]);
    for (which, name) in names.enumerate() {
        let stored = recorded.stored(which);
        assert_eq!(stored.comm.as_deref(), Ok(name));
        assert_eq!(
            stored.ppid.unwrap().0,
            i32::try_from(std::process::id()).unwrap()
        );
        assert_eq!(stored.state.unwrap().letter(), 'S', "{name:?}");
        assert_eq!(stored.threads, Ok(1), "{name:?}");
        let line = stored.command_line.unwrap();
        assert!(line.starts_with(name), "{line:?}");
    }
    let row = recorded.row(0);
    assert_eq!(row["comm"], "a) R 1 (");
    assert_eq!((&row["state"], &row["threads"]), (&"S".into(), &1.into()));
    assert_eq!(recorded.row(1)["comm"], "new\nline");
    let last = NAMES.len();
    assert_eq!(recorded.row(last)["comm"], "\\xff\\xfe\\xc3(");
    prints_one_harmless_line_a_process(&recorded);
}

fn prints_one_harmless_line_a_process(recorded: &Recorded) {
    let file = recorded.file();
    let ticks = samples(&file);
    let lines = ticks.last().unwrap().processes.len() + 1;
    for more in [
        &[][..],
        &["--tree"],
        &["--format", "csv"],
        &["--columns", "pid,comm"],
        &["--sort", "comm"],
    ] {
        let mut args = vec![OsStr::new("ps"), file.as_os_str()];
        args.extend(more.iter().map(OsStr::new));
        let text = ok(&args).text();
        assert_eq!(text.lines().count(), lines, "{more:?}");
        let unsafe_one = text.chars().find(|c| {
            c.is_control() && *c != '\n'
                || matches!(*c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        });
        assert_eq!(unsafe_one, None, "{more:?}");
        let is_csv = more.contains(&"csv");
        assert!(
            !is_csv || !text.contains(",=1+2,"),
            "a spreadsheet would run it"
        );
    }
}

#[test]
fn invalid_utf8_in_arguments_is_kept() {
    let argument = OsString::from_vec(b"caf\xe9=\xff\xfe".to_vec());
    let recorded = Recorded::of(|_| vec![StandIn::new("").arg0("prog").args([argument]).start()]);
    let stored = recorded.stored(0);
    let line = stored.command_line.unwrap();
    assert!(
        line.starts_with(b"prog") && line.ends_with(b"caf\xe9=\xff\xfe"),
        "{line:?}"
    );
    assert_eq!(recorded.row(0)["cmdline"], "prog caf\\xe9=\\xff\\xfe");
}

#[test]
fn a_command_line_of_megabytes_is_cut_and_its_length_kept() {
    let arguments = (0..LONG_ARGUMENTS).map(|_| "x".repeat(LONG_ARGUMENT));
    let recorded = Recorded::of(|_| vec![StandIn::new("").arg0("long").args(arguments).start()]);
    let stored = recorded.stored(0);
    let line = stored.command_line.unwrap();
    assert!(
        line.len() <= KEPT && line.len() > KEPT / 2,
        "{}",
        line.len()
    );
    let length = "long".len() + 1 + LONG_ARGUMENTS * (LONG_ARGUMENT + 1);
    assert_eq!(stored.command_length, Ok(Bytes(length as u64)));
    let shown = recorded.row(0)["cmdline"].as_str().unwrap().len();
    assert!(shown <= KEPT, "{shown}");
    let size = std::fs::metadata(recorded.file()).unwrap().len();
    assert!(size < 2 << 20, "{size}");
}
