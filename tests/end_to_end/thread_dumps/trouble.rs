//! What `afterimage threads` says of a virtual machine whose trouble is known: who holds the lock,
//! who is in which deadlock, which pool has nothing left, and who keeps the CPU, exactly.

use super::Recording;
use crate::support::clock::wait_for;
use crate::support::command::ok;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::time::Duration;

/// What the program is started with.
pub(super) const KINDS: [&str; 7] = [
    "convoy", "monitors", "locks", "pool", "classes", "virtual", "spin",
];

/// So much CPU the thread that spins gets between two dumps: far more than all others together.
const SPUN: Duration = Duration::from_millis(300);

/// Has dumps taken of what was dumped already, and looks at what each of them says.
pub(super) fn assert_told(recording: &Recording, pid: i64) {
    let more_than = |count: usize| {
        wait_for("the dump to be in the capture", || {
            Some(whole(recording, pid)).filter(|dumps| dumps.len() > count)
        })
    };
    let first = more_than(0);
    let spinner = used(&first[0], "spinner").expect("the kernel knows it");
    let ran = || ran_so_far(pid, &spinner["tid"]);
    // Before and after each dump; when the first one began is not known.
    let mut looks = vec![[Duration::ZERO, ran()]];
    for _ in 0..2 {
        let [_, last] = looks[looks.len() - 1];
        let before = wait_for("a CPU for the thread that spins", || {
            Some(ran()).filter(|now| *now >= last + SPUN)
        });
        assert_eq!(recording.dump(&pid.to_string()).code, 0);
        looks.push([before, ran()]);
        let all = more_than(looks.len() - 1);
        assert_exact(&all[all.len() - 1], &looks[looks.len() - 2..]);
    }
    for dump in &more_than(2) {
        assert_threads(dump);
        assert_waits(dump);
    }
}

/// What `threads` says of the dumps of this process that came to something.
fn whole(recording: &Recording, pid: i64) -> Vec<Value> {
    let pid = pid.to_string();
    let file = recording.file.as_os_str();
    let args = ["threads", "--format", "json", "--pid", &pid].map(OsStr::new);
    let told = ok(&[&args[..], &[file]].concat()).json();
    let dumps = told["dumps"].as_array().unwrap().iter();
    dumps
        .filter(|dump| dump["status"] == "ok")
        .cloned()
        .collect()
}

fn used<'v>(dump: &'v Value, thread: &str) -> Option<&'v Value> {
    let mut all = dump["cpu"].as_array().unwrap().iter();
    all.find(|used| used["thread"] == thread)
}

/// CPU time of a thread, as the kernel tells this test.
fn ran_so_far(pid: i64, tid: &Value) -> Duration {
    let text = fs::read_to_string(format!("/proc/{pid}/task/{tid}/schedstat")).unwrap();
    let nanos = text.split(' ').next().unwrap().parse().unwrap();
    Duration::from_nanos(nanos)
}

/// Who spins comes first, and its CPU is counted from the look after the dump before to the look
/// after this one: so it is no less than what it ran from the end of that dump to the begin of this,
/// and no more than from the begin of that to the end of this.
fn assert_exact(dump: &Value, ran: &[[Duration; 2]]) {
    let [[begin, least_begin], [least_end, end]] = ran else {
        panic!("{} dumps", ran.len());
    };
    let told = &dump["cpu"][0];
    assert_eq!(told["thread"], "spinner", "{}", dump["cpu"]);
    assert_eq!(told["by"], "kernel", "{told}");
    let cpu = told["cpu_ms"].as_f64().unwrap();
    let millis =
        |from: &Duration, to: &Duration| to.checked_sub(*from).unwrap().as_secs_f64() * 1e3;
    let (least, most) = (millis(least_begin, least_end), millis(begin, end));
    // It is told to a hundredth.
    assert!(
        cpu >= least - 0.01 && cpu <= most + 0.01,
        "{least} <= {cpu} <= {most}: {told}"
    );
}

/// Nothing is unknown, nobody is missing, and each carrier is one thread.
fn assert_threads(dump: &Value) {
    assert_eq!(dump["unknown_lines"], 0, "{}", dump["unknown"]);
    assert_eq!(dump["is_truncated"], false);
    let vm = dump["vm"].as_str().unwrap();
    let (_, version) = vm.split_once(" (").unwrap();
    let feature = version.split('.').next().unwrap();
    // JDK 8 has version 25 of HotSpot, and does not say how many threads there are.
    let is_eight = version.starts_with("25.") && !version.contains('+');
    let missing = if is_eight { Value::Null } else { json!(0) };
    assert_eq!(dump["missing_threads"], missing, "{vm}");
    let states = dump["states"].as_object().unwrap();
    let sum: u64 = states.values().filter_map(Value::as_u64).sum();
    assert_eq!(json!(sum), dump["total"], "{vm}");
    assert_eq!(states["BLOCKED"], 42, "{vm}");
    // Two of five keep their carriers since what they wait for is a class; before JDK 24 so do three
    // that wait for a monitor.
    let carried = match feature.parse::<u64>().unwrap() {
        _ if is_eight => 0,
        ..21 => 0,
        21..24 => 5,
        _ => 2,
    };
    assert_eq!(dump["virtual_threads"], carried, "{vm}");
    let initialized = waited_for(dump, "class initialization");
    let slow = initialized.get("<Victim$Slow>");
    let expected = (carried > 0).then_some(1);
    assert_eq!(
        slow.map(|blocker| blocker["direct"].clone()),
        expected.map(|count| json!(count))
    );
    if carried == 2 {
        // Where a carrier has the stack of its virtual thread, that is who has it.
        let holder = slow.unwrap()["thread"].as_str().unwrap();
        assert!(holder.starts_with("virtual thread #"), "{holder}");
    }
}

/// What is waited for of one kind, by its name.
fn waited_for<'v>(dump: &'v Value, kind: &str) -> BTreeMap<&'v str, &'v Value> {
    let all = dump["blockers"].as_array().unwrap().iter();
    let of_kind = all.filter(|blocker| blocker["kind"] == kind);
    of_kind
        .map(|blocker| (blocker["lock"].as_str().unwrap(), blocker))
        .collect()
}

/// The holder of the convoy, the members of the deadlocks and the pool are named, and nothing else is.
fn assert_waits(dump: &Value) {
    let worst = &dump["blockers"][0];
    let told = ["thread", "direct", "total", "is_root"].map(|key| worst[key].clone());
    let expected = [json!("convoy-holder"), json!(40), json!(40), json!(true)];
    assert_eq!(told, expected, "{worst}");
    let all = dump["deadlocks"].as_array().unwrap().iter();
    let found = all.map(|deadlock| {
        let members = deadlock["members"].as_array().unwrap().iter();
        let members: BTreeSet<&str> = members.map(|name| name.as_str().unwrap()).collect();
        // The virtual machine itself does not look for those of classes.
        let facts = ["kinds", "is_reported", "is_guess"].map(|key| deadlock[key].to_string());
        (members, facts)
    });
    let found: BTreeSet<_> = found.collect();
    let expected = [
        (["class-a", "class-b"], "class initialization", false),
        (["lock-a", "lock-b"], "synchronizer", true),
        (["monitor-a", "monitor-b"], "monitor", true),
    ];
    let expected = expected.map(|(members, kind, is_reported)| {
        let facts = [json!([kind]), json!(is_reported), json!(false)];
        (BTreeSet::from(members), facts.map(|fact| fact.to_string()))
    });
    assert_eq!(found, BTreeSet::from(expected), "{}", dump["vm"]);
    assert_findings(dump);
}

fn assert_findings(dump: &Value) {
    let all = dump["findings"].as_array().unwrap();
    let of = |kind: &str| {
        let found = all.iter().filter(|finding| finding["kind"] == kind);
        let found = found.map(|finding| {
            let names = |parties: &str| {
                let parties = finding[parties].as_array().unwrap().iter();
                let names = parties.map(|party| party["name"].as_str().unwrap().to_owned());
                names.collect::<BTreeSet<String>>()
            };
            let resource = finding["resource"].as_str().unwrap().to_owned();
            (resource, names("suspects"), names("victims"))
        });
        found.collect::<Vec<_>>()
    };
    let set = |names: &[&str]| -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    };
    let mut deadlocks: Vec<_> = of("deadlock");
    deadlocks.sort();
    let expected = [
        ("class initialization", ["class-a", "class-b"]),
        ("monitor", ["monitor-a", "monitor-b"]),
        ("synchronizer", ["lock-a", "lock-b"]),
    ];
    let expected = expected.map(|(of, members)| (of.to_owned(), set(&members), set(&members)));
    assert_eq!(deadlocks, expected);
    let pools = of("pool-starvation");
    let workers: BTreeSet<String> = (1..=4)
        .map(|number| format!("starved-worker-{number}"))
        .collect();
    assert_eq!(
        pools,
        [("starved-worker-*".to_owned(), BTreeSet::new(), workers)]
    );
    let mut contended = of("lock-contention");
    // One that waits for a class is no more than a note, and is looked at above.
    contended.retain(|(resource, ..)| resource != "the initialization of Victim$Slow");
    let [(_, holders, waiting)] = &contended[..] else {
        panic!("{contended:?}");
    };
    assert_eq!((holders, waiting.len()), (&set(&["convoy-holder"]), 40));
}
