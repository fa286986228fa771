//! The control socket: `afterimage status` and `mark` talk to the running recorder through it.
//!
//! One line in, one answer out, in JSON. Only the same user and root are answered.

use crate::clock;
use crate::record::Settings;
use crate::status::Shared;
use crate::store::Message;
use afterimage_format::capture::writer::Record;
use afterimage_format::facts::Event;
use anyhow::{Context as _, bail};
use rustix::net::sockopt::socket_peercred;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

/// A client that says nothing is not waited for.
const PATIENCE: Duration = Duration::from_secs(2);
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
        queue: &SyncSender<Message>,
    ) -> anyhow::Result<Self> {
        let path = settings.socket.clone().unwrap_or_else(default_path);
        if path == default_path()
            && let Some(folder) = path.parent()
        {
            // As a service it is there already; by hand, root's is made here.
            drop(fs::DirBuilder::new().create(folder));
        }
        if UnixStream::connect(&path).is_ok() {
            bail!(
                "another recorder listens on {}: give this one its own with --socket",
                path.display()
            );
        }
        // What nobody listens on was left by a recorder that was killed.
        if fs::symlink_metadata(&path)
            .is_ok_and(|data| std::os::unix::fs::FileTypeExt::is_socket(&data.file_type()))
        {
            fs::remove_file(&path)
                .with_context(|| format!("cannot remove the old socket {}", path.display()))?;
        }
        let listener = UnixListener::bind(&path)
            .with_context(|| format!("cannot listen on {}", path.display()))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        let (shared, queue) = (Arc::clone(shared), queue.clone());
        let facts = json!({
            "file": settings.output,
            "pid": std::process::id(),
            "interval_seconds": settings.interval.as_secs_f64(),
        });
        let thread = std::thread::Builder::new().name("control".to_owned());
        thread.spawn(move || {
            for client in listener.incoming().flatten() {
                // Whatever goes wrong with one client is that client's problem.
                drop(answer(client, &facts, &shared, &queue));
            }
        })?;
        Ok(Self { path })
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.path));
    }
}

fn answer(
    mut client: UnixStream,
    facts: &Value,
    shared: &Shared,
    queue: &SyncSender<Message>,
) -> anyhow::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    client.set_write_timeout(Some(PATIENCE))?;
    let peer = socket_peercred(&client)?.uid;
    if !peer.is_root() && peer != rustix::process::geteuid() {
        bail!("uid {} may not talk to this recorder", peer.as_raw());
    }
    let mut line = String::new();
    BufReader::new((&client).take(MOST_BYTES)).read_line(&mut line)?;
    let (verb, rest) = line
        .trim_end()
        .split_once(' ')
        .unwrap_or((line.trim_end(), ""));
    let reply = match verb {
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
    reply["ticks"] = json!(status.ticks);
    reply["missed"] = json!(status.missed);
    reply["last_tick_cpu_ms"] = json!(status.cost.as_secs_f64() * 1e3);
    reply["data_bytes"] = json!(status.data_bytes);
    reply["not_on_disk_ticks"] = json!(status.backlog.saturating_sub(1));
    reply["shed"] = json!(status.shed.names().collect::<Vec<_>>());
    reply["trouble"] = json!(status.trouble);
    let not_visible = status
        .not_visible()
        .map(|(name, why)| format!("{name}: {why}"));
    reply["not_visible"] = json!(not_visible.collect::<Vec<_>>());
    reply
}

/// Asks a running recorder, as the commands do.
pub(crate) fn ask(socket: &Path, request: &str) -> anyhow::Result<Value> {
    let none = || {
        format!(
            "no recorder listens on {}: is one running, as this user? (--socket says where)",
            socket.display()
        )
    };
    let mut stream = UnixStream::connect(socket).with_context(none)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    writeln!(stream, "{}", request.replace('\n', " "))?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).with_context(none)?;
    let reply: Value = serde_json::from_str(&reply)
        .context("the recorder's answer is no JSON: is it another version?")?;
    match reply.get("error").and_then(Value::as_str) {
        Some(error) => bail!("{error}"),
        None => Ok(reply),
    }
}
