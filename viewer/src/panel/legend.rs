//! The line beside a track: what each curve is, its value at the cursor, and whether it is
//! shown. It flows over as many lines as it needs.

mod entry;

use crate::command::{Command, TrackCommand};
use crate::data::SeriesId;
use crate::paint::icon::{self, Icon};
use crate::panel::timeline::GUTTER;
use crate::state::Document;
use crate::state::tracks::{Track, TrackId, What};
use crate::theme::Tokens;
use egui::{CursorIcon, FontId, Galley, Id, Rect, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};
use entry::Entry;
use std::sync::Arc;

/// How high one line is.
const LINE: f32 = 22.0;
/// How far apart entries stand, and how large they are written.
const USUAL: (f32, f32) = (14.0, 13.0);
/// The same, where that saves a line.
const CLOSE: (f32, f32) = (8.0, 12.0);
/// Room before the title.
const INDENT: f32 = 12.0;
/// Room for the buttons that move a track and take it away.
const BUTTONS: f32 = 74.0;

/// What stands in one legend.
#[derive(Debug)]
pub struct Group {
    title: &'static str,
    meaning: &'static str,
    entries: Vec<Entry>,
    /// Whether it is the upper one, by whose title the track is dragged.
    is_first: bool,
}

/// The legends of a track: one, or a second one under it when its lower half has a title.
pub fn groups(track: &Track) -> Vec<Group> {
    let What::Curves(up, down) = track.what else {
        return vec![Group {
            title: track.title,
            meaning: track.meaning,
            entries: vec![],
            is_first: true,
        }];
    };
    let curves = |ids: &[SeriesId], is_down: bool| -> Vec<Entry> {
        let mut entries = Vec::new();
        for id in ids {
            entries.push(Entry::Curve(*id, is_down));
            if *id == SeriesId::Runnable && up.shows_cpus {
                entries.push(Entry::Beyond);
            }
        }
        entries
    };
    let named = |title: &'static str, own: &'static str| if title.is_empty() { own } else { title };
    let mut first = Group {
        title: named(up.title, track.title),
        meaning: named(up.meaning, track.meaning),
        entries: curves(up.legend, false),
        is_first: true,
    };
    match down {
        Some(down) if !down.title.is_empty() => {
            let second = Group {
                title: down.title,
                meaning: down.meaning,
                entries: curves(down.legend, true),
                is_first: false,
            };
            vec![first, second]
        }
        Some(down) => {
            first.entries.extend(curves(down.legend, true));
            vec![first]
        }
        None => vec![first],
    }
}

/// How high a legend is when there is so much room.
pub fn height(ui: &Ui, document: &Document, group: &Group, width: f32) -> f32 {
    let rect = Rect::from_min_size(pos2(0.0, 0.0), vec2(width, LINE));
    let (places, _) = places(ui, document, group, rect);
    places
        .last()
        .map_or(LINE, |(_, last)| last.bottom().max(LINE))
}

type Places<'a> = Vec<(&'a Entry, Rect)>;

/// Where each entry stands, and how large it is written.
fn places<'a>(ui: &Ui, document: &Document, group: &'a Group, rect: Rect) -> (Places<'a>, f32) {
    let last = |places: &Places<'_>| places.last().map_or(0.0, |(_, last)| last.top());
    let usual = placed(ui, document, group, (rect, USUAL));
    if last(&usual) > rect.top() {
        let close = placed(ui, document, group, (rect, CLOSE));
        if last(&close) < last(&usual) {
            return (close, CLOSE.1);
        }
    }
    (usual, USUAL.1)
}

fn placed<'a>(
    ui: &Ui,
    document: &Document,
    group: &'a Group,
    (rect, (apart, size)): (Rect, (f32, f32)),
) -> Places<'a> {
    let left = rect.left() + GUTTER;
    let has_buttons = group.is_first && document.timeline.tracks.0.len() > 1;
    let right = rect.right() - if has_buttons { BUTTONS } else { INDENT };
    let behind_title = rect.left() + INDENT + title(ui, group).rect.width() + apart;
    let (mut x, mut y) = (left.max(behind_title), rect.top());
    let mut places = Vec::new();
    for entry in &group.entries {
        let width = entry.width(ui, document, size);
        if x > left && x + width > right {
            (x, y) = (left, y + LINE);
        }
        places.push((entry, Rect::from_min_size(pos2(x, y), vec2(width, LINE))));
        x += width + apart;
    }
    places
}

fn title(ui: &Ui, group: &Group) -> Arc<Galley> {
    let tokens = Tokens::of(ui.visuals());
    let font = FontId::proportional(14.0);
    let text = group.title.to_owned();
    ui.painter().layout_no_wrap(text, font, tokens.text_strong)
}

/// The title that moves its track when it is dragged.
pub fn title_id(track: TrackId) -> Id {
    Id::unique(("title of a track", track))
}

/// Draws a legend where the layout stands; answers which curve is pointed at.
pub fn show(
    ui: &mut Ui,
    document: &Document,
    track: &Track,
    (group, has_buttons): (&Group, bool),
    out: &mut Vec<Command>,
) -> Option<SeriesId> {
    let height = height(ui, document, group, ui.available_width());
    let size = vec2(ui.available_width(), height);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    if has_buttons {
        buttons(ui, document, track, rect, out);
    }
    place(ui, document, track, (group, rect.top()), out)
}

/// Draws a legend at a height; answers which curve is pointed at.
pub fn place(
    ui: &Ui,
    document: &Document,
    track: &Track,
    (group, top): (&Group, f32),
    out: &mut Vec<Command>,
) -> Option<SeriesId> {
    let tokens = Tokens::of(ui.visuals());
    let rect = Rect::from_min_size(
        pos2(ui.max_rect().left(), top),
        vec2(ui.available_width(), LINE),
    );
    let title = title(ui, group);
    let at = pos2(
        rect.left() + INDENT,
        rect.center().y - title.rect.height() / 2.0,
    );
    let area = Rect::from_min_size(at, title.rect.size());
    ui.painter().galley(at, title, tokens.text_strong);
    let can_move = group.is_first && document.timeline.tracks.0.len() > 1;
    let (id, sense) = if can_move {
        (title_id(track.id), Sense::drag())
    } else {
        let id = ui.scope_id().with(("title", track.id, group.title));
        (id, Sense::hover())
    };
    let response = ui.interact(area, id, sense);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, group.title));
    if can_move {
        let response = response.on_hover_cursor(CursorIcon::Grab);
        response.on_hover_text(format!("{}\nDrag it to move the track.", group.meaning));
    } else {
        response.on_hover_text(group.meaning);
    }
    let mut pointed_at = None;
    let (places, size) = places(ui, document, group, rect);
    for (entry, rect) in places {
        let id = ui.scope_id().with(("legend", track.id, entry));
        let response = entry.show(ui, document, (id, rect, size));
        if let Entry::Curve(id, _) = entry {
            if response.hovered() {
                pointed_at = Some(*id);
            }
            if response.clicked() {
                out.push(Command::ToggleSeries(*id));
            }
        }
    }
    pointed_at
}

/// The buttons that move a track and take it away.
fn buttons(ui: &mut Ui, document: &Document, track: &Track, rect: Rect, out: &mut Vec<Command>) {
    let shown = &document.timeline.tracks.0;
    let place = shown.iter().position(|shown| shown.id == track.id);
    let is_first = place == Some(0);
    let is_last = place.is_some_and(|place| place + 1 == shown.len());
    if is_first && is_last {
        return;
    }
    let area = Rect::from_min_max(
        pos2(rect.right() - BUTTONS + 8.0, rect.top() + 2.0),
        pos2(rect.right() - 8.0, rect.top() + LINE),
    );
    let name = |what: &str| format!("{what} {}", track.title);
    let mut push = |command| out.push(Command::Track(command));
    let id: TrackId = track.id;
    // A scope would move what comes next to under the buttons, over the legend's second line.
    let mut beside = ui.new_child(UiBuilder::new().max_rect(area));
    beside.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 1.0;
        let up = (&*name("Move up:"), "Move this track up");
        if icon::button(ui, Icon::Up, up, !is_first).clicked() {
            push(TrackCommand::Shift(id, -1));
        }
        let down = (&*name("Move down:"), "Move this track down");
        if icon::button(ui, Icon::Down, down, !is_last).clicked() {
            push(TrackCommand::Shift(id, 1));
        }
        let close = (&*name("Remove:"), "Take this track away");
        if icon::button(ui, Icon::Close, close, true).clicked() {
            push(TrackCommand::Toggle(id));
        }
    });
}
