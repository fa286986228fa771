//! Dumps that somebody made to do harm: nothing panics or hangs, and nothing is obeyed.

use super::capture::{facts, fixture, of, record};
use super::opened;
use crate::{document, painted, settle};
use afterimage_format::capture::writer::Record;
use afterimage_format::thread_dump::{DumpStatus, MOST_TEXT};
use afterimage_viewer::command::{Command, DumpCommand};
use afterimage_viewer::state::dumps::DumpPage;
use std::fmt::Write as _;

/// A dump of one thread, called so, with this many frames.
fn dump(name: &str, frames: usize) -> Vec<u8> {
    let mut text = format!(
        "2026-11-22 08:12:04\nFull thread dump OpenJDK 64-Bit Server VM (17.0.15+6 mixed mode):\n\n\
         \"{name}\" #7 daemon prio=5 os_prio=0 cpu=1.00ms elapsed=9.77s tid=0x00007fe6bc1831a0 \
         nid=0x5520 runnable  [0x00007fe621ffd000]\n   java.lang.Thread.State: RUNNABLE\n"
    );
    for frame in 0..frames {
        writeln!(text, "\tat a.b.C{frame}.m(C.java:{frame})").expect("a String takes everything");
    }
    text.push_str("\nJNI global refs: 1, weak refs: 0\n\n");
    text.into_bytes()
}

fn texts() -> Vec<Vec<u8>> {
    let real = fixture("hotspot17-4.txt");
    let mut noise = 0x9e37_79b9_u64;
    let mut next = || {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        noise
    };
    let mut mangled = real.clone();
    for _ in 0..2_000 {
        let place = usize::try_from(next() % mangled.len() as u64).expect("small");
        mangled[place] = u8::try_from(next() % 256).expect("a byte");
    }
    vec![
        vec![],
        b"\n\n\n".to_vec(),
        b"no dump at all".to_vec(),
        dump("\u{202e}txt.exe \u{1b}[31m <b>\u{0}", 3),
        dump("", 0),
        dump(&"n".repeat(200_000), 3),
        dump("deep", 20_000),
        vec![b'x'; MOST_TEXT],
        vec![0xff; 70_000],
        mangled,
        real[..real.len() / 3].to_vec(),
        [&dump("one", 2)[..], &real].concat(),
        b"1TISIGINFO Dump Event \"user\"\n".to_vec(),
    ]
}

#[test]
fn every_text_is_shown_in_every_way_and_nothing_is_obeyed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("hostile.afterimage");
    let texts = texts();
    let records: Vec<Record> = texts
        .iter()
        .zip(0_u8..)
        .map(|(text, second)| {
            let mut facts = facts(f64::from(second) + 0.5, b"");
            facts.comm = b"\x1b[31m\xff\n".to_vec();
            facts.trigger = "\u{202e}reggirt".to_owned();
            facts.trigger_detail = "x".repeat(100_000);
            facts.vm = Some("\u{7}".repeat(3_000));
            facts.burst = Some(i64::MIN);
            if second == 0 {
                facts.status = DumpStatus::Failed;
                facts.detail = "\u{1b}]0;title\u{7}".repeat(5_000);
            }
            record(facts, Some(text))
        })
        .collect();
    of(&path, records);
    let mut harness = opened(&path, "14:00:00");
    for _ in 0..texts.len() {
        for page in DumpPage::ALL {
            harness
                .state_mut()
                .perform(Command::Dumps(DumpCommand::Show(page)));
            settle(&mut harness);
            let wrong = painted(&harness)
                .into_iter()
                .find(|text| text.contains(['\u{202e}', '\u{1b}', '\u{7}', '\u{0}']));
            assert_eq!(wrong, None, "{page:?}");
        }
        let read = document(&harness).dumps.read();
        let key = read.and_then(|read| read.keys.first().cloned());
        harness
            .state_mut()
            .perform(Command::Dumps(DumpCommand::Thread(key)));
        settle(&mut harness);
        harness
            .state_mut()
            .perform(Command::Dumps(DumpCommand::Search("M".to_owned())));
        settle(&mut harness);
        harness
            .state_mut()
            .perform(Command::Dumps(DumpCommand::Search(String::new())));
        harness.state_mut().perform(Command::SelectNext(1));
        settle(&mut harness);
    }
    let last = document(&harness)
        .dumps
        .content
        .as_ref()
        .expect("one is shown");
    let problem = last.problem.as_deref().unwrap_or_default();
    assert!(problem.contains("OpenJ9"), "{problem}");
}
