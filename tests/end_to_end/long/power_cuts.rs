//! Power cuts, 300 of them: see `power_cuts.rs` for how they are made.

use crate::power_cuts::{cut_the_first_minute, cut_the_ring, cut_the_take_over};
use crate::support::random::Random;

const CUTS: usize = 100;

#[test]
#[ignore = "long: ./check --long"]
fn a_hundred_cuts_in_the_first_minute_lose_nothing() {
    cut_the_first_minute(CUTS, &mut Random::from_clock());
}

#[test]
#[ignore = "long: ./check --long"]
fn a_hundred_cuts_while_the_oldest_makes_room_lose_nothing() {
    cut_the_ring(CUTS, &mut Random::from_clock());
}

#[test]
#[ignore = "long: ./check --long"]
fn a_hundred_cuts_while_a_killed_run_is_taken_over_lose_nothing() {
    cut_the_take_over(CUTS, &mut Random::from_clock());
}
