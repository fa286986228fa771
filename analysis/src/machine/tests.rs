//! Machines made by hand, two seconds apart, and what is to come out of them.

use super::made::{TWO_SECONDS, at, lines, nothing};
use super::*;
use afterimage_format::sample::{CpuTimes, Disk, Network, Pressure, SchedulerTimes};
use afterimage_format::units::Ticks;

const PAGE: Bytes = Bytes(4096);

/// What comes out of two machines, two seconds apart.
fn pages(before: Machine, now: Machine) -> Pages {
    let (before, now) = at(before, now);
    let step = Step {
        before: &before,
        now: &now,
        elapsed: TWO_SECONDS,
    };
    Pages::new(&now, Some(&step), PAGE)
}

fn alone(now: Machine) -> Pages {
    Pages::new(&at(nothing(), now).1, None, PAGE)
}

fn near(value: Option<Value>, expected: f64) {
    let value = value.expect("there is such a cell").expect("it is known");
    assert!(
        (value - expected).abs() < 1e-9,
        "{value} and not {expected}"
    );
}

/// CPU times in the order of `/proc/stat`.
fn times(ticks: [u64; 10]) -> CpuTimes {
    let [
        user,
        nice,
        system,
        idle,
        iowait,
        irq,
        softirq,
        steal,
        guest,
        guest_nice,
    ] = ticks.map(|ticks| Ok(Ticks(ticks)));
    CpuTimes {
        user,
        nice,
        system,
        idle,
        iowait,
        irq,
        softirq,
        steal,
        guest,
        guest_nice,
        frequency: Err(Missing::NotRead),
        throttle_count: Err(Missing::NotRead),
    }
}

fn with_cpu(ticks: [u64; 10], wait_ms: u64) -> Machine {
    let scheduler = SchedulerTimes {
        run: Ok(Duration::ZERO),
        wait: Ok(Duration::from_millis(wait_ms)),
        slices: Ok(0),
    };
    Machine {
        cpu: Ok(times(ticks)),
        cpus: vec![("cpu0".into(), times(ticks))],
        scheduler: vec![("cpu0".into(), scheduler)],
        context_switches: Ok(1000 + ticks[0]),
        load_hundredths: [Ok(250), Ok(100), Ok(5)],
        ..nothing()
    }
}

#[test]
fn modes_are_shares_of_all_time_and_a_guest_is_not_counted_as_user_too() {
    // 200 ticks: 60 user (20 of them a guest), 10 nice, 20 system, 80 idle, 10 iowait, 4 irq,
    // 6 softirq, 10 steal.
    let before = with_cpu([1000, 0, 0, 0, 50, 0, 0, 0, 500, 0], 100);
    let now = with_cpu([1060, 10, 20, 80, 60, 4, 6, 10, 520, 0], 1600);
    let pages = pages(before, now);
    for row in ["all", "cpu0"] {
        let of = |key| pages.cpus.value(row, key);
        near(of("usr_percent"), 20.0);
        near(of("nice_percent"), 5.0);
        near(of("sys_percent"), 10.0);
        near(of("iowait_percent"), 5.0);
        near(of("irq_percent"), 2.0);
        near(of("soft_percent"), 3.0);
        near(of("steal_percent"), 5.0);
        near(of("guest_percent"), 10.0);
        near(of("gnice_percent"), 0.0);
        near(of("idle_percent"), 40.0);
        // 1500 ms waited in 2 s.
        near(of("runqueue_wait_percent"), 75.0);
    }
    near(pages.tasks.value("", "context_switches_per_second"), 30.0);
    near(pages.tasks.value("", "load1"), 2.5);
    near(pages.tasks.value("", "load15"), 0.05);
}

#[test]
fn iowait_that_falls_back_a_little_has_not_moved() {
    let before = with_cpu([0, 0, 0, 0, 50, 0, 0, 0, 0, 0], 0);
    let now = with_cpu([50, 0, 0, 150, 48, 0, 0, 0, 0, 0], 0);
    let pages = pages(before, now);
    near(pages.cpus.value("cpu0", "iowait_percent"), 0.0);
    near(pages.cpus.value("cpu0", "usr_percent"), 25.0);
}

#[test]
fn without_the_sample_before_there_is_no_rate_and_the_reason_is_told() {
    let pages = alone(with_cpu([5; 10], 0));
    let absent = |value: Option<Value>| value.unwrap().unwrap_err();
    assert_eq!(
        absent(pages.cpus.value("all", "usr_percent")),
        Absent::NoStep
    );
    let switches = pages.tasks.value("", "context_switches_per_second");
    assert_eq!(absent(switches), Absent::NoStep);
    near(pages.tasks.value("", "load1"), 2.5);
}

#[test]
fn a_cpu_that_is_new_stands_still_or_began_anew_has_no_shares() {
    let absent = |before: Machine, now: Machine| {
        let pages = pages(before, now);
        pages
            .cpus
            .value("cpu0", "idle_percent")
            .unwrap()
            .unwrap_err()
    };
    let at = |ticks| with_cpu([ticks; 10], 0);
    assert_eq!(absent(nothing(), at(5)), Absent::New);
    assert_eq!(absent(at(5), at(5)), Absent::NoTime);
    assert_eq!(absent(at(5), at(4)), Absent::Restarted);
}

#[test]
fn memory_is_that_of_free_and_its_parts_add_up_to_all_of_it() {
    let memory = lines(&[
        ("MemTotal", 1000),
        ("MemFree", 100),
        ("MemAvailable", 600),
        ("Buffers", 50),
        ("Cached", 400),
        ("SReclaimable", 60),
        ("Shmem", 30),
        ("AnonPages", 300),
        ("SwapTotal", 500),
        ("SwapFree", 480),
        ("HugePages_Total", 7),
    ]);
    let pages = alone(Machine {
        memory,
        ..nothing()
    });
    let expected = [
        ("Mem", "total_bytes", 1000.0),
        ("Mem", "used_bytes", 400.0),
        ("Mem", "free_bytes", 100.0),
        ("Mem", "shared_bytes", 30.0),
        ("Mem", "buff_cache_bytes", 510.0),
        ("Mem", "available_bytes", 600.0),
        ("Swap", "total_bytes", 500.0),
        ("Swap", "used_bytes", 20.0),
        ("Swap", "free_bytes", 480.0),
    ];
    for (row, key, kib) in expected {
        near(pages.memory.value(row, key), kib * 1024.0);
    }
    assert_eq!(
        pages.memory.value("Swap", "shared_bytes"),
        Some(Err(Absent::NotHere))
    );
    // The kernel's: 1000 − 100 − 50 − 400 − 60 − 300; files: 50 + 400 − 30.
    let expected = [300.0, 90.0, 30.0, 60.0, 420.0, 100.0];
    for ((_, part), kib) in pages.parts.figures().zip(expected) {
        near(Some(part), kib * 1024.0);
    }
    near(pages.lines.value("", "huge_pages"), 7.0);
    let dirty = pages.lines.value("", "dirty_bytes").unwrap();
    assert_eq!(dirty, Err(Absent::Reading(Missing::NotSupported)));
}

#[test]
fn without_available_memory_used_is_all_but_what_is_free() {
    let memory = lines(&[("MemTotal", 1000), ("MemFree", 100)]);
    let free = memory::Amounts::new(&memory);
    assert_eq!(free.used, Ok(Bytes::from_kib(900)));
    assert_eq!(free.available, Err(Missing::NotSupported));
    assert_eq!(free.buff_cache, Err(Missing::NotSupported));
}

#[test]
fn paging_adds_up_zones_and_counts_pages_of_four_kib() {
    let before = lines(&[
        ("pswpin", 10),
        ("pgpgin", 100),
        ("pgscan_direct_normal", 5),
        ("pgscan_direct_movable", 5),
        ("pgscan_direct_throttle", 1),
        ("pgsteal_kswapd", 0),
        ("pgsteal_direct", 0),
        ("pgsteal_anon", 0),
        ("oom_kill", 3),
    ]);
    let now = lines(&[
        ("pswpin", 20),
        ("pgpgin", 300),
        ("pgscan_direct_normal", 15),
        ("pgscan_direct_movable", 25),
        ("pgscan_direct_throttle", 900),
        ("pgsteal_kswapd", 8),
        ("pgsteal_direct", 2),
        ("pgsteal_anon", 10),
        ("oom_kill", 4),
    ]);
    let with = |vmstat| Machine {
        vmstat,
        ..nothing()
    };
    let paging = pages(with(before), with(now)).paging;
    near(paging.value("", "si_kib_per_second"), 20.0);
    near(paging.value("", "pgpgin_kib_per_second"), 100.0);
    near(paging.value("", "pgscand_per_second"), 15.0);
    near(paging.value("", "pgsteal_per_second"), 5.0);
    near(paging.value("", "oom_kills"), 1.0);
    let absent = paging.value("", "majflt_per_second").unwrap();
    assert_eq!(absent, Err(Absent::Reading(Missing::NotSupported)));
}

/// A disk that has done so much of everything; an old kernel knows no flushes.
fn disk(times: u64) -> Machine {
    let millis = |millis: u64| Ok(Duration::from_millis(millis * times));
    let disk = Disk {
        number: [Ok(8), Ok(0)],
        reads: [Ok(30 * times), Ok(10 * times)],
        read: Ok(Bytes::from_sectors(240 * times)),
        read_time: millis(60),
        writes: [Ok(0), Ok(0)],
        written: Ok(Bytes(0)),
        write_time: millis(0),
        in_flight: Ok(0),
        busy_time: millis(500),
        weighted_time: millis(3000),
        discards: [Ok(2 * times), Ok(0)],
        discarded: Ok(Bytes::from_sectors(8 * times)),
        discard_time: millis(1),
        flushes: Err(Missing::NotSupported),
        flush_time: Err(Missing::NotSupported),
        model: Err(Missing::NotRead),
        parents: Err(Missing::NotRead),
    };
    Machine {
        disks: vec![("vda".into(), disk)],
        ..nothing()
    }
}

#[test]
fn disks_are_those_of_iostat() {
    let disks = pages(disk(1), disk(2)).disks;
    let of = |key| disks.value("vda", key);
    // In 2 s: 30 reads, 10 merged, 240 sectors = 120 KiB, 60 ms; busy 500 ms, weighted 3000 ms.
    near(of("r_per_second"), 15.0);
    near(of("rkib_per_second"), 60.0);
    near(of("rrqm_per_second"), 5.0);
    near(of("rrqm_percent"), 25.0);
    near(of("r_await_ms"), 2.0);
    near(of("rareq_sz_kib"), 4.0);
    near(of("w_per_second"), 0.0);
    near(of("w_await_ms"), 0.0);
    near(of("wareq_sz_kib"), 0.0);
    near(of("wrqm_percent"), 0.0);
    near(of("d_per_second"), 1.0);
    near(of("dkib_per_second"), 2.0);
    near(of("d_await_ms"), 0.5);
    near(of("dareq_sz_kib"), 2.0);
    near(of("aqu_sz"), 1.5);
    near(of("util_percent"), 25.0);
    let absent = Some(Err(Absent::Reading(Missing::NotSupported)));
    assert_eq!([of("f_per_second"), of("f_await_ms")], [absent; 2]);
}

#[test]
fn a_disk_that_was_replaced_has_no_rates_for_one_step() {
    let disks = pages(disk(2), disk(1)).disks;
    let value = disks.value("vda", "r_per_second");
    assert_eq!(value, Some(Err(Absent::Restarted)));
}

#[test]
fn interfaces_have_rates_and_what_was_counted_since_they_came_up() {
    let with = |times: u64| {
        let network = Network {
            received: Ok(Bytes(20_480 * times)),
            received_packets: Ok(50 * times),
            receive_errors: [Ok(3), Ok(4 * times)],
            received_multicast: Ok(0),
            compressed: [Ok(0); 2],
            sent: Ok(Bytes(0)),
            sent_packets: Ok(0),
            send_errors: [Ok(1), Ok(0)],
        };
        Machine {
            networks: vec![("eth0".into(), network)],
            ..nothing()
        }
    };
    let networks = pages(with(1), with(2)).networks;
    let of = |key| networks.value("eth0", key);
    near(of("rx_kib_per_second"), 10.0);
    near(of("rx_packets_per_second"), 25.0);
    near(of("rx_errors_per_second"), 0.0);
    near(of("rx_drops_per_second"), 2.0);
    near(of("rx_bytes"), 40_960.0);
    near(of("errors"), 4.0);
    near(of("drops"), 8.0);
}

#[test]
fn pressure_is_a_share_of_the_step_and_stands_in_the_usual_order() {
    let with = |millis: u64| {
        let line = Pressure {
            avg_hundredths: [Ok(1234), Ok(200), Ok(0)],
            total: Ok(Duration::from_millis(millis)),
        };
        let names = ["io full", "io some", "cpu some", "new thing"];
        Machine {
            pressure: names.map(|name| (name.into(), line)).into(),
            ..nothing()
        }
    };
    let pressure = pages(with(1000), with(1500)).pressure;
    let names: Vec<&str> = pressure.rows.iter().map(|row| &*row.name).collect();
    assert_eq!(names, ["cpu some", "io some", "io full", "new thing"]);
    near(pressure.value("io full", "step_percent"), 25.0);
    near(pressure.value("io full", "avg10_percent"), 12.34);
    near(pressure.value("io full", "total_seconds"), 1.5);
}
