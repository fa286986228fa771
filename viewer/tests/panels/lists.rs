//! The pages with lists: waits, sockets, disks, network, CPU.

use crate::generated::Generated;
use crate::{document, harness, painted, settle};
use afterimage_viewer::app::Viewer;
use afterimage_viewer::command::Command;
use afterimage_viewer::data::worker::Opener;
use afterimage_viewer::state::tabs::Tab;
use egui::{Key, Role};
use egui_kittest::Harness;
use egui_kittest::kittest::{By, NodeT as _, Queryable as _};
use std::path::PathBuf;

fn choose(harness: &mut Harness<'static, Viewer>, tab: &str) {
    harness.get_by_role_and_label(Role::Tab, tab).click();
    settle(harness);
}

/// The lines that are in sight, as a screen reader is told.
fn lines(harness: &Harness<'static, Viewer>) -> Vec<String> {
    let rows = harness.query_all(By::new().role(Role::Row));
    rows.filter_map(|row| row.accesskit_node().label())
        .collect()
}

fn has(harness: &Harness<'static, Viewer>, begins: &str) -> bool {
    lines(harness).iter().any(|line| line.starts_with(begins))
}

#[test]
fn each_page_has_its_lists_and_their_lines() {
    let mut harness = harness("13:57:03");
    for (tab, expected) in [
        (
            "Waits",
            &[
                "kernel function jbd2_log_wait_commit, threads 1, ",
                "how D, cannot be woken, for at least 0.0 s, pid 2013, thread 72, ",
            ][..],
        ),
        (
            "Sockets",
            &[
                "state CLOSE-WAIT, sockets 400",
                "listens at 0.0.0.0:80, used % 100.8 %, waiting 129, limit 128, command nginx",
                "command php-fpm8.2, pid 2013, sockets 400, oldest 1 m",
                "destination 10.0.0.9:5432, used % 99.2 %, ports 28000, time-wait 28000",
                "state LISTEN, protocol tcp, recv-q 129, send-q 128, ",
            ],
        ),
        (
            "Disks",
            &[
                "mounted on /var, used % 100.0 %, ",
                "mounted on /mnt/dead, used % —, ",
                "does waits, pid 2013, command php-fpm8.2, waits for nginx (1180), which holds it, ",
            ],
        ),
        (
            "Network",
            &[
                "what Listen queue was full, per second — ",
                "what Open files, used % 90.0 %, used 900, limit 1000, ",
            ],
        ),
        (
            "CPU",
            &[
                "soft interrupt NET_RX, per second —",
                "interrupt 24, per second —",
            ],
        ),
    ] {
        choose(&mut harness, tab);
        let all = lines(&harness);
        for line in expected {
            let begins = line.trim_end();
            assert!(has(&harness, begins), "{tab}: {begins}\n{all:#?}");
        }
    }
}

#[test]
fn what_does_not_answer_and_what_is_not_there_is_said_in_words() {
    let mut harness = harness("13:57:03");
    choose(&mut harness, "Disks");
    let dead = "condition does not answer; it did last at ";
    assert!(lines(&harness).iter().any(|line| line.contains(dead)));
    choose(&mut harness, "CPU");
    let words = painted(&harness).join("\n");
    assert!(
        words.contains("does not tell how fast its CPUs run"),
        "{words}"
    );
    assert!(words.contains("this host has no NUMA nodes"), "{words}");
}

#[test]
fn a_list_is_sorted_by_its_headings_and_filtered_by_words_and_conditions() {
    let mut harness = harness("13:57:03");
    choose(&mut harness, "Sockets");
    let first = |harness: &Harness<'static, Viewer>| {
        let all = lines(harness);
        let mut all = all.into_iter().filter(|line| line.contains(", protocol "));
        all.next().expect("there is a socket")
    };
    assert!(first(&harness).starts_with("state LISTEN"));
    let heading = |harness: &mut Harness<'static, Viewer>| {
        harness
            .get_by_role_and_label(Role::ColumnHeader, "Send-Q")
            .click();
        settle(harness);
    };
    heading(&mut harness);
    assert!(
        first(&harness).starts_with("state LISTEN"),
        "128 is the most"
    );
    heading(&mut harness);
    assert!(
        !first(&harness).starts_with("state LISTEN"),
        "0 is the least"
    );
    harness.key_press(Key::Slash);
    settle(&mut harness);
    for (text, states) in [
        ("php", &["CLOSE-WAIT"][..]),
        ("state:close-wait age>30s", &["CLOSE-WAIT"]),
        ("sockets>1000", &["TIME-WAIT"]),
        (":5432", &["TIME-WAIT"]),
        ("protocol:tcp not:nginx recv_q<1", &["TIME-WAIT"]),
        ("nobody-has-this", &[]),
    ] {
        let field = harness.get_by_role_and_label(Role::TextInput, "Filter of the list");
        field.focus();
        harness.run();
        let list = afterimage_analysis::lists::ListId::Sockets;
        let filter = afterimage_viewer::command::ListCommand::Filter(text.to_owned());
        harness.state_mut().perform(Command::List(list, filter));
        settle(&mut harness);
        let all = lines(&harness);
        let shown = all.iter().filter(|line| line.contains(", protocol "));
        let shown: Vec<&str> = shown
            .filter_map(|line| line.strip_prefix("state ")?.split(',').next())
            .collect();
        assert_eq!(shown, states, "{text}");
    }
}

#[test]
fn a_click_on_a_line_shows_its_process() {
    let mut harness = harness("13:57:03");
    choose(&mut harness, "Waits");
    harness
        .get_by_label_contains("how D, cannot be woken")
        .click();
    settle(&mut harness);
    assert_eq!(document(&harness).tab, Tab::Processes);
    let page = document(&harness).page.as_ref().expect("it is followed");
    assert_eq!(page.key.pid.0, 2013);
}

#[test]
fn a_line_says_on_hover_what_it_means_and_where_in_the_kernel_it_is() {
    let mut harness = harness("13:57:03");
    choose(&mut harness, "Waits");
    let rect = harness
        .get_by_label_contains("how D, cannot be woken")
        .rect();
    harness.hover_at(rect.left_center() + egui::vec2(30.0, 0.0));
    harness.run_steps(8);
    let words = painted(&harness).join("\n");
    for expected in [
        "Not even kill -9 ends it.",
        "ext4_sync_file",
        "A click shows its process.",
    ] {
        assert!(words.contains(expected), "{words}");
    }
}

#[test]
fn lists_are_asked_for_while_their_page_is_shown_and_only_then() {
    let mut harness = harness("13:57:03");
    assert!(document(&harness).lists.things.is_none());
    choose(&mut harness, "Waits");
    let seq = |harness: &Harness<'static, Viewer>| {
        let things = document(harness).lists.things.as_ref();
        things.expect("they were asked for").seq
    };
    let first = seq(&harness);
    harness.key_press(Key::ArrowRight);
    settle(&mut harness);
    assert_eq!(seq(&harness).0, first.0 + 1);
    choose(&mut harness, "Processes");
    harness.key_press(Key::ArrowRight);
    settle(&mut harness);
    assert_eq!(seq(&harness).0, first.0 + 1, "nobody sees them");
}

#[test]
fn hostile_names_and_absurd_numbers_are_shown_safely() {
    let opener_for = |_path| -> Opener {
        Box::new(|_told| {
            let mut capture = Generated::new();
            capture.hostile = true;
            Ok(Box::new(capture))
        })
    };
    let mut harness = Harness::builder()
        .with_size(egui::vec2(700.0, 500.0))
        .with_max_steps(40)
        .build_eframe(move |creation| {
            let mut viewer = Viewer::with_opener(&creation.egui_ctx, Box::new(opener_for));
            viewer.perform(Command::Open {
                path: PathBuf::from("x.afterimage"),
                at: None,
            });
            viewer
        });
    settle(&mut harness);
    for tab in [Tab::Waits, Tab::Sockets, Tab::Disks, Tab::Network, Tab::Cpu] {
        harness.state_mut().perform(Command::ShowTab(tab));
        settle(&mut harness);
        assert!(!lines(&harness).is_empty(), "{tab:?}");
        for text in painted(&harness).iter().chain(&lines(&harness)) {
            assert!(!text.contains(['\x1b', '\u{202e}']), "{tab:?}: {text}");
        }
    }
}
