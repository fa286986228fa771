//! Faults that take root, loop devices or mounts: `./check --root` runs these tests. Each makes
//! what it needs for itself and takes it away again; where it cannot, it says why.

pub(crate) mod holdings;
pub(crate) mod host_trouble;
pub(crate) mod stopped_file_system;
pub(crate) mod storage;
