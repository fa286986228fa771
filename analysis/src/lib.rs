//! From raw samples to rates.

pub mod amount;
pub mod escape;
