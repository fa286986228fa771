//! The viewer as a whole: state, workers, and the frame that ties them together.
//!
//! A frame takes what arrived, reads the keys, lets the panels draw and push commands, and
//! applies those. It never waits. The window, the screenshot and the tests all run this.

mod errand;
mod remember;

use crate::command::{Command, DocumentId, Request};
use crate::data::worker::{Opener, Reply, Wake, Worker};
use crate::state::desk::Chosen;
use crate::state::{State, apply};
use crate::{data, fonts, keys, panel, theme};
use afterimage_analysis::zone::Zone;
use egui::{Context, Ui};
use remember::Keeper;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// Makes what opens a file; tests put a generated capture here.
pub type OpenerFor = Box<dyn Fn(PathBuf) -> Opener>;
pub use errand::Dialog;

/// How long a worker may take to let go of its capture when the window is closed.
const LAST: Duration = Duration::from_secs(1);

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
    /// What errands bring.
    errands: Receiver<Command>,
    errand_to: Sender<Command>,
    dialog: Dialog,
    keeper: Option<Keeper>,
    /// Whether files that are opened are remembered.
    remembers: bool,
    /// Whether captures are looked through for damage.
    searches: bool,
    has_system_fonts: bool,
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
        let mut viewer = Self::with_opener(
            ctx,
            Box::new(|path| Box::new(move |told| data::open(&path, told))),
        );
        viewer.state.local_zone = Some(local_zone());
        viewer
    }

    /// The same as a window has it: with the desktop's dialogs and fonts, and captures are looked
    /// through for damage while nothing else is to be done.
    #[must_use]
    pub fn in_window(self) -> Self {
        Self {
            dialog: Arc::new(errand::desktop),
            searches: true,
            has_system_fonts: true,
            ..self
        }
    }

    /// The same with another dialog that chooses files, and with the files that are opened
    /// remembered; for tests.
    #[must_use]
    pub fn with_dialog(self, dialog: Dialog) -> Self {
        Self {
            dialog,
            remembers: true,
            ..self
        }
    }

    /// A viewer of whatever `opener_for` opens.
    pub fn with_opener(ctx: &Context, opener_for: OpenerFor) -> Self {
        fonts::install(ctx);
        theme::install(ctx);
        let (reply_to, replies) = channel();
        let (errand_to, errands) = channel();
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
            errands,
            errand_to,
            dialog: Arc::new(|| Chosen::Unavailable("There is no file dialog here.".to_owned())),
            keeper: None,
            remembers: false,
            searches: false,
            has_system_fonts: false,
        }
    }

    /// What is shown.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Applies a command and sets to work what it asks for.
    pub fn perform(&mut self, command: Command) {
        let command = match command {
            // One name for a file, wherever it is said; this asks no disk.
            Command::Open { path, at } => Command::Open {
                path: std::path::absolute(&path).unwrap_or(path),
                at,
            },
            command => command,
        };
        let opened = match &command {
            Command::Received(id, Reply::Opened(facts)) => Some((*id, facts.host.clone())),
            _ => None,
        };
        self.carry_out(command);
        let Some((id, host)) = opened.filter(|_| self.remembers) else {
            return;
        };
        let document = self.state.documents.iter().find(|known| known.id == id);
        if let Some(path) = document.map(|document| document.path.clone()) {
            self.remember(path, host);
        }
    }

    fn carry_out(&mut self, command: Command) {
        for request in apply(&mut self.state, command) {
            match request {
                Request::Open(document, path) => self.open(document, path),
                Request::Copy(text) => self.ctx.copy_text(text),
                Request::Run(errand) => self.run(errand),
                Request::Ask(document, job) => {
                    if let Some(worker) = self.workers.get(&document) {
                        worker.ask(job);
                    }
                }
            }
        }
    }

    fn open(&mut self, document: DocumentId, path: PathBuf) {
        let opener = self.identified(document, path);
        let (replies, wake) = (self.reply_to.clone(), Arc::clone(&self.wake));
        match Worker::start(document, opener, replies, wake) {
            Ok(worker) => {
                if self.searches {
                    worker.look_for_damage();
                }
                self.workers.insert(document, worker);
            }
            Err(error) => {
                let problem = format!("no thread could be started to read it: {error}");
                self.perform(Command::Received(document, Reply::NotOpened(problem)));
            }
        }
    }

    /// Opens a file after it was said which one it is, on the worker's thread.
    fn identified(&self, document: DocumentId, path: PathBuf) -> Opener {
        let opener = (self.opener_for)(path.clone());
        let replies = self.reply_to.clone();
        Box::new(move |told| {
            if let Ok(file) = path.canonicalize() {
                // Nobody listens any more once the window is closed.
                let _closed = replies.send((document, Reply::IsAt(file))).is_err();
            }
            opener(told)
        })
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
        while let Ok(command) = self.errands.try_recv() {
            self.perform(command);
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
        self.remember_now_and_then(ui);
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

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.remember_at_last();
        for (_, worker) in std::mem::take(&mut self.workers) {
            worker.end(LAST);
        }
    }
}
