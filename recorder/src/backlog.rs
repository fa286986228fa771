//! Between the sampler and the writer: ticks that wait for the disk, however long it takes.
//!
//! A thread of its own takes everything off the queue at once, hands it to the writer one job at a
//! time, and keeps what the writer cannot take: packed, in memory of a declared size. It never
//! touches the disk. When a write fails it is tried again, soon and then ever more rarely; when
//! the trouble lasts, what waits is written to a fallback file as well, so that it can be read
//! although the disk cannot be, and outlives the recorder. One line says that the trouble began,
//! one that it is over, and the capture says so too.

mod fallback;
mod ring;
mod trouble;

pub(crate) use fallback::Fallback;
pub(crate) use ring::Ring;

use crate::clock;
use crate::status::Shared;
use crate::store::{Done, Job, Moved};
use afterimage_format::capture::writer::{Options, Record};
use afterimage_format::facts::{Event, Source};
use afterimage_format::tick::{PackedTick, Tick};
use afterimage_format::time::MonotonicTime;
use ring::GivenUp;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender};
use std::time::Duration;
use trouble::State;

/// What the sampler, the kernel-log reader, the control socket and the writer send.
#[derive(Debug)]
pub(crate) enum Message {
    /// A tick, and what came with it.
    Tick(Box<Tick>, Vec<Record>),
    /// Rows for plain tables.
    Records(Vec<Record>),
    /// New settings, and what the capture is told of them.
    Options(Options, Vec<Record>),
    /// The run ends, and why.
    End(String),
    /// The writer has done a job.
    Done(Box<Done>),
}

/// How long the end of a run waits for the writer, which has the last chunk to write; and for a
/// disk that is in trouble already.
const PATIENCE_AT_THE_END: Duration = Duration::from_secs(20);
const PATIENCE_IN_TROUBLE: Duration = Duration::from_secs(5);

/// How a run ended on the side of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Everything is in the capture.
    Whole,
    /// What waited could not be written; why, and where it is.
    Unsaved(String),
}

/// Keeps what waits.
#[derive(Debug)]
pub(crate) struct Backlog {
    ring: Ring,
    writer: SyncSender<Job>,
    empty: Sender<Box<Tick>>,
    shared: Arc<Shared>,
    state: State,
    fallback: Fallback,
    /// How each source fares, for files that are begun later.
    sources: Vec<Source>,
    /// The last job was not even taken: the next attempt is that job, or what goes before it.
    not_taken: bool,
    /// A tick to unpack into.
    spare: Option<Box<Tick>>,
    /// By when the run has to be over.
    ends_by: Option<MonotonicTime>,
}

impl Backlog {
    pub(crate) fn new(
        ring: Ring,
        (writer, empty): (SyncSender<Job>, Sender<Box<Tick>>),
        shared: Arc<Shared>,
        fallback: Fallback,
    ) -> Self {
        Self {
            ring,
            writer,
            empty,
            shared,
            state: State::default(),
            fallback,
            sources: Vec::new(),
            not_taken: false,
            spare: None,
            ends_by: None,
        }
    }

    /// The writer is at work already, since then: the file is not open yet.
    pub(crate) fn while_it_opens(mut self, since: MonotonicTime) -> Self {
        self.state.begin(since);
        self
    }

    /// Passes everything on until the run has ended.
    pub(crate) fn run(mut self, inbox: &Receiver<Message>) -> Ended {
        loop {
            self.hand_over();
            let deadline = self.state.deadline(now());
            let wait = deadline.into_iter().chain(self.ends_by).min();
            let wait = wait.map(|at| at.since(now()).unwrap_or_default());
            let message = match wait {
                None => inbox.recv().map_err(|_gone| RecvTimeoutError::Disconnected),
                Some(wait) => inbox.recv_timeout(wait),
            };
            match message {
                Ok(Message::Done(done)) if done.ended => return self.ended(*done),
                Ok(message) => self.take(message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.give_up(),
            }
            // What has come meanwhile is taken first: the writer's word is the older the longer
            // it waits.
            while let Ok(message) = inbox.try_recv() {
                match message {
                    Message::Done(done) if done.ended => return self.ended(*done),
                    message => self.take(message),
                }
            }
            if self.ends_by.is_some_and(|by| by <= now()) {
                return self.give_up();
            }
            self.look();
        }
    }

    fn take(&mut self, message: Message) {
        let job = match message {
            Message::Done(done) => return self.heard(*done),
            Message::Tick(tick, mut records) => {
                records.extend(self.shared.take_along());
                self.remember(&records);
                self.fallback.follow(&tick, &records, &self.shared);
                Job::Tick(tick, records)
            }
            Message::Records(records) => {
                self.remember(&records);
                Job::Records(records)
            }
            Message::Options(options, records) => Job::Options(options, records),
            Message::End(why) => {
                let patience = match self.state.trouble_since() {
                    None => PATIENCE_AT_THE_END,
                    Some(_) => PATIENCE_IN_TROUBLE,
                };
                self.ends_by = Some(now().plus(patience));
                self.state.retry_now();
                let left = self.shared.take_along();
                if !left.is_empty() {
                    self.ring.push(Job::Records(left));
                }
                Job::End(why)
            }
        };
        self.ring.push(job);
        let empty = &self.empty;
        self.ring.pack(&mut |tick| {
            // Nobody to take it back: the run is about to end.
            drop(empty.send(tick));
        });
    }

    fn remember(&mut self, records: &[Record]) {
        for record in records {
            let Record::Source(source) = record else {
                continue;
            };
            self.sources.retain(|known| known.name != source.name);
            self.sources.push(source.clone());
        }
    }

    /// The writer is free: it gets the next job.
    fn hand_over(&mut self) {
        let now = now();
        let job = match self.state {
            State::Busy { .. } => return,
            State::Failed { retry_at, .. } if retry_at > now => return,
            State::Failed { .. } if !self.not_taken => Some(Job::Again),
            State::Failed { .. } | State::Idle => {
                let spare = &mut self.spare;
                self.ring.pop(|packed: &PackedTick| {
                    let spare = spare.take();
                    spare.unwrap_or_else(|| Box::new(Tick::new(*packed.times())))
                })
            }
        };
        let Some(job) = job else { return };
        self.state.begin(now);
        // A writer that is gone has left its error in its result.
        drop(self.writer.try_send(job));
    }

    /// How the job went.
    fn heard(&mut self, done: Done) {
        if let Some(tick) = done.tick {
            if self.ring.ticks() > 1 && self.spare.is_none() {
                self.spare = Some(tick);
            } else {
                drop(self.empty.send(tick));
            }
        }
        self.not_taken = done.not_taken.is_some();
        if let Some(job) = done.not_taken {
            self.ring.put_back(job);
        }
        if let Some(Moved { to, why }) = done.moved {
            self.shared
                .say(format!("{why}recording into {}", to.display()));
            self.shared.update(|status| status.file = Some(to));
            let sources = self.sources.iter().cloned().map(Record::Source);
            // Before the end of the run, if that is what waits.
            self.ring.put_back(Job::Records(sources.collect()));
        }
        let words = done.result.err().map(|error| words(&error));
        let before = self.state.trouble_since();
        let failed = words.is_some() && done.is_waiting;
        self.state.end(failed, now());
        match (before, &words) {
            (None, Some(words)) if failed => self.begins(words),
            (Some(since), _) if !failed => {
                self.is_over(now().since(since).unwrap_or_default());
            }
            _ => {}
        }
        if !failed {
            // As long as things go on, the end of the run waits for them.
            let patience = now().plus(PATIENCE_AT_THE_END);
            self.ends_by = self.ends_by.map(|_| patience);
        }
        let mut status = self.shared.status();
        status.data_bytes = done.data_bytes.unwrap_or(status.data_bytes);
        if let (None, Some(words), false) = (&status.trouble, &words, failed) {
            // All is written, but there is no room for more.
            self.shared.say(words.clone());
        }
        self.shared.update(|now| {
            now.data_bytes = status.data_bytes;
            now.trouble = words;
        });
    }

    /// Time has passed.
    fn look(&mut self) {
        let now = now();
        if let Some(words) = self.state.stalls(now) {
            self.begins(&words);
            self.shared.update(|status| status.trouble = Some(words));
        }
        if self.state.lasts(now) {
            self.open_fallback();
        }
        let waiting = self.ring.ticks() + usize::from(matches!(self.state, State::Failed { .. }));
        let given_up = self.ring.given_up();
        self.shared.update(|status| {
            status.backlog = waiting;
            status.thinned = given_up.thinned;
            status.lost = given_up.ticks;
        });
    }

    fn begins(&mut self, words: &str) {
        self.shared
            .say(format!("{words}; keeping ticks in memory and trying on"));
        // From there on what waits can be told by itself.
        self.shared.ask_for_everything();
        self.ring.take_given_up();
    }

    fn is_over(&mut self, lasted: Duration) {
        self.shared.update(|status| status.trouble = None);
        let given_up = self.ring.take_given_up();
        let mut text = format!(
            "writing again after {:.1} s; {}",
            lasted.as_secs_f64(),
            given_up
        );
        if let Some(path) = self.fallback.close(given_up == GivenUp::default()) {
            text.push_str("; all of it is in ");
            text.push_str(&path.to_string_lossy());
        }
        self.shared.say(text.clone());
        let event = Event {
            wall: clock::now().wall,
            kind: "storage-outage".to_owned(),
            text,
        };
        let event = Job::Records(vec![Record::Event(event)]);
        if self.ends_by.is_some() {
            // The end of the run waits already.
            self.ring.put_back(event);
        } else {
            self.ring.push(event);
        }
    }

    fn open_fallback(&mut self) {
        let Self {
            ring,
            fallback,
            shared,
            sources,
            ..
        } = self;
        fallback.open(shared, sources, |visit| ring.since_reset(visit));
    }

    fn ended(mut self, done: Done) -> Ended {
        match done.result {
            Ok(()) => Ended::Whole,
            Err(error) => {
                let words = words(&error);
                self.unsaved(&words)
            }
        }
    }

    /// The disk did not come back before the end.
    fn give_up(mut self) -> Ended {
        let words = self.shared.status().trouble;
        self.unsaved(&words.unwrap_or_else(|| "the writer did not answer".to_owned()))
    }

    fn unsaved(&mut self, words: &str) -> Ended {
        self.open_fallback();
        let kept = match self.fallback.close(false) {
            Some(path) => format!("what waited is in {}", path.display()),
            None => format!("{} ticks that waited are lost", self.ring.ticks()),
        };
        Ended::Unsaved(format!("{words}; {kept}"))
    }
}

fn now() -> MonotonicTime {
    clock::now().monotonic
}

/// An error and its causes, in a line.
fn words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_words = cause.to_string();
        // SQLite says some things once more, with a number.
        let said = cause_words.split_once(": ").map_or("", |(_, after)| after);
        if said.is_empty() || !words.ends_with(said) {
            words = format!("{words}: {cause_words}");
        }
        source = cause.source();
    }
    words
}
