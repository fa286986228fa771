//! The load, taken apart: beside the kernel's own counts of the same tick. Other tests run beside
//! these, so nothing is compared with a number of tasks that is fixed here.
//!
//! What must hold at every tick: the parts add up to the counts of the row; with the rest that is
//! stated they add up to what the kernel counted; the tasks that the test started are among them.

use crate::host_trouble::Crowd;
use crate::support::command::{ok, rows, ticks};
use crate::support::host::quick_folder;
use crate::support::process::{Guarded, StandIn};
use crate::support::recorder::Recorder;
use serde_json::Value;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// So many parents wait for a child of `vfork`.
const PARENTS: u32 = 500;
/// So many tasks spin, as threads of one process or as processes.
const SPINNERS: usize = 20;
/// More threads than anybody looks at of a process that was not chosen.
const THREADS: usize = 120;
/// Long enough for the kernel to take four numbers or five.
const DURATION: &str = "24s";
/// Nothing is left out, and no disk is waited for.
const ARGS: [&str; 6] = ["-i", "1s", "--budget-cpu", "100", "--sync", "off"];
/// How far our averages may be from the kernel's: what one of its numbers weighs, as it takes
/// them at another moment than the tick, of a tenth of the tasks, which come and go; and rounding.
const OF_TASKS: f64 = 0.1;
const ROUNDING: f64 = 0.1;

/// They would take the CPUs from each other.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn number(row: &Value, key: &str) -> f64 {
    row[key]
        .as_f64()
        .unwrap_or_else(|| panic!("{key}: {row:#}"))
}

/// A count of one moment, or of a mean of one, which is whole.
fn whole(row: &Value, key: &str) -> i64 {
    let value = number(row, key);
    assert!(value.fract().abs() < 1e-9, "{key}: {row:#}");
    format!("{value:.0}").parse().expect("a whole number")
}

fn array<'a>(row: &'a Value, key: &str) -> &'a Vec<Value> {
    row[key]
        .as_array()
        .unwrap_or_else(|| panic!("{key}: {row:#}"))
}

/// The last moment, whose parts add up whatever they are grouped by.
#[track_caller]
fn moment(file: &Path) -> Value {
    let taken = |by| rows("load", file, &["--at", "end", "--by", by]).remove(0);
    let moment = taken("process");
    let parts = array(&moment, "parts");
    let of = |state: &str| {
        let found = parts.iter().filter(|part| part["state"] == state);
        i64::try_from(found.count()).expect("not so many")
    };
    assert_eq!(of("R"), whole(&moment, "running"), "{moment:#}");
    assert_eq!(of("D"), whole(&moment, "uninterruptible"), "{moment:#}");
    assert_eq!(whole(&moment, "seen"), of("R") + of("D"));
    for by in ["process", "command", "user", "wchan"] {
        let moment = taken(by);
        let sum = |key| -> i64 {
            let groups = array(&moment, "groups").iter();
            groups.map(|group| whole(group, key)).sum()
        };
        assert_eq!(sum("running"), of("R"), "{by}");
        assert_eq!(sum("uninterruptible"), of("D"), "{by}");
        assert_eq!(sum("tasks"), of("R") + of("D"), "{by}");
    }
    moment
}

/// At each tick what was seen and what is said to be missing is what the kernel counted, less the
/// recorder itself.
#[track_caller]
fn assert_adds_up(file: &Path) {
    let counted = ticks("vmstat", file, &[]);
    let queues = ticks("sar", file, &["-s", "q"]);
    let taken = ticks("load", file, &["--from", "start"]);
    assert_eq!(counted.len(), taken.len());
    for ((row, kernel), queue) in taken.iter().zip(&counted).zip(&queues) {
        assert_eq!(row["at"], kernel["at"]);
        let running = whole(kernel, "r");
        assert_eq!(whole(row, "kernel_running"), running, "{kernel:#}");
        let runnable = whole(row, "kernel_runnable");
        assert_eq!(runnable, whole(queue, "runq_sz"), "{queue:#}");
        let sum = whole(row, "running") + whole(row, "running_not_seen");
        assert_eq!(sum, running, "{row:#}");
        for key in ["load1", "load5", "load15"] {
            assert!(number(row, key) >= 0.0, "{row:#}");
        }
    }
}

/// Our averages follow those of the kernel, and what sampling did not see is stated.
#[track_caller]
fn assert_follows(file: &Path) -> Value {
    let row = ticks("load", file, &["--from", "start"]).pop().unwrap();
    let tasks = number(&row, "stretch_implied").max(number(&row, "stretch_seen"));
    let within = tasks * OF_TASKS + ROUNDING;
    for (ours, theirs) in [
        ("computed_load1", "load1"),
        ("computed_load5", "load5"),
        ("computed_load15", "load15"),
    ] {
        let apart = (number(&row, ours) - number(&row, theirs)).abs();
        assert!(
            apart <= within,
            "{ours} is {apart} from {theirs}, {within} allowed: {row:#}"
        );
    }
    assert!(row["stretch_not_seen_percent"].is_number(), "{row:#}");
    row
}

fn record(file: &Path, started: impl FnOnce(&mut Recorder)) {
    let mut recorder = Recorder::start(file, &ARGS);
    recorder.wait_for_tick(2);
    started(&mut recorder);
    recorder.stop();
}

fn of_comm(moment: &Value, comm: &str, state: &str) -> usize {
    let parts = array(moment, "parts").iter();
    let own = parts.filter(|part| part["process_comm"] == comm && part["state"] == state);
    own.count()
}

#[test]
fn five_hundred_parents_in_d_are_parts_of_the_load_and_the_kernel_counts_as_many() {
    let _alone = alone();
    let (folder, Some(crowd)) = (quick_folder(), Crowd::start("vfork", PARENTS)) else {
        return;
    };
    let file = folder.path().join("host.afterimage");
    let ended = Recorder::start_for(&file, DURATION, &ARGS).wait();
    drop(crowd);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_adds_up(&file);
    let moment = moment(&file);
    assert_eq!(
        of_comm(&moment, "crowd", "D"),
        PARENTS as usize,
        "{moment:#}"
    );
    let by_command = rows("load", &file, &["--at", "end", "--by", "command"]).remove(0);
    let group = array(&by_command, "groups")
        .iter()
        .find(|group| group["name"] == "crowd");
    let group = group.expect("it is there");
    assert_eq!(whole(group, "uninterruptible"), i64::from(PARENTS));
    assert!(
        group["pid"].is_null() && !group["pids"].is_null(),
        "{group:#}"
    );
    // The kernel publishes no count of them, but its average implies them.
    let row = assert_follows(&file);
    let implied = number(&row, "stretch_implied");
    assert!(implied >= f64::from(PARENTS) * (1.0 - OF_TASKS), "{row:#}");
    let share = number(&row, "stretch_not_seen_percent");
    assert!(share.abs() <= OF_TASKS * 100.0, "{row:#}");
}

#[test]
fn twenty_spinning_threads_of_one_process_are_twenty_parts() {
    let _alone = alone();
    let folder = quick_folder();
    let file = folder.path().join("host.afterimage");
    let spinner = StandIn::new(&format!("threads={SPINNERS} spin=all give-way"));
    let spinner = spinner
        .named(folder.path(), OsStr::new("spin-threads"))
        .start();
    record(&file, |recorder| recorder.wait_for_more(5));
    drop(spinner);
    assert_adds_up(&file);
    let moment = moment(&file);
    assert_eq!(
        of_comm(&moment, "spin-threads", "R"),
        SPINNERS,
        "{moment:#}"
    );
    let groups = array(&moment, "groups");
    let group = groups
        .iter()
        .find(|group| group["name"] == "spin-threads")
        .unwrap();
    assert_eq!(whole(group, "tasks"), 20);
}

#[test]
fn twenty_spinners_and_parents_in_d_make_up_a_load_that_is_told_in_words() {
    let _alone = alone();
    let (folder, Some(crowd)) = (quick_folder(), Crowd::start("vfork", 30)) else {
        return;
    };
    let file = folder.path().join("host.afterimage");
    let spin = || {
        StandIn::new("spin give-way")
            .named(folder.path(), OsStr::new("spin-alone"))
            .start()
    };
    let spinners: Vec<Guarded> = (0..SPINNERS).map(|_| spin()).collect();
    let ended = Recorder::start_for(&file, DURATION, &ARGS).wait();
    drop((crowd, spinners));
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_adds_up(&file);
    let taken = moment(&file);
    assert_eq!(of_comm(&taken, "spin-alone", "R"), SPINNERS, "{taken:#}");
    assert_eq!(of_comm(&taken, "crowd", "D"), 30, "{taken:#}");
    assert_follows(&file);
    let args = [
        "load".as_ref(),
        file.as_os_str(),
        "--by".as_ref(),
        "command".as_ref(),
    ];
    let text = ok(&args).text();
    assert!(text.contains("spin-alone 20"), "{text}");
    assert!(text.contains("crowd 30"), "{text}");
    assert!(
        text.contains("The kernel counted ") && text.contains(" not seen"),
        "{text}"
    );
    // A row for each step ends with the same averages as one for each tick.
    let steps = ticks("load", &file, &["--from", "start", "--step", "10s"]);
    let each = ticks("load", &file, &["--from", "start"]);
    assert!(steps.len() < each.len() / 5, "{}", steps.len());
    assert_eq!(
        steps.last().unwrap()["load1"],
        each.last().unwrap()["load1"]
    );
}

/// The threads of a process are looked at for a reason; where it has too many, nobody looks.
#[test]
fn threads_that_nobody_looks_at_are_stated_as_not_seen_with_their_process() {
    let _alone = alone();
    let folder = quick_folder();
    let file = folder.path().join("host.afterimage");
    let spinner = StandIn::new(&format!("threads={THREADS} spin=all give-way"));
    let spinner = spinner
        .named(folder.path(), OsStr::new("spin-many"))
        .start();
    record(&file, |recorder| recorder.wait_for_more(4));
    assert_adds_up(&file);
    let taken = moment(&file);
    let seen = of_comm(&taken, "spin-many", "R");
    assert!(seen < THREADS, "the recorder looks at them all: {seen}");
    // What is missing are these threads, give or take what others begin and cease to run.
    let missing = number(&taken, "running_not_seen");
    let hidden = (THREADS - seen) as f64;
    assert!(
        (missing - hidden).abs() <= hidden / 2.0,
        "{missing} {hidden}: {taken:#}"
    );
    let text = ok(&["load".as_ref(), file.as_os_str()]).text();
    assert!(
        text.contains("They may be threads of spin-many (pid "),
        "{text}"
    );
    assert!(
        text.contains(&format!("of {THREADS} threads looked at")),
        "{text}"
    );
    drop(spinner);
}

#[test]
fn a_recording_that_was_stopped_begins_the_formula_anew_and_has_a_row_for_the_gap() {
    let _alone = alone();
    let folder = quick_folder();
    let file = folder.path().join("host.afterimage");
    for _ in 0..2 {
        record(&file, |recorder| recorder.wait_for_more(2));
        std::thread::sleep(Duration::from_secs(2));
    }
    let rows = rows("load", &file, &["--from", "start"]);
    let gap = rows.iter().position(|row| !row["gap"].is_null());
    let gap = gap.expect("there is one");
    assert!(
        rows[gap]["groups"].is_null() && rows[gap]["load1"].is_null(),
        "{:#}",
        rows[gap]
    );
    let after = &rows[gap + 1];
    assert!(after["over_seconds"].is_null(), "{after:#}");
    for (ours, theirs) in [("computed_load1", "load1"), ("computed_load15", "load15")] {
        assert!(
            (number(after, ours) - number(after, theirs)).abs() < 0.011,
            "{after:#}"
        );
    }
}
