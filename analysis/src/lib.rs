//! From raw samples to rates.

pub mod amount;
pub mod escape;
pub mod when;
pub mod zone;
