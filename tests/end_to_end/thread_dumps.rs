//! `afterimage dump`: what the capture holds is what the virtual machine says to its own tool.

mod followed;
mod hooks;
mod safety;
mod throttled;
mod tomcat;
mod triggers;
mod trouble;

use crate::support::clock::wait_for;
use crate::support::command::{Ran, assert_sound};
use crate::support::host::{folder, has, skip};
use crate::support::java::{AGE, Java, machines};
use crate::support::recorder::Recorder;
use afterimage_format::capture::{Capture, StoredDump};
use afterimage_format::kernel_view::{KernelView, ThreadView};
use afterimage_format::thread_dump::DumpStatus;
use afterimage_format::time::WallTime;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// A recorder that may signal what is two seconds old.
struct Recording {
    recorder: Recorder,
    file: PathBuf,
    folder: TempDir,
}

impl Recording {
    fn start(more: &str) -> Self {
        Self::with(&format!("sigquit-after = {AGE:?}\n{more}"))
    }

    fn with(settings: &str) -> Self {
        let folder = folder();
        let file = folder.path().join("host.afterimage");
        let config = folder.path().join("config.toml");
        fs::write(&config, settings).unwrap();
        let mut recorder = Recorder::start(&file, &["--config", config.to_str().unwrap()]);
        recorder.wait_for_tick(1);
        Self {
            recorder,
            file,
            folder,
        }
    }

    fn dump(&self, whom: &str) -> Ran {
        self.recorder.ask(&["dump", whom, "--json"])
    }

    /// Ends the recording; its folder goes with what is returned.
    #[track_caller]
    fn end(self) -> TempDir {
        self.recorder.stop();
        assert_sound(&self.file);
        self.folder
    }

    /// Ends the recording and gives what it holds, with its texts and views.
    #[track_caller]
    fn dumps(self) -> Vec<Dump> {
        self.ended().1
    }

    /// The same with the folder of the capture, for who reads on in it.
    #[track_caller]
    fn ended(self) -> (TempDir, Vec<Dump>) {
        self.recorder.stop();
        assert_sound(&self.file);
        let mut capture = Capture::open(&self.file).unwrap();
        let always = (WallTime(i64::MIN), WallTime(i64::MAX));
        let stored = capture.thread_dumps(always.0, always.1).unwrap();
        let mut dump = |stored: StoredDump| Dump {
            text: capture.dump_text(stored.id).unwrap(),
            views: capture.dump_kernel(stored.id).unwrap(),
            stored,
        };
        (self.folder, stored.into_iter().map(&mut dump).collect())
    }
}

/// A row of the capture.
struct Dump {
    stored: StoredDump,
    text: Option<Vec<u8>>,
    views: (Option<KernelView>, Option<KernelView>),
}

impl Dump {
    fn text(&self) -> &str {
        str::from_utf8(self.text.as_deref().unwrap_or_default()).unwrap()
    }

    fn is(&self, status: DumpStatus, why: &str) -> bool {
        self.stored.facts.status == status && self.stored.facts.detail.contains(why)
    }
}

/// The names of the threads in a dump, those of the virtual machine too. Which of its compilers
/// and collectors are there changes from one moment to the next.
fn names(text: &str) -> BTreeSet<&str> {
    let heads = text.lines().filter_map(|line| line.strip_prefix('"'));
    let names = heads.filter_map(|head| head.split_once("\" ").map(|(name, _)| name));
    let comes_and_goes = [
        "C1 ",
        "C2 ",
        "Attach Listener",
        "Common-Cleaner",
        "process reaper",
    ];
    names
        .filter(|name| !comes_and_goes.iter().any(|known| name.starts_with(known)))
        .collect()
}

/// The thread that the text calls so, as the kernel saw it.
fn thread<'a>(text: &str, view: &'a KernelView, name: &str) -> &'a ThreadView {
    let head = text
        .lines()
        .find(|line| line.starts_with(&format!("\"{name}\"")));
    let (_, rest) = head.unwrap().split_once(" nid=").unwrap();
    let number = rest.split(' ').next().unwrap();
    let number = match number.strip_prefix("0x") {
        Some(hex) => i32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    view.by_nstid(number.unwrap()).unwrap()
}

/// What `jcmd` says of the same process.
fn told_by_jcmd(pid: i64) -> Option<String> {
    let output = Command::new("jcmd")
        .arg(pid.to_string())
        .arg("Thread.print")
        .output();
    let output = output.ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()
}

#[test]
fn each_virtual_machine_says_to_us_what_it_says_to_its_own_tool() {
    let machines = machines();
    if machines.is_empty() {
        return skip("no java: nothing is asked for its threads");
    }
    for machine in machines {
        let Some(java) = Java::start(&machine, &[], &trouble::KINDS) else {
            return skip("no javac: there is no virtual machine to be asked");
        };
        assert_told(&machine, java.ready());
    }
}

fn assert_told(machine: &Path, mut java: Java) {
    let recording = Recording::start("");
    let pid = java.process.pid();
    // Until it is old enough it is refused, and lives on.
    wait_for("it to be old enough", || {
        (recording.dump(&pid.to_string()).code == 0).then_some(())
    });
    trouble::assert_told(&recording, pid);
    let told = told_by_jcmd(pid);
    java.assert_unharmed();
    let dumps = recording.dumps();
    let last = dumps.last().unwrap();
    let whole = dumps.iter().filter(|dump| dump.is(DumpStatus::Ok, ""));
    for dump in whole.clone() {
        let facts = &dump.stored.facts;
        assert_eq!(
            (facts.kind.as_str(), facts.trigger.as_str()),
            ("hotspot", "manual")
        );
        assert!(facts.pause.is_some() && facts.attach.is_some() && facts.vm.is_some());
        assert!(dump.text().contains("\nJNI global ref"), "{}", dump.text());
        assert_trouble(dump);
        let summary = facts.summary.as_ref().expect("it was looked at");
        assert_eq!(
            (summary.blocked, summary.unknown_lines),
            (Some(42), Some(0))
        );
        assert_eq!(summary.deadlocks, Some(3));
    }
    // Only to make it listen it was signalled.
    let signalled: Vec<bool> = whole.map(|dump| dump.stored.facts.signalled).collect();
    let (first, others) = signalled.split_first().unwrap();
    assert!(*first && !others.is_empty() && !others.contains(&true));
    match told {
        Some(told) => assert_eq!(names(last.text()), names(&told)),
        None => skip(&format!("no jcmd for {}: not compared", machine.display())),
    }
}

fn assert_trouble(dump: &Dump) {
    let text = dump.text();
    let blocked = text
        .lines()
        .filter(|line| line.contains("waiting for monitor entry"));
    // 40 of the convoy, two in the deadlock.
    assert_eq!(blocked.count(), 42);
    for found in ["Found 2 deadlocks.", "\"monitor-a\":", "\"lock-b\":"] {
        assert!(text.contains(found), "{found}: {text}");
    }
    let (before, after) = (&dump.views.0, &dump.views.1);
    let [before, after] = [before, after].map(|view| view.as_ref().unwrap());
    let ran = |name: &str| {
        let [now, then] = [after, before].map(|view| thread(text, view, name).run.unwrap());
        now.saturating_sub(then)
    };
    let elapsed = after.at_boot.since(before.at_boot).unwrap();
    assert!(elapsed > Duration::ZERO);
    assert_eq!(ran("convoy-7"), Duration::ZERO);
    let waits = thread(text, after, "convoy-7");
    assert_eq!(waits.state, Some('S'));
    assert!(
        waits.syscall.is_some() && waits.wchan.is_some(),
        "{waits:?}"
    );
}

#[test]
fn a_listening_virtual_machine_is_asked_at_any_age_without_a_signal() {
    if !has("java") {
        return skip("no java");
    }
    let options = ["-XX:+StartAttachListener"];
    let Some(java) = Java::start(Path::new("java"), &options, &["convoy"]) else {
        return skip("no javac: there is no virtual machine to be asked");
    };
    let mut java = java.ready();
    let recording = Recording::start("sigquit = \"never\"\n");
    // There may be others, which do not listen.
    recording.dump("all");
    java.assert_unharmed();
    let pid = java.process.pid();
    let dumps = recording.dumps();
    let mut own = dumps.iter();
    let own = own.find(|dump| i64::from(dump.stored.facts.pid.0) == pid);
    let own = own.expect("all means this one, too");
    assert!(own.is(DumpStatus::Ok, "") && !own.stored.facts.signalled);
    assert!(own.text().contains("\"convoy-39\""));
}
