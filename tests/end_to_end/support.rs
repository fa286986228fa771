//! What the tests share, by subject: running the command, recorders, processes to look at,
//! captures opened by our own reader, small disks, time, and what this machine can do.

pub(crate) mod capture;
pub(crate) mod cgroup;
pub(crate) mod clock;
pub(crate) mod command;
pub(crate) mod disk;
pub(crate) mod failing_disk;
pub(crate) mod files;
pub(crate) mod fuse_mount;
pub(crate) mod host;
pub(crate) mod hung_mount;
pub(crate) mod java;
pub(crate) mod process;
pub(crate) mod random;
pub(crate) mod recorder;
pub(crate) mod tomcat;
pub(crate) mod truth;
