//! Who asked for dumps over the control socket, and waits for how they went: a line of JSON for
//! each, as it is done.

use afterimage_format::thread_dump::ThreadDump;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::net::UnixStream;

/// The ones that wait.
#[derive(Debug, Default)]
pub(super) struct Clients {
    waiting: BTreeMap<u64, Client>,
    next: u64,
}

#[derive(Debug)]
struct Client {
    stream: UnixStream,
    /// So many processes are still to come.
    left: usize,
}

impl Clients {
    /// One that waits for so many processes; for none it is told so at once.
    pub(super) fn add(&mut self, stream: UnixStream, left: usize) -> u64 {
        let number = self.next;
        self.next += 1;
        let mut client = Client { stream, left };
        client.say(&json!({ "expected": left }));
        if left > 0 {
            self.waiting.insert(number, client);
        }
        number
    }

    /// That nothing comes, and why.
    pub(super) fn refuse(mut stream: UnixStream, why: &str) {
        // Whoever has gone need not be told.
        drop(writeln!(stream, "{}", json!({ "error": why })));
    }

    /// A dump that it waits for is done.
    pub(super) fn tell(&mut self, number: u64, dump: &ThreadDump) {
        let Some(client) = self.waiting.get_mut(&number) else {
            return;
        };
        client.say(&outcome(dump));
        client.left = client.left.saturating_sub(1);
        if client.left == 0 {
            self.waiting.remove(&number);
        }
    }
}

impl Client {
    fn say(&mut self, what: &Value) {
        // Whoever has gone need not be told; the dump is in the capture.
        drop(writeln!(self.stream, "{what}"));
    }
}

/// What became of a dump.
fn outcome(dump: &ThreadDump) -> Value {
    let facts = &dump.facts;
    let ms = |time: Option<std::time::Duration>| time.map(|time| time.as_secs_f64() * 1e3);
    json!({
        "pid": facts.pid.0,
        "comm": String::from_utf8_lossy(&facts.comm),
        "kind": facts.kind,
        "status": facts.status.name(),
        "detail": facts.detail,
        "signalled": facts.signalled,
        "took_ms": ms(Some(facts.took)),
        "pause_ms": ms(facts.pause),
        "bytes": dump.text.as_ref().map(afterimage_format::thread_dump::PackedText::raw_bytes),
    })
}
