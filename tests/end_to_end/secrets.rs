//! Secrets in command lines: none is in a capture, in no table and no frame, and none printed.
//! That they would be without redaction is shown too, or the test would prove nothing.

use crate::support::capture::samples;
use crate::support::command::ok;
use crate::support::host::folder;
use crate::support::process::{Guarded, StandIn};
use crate::support::recorder::Recorder;
use afterimage_format::sample::Process;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use std::ffi::OsStr;
use std::path::Path;

/// Program and arguments; `{}` stands for the secret.
const PLANTED: [&[&str]; 20] = [
    &["mysql", "-uroot", "-p{}", "shop"],
    &["mysqldump", "--password={}", "--all-databases"],
    &["tool", "--password", "{}", "--verbose"],
    &["tool", "--api-key={}"],
    &["tool", "--auth-token", "{}"],
    &["psql", "postgresql://app:{}@db.example:5432/shop"],
    &["curl", "-u", "admin:{}", "https://example.net/"],
    &[
        "curl",
        "-H",
        "Authorization: Bearer {}",
        "https://example.net/",
    ],
    &[
        "curl",
        "-H",
        "Authorization: Basic {}",
        "https://example.net/",
    ],
    &["curl", "--header", "X-Api-Key: {}", "https://example.net/"],
    &["git", "clone", "https://deploy:{}@example.net/a.git"],
    &["redis-cli", "-a", "{}", "PING"],
    &["env", "AWS_SECRET_ACCESS_KEY={}", "aws", "s3", "ls"],
    &["env", "PGPASSWORD={}", "psql"],
    &["env", "GITHUB_TOKEN={}", "gh", "pr", "list"],
    &["sshpass", "-p", "{}", "ssh", "host"],
    &[
        "java",
        "-Djavax.net.ssl.keyStorePassword={}",
        "-jar",
        "app.jar",
    ],
    &[
        "tool",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ{}.c2lnbmF0dXJlMDEyMzQ1",
    ],
    &["tool", "ghp_{}"],
    &["tool", "--config", "{\"client_secret\": \"{}\"}"],
];

/// 36 letters and digits that are nowhere else: as long as the tokens whose shape is known.
fn secret(number: usize) -> String {
    format!("Zq7{number:02}Xk4vB9tLmW2rYp8HdNs6JcFg3aQe5uM1Vx")[..36].to_owned()
}

/// What of a secret must not be found, in whatever way it was cut.
fn mark(number: usize) -> String {
    format!("q7{number:02}Xk4vB9t")
}

fn start_all(folder: &Path) -> Vec<Guarded> {
    let start = |(number, words): (usize, &&[&str])| {
        let with = secret(number);
        let args = words[1..].iter().map(|word| word.replace("{}", &with));
        StandIn::new("")
            .named(folder, OsStr::new(words[0]))
            .args(args)
            .start()
    };
    PLANTED.iter().enumerate().map(start).collect()
}

/// Which of the planted secrets a text holds.
fn found_in(text: &[u8]) -> Vec<usize> {
    let holds = |mark: &[u8]| text.windows(mark.len()).any(|part| part == mark);
    (0..PLANTED.len())
        .filter(|number| holds(mark(*number).as_bytes()))
        .collect()
}

/// Everything that can be read out of a capture, in the three ways there are.
struct Readable {
    printed: Vec<u8>,
    tables: Vec<u8>,
    frames: Vec<u8>,
}

impl Readable {
    fn with_args(level: &str) -> Self {
        let folder = folder();
        let processes = start_all(folder.path());
        let file = folder.path().join("host.afterimage");
        let args = ["-i", "200ms", "--budget-cpu", "100", "--args", level];
        let mut recorder = Recorder::start(&file, &args);
        recorder.wait_until_seen(&processes);
        recorder.wait_for_more(1);
        recorder.stop();
        drop(processes);
        Self {
            printed: printed(&file),
            tables: tables(&file),
            frames: frames(&file),
        }
    }

    fn found(&self) -> [Vec<usize>; 3] {
        [&self.printed, &self.tables, &self.frames].map(|text| found_in(text))
    }
}

fn printed(file: &Path) -> Vec<u8> {
    let formats = ["table", "json", "csv"].map(|format| {
        let words = [
            OsStr::new("ps"),
            file.as_os_str(),
            OsStr::new("--format"),
            OsStr::new(format),
        ];
        ok(&words).stdout
    });
    formats.concat()
}

/// Every value of every table as bytes.
fn tables(file: &Path) -> Vec<u8> {
    let db = Connection::open(file).unwrap();
    let mut list = db
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .unwrap();
    let tables: Vec<String> = list
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut text = Vec::new();
    for table in tables {
        let mut select = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = select.column_count();
        let mut rows = select.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for column in 0..columns {
                if let ValueRef::Text(bytes) | ValueRef::Blob(bytes) = row.get_ref(column).unwrap()
                {
                    text.extend_from_slice(bytes);
                    text.push(b'\n');
                }
            }
        }
    }
    text
}

/// Every text of every process in every decoded sample.
fn frames(file: &Path) -> Vec<u8> {
    let texts = |process: Process| {
        let Process {
            comm,
            command_line,
            cgroup,
            wchan,
            user,
            group,
            ..
        } = process;
        [comm, command_line, cgroup, wchan, user, group]
            .map(|text| text.unwrap_or_default().to_vec())
            .join(&b'\n')
    };
    let processes = samples(file)
        .into_iter()
        .flat_map(|sample| sample.processes);
    processes.map(texts).collect::<Vec<_>>().join(&b'\n')
}

#[test]
fn no_planted_secret_is_anywhere_in_a_capture() {
    let read = Readable::with_args("redact");
    let none: Vec<usize> = Vec::new();
    let [printed, tables, frames] = read.found();
    let found: Vec<&[&str]> = frames.iter().map(|number| PLANTED[*number]).collect();
    assert_eq!(
        (printed, tables, frames),
        (none.clone(), none.clone(), none),
        "{found:?}"
    );
    // What is no secret is still there.
    let text = String::from_utf8_lossy(&read.printed).into_owned();
    for kept in ["--all-databases", "db.example", "app.jar", "redacted"] {
        assert!(text.contains(kept), "{kept} was taken out too");
    }
}

#[test]
fn with_full_arguments_all_of_them_are_there() {
    let all: Vec<usize> = (0..PLANTED.len()).collect();
    let found = Readable::with_args("full").found();
    assert_eq!(found, [all.clone(), all.clone(), all]);
}

#[test]
fn with_no_arguments_only_programs_are_there() {
    let read = Readable::with_args("none");
    assert_eq!(read.found(), [const { Vec::<usize>::new() }; 3]);
    let text = String::from_utf8_lossy(&read.printed).into_owned();
    assert!(text.contains("mysqldump") && !text.contains("--all-databases"));
}
