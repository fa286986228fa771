//! What the panels draw by hand: curves, events, icons, hatching, and the arithmetic between points and pixels.

pub mod clusters;
pub mod columns;
pub mod curve;
pub mod hatch;
pub mod icon;
pub mod kept;
pub mod scale;
pub mod stack;

/// A place in points as egui takes it.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the screen is far smaller than f32"
)]
pub fn points(place: f64) -> f32 {
    place as f32
}

/// The pixel that a place is on.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a float that is too large saturates"
)]
pub(crate) fn pixel(place: f64) -> i64 {
    place.floor() as i64
}
