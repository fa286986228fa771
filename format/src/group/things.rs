//! The columns of what a host holds open: sockets, file systems, file locks.

use super::{Field, Kind};

group_fields! {
    /// Columns of [`super::Group::Socket`]: the sockets that one row stands for, together.
    SocketField {
        /// How many sockets the row stands for.
        Count "count" Gauge,
        /// Bytes received and not yet read; of a listening socket: connections not yet accepted.
        ReceiveQueue "receive_queue" Gauge,
        /// Bytes not yet acknowledged; of a listening socket: the most that may wait.
        SendQueue "send_queue" Gauge,
        /// Segments sent again, of those that exist now.
        Retransmits "retransmits" Counter,
        /// When the oldest was first seen in this state: `CLOCK_BOOTTIME`, in microseconds; negative
        /// when nobody had looked before that, so that it may have been in it for longer.
        OldestSince "oldest_since_boot_us" Gauge,
        /// The user it belongs to.
        Uid "uid" Gauge,
        /// The inode of the only, or the oldest, one.
        Inode "inode" Gauge,
        /// Of the rows for all sockets of a protocol: the tick at which these were last listed.
        ReadAt "read_at" ReadAt,
    }
}

group_fields! {
    /// Columns of [`super::Group::FileSystem`].
    FileSystemField {
        /// What is mounted there, by `/proc/self/mountinfo`.
        Device "device" Text,
        /// Its type there.
        Type "type" Text,
        /// `statvfs(3)`: its size, in bytes.
        Total "total_bytes" Gauge,
        /// `statvfs(3)`: what is free, in bytes.
        Free "free_bytes" Gauge,
        /// `statvfs(3)`: what is free for everybody, in bytes.
        Available "available_bytes" Gauge,
        /// `statvfs(3)`: how many inodes it has.
        Inodes "inodes" Gauge,
        /// `statvfs(3)`: how many inodes are free.
        InodesFree "inodes_free" Gauge,
        /// `statvfs(3)`: `f_flag`.
        Flags "flags" Gauge,
        /// The tick at which the kernel was last asked for it.
        ReadAt "read_at" ReadAt,
    }
}

group_fields! {
    /// Columns of [`super::Group::FileLock`]: a line of `/proc/locks`.
    FileLockField {
        /// The pid that holds it.
        Holder "holder" Gauge,
        /// The pid that waits for it; absent of a lock that is held.
        Waiter "waiter" Gauge,
        /// Its words and its range, such as `POSIX ADVISORY WRITE 0 EOF`.
        Kind "kind" Text,
        /// The device of the file, as `major:minor` in hexadecimal digits.
        Device "device" Text,
        /// The inode of the file.
        Inode "inode" Gauge,
    }
}
