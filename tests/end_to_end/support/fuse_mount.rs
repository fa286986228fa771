//! A file system served by a program of ours, which can be stopped: then nobody answers for it.

use super::host::{has, is_root, skip};
use super::process::Guarded;
use rustix::process::Signal;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Speaks just enough of FUSE: its root is a directory, and it has 1000 blocks of 4 KiB, of which
/// 400 are free and 300 for everybody, and 50 inodes, of which 20 are free.
const SERVER: &str = r#"
import ctypes, os, struct, sys
point = sys.argv[1]
fd = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={fd},rootmode=040000,user_id=0,group_id=0,allow_other"
libc = ctypes.CDLL(None, use_errno=True)
if libc.mount(b"served", os.fsencode(point), b"fuse", 0, options.encode()):
    sys.exit(os.strerror(ctypes.get_errno()))
print("ready", flush=True)
while True:
    try:
        said = os.read(fd, 1 << 20)
    except OSError:
        break
    length, code, unique, node = struct.unpack_from("<IIQQ", said)
    error, answer = 0, b""
    if code == 26:
        answer = struct.pack("<IIIIHHIIHH8I", 7, 31, 65536, 0, 12, 9, 65536, 1, 1, 0, *[0] * 8)
    elif code == 17:
        answer = struct.pack("<QQQQQIIII6I", 1000, 400, 300, 50, 20, 4096, 255, 4096, 0, *[0] * 6)
    elif code == 3:
        answer = struct.pack("<QII6Q10I", 0, 0, 0, 1, 0, 0, 0, 0, 0, *[0] * 3, 0o40755, 2, 0, 0, 0, 4096, 0)
    elif code in (2, 42):
        continue
    else:
        error = -38
    os.write(fd, struct.pack("<IiQ", 16 + len(answer), error, unique) + answer)
"#;

/// Unmounted when this goes.
#[derive(Debug)]
pub(crate) struct FuseMount {
    point: PathBuf,
    server: Guarded,
}

impl FuseMount {
    /// Over a folder. Where there can be none it says why.
    pub(crate) fn over(point: &Path) -> Option<Self> {
        if !is_root() || !has("python3") || !Path::new("/dev/fuse").exists() {
            skip("a file system of our own takes root, python3 and /dev/fuse");
            return None;
        }
        let mut command = Command::new("python3");
        command.args(["-c", SERVER]).arg(point);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut server = Guarded::spawn(&mut command);
        let mut line = String::new();
        let read = BufReader::new(server.stdout()).read_line(&mut line);
        read.expect("a pipe can be read");
        if line != "ready\n" {
            skip("FUSE cannot be mounted here");
            return None;
        }
        let point = point.to_owned();
        Some(Self { point, server })
    }

    /// From now on nobody answers.
    pub(crate) fn stop(&self) {
        self.server.signal(Signal::STOP);
    }

    /// It answers again.
    pub(crate) fn go_on(&self) {
        self.server.signal(Signal::CONT);
    }
}

impl Drop for FuseMount {
    fn drop(&mut self) {
        // Detached, whoever waits for it; the server's end then answers those.
        drop(Command::new("umount").arg("-l").arg(&self.point).status());
    }
}
