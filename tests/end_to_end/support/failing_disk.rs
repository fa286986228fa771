//! A file system on a block device whose writes can be made to fail: nbdkit serves an image and
//! fails writes while a file is there, nbdfuse makes a file of what it serves, and a loop device
//! makes that a disk. (The kernel's own ways, dm-error and dm-flakey, are modules that few have.)

use super::clock::wait_for;
use super::command::finish;
use super::host::{folder, has, is_root, skip};
use super::process::Guarded;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// What it takes.
const PROGRAMS: [&str; 4] = ["nbdkit", "nbdfuse", "losetup", "mkfs.ext4"];
/// With a journal the kernel turns an ext4 read-only when a write of the journal failed.
const WITHOUT_JOURNAL: [&str; 4] = ["-q", "-F", "-O", "^has_journal"];

/// Unmounted, and all of it ended, when this goes.
#[derive(Debug)]
pub(crate) struct FailingDisk {
    folder: TempDir,
    /// The loop device, once there is one.
    device: Option<String>,
    bridge: Guarded,
    _server: Guarded,
}

impl FailingDisk {
    /// An ext4 without a journal, which can be written.
    pub(crate) fn ext4(bytes: u64) -> Option<Self> {
        if !is_root() {
            skip("only root can mount a file system");
            return None;
        }
        if let Some(absent) = PROGRAMS.into_iter().find(|program| !has(program)) {
            skip(&format!("there is no {absent}"));
            return None;
        }
        let folder = folder();
        let at = |name: &str| folder.path().join(name);
        let image = File::create(at("image")).expect("the folder is ours");
        image.set_len(bytes).expect("it takes no room yet");
        fs::create_dir(at("bridge")).expect("the folder is ours");
        fs::create_dir(at("disk")).expect("the folder is ours");
        let mut serve = Command::new("nbdkit");
        serve.args(["--foreground", "--filter=error", "--unix"]);
        serve.arg(at("socket")).arg("file").arg(at("image"));
        serve.args(["error-pwrite=EIO", "error-pwrite-rate=100%"]);
        serve.arg(format!("error-file={}", at("fail").display()));
        let server = Guarded::spawn(&mut serve);
        wait_for("nbdkit", || at("socket").exists().then_some(()));
        let mut bridge = Command::new("nbdfuse");
        bridge.arg(at("bridge")).arg("--unix").arg(at("socket"));
        // It says each write that fails.
        let bridge = Guarded::spawn(bridge.stderr(Stdio::null()));
        let mut disk = Self {
            folder,
            device: None,
            bridge,
            _server: server,
        };
        let file = disk.at("bridge").join("nbd");
        wait_for("nbdfuse", || {
            (file.exists() || !disk.bridge.is_running()).then_some(())
        });
        disk.mount(&file).then_some(disk)
    }

    fn mount(&mut self, file: &Path) -> bool {
        let mut attach = Command::new("losetup");
        let attached = finish(attach.args(["-f", "--show"]).arg(file));
        if attached.code != 0 {
            skip(&format!("no such disk: {}", attached.stderr.trim()));
            return false;
        }
        let device = attached.text().trim().to_owned();
        let made = finish(Command::new("mkfs.ext4").args(WITHOUT_JOURNAL).arg(&device));
        assert_eq!(made.code, 0, "{}", made.stderr);
        let mounted = finish(Command::new("mount").arg(&device).arg(self.path()));
        self.device = Some(device);
        assert_eq!(mounted.code, 0, "{}", mounted.stderr);
        true
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where it is mounted.
    pub(crate) fn path(&self) -> PathBuf {
        self.at("disk")
    }

    /// From now on each write that reaches the disk fails with EIO.
    pub(crate) fn fail(&self) {
        File::create(self.at("fail")).expect("the folder is ours");
    }

    /// It is sound again.
    pub(crate) fn recover(&self) {
        fs::remove_file(self.at("fail")).expect("it failed");
    }
}

impl Drop for FailingDisk {
    fn drop(&mut self) {
        drop(fs::remove_file(self.at("fail")));
        let run = |program: &str, args: &[&str], path: &Path| {
            drop(Command::new(program).args(args).arg(path).status());
        };
        if let Some(device) = &self.device {
            run("umount", &["-l"], &self.path());
            run("losetup", &["-d"], Path::new(device));
        }
        run("umount", &["-l"], &self.at("bridge"));
    }
}
