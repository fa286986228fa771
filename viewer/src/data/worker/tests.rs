//! Which of the jobs that wait comes next, and what is told of a file that is not there.

use super::*;
use crate::data::Want;
use afterimage_format::time::WallTime;
use std::path::PathBuf;

fn snapshot(number: u64) -> Job {
    let want = Want::At(WallTime(0));
    Job::Snapshot {
        generation: Generation(number),
        want,
        curves: vec![],
    }
}

fn series(buckets: usize) -> Job {
    let (from, to) = (WallTime(0), WallTime(1));
    Job::Series {
        generation: Generation(0),
        wanted: vec![],
        from,
        to,
        buckets,
    }
}

#[test]
fn only_the_newest_wanted_moment_is_loaded() {
    let (send, inbox) = channel();
    for job in [
        snapshot(1),
        series(10),
        snapshot(2),
        series(20),
        snapshot(3),
    ] {
        send.send(job).unwrap();
    }
    drop(send);
    let mut waiting = Waiting::default();
    assert_eq!(waiting.next(&inbox, None), Next::Job(snapshot(3)));
    assert_eq!(waiting.next(&inbox, None), Next::Job(series(20)));
    assert_eq!(waiting.next(&inbox, None), Next::Over);
}

#[test]
fn a_capture_that_grows_is_looked_at_again_also_while_jobs_come() {
    let (send, inbox) = channel();
    send.send(snapshot(1)).unwrap();
    let mut waiting = Waiting::default();
    assert_eq!(waiting.next(&inbox, Some(Duration::ZERO)), Next::Look);
    let later = Some(Duration::from_mins(10));
    assert_eq!(waiting.next(&inbox, later), Next::Job(snapshot(1)));
    let soon = Some(Duration::from_millis(1));
    assert_eq!(waiting.next(&inbox, soon), Next::Look);
}

#[test]
fn a_capture_that_is_not_there_is_reported_with_its_cause() {
    let path = PathBuf::from("no-such.afterimage");
    let opener: Opener = Box::new(move |progress| crate::data::open(&path, progress));
    let (send, replies) = channel();
    let _worker = Worker::start(DocumentId(7), opener, send, Arc::new(|| ())).unwrap();
    let (document, reply) = loop {
        let (document, reply) = replies.recv().unwrap();
        if !matches!(reply, Reply::Opening(_)) {
            break (document, reply);
        }
    };
    assert_eq!(document, DocumentId(7));
    let Reply::NotOpened(text) = reply else {
        panic!("it was opened")
    };
    assert!(
        text.starts_with("cannot open no-such.afterimage: "),
        "{text}"
    );
}
