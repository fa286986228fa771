//! Machines a step of two seconds apart, and what sar makes of them.

use super::*;
use crate::machine::made::{at, disk, lines, nothing};
use afterimage_format::sample::Machine;

const PAGE: Bytes = Bytes(4096);

/// The rows of a section, without the moment.
fn rows(section: Section, before: Machine, now: Machine) -> Vec<Vec<Cell>> {
    let (before, now) = at(before, now);
    let step = Step {
        before: &before,
        now: &now,
        elapsed: crate::machine::made::TWO_SECONDS,
    };
    let zone = Zone::utc();
    let rows = section.rows(&now, Some(&step), (PAGE, &zone), |_| true);
    assert!(rows.iter().all(|row| row.len() == section.columns().len()));
    rows.into_iter().map(|row| row[1..].to_vec()).collect()
}

fn number_of(section: Section, row: &[Cell], key: &str) -> Option<f64> {
    let columns = section.columns();
    let place = columns.iter().position(|column| column.key == key).unwrap();
    match &row[place - 1] {
        Cell::Real(value, _) => Some(*value),
        Cell::Integer(value) => Some(*value as f64),
        Cell::Absent => None,
        other => panic!("{key}: {other:?}"),
    }
}

#[test]
fn memory_in_use_is_what_is_neither_free_nor_cache_nor_slab() {
    let memory = [
        ("MemTotal", 1000),
        ("MemFree", 100),
        ("Buffers", 50),
        ("Cached", 250),
        ("Slab", 100),
        ("Committed_AS", 600),
        ("SwapTotal", 200),
        ("SwapFree", 150),
        ("SwapCached", 10),
    ];
    let machine = || Machine {
        memory: lines(&memory),
        ..nothing()
    };
    let row = &rows(Section::Memory, machine(), machine())[0];
    let of = |key| number_of(Section::Memory, row, key);
    assert_eq!(of("memused_kib"), Some(500.0));
    assert_eq!(of("memused_percent"), Some(50.0));
    // Of memory and swap space together.
    assert_eq!(of("commit_percent"), Some(50.0));
    assert_eq!(of("dirty_kib"), None, "the kernel has no such line");
    let row = &rows(Section::Swap, machine(), machine())[0];
    let of = |key| number_of(Section::Swap, row, key);
    assert_eq!(
        (of("swpused_kib"), of("swpused_percent")),
        (Some(50.0), Some(25.0))
    );
    assert_eq!(of("swpcad_percent"), Some(20.0));
}

#[test]
fn all_disks_are_those_that_are_no_part_of_another_and_not_made_of_others() {
    let names = ["sda", "sda1", "nvme0n1", "nvme0n1p1", "dm-0", "sr0"];
    let machine = |times: u64| Machine {
        disks: names.map(|name| (name.into(), disk(times))).to_vec(),
        ..nothing()
    };
    let (one, all) = (
        rows(Section::Disks, machine(1), machine(2)),
        rows(Section::Io, machine(1), machine(2)),
    );
    let reads = 3.0 * 100.0 / 2.0;
    assert_eq!(number_of(Section::Io, &all[0], "rtps"), Some(reads));
    assert_eq!(one.len(), names.len(), "each of them has a row");
    // 100 reads of 4 KiB and 300 writes of 8 KiB in 2 s, which took 200 ms and 900 ms.
    let of = |key| number_of(Section::Disks, &one[0], key);
    assert_eq!(of("tps"), Some(200.0));
    assert_eq!(of("rkib_per_second"), Some(200.0));
    assert_eq!(of("areq_sz_kib"), Some(7.0));
    assert_eq!(of("await_ms"), Some(2.75));
}

#[test]
fn paging_is_counted_in_pages_and_its_efficiency_is_what_was_reclaimed_of_what_was_scanned() {
    let machine = |times: u64| Machine {
        vmstat: lines(&[
            ("pgsteal_kswapd", 30 * times),
            ("pgsteal_direct", 10 * times),
            ("pgscan_kswapd", 60 * times),
            ("pgscan_direct", 20 * times),
            ("pgscan_direct_throttle", 1000 * times),
            ("pswpout", 8 * times),
            ("pswpin", 0),
        ]),
        ..nothing()
    };
    let row = &rows(Section::Paging, machine(1), machine(2))[0];
    let of = |key| number_of(Section::Paging, row, key);
    assert_eq!(of("pgsteal_per_second"), Some(20.0));
    assert_eq!(of("pgscand_per_second"), Some(10.0));
    assert_eq!(of("vmeff_percent"), Some(50.0));
    let row = &rows(Section::Swapping, machine(1), machine(2))[0];
    assert_eq!(
        number_of(Section::Swapping, row, "pswpout_per_second"),
        Some(4.0)
    );
}

#[test]
fn without_a_step_there_are_amounts_and_no_rates() {
    let machine = Machine {
        disks: vec![("sda".into(), disk(1))],
        memory: lines(&[("MemFree", 7)]),
        ..nothing()
    };
    let (_, now) = at(nothing(), machine);
    let zone = Zone::utc();
    let row = |section: Section| section.rows(&now, None, (PAGE, &zone), |_| true).remove(0);
    assert_eq!(row(Section::Memory)[1], Cell::Integer(7));
    assert!(
        row(Section::Disks)[2..]
            .iter()
            .all(|cell| *cell == Cell::Absent)
    );
    assert!(
        row(Section::Io)[1..]
            .iter()
            .all(|cell| *cell == Cell::Absent)
    );
}
