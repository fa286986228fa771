//! What is said of what is shown: on hover, to a screen reader, and where names are boxes.

use crate::generated::Generated;
use crate::{harness, painted, settle};
use afterimage_analysis::processes::group::GroupBy;
use afterimage_viewer::app::Viewer;
use afterimage_viewer::command::Command;
use afterimage_viewer::data::worker::Opener;
use afterimage_viewer::state::table::Arrangement;
use egui::{Key, Role, Shape, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{By, NodeT as _, Queryable as _};
use std::path::PathBuf;

type Window = Harness<'static, Viewer>;

/// Rests the pointer on a cell: in the first row that is called so, under this heading.
fn rest_on(harness: &mut Window, row: &str, column: &str) {
    let rows = harness.query_all(By::new().role(Role::Row).label_contains(row));
    let places = rows.map(|row| row.rect());
    let first = places.min_by(|one, other| one.top().total_cmp(&other.top()));
    let row = first.expect("it is in sight");
    let heading = harness.get_by_role_and_label(Role::ColumnHeader, column);
    let x = heading.rect().center().x;
    harness.hover_at(egui::pos2(x, row.center().y));
    harness.run_steps(12);
}

#[track_caller]
fn says(harness: &Window, words: &str) {
    let all = painted(harness);
    let is_said = all.iter().any(|text| text.contains(words));
    assert!(is_said, "{words} in {all:#?}");
}

#[test]
fn a_number_says_on_hover_what_it_means_and_where_it_comes_from() {
    let mut harness = harness("14:00:00");
    rest_on(&mut harness, "/usr/bin/java", "Threads");
    says(&harness, "How many threads it has");
    rest_on(&mut harness, "/usr/bin/java", "CPU %");
    says(&harness, "/proc/PID/stat");
    harness
        .state_mut()
        .perform(Command::Filter("redis".to_owned()));
    settle(&mut harness);
    rest_on(&mut harness, "redis-server", "Read/s");
    says(&harness, "/proc/PID/io");
    harness.state_mut().perform(Command::Filter(String::new()));
    harness
        .state_mut()
        .perform(Command::Arrange(Arrangement::By(GroupBy::User)));
    settle(&mut harness);
    rest_on(&mut harness, "postgres, 47 processes", "RSS");
    says(&harness, "The sum of 47 processes.");
}

#[test]
fn the_headings_of_the_kernel_log_say_what_they_are() {
    let mut harness = harness("14:00:00");
    harness.key_press(Key::Num9);
    settle(&mut harness);
    for (heading, words) in [
        ("Time", "to the millisecond"),
        ("Severity", "emergency, alert, critical"),
        ("Process", "when it names one"),
        ("Message", "as it wrote it"),
    ] {
        let heading = harness.get_by_role_and_label(Role::ColumnHeader, heading);
        harness.hover_at(heading.rect().center());
        harness.run_steps(12);
        says(&harness, words);
    }
}

#[test]
fn a_row_is_called_by_everything_that_stands_in_it() {
    let harness = harness("14:00:00");
    let row = By::new().role(Role::Row).label_contains("/usr/bin/java");
    let rows: Vec<_> = harness.query_all(row).collect();
    let node = rows.last().expect("it is in sight").accesskit_node();
    let name = node.label().expect("it has a name");
    for part in [
        ", PID 1180, ",
        ", User app, ",
        ", State runn",
        ", RSS 3.4 GiB, ",
        ", Threads 187, ",
    ] {
        assert!(name.contains(part), "{part} in {name}");
    }
    assert!(name.starts_with("/usr/bin/java"), "{name}");
}

/// Of each text that is painted: what stands there, and whether a clip cuts into it.
fn cut(harness: &Window, begins: &str) -> Vec<(String, bool)> {
    fn texts(shape: &Shape, clip: egui::Rect, begins: &str, all: &mut Vec<(String, bool)>) {
        match shape {
            Shape::Text(text) if text.galley.text().starts_with(begins) => {
                let ink = text.galley.rect.translate(text.pos.to_vec2());
                let rows = &text.galley.rows;
                let shown: String = rows
                    .iter()
                    .flat_map(|row| row.glyphs.iter().map(|g| g.chr))
                    .collect();
                all.push((shown, !clip.expand2(vec2(1.0, 40.0)).contains_rect(ink)));
            }
            Shape::Vec(shapes) => shapes
                .iter()
                .for_each(|shape| texts(shape, clip, begins, all)),
            _ => {}
        }
    }
    let mut all = vec![];
    for clipped in &harness.output().shapes {
        texts(&clipped.shape, clipped.clip_rect, begins, &mut all);
    }
    all
}

fn arranged(by: GroupBy) -> Window {
    let mut harness = harness("14:00:00");
    let few = Command::Filter("journald or redis or flush".to_owned());
    harness.state_mut().perform(few);
    harness
        .state_mut()
        .perform(Command::Arrange(Arrangement::By(by)));
    settle(&mut harness);
    harness
}

#[test]
fn the_name_of_a_group_goes_on_over_the_columns_without_a_sum() {
    let harness = arranged(GroupBy::Command);
    let found = cut(&harness, "systemd-journal");
    // Its name, and under *Command* the programs that it is made of.
    assert_eq!(found, vec![("systemd-journal".to_owned(), false); 2]);
}

#[test]
fn of_a_long_path_of_a_group_the_end_is_told() {
    let mut harness = arranged(GroupBy::Cgroup);
    for column in ["journal.service", "redis-server.service"] {
        let found = cut(&harness, "/system.slice/");
        let found = found
            .iter()
            .chain(&cut(&harness, "…"))
            .cloned()
            .collect::<Vec<_>>();
        let one = found.iter().find(|(text, _)| text.ends_with(column));
        let (text, is_cut) = one.unwrap_or_else(|| panic!("no {column} in {found:?}"));
        assert!(!is_cut, "{text}");
    }
    // With no other column between, there is room for little.
    let hidden = afterimage_viewer::state::table::Column::State;
    harness.state_mut().perform(Command::ToggleColumn(hidden));
    settle(&mut harness);
    let found = cut(&harness, "…");
    let one = found.iter().find(|(text, _)| text.ends_with("al.service"));
    assert!(one.is_some_and(|(_, is_cut)| !is_cut), "{found:?}");
}

fn korean(rename: fn(&mut afterimage_viewer::data::ProcessRow)) -> Window {
    let opener_for = move |_path| -> Opener {
        Box::new(move |_told| {
            let mut generated = Generated::new();
            generated.rename = rename;
            Ok(Box::new(generated))
        })
    };
    let mut harness = Harness::builder()
        .with_size(vec2(1280.0, 800.0))
        .with_max_steps(40)
        // As in the program: tests do not allow boxes otherwise.
        .allow_missing_glyphs()
        .build_eframe(move |creation| {
            let mut viewer = Viewer::with_opener(&creation.egui_ctx, Box::new(opener_for));
            let path = PathBuf::from("web-07.afterimage");
            viewer.perform(Command::Open { path, at: None });
            viewer
        });
    settle(&mut harness);
    harness
}

#[test]
fn where_names_are_boxes_the_package_with_their_letters_is_told_once() {
    let mut harness = korean(|row| {
        if row.comm == "java" {
            row.command = Ok("python3 한국어작업.py".to_owned());
        }
    });
    let words = "Boxes in names are signs that no font of this machine has.";
    let told = |harness: &Window| {
        let mut all = harness.query_all_by_label_contains(words);
        let label = all.next().and_then(|node| {
            let node = node.accesskit_node();
            node.label().or_else(|| node.value())
        });
        assert!(all.next().is_none(), "once");
        label
    };
    let label = told(&harness).expect("the table has such a name");
    assert!(label.contains("apt install fonts-noto-cjk"), "{label}");
    harness.get_by_label("Put away").click();
    settle(&mut harness);
    assert_eq!(told(&harness), None);
}

#[test]
fn names_that_can_be_drawn_have_no_such_word() {
    let harness = korean(|row| {
        if row.comm == "java" {
            row.command = Ok("/srv/Größe/ñandú → …".to_owned());
        }
    });
    assert!(harness.query_by_label("Put away").is_none());
}
