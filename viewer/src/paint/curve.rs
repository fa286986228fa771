//! Pixel columns as triangles: one mesh a curve.
//!
//! Each run of columns is a box from its lowest to its highest value, thickened to a line and
//! faded over one pixel above and below, so that it is smooth without a graphics card's help.
//! A value of 0 is drawn faintly: it was recorded, but there is nothing to look at.

use crate::paint::columns::Column;
use crate::paint::points;
use crate::paint::scale::{Area, Scale};
use crate::theme::Curve;
use egui::{Color32, Mesh, Pos2, Shape};

/// How strongly the line is drawn where the value is 0.
const NOTHING: f32 = 0.4;
/// From this height on a column has hard ends, in points.
const TALL: f32 = 4.0;

/// The shapes of one curve: the space between it and zero, up to the limit and beyond it, then
/// its line.
pub fn shapes(
    columns: &[Column],
    curve: Curve,
    scale: &Scale,
    area: Area,
    (pixels_per_point, limit): (f32, Option<f64>),
) -> Vec<Shape> {
    let place = |pixel: i64| points(pixel as f64 / f64::from(pixels_per_point));
    let (mut line, mut fill) = (Mesh::default(), Mesh::default());
    let shade = curve.color.gamma_multiply(curve.fill);
    let beyond = curve.color.gamma_multiply(curve.fill_beyond);
    let limit = limit.map_or(area.head(), |limit| scale.y(limit, area));
    let fade = 1.0 / pixels_per_point;
    for column in columns {
        let (far, near) = (scale.y(column.max, area), scale.y(column.min, area));
        if curve.fill > 0.0 && column.max > 0.0 {
            let (left, right) = (place(column.from), place(column.to));
            let edge = if area.is_down {
                far.min(limit)
            } else {
                far.max(limit)
            };
            quad(&mut fill, [left, right, edge, area.foot()], shade, shade);
            if (far - edge).abs() > 0.01 {
                quad(&mut fill, [left, right, far, edge], beyond, beyond);
            }
        }
        if curve.thickness <= 0.0 {
            continue;
        }
        let color = if column.max > 0.0 {
            curve.color
        } else {
            curve.color.gamma_multiply(NOTHING)
        };
        let (top, bottom) = (far.min(near), far.max(near));
        for (from, to) in dashes(column, curve.dash) {
            let half = curve.thickness / 2.0;
            let (left, right) = (place(from), place(to));
            let (upper, lower) = (top - half + fade / 2.0, bottom + half - fade / 2.0);
            band(
                &mut line,
                [left, right],
                [upper - fade, upper, lower, lower + fade],
                color,
            );
        }
    }
    vec![Shape::mesh(fill), Shape::mesh(line)]
}

/// The parts of a run that are drawn. Dashes are anchored to the screen.
fn dashes(column: &Column, dash: Option<(i64, i64)>) -> Vec<(i64, i64)> {
    let Some((on, off)) = dash else {
        return vec![(column.from, column.to)];
    };
    let period = on + off;
    let mut parts = Vec::new();
    let mut start = column.from.div_euclid(period) * period;
    while start < column.to {
        let (from, to) = (start.max(column.from), (start + on).min(column.to));
        if from < to {
            parts.push((from, to));
        }
        start += period;
    }
    parts
}

/// A box with a soft upper and lower edge.
fn band(mesh: &mut Mesh, [left, right]: [f32; 2], heights: [f32; 4], color: Color32) {
    // At the ends of a tall column nobody sees whether they are soft, and it is the tall ones of
    // which there are many.
    if heights[2] - heights[1] > TALL {
        let [_, upper, lower, _] = heights;
        quad(mesh, [left, right, upper, lower], color, color);
        return;
    }
    let first = u32::try_from(mesh.vertices.len()).expect("a screen has fewer than 2^32 columns");
    for (place, y) in heights.into_iter().enumerate() {
        let is_inner = (1..=2).contains(&place);
        let color = if is_inner {
            color
        } else {
            Color32::TRANSPARENT
        };
        mesh.colored_vertex(Pos2::new(left, y), color);
        mesh.colored_vertex(Pos2::new(right, y), color);
    }
    for row in 0..3 {
        let corner = first + row * 2;
        mesh.add_triangle(corner, corner + 1, corner + 3);
        mesh.add_triangle(corner, corner + 3, corner + 2);
    }
}

/// A box from left to right and from top to bottom, shaded from its upper to its lower edge.
pub(crate) fn quad(
    mesh: &mut Mesh,
    [left, right, top, bottom]: [f32; 4],
    upper: Color32,
    lower: Color32,
) {
    let first = u32::try_from(mesh.vertices.len()).expect("a screen has fewer than 2^32 columns");
    mesh.colored_vertex(Pos2::new(left, top), upper);
    mesh.colored_vertex(Pos2::new(right, top), upper);
    mesh.colored_vertex(Pos2::new(right, bottom), lower);
    mesh.colored_vertex(Pos2::new(left, bottom), lower);
    mesh.add_triangle(first, first + 1, first + 2);
    mesh.add_triangle(first, first + 2, first + 3);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_do_not_depend_on_where_a_run_begins() {
        let column = |from, to| Column {
            from,
            to,
            min: 0.0,
            max: 0.0,
        };
        assert_eq!(dashes(&column(0, 12), Some((3, 3))), [(0, 3), (6, 9)]);
        assert_eq!(dashes(&column(2, 8), Some((3, 3))), [(2, 3), (6, 8)]);
        assert_eq!(dashes(&column(4, 6), Some((3, 3))), []);
    }
}
