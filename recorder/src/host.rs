//! What is recorded once a run: the host, its clocks' zone, its mounts.

use crate::source::ProcRoot;
use afterimage_format::facts::Host;
use afterimage_format::units::{Bytes, TickRate};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use procfs_core::process::MountInfos;
use std::fs;
use std::num::NonZeroU64;
use std::path::Path;

/// What is known of this host at the start of a run.
pub(crate) fn facts(root: &ProcRoot) -> Host {
    let names = rustix::system::uname();
    let text = |name: &std::ffi::CStr| name.to_string_lossy().into_owned();
    let zone = TimeZone::system();
    Host {
        boot_id: boot_id(root),
        hostname: text(names.nodename()),
        kernel: text(names.release()),
        architecture: text(names.machine()),
        timezone: zone.iana_name().map(str::to_owned).or_else(zone_name),
        utc_offset_seconds: zone.to_offset(Timestamp::now()).seconds(),
        cpus: cpus(root),
        tick_rate: tick_rate(),
        page_size: Bytes(rustix::param::page_size() as u64),
    }
}

/// The name of the zone that `/etc/localtime` is a link to.
fn zone_name() -> Option<String> {
    let target = fs::read_link("/etc/localtime").ok()?;
    let target = target.to_str()?;
    target
        .split_once("zoneinfo/")
        .map(|(_, name)| name.to_owned())
}

fn boot_id(root: &ProcRoot) -> String {
    let path = root.path().join("sys/kernel/random/boot_id");
    fs::read_to_string(path).map_or_else(|_| String::new(), |id| id.trim().to_owned())
}

/// The CPUs that `/proc/stat` has a line for.
fn cpus(root: &ProcRoot) -> u32 {
    let text = fs::read_to_string(root.path().join("stat")).unwrap_or_default();
    let lines = text
        .lines()
        .filter(|line| line.starts_with("cpu") && !line.starts_with("cpu "));
    u32::try_from(lines.count()).unwrap_or(u32::MAX)
}

fn tick_rate() -> TickRate {
    TickRate(NonZeroU64::new(rustix::param::clock_ticks_per_second()).unwrap_or(NonZeroU64::MIN))
}

/// Mount point, type, device and options of each file system that is not the kernel's own.
pub(crate) fn mounts(root: &ProcRoot) -> Vec<[String; 4]> {
    let own = root.path().join("1/mountinfo");
    let path = if fs::read(&own).is_ok() {
        own
    } else {
        root.path().join("self/mountinfo")
    };
    let Ok(mounts) = <MountInfos as procfs_core::FromRead>::from_file(Path::new(&path)) else {
        return Vec::new();
    };
    let virtual_types = [
        "proc",
        "sysfs",
        "cgroup",
        "cgroup2",
        "devpts",
        "mqueue",
        "securityfs",
        "debugfs",
        "tracefs",
        "pstore",
        "bpf",
    ];
    let real = mounts
        .0
        .into_iter()
        .filter(|mount| !virtual_types.contains(&mount.fs_type.as_str()));
    real.map(|mount| {
        let options = mount
            .mount_options
            .into_iter()
            .map(|(name, value)| match value {
                Some(value) => format!("{name}={value}"),
                None => name,
            });
        let mut options: Vec<String> = options.collect();
        options.sort_unstable();
        let point = mount.mount_point.to_string_lossy().into_owned();
        [
            point,
            mount.fs_type,
            mount.mount_source.unwrap_or_default(),
            options.join(","),
        ]
    })
    .collect()
}
