//! `--proc-root`: a directory of files stands in for `/proc`, so every number is known. What
//! the kernel does not give is absent and never 0, and no file can hold the recorder up.

use crate::support::capture::{account, samples};
use crate::support::command::{info, ok, rows};
use crate::support::host::folder;
use crate::support::recorder::Recorder;
use afterimage_format::reading::Missing;
use afterimage_format::units::Bytes;
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Name and text of each machine-wide file.
const FILES: [(&str, &str); 12] = [
    (
        "stat",
        "cpu  100 20 30 4000 50 6 7 8 0 0\ncpu0 60 10 20 2000 30 3 4 5 0 0\ncpu1 40 10 10 2000 20 3 3 3 0 0\n\
         intr 9000 1 2\nctxt 8000\nbtime 1700000000\nprocesses 777\nprocs_running 3\nprocs_blocked 2\nsoftirq 5 1 1\n",
    ),
    ("loadavg", "1.25 0.50 12.75 3/456 789\n"),
    ("uptime", "12345.67 20000.00\n"),
    (
        "meminfo",
        "MemTotal:        8000000 kB\nMemFree:         1000000 kB\nMemAvailable:    5000000 kB\n\
         Buffers:           20000 kB\nCached:          3000000 kB\nShmem:             40000 kB\n\
         SReclaimable:      60000 kB\nSwapTotal:       2000000 kB\nSwapFree:        1500000 kB\n",
    ),
    ("vmstat", "pgpgin 100\npgpgout 200\npswpin 3\npswpout 4\n"),
    (
        "diskstats",
        "   8       0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n",
    ),
    (
        "net/dev",
        "Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n\
         \x20 eth0: 11 12 13 14 15 16 17 18 21 22 23 24 25 26 27 28\n",
    ),
    (
        "pressure/cpu",
        "some avg10=1.50 avg60=0.25 avg300=0.05 total=1234567\n",
    ),
    (
        "pressure/memory",
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=5\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=4\n",
    ),
    (
        "sys/kernel/random/boot_id",
        "11111111-2222-3333-4444-555555555555\n",
    ),
    ("7/cmdline", "/usr/sbin/server\0--port\080\0"),
    ("8/cmdline", ""),
];

/// `stat` of pid 7: fields 1 to 52 as in `proc_pid_stat(5)`.
const SERVER: &str = "7 (server) S 1 7 7 0 -1 4194304 50 0 3 0 150 50 0 0 20 0 4 0 1000 104857600 2560 \
    18446744073709551615 1 1 0 0 0 0 0 4096 0 1 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
/// Pid 8: a name that a parser which looks for the first `)` takes for fields; nice 5.
const HOSTILE: &str = "8 (a) R 1 (\n) D 7 8 8 0 -1 4194304 0 0 0 0 0 0 0 0 25 5 1 0 2000 8192000 10 \
    18446744073709551615 1 1 0 0 0 0 0 0 0 1 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
/// Pid 9, whose command line is a FIFO that nobody writes to.
const BLOCKING: &str = "9 (stuck) S 1 9 9 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 3000 4096000 20 \
    18446744073709551615 1 1 0 0 0 0 0 0 0 1 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
const STATUS: &str = "Name:\tx\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nVmHWM:\t   20000 kB\nRssAnon:\t  8000 kB\n\
    voluntary_ctxt_switches:\t5\nnonvoluntary_ctxt_switches:\t6\n";

fn write(root: &Path, name: &str, text: &str) {
    let file = root.join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

/// A host whose every number is known, and one command line never answers.
pub(crate) fn fake() -> TempDir {
    let root = folder();
    for (name, text) in FILES {
        write(root.path(), name, text);
    }
    for (pid, stat) in [(7, SERVER), (8, HOSTILE), (9, BLOCKING)] {
        write(root.path(), &format!("{pid}/stat"), stat);
        write(root.path(), &format!("{pid}/status"), STATUS);
        write(
            root.path(),
            &format!("{pid}/schedstat"),
            "2000000000 1000000 30\n",
        );
    }
    let made = Command::new("mkfifo")
        .arg(root.path().join("9/cmdline"))
        .status();
    assert!(made.unwrap().success());
    root
}

fn recorded(root: &Path, folder: &TempDir) -> PathBuf {
    let file = folder.path().join("host.afterimage");
    let args = ["-i", "100ms", "--proc-root", root.to_str().unwrap()];
    let ended = Recorder::start_for(&file, "1s", &args).wait();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    file
}

#[track_caller]
fn assert_values(row: &Value, expected: &Value) {
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(row[key], *value, "{key} of {row}");
    }
}

#[test]
fn every_number_of_a_known_proc_comes_back() {
    let (root, folder) = (fake(), folder());
    let file = recorded(root.path(), &folder);
    let page = rustix::param::page_size() as u64;
    let rows_of = rows("ps", &file, &[]);
    assert_eq!(rows_of.len(), 3);
    let expected = [
        json!({ "pid": 7, "ppid": 1, "state": "S", "nice": 0, "threads": 4, "user": "root", "rss_bytes": 2560 * page,
            "vsize_bytes": 104_857_600, "comm": "server", "cmdline": "/usr/sbin/server --port 80", "cpu_percent": 0.0 }),
        json!({ "pid": 8, "ppid": 7, "state": "D", "nice": 5, "threads": 1, "rss_bytes": 10 * page,
            "vsize_bytes": 8_192_000, "comm": "a) R 1 (\n" }),
        json!({ "pid": 9, "ppid": 1, "state": "S", "threads": 1, "comm": "stuck", "cmdline": null }),
    ];
    for (row, expected) in rows_of.iter().zip(&expected) {
        assert_values(row, expected);
    }
    let kib = |kib: u64| kib * 1024;
    let free = &rows("free", &file, &["--at", "end"])[0];
    assert_values(
        free,
        &json!({ "total_bytes": kib(8_000_000), "free_bytes": kib(1_000_000), "available_bytes": kib(5_000_000),
        "used_bytes": kib(3_000_000), "shared_bytes": kib(40_000), "buff_cache_bytes": kib(3_080_000),
        "swap_total_bytes": kib(2_000_000), "swap_used_bytes": kib(500_000), "swap_free_bytes": kib(1_500_000) }),
    );
    let uptime = &rows("uptime", &file, &["--at", "end"])[0];
    assert_values(
        uptime,
        &json!({ "up_seconds": 12345.67, "load1": 1.25, "load5": 0.5, "load15": 12.75, "running": 3, "blocked": 2, "tasks": 456 }),
    );
    let vmstat = &rows("vmstat", &file, &["--at", "end"])[0];
    assert_values(
        vmstat,
        &json!({ "b": 2, "swpd_kib": 500_000, "free_kib": 1_000_000, "buff_kib": 20_000, "cache_kib": 3_060_000,
        "cs_per_second": 0.0, "si_kib_per_second": 0.0 }),
    );
    let info = info(&file);
    assert_values(
        &info,
        &json!({ "cpus": 2, "boot_ids": ["11111111-2222-3333-4444-555555555555"] }),
    );
    devices_come_back(&file);
}

fn devices_come_back(file: &Path) {
    let sample = samples(file).pop().unwrap();
    let disks = &sample.machine.disks;
    let (name, disk) = &disks[0];
    assert_eq!(
        (&**name, disk.reads, disk.read),
        ("sda", [Ok(1), Ok(2)], Ok(Bytes(3 * 512)))
    );
    assert_eq!(
        (disk.written, disk.in_flight, disk.flushes),
        (Ok(Bytes(7 * 512)), Ok(9), Ok(16))
    );
    let (name, network) = &sample.machine.networks[0];
    assert_eq!(
        (&**name, network.received, network.sent),
        ("eth0", Ok(Bytes(11)), Ok(Bytes(21)))
    );
    assert_eq!(network.send_errors, [Ok(23), Ok(24)]);
    let pressure = sample
        .machine
        .pressure
        .iter()
        .find(|(line, _)| &**line == "cpu some");
    assert_eq!(pressure.unwrap().1.avg_hundredths, [Ok(150), Ok(25), Ok(5)]);
}

/// A recorder that waits for it would take no tick after it has come.
#[test]
fn a_file_that_never_answers_delays_no_tick() {
    let (root, folder) = (fake(), folder());
    let (file, there) = (folder.path().join("host.afterimage"), root.path().join("9"));
    let not_yet = folder.path().join("9");
    fs::rename(&there, &not_yet).unwrap();
    let args = ["-i", "100ms", "--proc-root", root.path().to_str().unwrap()];
    let mut recorder = Recorder::start(&file, &args);
    recorder.wait_for_tick(5);
    fs::rename(&not_yet, &there).unwrap();
    recorder.wait_for_more(10);
    recorder.stop();
    let [account] = account(&file)[..] else {
        panic!("there is one run");
    };
    assert!(account.due >= 10, "{account:?}");
    // One tick may wait 25 ms for the details of new processes; that is no reason to miss one.
    assert!(account.missed <= 2, "{account:?}");
    let text = ok(&[OsStr::new("ps"), file.as_os_str()]).text();
    assert!(text.contains("[stuck]"), "{text}");
}

#[test]
fn what_is_not_there_is_absent_and_null_and_never_zero() {
    let (root, folder) = (fake(), folder());
    for file in ["meminfo", "loadavg", "diskstats", "pressure/memory"] {
        fs::remove_file(root.path().join(file)).unwrap();
    }
    fs::remove_file(root.path().join("8/schedstat")).unwrap();
    write(
        root.path(),
        "stat",
        "cpu  100 20 30 4000 50 6 7 8 0 0\ncpu0 100 20 30 4000 50 6 7 8 0 0\n",
    );
    let file = recorded(root.path(), &folder);
    let info = info(&file);
    let state = |name: &str| {
        let sources = info["sources"].as_array().unwrap();
        let source = sources.iter().find(|source| source["name"] == name);
        source.unwrap_or_else(|| panic!("{name} in {info:#}"))["state"].clone()
    };
    for absent in [
        "meminfo",
        "loadavg",
        "diskstats",
        "pressure/memory",
        "pressure/io",
    ] {
        assert_eq!(state(absent), "absent", "{absent}");
    }
    assert_eq!((state("stat"), state("uptime")), ("ok".into(), "ok".into()));
    let nulls = |verb: &str, keys: &[&str]| {
        let row = rows(verb, &file, &["--at", "end"]).remove(0);
        for key in keys {
            assert_eq!(row.get(key), Some(&Value::Null), "{key} of {row}");
        }
    };
    nulls(
        "free",
        &[
            "total_bytes",
            "used_bytes",
            "free_bytes",
            "available_bytes",
            "buff_cache_bytes",
            "swap_used_bytes",
        ],
    );
    nulls(
        "uptime",
        &["load1", "load5", "load15", "tasks", "running", "blocked"],
    );
    nulls(
        "vmstat",
        &[
            "r",
            "b",
            "swpd_kib",
            "free_kib",
            "cache_kib",
            "cs_per_second",
            "in_per_second",
        ],
    );
    let rows_of = rows("ps", &file, &[]);
    assert_eq!(rows_of[1]["wait_percent"], Value::Null, "{}", rows_of[1]);
    assert_eq!(
        rows_of[0]["read_bytes_per_second"],
        Value::Null,
        "{}",
        rows_of[0]
    );
}

#[test]
fn a_command_line_that_was_not_there_yet_is_read_at_the_next_ticks() {
    let (root, folder) = (fake(), folder());
    // A process in the middle of an exec; as for 8, nothing comes of it in the end.
    write(root.path(), "7/cmdline", "");
    let file = folder.path().join("host.afterimage");
    let args = ["-i", "300ms", "--proc-root", root.path().to_str().unwrap()];
    let mut recorder = Recorder::start_for(&file, "3s", &args);
    std::thread::sleep(std::time::Duration::from_millis(700));
    write(root.path(), "7/cmdline", "/usr/sbin/server\0--late\0");
    assert_eq!(recorder.wait().code, 0);
    let lines = rows("ps", &file, &["--columns", "pid,cmdline"]);
    let line = lines.iter().find(|row| row["pid"] == 7).unwrap();
    assert_eq!(line["cmdline"], "/usr/sbin/server --late");
}

#[test]
fn protocols_and_limits_come_back_and_those_that_are_not_there_are_missing() {
    let (root, folder) = (fake(), folder());
    for (name, text) in [
        ("net/snmp", "Tcp: MaxConn RetransSegs\nTcp: -1 17\n"),
        ("net/netstat", "TcpExt: ListenDrops\nTcpExt: 3\n"),
        ("net/sockstat", "sockets: used 40\nTCP: inuse 4 tw 9\n"),
        ("net/softnet_stat", "0000000a 00000001\n00000010 000000ff\n"),
        ("sys/net/ipv4/ip_local_port_range", "32768\t60999\n"),
        ("sys/fs/file-nr", "8160\t0\t9223372\n"),
    ] {
        write(root.path(), name, text);
    }
    let file = recorded(root.path(), &folder);
    let last = samples(&file).pop().unwrap();
    for (name, expected) in [
        ("Tcp.RetransSegs", Ok(17)),
        ("Tcp.MaxConn", Err(Missing::NotSupported)),
        ("TcpExt.ListenDrops", Ok(3)),
        ("sockstat.TCP.tw", Ok(9)),
        ("softnet.processed", Ok(26)),
        ("softnet.dropped", Ok(256)),
        ("softnet.time_squeeze", Err(Missing::Malformed)),
        ("conntrack.count", Err(Missing::NotSupported)),
    ] {
        assert_eq!(last.protocols.number(name), expected, "{name}");
    }
    for (name, expected) in [
        ("net.ipv4.ip_local_port_range.high", Ok(60_999)),
        ("fs.file-nr.max", Ok(9_223_372)),
        ("kernel.pid_max", Err(Missing::NotSupported)),
    ] {
        assert_eq!(last.limits.number(name), expected, "{name}");
    }
    let sources = info(&file)["sources"].as_array().unwrap().clone();
    let state = |name: &str| {
        sources
            .iter()
            .find(|source| source["name"] == name)
            .unwrap()["state"]
            .clone()
    };
    assert_eq!(
        (state("net/snmp"), state("sys/kernel/pid_max")),
        (json!("ok"), json!("absent"))
    );
}
