//! Events of one instant each, gathered by pixel: however many there are, a lane draws no more
//! than it has pixels, and looks at no more than it draws.

use crate::paint::pixel;
use crate::time_axis::TimeAxis;
use afterimage_format::time::WallTime;

/// The events on one pixel column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cluster {
    /// The pixel column.
    pub pixel: i64,
    /// The place of the first of them in the row.
    pub first: usize,
    /// The place after the last of them.
    pub end: usize,
}

/// The clusters of a row that lie in view. Costs a search for each.
pub fn clusters(times: &[WallTime], axis: &TimeAxis, pixels_per_point: f64) -> Vec<Cluster> {
    let mut first = times.partition_point(|at| *at < axis.span.from);
    let end = times.partition_point(|at| *at <= axis.span.to);
    let mut clusters = Vec::new();
    while first < end {
        let column = pixel(axis.x_from_time(times[first]) * pixels_per_point);
        let edge = axis.time_from_x((column + 1) as f64 / pixels_per_point);
        let next = first + times[first..end].partition_point(|at| *at < edge);
        let next = next.max(first + 1);
        clusters.push(Cluster {
            pixel: column,
            first,
            end: next,
        });
        first = next;
    }
    clusters
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time_axis::{Folds, Span};

    fn row(times: impl IntoIterator<Item = i64>) -> Vec<WallTime> {
        times.into_iter().map(WallTime).collect()
    }

    fn axis() -> TimeAxis {
        let (from, to) = (WallTime(0), WallTime(1_000_000));
        TimeAxis::new(Span { from, to }, &Folds::default(), (0.0, 100.0))
    }

    #[test]
    fn every_event_in_view_is_in_one_cluster_and_none_outside_of_it() {
        let row = row((-50..150).map(|number| number * 9_973));
        let clusters = clusters(&row, &axis(), 1.0);
        assert!(clusters.len() <= 101);
        assert!(clusters.windows(2).all(|pair| pair[0].end == pair[1].first));
        assert_eq!((clusters[0].first, clusters[0].pixel), (50, 0));
        let counted: usize = clusters
            .iter()
            .map(|cluster| cluster.end - cluster.first)
            .sum();
        assert_eq!(
            counted,
            row.iter()
                .filter(|event| (0..=1_000_000).contains(&event.0))
                .count()
        );
    }

    #[test]
    fn fifty_thousand_events_are_no_more_than_the_pixels() {
        let row = row((0..50_000).map(|number| number * 20));
        assert_eq!(clusters(&row, &axis(), 2.0).len(), 200);
    }
}
