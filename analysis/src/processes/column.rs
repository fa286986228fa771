//! The columns of the process table: names, kinds, and what belongs together.

/// One column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    missing_docs,
    reason = "`viewer/data/explain.toml` says what each is, in full"
)]
pub enum Column {
    Pid,
    Ppid,
    Pgrp,
    Session,
    Tty,
    Tpgid,
    User,
    Uid,
    EffectiveUid,
    Group,
    Gid,
    EffectiveGid,
    State,
    PsState,
    Cpu,
    CpuChange,
    Wait,
    CpuTime,
    LifeCpu,
    ChildTime,
    Threads,
    ThreadsChange,
    Switches,
    Preempted,
    Processor,
    Nice,
    Priority,
    RtPriority,
    Policy,
    Rss,
    Pmem,
    RssChange,
    RssAnon,
    RssFile,
    RssShmem,
    PeakRss,
    Swap,
    Vsz,
    Faults,
    FaultCount,
    MajorFaults,
    MajorFaultCount,
    OomScoreAdj,
    Read,
    ReadChange,
    Write,
    WriteChange,
    Descriptors,
    Wchan,
    Cgroup,
    Started,
    Age,
    Comm,
    Command,
}

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// The letter of a state.
    State,
    /// A number that names something or counts things.
    Count,
    /// Percent.
    Percent,
    /// Bytes.
    Bytes,
    /// Bytes a second.
    ByteRate,
    /// So many a second.
    Rate,
    /// Seconds.
    Duration,
    /// An instant, in microseconds since 1970.
    Instant,
}

/// What a column is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Subject {
    Identity,
    Cpu,
    Memory,
    Io,
}

impl Subject {
    /// Every subject.
    pub const ALL: [Self; 4] = [Self::Identity, Self::Cpu, Self::Memory, Self::Io];

    /// What a menu calls it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Identity => "Who it is",
            Self::Cpu => "CPU and scheduling",
            Self::Memory => "Memory",
            Self::Io => "I/O",
        }
    }
}

/// A column's key, heading, kind and subject.
type Facts = (&'static str, &'static str, Kind, Subject);

impl Column {
    /// Every column.
    pub const ALL: [Self; 54] = {
        use Column as C;
        [
            C::Pid,
            C::Ppid,
            C::Pgrp,
            C::Session,
            C::Tty,
            C::Tpgid,
            C::User,
            C::Uid,
            C::EffectiveUid,
            C::Group,
            C::Gid,
            C::EffectiveGid,
            C::State,
            C::PsState,
            C::Cpu,
            C::CpuChange,
            C::Wait,
            C::CpuTime,
            C::LifeCpu,
            C::ChildTime,
            C::Threads,
            C::ThreadsChange,
            C::Switches,
            C::Preempted,
            C::Processor,
            C::Nice,
            C::Priority,
            C::RtPriority,
            C::Policy,
            C::Rss,
            C::Pmem,
            C::RssChange,
            C::RssAnon,
            C::RssFile,
            C::RssShmem,
            C::PeakRss,
            C::Swap,
            C::Vsz,
            C::Faults,
            C::FaultCount,
            C::MajorFaults,
            C::MajorFaultCount,
            C::OomScoreAdj,
            C::Read,
            C::ReadChange,
            C::Write,
            C::WriteChange,
            C::Descriptors,
            C::Wchan,
            C::Cgroup,
            C::Started,
            C::Age,
            C::Comm,
            C::Command,
        ]
    };

    const fn facts(self) -> Facts {
        use Kind as K;
        use Subject::{Cpu, Identity, Io, Memory};
        match self {
            Self::Pid => ("pid", "PID", K::Count, Identity),
            Self::Ppid => ("ppid", "Parent", K::Count, Identity),
            Self::Pgrp => ("pgrp", "Group id", K::Count, Identity),
            Self::Session => ("session", "Session", K::Count, Identity),
            Self::Tty => ("tty", "TTY", K::Text, Identity),
            Self::Tpgid => ("tpgid", "Foreground", K::Count, Identity),
            Self::User => ("user", "User", K::Text, Identity),
            Self::Uid => ("uid", "UID", K::Count, Identity),
            Self::EffectiveUid => ("euid", "Effective UID", K::Count, Identity),
            Self::Group => ("group", "Group", K::Text, Identity),
            Self::Gid => ("gid", "GID", K::Count, Identity),
            Self::EffectiveGid => ("egid", "Effective GID", K::Count, Identity),
            Self::State => ("state", "State", K::State, Cpu),
            Self::PsState => ("ps-state", "STAT", K::Text, Cpu),
            Self::Cpu => ("cpu", "CPU %", K::Percent, Cpu),
            Self::CpuChange => ("cpu-change", "Δ CPU %", K::Percent, Cpu),
            Self::Wait => ("wait", "Wait %", K::Percent, Cpu),
            Self::CpuTime => ("cputime", "CPU time", K::Duration, Cpu),
            Self::LifeCpu => ("life-cpu", "Life CPU %", K::Percent, Cpu),
            Self::ChildTime => ("child-time", "Child time", K::Duration, Cpu),
            Self::Threads => ("threads", "Threads", K::Count, Cpu),
            Self::ThreadsChange => ("threads-change", "Δ Threads", K::Count, Cpu),
            Self::Switches => ("switches", "Switches/s", K::Rate, Cpu),
            Self::Preempted => ("preempted", "Preempted/s", K::Rate, Cpu),
            Self::Processor => ("processor", "On CPU", K::Count, Cpu),
            Self::Nice => ("nice", "Nice", K::Count, Cpu),
            Self::Priority => ("priority", "Priority", K::Count, Cpu),
            Self::RtPriority => ("rtprio", "RT priority", K::Count, Cpu),
            Self::Policy => ("policy", "Policy", K::Text, Cpu),
            Self::Rss => ("rss", "RSS", K::Bytes, Memory),
            Self::Pmem => ("pmem", "Mem %", K::Percent, Memory),
            Self::RssChange => ("rss-change", "Δ RSS", K::Bytes, Memory),
            Self::RssAnon => ("anon", "Anon", K::Bytes, Memory),
            Self::RssFile => ("file", "File", K::Bytes, Memory),
            Self::RssShmem => ("shmem", "Shmem", K::Bytes, Memory),
            Self::PeakRss => ("peak", "Peak RSS", K::Bytes, Memory),
            Self::Swap => ("swap", "Swap", K::Bytes, Memory),
            Self::Vsz => ("vsz", "VSZ", K::Bytes, Memory),
            Self::Faults => ("faults", "Faults/s", K::Rate, Memory),
            Self::FaultCount => ("minflt", "Faults", K::Count, Memory),
            Self::MajorFaults => ("majfaults", "Major/s", K::Rate, Memory),
            Self::MajorFaultCount => ("majflt", "Major faults", K::Count, Memory),
            Self::OomScoreAdj => ("oom", "OOM adj", K::Count, Memory),
            Self::Read => ("read", "Read/s", K::ByteRate, Io),
            Self::ReadChange => ("read-change", "Δ Read/s", K::ByteRate, Io),
            Self::Write => ("write", "Write/s", K::ByteRate, Io),
            Self::WriteChange => ("write-change", "Δ Write/s", K::ByteRate, Io),
            Self::Descriptors => ("fds", "Files", K::Count, Io),
            Self::Wchan => ("wchan", "Waits in", K::Text, Io),
            Self::Cgroup => ("cgroup", "Cgroup", K::Text, Identity),
            Self::Started => ("started", "Started", K::Instant, Identity),
            Self::Age => ("age", "Age", K::Duration, Identity),
            Self::Comm => ("comm", "Name", K::Text, Identity),
            Self::Command => ("command", "Command", K::Text, Identity),
        }
    }

    /// Its name in a filter and in a file.
    pub const fn key(self) -> &'static str {
        self.facts().0
    }

    /// Its heading.
    pub const fn title(self) -> &'static str {
        self.facts().1
    }

    /// What its values are.
    pub const fn kind(self) -> Kind {
        self.facts().2
    }

    /// What it is about.
    pub const fn subject(self) -> Subject {
        self.facts().3
    }

    /// Whether its values are numbers, which stand to the right.
    pub const fn is_numeric(self) -> bool {
        !matches!(self.kind(), Kind::Text | Kind::State)
    }

    /// Whether its largest value is what one looks for first.
    pub const fn is_largest_first(self) -> bool {
        use Column as C;
        let ranks = matches!(self, C::Nice | C::Priority);
        self.is_numeric() && !self.is_name() && !ranks && !matches!(self, C::Age)
    }

    /// Whether its numbers name something: 0 is one of them, and not nothing.
    pub const fn is_name(self) -> bool {
        use Column as C;
        let processes = matches!(self, C::Pid | C::Ppid | C::Pgrp | C::Session | C::Tpgid);
        let owners = matches!(self, C::Uid | C::EffectiveUid | C::Gid | C::EffectiveGid);
        processes || owners || matches!(self, C::Processor)
    }

    /// Whether the values of several processes can be added up.
    pub const fn is_summable(self) -> bool {
        use Column as C;
        let counts = matches!(
            self,
            C::Threads | C::ThreadsChange | C::Descriptors | C::CpuTime | C::ChildTime
        );
        let faults = matches!(self, C::FaultCount | C::MajorFaultCount);
        let amounts = matches!(
            self.kind(),
            Kind::Percent | Kind::Bytes | Kind::ByteRate | Kind::Rate
        );
        counts || faults || (amounts && !matches!(self, C::PeakRss | C::LifeCpu))
    }

    /// The column whose difference it shows.
    pub const fn changes_of(self) -> Option<Self> {
        match self {
            Self::CpuChange => Some(Self::Cpu),
            Self::ThreadsChange => Some(Self::Threads),
            Self::RssChange => Some(Self::Rss),
            Self::ReadChange => Some(Self::Read),
            Self::WriteChange => Some(Self::Write),
            _ => None,
        }
    }

    /// The column of the differences of this one.
    pub fn change(self) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|column| column.changes_of() == Some(self))
    }

    /// The column that people mean by a word: its key, or what `ps` and `top` call it.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let known = match name.as_str() {
            "mem" | "res" | "memory" | "rssize" | "rsz" => "rss",
            "args" | "cmd" | "cmdline" => "command",
            "name" => "comm",
            "nlwp" | "thcount" => "threads",
            "ni" => "nice",
            "pri" => "priority",
            "s" | "stat" => "state",
            "vsize" | "virt" => "vsz",
            "psr" => "processor",
            "parent" => "ppid",
            "owner" => "user",
            "ruid" => "uid",
            "rgid" => "gid",
            "%mem" => "pmem",
            "%cpu" | "pcpu" => "cpu",
            "elapsed" | "etime" | "etimes" => "age",
            "tt" | "tname" => "tty",
            "start" | "lstart" => "started",
            "min_flt" | "minfl" => "minflt",
            "maj_flt" | "majfl" => "majflt",
            "time" | "cputimes" => "cputime",
            "sid" | "sess" => "session",
            "pgid" => "pgrp",
            "files" => "fds",
            "class" | "cls" => "policy",
            other => other,
        };
        Self::ALL.into_iter().find(|column| column.key() == known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_found_by_its_own_key_and_no_two_share_one() {
        for column in Column::ALL {
            assert_eq!(Column::named(column.key()), Some(column));
        }
        assert_eq!(Column::named("MEM"), Some(Column::Rss));
        assert_eq!(Column::named("%MEM"), Some(Column::Pmem));
        assert_eq!(Column::named("nonsense"), None);
    }

    #[test]
    fn what_ps_prints_of_a_recorded_field_is_found_by_the_name_it_has_there() {
        // `ps -eo` with each of these, of procps 4; those that are left out name what no capture
        // holds (F, ADDR, SZ, signals, namespaces, labels).
        let words = "pid ppid pgrp sess tty stat s ni pri rtprio cls psr nlwp thcount %cpu pcpu \
                     %mem pmem vsz rss rssize time cputime start lstart etime etimes wchan user \
                     uid ruid euid group gid rgid egid tpgid min_flt maj_flt cgroup comm args cmd";
        for word in words.split_whitespace() {
            assert!(Column::named(word).is_some(), "{word}");
        }
    }

    #[test]
    fn what_ranks_or_names_is_never_added_up() {
        for column in [
            Column::Pid,
            Column::Nice,
            Column::PeakRss,
            Column::LifeCpu,
            Column::Uid,
            Column::Started,
            Column::Age,
        ] {
            assert!(!column.is_summable(), "{column:?}");
        }
        assert!(Column::Rss.is_summable() && Column::CpuTime.is_summable());
    }

    #[test]
    fn a_difference_knows_its_column_and_the_other_way_round() {
        assert_eq!(Column::Rss.change(), Some(Column::RssChange));
        assert_eq!(Column::RssChange.changes_of(), Some(Column::Rss));
        assert_eq!(Column::Pid.change(), None);
    }
}
