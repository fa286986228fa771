//! It fires for what is wrong and for nothing else, and never more than it may.

use super::*;
use proptest::prelude::*;

const HOST: Host = Host {
    cpus: 4.0,
    pressure: [Some(0.0); 3],
};

fn quiet() -> Vitals {
    Vitals {
        cores: 0.3,
        hog: None,
        threads: Some(150),
        served: Some([0, 20, 0]),
        contention: [Some(3.0), Some(100.0)],
        still: Some(0.01),
        rank: 0,
    }
}

/// A watch that knows five minutes of what is usual, and the second after them.
fn settled() -> (Watch, u64) {
    let mut watch = Watch::new(Duration::ZERO);
    for second in 0..300 {
        assert_eq!(
            watch.step(Duration::from_secs(second), &quiet(), &HOST),
            None
        );
    }
    (watch, 300)
}

/// When dumps are due while it goes on so, and what for.
fn fired(
    watch: &mut Watch,
    seconds: std::ops::Range<u64>,
    vitals: &Vitals,
) -> Vec<(u64, &'static str)> {
    seconds
        .filter_map(|second| {
            let due = watch.step(Duration::from_secs(second), vitals, &HOST)?;
            Some((second, due.reason.trigger))
        })
        .collect()
}

#[test]
fn requests_that_pile_up_give_a_burst_of_three_and_then_one_a_minute() {
    let (mut watch, now) = settled();
    let piled = Vitals {
        served: Some([0, 60, 9000]),
        cores: 0.05,
        ..quiet()
    };
    let seconds: Vec<u64> = fired(&mut watch, now..now + 200, &piled)
        .into_iter()
        .map(|(second, trigger)| {
            assert_eq!(trigger, "requests-pile-up");
            second - now
        })
        .collect();
    assert_eq!(seconds, [1, 6, 16, 76, 136, 196]);
}

#[test]
fn what_is_usual_is_learnt_under_pressure_and_a_pile_up_begins_a_burst_of_its_own() {
    let mut watch = Watch::new(Duration::ZERO);
    let host = Host {
        pressure: [Some(60.0), Some(0.0), Some(0.0)],
        ..HOST
    };
    let mut fired = Vec::new();
    let piled = Vitals {
        served: Some([0, 60, 9000]),
        ..quiet()
    };
    for second in 0..200 {
        let vitals = if second < 100 { quiet() } else { piled.clone() };
        if let Some(due) = watch.step(Duration::from_secs(second), &vitals, &host) {
            fired.push((second, due.reason.trigger, due.is_first));
        }
    }
    assert_eq!(
        fired,
        [
            (1, "pressure", true),
            (6, "pressure", false),
            (16, "pressure", false),
            (76, "pressure", false),
            (101, "requests-pile-up", true),
            (106, "requests-pile-up", false),
            (116, "requests-pile-up", false),
            (176, "requests-pile-up", false),
        ]
    );
}

#[test]
fn a_busy_hour_is_no_pile_up() {
    let (mut watch, now) = settled();
    let busy = Vitals {
        served: Some([0, 60, 9000]),
        cores: 2.0,
        ..quiet()
    };
    assert!(fired(&mut watch, now..now + 100, &busy).is_empty());
}

#[test]
fn each_trouble_is_called_by_its_name() {
    let troubles = [
        (
            Vitals {
                served: Some([3, 20, 0]),
                ..quiet()
            },
            "requests-pile-up",
            1,
        ),
        (
            Vitals {
                contention: [Some(80.0), Some(100.0)],
                ..quiet()
            },
            "lock-contention",
            1,
        ),
        (
            Vitals {
                contention: [Some(3.0), Some(900.0)],
                ..quiet()
            },
            "lock-contention",
            1,
        ),
        (
            Vitals {
                hog: Some(("x".to_owned(), 99.0)),
                ..quiet()
            },
            "thread-hogs-core",
            1,
        ),
        (
            Vitals {
                cores: 3.7,
                ..quiet()
            },
            "cpu-saturated",
            11,
        ),
        (
            Vitals {
                threads: Some(175),
                ..quiet()
            },
            "thread-growth",
            1,
        ),
        (
            Vitals {
                still: Some(0.5),
                ..quiet()
            },
            "safepoint-time",
            11,
        ),
    ];
    for (vitals, trigger, after) in troubles {
        let (mut watch, now) = settled();
        let fired = fired(&mut watch, now..now + 30, &vitals);
        assert_eq!(fired.first(), Some(&(now + after, trigger)), "{vitals:?}");
    }
}

#[test]
fn one_tick_is_not_enough() {
    let (mut watch, now) = settled();
    let piled = Vitals {
        served: Some([3, 20, 0]),
        ..quiet()
    };
    for second in (now..now + 60).step_by(2) {
        assert!(fired(&mut watch, second..second + 1, &piled).is_empty());
        assert!(fired(&mut watch, second + 1..second + 2, &quiet()).is_empty());
    }
}

#[test]
fn pressure_of_the_host_is_about_the_first_three_alone() {
    let pressed = Host {
        pressure: [Some(0.0), None, Some(11.0)],
        ..HOST
    };
    for (rank, fires) in [(2, true), (3, false)] {
        let (mut watch, now) = settled();
        let vitals = Vitals { rank, ..quiet() };
        let mut due = (now..now + 5)
            .filter_map(|second| watch.step(Duration::from_secs(second), &vitals, &pressed));
        assert_eq!(due.next().is_some(), fires);
    }
}

#[test]
fn what_is_usual_is_dumped_after_ten_minutes_and_each_six_hours() {
    let mut watch = Watch::new(Duration::ZERO);
    let fired = fired(&mut watch, 0..13 * 3600, &quiet());
    let baseline = |second| (second, "baseline");
    assert_eq!(fired, [600, 600 + 6 * 3600, 600 + 12 * 3600].map(baseline));
}

#[test]
fn a_burst_ends_with_what_it_was_for_and_the_next_trouble_begins_another() {
    let (mut watch, now) = settled();
    let piled = Vitals {
        served: Some([3, 20, 0]),
        ..quiet()
    };
    assert_eq!(fired(&mut watch, now..now + 3, &piled).len(), 1);
    // The second and the third come whatever happens.
    assert_eq!(fired(&mut watch, now + 3..now + 100, &quiet()).len(), 2);
    let due = watch.step(Duration::from_secs(now + 100), &piled, &HOST);
    assert_eq!(due, None);
    let due = watch.step(Duration::from_secs(now + 101), &piled, &HOST);
    assert!(due.unwrap().is_first);
}

#[test]
fn a_long_pause_makes_it_rarer_and_a_very_long_one_ends_it() {
    let (mut watch, now) = settled();
    let piled = Vitals {
        served: Some([3, 20, 0]),
        ..quiet()
    };
    assert_eq!(fired(&mut watch, now..now + 2, &piled).len(), 1);
    watch.heard(Duration::from_secs(now + 2), Duration::from_millis(300));
    let next = fired(&mut watch, now + 2..now + 100, &piled);
    let next: Vec<u64> = next
        .into_iter()
        .map(|(second, _)| second - now - 1)
        .collect();
    assert_eq!(next, [20, 60]);
    watch.heard(Duration::from_secs(now + 100), Duration::from_millis(1001));
    assert!(watch.is_over());
    assert!(fired(&mut watch, now + 100..now + 100_000, &piled).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whatever_happens_the_limits_hold(
        steps in proptest::collection::vec((0_u8..8, 1_u64..700, 0_u64..260), 1..40)
    ) {
        let mut watch = Watch::new(Duration::ZERO);
        let (mut now, mut taken, mut paused) = (0_u64, Vec::new(), Vec::new());
        for (kind, seconds, pause) in steps {
            let vitals = match kind {
                0 => quiet(),
                1 => Vitals { served: Some([9, 900, 90_000]), ..quiet() },
                2 => Vitals { hog: Some((String::new(), 100.0)), ..quiet() },
                3 => Vitals { threads: Some(seconds * 10), ..quiet() },
                4 => Vitals { contention: [Some(1e9), Some(1e9)], ..quiet() },
                5 => Vitals { still: Some(1.0), cores: 99.0, ..quiet() },
                _ => Vitals::default(),
            };
            for _ in 0..seconds {
                now += 1;
                let at = Duration::from_secs(now);
                if watch.step(at, &vitals, &HOST).is_some() {
                    // What it has cost so far was within the budget.
                    let hour = paused.iter().filter(|(then, _)| now - then <= 3600);
                    let sum: u64 = hour.map(|(_, pause)| *pause).sum();
                    prop_assert!(sum <= 3600, "{sum} ms");
                    taken.push(now);
                    paused.push((now, pause));
                    watch.heard(at, Duration::from_millis(pause));
                }
            }
        }
        for (place, first) in taken.iter().enumerate() {
            let within = |span| taken[place..].iter().filter(|then| **then - first < span).count();
            prop_assert!(within(3600) <= MOST_AN_HOUR);
            prop_assert!(within(24 * 3600) <= MOST_A_DAY);
            prop_assert!(within(5) == 1);
        }
    }
}
