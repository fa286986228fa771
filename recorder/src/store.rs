//! The writer's thread: takes ticks off the queue and puts them into the capture.
//!
//! It may wait for the disk as long as it has to; the sampler does not wait for it. What it
//! cannot write it keeps, tries again with each tick, and says so once.

use crate::readers::Readers;
use crate::status::Shared;
use afterimage_format::capture::error::CaptureError;
use afterimage_format::capture::writer::{Options, Record, Writer};
use afterimage_format::tick::Tick;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

/// What the sampler, the kernel-log reader and the control socket send.
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
}

/// Writes until it is told that the run ends, and says how that went.
pub(crate) fn run(
    mut writer: Writer,
    queue: &Receiver<Message>,
    empty: &Sender<Box<Tick>>,
    readers: &mut Readers,
    shared: &Arc<Shared>,
) -> Result<(), CaptureError> {
    for message in queue {
        let committed = match message {
            Message::End(why) => return writer.finish(&why),
            Message::Options(options, records) => {
                let set = writer.set_options(options);
                set.and_then(|()| writer.commit(None, records))
            }
            Message::Records(records) => writer.commit(None, records),
            Message::Tick(tick, records) => {
                let committed = writer.commit(Some(&tick), records);
                // Nobody to take it back: the run is about to end.
                drop(empty.send(tick));
                committed.and_then(|()| writer.maintain(|| readers.are_there()))
            }
        };
        shared.stored(&writer, committed);
        if writer.is_overfull() {
            writer.drop_backlog();
            shared.ask_for_everything();
        }
    }
    writer.finish("crashed")
}
