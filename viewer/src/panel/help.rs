//! The help page, made from the catalogue of actions: what can be done, and by which key.

use crate::action::{Action, GESTURES, Topic, every};
use crate::command::{Command, WindowCommand};
use crate::state::State;
use crate::theme::Tokens;
use egui::{
    Align, Frame, Id, Label, Layout, Margin, Modal, RichText, ScrollArea, Stroke, Ui, vec2,
};

const WIDTH: f32 = 1_060.0;
/// Room for what is pressed or typed.
const KEYS: f32 = 150.0;
/// Under this width there is one column.
const TWO_COLUMNS: f32 = 720.0;

/// How the picture is read, for whoever sees it for the first time.
const READING: [&str; 4] = [
    "The thick line is the load average. Blue are tasks that run or could run: what stands above the line \
     of the CPUs waits for its turn. Red are tasks that are blocked, mostly on a disk.",
    "A hatched stretch was not recorded; resting on it says why.",
    "The table shows the processes at the cursor. Click one to see who it is, what it did all \
     the time, and what the kernel said about it.",
    "Rest on any title, value or event: it says what it means and where it comes from.",
];

/// What can be written into the filter.
const FILTERS: [(&str, &str); 7] = [
    (
        "nginx worker",
        "both words in pid, user, name or command line",
    ),
    ("state:D", "blocked"),
    ("cpu>10", "more than 10 % of a core"),
    ("rss>=500M", "amounts with K, M, G"),
    ("age<5m", "started in the last five minutes"),
    (
        "is:new  is:gone",
        "since the snapshot before, or the pinned one",
    ),
    (
        "not user:root or nice>0",
        "joined with and, or, not, brackets",
    ),
];

/// Draws it over the window.
pub fn show(ui: &Ui, state: &State, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let room = ui.content_rect();
    let frame = Frame::popup(ui.style())
        .fill(tokens.panel)
        .stroke(Stroke::new(1.0, tokens.line))
        .inner_margin(Margin::symmetric(24, 18))
        .corner_radius(8.0);
    let modal = Modal::new(Id::unique("help")).frame(frame);
    let shown = modal.show(ui, |ui| {
        ui.set_width(WIDTH.min(room.width() - 90.0));
        title(ui, out);
        ui.add_space(6.0);
        ScrollArea::vertical()
            .max_height(room.height() - 150.0)
            .min_scrolled_height(room.height() - 150.0)
            .auto_shrink([false, true])
            .show(ui, |ui| page(ui, state));
    });
    if shown.backdrop_response.clicked() {
        out.push(Command::Window(WindowCommand::ToggleHelp));
    }
}

fn title(ui: &mut Ui, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    ui.horizontal(|ui| {
        ui.label(RichText::new("Help").size(22.0).color(tokens.text_strong));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.button("Close").on_hover_text("Esc").clicked() {
                out.push(Command::Window(WindowCommand::ToggleHelp));
            }
        });
    });
}

fn page(ui: &mut Ui, state: &State) {
    let all = every(state);
    let of = |topic: Topic| all.iter().filter(move |action| action.topic == topic);
    let (left, right) = (
        [Topic::Time, Topic::View, Topic::Tracks],
        [Topic::Pages, Topic::Processes, Topic::Window],
    );
    if ui.available_width() < TWO_COLUMNS {
        reading(ui);
        for topic in Topic::ALL {
            actions(ui, topic.title(), of(topic));
        }
        gestures(ui);
        filters(ui);
        return;
    }
    reading(ui);
    ui.columns(2, |columns| {
        for topic in left {
            actions(&mut columns[0], topic.title(), of(topic));
        }
        for topic in right {
            actions(&mut columns[1], topic.title(), of(topic));
        }
        gestures(&mut columns[1]);
        filters(&mut columns[0]);
    });
}

fn heading(ui: &mut Ui, title: &str) {
    let tokens = Tokens::of(ui.visuals());
    ui.add_space(12.0);
    ui.label(RichText::new(title).strong().color(tokens.text_strong));
    ui.add_space(2.0);
}

fn reading(ui: &mut Ui) {
    heading(ui, "How to read it");
    for sentence in READING {
        ui.add(Label::new(sentence).wrap());
    }
}

fn actions<'a>(ui: &mut Ui, title: &str, actions: impl Iterator<Item = &'a Action>) {
    heading(ui, title);
    let rows = actions.map(|action| {
        let keys: Vec<String> = action.keys.iter().map(|press| press.name()).collect();
        let text = match action.what.as_ref() {
            "" => action.name.to_string(),
            what => format!("{}. {what}", action.name.trim_end_matches(" …")),
        };
        (keys.join(", "), text)
    });
    table(ui, rows);
}

fn gestures(ui: &mut Ui) {
    for (place, gestures) in GESTURES {
        heading(ui, place);
        let rows = gestures.iter();
        table(
            ui,
            rows.map(|(what, does)| ((*what).to_owned(), (*does).to_owned())),
        );
    }
}

fn filters(ui: &mut Ui) {
    heading(ui, "The filter understands");
    let rows = FILTERS.map(|(text, means)| (text.to_owned(), means.to_owned()));
    table(ui, rows.into_iter());
}

/// Two columns: what is pressed or typed, and what it does.
fn table(ui: &mut Ui, rows: impl Iterator<Item = (String, String)>) {
    let tokens = Tokens::of(ui.visuals());
    for (key, words) in rows {
        ui.horizontal_top(|ui| {
            let size = vec2(KEYS, ui.spacing().interact_size.y);
            let top = Layout::left_to_right(Align::TOP);
            ui.allocate_ui_with_layout(size, top, |ui| {
                ui.set_min_width(KEYS);
                ui.add(Label::new(RichText::new(key).color(tokens.text_strong)).extend());
            });
            ui.add(Label::new(RichText::new(words).color(tokens.text)).wrap());
        });
    }
}
