//! Thread dumps on their way into the file: packed beside the dump before, where there is one.
//!
//! Which one that is, is looked for in the file itself each time: after a commit that failed, in
//! another file, or when a burst was evicted, a dump stands alone and can be read all the same.

use super::Writer;
use crate::capture::dumps::{self, MOST_DEEP, Texts, as_sqlite};
use crate::capture::tables::{integer, maybe, text};
use crate::thread_dump::{DumpFacts, DumpSummary, PackedText, ThreadDump};
use rusqlite::Connection;
use rusqlite::types::Value;
use std::time::Duration;

/// The dump before of a burst is among so many rows at the end of the table.
const LOOK_BACK: i64 = 64;

impl Writer {
    /// The values of a dump's row.
    pub(super) fn dump_row(
        &self,
        db: &Connection,
        dump: &ThreadDump,
        seq: u64,
    ) -> rusqlite::Result<Vec<Value>> {
        let texts = Texts {
            body: unpacked(dump.text.as_ref())?,
            before: unpacked(dump.before.as_ref())?,
            after: unpacked(dump.after.as_ref())?,
        };
        let base = self.base_of(db, &dump.facts)?;
        let (base, beside) = base.map_or((None, Texts::default()), |(id, texts)| (Some(id), texts));
        let packed = texts.pack(&beside).map_err(as_sqlite)?;
        let mut values = vec![integer(self.run), integer(seq)];
        values.extend(facts_values(&dump.facts));
        let raw_bytes = texts.body.as_ref().map(Vec::len);
        values.push(maybe(raw_bytes.map(integer)));
        values.push(maybe(base.map(integer)));
        let blob = |bytes: Option<Vec<u8>>| maybe(bytes.map(Value::Blob));
        values.extend([packed.body, packed.before, packed.after].map(blob));
        values.extend(summary_values(dump.facts.summary.as_ref()));
        Ok(values)
    }

    /// The dump before of the same burst, if it can be leaned on.
    fn base_of(
        &self,
        db: &Connection,
        facts: &DumpFacts,
    ) -> rusqlite::Result<Option<(i64, Texts)>> {
        let sql = "SELECT id FROM thread_dump WHERE id > (SELECT max(id) FROM thread_dump) - ? \
             AND burst = ? AND pid = ? AND started_ticks IS ? AND kind = ? \
             AND (body IS NOT NULL OR kernel_before IS NOT NULL) ORDER BY id DESC LIMIT 1";
        let values = [
            integer(LOOK_BACK),
            maybe(facts.burst.map(integer)),
            integer(facts.pid.0),
            maybe(facts.started.map(|started| integer(started.0))),
            text(facts.kind.as_bytes()),
        ];
        let mut find = db.prepare_cached(sql)?;
        let mut found = find.query(rusqlite::params_from_iter(values))?;
        let Some(row) = found.next()? else {
            return Ok(None);
        };
        let id = row.get(0)?;
        let base = dumps::texts(db, self.capture, id, None)?;
        // A damaged one is nothing to lean on.
        Ok(base
            .ok()
            .filter(|(_, deep)| *deep < MOST_DEEP)
            .map(|(texts, _)| (id, texts)))
    }
}

/// The values of a dump that somebody brought: of no run, and leaning on none.
pub(in crate::capture) fn brought_row(dump: &ThreadDump) -> rusqlite::Result<Vec<Value>> {
    let texts = Texts {
        body: unpacked(dump.text.as_ref())?,
        before: unpacked(dump.before.as_ref())?,
        after: unpacked(dump.after.as_ref())?,
    };
    let packed = texts.pack(&Texts::default()).map_err(as_sqlite)?;
    let mut values = vec![Value::Null, Value::Null];
    values.extend(facts_values(&dump.facts));
    let raw_bytes = texts.body.as_ref().map(Vec::len);
    values.extend([maybe(raw_bytes.map(integer)), Value::Null]);
    let blob = |bytes: Option<Vec<u8>>| maybe(bytes.map(Value::Blob));
    values.extend([packed.body, packed.before, packed.after].map(blob));
    values.extend(summary_values(dump.facts.summary.as_ref()));
    Ok(values)
}

fn unpacked(text: Option<&PackedText>) -> rusqlite::Result<Option<Vec<u8>>> {
    text.map(PackedText::unpack).transpose().map_err(as_sqlite)
}

fn micros(time: Option<Duration>) -> Value {
    maybe(time.map(|time| integer(time.as_micros())))
}

fn facts_values(facts: &DumpFacts) -> [Value; 18] {
    [
        integer(facts.wall.0),
        integer(facts.end.0),
        integer(facts.pid.0),
        maybe(facts.started.map(|started| integer(started.0))),
        text(&facts.comm),
        text(facts.kind.as_bytes()),
        text(facts.trigger.as_bytes()),
        text(facts.trigger_detail.as_bytes()),
        maybe(facts.burst.map(integer)),
        text(facts.status.name().as_bytes()),
        text(facts.detail.as_bytes()),
        text(facts.arguments.as_bytes()),
        integer(facts.signalled),
        micros(facts.attach),
        micros(Some(facts.took)),
        micros(facts.pause),
        maybe(facts.vm.as_deref().map(|vm| text(vm.as_bytes()))),
        micros(facts.cpu),
    ]
}

fn summary_values(summary: Option<&DumpSummary>) -> [Value; 12] {
    let number = |of: fn(&DumpSummary) -> Option<u64>| maybe(summary.and_then(of).map(integer));
    let blocker = summary.and_then(|summary| summary.top_blocker.as_deref());
    [
        number(|summary| summary.threads),
        number(|summary| summary.runnable),
        number(|summary| summary.blocked),
        number(|summary| summary.waiting),
        number(|summary| summary.timed_waiting),
        number(|summary| summary.vm_threads),
        number(|summary| summary.virtual_threads),
        number(|summary| summary.deadlocks),
        number(|summary| summary.unknown_lines),
        maybe(blocker.map(|thread| text(thread.as_bytes()))),
        number(|summary| summary.top_blocked),
        number(|summary| summary.parser_version),
    ]
}
