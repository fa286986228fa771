//! egui's triangles painted by the CPU: the same picture on every machine, without a display.
//!
//! Corners are placed on a grid of 1/256 pixel and tested in whole numbers, and a shared edge
//! belongs to one side only: so two translucent triangles beside each other leave neither a
//! seam nor a double line. Colours are blended in gamma space with premultiplied alpha, as egui's
//! own shaders do.

use egui::epaint::textures::TexturesDelta;
use egui::epaint::{ImageData, ImageDelta, Primitive, Vertex};
use egui::{ClippedPrimitive, Color32, ColorImage, Mesh, Rect, TextureId};
use std::collections::BTreeMap;

/// Parts of a pixel that a corner can be placed at.
const GRID: f32 = 256.0;

/// The textures egui has handed over; above all the one with the letters.
#[derive(Debug, Default)]
pub struct Rasterizer {
    textures: BTreeMap<TextureId, ColorImage>,
}

impl Rasterizer {
    /// Takes over what changed about the textures; to be called before painting.
    pub fn take_textures(&mut self, mut delta: TexturesDelta) {
        let mut changed: Vec<_> = std::mem::take(&mut delta.set).into_iter().collect();
        changed.sort_by_key(|(id, _)| *id);
        for (id, images) in changed {
            for image in images {
                self.set(id, image);
            }
        }
        delta.free.clear();
    }

    fn set(&mut self, id: TextureId, delta: ImageDelta) {
        let ImageData::Color(image) = delta.image;
        let Some([left, top]) = delta.pos else {
            self.textures.insert(id, image.as_ref().clone());
            return;
        };
        let Some(texture) = self.textures.get_mut(&id) else {
            return;
        };
        let width = image.size[0];
        for (row, pixels) in image.pixels.chunks_exact(width.max(1)).enumerate() {
            let start = (top + row) * texture.size[0] + left;
            if let Some(part) = texture.pixels.get_mut(start..start + width) {
                part.copy_from_slice(pixels);
            }
        }
    }

    /// Paints primitives, in order, over a colour.
    pub fn paint(
        &self,
        size: [usize; 2],
        pixels_per_point: f32,
        primitives: &[ClippedPrimitive],
        background: Color32,
    ) -> ColorImage {
        let mut canvas = ColorImage::filled(size, background);
        for primitive in primitives {
            // Callbacks are for a graphics card; the viewer has none.
            let Primitive::Mesh(mesh) = &primitive.primitive else {
                continue;
            };
            if let Some(texture) = self.textures.get(&mesh.texture_id) {
                let clip = Clip::new(primitive.clip_rect, pixels_per_point, size);
                paint_mesh(&mut canvas, mesh, texture, pixels_per_point, clip);
            }
        }
        canvas
    }
}

/// The pixels that may be painted: from the first up to the one after the last.
#[derive(Debug, Clone, Copy)]
struct Clip {
    left: i64,
    top: i64,
    right: i64,
    bottom: i64,
}

impl Clip {
    fn new(rect: Rect, pixels_per_point: f32, size: [usize; 2]) -> Self {
        let edge = |place: f32, most: usize| {
            let most = i64::try_from(most).expect("a picture fits in memory");
            whole(place * pixels_per_point).clamp(0, most)
        };
        Self {
            left: edge(rect.left(), size[0]),
            top: edge(rect.top(), size[1]),
            right: edge(rect.right(), size[0]),
            bottom: edge(rect.bottom(), size[1]),
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a float that is too large saturates"
)]
fn whole(place: f32) -> i64 {
    place.round() as i64
}

/// A pixel's place in memory; only called with places inside the picture.
fn index(place: i64) -> usize {
    usize::try_from(place).expect("the clip rectangle is inside the picture")
}

fn paint_mesh(
    canvas: &mut ColorImage,
    mesh: &Mesh,
    texture: &ColorImage,
    pixels_per_point: f32,
    clip: Clip,
) {
    for corners in mesh.triangles() {
        let vertex = |number: u32| mesh.vertices.get(number as usize);
        if let [Some(a), Some(b), Some(c)] = corners.map(vertex) {
            Triangle::new([a, b, c], pixels_per_point).paint(canvas, texture, clip);
        }
    }
}

/// A triangle on the grid, its corners going round the same way for all of them.
struct Triangle<'a> {
    corners: [(i64, i64); 3],
    vertices: [&'a Vertex; 3],
    area: i64,
}

impl<'a> Triangle<'a> {
    fn new(vertices: [&'a Vertex; 3], pixels_per_point: f32) -> Self {
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

    fn paint(&self, canvas: &mut ColorImage, texture: &ColorImage, clip: Clip) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{epaint::textures::TextureOptions, pos2};

    const HALF_RED: Color32 = Color32::from_rgba_premultiplied(128, 0, 0, 128);

    /// A rasterizer whose only texture is one white pixel.
    fn rasterizer() -> Rasterizer {
        let mut rasterizer = Rasterizer::default();
        let mut delta = TexturesDelta::default();
        let white = ColorImage::filled([1, 1], Color32::WHITE);
        delta.push(
            TextureId::default(),
            ImageDelta::full(white, TextureOptions::LINEAR),
        );
        rasterizer.take_textures(delta);
        rasterizer
    }

    fn painted(mesh: Mesh, clip: Rect) -> ColorImage {
        let primitive = ClippedPrimitive {
            clip_rect: clip,
            primitive: Primitive::Mesh(mesh),
        };
        rasterizer().paint([8, 8], 1.0, &[primitive], Color32::BLACK)
    }

    fn boxed(left: f32, top: f32, right: f32, bottom: f32) -> Rect {
        Rect::from_min_max(pos2(left, top), pos2(right, bottom))
    }

    fn count(image: &ColorImage, color: Color32) -> usize {
        image.pixels.iter().filter(|pixel| **pixel == color).count()
    }

    #[test]
    fn two_triangles_of_a_box_cover_each_pixel_once() {
        let mut mesh = Mesh::default();
        mesh.add_colored_rect(boxed(1.0, 1.0, 7.0, 7.0), HALF_RED);
        let image = painted(mesh, boxed(0.0, 0.0, 8.0, 8.0));
        let once = Color32::from_rgba_premultiplied(128, 0, 0, 255);
        assert_eq!(count(&image, once), 36);
        assert_eq!(count(&image, Color32::BLACK), 28);
    }

    #[test]
    fn the_way_round_of_a_triangle_does_not_matter() {
        for corners in [[0, 1, 2], [2, 1, 0]] {
            let mut mesh = Mesh::default();
            for place in [pos2(0.0, 0.0), pos2(8.0, 0.0), pos2(0.0, 8.0)] {
                mesh.colored_vertex(place, Color32::WHITE);
            }
            let [a, b, c] = corners;
            mesh.add_triangle(a, b, c);
            let image = painted(mesh, boxed(0.0, 0.0, 8.0, 8.0));
            // The pixels whose middle is above the diagonal: 7 + 6 + … + 1.
            assert_eq!(count(&image, Color32::WHITE), 28);
        }
    }

    #[test]
    fn nothing_is_painted_outside_the_clip_rectangle_or_the_picture() {
        let mut mesh = Mesh::default();
        mesh.add_colored_rect(boxed(-50.0, -50.0, 50.0, 50.0), Color32::WHITE);
        let image = painted(mesh, boxed(2.0, 3.0, 100.0, 5.0));
        assert_eq!(count(&image, Color32::WHITE), 12);
    }

    #[test]
    fn a_patch_of_the_texture_changes_only_its_place() {
        let mut rasterizer = rasterizer();
        let id = TextureId::User(1);
        let mut delta = TexturesDelta::default();
        let whole = ColorImage::filled([3, 3], Color32::BLACK);
        delta.push(id, ImageDelta::full(whole, TextureOptions::LINEAR));
        let patch = ColorImage::filled([1, 2], Color32::WHITE);
        delta.push(
            id,
            ImageDelta::partial([2, 1], patch, TextureOptions::LINEAR),
        );
        rasterizer.take_textures(delta);
        let texture = &rasterizer.textures[&id];
        assert_eq!(count(texture, Color32::WHITE), 2);
        assert_eq!(
            (texture[(2, 1)], texture[(2, 2)]),
            (Color32::WHITE, Color32::WHITE)
        );
    }

    #[test]
    fn a_corner_that_is_no_number_does_not_end_the_program() {
        let mut mesh = Mesh::default();
        mesh.add_colored_rect(boxed(f32::NAN, 0.0, f32::INFINITY, 8.0), Color32::WHITE);
        painted(mesh, boxed(0.0, 0.0, 8.0, 8.0));
    }
}
