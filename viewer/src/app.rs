//! The viewer as a whole: state, workers, and the frame that ties them together.
//!
//! A frame takes what arrived, reads the keys, lets the panels draw and push commands, and
//! applies those. It never waits. The window, the screenshot and the tests all run this.

use crate::command::{Command, DocumentId, Request};
use crate::data::worker::{Opener, Reply, Wake, Worker};
use crate::state::{State, apply};
use crate::{data, fonts, keys, panel, theme};
use afterimage_analysis::zone::Zone;
use egui::{Context, Ui};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// Makes what opens a file; tests put a generated capture here.
pub type OpenerFor = Box<dyn Fn(PathBuf) -> Opener>;

/// How often a playing capture is drawn.
const PLAYING: Duration = Duration::from_millis(100);

/// The viewer: what is shown, and the threads it comes from.
pub struct Viewer {
    state: State,
    ctx: Context,
    workers: BTreeMap<DocumentId, Worker>,
    opener_for: OpenerFor,
    replies: Receiver<(DocumentId, Reply)>,
    reply_to: Sender<(DocumentId, Reply)>,
    wake: Wake,
    last_frame: Option<f64>,
}

impl std::fmt::Debug for Viewer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Viewer")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Viewer {
    /// A viewer of capture files.
    pub fn new(ctx: &Context) -> Self {
        let mut viewer =
            Self::with_opener(ctx, Box::new(|path| Box::new(move || data::open(&path))));
        viewer.state.local_zone = Some(local_zone());
        viewer
    }

    /// A viewer of whatever `opener_for` opens.
    pub fn with_opener(ctx: &Context, opener_for: OpenerFor) -> Self {
        fonts::install(ctx);
        theme::install(ctx);
        let (reply_to, replies) = channel();
        let waker = ctx.clone();
        Self {
            state: State::default(),
            ctx: ctx.clone(),
            workers: BTreeMap::new(),
            opener_for,
            replies,
            reply_to,
            wake: Arc::new(move || waker.request_repaint()),
            last_frame: None,
        }
    }

    /// What is shown.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Applies a command and sets to work what it asks for.
    pub fn perform(&mut self, command: Command) {
        for request in apply(&mut self.state, command) {
            match request {
                Request::Open(document, path) => self.open(document, path),
                Request::Copy(text) => self.ctx.copy_text(text),
                Request::Ask(document, job) => {
                    if let Some(worker) = self.workers.get(&document) {
                        worker.ask(job);
                    }
                }
            }
        }
    }

    fn open(&mut self, document: DocumentId, path: PathBuf) {
        let opener = (self.opener_for)(path);
        let (replies, wake) = (self.reply_to.clone(), Arc::clone(&self.wake));
        match Worker::start(document, opener, replies, wake) {
            Ok(worker) => {
                self.workers.insert(document, worker);
            }
            Err(error) => {
                let problem = format!("no thread could be started to read it: {error}");
                self.perform(Command::Received(document, Reply::NotOpened(problem)));
            }
        }
    }

    /// Waits for one reply, for pictures without a window; whether one came.
    pub fn wait(&mut self, longest: Duration) -> bool {
        match self.replies.recv_timeout(longest) {
            Ok((document, reply)) => {
                self.perform(Command::Received(document, reply));
                true
            }
            Err(_) => false,
        }
    }

    /// Draws one frame.
    pub fn frame(&mut self, ui: &mut Ui) {
        while let Ok((document, reply)) = self.replies.try_recv() {
            self.perform(Command::Received(document, reply));
        }
        theme::choose(ui, self.state.theme);
        let mut out = Vec::new();
        keys::read(ui, &self.state, &mut out);
        self.play(ui, &mut out);
        for file in ui.input(|input| input.raw.dropped_files.clone()) {
            out.push(Command::Open {
                path: file.path().to_path_buf(),
                at: None,
            });
        }
        panel::show(ui, &self.state, &mut out);
        if !out.is_empty() {
            ui.request_repaint();
        }
        for command in out {
            self.perform(command);
        }
    }

    fn play(&mut self, ctx: &Context, out: &mut Vec<Command>) {
        let now = ctx.input(|input| input.time);
        let before = self.last_frame.replace(now);
        if !self
            .state
            .document()
            .is_some_and(|document| document.time.playing)
        {
            return;
        }
        let elapsed = before.map_or(0.0, |before| (now - before).clamp(0.0, 1.0));
        out.push(Command::Advance(Duration::from_secs_f64(elapsed)));
        ctx.request_repaint_after(PLAYING);
    }
}

/// The zone of the machine that the viewer runs on.
fn local_zone() -> Zone {
    let zone = jiff::tz::TimeZone::system();
    let offset = zone.to_offset(jiff::Timestamp::now()).seconds();
    Zone::from_capture(zone.iana_name(), offset)
}

impl eframe::App for Viewer {
    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.frame(ui);
    }
}
