//! The tabs of the lower half and the pages of the machine.

use crate::generated::wall;
use crate::{cursor, document, harness, settle};
use afterimage_viewer::app::Viewer;
use afterimage_viewer::command::Command;
use afterimage_viewer::state::tabs::Tab;
use egui::{Key, OutputCommand, Role};
use egui_kittest::Harness;
use egui_kittest::kittest::{By, NodeT as _, Queryable as _};

fn has(harness: &Harness<'static, Viewer>, words: &str) -> bool {
    harness.query_all_by_label_contains(words).next().is_some()
}

fn choose(harness: &mut Harness<'static, Viewer>, tab: &str) {
    harness.get_by_role_and_label(Role::Tab, tab).click();
    settle(harness);
}

#[test]
fn a_tab_is_chosen_by_click_and_by_key_and_stays_while_the_cursor_moves() {
    let mut harness = harness("13:57:03");
    assert_eq!(document(&harness).tab, Tab::Processes);
    choose(&mut harness, "Disks");
    assert_eq!(document(&harness).tab, Tab::Disks);
    harness.key_press(Key::ArrowRight);
    settle(&mut harness);
    assert_eq!(
        (document(&harness).tab, &*cursor(&harness)),
        (Tab::Disks, "13:57:04")
    );
    for (key, tab) in [
        (Key::Num2, Tab::Cpu),
        (Key::Num9, Tab::Log),
        (Key::Num1, Tab::Processes),
    ] {
        harness.key_press(key);
        settle(&mut harness);
        assert_eq!(document(&harness).tab, tab);
    }
}

#[test]
fn each_page_shows_its_rows_and_their_numbers() {
    let mut harness = harness("13:57:03");
    for (tab, rows) in [
        ("CPU", ["all: %usr ", "cpu3: %usr "]),
        (
            "Memory",
            ["Mem: total 8.0 GiB, used 3.0 GiB", "Swap: total 2.0 GiB"],
        ),
        ("Disks", ["vda: r/s ", "vdb: r/s 0.0 /s"]),
        ("Network", ["lo: rxpck/s 0.0 /s", "eth0: rxpck/s 4321.0 /s"]),
        ("Pressure", ["cpu some: now ", "io full: now "]),
    ] {
        choose(&mut harness, tab);
        for row in rows {
            assert!(has(&harness, row), "{tab}: {row}");
        }
        assert!(has(
            &harness,
            "Rates are over the 1.0 s since the snapshot before."
        ));
    }
    choose(&mut harness, "CPU");
    assert!(has(&harness, "load, 5 min: 1.25"));
    choose(&mut harness, "Memory");
    assert!(has(
        &harness,
        "RAM: programs 2.2 GiB, kernel and other 819.2 MiB"
    ));
    assert!(has(&harness, "Swap: used 512.0 MiB, free 1.5 GiB"));
}

#[test]
fn the_first_snapshot_has_dashes_for_rates_and_says_why() {
    let mut harness = harness("13:00:00");
    choose(&mut harness, "Disks");
    assert!(has(&harness, "vda: r/s —, rkB/s —"));
    assert!(has(
        &harness,
        "It is the first snapshot, so there are no rates."
    ));
    choose(&mut harness, "CPU");
    assert!(has(&harness, "load, 1 min: 2.50"));
    let rect = harness.get_by_label_contains("context switches: —").rect();
    harness.hover_at(rect.center());
    harness.run_steps(8);
    assert!(has(&harness, "no snapshot right before this one"));
    assert!(has(
        &harness,
        "How often a second a CPU went from one task to another."
    ));
}

#[test]
fn arrows_up_and_down_choose_no_process_while_there_is_none_to_be_seen() {
    let mut harness = harness("13:57:03");
    choose(&mut harness, "CPU");
    harness.key_press(Key::ArrowDown);
    settle(&mut harness);
    assert!(document(&harness).page.is_none());
    harness.key_press(Key::Slash);
    settle(&mut harness);
    assert_eq!(
        document(&harness).tab,
        Tab::Processes,
        "the filter is there"
    );
}

#[test]
fn a_page_is_copied_as_it_is_shown() {
    let mut harness = harness("13:57:03");
    choose(&mut harness, "Network");
    let mut copied = |choice: &str| {
        harness.get_by_label("Copy").click();
        harness.run();
        harness.get_by_label(choice).click();
        let mut text = None;
        for _ in 0..4 {
            harness.step();
            let all = &harness.output().platform_output.commands;
            text = text.or_else(|| {
                all.iter().find_map(|command| match command {
                    OutputCommand::CopyText(text) => Some(text.clone()),
                    _ => None,
                })
            });
        }
        text.expect("something was copied")
    };
    let csv = copied("As CSV");
    assert!(
        csv.starts_with("name,rx_packets_per_second,rx_kib_per_second,"),
        "{csv}"
    );
    assert!(csv.contains("\neth0,4321,4321,"), "{csv}");
    let text = copied("As text");
    assert!(text.contains("eth0   4321.0"), "{text}");
}

#[test]
fn a_pinned_moment_puts_the_differences_under_each_row_and_beside_each_number() {
    let mut harness = harness("14:31:07");
    harness.key_press(Key::Num4);
    settle(&mut harness);
    let differences = |harness: &Harness<'static, Viewer>| {
        let rows = harness.query_all(By::new().role(Role::Row).label_contains(" less "));
        rows.filter_map(|row| row.accesskit_node().label())
            .collect::<Vec<_>>()
    };
    assert!(differences(&harness).is_empty());
    harness.key_press(Key::P);
    settle(&mut harness);
    assert!(differences(&harness).is_empty(), "it is the same moment");
    harness.state_mut().perform(Command::SetCursor(wall(3_423)));
    settle(&mut harness);
    let disks = differences(&harness);
    // Of each of the two disks; the second one never did anything.
    assert!(
        disks
            .iter()
            .any(|row| row.starts_with("vda less 14:31:07: ") && row.contains(" +"))
    );
    assert!(
        disks
            .iter()
            .any(|row| row.starts_with("vdb less 14:31:07: ") && !row.contains('+'))
    );

    harness.key_press(Key::Num2);
    settle(&mut harness);
    // From 14:31:07 back to 13:57:03.
    let figures = By::new().role(Role::Label).label_contains("up for: ");
    assert!(
        differences(&harness)
            .iter()
            .any(|row| row.starts_with("cpu0 less 14:31:07"))
    );
    let label = harness
        .get(figures)
        .accesskit_node()
        .value()
        .expect("it has one");
    assert!(label.ends_with(", difference −34 m 4 s"), "{label}");
}
