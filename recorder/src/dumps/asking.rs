//! Has a helper ask a virtual machine, and listens to it for as long as it may take.
//!
//! A virtual machine that hangs answers late, and what it says then is evidence: so after ten
//! seconds somebody is told, and the answer is waited for all the same. To ask again would only
//! make it answer twice.

use super::helper::Request;
use super::words::{Word, YES};
use crate::clock;
use afterimage_format::thread_dump::{DumpStatus, MOST_TEXT};
use afterimage_format::time::MonotonicTime;
use anyhow::Context as _;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use rustix::time::Timespec;
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The first word of the answer comes within this, or the dump is late.
const LATE: Duration = Duration::from_secs(10);
/// Then it is waited for no longer than this.
const MOST: Duration = Duration::from_mins(5);
/// What is killed goes within this, or is left behind.
const GOES_WITHIN: Duration = Duration::from_secs(1);
/// What every text of a HotSpot virtual machine has near its end.
const NEAR_THE_END: &[u8] = b"\nJNI global ref";

/// How the asking went.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: DumpStatus,
    pub(super) detail: String,
    pub(super) arguments: String,
    pub(super) signalled: bool,
    pub(super) attach: Option<Duration>,
    pub(super) pause: Option<Duration>,
    /// CPU time of the helper.
    pub(super) cpu: Duration,
    pub(super) text: Option<Vec<u8>>,
}

impl Default for Answer {
    /// Until something is heard nothing has come of it.
    fn default() -> Self {
        Self {
            status: DumpStatus::Failed,
            detail: String::new(),
            arguments: String::new(),
            signalled: false,
            attach: None,
            pause: None,
            cpu: Duration::ZERO,
            text: None,
        }
    }
}

/// What the helper wants to know, and what there is to be told.
pub(super) struct Listener<'a> {
    /// Whether the process may be signalled now; else why not.
    pub(super) may_signal: &'a mut dyn FnMut() -> Result<(), String>,
    /// It is late.
    pub(super) is_late: &'a mut dyn FnMut(),
}

/// Asks, and waits for the answer or its deadline.
pub(super) fn ask(request: Request, listener: Listener<'_>) -> Answer {
    let mut asking = Asking {
        began: clock::now().monotonic,
        listener,
        heard: Vec::new(),
        was_late: false,
        no: None,
        answer: Answer::default(),
    };
    match start(request) {
        Ok(mut helper) => {
            if let Err(error) = asking.listen(&mut helper) {
                asking.answer.detail = format!("the helper process broke off: {error}");
            }
            end(&mut helper);
        }
        Err(error) => asking.answer.detail = format!("{error:#}"),
    }
    asking.finished()
}

/// The recorder's own program once more.
fn start(request: Request) -> anyhow::Result<Child> {
    let feature = request
        .feature
        .map_or_else(String::new, |version| version.to_string());
    Command::new("/proc/self/exe")
        .arg("thread-dump-helper")
        .arg(request.key.pid.0.to_string())
        .arg(request.key.started.0.to_string())
        .arg(feature)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("the helper process cannot be started")
}

/// It goes at once; one that the kernel does not let go is left behind.
fn end(helper: &mut Child) {
    drop(helper.kill());
    // Until it is waited for the number is its own.
    let number = i32::try_from(helper.id()).ok().and_then(Pid::from_raw);
    let held = number.map(|number| pidfd_open(number, PidfdFlags::empty()));
    if let Some(Ok(held)) = held {
        let mut files = [PollFd::from_borrowed_fd(held.as_fd(), PollFlags::IN)];
        // However that ends, it is looked for.
        poll(&mut files, Some(&timespec(GOES_WITHIN))).unwrap_or_default();
    }
    drop(helper.try_wait());
}

fn timespec(time: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(time.as_secs()).unwrap_or(0),
        tv_nsec: i64::from(time.subsec_nanos()),
    }
}

struct Asking<'a> {
    began: MonotonicTime,
    listener: Listener<'a>,
    heard: Vec<u8>,
    was_late: bool,
    /// Why it was not signalled.
    no: Option<String>,
    answer: Answer,
}

impl Asking<'_> {
    fn listen(&mut self, helper: &mut Child) -> io::Result<()> {
        let broken = || io::Error::from(io::ErrorKind::BrokenPipe);
        let mut stdin = helper.stdin.take().ok_or_else(broken)?;
        let mut stdout = helper.stdout.take().ok_or_else(broken)?;
        let mut piece = vec![0; 64 << 10];
        loop {
            while let Some(word) = Word::take(&mut self.heard)? {
                if word == Word::MayISignal {
                    let answer = match (self.listener.may_signal)() {
                        Ok(()) => YES,
                        Err(why) => {
                            self.no = Some(why);
                            b'n'
                        }
                    };
                    stdin.write_all(&[answer])?;
                } else if self.hear(word) {
                    return Ok(());
                }
            }
            if !self.wait(&stdout)? {
                self.answer.status = DumpStatus::Timeout;
                self.answer.detail =
                    format!("it did not answer within {} minutes", MOST.as_secs() / 60);
                return Ok(());
            }
            let read = stdout.read(&mut piece)?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.heard.extend_from_slice(&piece[..read]);
        }
    }

    /// Waits until there is something to be read, and says whether there is.
    fn wait(&mut self, stdout: &std::process::ChildStdout) -> io::Result<bool> {
        loop {
            let passed = clock::now().monotonic.since(self.began).unwrap_or_default();
            let is_late = self.answer.text.is_none() && passed >= LATE;
            if is_late && !std::mem::replace(&mut self.was_late, true) {
                (self.listener.is_late)();
            }
            let until = if self.was_late || self.answer.text.is_some() {
                MOST
            } else {
                LATE
            };
            let left = until.saturating_sub(passed);
            if left.is_zero() {
                return Ok(false);
            }
            let mut files = [PollFd::from_borrowed_fd(stdout.as_fd(), PollFlags::IN)];
            match poll(&mut files, Some(&timespec(left))) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => return Ok(true),
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    /// Takes a word, and says whether it was the last.
    fn hear(&mut self, word: Word) -> bool {
        let answer = &mut self.answer;
        match word {
            Word::MayISignal => {}
            Word::Signalled => answer.signalled = true,
            Word::Connected(after) => answer.attach = Some(after),
            Word::Arguments(arguments) => answer.arguments = arguments,
            Word::Pause(pause) => answer.pause = Some(pause),
            Word::Cpu(cpu) => answer.cpu = cpu,
            Word::Text(piece) => {
                let text = answer.text.get_or_insert_default();
                let room = MOST_TEXT - text.len();
                text.extend_from_slice(&piece[..piece.len().min(room)]);
            }
            Word::Refused(why) => {
                answer.status = DumpStatus::Refused;
                answer.detail = self.no.take().unwrap_or(why);
                return true;
            }
            Word::Failed(why) => {
                answer.detail = why;
                return true;
            }
            Word::End => {
                answer.status = DumpStatus::Ok;
                return true;
            }
        }
        false
    }

    fn finished(mut self) -> Answer {
        let answer = &mut self.answer;
        let text = answer.text.as_deref().unwrap_or_default();
        let is_whole = ends_with(text, NEAR_THE_END) && text.len() < MOST_TEXT;
        match answer.status {
            DumpStatus::Ok if text.is_empty() => {
                answer.status = DumpStatus::Failed;
                "its answer is empty".clone_into(&mut answer.detail);
            }
            DumpStatus::Ok if !is_whole => {
                answer.status = DumpStatus::Truncated;
                "the end of its answer is missing".clone_into(&mut answer.detail);
            }
            DumpStatus::Ok if self.was_late => answer.status = DumpStatus::Late,
            // What came before it broke off is worth having.
            DumpStatus::Failed | DumpStatus::Timeout if !text.is_empty() => {
                answer.status = DumpStatus::Truncated;
            }
            _ => {}
        }
        if self.was_late && answer.detail.is_empty() {
            answer.detail = format!("it took longer than {} s to answer", LATE.as_secs());
        }
        self.answer
    }
}

/// Whether this is in the text: it is looked for from its end.
fn ends_with(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).rev().any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of an answer that consists of these words.
    fn heard(words: &[Word], was_late: bool) -> Answer {
        let (mut may_signal, mut is_late) = (|| Ok(()), || {});
        let mut asking = Asking {
            began: clock::now().monotonic,
            listener: Listener {
                may_signal: &mut may_signal,
                is_late: &mut is_late,
            },
            heard: Vec::new(),
            was_late,
            no: None,
            answer: Answer::default(),
        };
        for word in words {
            asking.hear(word.clone());
        }
        asking.finished()
    }

    #[test]
    fn the_status_says_what_became_of_it() {
        let whole = Word::Text(b"Full thread dump\nJNI global refs: 5\n".to_vec());
        let half = Word::Text(b"Full thread dump\n\"a".to_vec());
        let status = |words: &[Word], was_late| heard(words, was_late).status;
        assert_eq!(status(&[whole.clone(), Word::End], false), DumpStatus::Ok);
        assert_eq!(status(&[whole, Word::End], true), DumpStatus::Late);
        assert_eq!(
            status(&[half.clone(), Word::End], false),
            DumpStatus::Truncated
        );
        let broken = Word::Failed("gone".to_owned());
        assert_eq!(
            status(&[half, broken.clone()], false),
            DumpStatus::Truncated
        );
        assert_eq!(status(&[broken], false), DumpStatus::Failed);
        assert_eq!(status(&[Word::End], false), DumpStatus::Failed);
        let refused = heard(&[Word::Refused("no".to_owned())], false);
        assert_eq!(
            (refused.status, refused.detail.as_str()),
            (DumpStatus::Refused, "no")
        );
    }

    #[test]
    fn no_more_is_kept_than_a_text_may_have() {
        let piece = Word::Text(vec![b'x'; MOST_TEXT / 2 + 1]);
        let answer = heard(&[piece.clone(), piece, Word::End], false);
        assert_eq!(answer.text.unwrap().len(), MOST_TEXT);
        assert_eq!(answer.status, DumpStatus::Truncated);
    }
}
