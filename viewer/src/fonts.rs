//! The letters: egui's own fonts, with the monospaced one filling in for what the first lacks.
//!
//! Without that, arrows and box drawing would be empty squares wherever the desktop's fonts
//! are not used: in the picture without a window, and in tests.

use egui::{Context, FontDefinitions, FontFamily};

/// Sets the fonts.
pub fn install(ctx: &Context) {
    let mut fonts = FontDefinitions::default();
    let monospace = fonts
        .families
        .get(&FontFamily::Monospace)
        .cloned()
        .unwrap_or_default();
    let proportional = fonts.families.entry(FontFamily::Proportional).or_default();
    for name in monospace {
        if !proportional.contains(&name) {
            proportional.push(name);
        }
    }
    ctx.set_fonts(fonts);
}
