//! Begins a run: in a new file, or in an existing capture of this host.

use super::{Options, Record, Sync, Writer, evict};
use crate::capture::chunk::builder::ChunkBuilder;
use crate::capture::chunk::decode::{Part, decode};
use crate::capture::error::{CaptureError, FrameFault};
use crate::capture::frame::{self, FrameKey, FrameKind, Packer};
use crate::capture::lives::{self, Lives};
use crate::capture::lock::OwnerLock;
use crate::capture::pyramid::PyramidWriter;
use crate::capture::tables::{self, CheckedRow, integer, maybe, text};
use crate::capture::version;
use crate::facts::{Gap, GapKind, Host};
use crate::tick::Instants;
use crate::time::{MonotonicTime, Seq, WallTime};
use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};
use std::hash::{BuildHasher as _, Hasher as _};
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

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

/// The run that was the last one in the file.
struct LastRun {
    id: i64,
    boot_id: String,
    interval: Duration,
    ended: Option<String>,
    to: Option<WallTime>,
    last_seq: Option<u64>,
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
        let fail = |doing| failed(path, doing);
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
            cut_off: None,
            before_run: None,
            awaits_reset: false,
            unsaved_records: Vec::new(),
            chunk_packer: packer(super::CHUNK_LEVEL)?,
            tail_packer: packer(super::TAIL_LEVEL)?,
            pyramid: PyramidWriter::new(capture, facts.host.tick_rate.0.get()),
            lives: lives(&db).map_err(fail("cannot read its processes"))?,
            quotas: evict::Quotas::load(&db, capture).map_err(fail("cannot read its quotas"))?,
            last: None,
            checkpointed: None,
            synced: None,
            db,
            _lock: lock,
        };
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

    /// Brings what the run before left into order: its tail becomes a chunk, and what is
    /// missing between it and now becomes a gap.
    fn take_over(&mut self, run: &LastRun, facts: &RunFacts) -> Result<Gap, CaptureError> {
        let recovered = self.recover(run.ended.is_none())?;
        let known =
            recovered.or(last_of_chunks(&self.db).map_err(self.sqlite("cannot read its chunks"))?);
        let (seq, to) = known.unwrap_or((
            run.last_seq.unwrap_or(0),
            run.to.unwrap_or(facts.now.wall).0,
        ));
        let to = WallTime(to);
        self.last = Some((Seq(seq), MonotonicTime(i64::MIN), to));
        let same_boot = run.boot_id == facts.host.boot_id;
        let (kind, why) = match (&run.ended, same_boot) {
            (Some(why), true) => (
                GapKind::Stopped,
                format!("recording ended ({why}) and began again"),
            ),
            (Some(why), false) => (
                GapKind::Rebooted,
                format!("recording ended ({why}), then the host was restarted"),
            ),
            (None, true) => (
                GapKind::Killed,
                "the recorder was killed, or crashed".to_owned(),
            ),
            (None, false) => (
                GapKind::PowerLost,
                "the host went down without the recorder being told".to_owned(),
            ),
        };
        let missed = match kind {
            GapKind::Stopped => 0,
            _ => facts
                .now
                .wall
                .since(to)
                .map_or(0, |gap| due(gap, run.interval)),
        };
        if run.ended.is_none() {
            let ended = end_run(&self.db, self.capture, run.id, (seq, to.0, kind.name()));
            ended.map_err(self.sqlite("cannot end the run before"))?;
        }
        let others = lives::end_other_boots(&self.db, self.capture, self.boot, seq);
        others.map_err(self.sqlite("cannot end the lives of another boot"))?;
        Ok(Gap {
            kind,
            after: Seq(seq),
            from: to,
            to: facts.now.wall,
            missed,
            detail: why,
        })
    }

    /// The tail of a run that was cut off becomes a chunk, and the pyramid is completed. Gives
    /// its last tick.
    fn recover(&mut self, crashed: bool) -> Result<Option<(u64, i64)>, CaptureError> {
        let covered = PyramidWriter::covered(&self.db);
        let covered = covered.map_err(self.sqlite("cannot read its pyramid"))?;
        if crashed {
            self.add_uncovered(covered[0])?;
        }
        let last = self.recover_tail()?;
        if crashed {
            let (finished, run) = (self.pyramid.finish(&self.db, self.run), self.run);
            let completed = finished.and_then(|()| self.pyramid.complete(&self.db, run, covered));
            completed.map_err(self.sqlite("cannot complete its pyramid"))?;
        }
        Ok(last)
    }

    /// The chunks of the minute that was open when the recorder crashed.
    fn add_uncovered(&mut self, covered: u64) -> Result<(), CaptureError> {
        let sql = "SELECT b.id, b.frames FROM chunk c JOIN chunk_body b ON b.id = c.id WHERE c.id + c.ticks - 1 > ? ORDER BY b.id";
        self.pyramid.skip_to(covered);
        let read = || -> rusqlite::Result<Vec<(i64, Vec<u8>)>> {
            let mut rows = self.db.prepare(sql)?;
            let rows = rows.query_map([covered.cast_signed()], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
            rows.collect()
        };
        for (id, frames) in read().map_err(self.sqlite("cannot read its chunks"))? {
            // What is damaged has no curves either.
            let Ok(chunk) = decode(&frames, self.key(id.cast_unsigned()), Part::All) else {
                continue;
            };
            let added = self
                .pyramid
                .add(&self.db, (self.run, self.interval), &chunk);
            added.map_err(self.sqlite("cannot complete its pyramid"))?;
        }
        Ok(())
    }

    /// The tail as the last chunk of its run.
    fn recover_tail(&mut self) -> Result<Option<(u64, i64)>, CaptureError> {
        let rows = tail_rows(&self.db).map_err(self.sqlite("cannot read its tail"))?;
        let mut raw = Vec::new();
        for (seq, row) in &rows {
            let key = FrameKey {
                capture: self.capture,
                seq: seq.cast_unsigned(),
            };
            let opened = frame::open(&mut &row[..], FrameKind::Tick, key, &mut raw);
            // What comes after a damaged row builds on it, so the tail ends there.
            if opened.and_then(|()| self.builder.push_tail(&raw)).is_err() {
                let detail = format!(
                    "the tail is damaged from tick {seq} on; {} ticks of it are lost",
                    rows.len() - self.builder.len()
                );
                let note = vec![Value::Null, text(detail.as_bytes())];
                let noted = tables::named("note").insert(&self.db, self.capture, None, note);
                noted.map_err(self.sqlite("cannot note a damaged tail"))?;
                break;
            }
        }
        if self.builder.is_empty() {
            let emptied = self.db.execute("DELETE FROM tail", []);
            emptied.map_err(self.sqlite("cannot empty its tail"))?;
            return Ok(None);
        }
        let last = self.builder.chunk().ticks.last().copied();
        self.last = last.map(|times| (times.seq, times.planned, times.began.wall));
        self.close_chunk()?;
        self.builder.clear();
        Ok(last.map(|times| (times.seq.0, times.began.wall.0)))
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
        super::reserve::checkpoint(&self.db)
    }
}

/// Opens the file that was named, created if it is not there. What cannot be gone on with is
/// refused, and stays as it is.
fn open(path: &Path, facts: &RunFacts) -> Result<(Connection, u64), CaptureError> {
    let exists = check_file(path)?;
    if !exists {
        create_private(path).map_err(|source| CaptureError::Open {
            path: path.to_owned(),
            source,
        })?;
    }
    let fail = |doing| failed(path, doing);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags).map_err(fail("cannot open it"))?;
    db.set_prepared_statement_cache_capacity(64);
    // A capture that is then refused stays as it is.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .map_err(fail("cannot open it"))?;
    if !exists {
        create(&db, facts).map_err(fail("cannot create it"))?;
    }
    version::check_database(path, &db)?;
    let (capture, is_sound) =
        capture_number(&db).map_err(fail("cannot read which capture it is"))?;
    let damaged = has_damaged_rows(&db, capture);
    if !is_sound || damaged.map_err(fail("cannot read what it is of"))? {
        let (path, fault) = (path.to_owned(), FrameFault::Check);
        return Err(CaptureError::Damaged {
            path,
            seq: 0,
            fault,
        });
    }
    if let Some(found) = other_host(&db, capture, facts).map_err(fail("cannot read its host"))? {
        let ours = facts.host.hostname.clone();
        return Err(CaptureError::OtherHost {
            path: path.to_owned(),
            found,
            ours,
        });
    }
    Ok((db, capture))
}

fn failed(
    path: &Path,
    doing: &'static str,
) -> impl FnOnce(rusqlite::Error) -> CaptureError + use<> {
    let path = path.to_owned();
    move |source| CaptureError::Sqlite {
        path,
        doing,
        source,
    }
}

/// How many ticks were due within `gap`: one at each interval, but for the one that ends it.
pub(super) fn due(gap: Duration, interval: Duration) -> u64 {
    let ticks = gap.as_micros() / interval.as_micros().max(1);
    u64::try_from(ticks).unwrap_or(u64::MAX).saturating_sub(1)
}

/// Writes how a run ended.
pub(super) fn end_run(
    db: &Connection,
    capture: u64,
    run: i64,
    (last, to, why): (u64, i64, &str),
) -> rusqlite::Result<()> {
    let table = tables::named("run");
    let rows = table.sound_rows(db, capture, ("WHERE id = ?", &[run]), |row| {
        row.values().to_vec()
    })?;
    for mut values in rows {
        values[9] = integer(last);
        values[10] = integer(to);
        values[11] = text(why.as_bytes());
        table.replace(db, capture, run, values)?;
    }
    Ok(())
}

/// Whether there is a file; what is there and cannot be a capture is refused untouched.
fn check_file(path: &Path) -> Result<bool, CaptureError> {
    let mut head = [0; 16];
    let open = |source| CaptureError::Open {
        path: path.to_owned(),
        source,
    };
    let data = match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        data => data.map_err(open)?,
    };
    let not_a_capture = |why: &str| CaptureError::NotACapture {
        path: path.to_owned(),
        why: why.to_owned(),
    };
    if !data.is_file() {
        return Err(not_a_capture("it is not a regular file"));
    }
    let mut file = std::fs::File::open(path).map_err(open)?;
    match file.read_exact(&mut head) {
        Ok(()) if head == *b"SQLite format 3\0" => Ok(true),
        _ => Err(not_a_capture("it does not begin as one")),
    }
}

/// Makes a file that only its owner may read; one that is there already is an error.
pub(in crate::capture) fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

fn create(db: &Connection, facts: &RunFacts) -> rusqlite::Result<()> {
    db.pragma_update(None, "page_size", 4096)?;
    db.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    let number = std::hash::RandomState::new().build_hasher().finish();
    let transaction = db.unchecked_transaction()?;
    transaction.execute_batch(tables::SCHEMA)?;
    let values = vec![
        Value::Integer(number.cast_signed()),
        integer(facts.now.wall.0),
        text(facts.version.as_bytes()),
    ];
    tables::named("capture").insert(&transaction, number, Some(1), values)?;
    transaction.pragma_update(None, "application_id", version::APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", version::FORMAT)?;
    transaction.commit()
}

fn configure(db: &Connection, sync: Sync) -> rusqlite::Result<()> {
    db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    db.query_row("PRAGMA wal_autocheckpoint = 0", [], |_| Ok(()))?;
    db.pragma_update(None, "cache_size", -4096)?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    db.pragma_update(None, "synchronous", sync.pragma())?;
    db.busy_timeout(Duration::from_secs(5))
}

/// The number that seeds every check, and whether its own row, which is checked with it, is
/// sound: if only that is damaged, everything else can still be read.
pub(in crate::capture) fn capture_number(db: &Connection) -> rusqlite::Result<(u64, bool)> {
    let number: i64 = db.query_row("SELECT number FROM capture WHERE id = 1", [], |row| {
        row.get(0)
    })?;
    let number = number.cast_unsigned();
    let found = tables::named("capture").select(db, number, ("", &[]), |_| ())?;
    Ok((number, found.rows.len() == 1 && found.damaged.is_empty()))
}

/// Whether what a run goes by when it takes over is damaged.
fn has_damaged_rows(db: &Connection, capture: u64) -> rusqlite::Result<bool> {
    for table in ["host", "run"] {
        let found = tables::named(table).select(db, capture, ("", &[]), |_| ())?;
        if !found.damaged.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn last_run(db: &Connection, capture: u64) -> rusqlite::Result<Option<LastRun>> {
    let boots =
        tables::named("host").sound_rows(db, capture, ("", &[]), |row| (row.id, row.text(0)))?;
    let boot_id = |boot: Option<i64>| {
        let found = boots.iter().find(|(id, _)| Some(*id) == boot);
        found
            .and_then(|(_, boot_id)| boot_id.clone())
            .unwrap_or_default()
    };
    let make = |row: &CheckedRow| LastRun {
        id: row.id,
        boot_id: boot_id(row.integer(0)),
        interval: Duration::from_micros(row.unsigned(3).unwrap_or(1_000_000)),
        ended: row.text(11),
        to: row.integer(10).map(WallTime),
        last_seq: row.unsigned(9),
    };
    let newest = ("ORDER BY id DESC LIMIT 1", &[][..]);
    let mut runs = tables::named("run").sound_rows(db, capture, newest, make)?;
    Ok(runs.pop())
}

/// The name of the host in the capture, if it is another one.
fn other_host(db: &Connection, capture: u64, facts: &RunFacts) -> rusqlite::Result<Option<String>> {
    let hosts = tables::named("host").sound_rows(db, capture, ("", &[]), |row| row.text(1))?;
    let other = hosts
        .into_iter()
        .flatten()
        .find(|name| *name != facts.host.hostname);
    Ok(other)
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

/// The rows of the tail, in order.
fn tail_rows(db: &Connection) -> rusqlite::Result<Vec<(i64, Vec<u8>)>> {
    let mut rows = db.prepare_cached("SELECT id, frame FROM tail ORDER BY id")?;
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// The last tick that the chunks hold: its number, and when it was.
fn last_of_chunks(db: &Connection) -> rusqlite::Result<Option<(u64, i64)>> {
    let mut newest =
        db.prepare_cached("SELECT id + ticks - 1, to_unix_us FROM chunk ORDER BY id DESC LIMIT 1")?;
    let mut rows = newest.query_map([], |row| {
        Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?))
    })?;
    rows.next().transpose()
}
