//! Damage, often enough to find what happens once in a thousand times.

use crate::damage_figures::{Counts, damage_often};
use crate::support::random::Random;

const COUNTS: Counts = Counts {
    flipped: 1_000,
    cut: 500,
    overwritten: 500,
};

#[test]
#[ignore = "long: ./check --long"]
fn two_thousand_damaged_captures_say_nothing_wrong() {
    damage_often(COUNTS, &mut Random::from_clock());
}
