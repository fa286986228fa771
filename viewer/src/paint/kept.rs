//! Curves that are drawn again as they were: columns and triangles are kept from one frame to
//! the next, and made anew only when data, view, scale or style are others.
//!
//! Moving the cursor changes none of them, so a step costs the words and the table alone.

use crate::data::{SeriesData, SeriesId};
use crate::paint::columns::{Column, columns};
use crate::paint::curve;
use crate::paint::scale::{Area, Scale};
use crate::paint::stack::layers;
use crate::theme::Curve;
use crate::time_axis::TimeAxis;
use egui::cache::{ComputerMut, FrameCache};
use egui::{Context, Shape};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The curves of one side of a track over an axis.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Those that add up, the lowest first.
    pub stack: &'a [Arc<SeriesData>],
    /// Those of their own.
    pub lines: &'a [Arc<SeriesData>],
    /// Over which time.
    pub axis: &'a TimeAxis,
}

/// The same as pixel columns.
#[derive(Debug)]
pub struct Folded {
    /// The uppermost edge of a stack first: each lower layer covers what is not its own.
    pub curves: Vec<(SeriesId, Vec<Column>)>,
    /// The highest value in view.
    pub highest: f64,
    /// Keeps the data where it is for as long as it is known by its place.
    _data: Vec<Arc<SeriesData>>,
}

/// Folds curves into pixel columns.
pub fn folded(ctx: &Context, wanted: Wanted<'_>) -> Arc<Folded> {
    let per_point = f64::from(ctx.pixels_per_point());
    ctx.memory_mut(|memory| {
        let cache = memory.caches.cache::<FrameCache<Arc<Folded>, Fold>>();
        Arc::clone(cache.get(FoldKey { wanted, per_point }))
    })
}

/// Where and how folded curves are drawn.
#[derive(Debug, Clone, Copy)]
pub struct Drawn<'a> {
    /// What is drawn.
    pub folded: &'a Arc<Folded>,
    /// How each curve of it is drawn.
    pub styles: &'a [Curve],
    /// Where, on the screen.
    pub area: Area,
    /// Values to heights.
    pub scale: Scale,
    /// The value beyond which the runnable tasks wait.
    pub limit: Option<f64>,
}

/// The triangles of curves.
pub fn shapes(ctx: &Context, drawn: Drawn<'_>) -> Arc<Vec<Shape>> {
    let per_point = ctx.pixels_per_point();
    ctx.memory_mut(|memory| {
        let cache = memory.caches.cache::<FrameCache<Triangles, Draw>>();
        Arc::clone(&cache.get(DrawKey { drawn, per_point }).1)
    })
}

/// With what they were made of, which is known by its place as well.
type Triangles = (Arc<Folded>, Arc<Vec<Shape>>);

#[derive(Clone, Copy)]
struct FoldKey<'a> {
    wanted: Wanted<'a>,
    per_point: f64,
}

impl Hash for FoldKey<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Wanted { stack, lines, axis } = self.wanted;
        stack.len().hash(state);
        for data in stack.iter().chain(lines) {
            Arc::as_ptr(data).hash(state);
        }
        axis.hash(state);
        self.per_point.to_bits().hash(state);
    }
}

#[derive(Default)]
struct Fold;

impl ComputerMut<FoldKey<'_>, Arc<Folded>> for Fold {
    fn compute(&mut self, key: FoldKey<'_>) -> Arc<Folded> {
        let Wanted { stack, lines, axis } = key.wanted;
        let stacked: Vec<&SeriesData> = stack.iter().map(|data| &**data).collect();
        let mut curves: Vec<(SeriesId, Vec<Column>)> = layers(&stacked)
            .iter()
            .zip(&stacked)
            .map(|(layer, data)| (data.id, columns(layer, axis, key.per_point)))
            .collect();
        curves.reverse();
        // A line on a stack is the edge of it: drawn from its lowest to its highest value it
        // would cover what it stands on.
        let is_edge = !stacked.is_empty();
        let line = |data: &Arc<SeriesData>| {
            let mut columns = columns(&data.buckets, axis, key.per_point);
            for column in columns.iter_mut().filter(|_| is_edge) {
                column.min = column.max;
            }
            (data.id, columns)
        };
        curves.extend(lines.iter().map(line));
        let all = curves.iter().flat_map(|(_, columns)| columns);
        let highest = all.map(|column| column.max).fold(0.0, f64::max);
        Arc::new(Folded {
            curves,
            highest,
            _data: stack.iter().chain(lines).map(Arc::clone).collect(),
        })
    }
}

#[derive(Clone, Copy)]
struct DrawKey<'a> {
    drawn: Drawn<'a>,
    per_point: f32,
}

impl Hash for DrawKey<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let drawn = self.drawn;
        Arc::as_ptr(drawn.folded).hash(state);
        for style in drawn.styles {
            style.color.hash(state);
            let sizes = [style.thickness, style.fill, style.fill_beyond];
            sizes.map(f32::to_bits).hash(state);
            style.dash.hash(state);
        }
        let rect = drawn.area.rect;
        let edges = [rect.left(), rect.right(), rect.top(), rect.bottom()];
        edges.map(f32::to_bits).hash(state);
        drawn.area.is_down.hash(state);
        drawn.scale.top.to_bits().hash(state);
        drawn.limit.map(f64::to_bits).hash(state);
        self.per_point.to_bits().hash(state);
    }
}

#[derive(Default)]
struct Draw;

impl ComputerMut<DrawKey<'_>, Triangles> for Draw {
    fn compute(&mut self, key: DrawKey<'_>) -> Triangles {
        let drawn = key.drawn;
        let curves = drawn.folded.curves.iter().zip(drawn.styles);
        let shapes = curves.flat_map(|((id, columns), style)| {
            let limit = drawn.limit.filter(|_| *id == SeriesId::Runnable);
            let pixels = (key.per_point, limit);
            curve::shapes(columns, *style, &drawn.scale, drawn.area, pixels)
        });
        (Arc::clone(drawn.folded), Arc::new(shapes.collect()))
    }
}
