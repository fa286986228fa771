//! However short a life was, the capture knows how it ended: beside what `wait` says, and beside
//! what a process of several threads says of itself before it ends.

use crate::support::clock::wait_for;
use crate::support::command::{assert_sound, info, rows};
use crate::support::host::{folder, has, skip};
use crate::support::process::StandIn;
use crate::support::recorder::Recorder;
use serde_json::Value;
use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Lives, and the time between the starts of two: 200 a second.
const LIVES: i64 = 2000;
const PAUSE: Duration = Duration::from_millis(5);
/// What a thread does between its last look at itself and its end.
const CPU_APART_SECONDS: f64 = 0.03;
const PEAK_APART_BYTES: f64 = 2e6;

/// The state of a source, and why.
fn source(file: &Path, name: &str) -> (String, String) {
    let info = info(file);
    let mut sources = info["sources"].as_array().unwrap().iter();
    let source = sources.find(|source| source["name"] == name);
    let source = source.unwrap_or_else(|| panic!("{name} is not told of: {info:#}"));
    let text = |key: &str| source[key].as_str().unwrap().to_owned();
    (text("state"), text("detail"))
}

/// Records, unless neither of the two tells of ends here.
fn recorder(file: &Path) -> Option<Recorder> {
    let mut recorder = Recorder::start(file, &["-i", "100ms"]);
    recorder.wait_for_tick(3);
    let connector = wait_for("the word of the sources", || {
        let info = info(file);
        let sources = info["sources"].as_array()?;
        let connector = sources
            .iter()
            .find(|source| source["name"] == "connector")?;
        Some((connector["state"].clone(), connector["detail"].clone()))
    });
    if connector.0 == "ok" {
        return Some(recorder);
    }
    recorder.stop();
    skip(&format!(
        "the kernel does not tell of ends here: {}",
        connector.1
    ));
    None
}

fn by_pid(rows: Vec<Value>) -> BTreeMap<i64, Value> {
    let rows = rows.into_iter();
    rows.map(|row| (row["pid"].as_i64().unwrap(), row))
        .collect()
}

#[test]
fn two_thousand_short_lives_are_all_there_with_how_they_ended() {
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let Some(recorder) = recorder(&file) else {
        return;
    };
    let mut expected = BTreeMap::new();
    for life in 0..LIVES {
        let script = if life % 10 == 9 {
            "kill -TERM $$; sleep 9".to_owned()
        } else {
            format!("exit {}", life % 256)
        };
        let mut child = Command::new("sh").args(["-c", &script]).spawn().unwrap();
        let pid = i64::from(child.id());
        let status = child.wait().unwrap();
        expected.insert(pid, (status.code(), status.signal()));
        std::thread::sleep(PAUSE);
    }
    // What was told is written with the tick after it.
    wait_for("the last of them", || {
        let last = expected.keys().next_back()?;
        let ended = rows("lastcomm", &file, &[&last.to_string()]);
        (!ended.is_empty()).then_some(())
    });
    recorder.stop();
    assert_sound(&file);
    let ended = by_pid(rows("lastcomm", &file, &["sh"]));
    let own = i64::from(std::process::id());
    let mut lines = 0;
    for (pid, (code, signal)) in &expected {
        let row = ended
            .get(pid)
            .unwrap_or_else(|| panic!("{pid} is not there"));
        assert_eq!(row["exit_status"].as_i64(), code.map(i64::from), "{row}");
        let terminated = signal.map(|_| "SIGTERM");
        assert_eq!(row["signal"].as_str(), terminated, "{row}");
        assert_eq!(row["ppid"].as_i64(), Some(own), "{row}");
        lines += usize::from(
            row["cmdline"]
                .as_str()
                .is_some_and(|line| line.contains("sh -c")),
        );
    }
    let ends = &info(&file)["ends"];
    assert!(ends["kept"].as_i64() >= Some(LIVES), "{ends}");
    assert_eq!(ends["lost"], Value::Array(Vec::new()), "{ends}");
    // How many could be read before they were gone depends on the machine; the first are few
    // enough to be read at once.
    assert!(lines > 0, "no command line was read in time");
}

#[test]
fn a_process_of_several_threads_is_their_sum() {
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let Some(recorder) = recorder(&file) else {
        return;
    };
    if source(&file, "taskstats").0 != "ok" {
        recorder.stop();
        return skip("taskstats does not tell here what was used");
    }
    let report = folder.path().join("report");
    let what = format!(
        "threads=4 burn=150 rss=30000000 exit=7 report={}",
        report.display()
    );
    let mut burner = StandIn::new(&what).start();
    let pid = burner.pid();
    burner.end_input();
    assert_eq!(burner.wait(), 7);
    let said = std::fs::read_to_string(report).unwrap();
    let (cpu, peak) = said.trim().split_once(' ').unwrap();
    let ended = wait_for("its end", || {
        rows("lastcomm", &file, &[&pid.to_string()]).pop()
    });
    recorder.stop();
    let cpu: f64 = cpu.parse::<f64>().unwrap() / 1e6;
    let told = ended["cpu_seconds"].as_f64().unwrap();
    assert!(cpu > 0.6, "four threads of 150 ms: {cpu}");
    assert!(
        (told - cpu).abs() < CPU_APART_SECONDS,
        "{cpu} s, and {ended}"
    );
    let peak: f64 = peak.parse::<f64>().unwrap() * 1024.0;
    let told = ended["peak_rss_bytes"].as_f64().unwrap();
    assert!(
        (told - peak).abs() < PEAK_APART_BYTES,
        "{peak} bytes, and {ended}"
    );
    assert_eq!(ended["exit_status"], 7);
    let threads: Vec<Value> = rows("lastcomm", &file, &[]);
    let own = threads.iter().filter(|row| row["ppid"] == pid).count();
    assert_eq!(own, 0, "its threads are no processes");
}

#[test]
fn a_long_life_gets_its_end_in_the_process_table_too() {
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let Some(mut recorder) = recorder(&file) else {
        return;
    };
    let mut burner = StandIn::new("threads=2 burn=120").start();
    let pid = burner.pid();
    recorder.wait_for_more(3);
    burner.end_input();
    assert_eq!(burner.wait(), 0);
    wait_for("its end", || {
        rows("lastcomm", &file, &[&pid.to_string()]).pop()
    });
    recorder.wait_for_more(2);
    recorder.stop();
    let db = rusqlite::Connection::open(&file).unwrap();
    let joined: (i64, Option<i64>, Option<i64>) = db
        .query_row(
            "SELECT process.cpu_us, exited.user_us + exited.system_us, exited.wait_status FROM process
             JOIN exited USING (boot, pid, started_ticks) WHERE pid = ?",
            [pid],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .unwrap();
    let (sampled, told, status) = joined;
    assert_eq!(status, Some(0));
    let Some(told) = told else {
        return skip("taskstats does not tell here what was used");
    };
    assert_eq!(sampled, told);
}

#[test]
fn a_directory_that_stands_in_for_proc_has_no_ends() {
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let fake = folder.path().join("proc");
    std::fs::create_dir(&fake).unwrap();
    for name in ["stat", "loadavg", "uptime", "meminfo"] {
        std::fs::copy(format!("/proc/{name}"), fake.join(name)).unwrap();
    }
    let root = fake.display().to_string();
    let mut recorder = Recorder::start(&file, &["-i", "50ms", "--proc-root", &root]);
    recorder.wait_for_tick(5);
    let tasks = std::fs::read_dir(format!("/proc/{}/task", recorder.pid())).unwrap();
    let names = tasks.flatten().map(|task| {
        let name = std::fs::read_to_string(task.path().join("comm"));
        name.unwrap_or_default().trim().to_owned()
    });
    let names: Vec<String> = names.collect();
    assert!(
        !names.iter().any(|name| name == "exits" || name == "exec"),
        "{names:?}"
    );
    assert!(names.iter().any(|name| name == "writer"), "{names:?}");
    let descriptors = std::fs::read_dir(format!("/proc/{}/fd", recorder.pid())).unwrap();
    let sockets = std::fs::read_to_string("/proc/net/netlink").unwrap();
    for descriptor in descriptors.flatten() {
        let link = std::fs::read_link(descriptor.path()).unwrap_or_default();
        let inode = link.display().to_string();
        if let Some(inode) = inode.strip_prefix("socket:[") {
            let inode = inode.trim_end_matches(']');
            let is_netlink = sockets
                .lines()
                .any(|line| line.trim_end().ends_with(&format!(" {inode}")));
            assert!(!is_netlink, "{link:?} is a netlink socket");
        }
    }
    recorder.stop();
}

#[test]
fn in_a_pid_namespace_of_its_own_the_recorder_says_that_nobody_tells() {
    if !has("unshare") {
        return skip("there is no unshare");
    }
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let mut command = Command::new("unshare");
    command.args([
        "-rpf",
        "--mount-proc",
        crate::support::command::AFTERIMAGE,
        "record",
    ]);
    command.args(["-i", "100ms", "--duration", "2s", "--socket"]);
    command.arg(folder.path().join("s")).arg("-o").arg(&file);
    let ran = command.stderr(Stdio::piped()).output().unwrap();
    if !ran.status.success() {
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        return skip(&format!("no pid namespace can be made here: {said}"));
    }
    for name in ["connector", "taskstats"] {
        let (state, detail) = source(&file, name);
        assert_ne!(state, "ok", "{name}");
        assert!(!detail.is_empty(), "{name}");
    }
    assert!(source(&file, "connector").1.contains("pid namespace"));
    assert_eq!(info(&file)["ends"]["kept"], 0);
}
