//! A file system that never answers: whoever looks into it waits until he is killed.

use super::host::{has, is_root, skip};
use super::process::Guarded;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Takes the place of a FUSE daemon, and says nothing to the kernel, not even which version of
/// the protocol it speaks. It ends with its standard input.
const DAEMON: &str = r#"
import ctypes, os, sys
point = sys.argv[1]
fd = os.open("/dev/fuse", os.O_RDWR)
kind = "040000" if os.path.isdir(point) else "100000"
options = f"fd={fd},rootmode={kind},user_id=0,group_id=0,allow_other"
libc = ctypes.CDLL(None, use_errno=True)
if libc.mount(b"hung", os.fsencode(point), b"fuse", 0, options.encode()):
    sys.exit(os.strerror(ctypes.get_errno()))
print("ready", flush=True)
sys.stdin.read()
"#;

/// Unmounted when this goes; who waited gets an error then.
#[derive(Debug)]
pub(crate) struct HungMount {
    point: PathBuf,
    daemon: Guarded,
}

impl HungMount {
    /// Over a folder or a file. Where there can be none it says why.
    pub(crate) fn over(point: &Path) -> Option<Self> {
        if !is_root() || !has("python3") || !Path::new("/dev/fuse").exists() {
            skip("a mount that never answers takes root, python3 and /dev/fuse");
            return None;
        }
        let mut command = Command::new("python3");
        command.args(["-c", DAEMON]).arg(point);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut daemon = Guarded::spawn(&mut command);
        let mut line = String::new();
        let read = BufReader::new(daemon.stdout()).read_line(&mut line);
        read.expect("a pipe can be read");
        if line != "ready\n" {
            skip("FUSE cannot be mounted here");
            return None;
        }
        let point = point.to_owned();
        Some(Self { point, daemon })
    }
}

impl Drop for HungMount {
    fn drop(&mut self) {
        // Detached whatever is in it; the daemon's end then answers those who wait.
        drop(Command::new("umount").arg("-l").arg(&self.point).status());
        self.daemon.end_input();
    }
}
