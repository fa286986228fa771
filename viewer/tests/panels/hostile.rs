//! Captures that somebody made to do harm, or that a broken disk did: what is sound is shown, and
//! nothing panics or hangs.

use crate::generated::Generated;
use crate::written::{empty, incident, instants, machine, process, write};
use afterimage_format::capture::writer::Record;
use afterimage_format::facts::{Event, KernelLogLine};
use afterimage_format::group::{Group, ProcessField};
use afterimage_format::tick::{Instants, Tick};
use afterimage_format::time::{BootTime, MonotonicTime, WallTime};
use afterimage_viewer::app::Viewer;
use afterimage_viewer::command::{Command, TimeCommand, TrackCommand};
use afterimage_viewer::data::worker::Opener;
use afterimage_viewer::screenshot::{Screen, Size};
use afterimage_viewer::state::table::Arrangement;
use afterimage_viewer::state::tracks::TrackId;
use afterimage_viewer::state::{Phase, ThemeChoice};
use std::path::Path;

const SIZE: Size = Size {
    width: 520,
    height: 400,
};

/// Opens it and does with it what a person would; whether it could be opened.
fn look_at(path: &Path) -> bool {
    let ctx = egui::Context::default();
    let mut viewer = Viewer::new(&ctx);
    viewer.perform(Command::Open {
        path: path.to_path_buf(),
        at: None,
    });
    walk(&ctx, &mut viewer)
}

fn walk(ctx: &egui::Context, viewer: &mut Viewer) -> bool {
    let mut screen = Screen::new(ctx);
    // A picture of an error is refused; that is an answer, too.
    let mut draw = |viewer: &mut Viewer| {
        let _refused = screen
            .picture(viewer, SIZE, ThemeChoice::Dark, &[])
            .is_err();
    };
    draw(viewer);
    let is_open = viewer
        .state()
        .document()
        .is_some_and(|document| matches!(document.phase, Phase::Open(_)));
    if !is_open {
        return false;
    }
    for id in &TrackId::ALL[1..] {
        viewer.perform(Command::Track(TrackCommand::Toggle(*id)));
    }
    let steps = [
        Command::Arrange(Arrangement::Tree),
        Command::First,
        Command::TogglePin,
        Command::Step(3),
        Command::SelectNext(1),
        Command::Time(TimeCommand::ZoomAtCursor(0.01)),
        Command::Last,
        Command::ShowAll,
        Command::Filter("cpu>1 or age<5m".to_owned()),
    ];
    for step in steps {
        viewer.perform(step);
        draw(viewer);
    }
    true
}

#[test]
fn flipped_bits_are_never_the_end_of_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sound = folder.path().join("sound.afterimage");
    incident(&sound);
    let bytes = std::fs::read(&sound).expect("it was written");
    assert!(look_at(&sound));
    let mut random = 0x9e37_79b9_u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % below as u64).expect("a small number")
    };
    let mut opened = 0;
    for round in 0..24 {
        let mut damaged = bytes.clone();
        for _ in 0..=round {
            let place = next(damaged.len());
            damaged[place] ^= 1 << next(8);
        }
        if round % 6 == 5 {
            damaged.truncate(next(bytes.len()));
        }
        let path = folder.path().join(format!("{round}.afterimage"));
        std::fs::write(&path, damaged).expect("there is room");
        opened += u32::from(look_at(&path));
    }
    assert!(
        opened >= 8,
        "most of it is sound in most of them: {opened} of 24"
    );
}

/// A tick of values that no kernel has: every field of everything at the ends of its range.
fn monstrous(seq: u64, at: Instants) -> (Tick, Vec<Record>) {
    let value = [i64::MAX, i64::MIN, -1, 1 << 62][usize::try_from(seq % 4).expect("small")];
    let mut tick = empty(seq, at);
    machine(&mut tick, &[]);
    for group in [
        Group::Machine,
        Group::Cpu,
        Group::Disk,
        Group::Network,
        Group::Pressure,
    ] {
        if group != Group::Machine {
            tick.begin(
                group,
                0,
                afterimage_format::tick::Key::name("cpu some\u{202e}\x1b[2J"),
            );
        }
        for field in 0..group.fields().len() {
            tick.number(group, 0, field, Ok(value));
        }
    }
    // Each is the parent of the other, one is its own, and one has a parent that is not there.
    let parents = [
        (2, 3),
        (3, 2),
        (4, 4),
        (5, i64::MAX),
        (6, i64::MIN),
        (-7, 0),
    ];
    for (slot, (pid, parent)) in parents.into_iter().enumerate() {
        let slot = u32::try_from(slot).expect("few");
        let mut fields: Vec<_> = [
            ProcessField::Utime,
            ProcessField::Run,
            ProcessField::Wait,
            ProcessField::Rss,
            ProcessField::Threads,
            ProcessField::ReadBytes,
            ProcessField::State,
            ProcessField::Uid,
            ProcessField::IoReadAt,
        ]
        .map(|field| (field, value))
        .to_vec();
        fields.push((ProcessField::Ppid, parent));
        process(
            &mut tick,
            slot,
            (pid, "a) R 1 (\u{202e}\n\x1b]0;x\x07"),
            &fields,
        );
    }
    let line = KernelLogLine {
        sequence: seq.wrapping_mul(u64::MAX / 3),
        at: MonotonicTime(value),
        wall: WallTime(value),
        severity: 255,
        facility: 65_535,
        text: b"Out of memory: Killed process 99999999999999999999 (x)\x00\xff".to_vec(),
    };
    let event = Event {
        wall: WallTime(value),
        kind: "\u{202e}mark".to_owned(),
        text: "x".repeat(10_000),
    };
    (tick, vec![Record::KernelLog(line), Record::Event(event)])
}

#[test]
fn values_that_no_kernel_has_and_parents_in_a_circle_are_shown_or_left_out() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("monstrous.afterimage");
    let ticks = (1..=140).map(|seq| monstrous(seq, instants(seq.cast_signed())));
    write(&path, ticks);
    assert!(look_at(&path));
}

#[test]
fn clocks_at_the_ends_of_time_and_running_backwards_are_no_reason_to_stop() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let absurd: [fn(u64) -> i64; 5] = [
        |_| i64::MAX,
        |_| i64::MIN,
        |seq| i64::MAX - 5_000_000 + seq.cast_signed(),
        |seq| -seq.cast_signed() * 1_000_000,
        |seq| {
            if seq % 2 == 0 {
                i64::MIN / 2
            } else {
                i64::MAX / 2
            }
        },
    ];
    for (number, clock) in absurd.into_iter().enumerate() {
        let path = folder.path().join(format!("{number}.afterimage"));
        let ticks = (1..=130).map(|seq| {
            let at = Instants {
                monotonic: MonotonicTime(clock(seq)),
                boot: BootTime(clock(seq)),
                wall: WallTime(clock(seq)),
            };
            monstrous(seq, at)
        });
        write(&path, ticks);
        // Whether it can be shown is not the question; that there is an answer is.
        look_at(&path);
    }
}

#[test]
fn numbers_that_are_none_draw_nothing_and_break_nothing() {
    for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX] {
        let ctx = egui::Context::default();
        let opener_for = move |_path| -> Opener {
            Box::new(move |_told| {
                let mut generated = Generated::new();
                generated.wrong = Some(wrong);
                Ok(Box::new(generated))
            })
        };
        let mut viewer = Viewer::with_opener(&ctx, Box::new(opener_for));
        let path = "web-07.afterimage".into();
        viewer.perform(Command::Open { path, at: None });
        assert!(walk(&ctx, &mut viewer), "{wrong}");
    }
}

#[test]
fn of_a_file_that_was_cut_short_what_is_sound_is_shown_and_the_rest_is_told() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sound = folder.path().join("sound.afterimage");
    incident(&sound);
    let bytes = std::fs::read(&sound).expect("it was written");
    let mut salvaged = 0;
    for percent in (40..100).step_by(5) {
        let cut = folder.path().join(format!("{percent}.afterimage"));
        let part = &bytes[..bytes.len() * percent / 100];
        std::fs::write(&cut, part).expect("there is room");
        let ctx = egui::Context::default();
        let mut viewer = Viewer::new(&ctx);
        viewer.perform(Command::Open {
            path: cut.clone(),
            at: None,
        });
        if walk(&ctx, &mut viewer) {
            let document = viewer.state().document().expect("it is open");
            let facts = document.facts().expect("it is open");
            assert_eq!(document.path, cut);
            salvaged += usize::from(facts.damage.salvaged.is_some());
        }
        let after = std::fs::read(&cut).expect("it is there");
        assert_eq!(after, part, "the file itself is as it was");
    }
    assert!(salvaged > 0);
}
