//! The processes of the made-up capture.

use crate::generated::{Moment, noise, wall};
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::time::WallTime;
use afterimage_format::units::{Bytes, Ticks};
use afterimage_viewer::data::ProcessRow;

/// What a kind of process is like.
struct Kind {
    first_pid: i32,
    how_many: i32,
    user: &'static str,
    comm: &'static str,
    command: &'static str,
    rss_mib: u64,
    threads: u32,
    /// How much of a core each uses on an ordinary day.
    busy: f64,
}

const fn kind(first_pid: i32, how_many: i32, user: &'static str, names: [&'static str; 2]) -> Kind {
    let [comm, command] = names;
    Kind {
        first_pid,
        how_many,
        user,
        comm,
        command,
        rss_mib: 6,
        threads: 1,
        busy: 0.0,
    }
}

impl Kind {
    const fn using(self, rss_mib: u64, threads: u32, busy: f64) -> Self {
        Self {
            rss_mib,
            threads,
            busy,
            ..self
        }
    }
}

fn kinds() -> Vec<Kind> {
    let mut all = system();
    all.extend(services());
    all
}

/// What runs on any host.
fn system() -> Vec<Kind> {
    vec![
        kind(1, 1, "root", ["systemd", "/sbin/init"]).using(13, 1, 0.0),
        kind(2, 58, "root", ["kworker/u8:2-flush-254:0", ""]).using(0, 1, 0.0),
        kind(91, 1, "root", ["jbd2/vda1-8", ""]).using(0, 1, 0.0),
        kind(
            402,
            1,
            "root",
            ["systemd-journal", "/lib/systemd/systemd-journald"],
        ),
        kind(611, 1, "root", ["cron", "/usr/sbin/cron -f"]),
        kind(
            640,
            1,
            "root",
            ["sshd", "sshd: /usr/sbin/sshd -D [listener]"],
        ),
    ]
}

/// What this host is for; the last one is named by someone who means no good.
fn services() -> Vec<Kind> {
    let java = "/usr/bin/java -Xmx4g -XX:+UseG1GC -Dserver.port=8080 -jar /srv/shop/shop.jar \
                --spring.profiles.active=production";
    let main = "/usr/lib/postgresql/15/bin/postgres -D /var/lib/postgresql/15/main";
    let session = "postgres: 15/main: shop shop 10.0.3.17(41822) SELECT";
    vec![
        kind(
            700,
            1,
            "root",
            ["nginx", "nginx: master process /usr/sbin/nginx"],
        ),
        kind(701, 4, "www-data", ["nginx", "nginx: worker process"]).using(24, 1, 7.0),
        kind(1_180, 1, "app", ["java", java]).using(3_480, 187, 61.0),
        kind(1_422, 1, "postgres", ["postgres", main]).using(156, 1, 0.0),
        kind(1_430, 46, "postgres", ["postgres", session]).using(92, 1, 3.0),
        kind(1_600, 12, "redis", ["redis-server", "redis-server *:6379"]).using(9, 4, 0.6),
        kind(2_000, 172, "app", ["php-fpm8.2", "php-fpm: pool www"]).using(31, 1, 0.0),
        kind(
            2_999,
            1,
            "app",
            ["exe\u{202e}gpj", "./exe\u{202e}gpj.\x1b[31m"],
        ),
    ]
}

const MIB: u64 = 1024 * 1024;

/// Everything that was alive at a moment.
pub(crate) fn rows(moment: &Moment, has_previous: bool) -> Vec<ProcessRow> {
    let mut rows: Vec<ProcessRow> = kinds()
        .iter()
        .flat_map(|kind| (0..kind.how_many).map(move |number| (kind, number)))
        .map(|(kind, number)| row(kind, number, moment, has_previous))
        .collect();
    if (3_110..3_975).contains(&moment.second) {
        let command = "tar --zstd -cf /mnt/backup/web-07-full.tar.zst /var /srv /home";
        let tar = kind(9_114, 1, "root", ["tar", command]).using(41, 1, 38.0);
        let mut tar = row(&tar, 0, moment, has_previous);
        tar.state = Ok('D');
        tar.nice = Ok(10);
        tar.started = Ok(wall(3_110));
        tar.read_per_second = Ok(Bytes(61 * MIB + 77_777));
        tar.write_per_second = Ok(Bytes(48 * MIB + 12_345));
        rows.push(tar);
    }
    if (1_800..1_925).contains(&moment.second) {
        let command = "convert /srv/shop/upload/raw.tiff -resize 25% /srv/shop/thumb.webp";
        let job = kind(8_000, 18, "app", ["convert", command]).using(210, 1, 24.0);
        rows.extend((0..18).map(|number| row(&job, number, moment, has_previous)));
    }
    let mut blocked = moment.blocked - 1;
    for row in rows
        .iter_mut()
        .filter(|row| row.comm == "postgres" && row.key.pid.0 >= 1_430)
    {
        if blocked > 0 {
            row.state = Ok('D');
            row.cpu_percent = row.cpu_percent.map(|_| 0.2);
            blocked -= 1;
        }
    }
    rows
}

fn row(kind: &Kind, number: i32, moment: &Moment, has_previous: bool) -> ProcessRow {
    let pid = kind.first_pid + number;
    let chance = noise(moment.second, i64::from(pid));
    let kernel = kind.command.is_empty();
    let rate = |value: f64| -> Reading<f64> {
        if has_previous {
            Ok(value)
        } else {
            Err(Missing::NotRead)
        }
    };
    let cpu = kind.busy * (0.5 + chance);
    let crowded = (moment.runnable - 4).max(0) as f64;
    let denied = || -> Reading<Bytes> { Err(Missing::PermissionDenied) };
    let writes = if kind.comm == "postgres" && chance > 0.6 {
        Bytes(180_224)
    } else {
        Bytes(0)
    };
    let started = if pid > 1_900 {
        wall(-i64::from(pid))
    } else {
        WallTime(1_793_000_000_000_000)
    };
    ProcessRow {
        key: ProcessKey {
            pid: Pid(pid),
            started: Ticks(500),
        },
        user: Ok(kind.user.to_owned()),
        state: Ok(match (kernel, cpu > 20.0) {
            (true, _) => 'I',
            (false, true) => 'R',
            (false, false) => 'S',
        }),
        cpu_percent: rate(cpu),
        wait_percent: rate(if cpu > 0.5 {
            crowded * 2.5 * chance
        } else {
            0.0
        }),
        rss: Ok(Bytes(
            kind.rss_mib * MIB + u64::from(pid.unsigned_abs()) * 4096,
        )),
        read_per_second: if kernel || kind.user == "redis" {
            denied()
        } else {
            Ok(Bytes(0))
        },
        write_per_second: if kernel || kind.user == "redis" {
            denied()
        } else {
            Ok(writes)
        },
        threads: Ok(kind.threads),
        nice: Ok(if kernel { -20 } else { 0 }),
        started: Ok(started),
        comm: kind.comm.to_owned(),
        command: Ok(kind.command.to_owned()),
        ppid: Ok(Pid(parent_of(kind, pid))),
        group: Ok(kind.user.to_owned()),
        cgroup: Ok(cgroup_of(kind)),
        kernel_thread: Ok(kernel),
        policy: Ok(0),
        priority: Ok(if kernel { 0 } else { 20 }),
        vsize: Ok(Bytes(kind.rss_mib * 9 * MIB)),
        rss_anon: Ok(Bytes(kind.rss_mib * MIB * 3 / 4)),
        swap: Ok(Bytes(0)),
        switches_per_second: rate(cpu * 41.0 * chance),
        descriptors: Ok(u64::from(kind.threads) * 3 + 4),
        oom_score_adj: Ok(0),
        ..ProcessRow::unknown(ProcessKey {
            pid: Pid(pid),
            started: Ticks(500),
        })
    }
}

/// Workers are the children of the first of their kind, kernel threads those of 2.
fn parent_of(kind: &Kind, pid: i32) -> i32 {
    match kind.comm {
        _ if pid <= 2 => 0,
        _ if kind.command.is_empty() => 2,
        "nginx" if pid > 700 => 700,
        "postgres" if pid > 1_422 => 1_422,
        "php-fpm8.2" if pid > 2_000 => 2_000,
        _ => 1,
    }
}

fn cgroup_of(kind: &Kind) -> String {
    match kind.comm {
        _ if kind.command.is_empty() => "/".to_owned(),
        "systemd" => "/init.scope".to_owned(),
        comm => format!("/system.slice/{comm}.service"),
    }
}
