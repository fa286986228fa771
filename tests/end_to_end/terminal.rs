//! What is seen of a recording on a terminal, and that a terminal can neither hold it up nor end
//! it.

use crate::support::clock::wait_for;
use crate::support::command::{AFTERIMAGE, info};
use crate::support::host::{folder, has, skip};
use crate::support::process::Guarded;
use crate::support::{capture, host};
use rustix::fs::OFlags;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::Signal;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a live line begins with: back to the first column, and clear.
const ANEW: &str = "\r\u{1b}[K";

#[test]
fn the_live_line_never_wraps_and_the_last_one_says_how_it_ended() {
    if !has("script") {
        return skip("no `script`, which makes a terminal");
    }
    for columns in [160_usize, 80, 40] {
        let folder = folder();
        let record = format!(
            "stty cols {columns}; exec {AFTERIMAGE} record -i 100ms --duration 2s --socket {0}/s -o {0}/a",
            folder.path().display()
        );
        let typed = folder.path().join("typed");
        let mut command = Command::new("script");
        command.args(["-qec", &record]).arg(&typed);
        command.env("TERM", "xterm").stdin(Stdio::null());
        let ended = Guarded::spawn(command.stdout(Stdio::null()).stderr(Stdio::null())).wait();
        assert_eq!(ended, 0);
        let seen = std::fs::read_to_string(typed).unwrap();
        let drawn = seen.split(ANEW).skip(1).map(|line| {
            let end = line.find(['\r', '\n']).unwrap_or(line.len());
            (&line[..end], end == line.len())
        });
        let live: Vec<&str> = drawn
            .filter(|(_, live)| *live)
            .map(|(line, _)| line)
            .collect();
        assert!(live.len() > 5, "{columns}: {seen:?}");
        for line in live {
            assert!(line.chars().count() < columns, "{columns}: {line:?}");
            assert!(line.contains(" ticks, "), "{columns}: {line:?}");
        }
        let last = seen
            .lines()
            .rfind(|line| line.contains("ended (duration): "));
        assert!(
            last.is_some_and(|line| line.contains(" missed, ")),
            "{seen:?}"
        );
    }
}

/// As after Ctrl-S, or when the connection of an ssh hangs.
#[test]
fn a_terminal_that_takes_nothing_does_not_hold_up_a_recording() {
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let (_reader, full) = full_pipe();
    let mut command = Command::new(AFTERIMAGE);
    command.args(["record", "-i", "100ms", "--duration", "120s", "--socket"]);
    command
        .arg(folder.path().join("socket"))
        .arg("-o")
        .arg(&file);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let mut recorder = Guarded::spawn(command.stderr(Stdio::from(full)));
    wait_for_ticks(&mut recorder, &file, 5);
    recorder.signal(Signal::TERM);
    assert_eq!(recorder.wait(), 0);
    assert_eq!(info(&file)["clean_end"], true);
    assert_eq!(host::names(folder.path()), [Path::new("host.afterimage")]);
}

/// A pipe into which nothing more goes.
fn full_pipe() -> (rustix::fd::OwnedFd, rustix::fd::OwnedFd) {
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).unwrap();
    rustix::fs::fcntl_setfl(&writer, OFlags::NONBLOCK).unwrap();
    while rustix::io::write(&writer, &[b'x'; 4096]).is_ok() {}
    rustix::fs::fcntl_setfl(&writer, OFlags::empty()).unwrap();
    (reader, writer)
}

#[track_caller]
fn wait_for_ticks(recorder: &mut Guarded, file: &Path, ticks: u64) {
    wait_for("ticks", || {
        assert!(recorder.is_running(), "it has ended");
        (capture::last_tick(file) >= ticks).then_some(())
    });
}
