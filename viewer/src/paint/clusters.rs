//! Events of one instant each, gathered by pixel: however many there are, a lane draws no more
//! than it has pixels, and looks at no more than it draws.

use crate::data::events::{EventRow, Events, Lane};
use crate::paint::pixel;
use crate::time_axis::TimeAxis;
use egui::Context;
use egui::cache::{ComputerMut, FrameCache};
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

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

/// The clusters of a class of events, kept from one frame to the next: moving the cursor changes
/// none of them.
pub fn kept(
    ctx: &Context,
    events: &Arc<Events>,
    (lane, class): (Lane, usize),
    axis: &TimeAxis,
) -> Arc<Vec<Cluster>> {
    let key = Key {
        events,
        lane,
        class,
        axis,
        per_point: f64::from(ctx.pixels_per_point()),
    };
    ctx.memory_mut(|memory| {
        let cache = memory.caches.cache::<FrameCache<Kept, Gather>>();
        Arc::clone(&cache.get(key).1)
    })
}

/// With the events they were made of, which are known by their place.
type Kept = (Arc<Events>, Arc<Vec<Cluster>>);

#[derive(Clone, Copy)]
struct Key<'a> {
    events: &'a Arc<Events>,
    lane: Lane,
    class: usize,
    axis: &'a TimeAxis,
    per_point: f64,
}

impl Hash for Key<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(self.events).hash(state);
        (self.lane, self.class).hash(state);
        self.axis.hash(state);
        self.per_point.to_bits().hash(state);
    }
}

#[derive(Default)]
struct Gather;

impl ComputerMut<Key<'_>, Kept> for Gather {
    fn compute(&mut self, key: Key<'_>) -> Kept {
        let row = key.events.of(key.lane).get(key.class);
        let found = row.map(|row| clusters(row, key.axis, key.per_point));
        (Arc::clone(key.events), Arc::new(found.unwrap_or_default()))
    }
}

/// The clusters of a row that lie in view. Costs a search for each.
fn clusters(row: &EventRow, axis: &TimeAxis, pixels_per_point: f64) -> Vec<Cluster> {
    let Range { start, end } = row.between(axis.span.from, axis.span.to);
    let (times, mut first) = (row.times(), start);
    let mut clusters = Vec::new();
    while first < end {
        let column = pixel(axis.x_from_time(times[first]) * pixels_per_point);
        let edge = axis.time_from_x((column + 1) as f64 / pixels_per_point);
        let next = row.place(edge).clamp(first + 1, end);
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
    use crate::data::events::LaneEvent;
    use crate::time_axis::{Folds, Span};
    use afterimage_format::time::WallTime;

    fn row(times: impl IntoIterator<Item = i64>) -> EventRow {
        let event = |at| LaneEvent {
            at: WallTime(at),
            count: 1,
            text: "".into(),
        };
        let events: Vec<LaneEvent> = times.into_iter().map(event).collect();
        events.into()
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
            row.times()
                .iter()
                .filter(|at| (0..=1_000_000).contains(&at.0))
                .count()
        );
    }

    #[test]
    fn fifty_thousand_events_are_no_more_than_the_pixels() {
        let row = row((0..50_000).map(|number| number * 20));
        assert_eq!(clusters(&row, &axis(), 2.0).len(), 200);
    }
}
