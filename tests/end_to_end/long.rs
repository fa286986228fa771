//! The same faults as elsewhere, as often as it takes to believe the promise: `./check --long`
//! runs these tests.

mod beside_sysstat;
mod killed;
mod power_cuts;
mod stopped_file_system;
