//! `jcmd PID Thread.dump_to_file -format=json` of JDK 21 and later: the only form that has virtual
//! threads which run nowhere.
//!
//! JDK 21 gives names and stacks; JDK 25 also states and locks. Numbers are strings there, and are
//! taken in either form. A text that is cut short is read as far as it goes.

use super::intern::Interner;
use super::json_text;
use super::model::{Dump, How, Lock, LockUse, Source, State, Thread, When};
use serde::Deserialize;
use std::borrow::Cow;

#[derive(Debug, Deserialize)]
struct File<'a> {
    #[serde(borrow, rename = "threadDump")]
    dump: ThreadDump<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ThreadDump<'a> {
    #[serde(borrow, default)]
    process_id: Option<Scalar<'a>>,
    #[serde(borrow, default)]
    time: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    runtime_version: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    thread_containers: Vec<Container<'a>>,
}

#[derive(Debug, Deserialize)]
struct Container<'a> {
    #[serde(borrow, default)]
    threads: Vec<Entry<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    #[serde(borrow, default)]
    tid: Option<Scalar<'a>>,
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    state: Option<Cow<'a, str>>,
    #[serde(default)]
    r#virtual: bool,
    #[serde(borrow, default)]
    carrier: Option<Scalar<'a>>,
    #[serde(borrow, default)]
    blocked_on: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    waiting_on: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    park_blocker: Option<ParkBlocker<'a>>,
    #[serde(borrow, default)]
    monitors_owned: Vec<Monitors<'a>>,
    #[serde(borrow, default)]
    stack: Vec<Cow<'a, str>>,
}

#[derive(Debug, Deserialize)]
struct ParkBlocker<'a> {
    #[serde(borrow, default)]
    object: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    owner: Option<Scalar<'a>>,
}

#[derive(Debug, Deserialize)]
struct Monitors<'a> {
    #[serde(borrow, default)]
    depth: Option<Scalar<'a>>,
    #[serde(borrow, default)]
    locks: Vec<Option<Cow<'a, str>>>,
}

/// A number, or a number as a string.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Scalar<'a> {
    Number(i64),
    Text(#[serde(borrow)] Cow<'a, str>),
}

impl Scalar<'_> {
    fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
        }
    }

    fn positive(&self) -> Option<u64> {
        self.number()?.try_into().ok()
    }
}

/// The dump, if the text is one.
pub(super) fn parse(text: &str) -> Option<Dump> {
    if !text
        .get(..text.floor_char_boundary(4096))?
        .contains("\"threadDump\"")
    {
        return None;
    }
    let mended;
    let (file, is_truncated) = match serde_json::from_str::<File<'_>>(text) {
        Ok(file) => (file, false),
        Err(error) if error.is_eof() => {
            mended = json_text::mended(text)?;
            (serde_json::from_str(&mended).ok()?, true)
        }
        Err(_) => return None,
    };
    let from = file.dump;
    let mut names = Interner::default();
    let mut dump = Dump::new(Source::HotSpotJson);
    dump.is_truncated = is_truncated;
    dump.pid = from.process_id.as_ref().and_then(Scalar::number);
    dump.at = from
        .time
        .and_then(|time| Some(When::Exact(time.parse().ok()?)));
    dump.vm = from.runtime_version.map(Into::into);
    let entries = from.thread_containers.iter();
    let entries = entries.flat_map(|container| &container.threads);
    dump.threads = entries.map(|entry| thread(entry, &mut names)).collect();
    dump.place = 0..text.len();
    // JDK 25 says who has which monitor; of other locks it says who waits.
    Some(dump)
}

fn thread(entry: &Entry<'_>, names: &mut Interner) -> Thread {
    let stack = names.stack(entry.stack.iter().map(|frame| &**frame));
    let ends_in = |last: &str| last.contains("java.lang.VirtualThread.run(");
    let is_virtual = entry.r#virtual
        || entry.carrier.is_some()
        || entry.stack.last().is_some_and(|last| ends_in(last));
    let state = entry.state.as_deref();
    let number = |scalar: &Option<Scalar<'_>>| scalar.as_ref().and_then(Scalar::positive);
    let state = state.and_then(State::from_java).unwrap_or(State::Unknown);
    Thread {
        number: number(&entry.tid),
        is_virtual,
        stack,
        locks: locks(entry, names),
        carrier: number(&entry.carrier),
        ..Thread::new(&entry.name, state)
    }
}

fn locks(entry: &Entry<'_>, names: &mut Interner) -> Box<[LockUse]> {
    let park = entry.park_blocker.as_ref();
    let wanted = [
        (How::WaitingToLock, entry.blocked_on.as_deref(), None),
        (How::WaitingOn, entry.waiting_on.as_deref(), None),
        (
            How::Parking,
            park.and_then(|park| park.object.as_deref()),
            park.and_then(|park| park.owner.as_ref()?.positive()),
        ),
    ];
    let mut used = Vec::new();
    for (how, object, owner) in wanted {
        let Some(object) = object else { continue };
        let lock = Some(lock(object, names));
        used.push(LockUse {
            how,
            lock,
            depth: 0,
            owner,
        });
    }
    for monitors in &entry.monitors_owned {
        let depth = monitors.depth.as_ref().and_then(Scalar::positive);
        let depth = depth.and_then(|depth| usize::try_from(depth).ok());
        for object in monitors.locks.iter().flatten() {
            used.push(LockUse {
                how: How::Locked,
                lock: Some(lock(object, names)),
                depth: depth.unwrap_or(0).min(entry.stack.len()),
                owner: None,
            });
        }
    }
    used.into()
}

/// `java.lang.Object@9c9672d`.
fn lock(object: &str, names: &mut Interner) -> Lock {
    let class = object.rsplit_once('@').map_or("", |(class, _)| class);
    Lock {
        id: names.text(object),
        class: names.text(class),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"{"threadDump":{"processId":"7","time":"2026-11-22T08:18:51.645Z","runtimeVersion":"25.0.3+9","threadContainers":[
        {"container":"<root>","parent":null,"threads":[
        {"tid":"3","name":"main","state":"WAITING","parkBlocker":{"object":"a.B$Sync@1f","owner":"9"},"stack":["x.Y.z(Y.java:1)"]},
        {"tid":9,"name":"h","state":"BLOCKED","blockedOn":"java.lang.Object@2","stack":[],"monitorsOwned":[{"depth":0,"locks":["java.lang.Object@3",null]}]},
        {"tid":"11","virtual":true,"name":"","carrier":"12","stack":["java.base\/java.lang.VirtualThread.run(V.java:1)"]}],"threadCount":"3"}]}}"#;

    #[test]
    fn states_locks_and_carriers_are_read() {
        let dump = parse(SMALL).unwrap();
        assert_eq!(
            (dump.pid, dump.threads.len(), dump.is_truncated),
            (Some(7), 3, false)
        );
        let parked = &dump.threads[0].locks[0];
        assert_eq!((parked.how, parked.owner), (How::Parking, Some(9)));
        assert_eq!(parked.lock.as_ref().unwrap().words(), "<a.B$Sync@1f>");
        let blocked = &dump.threads[1];
        assert_eq!(
            (blocked.number, blocked.state, blocked.locks.len()),
            (Some(9), State::Blocked, 2)
        );
        assert!(dump.threads[2].is_virtual);
        assert_eq!(dump.threads[2].carrier, Some(12));
        assert_eq!(
            dump.threads[2].top(),
            Some("java.base/java.lang.VirtualThread.run(V.java:1)")
        );
    }

    #[test]
    fn a_text_that_is_cut_short_is_read_as_far_as_it_goes() {
        let end = SMALL.find("{\"tid\":\"11\"").unwrap() + 20;
        let dump = parse(&SMALL[..end]).unwrap();
        assert_eq!((dump.threads.len(), dump.is_truncated), (2, true));
    }

    #[test]
    fn other_json_is_no_dump() {
        assert_eq!(parse("{\"a\": 1}"), None);
        assert_eq!(parse("{\"threadDump\": 1}"), None);
        assert_eq!(parse("{\"threadDump\": "), None);
    }
}
