//! Two stacks beside each other, the frames that both have on one line.

use crate::dumps::model::Stack;

/// Of deeper stacks only the ends that are alike are found: the rest counts as different.
const DEEPEST: usize = 400;

/// A line: a frame of the earlier stack, one of the later, or the same of both. Places are in the
/// stacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beside {
    /// In the earlier one.
    pub before: Option<usize>,
    /// In the later one.
    pub now: Option<usize>,
    /// Whether both are there and are the same frame.
    pub is_same: bool,
}

/// The lines of two stacks, innermost first. As many frames as can be stand beside themselves; those
/// that differ at the same place share a line.
pub fn beside(before: &Stack, now: &Stack) -> Vec<Beside> {
    let (then, after) = (&before.0, &now.0);
    let least = then.len().min(after.len());
    let outer = (1..=least).take_while(|back| then[then.len() - back] == after[after.len() - back]);
    let outer = outer.count();
    let inner = (0..least - outer).take_while(|place| then[*place] == after[*place]);
    let inner = inner.count();
    let (then_end, after_end) = (then.len() - outer, after.len() - outer);
    let mut lines: Vec<Beside> = (0..inner).map(|place| same(place, place)).collect();
    let mut at = (inner, inner);
    let common = common(&then[inner..then_end], &after[inner..after_end]);
    for (before, now) in common {
        let (before, now) = (before + inner, now + inner);
        differing((at.0..before, at.1..now), &mut lines);
        lines.push(same(before, now));
        at = (before + 1, now + 1);
    }
    differing((at.0..then_end, at.1..after_end), &mut lines);
    lines.extend((0..outer).map(|place| same(then_end + place, after_end + place)));
    lines
}

const fn same(before: usize, now: usize) -> Beside {
    Beside {
        before: Some(before),
        now: Some(now),
        is_same: true,
    }
}

/// Frames that only one of them has, side by side.
fn differing(
    (before, now): (std::ops::Range<usize>, std::ops::Range<usize>),
    lines: &mut Vec<Beside>,
) {
    let count = before.len().max(now.len());
    let place = |range: &std::ops::Range<usize>, number: usize| {
        let place = range.start + number;
        (place < range.end).then_some(place)
    };
    lines.extend((0..count).map(|number| Beside {
        before: place(&before, number),
        now: place(&now, number),
        is_same: false,
    }));
}

/// The longest run of frames, with others between them, that both have in this order.
fn common<T: PartialEq>(then: &[T], after: &[T]) -> Vec<(usize, usize)> {
    if then.len() > DEEPEST || after.len() > DEEPEST {
        return Vec::new();
    }
    let wide = after.len() + 1;
    let mut longest = vec![0_u16; (then.len() + 1) * wide];
    for before in (0..then.len()).rev() {
        for now in (0..after.len()).rev() {
            longest[before * wide + now] = if then[before] == after[now] {
                longest[(before + 1) * wide + now + 1] + 1
            } else {
                let skips = (
                    longest[(before + 1) * wide + now],
                    longest[before * wide + now + 1],
                );
                skips.0.max(skips.1)
            };
        }
    }
    let (mut before, mut now, mut pairs) = (0, 0, Vec::new());
    while before < then.len() && now < after.len() {
        if then[before] == after[now] {
            pairs.push((before, now));
            (before, now) = (before + 1, now + 1);
        } else if longest[(before + 1) * wide + now] >= longest[before * wide + now + 1] {
            before += 1;
        } else {
            now += 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(frames: &str) -> Stack {
        Stack(frames.split_whitespace().map(Into::into).collect())
    }

    /// `a=a`, `a|b` differ, `a|` and `|b` stand alone.
    fn told(before: &str, now: &str) -> String {
        let (then, after) = (stack(before), stack(now));
        let lines = beside(&then, &after).into_iter().map(|line| {
            let frame = |stack: &Stack, place: Option<usize>| {
                place.map_or(String::new(), |place| stack.0[place].to_string())
            };
            let sign = if line.is_same { "=" } else { "|" };
            format!(
                "{}{sign}{}",
                frame(&then, line.before),
                frame(&after, line.now)
            )
        });
        lines.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_both_have_stands_on_one_line() {
        assert_eq!(
            told("park take run", "park take run"),
            "park=park take=take run=run"
        );
        assert_eq!(
            told("park take run", "lock render run"),
            "park|lock take|render run=run"
        );
        assert_eq!(told("a b run", "a x b y run"), "a=a |x b=b |y run=run");
        assert_eq!(told("", "a b"), "|a |b");
        assert_eq!(
            told("a a a", "a a"),
            "a| a=a a=a",
            "the outermost are alike"
        );
    }

    #[test]
    fn every_frame_is_there_once_and_in_its_order() {
        let deep: Vec<String> = (0..500).map(|number| format!("f{number}")).collect();
        let deep = deep.join(" ");
        for (before, now) in [
            ("a b c a b", "b a c b a"),
            (&*deep, "f3 g f499"),
            ("x", "y"),
        ] {
            let (then, after) = (stack(before), stack(now));
            let lines = beside(&then, &after);
            let left: Vec<usize> = lines.iter().filter_map(|line| line.before).collect();
            let right: Vec<usize> = lines.iter().filter_map(|line| line.now).collect();
            assert_eq!(left, (0..then.0.len()).collect::<Vec<_>>());
            assert_eq!(right, (0..after.0.len()).collect::<Vec<_>>());
            let alike = lines.iter().filter(|line| line.is_same);
            assert!(
                alike
                    .clone()
                    .all(|line| then.0[line.before.unwrap()] == after.0[line.now.unwrap()])
            );
        }
    }
}
