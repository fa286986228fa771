//! A list of mounts that is a file, and whose mounts are therefore never asked.

use super::*;
use crate::test_tick;
use afterimage_format::tick::Key;
use std::fs;
use std::path::Path;

const ROOT: &str = "27 1 254:0 / / rw - ext4 /dev/vda rw\n";
const DATA: &str = "31 27 8:1 / /data rw - xfs /dev/sda1 rw\n";
const DATA_READ_ONLY: &str = "31 27 8:1 / /data rw - xfs /dev/sda1 ro\n";

fn mounts(text: &str) -> Vec<Mount> {
    super::super::mountinfo::parse(text.as_bytes())
}

fn file_systems(folder: &Path) -> FileSystems {
    FileSystems::new(&ProcRoot::open(folder).unwrap())
}

/// What was said, by kind and mount point.
fn said(source: &mut FileSystems) -> Vec<(String, String)> {
    let events = source.events().into_iter();
    let point = |text: String| text.split(' ').next().unwrap_or_default().to_owned();
    events
        .map(|event| (event.kind, point(event.text)))
        .collect()
}

#[test]
fn what_is_there_at_first_is_no_event_and_what_comes_goes_or_turns_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut source = file_systems(folder.path());
    let mut take = |text: &str| {
        source.take(News::Mounts(Ok(mounts(text))), WallTime(0), &mut |_, _| {});
        said(&mut source)
    };
    let pair = |kind: &str, point: &str| (kind.to_owned(), point.to_owned());
    assert_eq!(take(ROOT), []);
    assert_eq!(take(&[ROOT, DATA].concat()), [pair("mount", "/data")]);
    assert_eq!(
        take(&[ROOT, DATA_READ_ONLY].concat()),
        [pair("remount", "/data")]
    );
    assert_eq!(take(&[ROOT, DATA_READ_ONLY].concat()), []);
    assert_eq!(take(ROOT), [pair("unmount", "/data")]);
}

#[test]
fn a_mount_that_does_not_answer_is_blocked_since_it_was_asked_and_the_others_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut source = file_systems(folder.path());
    let list = mounts(&[ROOT, DATA].concat());
    let space = Space {
        total: 10,
        free: 5,
        available: 4,
        inodes: 3,
        inodes_free: 2,
        flags: 0,
    };
    let all = vec![(27, Ok(space)), (31, Ok(space))];
    let blocked = News::Blocked {
        id: Some(31),
        since: Seq(5),
    };
    let asked = Seq(4);
    for news in [News::Mounts(Ok(list)), News::Space { asked, all }, blocked] {
        source.take(news, WallTime(0), &mut |_, _| {});
    }
    assert_eq!(said(&mut source)[0].0, "mount-blocked");
    let known: Vec<_> = source
        .known
        .iter()
        .map(|known| (known.space, known.asked))
        .collect();
    assert_eq!(
        known,
        [(Ok(space), Ok(Seq(4))), (Err(Missing::Blocked), Ok(Seq(5)))]
    );
    source.take(News::Back { id: 31 }, WallTime(0), &mut |_, _| {});
    assert_eq!(said(&mut source)[0].0, "mount-answers");
}

#[test]
fn mounts_of_a_copy_of_proc_have_rows_and_nothing_of_this_host_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("self")).unwrap();
    fs::write(folder.path().join("self/mountinfo"), ROOT).unwrap();
    let root = ProcRoot::open(folder.path()).unwrap();
    let mut source = FileSystems::new(&root);
    // The thread tells in its own time.
    loop {
        let mut tick = test_tick();
        source.collect(&root, &mut tick, &mut |_, _| {});
        let births = &tick.group(Group::FileSystem).births;
        if births.is_empty() {
            std::thread::yield_now();
            continue;
        }
        assert_eq!(births[0].1, Key::name("/"));
        let total = tick.group(Group::FileSystem).changes.iter();
        let mut total =
            total.filter(|change| usize::from(change.field) == FileSystemField::Total.column());
        assert!(total.next().is_none(), "{:?}", source.known);
        break;
    }
}
