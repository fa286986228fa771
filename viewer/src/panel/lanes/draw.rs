//! How the events of each lane look.

use crate::data::Lane;
use crate::data::events::{Events, RunBand};
use crate::display;
use crate::paint::clusters::{self, Cluster};
use crate::paint::curve::quad;
use crate::paint::points;
use crate::panel::track::gaps;
use crate::state::Document;
use crate::theme::Tokens;
use crate::time_axis::TimeAxis;
use egui::{Color32, FontId, Mesh, Painter, Rect, Shape, Stroke, pos2, vec2};
use std::sync::Arc;

/// An end by a signal that is so far from others is a cross, else a bar, in points.
const APART: f32 = 7.0;

/// A lane, with the painter and everything that its events are drawn with.
struct Drawing<'a> {
    painter: &'a Painter,
    events: &'a Arc<Events>,
    axis: &'a TimeAxis,
    tokens: &'static Tokens,
    area: Rect,
}

/// Draws the events of a lane.
pub(super) fn lane(
    painter: &Painter,
    document: &Document,
    axis: &TimeAxis,
    (lane, area): (Lane, Rect),
) {
    let Some(events) = &document.timeline.events else {
        return;
    };
    let drawing = Drawing {
        painter,
        events,
        axis,
        tokens: Tokens::of(&painter.ctx().global_style().visuals),
        area,
    };
    match lane {
        Lane::Marks => drawing.marks(),
        Lane::OomKills => drawing.kills(),
        Lane::ThreadDumps => drawing.dumps(),
        Lane::KernelLog => drawing.log(),
        Lane::Processes => drawing.lives(),
        Lane::Failures => drawing.failures(),
        Lane::Recorder => {
            drawing.runs(&events.runs);
            // A gap within a run is one as well.
            gaps(
                painter,
                document,
                axis,
                area.shrink2(vec2(0.0, 3.0)),
                drawing.tokens,
            );
        }
    }
}

impl Drawing<'_> {
    fn per_point(&self) -> f64 {
        f64::from(self.painter.ctx().pixels_per_point())
    }

    fn clusters(&self, lane: Lane, class: usize) -> Arc<Vec<Cluster>> {
        clusters::kept(self.painter.ctx(), self.events, (lane, class), self.axis)
    }

    fn x(&self, cluster: Cluster) -> f32 {
        points(cluster.pixel as f64 / self.per_point())
    }

    /// A flag with its words beside it, as far as they reach the next one.
    fn marks(&self) {
        let row = &self.events.of(Lane::Marks)[0];
        let clusters = self.clusters(Lane::Marks, 0);
        let color = self.tokens.mark;
        for (place, cluster) in clusters.iter().enumerate() {
            let x = self.x(*cluster);
            let (top, bottom) = (self.area.top() + 3.0, self.area.bottom() - 3.0);
            self.painter.vline(x, top..=bottom, Stroke::new(1.5, color));
            let tip = pos2(x + 7.0, top + 3.5);
            let flag = vec![pos2(x, top), tip, pos2(x, top + 7.0)];
            self.painter
                .add(Shape::convex_polygon(flag, color, Stroke::NONE));
            let next = clusters.get(place + 1).map(|next| self.x(*next));
            let room = next.unwrap_or(self.area.right()) - x - 18.0;
            let many = cluster.end - cluster.first;
            let text = match many {
                1 => row.text(cluster.first),
                _ => display::counted(many as u64, "mark"),
            };
            self.words((x + 11.0, room), text);
        }
    }

    /// A cross, with the name beside it.
    fn kills(&self) {
        let row = &self.events.of(Lane::OomKills)[0];
        let clusters = self.clusters(Lane::OomKills, 0);
        let stroke = Stroke::new(2.0, self.tokens.blocked);
        for (place, cluster) in clusters.iter().enumerate() {
            let middle = pos2(self.x(*cluster), self.area.center().y);
            for side in [-1.0, 1.0] {
                let arm = vec2(4.0, 4.0 * side);
                self.painter
                    .line_segment([middle - arm, middle + arm], stroke);
            }
            let next = clusters.get(place + 1).map(|next| self.x(*next));
            let room = next.unwrap_or(self.area.right()) - middle.x - 20.0;
            let text = match cluster.end - cluster.first {
                1 => before_colon(row.text(cluster.first)),
                many => display::counted(many as u64, "kill"),
            };
            self.words((middle.x + 9.0, room), text);
        }
    }

    /// A dot for a dump, a ring for one that was refused, a cross for one that failed; beside a dot
    /// whose dump it is and what was found in it.
    fn dumps(&self) {
        let rows = self.events.of(Lane::ThreadDumps);
        let middle = |cluster: &Cluster| pos2(self.x(*cluster), self.area.center().y);
        let refused = Stroke::new(1.5, self.tokens.warning);
        for cluster in self.clusters(Lane::ThreadDumps, 1).iter() {
            self.painter.circle_stroke(middle(cluster), 3.5, refused);
        }
        let failed = Stroke::new(1.5, self.tokens.problem);
        for cluster in self.clusters(Lane::ThreadDumps, 2).iter() {
            let at = middle(cluster);
            for side in [-1.0, 1.0] {
                let arm = vec2(3.0, 3.0 * side);
                self.painter.line_segment([at - arm, at + arm], failed);
            }
        }
        let clusters = self.clusters(Lane::ThreadDumps, 0);
        for (place, cluster) in clusters.iter().enumerate() {
            let at = middle(cluster);
            self.painter.circle_filled(at, 4.0, self.tokens.running);
            let next = clusters.get(place + 1).map(|next| self.x(*next));
            let room = next.unwrap_or(self.area.right()) - at.x - 18.0;
            let text = match cluster.end - cluster.first {
                1 => before_detail(rows[0].text(cluster.first)),
                many => display::counted(many as u64, "dump"),
            };
            self.words((at.x + 8.0, room), text);
        }
    }

    /// Words that are left out when they do not fit.
    fn words(&self, place: (f32, f32), text: String) {
        self.text(place, text, self.tokens.text, false);
    }

    fn text(&self, (x, room): (f32, f32), text: String, color: Color32, is_on_bar: bool) {
        let font = FontId::proportional(11.0);
        let galley = self.painter.layout_no_wrap(text, font, color);
        if galley.rect.width() <= room {
            let y = self.area.center().y - galley.rect.height() / 2.0;
            if !is_on_bar {
                // The line of the cursor and hatching would go through the letters.
                let behind = Rect::from_min_size(pos2(x, y), galley.size());
                let behind = behind.expand2(vec2(2.0, -1.0)).intersect(self.area);
                self.painter.rect_filled(behind, 2.0, self.tokens.canvas);
            }
            self.painter.galley(pos2(x, y), galley, color);
        }
    }

    /// Three rows: errors, warnings, the rest. The more there are, the stronger.
    fn log(&self) {
        let colors = [self.tokens.blocked, self.tokens.warning, self.tokens.event];
        let step = (self.area.height() - 3.0) / 3.0;
        let mut mesh = Mesh::default();
        for (class, color) in colors.into_iter().enumerate() {
            let top = self.area.top() + 2.0 + class as f32 * step;
            for cluster in self.clusters(Lane::KernelLog, class).iter() {
                let count = (cluster.end - cluster.first) as f32;
                let strength = (0.62 + count.ln() * 0.09).min(1.0);
                let x = self.x(*cluster);
                let width = if class == 2 { 1.5 } else { 2.5 };
                let edges = [x - width / 2.0, x + width / 2.0, top, top + step - 1.0];
                let color = color.gamma_multiply(strength);
                quad(&mut mesh, edges, color, color);
            }
        }
        self.painter.add(Shape::mesh(mesh));
    }

    /// Births upwards from the middle, deaths downwards: as high as there were many.
    fn lives(&self) {
        let rows = self.events.of(Lane::Processes);
        let counted = |class: usize| -> Vec<(f32, f32)> {
            let count = |cluster: &Cluster| {
                let count = rows[class].count(&(cluster.first..cluster.end));
                (1.0 + count as f32).log2()
            };
            let clusters = self.clusters(Lane::Processes, class);
            clusters
                .iter()
                .map(|cluster| (self.x(*cluster), count(cluster)))
                .collect()
        };
        let sides = [counted(0), counted(1)];
        let most = sides.iter().flatten().map(|(_, height)| *height);
        let most = most.fold(3.0, f32::max);
        let (middle, half) = (self.area.center().y, self.area.height() / 2.0 - 2.0);
        let mut mesh = Mesh::default();
        let width = points(1.0 / self.per_point()).max(1.0);
        for (side, color) in sides.iter().zip([self.tokens.running, self.tokens.event]) {
            let is_up = color == self.tokens.running;
            for (x, height) in side {
                let height = (height / most * half).max(1.5);
                let (top, bottom) = if is_up {
                    (middle - height, middle)
                } else {
                    (middle, middle + height)
                };
                quad(&mut mesh, [*x, x + width, top, bottom], color, color);
            }
        }
        self.painter.add(Shape::mesh(mesh));
    }

    /// Two rows: ends by a signal, as crosses where there is room, and those with an error.
    fn failures(&self) {
        let half = self.area.height() / 2.0;
        let sides = [
            (0, self.tokens.blocked, self.area.top() + half / 2.0 + 1.0),
            (
                1,
                self.tokens.warning,
                self.area.bottom() - half / 2.0 - 1.0,
            ),
        ];
        for (class, color, middle) in sides {
            let clusters = self.clusters(Lane::Failures, class);
            let mut mesh = Mesh::default();
            let mut before = f32::NEG_INFINITY;
            for (place, cluster) in clusters.iter().enumerate() {
                let (x, many) = (self.x(*cluster), cluster.end - cluster.first);
                let next = clusters.get(place + 1).map(|next| self.x(*next));
                let is_alone = x - before > APART && next.is_none_or(|next| next - x > APART);
                before = x;
                if class == 0 && many == 1 && is_alone {
                    let stroke = Stroke::new(1.5, color);
                    for side in [-1.0, 1.0] {
                        let (center, arm) = (pos2(x, middle), vec2(2.5, 2.5 * side));
                        self.painter
                            .line_segment([center - arm, center + arm], stroke);
                    }
                    continue;
                }
                let high = (2.0 + (many as f32).log2()).min(half - 2.0);
                let edges = [x - 1.0, x + 1.0, middle - high / 2.0, middle + high / 2.0];
                quad(&mut mesh, edges, color, color);
            }
            self.painter.add(Shape::mesh(mesh));
        }
    }

    /// A bar for each run, with its words where they fit.
    fn runs(&self, runs: &[RunBand]) {
        for (number, run) in runs.iter().enumerate() {
            let from = self.axis.x_from_time(run.from).max(self.axis.left);
            let to = self.axis.x_from_time(run.to).min(self.axis.right);
            if to < from {
                continue;
            }
            // As high as the words in it, also where lanes are low.
            let bar = self
                .area
                .shrink2(vec2(0.0, (self.area.height() - 12.0) / 2.0));
            let bar = bar
                .with_min_x(points(from))
                .with_max_x(points(to).max(points(from) + 1.0));
            self.painter.rect_filled(bar, 2.0, self.tokens.recorded);
            let text = format!(
                "run {}, every {}",
                number + 1,
                display::interval(run.interval)
            );
            let place = (bar.left() + 6.0, bar.width() - 12.0);
            self.text(place, text, self.tokens.text_strong, true);
        }
    }
}

/// Whose dump it is and what it found: what stands before the second semicolon.
fn before_detail(mut text: String) -> String {
    let end = text.match_indices("; ").nth(1).map(|(place, _)| place);
    text.truncate(end.unwrap_or(text.len()));
    text
}

/// What stands before the reasons.
fn before_colon(mut text: String) -> String {
    text.truncate(text.find(": ").unwrap_or(text.len()));
    text
}
