//! What the rows say, from the sampler's side.

use super::*;
use crate::clock;
use crate::test_tick;
use afterimage_format::tick::Key;
use std::path::Path;

fn names(tick: &Tick) -> Vec<String> {
    let births = tick.group(Group::Socket).births.iter();
    let names = births.filter_map(|(_, key)| match key {
        Key::Name(name) => Some(String::from_utf8(name.to_vec()).unwrap()),
        Key::Process(_) => None,
    });
    names.collect()
}

#[test]
fn more_sockets_are_listed_more_rarely_and_never_too_rarely() {
    let none = Shed::NONE;
    assert_eq!((every(0, none), every(1999, none)), (1, 1));
    assert_eq!((every(2000, none), every(10_000, none)), (2, 6));
    assert_eq!(every(1_000_000, none), 30);
    assert_eq!(
        (every(5, Shed::SOCKETS), every(50_000, Shed::SOCKETS)),
        (10, 26)
    );
}

#[test]
fn a_directory_that_stands_in_for_proc_has_no_sockets_and_says_so_once() {
    let folder = tempfile::tempdir().unwrap();
    let root = ProcRoot::open(folder.path()).unwrap();
    let mut sockets = Sockets::new(&root);
    let (mut tick, mut states) = (test_tick(), Vec::new());
    sockets.ask(&tick);
    let news = sockets.take(&mut tick, MonotonicTime(0), &mut |name, state| {
        states.push((name, state));
    });
    assert_eq!(states, [(SOURCE, Err(Missing::NotRead))]);
    assert_eq!((news[0].state.as_str(), news.len()), ("absent", 1));
    assert_eq!(
        names(&tick),
        ["tcp * *:* *:* -", "udp * *:* *:* -", "unix * * * -"]
    );
    let changes = &tick.group(Group::Socket).changes;
    let counts = changes
        .iter()
        .filter(|change| usize::from(change.field) == SocketField::Count.column());
    assert!(counts.into_iter().all(|change| change.reading().is_err()));
    tick.clear();
    sockets.ask(&tick);
    let news = sockets.take(&mut tick, MonotonicTime(0), &mut |_, _| panic!("no news"));
    assert!(news.is_empty() && names(&tick).is_empty());
    sockets.forget();
    sockets.take(&mut tick, MonotonicTime(0), &mut |_, _| panic!("no news"));
    assert_eq!(names(&tick).len(), 3, "they are said anew");
}

#[test]
fn a_listener_of_this_process_has_a_row_with_its_owner() {
    let root = ProcRoot::open(Path::new("/proc")).unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let mut sockets = Sockets::new(&root);
    let wanted = format!("tcp LISTEN {at} 0.0.0.0:* {}", std::process::id());
    // Another host may have more sockets and processes than one look has time for.
    for number in 1..10_000 {
        let mut tick = test_tick();
        tick.times.seq.0 = number;
        tick.times.began = clock::now();
        sockets.forget();
        sockets.ask(&tick);
        let mut denied = None;
        sockets.take(&mut tick, clock::now().monotonic, &mut |name, state| {
            denied = state.err().filter(|_| name == SOURCE).or(denied);
        });
        if let Some(why) = denied {
            return println!("skipped: no sock_diag here: {why}");
        }
        if names(&tick).contains(&wanted) {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("it was never listed");
}
