//! `afterimage doctor`: what this host allows.

use super::output::print_text;
use crate::cli::DoctorArgs;
use crate::dumps;
use crate::exits::{NO_NETLINK, reach};
use crate::memory;
use crate::source::kernel_log::KernelLog;
use crate::source::sock_diag::ask::{SockDiag, Wanted};
use crate::standing::{self, Grant};
use afterimage_format::reading::Missing;
use serde_json::json;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

/// One thing the recorder needs, and what is lost without it.
struct Finding {
    name: &'static str,
    ok: bool,
    state: String,
    cost: &'static str,
    grant: &'static str,
}

/// Everything that the recorder can use. `setcap` replaces what was set before, so it is one list.
const CAPABILITIES: &str = "setcap cap_sys_ptrace,cap_dac_read_search,cap_syslog,cap_ipc_lock,cap_sys_nice,cap_net_admin=ep $(command -v afterimage)   (or run as root)";

/// What the process connector and taskstats take.
const ENDS: &str = "CAP_NET_ADMIN of the host, as with the capabilities of `process I/O`, outside of containers: no pid or network namespace of its own (docker run --pid=host --net=host --cap-add NET_ADMIN), and a kernel with CONFIG_PROC_EVENTS and CONFIG_TASKSTATS";

pub(super) fn run(args: &DoctorArgs) -> anyhow::Result<ExitCode> {
    let findings = findings();
    if args.json {
        let list: Vec<_> = findings.iter()
            .map(|finding| json!({ "name": finding.name, "ok": finding.ok, "state": finding.state, "cost": finding.cost, "grant": finding.grant }))
            .collect();
        print_text(&format!("{:#}\n", json!(list)))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = String::new();
    for finding in &findings {
        let mark = if finding.ok { "ok  " } else { "LACK" };
        writeln!(text, "{mark} {}: {}", finding.name, finding.state)?;
        if !finding.ok {
            writeln!(text, "       without it: {}", finding.cost)?;
            writeln!(text, "       to grant:   {}", finding.grant)?;
        }
    }
    print_text(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn findings() -> Vec<Finding> {
    let mut findings = of_files_and_standing();
    findings.push(of_sockets());
    findings.extend(of_ends());
    findings.push(of_dumps());
    findings
}

fn of_files_and_standing() -> Vec<Finding> {
    let read = |path: &str| match fs::read(path) {
        Ok(_) => (true, format!("{path} is readable")),
        Err(error) => (false, format!("{path}: {error}")),
    };
    let finding = |name, (ok, state), cost, grant| Finding {
        name,
        ok,
        state,
        cost,
        grant,
    };
    vec![
        finding(
            "processes",
            read("/proc/stat"),
            "nothing can be recorded",
            "mount -t proc proc /proc",
        ),
        finding(
            "all processes",
            hidepid(),
            "processes of other users are not seen at all",
            "run as root, or: mount -o remount,hidepid=0 /proc",
        ),
        finding(
            "process I/O",
            others_io(),
            "bytes read and written are known of this user's processes only",
            CAPABILITIES,
        ),
        finding(
            "pressure",
            read("/proc/pressure/cpu"),
            "how long tasks stalled for CPU, memory and I/O is not known",
            "boot with psi=1 (kernel 4.20 or newer)",
        ),
        finding(
            "run-queue wait",
            read("/proc/self/schedstat"),
            "how long a process waited for a CPU is not known, and every process is read at each tick",
            "a kernel with CONFIG_SCHED_INFO",
        ),
        finding(
            "kernel log",
            kernel_log(),
            "OOM kills, disk errors and everything else in dmesg are missing",
            "sysctl kernel.dmesg_restrict=0, or the capabilities of `process I/O`   (or run as root)",
        ),
        finding(
            "descriptors",
            descriptors(),
            "files are opened for each read: about three times the CPU",
            "ulimit -n 20000, or LimitNOFILE=20000 in the unit",
        ),
        finding(
            "memory lock",
            granted(memory::lock()),
            "on a host that swaps the recorder is swapped out too: ticks are late or missing when it matters",
            CAPABILITIES,
        ),
        finding(
            "priority",
            granted(standing::go_first()),
            "on a host whose CPUs are all wanted ticks are late or missing",
            CAPABILITIES,
        ),
        finding(
            "OOM score",
            granted(standing::oom_score()),
            "when memory runs out the recorder may be killed like any other process",
            "OOMScoreAdjust=-900 in the unit, or: choom -n -900 -p $(pidof afterimage)   (as root, while it records)",
        ),
    ]
}

/// Tried here as the recorder does it: this process is about to end.
fn granted(grant: Grant) -> (bool, String) {
    (grant.is_given, grant.detail)
}

/// Whether the kernel lists them: asked as the recorder asks.
fn of_sockets() -> Finding {
    let mut listed = 0_usize;
    let asked = SockDiag::default().list(Wanted::Tcp, |_| listed += 1);
    let (ok, state) = match asked {
        Ok(()) => (true, format!("the kernel lists them, {listed} of TCP now")),
        Err(Missing::PermissionDenied) => (false, NO_NETLINK.to_owned()),
        Err(missing) => (false, missing.to_string()),
    };
    Finding {
        name: "sockets",
        ok,
        state,
        cost: "connections, who has them, listen queues and retransmits are not known; how many sockets there are is",
        grant: "RestrictAddressFamilies=AF_UNIX AF_NETLINK AF_INET in the unit, a seccomp profile that allows AF_NETLINK, and a kernel with CONFIG_INET_DIAG",
    }
}

/// Who tells of the ends of processes.
fn of_ends() -> [Finding; 2] {
    let names = ["ends of processes", "what the dead had used"];
    let costs = [
        "how a process ended, and when to the microsecond, is not known; what lives for less than a tick may not be seen at all",
        "what a process used after the last tick that saw it, and what short-lived ones used, is not known",
    ];
    let mut told = names.into_iter().zip(costs);
    reach().sources.map(|(teller, source)| {
        let (name, cost) = told.next().unwrap_or_default();
        let ok = source.state == "ok";
        let state = if ok {
            format!("{teller} tells of them")
        } else {
            format!("{teller}: {}", source.detail)
        };
        Finding {
            name,
            ok,
            state,
            cost,
            grant: ENDS,
        }
    })
}

/// Who may be asked for its threads.
fn of_dumps() -> Finding {
    let (ok, state) = match dumps::reach() {
        Ok(state) => (true, state),
        Err(state) => (false, state),
    };
    Finding {
        name: "thread dumps",
        ok,
        state,
        cost: "`afterimage dump` and `record --thread-dumps` are refused where the virtual machine belongs to somebody else, or would have to be signalled first; what the kernel says of each thread is there all the same",
        grant: "run as root, or as the user and the group of the virtual machine; started with -XX:+StartAttachListener it needs no signal",
    }
}

/// Whether another user's process can be seen.
fn hidepid() -> (bool, String) {
    match fs::metadata("/proc/1") {
        Ok(_) => (true, "process 1 is visible".to_owned()),
        Err(error) => (
            false,
            format!("process 1 is not visible ({error}): /proc is mounted with hidepid"),
        ),
    }
}

/// Whether the `io` of processes of others can be read: of most, as some refuse everybody.
fn others_io() -> (bool, String) {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let (mut readable, mut denied) = (0, 0);
    for process in processes.filter(|entry| {
        entry
            .file_name()
            .to_str()
            .is_some_and(|name| name.parse::<u32>().is_ok())
    }) {
        match fs::read(process.path().join("io")) {
            Ok(_) => readable += 1,
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => denied += 1,
            Err(_gone) => {}
        }
    }
    (
        denied <= readable / 10,
        format!("{readable} processes readable, {denied} denied"),
    )
}

fn kernel_log() -> (bool, String) {
    // As the recorder does: something else may lie there, as in many containers.
    let read = KernelLog::open(Path::new("/dev/kmsg"))
        .and_then(|mut log| log.read_available(1, |_| {}).map(drop));
    match read {
        Ok(()) => (true, "/dev/kmsg is readable".to_owned()),
        Err(missing) => (false, format!("/dev/kmsg: {missing}")),
    }
}

fn descriptors() -> (bool, String) {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum;
    let words = limit.map_or_else(
        || "no limit".to_owned(),
        |limit| format!("up to {limit} open files"),
    );
    (limit.is_none_or(|limit| limit >= 4096), words)
}
