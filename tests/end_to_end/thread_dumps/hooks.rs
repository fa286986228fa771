//! `[[dump]]` in the configuration: what no virtual machine answers is asked as its runtime allows.

use super::{Dump, Recording};
use crate::support::clock::wait_for;
use crate::support::command::run;
use crate::support::host::{folder, has, skip};
use crate::support::process::{Guarded, StandIn};
use afterimage_format::thread_dump::DumpStatus;
use serde_json::Value;
use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/hooks");

/// The Go program of the fixtures under this path; nothing where it cannot be built.
pub(super) fn go_program(program: &Path) -> Option<()> {
    let cache = folder();
    let mut build = Command::new("go");
    build.args(["build", "-o"]).arg(program);
    build.arg(Path::new(FIXTURES).join("pprof.go"));
    build.env("GOCACHE", cache.path());
    build.env("GOFLAGS", "-mod=mod").env("GO111MODULE", "off");
    let is_built = has("go") && build.status().is_ok_and(|ended| ended.success());
    is_built.then_some(())
}

/// Starts a program of the fixtures, and waits until its threads are where they should be.
pub(super) fn ready(command: &mut Command) -> Guarded {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = Guarded::spawn(piped);
    let mut line = String::new();
    let read = BufReader::new(process.stdout()).read_line(&mut line);
    assert_eq!((read.unwrap(), line.as_str()), (6, "ready\n"));
    process
}

/// A hook for whatever has this in its command line.
fn hook(name: &str, cmdline: &Path, how: &str) -> String {
    format!(
        "[[dump]]\nname = {name:?}\nmatch = {{ cmdline = \"*{}*\" }}\n{how}\n",
        cmdline.display()
    )
}

/// The one dump of this process by this hook, taken because somebody asked.
#[track_caller]
fn only_one<'a>(dumps: &'a [Dump], (pid, kind): (i64, &str)) -> &'a Dump {
    let own = |dump: &&Dump| i64::from(dump.stored.facts.pid.0) == pid;
    let found: Vec<&Dump> = dumps.iter().filter(own).collect();
    let [dump] = found[..] else {
        panic!("{} dumps of it", found.len());
    };
    let facts = &dump.stored.facts;
    assert_eq!(
        (facts.kind.as_str(), facts.trigger.as_str()),
        (kind, "manual")
    );
    // What the kernel says of it goes with each.
    assert!(dump.views.0.is_some() && dump.views.1.is_some());
    dump
}

/// What `threads` says of the dump of this process, if the capture has it by now.
fn told(recording: &Recording, pid: i64) -> Option<Value> {
    let file = recording.file.as_os_str();
    let args = ["threads", "--format", "json"].map(OsStr::new);
    let told = run(&[&args[..], &[file]].concat());
    let dumps = (told.code == 0).then(|| told.json()["dumps"].clone())?;
    let mut dumps = dumps.as_array()?.iter();
    dumps.find(|dump| dump["pid"] == pid).cloned()
}

#[track_caller]
fn told_of(recording: &Recording, pid: i64) -> Value {
    wait_for("the dump to be in the capture", || told(recording, pid))
}

#[test]
fn py_spy_tells_where_the_threads_of_a_python_program_are() {
    let named = std::env::var_os("AFTERIMAGE_TEST_PY_SPY").map(PathBuf::from);
    let usual = has("py-spy").then(|| PathBuf::from("py-spy"));
    let Some(py_spy) = named.or(usual) else {
        return skip("no py-spy");
    };
    let script = Path::new(FIXTURES).join("waits.py");
    let mut python = ready(Command::new("python3").arg(&script));
    let how = format!("command = [{py_spy:?}, \"dump\", \"--json\", \"--pid\", \"{{pid}}\"]");
    let recording = Recording::with(&hook("py-spy", &script, &how));
    // There may be virtual machines on this host that do not answer.
    recording.dump("all");
    assert!(python.is_running());
    let told = told_of(&recording, python.pid());
    assert_eq!(told["total"], 5, "{told}");
    assert_eq!(told["unknown_lines"], 0, "{told}");
    let dumps = recording.dumps();
    let dump = only_one(&dumps, (python.pid(), "hook:py-spy"));
    assert!(dump.is(DumpStatus::Ok, ""), "{:?}", dump.stored.facts);
    for found in ["hold_the_lock", "want_the_lock", "waiter-2"] {
        assert!(dump.text().contains(found), "{found}: {}", dump.text());
    }
}

#[test]
fn a_page_of_pprof_tells_where_the_goroutines_of_a_go_program_are() {
    let folder = folder();
    let program = folder.path().join("pprof-under-test");
    if go_program(&program).is_none() {
        return skip("no Go program can be built");
    }
    let mut go = ready(&mut Command::new(&program));
    let how = "url = \"http://127.0.0.1:{port}/debug/pprof/goroutine?debug=2\"";
    let recording = Recording::with(&hook("pprof", &program, how));
    let ran = recording.dump(&go.pid().to_string());
    assert_eq!(ran.code, 0, "{}", ran.text());
    // SIGQUIT would have ended it.
    assert!(go.is_running());
    let told = told_of(&recording, go.pid());
    assert!(told["total"].as_u64() >= Some(5), "{told}");
    assert_eq!(told["unknown_lines"], 0, "{told}");
    let dumps = recording.dumps();
    let dump = only_one(&dumps, (go.pid(), "hook:pprof"));
    assert!(dump.is(DumpStatus::Ok, ""), "{:?}", dump.stored.facts);
    assert_eq!(dump.text().matches("main.wantTheLock").count(), 3);
    assert!(dump.text().contains("main.holdTheLock"), "{}", dump.text());
}

#[test]
fn eu_stack_tells_where_the_threads_of_any_program_are() {
    if !has("eu-stack") {
        return skip("no eu-stack");
    }
    let sleeps = StandIn::new("threads=3").start();
    let how = "command = [\"eu-stack\", \"-q\", \"-p\", \"{pid}\"]";
    let matching =
        format!("[[dump]]\nname = \"eu-stack\"\nmatch = {{ comm = \"stand-in\" }}\n{how}\n");
    let recording = Recording::with(&matching);
    let pid = sleeps.pid();
    assert_eq!(recording.dump(&pid.to_string()).code, 0);
    let dumps = recording.dumps();
    let dump = only_one(&dumps, (pid, "hook:eu-stack"));
    assert!(dump.is(DumpStatus::Ok, ""), "{:?}", dump.stored.facts);
    assert!(
        dump.text().contains(&format!("TID {pid}:")),
        "{}",
        dump.text()
    );
    assert_eq!(dump.stored.facts.arguments, format!("eu-stack -q -p {pid}"));
}

#[test]
fn a_hook_that_hangs_is_ended_and_the_kernels_word_remains() {
    let mut sleeps = StandIn::new("threads=3").start();
    let how = "command = [\"sleep\", \"3600\"]\ntimeout = \"300ms\"";
    let settings =
        format!("[[dump]]\nname = \"hangs\"\nmatch = {{ comm = \"stand-in\" }}\n{how}\n");
    let recording = Recording::with(&settings);
    let ran = recording.dump(&sleeps.pid().to_string());
    assert_eq!(ran.code, 1, "{}", ran.text());
    assert!(sleeps.is_running());
    let dumps = recording.dumps();
    let dump = only_one(&dumps, (sleeps.pid(), "hook:hangs"));
    assert!(
        dump.is(DumpStatus::Timeout, "longer than 300ms"),
        "{:?}",
        dump.stored.facts
    );
    assert_eq!(dump.text, None);
}

#[test]
fn a_configuration_that_cannot_be_followed_is_refused_at_the_start() {
    let folder = folder();
    let config = folder.path().join("config.toml");
    let wrong = "[[dump]]\nname = \"far\"\nmatch = { comm = \"x\" }\nurl = \"http://10.0.0.1/\"\n";
    std::fs::write(&config, wrong).unwrap();
    let file = folder.path().join("host.afterimage");
    let ran = run(&[
        OsStr::new("record"),
        OsStr::new("-o"),
        file.as_os_str(),
        OsStr::new("--config"),
        config.as_os_str(),
    ]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stderr.contains("\"far\"") && ran.stderr.contains("10.0.0.1"),
        "{}",
        ran.stderr
    );
    assert!(!file.exists());
}

#[test]
fn a_program_that_keeps_a_core_is_asked_without_anybody_asking() {
    let mut spins = StandIn::new("spin").start();
    let how = "command = [\"echo\", \"thread of {pid}\"]\nmin-interval = \"1h\"";
    let settings = format!(
        "thread-dumps = true\n[[dump]]\nname = \"echo\"\nmatch = {{ comm = \"stand-in\" }}\n{how}\n"
    );
    let recording = Recording::start(&settings);
    let pid = spins.pid();
    wait_for("a dump of what spins", || {
        let told = told(&recording, pid)?;
        // On a busy host it does not get a whole core.
        let why = told["trigger"].as_str()?;
        ["thread-hogs-core", "pressure"]
            .contains(&why)
            .then_some(())
    });
    assert!(spins.is_running());
    let dumps = recording.dumps();
    let own = |dump: &&Dump| i64::from(dump.stored.facts.pid.0) == pid;
    let of_it: Vec<_> = dumps.iter().filter(own).collect();
    // A burst has three: the others come too soon.
    assert_eq!(of_it.len(), 1);
    assert_eq!(of_it[0].stored.facts.kind, "hook:echo");
    assert_eq!(of_it[0].text(), format!("thread of {pid}\n"));
}
