//! The viewer's picture without a window: frames until everything has arrived, then a PNG.

use crate::app::Viewer;
use crate::raster::Rasterizer;
use crate::state::{Phase, ThemeChoice};
use crate::theme::{self, Tokens};
use anyhow::{Context as _, bail};
use egui::{ColorImage, Context, Event, FullOutput, Pos2, RawInput, Rect, Vec2};
use std::path::Path;
use std::time::Duration;

/// How long one answer of a capture may take.
const PATIENCE: Duration = Duration::from_mins(2);
/// Frames that egui needs to settle its layout once everything has arrived.
const SETTLING: u32 = 6;
/// More frames than any picture needs; each waits for an answer.
const MOST_FRAMES: u32 = 200;

/// How large a picture is, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// From left to right.
    pub width: u16,
    /// From top to bottom.
    pub height: u16,
}

/// Where the viewer is drawn when there is no window.
#[derive(Debug)]
pub struct Screen {
    ctx: Context,
    /// Textures are handed over once, so they outlive a picture.
    rasterizer: Rasterizer,
    frames: u32,
    scale: f32,
}

impl Screen {
    /// A screen that shows what is drawn with this context.
    pub fn new(ctx: &Context) -> Self {
        Self {
            ctx: ctx.clone(),
            rasterizer: Rasterizer::default(),
            frames: 0,
            scale: 1.0,
        }
    }

    /// The same with so many pixels a point.
    #[must_use]
    pub fn scaled(self, scale: f32) -> Self {
        Self { scale, ..self }
    }

    /// Draws the viewer until nothing is missing any more; the events happen once it is at rest.
    ///
    /// Fails when a capture cannot be opened or read: a picture of an error helps nobody. Of one
    /// that is damaged the sound rest is drawn.
    pub fn picture(
        &mut self,
        viewer: &mut Viewer,
        size: Size,
        choice: ThemeChoice,
        events: &[Event],
    ) -> anyhow::Result<ColorImage> {
        theme::choose(&self.ctx, Some(choice));
        let mut settled = 0;
        for _ in 0..MOST_FRAMES {
            let happening = if settled == 1 {
                events.to_vec()
            } else {
                vec![]
            };
            let output = self.frame(viewer, size, happening);
            if settled == SETTLING {
                problem(viewer)?;
                return Ok(self.paint(size, output));
            }
            settled = if viewer.state().is_waiting() {
                0
            } else {
                settled + 1
            };
            if settled == 0 && !viewer.wait(PATIENCE) {
                bail!("the capture did not answer within {} s", PATIENCE.as_secs());
            }
        }
        bail!("the picture did not come to rest")
    }

    fn frame(&mut self, viewer: &mut Viewer, size: Size, events: Vec<Event>) -> FullOutput {
        self.frames += 1;
        let input = input(size, (self.frames, self.scale), events);
        let mut output = self.ctx.run_ui(input, |ui| viewer.frame(ui));
        self.rasterizer
            .take_textures(std::mem::take(&mut output.textures_delta));
        output
    }

    fn paint(&self, size: Size, output: FullOutput) -> ColorImage {
        let pixels_per_point = output.pixels_per_point;
        let primitives = self.ctx.tessellate(output.shapes, pixels_per_point);
        let background = Tokens::of(&self.ctx.global_style().visuals).canvas;
        let pixels = [size.width, size.height].map(usize::from);
        self.rasterizer
            .paint(pixels, pixels_per_point, &primitives, background)
    }
}

fn input(size: Size, (number, scale): (u32, f32), events: Vec<Event>) -> RawInput {
    let size = Vec2::new(f32::from(size.width), f32::from(size.height)) / scale;
    let mut viewports = egui::ViewportIdMap::default();
    let viewport = egui::ViewportInfo {
        native_pixels_per_point: Some(scale),
        ..egui::ViewportInfo::default()
    };
    viewports.insert(egui::ViewportId::ROOT, viewport);
    RawInput {
        viewports,
        screen_rect: Some(Rect::from_min_size(Pos2::ZERO, size)),
        // Far enough apart that tooltips and fades are complete.
        time: Some(f64::from(number)),
        events,
        ..RawInput::default()
    }
}

fn problem(viewer: &Viewer) -> anyhow::Result<()> {
    for document in &viewer.state().documents {
        if let Phase::Failed(problem) = &document.phase {
            bail!("{problem}");
        }
        // What is damaged is hatched with the reason, and the rest of the picture is sound.
        let facts = document.facts();
        let is_damaged = facts.is_some_and(|facts| facts.damage.is_any());
        let asks_for_a_time = document.jump.is_some();
        if let Some(problem) = &document.problem
            && (asks_for_a_time || !is_damaged)
        {
            bail!("{}: {problem}", document.path.display());
        }
    }
    Ok(())
}

/// Writes a picture as a PNG file.
pub fn write_png(image: &ColorImage, path: &Path) -> anyhow::Result<()> {
    let bytes = encode_png(image)?;
    std::fs::write(path, bytes).with_context(|| format!("{} cannot be written", path.display()))
}

/// A picture as the bytes of a PNG file.
pub fn encode_png(image: &ColorImage) -> anyhow::Result<Vec<u8>> {
    let side = |pixels: usize| u32::try_from(pixels).context("the picture is too large");
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, side(image.size[0])?, side(image.size[1])?);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    // Painted over an opaque colour, so there is no alpha to keep.
    let pixels = image.pixels.iter();
    let bytes: Vec<u8> = pixels
        .flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b()])
        .collect();
    let failed = "the picture cannot be encoded";
    let mut writer = encoder.write_header().context(failed)?;
    writer.write_image_data(&bytes).context(failed)?;
    writer.finish().context(failed)?;
    Ok(file)
}
