//! Threads: those in state D always, those of chosen processes with `--threads-of`.

use crate::support::capture::{last_sample, samples};
use crate::support::clock::wait_for;
use crate::support::command::{AFTERIMAGE, finish, info, rows};
use crate::support::host::{folder, has, is_root, skip};
use crate::support::process::{Guarded, StandIn};
use crate::support::recorder::Recorder;
use afterimage_format::process::Pid;
use afterimage_format::reading::Missing;
use afterimage_format::sample::{State, Task, Why};
use afterimage_format::units::Ticks;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

mod live;

/// `stat` with 14: utime, 15: stime, 12: majflt, 20: threads, 22: start, 39: CPU.
fn stat(pid: i32, name: &str, state: char, threads: u32) -> String {
    format!(
        "{pid} ({name}) {state} 1 7 7 0 -1 4194304 50 0 3 0 150 60 0 0 20 0 {threads} 0 100{pid} 104857600 2560 \
         18446744073709551615 1 1 0 0 0 0 0 4096 0 1 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
    )
}

fn write(root: &Path, name: &str, text: &str) {
    let file = root.join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

/// Process 7 has the threads 7 (asleep) and 70 (in D, of which everything is told), process 8 one
/// thread in D, of which nothing more is told than that; process 9 two threads that sleep.
fn fake() -> TempDir {
    let folder = folder();
    let root = folder.path();
    write(root, "stat", "cpu  1 2 3 4\nprocs_blocked 0\n");
    for (pid, name, state, threads) in [
        (7, "server", 'S', 2),
        (8, "stuck", 'D', 1),
        (9, "asleep", 'S', 2),
    ] {
        let text = stat(pid, name, state, threads);
        write(root, &format!("{pid}/stat"), &text);
        write(root, &format!("{pid}/task/{pid}/stat"), &text);
        write(root, &format!("{pid}/schedstat"), "2000000000 1000000 30\n");
    }
    write(root, "9/task/90/stat", &stat(90, "sleeper", 'S', 2));
    for (name, text) in [
        ("stat", stat(70, "wal writer", 'D', 2).as_str()),
        ("schedstat", "5000000 7000000 9\n"),
        (
            "status",
            "Name:\tx\nvoluntary_ctxt_switches:\t5\nnonvoluntary_ctxt_switches:\t6\n",
        ),
        ("wchan", "folio_wait_bit_common"),
        ("syscall", "74 0x5 0x0 0x0 0x0 0x0 0x0 0x7ffe10 0x7fab20\n"),
        (
            "stack",
            "[<0>] folio_wait_bit_common+0x13d/0x350\n[<0>] do_fsync+0x3a/0x60\n",
        ),
    ] {
        write(root, &format!("7/task/70/{name}"), text);
    }
    folder
}

fn recorded(root: &Path, args: &[&str]) -> (TempDir, Vec<Task>, Value) {
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let proc_root = ["--proc-root", root.to_str().unwrap(), "-i", "100ms"];
    // Budget enough to leave nothing out.
    let args = [&proc_root[..], &["--budget-cpu", "100"], args].concat();
    let ended = Recorder::start_for(&file, "1s", &args).wait();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let sample = samples(&file).pop().unwrap();
    let info = info(&file);
    (folder, sample.tasks.unwrap(), info)
}

fn of_tid(tasks: &[Task], tid: i32) -> &Task {
    let found = tasks.iter().find(|task| task.key.pid.0 == tid);
    found.expect("it was recorded")
}

fn tids(tasks: &[Task]) -> Vec<i32> {
    tasks.iter().map(|task| task.key.pid.0).collect()
}

#[test]
fn a_thread_in_d_is_found_behind_a_leader_that_sleeps_with_all_that_its_files_say() {
    let root = fake();
    let (_folder, tasks, _) = recorded(root.path(), &[]);
    // Those with most threads are there too.
    assert_eq!(tids(&tasks), [7, 8, 9, 70, 90]);
    assert_eq!(of_tid(&tasks, 90).why, Ok(Why::BUSIEST));
    assert_eq!(of_tid(&tasks, 8).why, Ok(Why::UNINTERRUPTIBLE));
    let writer = of_tid(&tasks, 70);
    assert_eq!(writer.process, Ok(Pid(7)));
    assert_eq!(writer.key.started, Ticks(10070));
    let texts = [
        &writer.comm,
        &writer.wchan,
        &writer.stack,
        &writer.syscall_arguments,
    ];
    let texts = texts.map(|text| String::from_utf8(text.as_ref().unwrap().to_vec()).unwrap());
    let arguments = "0x5 0x0 0x0 0x0 0x0 0x0 0x7ffe10 0x7fab20";
    let wchan = "folio_wait_bit_common";
    let stack = "folio_wait_bit_common\ndo_fsync";
    assert_eq!(texts, ["wal writer", wchan, stack, arguments]);
    assert_eq!(writer.syscall, Ok(74));
    assert_eq!(writer.state.map(State::letter), Ok('D'));
    assert_eq!(
        (writer.user_time, writer.system_time),
        (Ok(Ticks(150)), Ok(Ticks(60)))
    );
    assert_eq!((writer.major_faults, writer.processor), (Ok(3), Ok(1)));
    let (run, wait) = (Duration::from_millis(5), Duration::from_millis(7));
    assert_eq!((writer.run, writer.wait), (Ok(run), Ok(wait)));
    let switches = (writer.voluntary_switches, writer.involuntary_switches);
    assert_eq!(switches, (Ok(5), Ok(6)));
    let both = Why(Why::UNINTERRUPTIBLE.0 | Why::BUSIEST.0);
    assert_eq!(writer.why, Ok(both));
}

#[test]
fn what_a_thread_does_not_tell_is_absent_and_the_source_says_so() {
    let root = fake();
    let (_folder, tasks, info) = recorded(root.path(), &[]);
    let stuck = of_tid(&tasks, 8);
    let absent = Err(Missing::NotSupported);
    assert_eq!((stuck.syscall, stuck.voluntary_switches), (absent, absent));
    for text in [&stuck.wchan, &stuck.stack, &stuck.syscall_arguments] {
        assert_eq!(*text, Err(Missing::NotSupported));
    }
    assert_eq!(stuck.run, Err(Missing::NotSupported));
    for name in ["PID/syscall", "PID/stack"] {
        let mut sources = info["sources"].as_array().unwrap().iter();
        let source = sources.find(|source| source["name"] == name);
        assert_eq!(source.unwrap()["state"], "absent", "{name}");
    }
}

#[test]
fn threads_that_were_asked_for_are_recorded_by_name_and_by_pid() {
    let root = fake();
    let more = ["--threads-of", "server", "--threads-of", "9"];
    let (_folder, tasks, _) = recorded(root.path(), &more);
    assert_eq!(tids(&tasks), [7, 8, 9, 70, 90]);
    let why = |tid| of_tid(&tasks, tid).why.unwrap();
    assert!(why(7).contains(Why::ASKED_FOR) && why(90).contains(Why::ASKED_FOR));
    assert!(why(70).contains(Why::ASKED_FOR) && why(70).contains(Why::UNINTERRUPTIBLE));
    assert!(!why(8).contains(Why::ASKED_FOR));
}

/// A process in D, whose child waits until this FIFO has a writer.
struct Waiting {
    parent: Guarded,
    fifo: PathBuf,
    /// Open from when they may go on until both are gone.
    writer: Option<fs::File>,
}

impl Waiting {
    fn let_go(&mut self) {
        // Opened for both, it waits for nobody.
        let file = fs::File::options().read(true).write(true).open(&self.fifo);
        self.writer = file.ok();
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // Before the guard kills the parent, which as long as it is in D cannot end.
        self.let_go();
    }
}

/// What `waits` says of a process at the end so far.
fn waits_of(file: &Path, pid: i64) -> Vec<Value> {
    let mut rows = rows("waits", file, &[]);
    rows.retain(|row| row["pid"] == pid);
    rows
}

/// The child opens a FIFO before it becomes another program, and as long as nobody writes to
/// that, its parent, which called `posix_spawn(3)`, waits in D.
#[test]
fn a_parent_that_waits_for_its_vforked_child_is_seen_with_what_it_waits_in() {
    if !has("python3") {
        return skip("there is no python3 here");
    }
    let folder = folder();
    let fifo = folder.path().join("fifo");
    let made = Command::new("mkfifo").arg(&fifo).status();
    assert!(made.unwrap().success());
    let script = "import os, sys\nopen_it = (os.POSIX_SPAWN_OPEN, 0, sys.argv[1], os.O_RDONLY, 0)\n\
        os.waitpid(os.posix_spawn('/bin/true', ['true'], {}, file_actions=[open_it]), 0)";
    let mut command = Command::new("python3");
    // What outlives a test that is killed must not keep its output open.
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut waiting = Waiting {
        parent: Guarded::spawn(command.args(["-c", script]).arg(&fifo)),
        fifo,
        writer: None,
    };
    let file = folder.path().join("host.afterimage");
    let mut recorder = Recorder::start(&file, &["-i", "200ms", "--budget-cpu", "100"]);
    let seen = wait_for("the parent in D", || {
        assert!(recorder.is_running(), "{}", recorder.said());
        let mut tasks = last_sample(&file)?.tasks.ok()?.into_iter();
        tasks.find(|task| i64::from(task.key.pid.0) == waiting.parent.pid() && task.wchan.is_ok())
    });
    recorder.wait_for_more(2);
    let said = waits_of(&file, waiting.parent.pid());
    waiting.let_go();
    assert_eq!(waiting.parent.wait(), 0);
    recorder.stop();
    let row = said.last().expect("it still waits");
    assert_eq!(row["kind"], "uninterruptible", "{row:#}");
    assert_eq!(row["state"], "D", "{row:#}");
    assert!(row["seconds"].as_f64().unwrap() > 0.0, "{row:#}");
    let sentence = row["sentence"].as_str().unwrap();
    assert!(sentence.contains("child"), "{row:#}");
    // On a busy machine it may have waited for a CPU before.
    assert!(seen.why.unwrap().contains(Why::UNINTERRUPTIBLE), "{seen:?}");
    assert_eq!(seen.state.map(State::letter), Ok('D'));
    assert_eq!(seen.comm.as_deref(), Ok(&b"python3"[..]));
}
