//! From raw samples to rates.
