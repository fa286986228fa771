//! One triangle, pixel by pixel.

use crate::raster::{Clip, GRID, index, whole};
use egui::epaint::Vertex;
use egui::{Color32, ColorImage};

/// A triangle on the grid, its corners going round the same way for all of them.
pub(super) struct Triangle<'a> {
    corners: [(i64, i64); 3],
    vertices: [&'a Vertex; 3],
    area: i64,
}

impl<'a> Triangle<'a> {
    pub(super) fn new(vertices: [&'a Vertex; 3], pixels_per_point: f32) -> Self {
        // Far outside any screen; keeps the products below within 64 bits.
        let place = |at: f32| whole((at * pixels_per_point).clamp(-1e6, 1e6) * GRID);
        let corner = |vertex: &Vertex| (place(vertex.pos.x), place(vertex.pos.y));
        let mut triangle = Self {
            corners: vertices.map(corner),
            vertices,
            area: 0,
        };
        let [a, b, c] = triangle.corners;
        triangle.area = side(a, b, c);
        if triangle.area < 0 {
            triangle.corners.swap(1, 2);
            triangle.vertices.swap(1, 2);
            triangle.area = -triangle.area;
        }
        triangle
    }

    pub(super) fn paint(&self, canvas: &mut ColorImage, texture: &ColorImage, clip: Clip) {
        if self.area == 0 {
            return;
        }
        let [a, b, c] = self.corners;
        let pixel = |place: i64| place.div_euclid(256);
        let left = pixel(a.0.min(b.0).min(c.0)).max(clip.left);
        let right = (pixel(a.0.max(b.0).max(c.0)) + 1).min(clip.right);
        let top = pixel(a.1.min(b.1).min(c.1)).max(clip.top);
        let bottom = (pixel(a.1.max(b.1).max(c.1)) + 1).min(clip.bottom);
        let shade = Shade::new(self, texture);
        let edges = [(b, c), (c, a), (a, b)];
        // An edge belongs to the triangle when it is its left or its upper one.
        let owned = edges.map(|(from, to)| {
            let (dx, dy) = (to.0 - from.0, to.1 - from.1);
            i64::from(!(dy < 0 || (dy == 0 && dx > 0)))
        });
        for y in top..bottom {
            let row = index(y) * canvas.size[0];
            for x in left..right {
                let middle = (x * 256 + 128, y * 256 + 128);
                let weights = edges.map(|(from, to)| side(from, to, middle));
                if (0..3).all(|edge| weights[edge] >= owned[edge]) {
                    let place = &mut canvas.pixels[row + index(x)];
                    *place = blend(*place, shade.at(weights));
                }
            }
        }
    }
}

/// Twice the area of a triangle; positive when it goes round clockwise on the screen.
fn side(a: (i64, i64), b: (i64, i64), c: (i64, i64)) -> i64 {
    (b.0 - a.0) * (c.1 - a.1) - (b.1 - a.1) * (c.0 - a.0)
}

/// What colour a triangle has where.
struct Shade<'a> {
    colors: [[f32; 4]; 3],
    places: [[f32; 2]; 3],
    area: f32,
    texture: &'a ColorImage,
    /// The colour of all of it, when it has only one: most triangles are plain boxes.
    plain: Option<[f32; 4]>,
}

impl<'a> Shade<'a> {
    fn new(triangle: &Triangle<'_>, texture: &'a ColorImage) -> Self {
        let colors = triangle.vertices.map(|vertex| parts(vertex.color));
        let places = triangle.vertices.map(|vertex| [vertex.uv.x, vertex.uv.y]);
        let mut shade = Self {
            colors,
            places,
            area: triangle.area as f32,
            texture,
            plain: None,
        };
        let [first, ..] = triangle.vertices;
        let same = |vertex: &&Vertex| vertex.uv == first.uv && vertex.color == first.color;
        if triangle.vertices.iter().all(same) {
            shade.plain = Some(shade.at([triangle.area, 0, 0]));
        }
        shade
    }

    fn at(&self, weights: [i64; 3]) -> [f32; 4] {
        if let Some(plain) = self.plain {
            return plain;
        }
        let [a, b, c] = weights.map(|weight| weight as f32 / self.area);
        let mix = |of: [f32; 3]| of[0] * a + of[1] * b + of[2] * c;
        let place = [0, 1].map(|axis| mix(self.places.map(|place| place[axis])));
        let texel = sample(self.texture, place);
        std::array::from_fn(|part| mix(self.colors.map(|color| color[part])) * texel[part] / 255.0)
    }
}

fn parts(color: Color32) -> [f32; 4] {
    color.to_array().map(f32::from)
}

/// The texture's colour at a place from 0 to 1, mixed from the four pixels around it.
fn sample(texture: &ColorImage, place: [f32; 2]) -> [f32; 4] {
    let [width, height] = texture.size;
    // To 1/256 of a texel: where egui happens to put a letter in its texture then changes nothing.
    let snapped = |place: f32, size: usize| (place * size as f32 * GRID).round() / GRID - 0.5;
    let (x, y) = (snapped(place[0], width), snapped(place[1], height));
    let (left, top) = (x.floor(), y.floor());
    let within = |at: i64, size: usize| {
        let last = i64::try_from(size).expect("a texture fits in memory") - 1;
        index(at.clamp(0, last.max(0)))
    };
    let pixel = |dx: i64, dy: i64| {
        let (x, y) = (
            within(whole(left) + dx, width),
            within(whole(top) + dy, height),
        );
        texture
            .pixels
            .get(y * width + x)
            .map_or([0.0; 4], |color| parts(*color))
    };
    let (right_share, lower_share) = (x - left, y - top);
    let (one, two) = (pixel(0, 0), pixel(1, 0));
    let (three, four) = (pixel(0, 1), pixel(1, 1));
    std::array::from_fn(|part| {
        let upper = one[part] + (two[part] - one[part]) * right_share;
        let lower = three[part] + (four[part] - three[part]) * right_share;
        upper + (lower - upper) * lower_share
    })
}

fn blend(under: Color32, over: [f32; 4]) -> Color32 {
    let rest = 1.0 - over[3] / 255.0;
    let under = parts(under);
    let mixed: [u8; 4] = std::array::from_fn(|part| byte(over[part] + under[part] * rest));
    Color32::from_rgba_premultiplied(mixed[0], mixed[1], mixed[2], mixed[3])
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a byte"
)]
fn byte(value: f32) -> u8 {
    (value + 0.5).clamp(0.0, 255.0) as u8
}
