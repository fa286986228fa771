//! A Tomcat under load whose requests pile up behind a lock: the recorder takes the dump by itself,
//! in time, and it says who is to blame.

use super::Recording;
use crate::support::clock::{monotonic, wait_for};
use crate::support::command::ok;
use crate::support::host::{busy, skip};
use crate::support::tomcat::Tomcat;
use afterimage_format::capture::{Capture, StoredDump};
use afterimage_format::time::WallTime;
use serde_json::Value;
use std::time::Duration;

/// So many requests wait behind the one that keeps the lock.
const BEHIND: usize = 40;
/// What is usual is known from half a minute of ordinary load on.
const ORDINARY: Duration = Duration::from_secs(40);
/// From the mark to the dump, by the times of the capture.
const WITHIN: Duration = Duration::from_secs(15);
const MARK: &str = "an order keeps the lock";

#[test]
fn orders_that_pile_up_behind_a_lock_are_dumped_in_time_and_the_dump_names_its_holder() {
    let mut tomcat = match Tomcat::start() {
        Ok(tomcat) => tomcat,
        Err(why) => return skip(why),
    };
    let pid = tomcat.process.pid();
    // On a host of many processes the list of sockets is among the first that are left out.
    let settings = "thread-dumps = true\nsigquit = \"never\"\nbudget-cpu = \"100%\"\n";
    let recording = Recording::start(settings);
    wait_for("the server to be watched", || {
        let status = recording.recorder.ask(&["status"]).json();
        let watched = status["thread_dumps"]["virtual_machines"].as_u64();
        (watched.unwrap() >= 1).then_some(())
    });
    let begin = monotonic();
    while monotonic() < begin + ORDINARY {
        assert!(tomcat.order());
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(recording.recorder.ask(&["mark", MARK]).code, 0);
    let _orders = tomcat.pile_up(BEHIND);
    let end = WallTime(i64::MAX);
    let is_own = |dump: &&StoredDump| {
        i64::from(dump.facts.pid.0) == pid && dump.facts.trigger == "requests-pile-up"
    };
    // In the second one everybody has come as far as the lock.
    wait_for("two dumps that nobody asked for", || {
        let mut capture = Capture::open(&recording.file).ok()?;
        let marked = mark(&mut capture)?;
        let dumps = capture.thread_dumps(marked, end).ok()?;
        (dumps.iter().filter(is_own).count() >= 2).then_some(())
    });
    let was_busy = busy();
    assert!(tomcat.process.is_running(), "{}", tomcat.log());
    assert!(!tomcat.log().contains("Full thread dump"));
    let file = recording.file.clone();
    let folder = recording.end();
    let mut capture = Capture::open(&file).unwrap();
    let marked = mark(&mut capture).unwrap();
    let dumps = capture.thread_dumps(marked, end).unwrap();
    let first = &dumps.iter().find(is_own).unwrap().facts;
    let detail = &first.trigger_detail;
    assert!(
        detail.contains("connections to its ports") || detail.contains("has not read"),
        "{first:?}"
    );
    let after = first.wall.since(marked).unwrap();
    match was_busy {
        Some(busy) if after > WITHIN => skip(&format!("a dump within {WITHIN:?}: {busy}")),
        _ => assert!(after <= WITHIN, "{after:?}"),
    }
    drop(capture);
    let told = ok(&["threads", file.to_str().unwrap(), "--format", "json"]).json();
    let told = told["dumps"].as_array().unwrap();
    let triggered = |dump: &&Value| dump["pid"] == pid && dump["trigger"] == "requests-pile-up";
    assert_names_who_is_to_blame(told.iter().rfind(triggered).unwrap());
    drop(folder);
}

/// When the trouble began.
fn mark(capture: &mut Capture) -> Option<WallTime> {
    let events = capture
        .events(WallTime(i64::MIN), WallTime(i64::MAX))
        .ok()?;
    let mut marks = events.iter().filter(|event| event.text == MARK);
    Some(marks.next()?.wall)
}

fn assert_names_who_is_to_blame(dump: &Value) {
    let worst = &dump["blockers"][0];
    let holder = worst["thread"].as_str().unwrap();
    assert!(holder.contains("-exec-"), "{worst}");
    assert!(
        worst["lock"].as_str().unwrap().contains("$Stock"),
        "{worst}"
    );
    assert_eq!(
        (&worst["direct"], &worst["total"]),
        (&BEHIND.into(), &BEHIND.into())
    );
    assert_eq!(worst["is_root"], true);
    let findings = dump["findings"].as_array().unwrap();
    let contention = findings
        .iter()
        .find(|found| found["kind"] == "lock-contention");
    let contention = contention.expect("it is what is wrong");
    let suspect = &contention["suspects"][0];
    assert_eq!(suspect["name"], holder);
    let reasons = suspect["reasons"].to_string();
    // Why it does not give it back.
    assert!(reasons.contains("$Payment.confirm"), "{reasons}");
    let summary = contention["summary"].as_str().unwrap();
    assert!(
        summary.contains("the other side of a connection, in")
            && summary.contains("$Payment.confirm"),
        "{summary}"
    );
    let victims = contention["victims"].as_array().unwrap();
    let waits = victims
        .iter()
        .map(|victim| victim["name"].as_str().unwrap());
    let mut waits: Vec<&str> = waits.collect();
    waits.sort_unstable();
    waits.dedup();
    assert_eq!(waits.len(), BEHIND, "{waits:?}");
    assert!(
        waits
            .iter()
            .all(|name| name.contains("-exec-") && *name != holder)
    );
}
