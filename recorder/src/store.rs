//! The writer's thread: puts into the capture what the backlog hands it, one job at a time.
//!
//! It may wait for the disk as long as it has to: nobody waits for it. It says how each job went,
//! and gives back what it could not take. Which file is written is looked at with each tick: one
//! that was deleted, renamed or replaced is left, and another is begun where it was.

use crate::backlog::Message;
use crate::readers::Readers;
use crate::record::Output;
use afterimage_format::capture::error::CaptureError;
use afterimage_format::capture::writer::{Carried, Options, Record, Writer};
use afterimage_format::facts::{Event, MOVED};
use afterimage_format::tick::{Instants, Tick};
use std::path::PathBuf;
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
    /// The file that is written from now on, if it is another one.
    pub(crate) moved_to: Option<PathBuf>,
    pub(crate) ended: bool,
}

/// The file, or what another one will be begun with.
#[derive(Debug)]
enum File {
    Open(Box<Writer>),
    Left(Box<Carried>),
}

/// The one who writes.
#[derive(Debug)]
pub(crate) struct Store {
    file: Option<File>,
    output: Output,
    readers: Readers,
    moved_to: Option<PathBuf>,
    /// Why the last job failed asks for the file to be opened anew.
    reopens: bool,
}

impl Store {
    pub(crate) fn new(writer: Writer, output: Output) -> Self {
        Self {
            file: Some(File::Open(Box::new(writer))),
            readers: Readers::new(output.path()),
            output,
            moved_to: None,
            reopens: false,
        }
    }

    /// Writes until it is told that the run ends.
    pub(crate) fn run(mut self, jobs: &Receiver<Job>, done: &SyncSender<Message>) {
        for job in jobs {
            let mut report = self.work(job);
            report.moved_to = self.moved_to.take();
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
        let (result, tick) = match job {
            Job::End(why) => return self.end(&why),
            Job::Tick(tick, records) => match self.writer(Some(tick.times.began)) {
                Ok((writer, readers)) => {
                    let committed = writer.commit(Some(&tick), records);
                    let kept = committed.and_then(|()| writer.maintain(|| readers.are_there()));
                    (kept, Some(tick))
                }
                Err(error) => return not_taken(error, Job::Tick(tick, records)),
            },
            Job::Records(records) => match self.writer(None) {
                Ok((writer, _)) => (writer.commit(None, records), None),
                Err(error) => return not_taken(error, Job::Records(records)),
            },
            Job::Options(options, records) => match self.writer(None) {
                Ok((writer, _)) => {
                    let set = writer.set_options(options);
                    let set = set.and_then(|()| writer.commit(None, records));
                    self.output.set_options(options);
                    (set, None)
                }
                Err(error) => return not_taken(error, Job::Options(options, records)),
            },
            Job::Again => (self.again(), None),
        };
        self.done(result, tick)
    }

    fn done(&mut self, result: Result<(), CaptureError>, tick: Option<Box<Tick>>) -> Done {
        self.reopens = result.as_ref().is_err_and(|error| !error.will_pass());
        let writer = match &self.file {
            Some(File::Open(writer)) => Some(writer),
            _ => None,
        };
        Done {
            tick,
            not_taken: None,
            is_waiting: writer.is_none_or(|writer| writer.is_waiting()),
            data_bytes: writer.and_then(|writer| writer.data_bytes().ok()),
            moved_to: None,
            ended: false,
            result,
        }
    }

    /// What failed before is tried again, after an error of the disk on a connection of its own.
    fn again(&mut self) -> Result<(), CaptureError> {
        if let (true, Some(File::Open(writer))) = (self.reopens, &mut self.file) {
            match writer.reopen(self.output.facts()) {
                Err(error) if error.is_damage() => self.leave("damaged"),
                reopened => reopened?,
            }
        }
        let (writer, _) = self.writer(None)?;
        writer.commit(None, Vec::new())
    }

    /// The writer of the file that is at its place. A new one begins with the tick at hand.
    fn writer(
        &mut self,
        first: Option<Instants>,
    ) -> Result<(&mut Writer, &mut Readers), CaptureError> {
        if let Some(File::Open(writer)) = &self.file
            && !writer.is_in_place()
        {
            self.leave(MOVED);
        }
        match self.file.take() {
            Some(File::Left(carried)) => match self.output.begin(first) {
                Ok(mut writer) => {
                    let path = self.output.path();
                    let text = match carried.lost() {
                        0 => "the file before was moved, deleted, replaced or damaged".to_owned(),
                        lost => format!("the file before is gone, and {lost} ticks with it"),
                    };
                    self.readers = Readers::new(path);
                    self.moved_to = Some(path.to_owned());
                    writer.take_up(*carried);
                    let event = Event {
                        wall: self.output.facts().now.wall,
                        kind: "file-changed".to_owned(),
                        text,
                    };
                    let said = writer.commit(None, vec![Record::Event(event)]);
                    self.file = Some(File::Open(Box::new(writer)));
                    said?;
                }
                Err(error) => {
                    self.file = Some(File::Left(carried));
                    return Err(error);
                }
            },
            file => self.file = file,
        }
        match &mut self.file {
            Some(File::Open(writer)) => Ok((writer, &mut self.readers)),
            _ => unreachable!("it was opened above, or there was an error"),
        }
    }

    fn leave(&mut self, why: &str) {
        if let Some(File::Open(writer)) = self.file.take() {
            // What cannot be saved there any more is told in the next file.
            let (carried, _) = writer.hand_over(why);
            self.file = Some(File::Left(Box::new(carried)));
        }
    }

    fn end(&mut self, why: &str) -> Done {
        let result = match self.writer(None).map(drop) {
            Err(error) => Err(error),
            Ok(()) => match self.file.take() {
                Some(File::Open(writer)) => writer.finish(why),
                _ => Ok(()),
            },
        };
        Done {
            ended: true,
            ..self.done(result, None)
        }
    }
}

fn not_taken(error: CaptureError, job: Job) -> Done {
    Done {
        result: Err(error),
        tick: None,
        not_taken: Some(job),
        is_waiting: true,
        data_bytes: None,
        moved_to: None,
        ended: false,
    }
}
