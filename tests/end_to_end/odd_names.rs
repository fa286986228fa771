//! Whatever a file is called, that file is meant: by every command that writes one, and by every
//! one that reads it.

use crate::support::command::{AFTERIMAGE, Ran, finish};
use crate::support::files::{DONE, captured};
use crate::support::host::{folder, names};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

/// What a database, a URI or a shell would take for something else, and what is no UTF-8.
fn odd() -> Vec<OsString> {
    let plain = [
        "file:uri.out",
        "file:zz?mode=memory",
        "file::memory:",
        ":memory:",
        "a?b#c%41&d e'f\"g",
        // In a folder that a link leads to.
        "linked/in",
    ];
    let no_utf8 = b"cp\xff.out".to_vec();
    let odd = plain.into_iter().map(OsString::from);
    odd.chain([OsString::from_vec(no_utf8)]).collect()
}

/// Runs it there, so that a name stays as it is.
fn run_in(folder: &Path, args: &[&OsStr]) -> Ran {
    finish(Command::new(AFTERIMAGE).current_dir(folder).args(args))
}

#[test]
fn every_command_writes_and_reads_the_file_of_that_name() {
    let (from, good) = captured();
    let good = fs::canonicalize(&good).unwrap();
    let word = OsStr::new;
    for command in ["copy", "clip", "salvage", "record"] {
        for name in odd() {
            let (folder, elsewhere) = (folder(), folder());
            let here = folder.path();
            symlink(elsewhere.path(), here.join("linked")).unwrap();
            let of = good.as_os_str();
            let (socket, lasts) = (word("socket"), word("200ms"));
            let ran = match command {
                "copy" => run_in(here, &[word("copy"), of, &name]),
                "clip" => run_in(here, &[word("clip"), of, word("-o"), &name]),
                "salvage" => run_in(here, &[word("salvage"), of, &name]),
                _ => {
                    let record = [word("record"), word("-o"), &name, word("--duration")];
                    let more = [lasts, word("-i"), word("50ms"), word("--socket"), socket];
                    run_in(here, &[&record[..], &more].concat())
                }
            };
            assert_eq!(ran.code, DONE, "{command} {name:?}: {}", ran.stderr);
            let mode = fs::metadata(here.join(&name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{command} {name:?}: {mode:o}");
            let mut there = names(here);
            there.extend(names(elsewhere.path()));
            assert_eq!(there.len(), 2, "{command} {name:?} left {there:?}");
            let checked = run_in(here, &[word("check"), &name]);
            assert_eq!(checked.code, DONE, "{name:?}: {}", checked.stderr);
        }
    }
    assert_eq!(names(from.path()).len(), 1, "something was left there");
}
