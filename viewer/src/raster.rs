//! egui's triangles painted by the CPU: the same picture on every machine, without a display.
//!
//! Corners are placed on a grid of 1/256 pixel and tested in whole numbers, and a shared edge
//! belongs to one side only: so two translucent triangles beside each other leave neither a
//! seam nor a double line. Colours are blended in gamma space with premultiplied alpha, as egui's
//! own shaders do.

mod triangle;

use egui::epaint::textures::TexturesDelta;
use egui::epaint::{ImageData, ImageDelta, Primitive};
use egui::{ClippedPrimitive, Color32, ColorImage, Mesh, Rect, TextureId};
use std::collections::BTreeMap;
use triangle::Triangle;

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
