//! A picture of what a window shows, painted again by the CPU, away from the window.
//!
//! In: the state and what egui remembers (sizes of panels, how far tables are scrolled), taken at
//! one moment. Out: the same picture, without dialogs and without the pointer. It can be made on
//! any thread and while the window is covered.

use crate::raster::Rasterizer;
use crate::screenshot::encode_png;
use crate::state::State;
use crate::theme::{self, Tokens};
use crate::{fonts, panel};
use egui::{ColorImage, Context, Memory, RawInput, Rect, Vec2};
use egui_system_font_provider::SystemFontProvider;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

/// Frames that egui needs to settle its layout.
const SETTLING: u32 = 6;

/// What is shown, at one moment.
#[derive(Debug)]
pub struct Shown {
    state: State,
    memory: Memory,
    size: Vec2,
    pixels_per_point: f32,
    has_system_fonts: bool,
}

impl Shown {
    /// What a window shows now, but for what stands over it.
    pub fn of(ctx: &Context, state: &State, has_system_fonts: bool) -> Self {
        let mut state = state.clone();
        state.focus = None;
        state.desk.saving = None;
        state.desk.word = None;
        state.desk.chooser.is_open = false;
        Self {
            state,
            memory: ctx.memory(Memory::clone),
            size: ctx.content_rect().size(),
            pixels_per_point: ctx.pixels_per_point(),
            has_system_fonts,
        }
    }
}

/// Paints it. Takes about half a second for a large window.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the side of a window, in pixels"
)]
pub fn paint(shown: &Shown) -> ColorImage {
    let ctx = Context::default();
    fonts::install(&ctx);
    if shown.has_system_fonts {
        ctx.add_font_provider(Arc::new(SystemFontProvider::new()));
    }
    ctx.memory_mut(|memory| memory.clone_from(&shown.memory));
    let mut rasterizer = Rasterizer::default();
    let mut output = frame(&ctx, shown, 0, &mut rasterizer);
    for number in 1..SETTLING {
        output.drop_without_applying_deltas();
        output = frame(&ctx, shown, number, &mut rasterizer);
    }
    let scale = output.pixels_per_point;
    let shapes = std::mem::take(&mut output.shapes);
    let primitives = ctx.tessellate(shapes, scale);
    output.drop_without_applying_deltas();
    let background = Tokens::of(&ctx.global_style().visuals).canvas;
    let pixels = |points: f32| (points * scale).round().clamp(1.0, 16_384.0) as usize;
    let size = [pixels(shown.size.x), pixels(shown.size.y)];
    rasterizer.paint(size, scale, &primitives, background)
}

fn frame(
    ctx: &Context,
    shown: &Shown,
    number: u32,
    rasterizer: &mut Rasterizer,
) -> egui::FullOutput {
    let mut viewports = egui::ViewportIdMap::default();
    let viewport = egui::ViewportInfo {
        native_pixels_per_point: Some(shown.pixels_per_point / ctx.zoom_factor()),
        ..egui::ViewportInfo::default()
    };
    viewports.insert(egui::ViewportId::ROOT, viewport);
    let input = RawInput {
        viewports,
        screen_rect: Some(Rect::from_min_size(egui::Pos2::ZERO, shown.size)),
        // Far enough apart that fades are complete.
        time: Some(f64::from(number)),
        ..RawInput::default()
    };
    let mut output = ctx.run_ui(input, |ui| {
        theme::choose(ui, shown.state.theme);
        // What panels ask for is for the window to do.
        panel::show(ui, &shown.state, &mut Vec::new());
    });
    rasterizer.take_textures(std::mem::take(&mut output.textures_delta));
    output
}

/// Why a picture was not written.
#[derive(Debug)]
pub struct NotWritten {
    /// There is a file of that name already.
    pub is_taken: bool,
    /// What went wrong, with its cause.
    pub text: String,
}

/// Writes it as a PNG file; one that is there already stays unless it is to be replaced.
pub fn write(image: &ColorImage, path: &Path, replaces: bool) -> Result<(), NotWritten> {
    let bytes = encode_png(image).map_err(|error| NotWritten {
        is_taken: false,
        text: format!("{error:#}"),
    })?;
    let mut options = OpenOptions::new();
    options.write(true).truncate(replaces);
    if replaces {
        options.create(true);
    } else {
        options.create_new(true);
    }
    let opened = options.open(path);
    let written = opened.and_then(|mut file| file.write_all(&bytes));
    written.map_err(|error| NotWritten {
        is_taken: !replaces && error.kind() == io::ErrorKind::AlreadyExists,
        text: format!("{} cannot be written: {error}", path.display()),
    })
}
