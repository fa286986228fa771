//! Which dump is shown, and going through a text, without a screen.

use super::DumpsView;
use crate::data::dumps::{DumpContent, DumpText};
use afterimage_format::capture::StoredDump;
use afterimage_format::process::Pid;
use afterimage_format::thread_dump::{DumpFacts, DumpStatus, HOTSPOT};
use afterimage_format::time::WallTime;
use std::sync::Arc;
use std::time::Duration;

fn dump(id: i64, at: i64) -> StoredDump {
    StoredDump {
        id,
        run: Some(1),
        seq: None,
        raw_bytes: Some(1),
        stored_bytes: 1,
        has_kernel: (false, false),
        facts: DumpFacts {
            wall: WallTime(at),
            end: WallTime(at),
            pid: Pid(7),
            started: None,
            comm: b"java".to_vec(),
            kind: HOTSPOT.to_owned(),
            trigger: String::new(),
            trigger_detail: String::new(),
            burst: None,
            status: DumpStatus::Ok,
            detail: String::new(),
            arguments: String::new(),
            signalled: false,
            attach: None,
            took: Duration::ZERO,
            pause: None,
            vm: None,
            cpu: None,
            summary: None,
        },
    }
}

#[test]
fn the_newest_until_then_is_shown_or_the_one_that_was_picked() {
    let mut view = DumpsView {
        list: Some([dump(3, 10), dump(4, 20), dump(5, 20), dump(9, 30)].into()),
        ..DumpsView::default()
    };
    let at = |view: &DumpsView, at| view.at(WallTime(at)).map(|dump| dump.id);
    let shown = [5, 10, 19, 20, 29, 30, 99].map(|time| at(&view, time));
    assert_eq!(shown, [3, 3, 3, 5, 5, 9, 9].map(Some));
    view.picked = Some(4);
    assert_eq!(at(&view, 20), Some(4), "two of the same moment");
    assert_eq!(at(&view, 29), Some(5), "the cursor has moved since");
    view.list = Some([].into());
    assert_eq!(at(&view, 20), None);
}

#[test]
fn matches_are_gone_through_and_round() {
    let content = DumpContent {
        text: Some(DumpText::new(b"a\nb\nA\nc\nxax\n")),
        ..DumpContent::nothing(1)
    };
    let mut view = DumpsView {
        search: "a".to_owned(),
        ..DumpsView::default()
    };
    view.received(Arc::new(content));
    assert_eq!(
        (view.found.as_slice(), view.wanted_line),
        (&[0, 2, 4][..], Some(0))
    );
    let mut lines = Vec::new();
    for by in [1, 1, 1, -1] {
        view.next_match(by);
        lines.push(view.wanted_line);
    }
    assert_eq!(lines, [2, 4, 0, 4].map(Some));
    view.search = "nowhere".to_owned();
    view.look_for();
    view.next_match(1);
    assert_eq!((view.found_at, view.wanted_line), (None, None));
}
