//! What a host holds: file locks, interrupts, devices, nodes, file systems; beside the kernel's
//! own words, and with a directory of fixtures for what this host does not have.

use crate::fake_proc::fake;
use crate::support::capture::{Account, account, last_sample, samples};
use crate::support::clock::{monotonic, wait_for};
use crate::support::command::{finish, info, rows};
use crate::support::host::{folder, has, skip};
use crate::support::process::Guarded;
use crate::support::recorder::Recorder;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// `flock FILE cat`: holds the lock, or waits for it, until its input ends.
fn locker(file: &Path) -> Guarded {
    let mut command = Command::new("flock");
    command.arg(file).arg("cat");
    Guarded::spawn(command.stdin(Stdio::piped()).stdout(Stdio::null()))
}

#[test]
fn who_waits_for_a_lock_is_told_with_whom_he_waits_for() {
    if !has("flock") {
        return skip("there is no flock here");
    }
    let folder = folder();
    let (file, locked) = (folder.path().join("a"), folder.path().join("locked"));
    fs::write(&locked, "").unwrap();
    let is_listed = |line: &str, pid: i64| {
        let locks = fs::read_to_string("/proc/locks").unwrap();
        let pid = pid.to_string();
        let mut lines = locks
            .lines()
            .filter(|known| known.contains("->") == (line == "->"));
        lines.any(|line| line.split_whitespace().any(|word| word == pid))
    };
    let holder = locker(&locked);
    wait_for("the lock", || is_listed("", holder.pid()).then_some(()));
    let waiter = locker(&locked);
    wait_for("the one who waits", || {
        is_listed("->", waiter.pid()).then_some(())
    });
    let mut recorder = Recorder::start(&file, &["-i", "100ms"]);
    recorder.wait_for_tick(3);
    recorder.stop();
    let locks = rows("lslocks", &file, &[]);
    let of = |pid: i64| {
        let row = locks.iter().find(|row| row["pid"] == pid);
        row.unwrap_or_else(|| panic!("{pid} in {locks:#?}"))
    };
    let inode = fs::metadata(&locked).unwrap().ino();
    for (pid, mode, blocker) in [
        (holder.pid(), "WRITE", Value::Null),
        (waiter.pid(), "WRITE*", json!(holder.pid())),
    ] {
        let row = of(pid);
        assert_eq!(
            (&row["blocker"], &row["mode"]),
            (&blocker, &json!(mode)),
            "{row}"
        );
        assert_eq!(
            (&row["inode"], &row["type"]),
            (&json!(inode), &json!("FLOCK")),
            "{row}"
        );
        assert_eq!(row["command"], "flock", "{row}");
    }
}

/// Sums over the CPUs, as `/proc/interrupts` and `/proc/softirqs` have them now.
fn interrupts() -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    for (file, prefix) in [("interrupts", "irq:"), ("softirqs", "softirq:")] {
        let text = fs::read_to_string(Path::new("/proc").join(file)).unwrap();
        let cpus = text.lines().next().unwrap().split_whitespace().count();
        for line in text.lines().skip(1) {
            let (name, rest) = line.split_once(':').unwrap();
            let numbers = rest.split_whitespace().take(cpus);
            let sum = numbers.map_while(|word| word.parse::<u64>().ok()).sum();
            all.insert(format!("{prefix}{}", name.trim()), sum);
        }
    }
    all
}

#[test]
fn interrupts_are_the_kernels_own_sums() {
    if !Path::new("/proc/interrupts").exists() {
        return skip("there is no /proc/interrupts here");
    }
    let folder = folder();
    let file = folder.path().join("a");
    let mut recorder = Recorder::start(&file, &["-i", "100ms"]);
    recorder.wait_for_tick(2);
    let (before, from) = (interrupts(), monotonic());
    let micros = |time: std::time::Duration| i64::try_from(time.as_micros()).unwrap();
    // What comes into the file next may have been taken long ago.
    wait_for("a tick that began after it", || {
        let sample = last_sample(&file)?;
        (sample.times.began.monotonic.0 > micros(from)).then_some(())
    });
    let (to, after) = (monotonic(), interrupts());
    recorder.stop();
    let mut between = samples(&file);
    between.retain(|sample| {
        let times = &sample.times;
        times.began.monotonic.0 > micros(from) && times.ended.monotonic.0 < micros(to)
    });
    assert!(!between.is_empty());
    for sample in &between {
        let names: Vec<&str> = sample.interrupts.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names.len(), before.len(), "{names:?}");
        for (name, interrupt) in &sample.interrupts {
            let total = interrupt.total.unwrap();
            let (least, most) = (before[&**name], after[&**name]);
            assert!(
                (least..=most).contains(&total),
                "{name}: {total}, {least} to {most}"
            );
        }
    }
    let shown = rows("sar", &file, &["-s", "I", "--at", "end"]);
    assert_eq!(shown.len(), before.len() + 1, "their sum is one more");
}

/// The lines of `df` without its heading: device, type, size in KiB, mount point.
fn live_df() -> Option<Vec<Vec<String>>> {
    let mut command = Command::new("df");
    command.args(["-k", "--output=source,fstype,size,target"]);
    let ran = finish(&mut command);
    // It complains of what it may not look at, and shows the others.
    let text = String::from_utf8(ran.stdout).ok()?;
    let lines = text.lines().skip(1);
    let line = |line: &str| line.split_whitespace().map(str::to_owned).collect();
    (ran.stderr.is_empty() && !text.is_empty()).then(|| lines.map(line).collect())
}

#[test]
fn file_systems_are_those_of_df_with_its_sizes() {
    let (folder, Some(before)) = (folder(), live_df()) else {
        return skip("there is no df of GNU here, or it complains");
    };
    let file = folder.path().join("a");
    let mut recorder = Recorder::start(&file, &["-i", "100ms"]);
    recorder.wait_for_tick(10);
    recorder.stop();
    // Other tests mount things meanwhile.
    let after = live_df().unwrap_or_default();
    let stayed = before.iter().filter(|line| after.contains(line));
    let stayed: Vec<_> = stayed.filter(|line| line.len() == 4).collect();
    let ours = rows("df", &file, &[]);
    let mut compared = 0;
    for line in &stayed {
        let row = ours
            .iter()
            .find(|row| row["mounted_on"] == line[3].as_str());
        let row = row.unwrap_or_else(|| panic!("{line:?} in {ours:#?}"));
        if row["missing"].is_null() {
            let kib = row["total_bytes"].as_u64().unwrap().div_ceil(1024);
            let texts = ["filesystem", "type"].map(|key| row[key].as_str().unwrap().to_owned());
            assert_eq!([&texts[..], &[kib.to_string()]].concat(), line[..3]);
            compared += 1;
        }
    }
    assert!(compared > 0 || stayed.is_empty(), "{ours:#?}");
}

fn write(root: &Path, name: &str, text: &str) {
    let file = root.join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

const DISKSTATS: &str = "   8       0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n\
     \x20 253      0 dm-0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n";
const MOUNTS: &str = "27 1 253:0 / / rw,relatime - ext4 /dev/mapper/vg-root rw\n\
    28 27 0:21 / /proc rw - proc proc rw\n";
const LOCKS: &str = "1: POSIX  ADVISORY  WRITE 7 fd:00:77 100 199\n1: -> POSIX  ADVISORY  WRITE 8 fd:00:77 150 EOF\n";
const MEMINFO: &str = "AnonPages: 11 kB\nSlab: 12 kB\nKernelStack: 13 kB\nPageTables: 14 kB\nVmallocUsed: 15 kB\n\
    HugePages_Total: 8\nHugePages_Free: 6\nHugePages_Rsvd: 1\nHugePages_Surp: 0\nHugepagesize: 2048 kB\n";

/// A host with two of what this one may have one of: CPUs that say how fast they run, NUMA nodes.
fn recorded(with_sys: bool) -> (TempDir, PathBuf) {
    let (proc, folder) = (fake(), folder());
    for (name, text) in [
        ("diskstats", DISKSTATS),
        ("self/mountinfo", MOUNTS),
        ("locks", LOCKS),
        ("meminfo", MEMINFO),
        (
            "interrupts",
            "      CPU0  CPU1\n 24:  3  4  PCI-MSI eth0\nLOC: 5 6 Local timer\n",
        ),
        ("softirqs", "  CPU0 CPU1\nTIMER: 1 2\n"),
    ] {
        write(proc.path(), name, text);
    }
    let (root, sys) = (folder.path().join("proc"), folder.path().join("sys"));
    symlink(proc.path(), &root).unwrap();
    if with_sys {
        let cpu = "devices/system/cpu";
        write(
            &sys,
            &format!("{cpu}/cpu0/cpufreq/scaling_cur_freq"),
            "2400000\n",
        );
        write(
            &sys,
            &format!("{cpu}/cpu1/cpufreq/scaling_cur_freq"),
            "1200000\n",
        );
        for cpu_name in ["cpu0", "cpu1"] {
            let file = format!("{cpu}/{cpu_name}/thermal_throttle/core_throttle_count");
            write(&sys, &file, "7\n");
        }
        for node in [0, 1] {
            let folder = format!("devices/system/node/node{node}");
            let text = format!("Node {node} MemTotal: 100 kB\nNode {node} MemFree: 4{node} kB\n");
            write(&sys, &format!("{folder}/meminfo"), &text);
            write(
                &sys,
                &format!("{folder}/numastat"),
                "numa_hit 70\nnuma_miss 3\n",
            );
        }
        write(&sys, "class/block/sda/device/model", "Fast SSD\n");
        write(&sys, "class/block/dm-0/dm/name", "vg-root\n");
        write(&sys, "class/block/dm-0/slaves/sda", "");
    }
    let file = folder.path().join("a");
    let args = ["-i", "100ms", "--proc-root", root.to_str().unwrap()];
    let ended = Recorder::start_for(&file, "2s", &args).wait();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    (folder, file)
}

#[track_caller]
fn assert_rows(verb: &str, file: &Path, more: &[&str], expected: &[Value]) {
    let rows = rows(verb, file, &[more, &["--at", "end"]].concat());
    assert_eq!(rows.len(), expected.len(), "{rows:#?}");
    for (row, expected) in rows.iter().zip(expected) {
        for (key, value) in expected.as_object().unwrap() {
            assert_eq!(row[key], *value, "{key} of {row}");
        }
    }
}

#[test]
fn speeds_nodes_and_names_of_devices_come_back() {
    let (_folder, file) = recorded(true);
    let cpu = |cpu: &str, mhz: f64, throttled: u64| json!({ "cpu": cpu, "mhz": mhz, "throttled": throttled, "throttled_per_second": 0.0 });
    let cpus = [
        cpu("all", 1800.0, 14),
        cpu("0", 2400.0, 7),
        cpu("1", 1200.0, 7),
    ];
    assert_rows("sar", &file, &["-s", "m", "--devices", "ALL"], &cpus);
    let node = |node: u64| {
        json!({ "node": format!("node{node}"), "memtotal_bytes": 102_400, "memfree_bytes": (40 + node) * 1024,
        "memused_bytes": null, "numa_hit": 70, "numa_miss": 3, "other_node": null })
    };
    assert_rows("numastat", &file, &[], &[node(0), node(1)]);
    let disks = [
        json!({ "name": "dm-0", "maj_min": "253:0", "model": "vg-root", "parents": "sda", "mountpoint": "/" }),
        json!({ "name": "sda", "maj_min": "8:0", "model": "Fast SSD", "parents": null, "mountpoint": null }),
    ];
    assert_rows("lsblk", &file, &[], &disks);
    let named = json!({ "device": "vg-root" });
    assert_rows("iostat", &file, &["-N", "--devices", "vg-root"], &[named]);
    let state = |name: &str| {
        let info = info(&file);
        let mut sources = info["sources"].as_array().unwrap().iter();
        sources.find(|source| source["name"] == name).unwrap()["state"].clone()
    };
    let states = ["cpufreq", "thermal_throttle", "node", "class/block"].map(state);
    assert_eq!(states, ["ok"; 4]);
}

#[test]
fn locks_interrupts_huge_pages_and_slabs_come_back() {
    let (_folder, file) = recorded(true);
    let locks = [
        json!({ "pid": 7, "command": "server", "type": "POSIX", "mode": "WRITE", "m": 0, "start": 100, "end": 199, "maj_min": "253:0",
            "inode": 77, "path": "/...", "blocker": null }),
        json!({ "pid": 8, "mode": "WRITE*", "start": 150, "end": 0, "blocker": 7 }),
    ];
    assert_rows("lslocks", &file, &[], &locks);
    let interrupts = [
        json!({ "intr": "sum", "intr_per_second": 0.0 }),
        json!({ "intr": "24", "description": "PCI-MSI eth0", "intr_per_second": 0.0 }),
        json!({ "intr": "LOC", "description": "Local timer" }),
        json!({ "intr": "softirq:TIMER", "description": null, "intr_per_second": 0.0 }),
    ];
    assert_rows("sar", &file, &["-s", "I"], &interrupts);
    let last = samples(&file).pop().unwrap();
    let total = |name: &str| {
        let mut all = last.interrupts.iter();
        all.find(|(known, _)| &**known == name).unwrap().1.total
    };
    let totals = ["irq:24", "irq:LOC", "softirq:TIMER"].map(total);
    assert_eq!(totals, [Ok(7), Ok(11), Ok(3)]);
    let pages = json!({ "hugfree_kib": 12288, "hugused_kib": 4096, "hugused_percent": 25.0, "hugrsvd_kib": 2048, "hugsurp_kib": 0 });
    assert_rows("sar", &file, &["-s", "H"], &[pages]);
    let memory = json!({ "anonpg_kib": 11, "slab_kib": 12, "kstack_kib": 13, "pgtbl_kib": 14, "vmused_kib": 15 });
    assert_rows("sar", &file, &["-s", "rALL"], &[memory]);
}

/// The fixtures' root is mounted somewhere else: this host's must not be asked for it.
#[test]
fn beside_a_stand_in_for_proc_nothing_of_this_host_is_read() {
    let (_folder, file) = recorded(false);
    let root = json!({ "mounted_on": "/", "filesystem": "/dev/mapper/vg-root", "type": "ext4", "total_bytes": null, "inodes": null,
        "use_percent": null, "not_answering_since": null, "missing": "not read at that moment" });
    assert_rows("df", &file, &[], &[root]);
    assert_rows("numastat", &file, &[], &[]);
    let disks = ["dm-0", "sda"].map(|name| json!({ "name": name, "model": null, "parents": null }));
    assert_rows("lsblk", &file, &[], &disks);
    assert_rows(
        "sar",
        &file,
        &["-s", "m"],
        &[json!({ "cpu": "all", "mhz": null, "throttled": null })],
    );
    let info = info(&file);
    let sources = info["sources"].as_array().unwrap();
    for name in ["cpufreq", "thermal_throttle", "node", "class/block"] {
        let source = sources.iter().find(|source| source["name"] == name);
        let source = source.unwrap_or_else(|| panic!("{name} in {info:#}"));
        assert_eq!(
            (&source["state"], &source["detail"]),
            (&json!("absent"), &json!("not read at that moment"))
        );
    }
    let [Account { ticks, .. }] = account(&file)[..] else {
        panic!("there is one run");
    };
    assert!(ticks > 1);
}
