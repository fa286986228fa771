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
        let seed = std::env::var(SEED).ok().and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or(nanos);
        eprintln!("{SEED}={seed}");
        Self::new(seed)
    }

    /// The sequence of this seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    /// One of these, of which there must be some.
    pub(crate) fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.index(choices.len())].clone()
    }

    /// Any order of these.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.index(last + 1));
        }
    }

    /// A place in something of this length, which must not be 0.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).expect("it is below a length")
    }
}
