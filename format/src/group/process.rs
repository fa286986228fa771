//! The columns of what runs: processes and their threads.

use super::{Field, Kind};

group_fields! {
    /// Columns of [`super::Group::Process`]; `stat` fields are named as in `proc_pid_stat(5)`.
    ProcessField {
        /// The tick at which `stat` was last read, but for ticks that read it of every process.
        StatReadAt "stat_read_at" ReadAt,
        /// The tick at which `io` was last read.
        IoReadAt "io_read_at" ReadAt,
        /// The tick at which `status` was last read.
        StatusReadAt "status_read_at" ReadAt,
        /// `schedstat`, first number, in microseconds: time on a CPU (of the leader thread).
        Run "run_us" Counter,
        /// `schedstat`, second number, in microseconds: time runnable and not running.
        Wait "wait_us" Counter,
        /// `schedstat`, third number: timeslices run.
        Slices "slices" Counter,
        /// `stat` field 3: the state letter, as its ASCII code.
        State "state" Gauge,
        /// `stat` field 4.
        Ppid "ppid" Gauge,
        /// `stat` field 5.
        Pgrp "pgrp" Gauge,
        /// `stat` field 6.
        Session "session" Gauge,
        /// `stat` field 7: the controlling terminal's device number.
        TtyNr "tty_nr" Gauge,
        /// `stat` field 8.
        Tpgid "tpgid" Gauge,
        /// `stat` field 9, bit `PF_KTHREAD`: 1 for a kernel thread.
        KernelThread "kernel_thread" Gauge,
        /// `stat` field 10.
        Minflt "minflt" Counter,
        /// `stat` field 11.
        Cminflt "cminflt" Counter,
        /// `stat` field 12.
        Majflt "majflt" Counter,
        /// `stat` field 13.
        Cmajflt "cmajflt" Counter,
        /// `stat` field 14, in clock ticks.
        Utime "utime" Counter,
        /// `stat` field 15, in clock ticks.
        Stime "stime" Counter,
        /// `stat` field 16, in clock ticks.
        Cutime "cutime" Counter,
        /// `stat` field 17, in clock ticks.
        Cstime "cstime" Counter,
        /// `stat` field 18.
        Priority "priority" Gauge,
        /// `stat` field 19.
        Nice "nice" Gauge,
        /// `stat` field 20.
        Threads "num_threads" Gauge,
        /// `stat` field 23, in bytes.
        Vsize "vsize" Gauge,
        /// `stat` field 24, in pages.
        Rss "rss_pages" Gauge,
        /// `stat` field 39.
        Processor "processor" Gauge,
        /// `stat` field 40.
        RtPriority "rt_priority" Gauge,
        /// `stat` field 41.
        Policy "policy" Gauge,
        /// `stat` field 42: waiting for block I/O, in clock ticks (needs delay accounting).
        BlkioDelay "delayacct_blkio_ticks" Counter,
        /// `stat` field 43, in clock ticks.
        GuestTime "guest_time" Counter,
        /// `stat` field 44, in clock ticks.
        CguestTime "cguest_time" Counter,
        /// `io`: bytes read by system calls.
        ReadChars "rchar" Counter,
        /// `io`: bytes written by system calls.
        WriteChars "wchar" Counter,
        /// `io`: read system calls.
        ReadCalls "syscr" Counter,
        /// `io`: write system calls.
        WriteCalls "syscw" Counter,
        /// `io`: bytes fetched from storage.
        ReadBytes "read_bytes" Counter,
        /// `io`: bytes sent to storage.
        WriteBytes "write_bytes" Counter,
        /// `io`: bytes whose write was cancelled by truncation.
        CancelledWriteBytes "cancelled_write_bytes" Counter,
        /// `status`, `Uid`: the real user.
        Uid "uid" Gauge,
        /// `status`, `Uid`: the effective user.
        Euid "euid" Gauge,
        /// `status`, `Gid`: the real group.
        Gid "gid" Gauge,
        /// `status`, `Gid`: the effective group.
        Egid "egid" Gauge,
        /// `status`, `VmHWM`, in kB: the largest resident set so far.
        PeakRss "vm_hwm_kib" Gauge,
        /// `status`, `RssAnon`, in kB.
        RssAnon "rss_anon_kib" Gauge,
        /// `status`, `RssFile`, in kB.
        RssFile "rss_file_kib" Gauge,
        /// `status`, `RssShmem`, in kB.
        RssShmem "rss_shmem_kib" Gauge,
        /// `status`, `VmSwap`, in kB.
        Swap "vm_swap_kib" Gauge,
        /// `status`, `voluntary_ctxt_switches` (of the leader thread).
        VoluntarySwitches "voluntary_ctxt_switches" Counter,
        /// `status`, `nonvoluntary_ctxt_switches` (of the leader thread).
        InvoluntarySwitches "nonvoluntary_ctxt_switches" Counter,
        /// `oom_score_adj`.
        OomScoreAdj "oom_score_adj" Gauge,
        /// Open descriptors: `st_size` of `/proc/PID/fd` (since Linux 6.2), else counted.
        Descriptors "fd_count" Gauge,
        /// `cmdline`: its full length in bytes, before it was cut.
        CommandLength "cmdline_bytes" Gauge,
        /// `comm`, or the name in `stat`.
        Comm "comm" Text,
        /// `cmdline`, redacted, arguments joined by a space.
        CommandLine "cmdline" Text,
        /// `cgroup`: the path in the unified hierarchy, else of the first one listed.
        Cgroup "cgroup" Text,
        /// `wchan` of a task in state D.
        Wchan "wchan" Text,
        /// The real user's name in `/etc/passwd`.
        User "user" Text,
        /// The real group's name in `/etc/group`.
        GroupName "group" Text,
    }
}

group_fields! {
    /// Columns of [`super::Group::Task`]; files are those of `/proc/PID/task/TID`.
    TaskField {
        /// The process it is a thread of.
        ProcessPid "process_pid" Gauge,
        /// `comm`, or the name in `stat`.
        Comm "comm" Text,
        /// `stat` field 3: the state letter, as its ASCII code.
        State "state" Gauge,
        /// `wchan`: the function of the kernel that it waits in.
        Wchan "wchan" Text,
        /// `syscall`, first number: the system call that it is in; absent while it runs.
        Syscall "syscall" Gauge,
        /// `syscall`, the numbers behind the first, as the kernel prints them.
        SyscallArguments "syscall_arguments" Text,
        /// `stack`: the functions of the kernel that it is in, innermost first.
        Stack "stack" Text,
        /// `stat` field 14, in clock ticks.
        UserTime "utime" Counter,
        /// `stat` field 15, in clock ticks.
        SystemTime "stime" Counter,
        /// `schedstat`, first number, in microseconds: time on a CPU.
        Run "run_us" Counter,
        /// `schedstat`, second number, in microseconds: time runnable and not running.
        Wait "wait_us" Counter,
        /// `status`, `voluntary_ctxt_switches`.
        VoluntarySwitches "voluntary_ctxt_switches" Counter,
        /// `status`, `nonvoluntary_ctxt_switches`.
        InvoluntarySwitches "nonvoluntary_ctxt_switches" Counter,
        /// `stat` field 12.
        MajorFaults "majflt" Counter,
        /// `stat` field 39: the CPU it ran on last.
        Processor "processor" Gauge,
        /// Why it was looked at: bits of [`crate::sample::Why`].
        Why "why" Gauge,
        /// The tick at which its files were last read.
        ReadAt "read_at" ReadAt,
    }
}
