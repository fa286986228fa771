//! Threads of real processes: as `ps` lists them, starving, and of another user.

use super::*;

#[test]
fn threads_of_a_live_process_are_those_that_the_kernel_lists() {
    let process = StandIn::new("threads=5").start();
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let pid = process.pid().to_string();
    let args = ["-i", "200ms", "--budget-cpu", "100", "--threads-of", &pid];
    let mut recorder = Recorder::start(&file, &args);
    let of_it = |task: &Task| task.process.is_ok_and(|own| own.0.to_string() == pid);
    let ours = wait_for("five threads", || {
        assert!(recorder.is_running(), "{}", recorder.said());
        let tasks = last_sample(&file)?.tasks.ok()?;
        let tasks: Vec<Task> = tasks.into_iter().filter(of_it).collect();
        (tasks.len() == 5).then_some(tasks)
    });
    recorder.stop();
    let entries = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name());
    let mut live: Vec<i32> = names
        .map(|name| name.to_str().unwrap().parse().unwrap())
        .collect();
    live.sort_unstable();
    assert_eq!(tids(&ours), live);
}

/// Programs of these names, each with its arguments, must succeed.
fn did(program: &str, args: &[&str]) -> bool {
    let mut command = Command::new(program);
    finish(command.args(args)).code == 0
}

/// The first CPU that this process may use.
fn some_cpu() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect();
    digits(line.unwrap().trim())
}

#[test]
fn a_task_that_gets_no_cpu_beside_others_is_shown_as_starving() {
    if !has("taskset") || !has("chrt") {
        return skip("there is no taskset or no chrt here");
    }
    let cpu = some_cpu();
    let spinners: Vec<Guarded> = (0..4).map(|_| StandIn::new("spin").start()).collect();
    let pids: Vec<String> = spinners.iter().map(|one| one.pid().to_string()).collect();
    for pid in &pids {
        assert!(did("taskset", &["-p", "-c", &cpu, pid]));
    }
    assert!(did("chrt", &["-i", "-p", "0", &pids[0]]));
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let mut recorder = Recorder::start(&file, &["-i", "300ms", "--budget-cpu", "100"]);
    let (row, seen) = wait_for("the idle spinner to starve", || {
        assert!(recorder.is_running(), "{}", recorder.said());
        let sample = last_sample(&file)?;
        let row = waits_of(&file, spinners[0].pid()).pop()?;
        let mut tasks = sample.tasks.ok()?.into_iter();
        let seen = tasks.find(|task| i64::from(task.key.pid.0) == spinners[0].pid())?;
        (row["kind"] == "starved").then_some((row, seen))
    });
    recorder.stop();
    assert!(seen.why.unwrap().contains(Why::STARVED), "{seen:?}");
    assert_eq!(row["on"], "cpu", "{row:#}");
    assert_eq!(row["tid"], spinners[0].pid(), "{row:#}");
    let sentence = row["sentence"].as_str().unwrap();
    assert!(sentence.starts_with("Waits for a CPU"), "{row:#}");
    // Nobody waits for a CPU who sleeps.
    let own = i64::from(std::process::id());
    let others = rows("waits", &file, &["--all"]);
    let is_idle = |row: &&Value| row["pid"] == own && row["state"] == "S";
    for row in others.iter().filter(is_idle) {
        assert_ne!(row["kind"], "starved", "{row:#}");
    }
}

#[test]
fn what_the_recorder_may_not_read_of_threads_is_missing_for_that_reason() {
    if !is_root() || !has("setpriv") {
        return skip("only root can record as another user for a test");
    }
    // It is root's, and its files are for root alone.
    let process = StandIn::new("threads=3").start();
    let pid = process.pid().to_string();
    let folder = folder();
    std::os::unix::fs::chown(folder.path(), Some(65534), Some(65534)).unwrap();
    let file = folder.path().join("host.afterimage");
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
    command.args([AFTERIMAGE, "record", "-i", "200ms", "--duration", "2s"]);
    command.args(["--budget-cpu", "100", "--threads-of", &pid, "--socket"]);
    command.arg(folder.path().join("s"));
    let ran = finish(command.arg("-o").arg(&file));
    if ran.code != 0 {
        return skip(&format!("no other user can record here: {}", ran.stderr));
    }
    let sample = samples(&file).pop().unwrap();
    let tasks = sample.tasks.unwrap();
    let mut own = tasks
        .iter()
        .filter(|task| task.process.is_ok_and(|own| own.0.to_string() == pid));
    let task = own.next().expect("its threads are for everybody to list");
    let denied = Missing::PermissionDenied;
    assert_eq!(task.syscall, Err(denied));
    assert_eq!(task.stack, Err(denied));
    assert_eq!(
        task.wchan,
        Err(denied),
        "the kernel says 0 to who may not know"
    );
    assert!(task.run.is_ok() && task.voluntary_switches.is_ok());
    let info = info(&file);
    for name in ["PID/syscall", "PID/stack", "PID/wchan"] {
        let mut sources = info["sources"].as_array().unwrap().iter();
        let source = sources.find(|source| source["name"] == name).unwrap();
        assert_eq!(source["state"], "denied", "{name}");
    }
    let row = waits_of(&file, process.pid()).pop().unwrap();
    assert!(row["syscall"].is_null() && row["wchan"].is_null() && row["stack"].is_null());
    let sentence = row["sentence"].as_str().unwrap();
    assert!(sentence.contains("not allowed"), "{row:#}");
}

/// One line of `ps -eLo pid,lwp,stat,comm`: process, thread, state letter, name.
type Line = (i64, i64, String, String);

fn live_threads(pid: &str) -> Vec<Line> {
    let mut command = Command::new("ps");
    let text = finish(command.args(["-eLo", "pid,lwp,stat,comm", "--no-headers"])).text();
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        let (process, thread) = (words.next()?, words.next()?);
        let state = words.next()?[..1].to_owned();
        let name = words.next()?.to_owned();
        (process == pid).then(|| {
            (
                process.parse().unwrap(),
                thread.parse().unwrap(),
                state,
                name,
            )
        })
    };
    text.lines().filter_map(line).collect()
}

#[test]
fn ps_lists_the_threads_of_a_chosen_process_as_ps_itself_does_and_others_as_one_row() {
    if !has("ps") {
        return skip("there is no ps here");
    }
    let chosen = StandIn::new("threads=6").start();
    let other = StandIn::new("threads=97").start();
    let pid = chosen.pid().to_string();
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let args = ["-i", "200ms", "--budget-cpu", "100", "--threads-of", &pid];
    let mut recorder = Recorder::start(&file, &args);
    let of = |rows: &[Value], pid: i64| -> Vec<Value> {
        rows.iter()
            .filter(|row| row["pid"] == pid)
            .cloned()
            .collect()
    };
    let all = wait_for("six rows", || {
        assert!(recorder.is_running(), "{}", recorder.said());
        last_sample(&file)?;
        let all = rows("ps", &file, &["--threads"]);
        let threads = of(&all, chosen.pid());
        // Just after their start some may not be asleep yet.
        let are_asleep = threads.iter().all(|row| row["wchan"].is_string());
        (threads.len() == 6 && are_asleep).then_some(all)
    });
    let live = live_threads(&pid);
    recorder.stop();
    let ours: Vec<Line> = of(&all, chosen.pid())
        .iter()
        .map(|row| {
            let text = |key: &str| row[key].as_str().unwrap().to_owned();
            let number = |key: &str| row[key].as_i64().unwrap();
            (number("pid"), number("lwp"), text("state"), text("comm"))
        })
        .collect();
    assert_eq!(ours, live);
    for row in of(&all, chosen.pid()) {
        assert_eq!(row["threads"], 6, "{row:#}");
        assert_eq!(row["recorded_threads"], 6, "{row:#}");
        assert!(row["wchan"].is_string(), "{row:#}");
    }
    // More threads than are recorded of a process that nobody asked for.
    let whole = of(&all, other.pid());
    assert_eq!(whole.len(), 1, "{whole:#?}");
    assert_eq!(whole[0]["lwp"], other.pid());
    assert_eq!(whole[0]["threads"], 97);
    assert_eq!(whole[0]["recorded_threads"], 0);
    // People are told which threads these are.
    let mut command = Command::new(AFTERIMAGE);
    let said = finish(command.args(["ps", "--threads"]).arg(&file));
    assert_eq!(said.code, 0);
    assert!(said.stderr.contains("--threads-of"), "{}", said.stderr);
    let heading: Vec<&str> = said
        .stdout
        .split(|byte| *byte == b'\n')
        .next()
        .map(|line| str::from_utf8(line).unwrap().split_whitespace().collect())
        .unwrap();
    assert!(
        heading.contains(&"LWP") && heading.contains(&"NLWP"),
        "{heading:?}"
    );
}
