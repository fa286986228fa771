//! The writer's thread: puts into the capture what the backlog hands it, one job at a time.
//!
//! It may wait for the disk as long as it has to: nobody waits for it. It says how each job went,
//! and gives back what it could not take. Which file is written is looked at with each tick: one
//! that was deleted, renamed or replaced is left, and another is begun where it was.

mod opening;

pub(crate) use opening::Opened;

use crate::backlog::Message;
use crate::readers::Readers;
use crate::record::Output;
use afterimage_format::capture::Capture;
use afterimage_format::capture::error::CaptureError;
use afterimage_format::capture::writer::{Carried, Options, Record, Writer};
use afterimage_format::facts::{Event, MOVED};
use afterimage_format::tick::{Instants, Tick};
use afterimage_format::time::Seq;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender};

/// What there is to write.
#[derive(Debug)]
pub(crate) enum Job {
    /// A tick, and what came with it.
    Tick(Box<Tick>, Vec<Record>),
    /// Rows for plain tables.
    Records(Vec<Record>),
    /// New settings, and what the capture is told of them.
    Options(Options, Vec<Record>),
    /// What could not be written before.
    Again,
    /// The run ends, and why.
    End(String),
}

/// How a job went.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) result: Result<(), CaptureError>,
    /// The tick that was written, to be filled again.
    pub(crate) tick: Option<Box<Tick>>,
    /// The job itself, if it was not even taken.
    pub(crate) not_taken: Option<Job>,
    /// Something of it, or of what came before, is not written yet.
    pub(crate) is_waiting: bool,
    /// What the capture holds now.
    pub(crate) data_bytes: Option<u64>,
    pub(crate) moved: Option<Moved>,
    pub(crate) ended: bool,
}

/// The file, or what another one will be begun with.
#[derive(Debug)]
enum File {
    Open(Box<Writer>),
    Left(Box<Carried>),
    /// The disk could not be written when the run began.
    Unbegun(Instants),
}

/// Another file is written from now on, and why.
#[derive(Debug)]
pub(crate) struct Moved {
    pub(crate) to: PathBuf,
    pub(crate) why: &'static str,
}

/// The one who writes.
#[derive(Debug)]
pub(crate) struct Store {
    file: Option<File>,
    output: Output,
    /// Of the file, once there is one.
    readers: Option<Readers>,
    moved: Option<Moved>,
    /// Why a job failed asks for the file to be opened anew.
    reopens: bool,
    /// The last job failed because the file is damaged.
    is_damaged: bool,
    /// It was said of the file that it is damaged; opened anew it seemed whole.
    is_suspect: bool,
    /// The kernel's number of the newest line that a file had which was begun late.
    known_lines: Option<u64>,
}

/// What is needed to write.
struct OpenFile<'a> {
    writer: &'a mut Writer,
    readers: &'a mut Option<Readers>,
    known_lines: Option<u64>,
}

impl OpenFile<'_> {
    /// Writes, without the lines of the kernel log that the file has already.
    fn commit(
        &mut self,
        tick: Option<&Tick>,
        mut records: Vec<Record>,
    ) -> Result<(), CaptureError> {
        if let Some(known) = self.known_lines {
            records.retain(
                |record| !matches!(record, Record::KernelLog(line) if line.sequence <= known),
            );
        }
        self.writer.commit(tick, records)
    }

    fn maintain(&mut self) -> Result<(), CaptureError> {
        let Self {
            writer, readers, ..
        } = self;
        writer.maintain(|| readers.as_mut().is_some_and(Readers::are_there))
    }
}

impl Store {
    /// For a run that begins: the file is opened by [`Store::run`].
    pub(crate) fn new(began: Instants, output: Output) -> Self {
        Self {
            file: Some(File::Unbegun(began)),
            readers: None,
            output,
            moved: None,
            reopens: false,
            is_damaged: false,
            is_suspect: false,
            known_lines: None,
        }
    }

    /// Opens the file, says how that went to who waits for it, and writes until it is told that the
    /// run ends. Where nobody waited for so long, it is the first job.
    pub(crate) fn run(
        mut self,
        opened: &SyncSender<anyhow::Result<Option<Opened>>>,
        jobs: &Receiver<Job>,
        done: &SyncSender<Message>,
    ) {
        let is_late = self.open(opened);
        for job in is_late.then_some(Job::Again).into_iter().chain(jobs) {
            let mut report = self.work(job);
            report.moved = self.moved.take();
            let ended = report.ended;
            // Nobody listens any more: the run is over.
            if done.send(Message::Done(Box::new(report))).is_err() || ended {
                return;
            }
        }
        if let Some(File::Open(writer)) = self.file {
            drop(writer.finish("crashed"));
        }
    }

    fn work(&mut self, job: Job) -> Done {
        let first = match &job {
            Job::End(why) => return self.end(why),
            Job::Again => {
                let result = self.again();
                return self.done(result, None);
            }
            Job::Tick(tick, _) => Some(tick.times.began),
            Job::Records(_) | Job::Options(..) => None,
        };
        let mut file = match self.file(first) {
            Ok(file) => file,
            Err(error) => return not_taken(error, job),
        };
        let (result, tick) = match job {
            Job::Tick(tick, records) => {
                let committed = file.commit(Some(&tick), records);
                let kept = committed.and_then(|()| file.maintain());
                (kept, Some(tick))
            }
            Job::Options(options, records) => {
                let set = file.writer.set_options(options);
                let set = set.and_then(|()| file.commit(None, records));
                self.output.set_options(options);
                (set, None)
            }
            Job::Records(records) => (file.commit(None, records), None),
            Job::Again | Job::End(_) => unreachable!("done above"),
        };
        self.done(result, tick)
    }

    fn done(&mut self, result: Result<(), CaptureError>, tick: Option<Box<Tick>>) -> Done {
        // Until something works again: to open it anew may fail as well, and for another reason.
        let asks = |error: &CaptureError| self.reopens || !error.will_pass();
        self.reopens = result.as_ref().is_err_and(asks);
        self.is_damaged = result.as_ref().is_err_and(CaptureError::is_damage);
        let writer = match &self.file {
            Some(File::Open(writer)) => Some(writer),
            _ => None,
        };
        Done {
            tick,
            not_taken: None,
            is_waiting: self.is_damaged || writer.is_none_or(|writer| writer.is_waiting()),
            data_bytes: writer.and_then(|writer| writer.data_bytes().ok()),
            moved: None,
            ended: false,
            result,
        }
    }

    /// What failed before is tried again, after an error of the disk on a connection of its own.
    fn again(&mut self) -> Result<(), CaptureError> {
        if self.is_damaged && self.is_suspect {
            self.abandon();
        }
        if let (true, Some(File::Open(writer))) = (self.reopens, &mut self.file) {
            self.is_suspect |= self.is_damaged;
            match writer.reopen(self.output.facts()) {
                Err(error) if error.is_damage() => self.abandon(),
                reopened => reopened?,
            }
            self.reopens = false;
        }
        self.file(None)?.commit(None, Vec::new())
    }

    /// The file that is at its place. A new one begins with the tick at hand.
    fn file(&mut self, first: Option<Instants>) -> Result<OpenFile<'_>, CaptureError> {
        if let Some(File::Open(writer)) = &self.file
            && !writer.is_in_place()
        {
            self.leave_moved();
        }
        match self.file.take() {
            Some(File::Left(carried)) => match self.output.begin(carried.first().or(first)) {
                Ok(writer) => self.go_on_in(writer, *carried)?,
                Err(error) => {
                    self.file = Some(File::Left(carried));
                    return Err(error);
                }
            },
            Some(File::Unbegun(began)) => match self.output.begin(Some(began)) {
                Ok(writer) => self.begin_late(writer),
                Err(error) => {
                    self.file = Some(File::Unbegun(began));
                    return Err(error);
                }
            },
            file => self.file = file,
        }
        match &mut self.file {
            Some(File::Open(writer)) => Ok(OpenFile {
                writer,
                readers: &mut self.readers,
                known_lines: self.known_lines,
            }),
            _ => unreachable!("it was opened above, or there was an error"),
        }
    }

    /// Takes another file instead of the one that was left.
    fn go_on_in(&mut self, mut writer: Writer, carried: Carried) -> Result<(), CaptureError> {
        writer.take_up(carried);
        let event = Event {
            wall: self.output.facts().now.wall,
            kind: "file-changed".to_owned(),
            text: "the file before was moved, deleted, replaced or damaged".to_owned(),
        };
        let said = writer.commit(None, vec![Record::Event(event)]);
        self.opened(
            writer,
            "the capture was moved, deleted, replaced or damaged; ",
        );
        said
    }

    /// Takes the file that could not be begun with the run.
    fn begin_late(&mut self, mut writer: Writer) {
        // The kernel log was read from its beginning: which lines a file has, nobody could know.
        self.known_lines = writer.last_kernel_sequence().ok().flatten();
        writer.take_up(Carried::nothing());
        self.opened(writer, "");
    }

    fn opened(&mut self, writer: Writer, why: &'static str) {
        let to = self.output.path().to_owned();
        self.moved = Some(Moved { to, why });
        self.write_to(writer);
    }

    fn write_to(&mut self, writer: Writer) {
        self.readers = Some(Readers::new(self.output.path()));
        self.file = Some(File::Open(Box::new(writer)));
        self.is_suspect = false;
    }

    /// The file has another name by now, or none.
    fn leave_moved(&mut self) {
        if let Some(File::Open(writer)) = self.file.take() {
            let (mut carried, saved) = writer.hand_over(MOVED);
            if saved.is_ok() {
                carried.forget_ticks();
            }
            self.file = Some(File::Left(Box::new(carried)));
        }
    }

    /// The file is damaged: it stays as it is.
    fn abandon(&mut self) {
        if let Some(File::Open(writer)) = self.file.take() {
            self.file = Some(File::Left(Box::new(writer.abandon())));
            self.output.abandon();
            self.reopens = false;
        }
    }

    /// What a file cannot be read back from that is damaged goes into another one, and the run
    /// ends there.
    fn end(&mut self, why: &str) -> Done {
        let ended = match self.end_here(why) {
            Err(error) if error.is_damage() => self.file(None).map(|_open| true),
            ended => ended.map(|()| false),
        };
        match ended {
            Ok(true) => Done {
                not_taken: Some(Job::End(why.to_owned())),
                ..self.done(Ok(()), None)
            },
            ended => Done {
                ended: true,
                ..self.done(ended.map(drop), None)
            },
        }
    }

    fn end_here(&mut self, why: &str) -> Result<(), CaptureError> {
        self.file(None)?;
        let Some(File::Open(writer)) = self.file.take() else {
            return Ok(());
        };
        let (carried, ended) = writer.hand_over(why);
        let ended = ended.and_then(|()| look_back(self.output.path(), carried.ticks()));
        if ended.as_ref().is_err_and(CaptureError::is_damage) {
            self.file = Some(File::Left(Box::new(carried)));
            self.output.abandon();
        }
        ended
    }
}

/// Whether the newest ticks can be read back from a file that was closed: the first and the last
/// of those in the chunk that was open, and the one before them. What keeps a reader from looking
/// says nothing of the file.
fn look_back(path: &Path, open: Option<(Seq, Seq)>) -> Result<(), CaptureError> {
    let Some((first, last)) = open else {
        return Ok(());
    };
    let read = Capture::open(path).and_then(|mut capture| {
        let oldest = capture.ends()?.map_or(first, |(oldest, _)| oldest);
        let before = Seq(first.0.saturating_sub(1)).max(oldest);
        for seq in [before, first, last] {
            if capture.sample(seq)?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    });
    match read {
        Err(error) if error.is_damage() || error.is_storage_trouble() => Err(error),
        Ok(false) => Err(CaptureError::Unsound {
            path: path.to_owned(),
        }),
        Ok(true) | Err(_) => Ok(()),
    }
}

fn not_taken(error: CaptureError, job: Job) -> Done {
    Done {
        result: Err(error),
        tick: None,
        not_taken: Some(job),
        is_waiting: true,
        data_bytes: None,
        moved: None,
        ended: false,
    }
}
