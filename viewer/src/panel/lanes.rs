//! The lanes under the tracks: what happened, gathered by pixel.
//!
//! Position and form say what an event is, colour only repeats it: errors of the kernel log
//! stand above warnings and those above the rest, births go up and deaths down.

mod draw;
mod lost;

use crate::command::{Command, TrackCommand};
use crate::data::Lane;
use crate::data::events::{EventRow, Events};
use crate::display;
use crate::paint::points;
use crate::panel::timeline::{cursor_line, gap_at, gap_words};
use crate::panel::track::gaps;
use crate::panel::{focus, pointer};
use crate::state::Document;
use crate::state::tabs::Tab;
use crate::theme::Tokens;
use crate::time_axis::TimeAxis;
use afterimage_format::time::WallTime;
use egui::{
    Align2, FontId, Rect, Response, RichText, Sense, Stroke, Tooltip, Ui, WidgetInfo, pos2, vec2,
};
use std::ops::Range;
use std::sync::Arc;

/// How high one lane is, and where there is little room.
const LANE: [f32; 2] = [18.0, 14.0];
/// Room above and below the lanes.
const AROUND: f32 = 3.0;
/// How near the pointer must be to an event, in points.
const NEAR: f64 = 4.0;
/// How many events the words beside the pointer tell of.
const TOLD: usize = 8;

/// Which lanes are drawn, and how high each is.
#[derive(Debug, Clone)]
pub struct Rows {
    lanes: Vec<Lane>,
    each: f32,
}

impl Rows {
    /// All of them.
    pub fn usual() -> Self {
        Self {
            lanes: Lane::ALL.to_vec(),
            each: LANE[0],
        }
    }

    /// Lower ones, without those that somebody has to make use of and nobody did.
    pub fn low(document: &Document) -> Self {
        let is_drawn = |lane: &Lane| match lane {
            Lane::Marks | Lane::ThreadDumps => {
                let events = document.timeline.events.as_ref();
                let is_empty =
                    |events: &Arc<Events>| events.of(*lane).iter().all(EventRow::is_empty);
                document.timeline.lane == *lane
                    || !events.is_some_and(is_empty)
                    || !lost::in_short(document, *lane).is_empty()
            }
            _ => true,
        };
        Self {
            lanes: Lane::ALL.into_iter().filter(is_drawn).collect(),
            each: LANE[1],
        }
    }

    /// How high they are together.
    pub fn height(&self) -> f32 {
        self.each * self.lanes.len() as f32 + 2.0 * AROUND
    }
}

/// Draws them.
pub fn show(
    ui: &mut Ui,
    document: &Document,
    (axis, rows): (&TimeAxis, &Rows),
    out: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui.visuals());
    let size = vec2(ui.available_width(), rows.height());
    let (full, _) = ui.allocate_exact_size(size, Sense::hover());
    let plot = full
        .with_min_x(points(axis.left))
        .with_max_x(points(axis.right));
    let painter = ui.painter().clone();
    painter.hline(full.x_range(), full.top(), Stroke::new(1.0, tokens.line));
    let clipped = painter.with_clip_rect(plot.intersect(ui.clip_rect()));
    gaps(&clipped, document, axis, plot, tokens);
    cursor_line(&clipped, document, axis, plot.y_range());
    for (place, lane) in rows.lanes.iter().copied().enumerate() {
        let top = full.top() + AROUND + place as f32 * rows.each;
        let rect = Rect::from_min_size(pos2(full.left(), top), vec2(full.width(), rows.each));
        let area = rect.with_min_x(plot.left()).with_max_x(plot.right());
        if place > 0 {
            painter.hline(area.x_range(), rect.top(), Stroke::new(1.0, tokens.grid));
        }
        lost::show(&clipped, document, axis, (lane, area));
        draw::lane(&clipped, document, axis, (lane, area));
        title(ui, document, (lane, rect.with_max_x(plot.left())), out);
        one(ui, document, axis, (lane, area), out);
    }
}

/// The name of a lane, which chooses it for the keys.
fn title(ui: &Ui, document: &Document, (lane, rect): (Lane, Rect), out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let is_chosen = document.timeline.lane == lane;
    let response = ui.interact(
        rect,
        ui.scope_id().with(("lane title", lane)),
        Sense::click(),
    );
    response.widget_info(|| {
        let name = format!("Lane: {}", lane.name());
        WidgetInfo::selected(egui::Role::RadioButton, true, is_chosen, name)
    });
    let color = match (is_chosen, response.hovered()) {
        (true, _) => tokens.text_strong,
        (false, true) => tokens.text,
        (false, false) => tokens.text_weak,
    };
    if is_chosen {
        let bar = Rect::from_min_size(
            rect.left_top() + vec2(6.0, 3.0),
            vec2(2.0, rect.height() - 6.0),
        );
        ui.painter().rect_filled(bar, 1.0, tokens.text_strong);
    }
    let place = pos2(rect.left() + 12.0, rect.center().y);
    let font = FontId::proportional(12.0);
    ui.painter()
        .text(place, Align2::LEFT_CENTER, lane.name(), font, color);
    focus::ring(ui, &response);
    if response.clicked() {
        out.push(Command::Track(TrackCommand::ChooseLane(lane)));
    }
    let keys = "N and Shift-N go from one to the next.";
    response.on_hover_text(format!("{} {keys}", lane.meaning()));
}

/// The mouse on a lane: words about what is under it, and a click that goes there.
fn one(
    ui: &Ui,
    document: &Document,
    axis: &TimeAxis,
    (lane, area): (Lane, Rect),
    out: &mut Vec<Command>,
) {
    let response = ui.interact(
        area,
        ui.scope_id().with(("lane", lane)),
        Sense::click_and_drag(),
    );
    response.widget_info(|| {
        let rows = document.timeline.events.as_ref();
        let count: usize = rows.map_or(0, |events| events.of(lane).iter().map(EventRow::len).sum());
        let lost = lost::in_short(document, lane);
        WidgetInfo::labeled(
            egui::Role::Image,
            true,
            format!("{}: {count} events{lost}", lane.name()),
        )
    });
    focus::ring(ui, &response);
    pointer::zoom(ui, &response, axis, out);
    pointer::pan(ui, &response, axis, out);
    let Some(place) = response.hover_pos().or(response.interact_pointer_pos()) else {
        return;
    };
    let near = near(document, axis, lane, f64::from(place.x));
    if response.clicked() {
        let x = f64::from(place.x);
        let distance = |at: &WallTime| ordered((axis.x_from_time(*at) - x).abs());
        let times = near.iter().flat_map(Near::times);
        let nearest = times.copied().min_by_key(distance);
        let at = nearest.unwrap_or_else(|| axis.time_from_x(x));
        out.push(Command::Track(TrackCommand::ChooseLane(lane)));
        out.push(Command::SetCursor(at));
        out.push(Command::Time(crate::command::TimeCommand::Settle));
        let events = document.timeline.events.as_ref();
        let whose = events
            .filter(|_| nearest.is_some())
            .and_then(|events| match lane {
                Lane::OomKills => events.killed_at(at),
                Lane::Failures => events.failed_at(at),
                _ => None,
            });
        if let Some(pid) = whose {
            out.push(Command::FollowPid(pid, at));
        }
        if lane == Lane::ThreadDumps && nearest.is_some() {
            out.push(Command::ShowTab(Tab::Threads));
        }
    }
    if response.hovered() && !near.is_empty() {
        words(ui, &response, document, &near);
    } else if response.hovered()
        && let Some(gap) = gap_at(document, axis, place.x)
    {
        gap_words(ui, &response, document, gap);
    } else if response.hovered() {
        lost::words(
            &response,
            document,
            lane,
            axis.time_from_x(f64::from(place.x)),
        );
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a distance on a screen, in thousandths"
)]
fn ordered(distance: f64) -> i64 {
    (distance * 1e3) as i64
}

/// Events of one class that are near a place.
struct Near<'a> {
    class: &'static str,
    row: &'a EventRow,
    events: Range<usize>,
}

impl Near<'_> {
    fn times(&self) -> &[WallTime] {
        &self.row.times()[self.events.clone()]
    }
}

/// The events near a place, by class.
fn near<'a>(document: &'a Document, axis: &TimeAxis, lane: Lane, x: f64) -> Vec<Near<'a>> {
    let Some(events) = &document.timeline.events else {
        return vec![];
    };
    let (from, to) = (axis.time_from_x(x - NEAR), axis.time_from_x(x + NEAR));
    let classes = lane.classes().iter().zip(events.of(lane));
    let near = classes.map(|(class, row)| Near {
        class,
        row,
        events: row.between(from, to),
    });
    near.filter(|near| !near.events.is_empty()).collect()
}

fn words(ui: &Ui, response: &Response, document: &Document, all: &[Near<'_>]) {
    let tokens = Tokens::of(ui.visuals());
    Tooltip::for_widget(response)
        .at_pointer()
        .gap(12.0)
        .width(680.0)
        .show(|ui| {
            for near in all {
                let count = near.row.count(&near.events);
                if count > 1 || all.len() > 1 {
                    let text = display::counted(count, near.class);
                    ui.label(RichText::new(text).color(tokens.text_strong));
                }
                let most = (TOLD / all.len()).max(2);
                for place in near.events.clone().take(most) {
                    let at = document.moment(near.row.times()[place]);
                    ui.label(format!("{at}  {}", near.row.text(place)));
                }
                let told = near.events.len();
                if told > most {
                    let text = format!("… and {} more", told - most);
                    ui.label(RichText::new(text).color(tokens.text_weak));
                }
            }
        });
}
