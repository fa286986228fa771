//! `kill -9`, often enough to find what happens once in a while.

use crate::killed::kill_often;
use crate::support::random::Random;

const KILLS: u64 = 60;

#[test]
#[ignore = "long: ./check --long"]
fn sixty_kills_damage_nothing_and_cost_a_tick_each_at_most() {
    kill_often(KILLS, &mut Random::from_clock());
}
