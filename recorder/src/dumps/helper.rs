//! Asks one HotSpot virtual machine for its threads, by the attach protocol, in a process of its
//! own: where the file system of a container hangs, or the recorder must become somebody else,
//! nothing but this process is concerned, and killing it does no harm to the virtual machine.
//!
//! The recorder starts it, hears what it says on standard output (`words.rs`), answers its one
//! question, and ends it when its time is over. It becomes the user and the group of the virtual
//! machine, which is whom every version answers, and touches nothing but the socket and the file
//! that asks for it, both in the `/tmp` that the virtual machine sees.

mod talk;

use super::life::{self, Life};
use super::nature::{Hsperf, tmp_of};
use super::safety;
use super::words::{Word, is_yes};
use crate::clock;
use afterimage_format::process::{Pid, ProcessKey};
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, openat, statat, unlinkat};
use rustix::io::Errno;
use rustix::process::{
    Gid, PidfdFlags, Signal, Uid, fchdir, getegid, geteuid, pidfd_open, pidfd_send_signal,
    set_parent_process_death_signal,
};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

/// How long a socket may take to appear after the signal.
const LISTENS_WITHIN: Duration = Duration::from_secs(6);
/// It is looked for so often: first, and later.
const LOOK_EVERY: [Duration; 2] = [Duration::from_millis(5), Duration::from_millis(20)];
/// How long others may keep its queue of connections full.
const CONNECTS_WITHIN: Duration = Duration::from_secs(1);
/// What is said to the recorder at a time.
const PIECE: usize = 64 << 10;
/// Letters in the argument ask for more from this version on; before, only `-l` is understood.
const EXTENDED_FROM: u32 = 11;

/// Whom to ask.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request {
    pub(crate) key: ProcessKey,
    /// Its version, where that is known.
    pub(crate) feature: Option<u32>,
}

/// Why there is no answer.
#[derive(Debug)]
enum Stop {
    Refused(String),
    Failed(String),
    /// Nobody listens to the helper any more.
    Alone,
}

impl From<io::Error> for Stop {
    fn from(_error: io::Error) -> Self {
        Self::Alone
    }
}

/// Fails with what was being done.
fn failed(doing: &str) -> impl FnOnce(Errno) -> Stop {
    move |errno| Stop::Failed(format!("{doing}: {errno}"))
}

/// Asks, says how it went, and ends.
pub(crate) fn run(request: Request) -> ExitCode {
    let mut out = io::stdout().lock();
    let ended = ask(request, &mut out);
    let last = match ended {
        Ok(()) => Word::End,
        Err(Stop::Refused(why)) => Word::Refused(why),
        Err(Stop::Failed(why)) => Word::Failed(why),
        Err(Stop::Alone) => return ExitCode::FAILURE,
    };
    let said = Word::Cpu(clock::own_cpu())
        .write(&mut out)
        .and_then(|()| last.write(&mut out));
    ExitCode::from(u8::from(said.is_err()))
}

fn ask(request: Request, out: &mut impl Write) -> Result<(), Stop> {
    let began = clock::now().monotonic;
    let pid = request.key.pid;
    let life = same_life(request.key)?;
    let process = rustix::process::Pid::from_raw(pid.0);
    let process = process.ok_or_else(|| Stop::Failed("there is no such pid".to_owned()))?;
    let process = pidfd_open(process, PidfdFlags::empty()).map_err(failed("it cannot be held"))?;
    // From here on the pid is the process's own, or the key would differ.
    same_life(request.key)?;
    let tmp = tmp_of(pid).map_err(|errno| match errno {
        Errno::ACCESS | Errno::PERM => not_ours(&life),
        errno => Stop::Failed(format!("its /tmp cannot be opened: {errno}")),
    })?;
    let cwd = cwd_of(pid);
    let hsperf = Hsperf::open(pid, life.uid, life.nspid);
    become_owner(&life)?;
    end_with_the_recorder();
    fchdir(&tmp).map_err(failed("its /tmp cannot be entered"))?;
    let machine = Machine {
        key: request.key,
        life,
        process,
        tmp,
        cwd,
    };
    if !machine.listens() {
        machine.make_listen(out)?;
    }
    let options = machine.options()?;
    let after = clock::now().monotonic.since(began).unwrap_or_default();
    Word::Connected(after).write(out)?;
    let command = if options
        .split_whitespace()
        .any(|option| option == "streaming")
    {
        "threaddump streaming=0"
    } else {
        "threaddump"
    };
    let is_extended = request
        .feature
        .is_some_and(|version| version >= EXTENDED_FROM);
    let argument = if is_extended { "-e" } else { "" };
    Word::Arguments(format!("{command} {argument}").trim_end().to_owned()).write(out)?;
    let stood_still = || hsperf.as_ref().and_then(Hsperf::safepoint_time);
    let before = stood_still();
    machine.dump((command, argument), out)?;
    if let Some((before, after)) = before.zip(stood_still()) {
        Word::Pause(after.saturating_sub(before)).write(out)?;
    }
    Ok(())
}

/// The process, if it is still the one that was meant.
fn same_life(key: ProcessKey) -> Result<Life, Stop> {
    life::look(key.pid)
        .filter(|life| life.key == key && !matches!(life.state, b'Z' | b'X'))
        .ok_or_else(|| Stop::Failed("it has ended".to_owned()))
}

/// Its working directory, which may be gone or hidden.
fn cwd_of(pid: Pid) -> Option<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    openat(CWD, format!("/proc/{}/cwd", pid.0), flags, Mode::empty()).ok()
}

fn not_ours(life: &Life) -> Stop {
    Stop::Refused(format!(
        "it belongs to uid {} and gid {}, and the recorder runs as {} and {}: only root and the \
         same user and group may ask",
        life.uid,
        life.gid,
        geteuid().as_raw(),
        getegid().as_raw()
    ))
}

/// Gives up being root for being whom the virtual machine belongs to.
fn become_owner(life: &Life) -> Result<(), Stop> {
    let (uid, gid) = (Uid::from_raw(life.uid), Gid::from_raw(life.gid));
    if (geteuid(), getegid()) == (uid, gid) {
        return Ok(());
    }
    if !geteuid().is_root() {
        return Err(not_ours(life));
    }
    let became = set_thread_groups(&[])
        .and_then(|()| set_thread_res_gid(gid, gid, gid))
        .and_then(|()| set_thread_res_uid(uid, uid, uid));
    became.map_err(|errno| {
        Stop::Refused(format!(
            "the recorder may not become uid {} and gid {} (CAP_SETUID, CAP_SETGID): {errno}",
            life.uid, life.gid
        ))
    })
}

/// A recorder that is killed leaves no helper behind.
fn end_with_the_recorder() {
    // It is forgotten when the user changes. Where it cannot be had, the pipe breaks in the end.
    set_parent_process_death_signal(Some(Signal::KILL)).unwrap_or_default();
}

/// A virtual machine that may be asked.
struct Machine {
    key: ProcessKey,
    life: Life,
    process: OwnedFd,
    tmp: OwnedFd,
    cwd: Option<OwnedFd>,
}

impl Machine {
    fn socket_name(&self) -> String {
        format!(".java_pid{}", self.life.nspid)
    }

    /// Whether its socket is there, and its own.
    fn listens(&self) -> bool {
        let found = statat(&self.tmp, self.socket_name(), AtFlags::SYMLINK_NOFOLLOW);
        found.is_ok_and(|found| {
            found.st_uid == self.life.uid && found.st_mode & 0o170_000 == 0o140_000
        })
    }

    /// Sends SIGQUIT beside the file that says what it is meant for, and waits for the socket.
    fn make_listen(&self, out: &mut impl Write) -> Result<(), Stop> {
        Word::MayISignal.write(out)?;
        if !is_yes(io::stdin()) {
            return Err(Stop::Refused("not signalled".to_owned()));
        }
        let trigger = self.create_trigger()?;
        let listens = self.signal(out).and_then(|()| self.wait());
        if let Some((folder, name)) = trigger {
            unlinkat(folder, name, AtFlags::empty()).unwrap_or_default();
        }
        listens
    }

    /// The file beside which SIGQUIT asks for a socket and not for a dump on standard output. Of
    /// one that somebody else has just made, theirs is as good, and it is theirs to remove.
    fn create_trigger(&self) -> Result<Option<(&OwnedFd, String)>, Stop> {
        let name = format!(".attach_pid{}", self.life.nspid);
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        let mut why = Errno::NOENT;
        for folder in [Some(&self.tmp), self.cwd.as_ref()].into_iter().flatten() {
            match openat(folder, &name, flags | OFlags::NOFOLLOW, mode) {
                Ok(_) => return Ok(Some((folder, name))),
                Err(Errno::EXIST) => {
                    let found = statat(folder, &name, AtFlags::SYMLINK_NOFOLLOW);
                    if found.is_ok_and(|found| found.st_uid == self.life.uid) {
                        return Ok(None);
                    }
                    why = Errno::EXIST;
                }
                Err(errno) => why = errno,
            }
        }
        Err(Stop::Refused(format!(
            "not signalled: {name} cannot be made in its /tmp, nor in its working directory: {why}"
        )))
    }

    fn signal(&self, out: &mut impl Write) -> Result<(), Stop> {
        let life = same_life(self.key)?;
        let is_frozen = life::is_frozen(life.key.pid);
        if let Some(why) = safety::why_not_now(&life, is_frozen) {
            return Err(Stop::Refused(format!("not signalled: {why}")));
        }
        pidfd_send_signal(&self.process, Signal::QUIT).map_err(failed("it cannot be signalled"))?;
        Word::Signalled.write(out)?;
        Ok(())
    }

    fn wait(&self) -> Result<(), Stop> {
        let began = clock::now().monotonic;
        let [mut every, later] = LOOK_EVERY;
        loop {
            if self.listens() {
                return Ok(());
            }
            same_life(self.key)?;
            let passed = clock::now().monotonic.since(began).unwrap_or_default();
            if passed > LISTENS_WITHIN {
                return Err(Stop::Failed(format!(
                    "it was signalled and does not listen after {} s; it will not be signalled again",
                    LISTENS_WITHIN.as_secs()
                )));
            }
            std::thread::sleep(every);
            if passed > later {
                every = later;
            }
        }
    }
}
