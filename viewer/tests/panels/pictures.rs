//! The whole viewer painted without a display.

use crate::viewer;
use afterimage_viewer::screenshot::{Size, picture, write_png};
use afterimage_viewer::state::ThemeChoice;
use std::path::Path;

const SMALL: Size = Size {
    width: 1280,
    height: 800,
};

#[test]
fn the_same_state_is_the_same_picture() {
    let paint = || {
        let ctx = egui::Context::default();
        let mut viewer = viewer(&ctx, "13:57:03");
        picture(&ctx, &mut viewer, SMALL, ThemeChoice::Dark).unwrap()
    };
    let (one, other) = (paint(), paint());
    let differing = one
        .pixels
        .iter()
        .zip(&other.pixels)
        .enumerate()
        .filter(|(_, (a, b))| a != b);
    let places: Vec<_> = differing
        .map(|(place, _)| (place % 1280, place / 1280))
        .collect();
    assert!(
        places.is_empty(),
        "{} pixels, the first at {:?}",
        places.len(),
        places.first()
    );
    assert_eq!(one.size, [1280, 800]);
}

/// Not a test of anything: writes pictures to look at into the target directory.
#[test]
#[ignore = "for looking at: cargo test -p afterimage-viewer -- --ignored pictures_to_look_at"]
fn pictures_to_look_at() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let large = Size {
        width: 1600,
        height: 1000,
    };
    let all = [
        ("dark", large, ThemeChoice::Dark, "13:57:03"),
        ("light", large, ThemeChoice::Light, "13:57:03"),
        ("dark-small", SMALL, ThemeChoice::Dark, "14:31:07"),
        ("light-small-gap", SMALL, ThemeChoice::Light, "13:42:00"),
    ];
    for (name, size, choice, at) in all {
        let ctx = egui::Context::default();
        let mut viewer = viewer(&ctx, at);
        let image = picture(&ctx, &mut viewer, size, choice).unwrap();
        write_png(&image, &folder.join(format!("viewer-{name}.png"))).unwrap();
    }
}
