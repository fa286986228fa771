//! The same faults as elsewhere, as often as it takes to believe the promise: `./check --long`
//! runs these tests.

mod beside_sysstat;
mod damage_figures;
mod host_trouble;
mod killed;
mod power_cuts;
mod steady;
mod stopped_file_system;
mod storage;
