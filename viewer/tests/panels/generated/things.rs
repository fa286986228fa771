//! What lies beside processes in the made-up capture: a host on which much is wrong.
//!
//! The lists come from a made-up sample through the same analysis as those of a capture file.

use afterimage_analysis::lists;
use afterimage_analysis::waits::Seen;
use afterimage_analysis::zone::Zone;
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::reading::Missing;
use afterimage_format::sample::{
    FileLock, FileSystem, Interrupt, Lines, Machine, Process, Sample, Socket, State, Task, Why,
};
use afterimage_format::tick::{Instants, Shed, TickTimes};
use afterimage_format::time::{BootTime, MonotonicTime, Seq, WallTime};
use afterimage_format::units::{Bytes, Ticks};
use afterimage_viewer::data::{Things, ThingsOf};
use std::sync::Arc;
use std::time::Duration;

/// The lists of a page; hostile ones have names and numbers that nobody writes in good faith.
pub(crate) fn of(is_hostile: bool, of: ThingsOf, seq: Seq) -> Things {
    let now = sample(is_hostile, seq);
    let seen = Seen::at(&now);
    let lists = match of {
        ThingsOf::Cpus => vec![
            lists::soft_interrupts(&now, None),
            lists::interrupts(&now, None),
            lists::speeds(&now, None),
            lists::nodes(&now, None),
        ],
        ThingsOf::Network => vec![lists::protocols(&now, None), lists::limits(&now)],
        ThingsOf::Disks => {
            let mut when = |_| Some(WallTime(1_795_348_800_000_000));
            vec![
                lists::file_systems(&now, &Zone::utc(), &mut when),
                lists::file_locks(&now),
            ]
        }
        ThingsOf::Sockets => vec![
            lists::socket_states(&now),
            lists::listeners(&now),
            lists::close_waits(&now),
            lists::local_ports(&now),
            lists::sockets(&now),
        ],
        ThingsOf::Waits => vec![
            lists::channels((&now, None), &seen, "x86_64"),
            lists::waits((&now, None), &seen, "x86_64"),
        ],
        ThingsOf::Load => vec![],
    };
    Things {
        of,
        seq,
        lists,
        load: None,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "as a sample has it")]
fn bytes(text: &str) -> Result<Arc<[u8]>, Missing> {
    Ok(Arc::from(text.as_bytes()))
}

fn key(pid: i32) -> ProcessKey {
    ProcessKey {
        pid: Pid(pid),
        started: Ticks(1),
    }
}

fn sample(is_hostile: bool, seq: Seq) -> Sample {
    let instants = Instants {
        monotonic: MonotonicTime(100_000_000),
        boot: BootTime(100_000_000),
        wall: WallTime(100_000_000),
    };
    let times = TickTimes {
        seq,
        planned: MonotonicTime(100_000_000),
        began: instants,
        ended: instants,
        recorder_cpu: Duration::ZERO,
        shed: Shed::NONE,
        full_sweep: true,
    };
    let name = |name: &str| {
        if is_hostile {
            format!("{name}\x1b[2J\u{202e}{}", "x".repeat(9_000))
        } else {
            name.to_owned()
        }
    };
    let most = |number: u64| if is_hostile { u64::MAX } else { number };
    let processes = [(2013, "php-fpm8.2"), (1180, "nginx")].map(|(pid, comm)| {
        let mut process = Process::not_read(key(pid));
        process.comm = bytes(&name(comm));
        process
    });
    let machine = Machine::not_read();
    let mut now = Sample::of(times, machine, processes.into());
    now.processes.sort_by_key(|process| process.key);
    now.tasks = Ok(vec![
        task(71, b'S', &name("futex_do_wait")),
        task(72, b'D', &name("jbd2_log_wait_commit")),
    ]);
    now.sockets = Ok(sockets(&most, seq));
    now.file_systems = Ok(file_systems(&name, &most));
    now.file_locks = Ok(locks(&name));
    let lines = |all: &[(&str, u64)]| {
        Lines(
            all.iter()
                .map(|(name, number)| ((*name).into(), Ok(most(*number))))
                .collect(),
        )
    };
    now.protocols = lines(&[
        ("Tcp.RetransSegs", 77),
        ("TcpExt.ListenOverflows", 4),
        ("sockstat.TCP.tw", 12),
    ]);
    now.limits = lines(&[
        ("net.ipv4.ip_local_port_range.low", 32_768),
        ("net.ipv4.ip_local_port_range.high", 60_999),
        ("fs.file-nr.used", 900),
        ("fs.file-nr.max", 1_000),
    ]);
    let interrupt = |total: u64| Interrupt {
        total: Ok(most(total)),
        description: bytes(&name("virtio1-req.0")),
    };
    now.interrupts = vec![
        ("irq:24".into(), interrupt(5)),
        ("softirq:NET_RX".into(), interrupt(9)),
    ];
    now
}

fn task(tid: i32, state: u8, wchan: &str) -> Task {
    let absent = Missing::NotSupported;
    Task {
        key: key(tid),
        process: Ok(Pid(2013)),
        comm: bytes("php-fpm8.2"),
        state: Ok(State(state)),
        wchan: bytes(wchan),
        syscall: Ok(74),
        syscall_arguments: Err(absent),
        stack: bytes("jbd2_log_wait_commit\next4_sync_file\ndo_fsync"),
        user_time: Err(absent),
        system_time: Err(absent),
        run: Err(absent),
        wait: Err(absent),
        voluntary_switches: Err(absent),
        involuntary_switches: Err(absent),
        major_faults: Err(absent),
        processor: Err(absent),
        why: Ok(Why::UNINTERRUPTIBLE),
        read_at: Err(absent),
    }
}

fn sockets(most: &dyn Fn(u64) -> u64, seq: Seq) -> Vec<(Box<str>, Socket)> {
    let one = |count: u64, queues: [u64; 2]| Socket {
        count: Ok(count),
        receive_queue: Ok(queues[0]),
        send_queue: Ok(queues[1]),
        retransmits: Ok(most(0)),
        oldest_since: Ok(BootTime(40_000_000)),
        is_older: false,
        uid: Ok(33),
        inode: Ok(9),
        read_at: Ok(seq),
    };
    let rows = [
        ("tcp * *:* *:* -", one(most(430), [0, 0])),
        ("udp * *:* *:* -", one(1, [0, 0])),
        ("unix * * * -", one(5, [0, 0])),
        ("tcp LISTEN 0.0.0.0:80 0.0.0.0:* 1180", one(1, [129, 128])),
        (
            "tcp ESTAB 10.0.0.1:80 10.0.0.2:40000 1180",
            one(1, [0, most(77)]),
        ),
        (
            "tcp CLOSE-WAIT 10.0.0.1:9000 10.0.0.3:* 2013",
            one(most(400), [1, 0]),
        ),
        (
            "tcp TIME-WAIT 10.0.0.1:* 10.0.0.9:5432 -",
            one(28_000, [0, 0]),
        ),
        ("udp UNCONN *:53 *:* denied", one(1, [0, 0])),
    ];
    rows.map(|(name, socket)| (name.into(), socket)).into()
}

fn file_systems(
    name: &dyn Fn(&str) -> String,
    most: &dyn Fn(u64) -> u64,
) -> Vec<(Box<str>, FileSystem)> {
    let of = |total: Result<u64, Missing>, free: u64| FileSystem {
        device: bytes(&name("/dev/vdb1")),
        kind: bytes("ext4"),
        total: total.map(Bytes),
        free: total.map(|_| Bytes(free)),
        available: total.map(|_| Bytes(free)),
        inodes: total,
        inodes_free: total.map(|total| total / 2),
        flags: Ok(0),
        read_at: Ok(Seq(7)),
    };
    vec![
        (name("/var").into(), of(Ok(most(1_000_000)), 0)),
        (name("/srv").into(), of(Ok(most(1_000_000)), 900_000)),
        ("/mnt/dead".into(), of(Err(Missing::Blocked), 0)),
    ]
}

fn locks(name: &dyn Fn(&str) -> String) -> Vec<(Box<str>, FileLock)> {
    let lock = |waiter: Result<Pid, Missing>| FileLock {
        holder: Ok(Pid(1180)),
        waiter,
        kind: bytes(&name("FLOCK ADVISORY WRITE 0 EOF")),
        device: bytes("fe:00"),
        inode: Ok(77),
    };
    vec![
        ("1".into(), lock(Err(Missing::NotSupported))),
        ("1.1".into(), lock(Ok(Pid(2013)))),
    ]
}
