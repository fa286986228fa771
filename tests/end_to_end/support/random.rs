//! Random numbers from a seed that is printed, so that a failure can be made to come again.

use super::clock::monotonic;

/// The variable that gives the seed.
const SEED: &str = "AFTERIMAGE_SEED";

/// splitmix64.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// Another sequence each time, unless the environment says which.
    pub(crate) fn from_clock() -> Self {
        let nanos = u64::from(monotonic().subsec_nanos());
        let seed = number_from(SEED).unwrap_or(nanos);
        eprintln!("{SEED}={seed}");
        Self(seed)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// A number in the environment.
pub(crate) fn number_from(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}
