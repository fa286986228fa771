//! The columns of pidstat's reports, and the fields they are made of.

use super::Section;
use crate::table::Column;
use afterimage_format::group::ProcessField;

pub(super) fn of(section: Section) -> &'static [Column] {
    match section {
        Section::Cpu => &CPU,
        Section::Memory => &MEMORY,
        Section::Io => &IO,
        Section::Switches => &SWITCHES,
    }
}

const CPU: [Column; 6] = [
    Column::number("usr_percent", "%usr"),
    Column::number("system_percent", "%system"),
    Column::number("guest_percent", "%guest"),
    Column::number("wait_percent", "%wait"),
    Column::number("cpu_percent", "%CPU"),
    Column::number("cpu", "CPU"),
];

const MEMORY: [Column; 5] = [
    Column::number("minflt_per_second", "minflt/s"),
    Column::number("majflt_per_second", "majflt/s"),
    Column::number("vsz_kib", "VSZ"),
    Column::number("rss_kib", "RSS"),
    Column::number("mem_percent", "%MEM"),
];

const IO: [Column; 4] = [
    Column::number("rd_kib_per_second", "kB_rd/s"),
    Column::number("wr_kib_per_second", "kB_wr/s"),
    Column::number("ccwr_kib_per_second", "kB_ccwr/s"),
    Column::number("iodelay_ticks", "iodelay"),
];

const SWITCHES: [Column; 2] = [
    Column::number("cswch_per_second", "cswch/s"),
    Column::number("nvcswch_per_second", "nvcswch/s"),
];

pub(super) const fn fields(section: Section) -> &'static [ProcessField] {
    use ProcessField as F;
    match section {
        Section::Cpu => &[
            F::StatReadAt,
            F::Wait,
            F::Utime,
            F::Stime,
            F::Processor,
            F::GuestTime,
            F::Uid,
            F::Comm,
        ],
        Section::Memory => &[
            F::StatReadAt,
            F::Minflt,
            F::Majflt,
            F::Vsize,
            F::Rss,
            F::Uid,
            F::Comm,
        ],
        Section::Io => &[
            F::IoReadAt,
            F::ReadBytes,
            F::WriteBytes,
            F::CancelledWriteBytes,
            F::BlkioDelay,
            F::Uid,
            F::Comm,
        ],
        Section::Switches => &[
            F::StatusReadAt,
            F::VoluntarySwitches,
            F::InvoluntarySwitches,
            F::Uid,
            F::Comm,
        ],
    }
}
