//! A curve folded into pixel columns: the lowest and the highest value of each.
//!
//! Never a mean and never a sample picked out of many, so a spike of one second is visible
//! however much time is shown. Where nothing was recorded there is no column, and nothing joins
//! the columns on either side of it.

use crate::data::Bucket;
use crate::paint::pixel;
use crate::time_axis::TimeAxis;

/// A run of neighbouring pixel columns with the same values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Column {
    /// The first pixel column.
    pub from: i64,
    /// The pixel column after the last.
    pub to: i64,
    /// The lowest value.
    pub min: f64,
    /// The highest value.
    pub max: f64,
}

/// Folds buckets into the pixel columns between two of them.
///
/// A bucket stands from its own beginning up to the end of it, so that the value under the
/// cursor is the one in the table. Neighbours are stretched to touch each other.
pub fn columns(buckets: &[Bucket], axis: &TimeAxis, pixels_per_point: f64) -> Vec<Column> {
    let first = pixel(axis.left * pixels_per_point);
    let last = pixel(axis.right * pixels_per_point);
    let place = |at| pixel(axis.x_from_time(at) * pixels_per_point);
    let mut folded: Vec<Column> = Vec::new();
    for bucket in buckets {
        let usable = bucket.min.is_finite() && bucket.max.is_finite();
        let from = place(bucket.from);
        // At least one column: narrower than a pixel is not invisible.
        let to = place(bucket.to).max(from + 1).min(last);
        let from = from.max(first);
        if usable && from < to {
            add(
                &mut folded,
                Column {
                    from,
                    to,
                    min: bucket.min,
                    max: bucket.max,
                },
            );
        }
    }
    join(&mut folded);
    folded
}

/// Adds a run that begins where the last one ended, or in its last column.
fn add(folded: &mut Vec<Column>, new: Column) {
    let mut new = new;
    if let Some(last) = folded.last_mut()
        && new.from < last.to
    {
        let shared = Column {
            from: last.to - 1,
            to: last.to,
            min: last.min.min(new.min),
            max: last.max.max(new.max),
        };
        last.to -= 1;
        if last.from == last.to {
            folded.pop();
        }
        folded.push(shared);
        new.from = shared.to;
    }
    if new.from < new.to {
        folded.push(new);
    }
}

fn is_same(one: f64, other: f64) -> bool {
    (one - other).abs() < f64::EPSILON
}

/// Stretches each column to meet the one before it, where the two touch.
fn join(folded: &mut Vec<Column>) {
    let apart = std::mem::take(folded);
    let mut before: Option<Column> = None;
    for column in apart {
        let mut step = Column {
            to: column.from + 1,
            ..column
        };
        if let Some(before) = before.filter(|before| before.to == column.from) {
            step.min = step.min.min(before.max);
            step.max = step.max.max(before.min);
        }
        before = Some(column);
        // A level stretch of many buckets is drawn as one.
        if let Some(last) = folded.last_mut()
            && last.to == column.from
            && is_same(last.min, column.min)
            && is_same(last.max, column.max)
            && is_same(step.min, column.min)
            && is_same(step.max, column.max)
        {
            last.to = column.to;
            continue;
        }
        // Only the first column of a run is stretched: the rest of it stays a level line.
        if step.min < column.min || step.max > column.max {
            folded.push(step);
            if step.to < column.to {
                folded.push(Column {
                    from: step.to,
                    ..column
                });
            }
        } else {
            folded.push(column);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time_axis::{Folds, Span};
    use afterimage_format::time::WallTime;

    const SECOND: i64 = 1_000_000;

    fn bucket(from: i64, to: i64, min: f64, max: f64) -> Bucket {
        let (from, to) = (WallTime(from * SECOND), WallTime(to * SECOND));
        Bucket {
            from,
            to,
            min,
            max,
            mean: f64::midpoint(min, max),
        }
    }

    fn axis(seconds: i64, right: f64) -> TimeAxis {
        let span = Span {
            from: WallTime(0),
            to: WallTime(seconds * SECOND),
        };
        TimeAxis::new(span, &Folds::default(), (0.0, right))
    }

    #[test]
    fn a_spike_of_one_second_survives_a_week_on_any_screen() {
        let week = 604_800;
        let mut buckets: Vec<Bucket> = (0..week / 60)
            .map(|minute| bucket(minute * 60, minute * 60 + 60, 1.0, 2.0))
            .collect();
        buckets[5_001].max = 90.0;
        for width in [100.0, 777.0, 1600.0, 4000.0] {
            let folded = columns(&buckets, &axis(week, width), 1.0);
            let highest = folded.iter().map(|column| column.max).fold(0.0, f64::max);
            assert!((highest - 90.0).abs() < 1e-9, "{width}");
        }
    }

    #[test]
    fn nothing_is_drawn_in_a_gap_or_across_it() {
        let buckets = [bucket(0, 10, 1.0, 1.0), bucket(30, 40, 50.0, 50.0)];
        let folded = columns(&buckets, &axis(100, 100.0), 1.0);
        let expected = [
            Column {
                from: 0,
                to: 10,
                min: 1.0,
                max: 1.0,
            },
            Column {
                from: 30,
                to: 40,
                min: 50.0,
                max: 50.0,
            },
        ];
        assert_eq!(folded, expected);
    }

    #[test]
    fn neighbours_touch_in_one_column_and_are_level_after_it() {
        let buckets = [bucket(0, 10, 1.0, 1.0), bucket(10, 20, 5.0, 5.0)];
        let folded = columns(&buckets, &axis(20, 20.0), 1.0);
        let expected = [
            Column {
                from: 0,
                to: 10,
                min: 1.0,
                max: 1.0,
            },
            Column {
                from: 10,
                to: 11,
                min: 1.0,
                max: 5.0,
            },
            Column {
                from: 11,
                to: 20,
                min: 5.0,
                max: 5.0,
            },
        ];
        assert_eq!(folded, expected);
    }

    #[test]
    fn many_buckets_in_one_pixel_become_their_range() {
        let buckets = [
            bucket(0, 1, 3.0, 3.0),
            bucket(1, 2, 9.0, 9.0),
            bucket(2, 3, 4.0, 4.0),
        ];
        let folded = columns(&buckets, &axis(100, 10.0), 1.0);
        assert_eq!(
            folded,
            [Column {
                from: 0,
                to: 1,
                min: 3.0,
                max: 9.0
            }]
        );
    }

    #[test]
    fn a_level_stretch_of_many_buckets_is_one_run() {
        let buckets: Vec<Bucket> = (0..50)
            .map(|second| bucket(second, second + 1, 0.0, 0.0))
            .collect();
        assert_eq!(columns(&buckets, &axis(50, 500.0), 1.0).len(), 1);
    }

    #[test]
    fn what_is_outside_the_view_is_not_drawn() {
        let buckets = [
            bucket(-20, -10, 1.0, 1.0),
            bucket(-5, 5, 2.0, 2.0),
            bucket(95, 140, 3.0, 3.0),
        ];
        let folded = columns(&buckets, &axis(100, 100.0), 1.0);
        assert_eq!(
            folded[0],
            Column {
                from: 0,
                to: 5,
                min: 2.0,
                max: 2.0
            }
        );
        assert_eq!(
            folded[1],
            Column {
                from: 95,
                to: 100,
                min: 3.0,
                max: 3.0
            }
        );
        assert_eq!(folded.len(), 2);
    }
}
