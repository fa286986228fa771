//! What is sampled, as tables of numbers: the raw layer under the typed [`crate::sample`].
//!
//! Each kernel interface is a [`Group`]. Its rows are entities (a CPU, a disk, a line of
//! `/proc/meminfo`, a process), its columns are the fields below, in the kernel's own units.
//! The recorder fills these tables, a chunk stores how they changed, and a reader gets them
//! back cell by cell. A position in these lists is part of the format: new fields go to the
//! end of their group, together with a new format version.

/// How the values of a field behave, which decides how they are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only rises, until whatever it counts is replaced.
    Counter,
    /// Moves both ways.
    Gauge,
    /// Bytes: stored once a chunk, the cell holds their number there.
    Text,
    /// The number of the tick at which a kernel file was last read: its values are as old as that.
    ReadAt,
}

/// One column of a group.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name in the documentation and in raw output.
    pub name: &'static str,
    /// How its values behave.
    pub kind: Kind,
}

macro_rules! group_fields {
    ($(#[$about:meta])* $group:ident { $($(#[$doc:meta])* $variant:ident $name:literal $kind:ident,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum $group { $($(#[$doc])* $variant,)* }

        impl $group {
            /// Every field, in stored order.
            pub const FIELDS: &'static [Field] =
                &[$(Field { name: $name, kind: Kind::$kind },)*];

            /// Its column.
            pub const fn column(self) -> usize {
                self as usize
            }
        }
    };
}

mod machine;
mod process;
mod things;

pub use machine::{
    CpuField, DiskField, InterruptField, LineField, MachineField, NetworkField, PressureField,
    SchedulerField,
};
pub use process::{ProcessField, TaskField};
pub use things::{FileLockField, FileSystemField, SocketField};

/// One kernel interface, or one kind of entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Group {
    /// The machine as a whole: one row.
    Machine,
    /// `/proc/stat`, the `cpu` lines: one row a CPU, and `cpu` for their sum.
    Cpu,
    /// `/proc/schedstat`: one row a CPU.
    Scheduler,
    /// `/proc/meminfo`: one row a line.
    Memory,
    /// `/proc/vmstat`: one row a line.
    Vmstat,
    /// `/proc/pressure/*`: one row a line, named `cpu some`, `io full`, ...
    Pressure,
    /// `/proc/diskstats`: one row a device.
    Disk,
    /// `/proc/net/dev`: one row an interface.
    Network,
    /// `/proc/PID/*`: one row a process.
    Process,
    /// `/proc/PID/task/TID/*`: one row a thread that is worth a look, by tid and start.
    Task,
    /// Sockets: one row for those of a protocol, state, address and process.
    Socket,
    /// Counters of the network protocols: one row a number, named `Tcp.RetransSegs`,
    /// `TcpExt.ListenDrops`, `sockstat.TCP.inuse`, `softnet.dropped`, `conntrack.count`, ...
    Protocol,
    /// Mounted file systems: one row a mount point.
    FileSystem,
    /// `/proc/locks`: one row a line, named by its number; who waits as `2.1`, `2.2`, ...
    FileLock,
    /// `/proc/interrupts` and `/proc/softirqs`: one row an interrupt, named `irq:NAME` or
    /// `softirq:NAME`.
    Interrupt,
    /// Limits of the kernel, and what is used of them: one row a number, named
    /// `fs.file-nr.used`, `kernel.pid_max`, `net.ipv4.ip_local_port_range.low`, ...
    Limit,
    /// Memory of each NUMA node: one row a number, named `node0.MemFree`, ...
    Node,
}

impl Group {
    /// How many groups there are.
    pub const COUNT: usize = 17;

    /// Every group, in stored order.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Machine,
        Self::Cpu,
        Self::Scheduler,
        Self::Memory,
        Self::Vmstat,
        Self::Pressure,
        Self::Disk,
        Self::Network,
        Self::Process,
        Self::Task,
        Self::Socket,
        Self::Protocol,
        Self::FileSystem,
        Self::FileLock,
        Self::Interrupt,
        Self::Limit,
        Self::Node,
    ];

    /// Its place in arrays with a slot for each group.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Whether it is left out first when memory is short: the machine's own rows stay.
    pub const fn is_detail(self) -> bool {
        matches!(
            self,
            Self::Process | Self::Task | Self::Socket | Self::FileLock
        )
    }

    /// Its columns.
    pub const fn fields(self) -> &'static [Field] {
        match self {
            Self::Machine => MachineField::FIELDS,
            Self::Cpu => CpuField::FIELDS,
            Self::Scheduler => SchedulerField::FIELDS,
            Self::Memory | Self::Vmstat | Self::Protocol | Self::Limit | Self::Node => {
                LineField::FIELDS
            }
            Self::Pressure => PressureField::FIELDS,
            Self::Disk => DiskField::FIELDS,
            Self::Network => NetworkField::FIELDS,
            Self::Process => ProcessField::FIELDS,
            Self::Task => TaskField::FIELDS,
            Self::Socket => SocketField::FIELDS,
            Self::FileSystem => FileSystemField::FIELDS,
            Self::FileLock => FileLockField::FIELDS,
            Self::Interrupt => InterruptField::FIELDS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_stands_at_its_own_index() {
        for (position, group) in Group::ALL.into_iter().enumerate() {
            assert_eq!(group.index(), position);
        }
    }

    #[test]
    fn every_column_fits_the_byte_that_stores_it() {
        for group in Group::ALL {
            assert!(u8::try_from(group.fields().len()).is_ok(), "{group:?}");
        }
        assert_eq!(
            ProcessField::FIELDS[ProcessField::Comm.column()].name,
            "comm"
        );
    }
}
