//! The same faults as elsewhere, as often as it takes to believe the promise: `./check --long`
//! runs these tests.

mod killed;
