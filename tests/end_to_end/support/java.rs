//! Java virtual machines for the recorder to ask: those of `PATH`, and what the variable
//! `AFTERIMAGE_TEST_JAVA` names, paths of `java` programs with colons between.

use super::clock::wait_for;
use super::host::{folder, has};
use super::process::Guarded;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use tempfile::TempDir;

/// Its `SIGQUIT` may be used from this age on, where a test says so.
pub(crate) const AGE: &str = "2s";

/// The programs, each once.
pub(crate) fn machines() -> Vec<PathBuf> {
    let named = std::env::var("AFTERIMAGE_TEST_JAVA").unwrap_or_default();
    let named = named.split(':').filter(|path| !path.is_empty());
    let usual = has("java").then(|| PathBuf::from("java"));
    usual.into_iter().chain(named.map(PathBuf::from)).collect()
}

/// Where the classes are; nothing without a compiler.
fn classes() -> Option<&'static Path> {
    static CLASSES: OnceLock<Option<TempDir>> = OnceLock::new();
    let made = CLASSES.get_or_init(|| {
        let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/java");
        let folder = folder();
        let mut compiler = Command::new("javac");
        compiler.args(["--release", "8", "-d"]).arg(folder.path());
        compiler.args(["Victim", "Pile", "Asker"].map(|class| format!("{sources}/{class}.java")));
        let ended = compiler.stderr(Stdio::null()).status();
        // Another user runs it in one of the tests.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(folder.path(), open).expect("it is ours");
        ended.is_ok_and(|ended| ended.success()).then_some(folder)
    });
    made.as_ref().map(TempDir::path)
}

/// A virtual machine with threads in trouble, and what it wrote to its log.
#[derive(Debug)]
pub(crate) struct Java {
    pub(crate) process: Guarded,
    own: TempDir,
}

impl Java {
    /// Starts one with these options and kinds of trouble; nothing where there is no compiler.
    pub(crate) fn start(machine: &Path, options: &[&str], trouble: &[&str]) -> Option<Self> {
        let program: Vec<&str> = [&["Victim"][..], trouble].concat();
        let of = (classes()?, &program[..]);
        Some(Self::start_by(Command::new(machine), options, of))
    }

    /// Starts the server whose requests can be made to pile up.
    pub(crate) fn start_server(machine: &Path) -> Option<Self> {
        let listens = ["-XX:+StartAttachListener"];
        let of = (classes()?, &["Pile"][..]);
        Some(Self::start_by(Command::new(machine), &listens, of))
    }

    /// Starts one with locks whose holders wait for the answer of the server on this port; or of
    /// the one on this path and of a child.
    pub(crate) fn start_asker(server: &str) -> Option<Self> {
        let listens = ["-XX:+StartAttachListener"];
        let of = (classes()?, &["Asker", server][..]);
        Some(Self::start_by(Command::new("java"), &listens, of))
    }

    /// Starts one with a thread that spins, as another user, in namespaces of its own for pids
    /// and mounts, with a `/tmp` of its own.
    pub(crate) fn start_inside(machine: &Path) -> Option<Self> {
        let inside = "mount -t tmpfs none /mnt && mkdir /mnt/classes /mnt/java && \
            mount --bind \"$0\" /mnt/classes && mount --bind \"$1\" /mnt/java && shift && \
            mount -t tmpfs -o mode=1777 none /tmp && cd / && \
            exec setpriv --pdeathsig KILL --reuid 65534 --regid 65534 --clear-groups \"$@\"";
        // One that is only in `PATH` is where the system has it, for every user.
        let home = machine.parent().and_then(Path::parent);
        let (home, program) = match home.filter(|home| home.has_root()) {
            Some(home) => (home, Path::new("/mnt/java/bin/java")),
            None => (Path::new("/usr"), machine),
        };
        let mut command = Command::new("unshare");
        command.args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]);
        command.args(["sh", "-c", inside]).arg(classes()?);
        command.arg(home).arg(program);
        let of = (Path::new("/mnt/classes"), &["Victim", "spin"][..]);
        Some(Self::start_by(command, &[], of))
    }

    /// By a command that ends with the path of `java`.
    fn start_by(
        mut command: Command,
        options: &[&str],
        (classes, program): (&Path, &[&str]),
    ) -> Self {
        let own = folder();
        let log = fs::File::create(own.path().join("log")).expect("the folder is ours");
        let errors = log.try_clone().expect("it can be shared");
        command.args(["-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]);
        command.args(options).arg("-cp").arg(classes);
        command.args(program);
        command.stdin(Stdio::piped()).stdout(log).stderr(errors);
        let process = Guarded::spawn(&mut command);
        Self { process, own }
    }

    /// Waits until its threads are in the trouble that they were started for.
    #[track_caller]
    pub(crate) fn ready(mut self) -> Self {
        wait_for("the virtual machine to be ready", || {
            assert!(self.process.is_running(), "it has ended: {}", self.log());
            self.log().contains("ready").then_some(())
        });
        self
    }

    /// Everything it wrote: a dump that went astray would be here.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.own.path().join("log")).expect("it is text")
    }

    /// Runs still, and has written nothing but what its program says.
    #[track_caller]
    pub(crate) fn assert_unharmed(&mut self) {
        assert!(self.process.is_running(), "it has ended: {}", self.log());
        assert!(!self.log().contains("Full thread dump"), "{}", self.log());
    }
}
