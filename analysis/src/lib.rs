//! From raw samples to rates.

pub mod escape;
