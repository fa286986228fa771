//! Begins a run: in a new file, or in an existing capture of this host.

mod file;
mod inspect;
mod take_over;

pub(in crate::capture) use file::{
    NUMBER, NUMBER_ROW, capture_number, create, create_private, note_number,
};
pub(super) use take_over::{change_run, due, end_run};

use super::place::Place;
use super::{Options, Record, Writer, evict};
use crate::capture::chunk::builder::ChunkBuilder;
use crate::capture::error::CaptureError;
use crate::capture::frame::Packer;
use crate::capture::lives::Lives;
use crate::capture::lock::OwnerLock;
use crate::capture::pyramid::PyramidWriter;
use crate::capture::tables::{self, integer, maybe, text};
use crate::facts::{Gap, Host};
use crate::tick::Instants;
pub(super) use file::{configure, damage, open};
use rusqlite::Connection;
use rusqlite::types::Value;
use std::path::Path;
use std::time::Duration;
use take_over::last_run;

/// What is known of a run when it begins.
#[derive(Debug, Clone)]
pub struct RunFacts {
    /// The host as it is now.
    pub host: Host,
    /// The recorder's pid.
    pub pid: i32,
    /// The recorder's version.
    pub version: String,
    /// The time between ticks.
    pub interval: Duration,
    /// `full`, `redact` or `none`.
    pub args: String,
    /// Now.
    pub now: Instants,
    /// Mount point, type, device and options of each file system.
    pub mounts: Vec<[String; 4]>,
}

/// What a run begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// A new file.
    New,
    /// An existing capture; the gap says what became of the run before.
    Continued(Gap),
}

impl Writer {
    /// Creates a capture at `path`, or goes on in the one that is there.
    pub fn start(
        path: &Path,
        lock: OwnerLock,
        options: Options,
        facts: &RunFacts,
    ) -> Result<(Self, Start), CaptureError> {
        let (db, capture) = open(path, facts)?;
        let fail = |doing| CaptureError::sqlite(path, doing);
        let previous = last_run(&db, capture).map_err(fail("cannot read its runs"))?;
        // Until here nothing was changed.
        configure(&db, options.sync).map_err(fail("cannot set it up"))?;
        let boot = boot_row(&db, capture, &facts.host).map_err(fail("cannot add this boot"))?;
        let lives = |db| Lives::resume(db, capture, boot, facts.host.tick_rate.0.get());
        let packer = |level| {
            Packer::new(level).map_err(|fault| CaptureError::Damaged {
                path: path.to_owned(),
                seq: 0,
                fault,
            })
        };
        let mut writer = Self {
            path: path.to_owned(),
            options,
            capture,
            run: previous.as_ref().map_or(0, |run| run.id),
            boot,
            interval: facts.interval,
            builder: ChunkBuilder::default(),
            unsaved: Vec::new(),
            must_close: false,
            last_name: 0,
            before_run: None,
            unsaved_records: Vec::new(),
            in_doubt: None,
            no_room: None,
            without_room: 0,
            chunk_packer: packer(super::CHUNK_LEVEL)?,
            tail_packer: packer(super::TAIL_LEVEL)?,
            pyramid: PyramidWriter::new(capture, facts.host.tick_rate.0.get()),
            lives: lives(&db).map_err(fail("cannot read its processes"))?,
            quotas: evict::Quotas::load(&db, capture).map_err(fail("cannot read its quotas"))?,
            last: None,
            place: Place::of(path),
            checkpointed: None,
            synced: None,
            db,
            _lock: lock,
        };
        // A capture that was begun by an older recorder has it only once.
        note_number(&writer.db, capture).map_err(fail("cannot say which capture it is"))?;
        writer
            .set_up_reserve()
            .map_err(fail("cannot reserve room"))?;
        let interval = previous.as_ref().map_or(facts.interval, |run| run.interval);
        let start = match previous {
            None => Start::New,
            Some(run) => Start::Continued(writer.take_over(&run, facts)?),
        };
        writer
            .begin_run(&start, facts, interval)
            .map_err(fail("cannot begin a run"))?;
        Ok((writer, start))
    }

    fn begin_run(
        &mut self,
        start: &Start,
        facts: &RunFacts,
        interval: Duration,
    ) -> rusqlite::Result<()> {
        let first = self.next_seq();
        let transaction = self.db.unchecked_transaction()?;
        if let Start::Continued(gap) = start {
            self.before_run = Some((gap.clone(), interval));
        }
        let values = vec![
            integer(self.boot),
            integer(facts.pid),
            text(facts.version.as_bytes()),
            integer(facts.interval.as_micros()),
            text(self.options.sync.name().as_bytes()),
            text(facts.args.as_bytes()),
            integer(first.0),
            integer(facts.now.wall.0),
            integer(facts.now.monotonic.0),
            Value::Null,
            Value::Null,
            Value::Null,
        ];
        self.run = tables::named("run").insert(&transaction, self.capture, None, values)?;
        for mount in &facts.mounts {
            let texts = mount.iter().map(|part| text(part.as_bytes()));
            let values = [integer(self.run)].into_iter().chain(texts).collect();
            tables::named("mount").insert(&transaction, self.capture, None, values)?;
        }
        let anchor = crate::facts::Anchor {
            seq: first,
            boot: facts.now.boot,
            monotonic: facts.now.monotonic,
            wall: facts.now.wall,
        };
        let (table, values) = self.row(&Record::Clock(anchor), first.0);
        tables::named(table).insert(&transaction, self.capture, None, values)?;
        transaction.commit()?;
        // From here on a plain copy of the file alone can be opened.
        super::reserve::checkpoint(&self.db)?;
        self.place = Place::of(&self.path);
        Ok(())
    }
}

/// The row of this boot, added when it is new.
fn boot_row(db: &Connection, capture: u64, host: &Host) -> rusqlite::Result<i64> {
    let table = tables::named("host");
    let boots = table.sound_rows(db, capture, ("", &[]), |row| (row.id, row.text(0)))?;
    let known = boots
        .into_iter()
        .find(|(_, id)| id.as_deref() == Some(&host.boot_id));
    if let Some((row, _)) = known {
        return Ok(row);
    }
    let values = vec![
        text(host.boot_id.as_bytes()),
        text(host.hostname.as_bytes()),
        text(host.kernel.as_bytes()),
        text(host.architecture.as_bytes()),
        maybe(host.timezone.as_ref().map(|zone| text(zone.as_bytes()))),
        integer(host.utc_offset_seconds),
        integer(host.cpus),
        integer(host.tick_rate.0.get()),
        integer(host.page_size.get()),
    ];
    table.insert(db, capture, None, values)
}
