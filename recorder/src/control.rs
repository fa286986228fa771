//! The control socket: `afterimage status`, `mark` and `dump` talk to the running recorder through it.
//!
//! One line in, one answer out, in JSON; of dumps a line for each, as they are done. Only the same user and root are answered.

use crate::backlog::Message;
use crate::clock;
use crate::command::output::exact;
use crate::dumps::{Asker, Whom};
use crate::patience::answer_in_time;
use crate::record::Settings;
use crate::status::Shared;
use afterimage_format::capture::writer::Record;
use afterimage_format::facts::Event;
use afterimage_format::process::Pid;
use anyhow::{Context as _, bail};
use rustix::fs::{Mode, fchmod};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, socket_with};
use serde_json::{Value, json};
use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

/// A client that says nothing is not waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// Clients that wait to be listened to.
const MOST_WAITING: i32 = 64;
/// No request is longer.
const MOST_BYTES: u64 = 8192;

/// The socket of a running recorder; its file goes when this does.
#[derive(Debug)]
pub(crate) struct Control {
    path: PathBuf,
}

/// Where the socket is unless told otherwise.
pub(crate) fn default_path() -> PathBuf {
    let uid = rustix::process::geteuid();
    if uid.is_root() {
        return PathBuf::from("/run/afterimage/control");
    }
    match std::env::var_os("XDG_RUNTIME_DIR") {
        Some(folder) if !folder.is_empty() => Path::new(&folder).join("afterimage.sock"),
        _ => PathBuf::from(format!("/tmp/afterimage-{}.sock", uid.as_raw())),
    }
}

impl Control {
    pub(crate) fn start(
        settings: &Settings,
        shared: &Arc<Shared>,
        (queue, asker): (&SyncSender<Message>, Asker),
    ) -> anyhow::Result<Self> {
        let mut path = settings.socket.clone().unwrap_or_else(default_path);
        if settings.socket.is_none()
            && let Some(folder) = path.parent()
        {
            // As a service it is there already; by hand, root's is made here.
            drop(fs::DirBuilder::new().create(folder));
        }
        if UnixStream::connect(&path).is_ok() {
            if settings.socket.is_some() {
                bail!("another recorder listens on {}", path.display());
            }
            path = own_path(&path);
        }
        // What nobody listens on was left by a recorder that was killed.
        if fs::symlink_metadata(&path)
            .is_ok_and(|data| std::os::unix::fs::FileTypeExt::is_socket(&data.file_type()))
        {
            fs::remove_file(&path)
                .with_context(|| format!("cannot remove the old socket {}", path.display()))?;
        }
        let listener =
            listen(&path).with_context(|| format!("cannot listen on {}", path.display()))?;
        let (shared, queue) = (Arc::clone(shared), queue.clone());
        // Absolute: whoever asks is elsewhere.
        let output = settings.output.clone();
        let file = answer_in_time(move || fs::canonicalize(output).ok());
        let file = file.flatten().unwrap_or_else(|| settings.output.clone());
        let facts = json!({
            "file": in_json(&file),
            "pid": std::process::id(),
            "interval_seconds": settings.interval.as_secs_f64(),
        });
        let thread = std::thread::Builder::new().name("control".to_owned());
        thread.spawn(move || {
            for client in listener.incoming().flatten() {
                // Whatever goes wrong with one client is that client's problem.
                drop(answer(client, &facts, &shared, (&queue, &asker)));
            }
        })?;
        Ok(Self { path })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.path));
    }
}

/// Only root and this user may connect: that is so before there is a name to connect to.
fn listen(path: &Path) -> io::Result<UnixListener> {
    let (family, kind) = (AddressFamily::UNIX, SocketType::STREAM);
    let socket = socket_with(family, kind, SocketFlags::CLOEXEC, None)?;
    fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
    bind(&socket, &SocketAddrUnix::new(path)?)?;
    rustix::net::listen(&socket, MOST_WAITING)?;
    Ok(socket.into())
}

fn answer(
    mut client: UnixStream,
    facts: &Value,
    shared: &Shared,
    (queue, asker): (&SyncSender<Message>, &Asker),
) -> anyhow::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    client.set_write_timeout(Some(PATIENCE))?;
    let mut line = String::new();
    BufReader::new((&client).take(MOST_BYTES)).read_line(&mut line)?;
    let (verb, rest) = line
        .trim_end()
        .split_once(' ')
        .unwrap_or((line.trim_end(), ""));
    let reply = match verb {
        "dump" => match whom(rest) {
            Some(whom) => {
                asker.ask(whom, client);
                return Ok(());
            }
            None => json!({ "error": format!("{rest:?} is neither a pid nor `all`") }),
        },
        "status" => status(facts, shared),
        "mark" if !rest.is_empty() => {
            let event = Event {
                wall: clock::now().wall,
                kind: "mark".to_owned(),
                text: rest.to_owned(),
            };
            let sent = queue.try_send(Message::Records(vec![Record::Event(event)]));
            match sent {
                Ok(()) => json!({ "marked": rest }),
                Err(_full) => json!({ "error": "the writer is busy: try again" }),
            }
        }
        other => json!({ "error": format!("this recorder does not know {other:?}") }),
    };
    Ok(writeln!(client, "{reply}")?)
}

fn status(facts: &Value, shared: &Shared) -> Value {
    let status = shared.status();
    let mut reply = facts.clone();
    if let Some(file) = &status.file {
        reply["file"] = json!(in_json(file));
    }
    reply["ticks"] = json!(status.ticks);
    reply["missed"] = json!(status.missed);
    reply["last_tick_cpu_ms"] = json!(status.cost.as_secs_f64() * 1e3);
    reply["data_bytes"] = json!(status.data_bytes);
    reply["not_on_disk_ticks"] = json!(status.backlog);
    reply["without_processes_ticks"] = json!(status.thinned);
    reply["lost_ticks"] = json!(status.lost);
    reply["threads_ended"] = json!(status.threads_ended);
    let dumps = status.dumps;
    reply["thread_dumps"] = json!({
        "on": dumps.is_on,
        "virtual_machines": dumps.machines,
        "taken": dumps.taken,
        "refused": dumps.refused,
        "failed": dumps.failed,
    });
    reply["shed"] = json!(status.shed.names().collect::<Vec<_>>());
    reply["trouble"] = json!(status.trouble);
    let not_visible = status
        .not_visible()
        .map(|(name, why)| format!("{name}: {why}"));
    reply["not_visible"] = json!(not_visible.collect::<Vec<_>>());
    reply
}

/// The name of a file, which need not be UTF-8 as JSON is.
fn in_json(path: &Path) -> String {
    exact(path.as_os_str().as_encoded_bytes())
}

fn whom(text: &str) -> Option<Whom> {
    if text == "all" {
        return Some(Whom::All);
    }
    let pid = text.parse().ok().filter(|pid| *pid > 0)?;
    Some(Whom::One(Pid(pid)))
}

/// Beside the usual socket, which another recorder has: with the pid.
fn own_path(usual: &Path) -> PathBuf {
    let mut path = usual.as_os_str().to_owned();
    path.push(format!(".{}", std::process::id()));
    path.into()
}

/// The recorder that is meant: the one that records into `file`, or the one there is.
pub(crate) fn find(file: Option<&Path>) -> anyhow::Result<PathBuf> {
    let usual = default_path();
    let answers = |socket: &PathBuf| {
        let reply = ask(socket, "status").ok()?;
        let name = reply.get("file")?.as_str()?.to_owned();
        Some((socket.clone(), name))
    };
    let recorders: Vec<_> = sockets(&usual).iter().filter_map(answers).collect();
    if let Some(file) = file {
        let wanted = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
        let wanted = in_json(&wanted);
        let found = recorders.into_iter().find(|(_, name)| *name == wanted);
        let (socket, _) = found
            .with_context(|| format!("no recorder of yours records into {}", file.display()))?;
        return Ok(socket);
    }
    match &recorders[..] {
        [] => Ok(usual),
        [(socket, _)] => Ok(socket.clone()),
        several => {
            let names = several.iter().map(|(_, name)| name.as_str());
            let names = names.collect::<Vec<_>>().join(", ");
            bail!("several recorders run: say with --output which one is meant ({names})")
        }
    }
}

/// The usual socket, and those of recorders that found it taken.
fn sockets(usual: &Path) -> Vec<PathBuf> {
    let prefix = usual.file_name().map(|name| {
        let mut name = name.to_string_lossy().into_owned();
        name.push('.');
        name
    });
    let folder = usual.parent().unwrap_or(Path::new("."));
    let others = fs::read_dir(folder).into_iter().flatten().flatten();
    let others = others.map(|entry| entry.path()).filter(|path| {
        let name = path.file_name().map(|name| name.to_string_lossy());
        let after = name.as_deref().zip(prefix.as_deref());
        let after = after.and_then(|(name, prefix)| name.strip_prefix(prefix));
        after.is_some_and(|pid| pid.parse::<u32>().is_ok())
    });
    [usual.to_owned()].into_iter().chain(others).collect()
}

/// Asks a running recorder, as the commands do.
pub(crate) fn ask(socket: &Path, request: &str) -> anyhow::Result<Value> {
    let mut stream = connect(socket, request)?;
    let mut reply = String::new();
    let read = stream.read_to_string(&mut reply);
    read.with_context(|| {
        format!(
            "the recorder that listens on {} does not answer",
            socket.display()
        )
    })?;
    answered(&reply)
}

/// The same for an answer of several lines, each as it comes; the last one ends it.
pub(crate) fn ask_for_lines(
    socket: &Path,
    request: &str,
    patience: Duration,
    mut each: impl FnMut(Value) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let stream = connect(socket, request)?;
    stream.set_read_timeout(Some(patience))?;
    for line in BufReader::new(stream).lines() {
        let line = line.context("the recorder does not say how it went")?;
        each(answered(&line)?)?;
    }
    Ok(())
}

fn connect(socket: &Path, request: &str) -> anyhow::Result<UnixStream> {
    let none = || {
        format!(
            "no recorder listens on {}: is one running, as this user? (--socket says where)",
            socket.display()
        )
    };
    // In a directory that everybody may write to, anybody may have made the socket. (Who listens,
    // the kernel cannot say of a recorder in another PID namespace; who made it, it can.)
    let (own, owner) = (
        rustix::process::geteuid().as_raw(),
        fs::symlink_metadata(socket).with_context(none)?.uid(),
    );
    if own != 0 && owner != 0 && owner != own {
        bail!("uid {owner} listens on {}, and not you", socket.display());
    }
    let mut stream = UnixStream::connect(socket).with_context(none)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    writeln!(stream, "{}", request.replace('\n', " "))?;
    Ok(stream)
}

fn answered(reply: &str) -> anyhow::Result<Value> {
    let reply: Value = serde_json::from_str(reply)
        .context("the recorder's answer is no JSON: is it another version?")?;
    match reply.get("error").and_then(Value::as_str) {
        Some(error) => bail!("{error}"),
        None => Ok(reply),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_socket_and_those_beside_it_are_looked_at_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let usual = folder.path().join("control");
        for name in ["control", "control.17", "control.old", "other.18"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let found = sockets(&usual);
        assert_eq!(found, [usual.clone(), folder.path().join("control.17")]);
        assert!(sockets(&own_path(&usual)).contains(&own_path(&usual)));
    }
}
