//! Small file systems of our own: in memory, or on a loop device, unmounted when their guard goes.
//! They can be filled, stopped as by a power cut, and mounted again. Where one cannot be made, it
//! is said why, and the test that wanted it is skipped.

use super::command::finish;
use super::host::{folder, has, is_root, skip};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

pub(crate) const MIB: u64 = 1 << 20;
/// `mkfs.xfs` makes no smaller one.
const LEAST_XFS: u64 = 300 * MIB;
/// `FS_IOC_SHUTDOWN`, with `FS_SHUTDOWN_FLAGS_NOLOGFLUSH`: from now on nothing reaches the disk,
/// not even what the journal holds in memory. No program of the system does this to a path.
const SHUT_DOWN: &str = "import fcntl, os, struct, sys
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587D, struct.pack('I', 2))";

/// A mounted file system, and the image it is on.
#[derive(Debug)]
pub(crate) struct Disk {
    mounted: PathBuf,
    /// `None` for one in memory.
    image: Option<PathBuf>,
    _folder: TempDir,
}

impl Disk {
    /// One in memory.
    pub(crate) fn tmpfs(bytes: u64) -> Option<Self> {
        let options = format!("size={bytes},mode=700");
        let (folder, mounted) = mount_point()?;
        let mount = ["-t", "tmpfs", "-o", &options, "none"];
        let disk = Self {
            mounted,
            image: None,
            _folder: folder,
        };
        disk.mount(&mount).then_some(disk)
    }

    /// An ext4 of this size.
    pub(crate) fn ext4(bytes: u64) -> Option<Self> {
        Self::on_image(bytes, &["mkfs.ext4", "-q", "-F"])
    }

    /// An xfs of this size; a smaller one than there can be becomes the smallest.
    pub(crate) fn xfs(bytes: u64) -> Option<Self> {
        Self::on_image(bytes.max(LEAST_XFS), &["mkfs.xfs", "-q"])
    }

    fn on_image(bytes: u64, make: &[&str]) -> Option<Self> {
        if !has(make[0]) {
            skip(&format!("there is no {}", make[0]));
            return None;
        }
        let (folder, mounted) = mount_point()?;
        let image = folder.path().join("image");
        let file = File::create(&image).expect("the folder is ours");
        file.set_len(bytes).expect("it takes no room yet");
        let ended = finish(Command::new(make[0]).args(&make[1..]).arg(&image));
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        let disk = Self {
            mounted,
            image: Some(image),
            _folder: folder,
        };
        disk.mount_image().then_some(disk)
    }

    fn mount_image(&self) -> bool {
        let image = self.image.as_deref().and_then(Path::to_str);
        self.mount(&["-o", "loop", image.expect("it is on an image")])
    }

    fn mount(&self, how: &[&str]) -> bool {
        let mounted = finish(Command::new("mount").args(how).arg(&self.mounted));
        if mounted.code != 0 {
            skip(&format!(
                "nothing can be mounted: {}",
                mounted.stderr.trim()
            ));
        }
        mounted.code == 0
    }

    /// Where it is mounted.
    pub(crate) fn path(&self) -> &Path {
        &self.mounted
    }

    /// Takes all that is left of it, and gives the file that does.
    pub(crate) fn fill(&self) -> PathBuf {
        let path = self.path().join("filler");
        let mut file = File::create(&path).expect("a name can always be added");
        for size in [1 << 20, 4096] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
        path
    }

    /// From now on nothing that is written reaches the disk, as after a power cut. Gives whether
    /// that could be done.
    pub(crate) fn shut_down(&self) -> bool {
        let mut command = Command::new("python3");
        let ran = finish(command.args(["-c", SHUT_DOWN]).arg(self.path()));
        if ran.code != 0 {
            skip(&format!("no file system can be stopped: {}", ran.stderr));
        }
        ran.code == 0
    }

    /// An error of its own, after which the kernel lets nothing be written to it any more. Gives
    /// whether that could be done.
    pub(crate) fn fail_for_good(&self) -> bool {
        let mut remount = Command::new("mount");
        remount.args(["-o", "remount,errors=remount-ro"]);
        let mut find = Command::new("findmnt");
        find.args(["-n", "-o", "SOURCE"]).arg(&self.mounted);
        let is_ready = finish(remount.arg(&self.mounted)).code == 0;
        let device = finish(&mut find).text();
        let device = Path::new(device.trim()).file_name().unwrap_or_default();
        let trigger = Path::new("/sys/fs/ext4").join(device);
        is_ready && fs::write(trigger.join("trigger_fs_error"), "1").is_ok()
    }

    /// Takes it off and mounts it again, as after a restart: nothing may have a file open on it.
    #[track_caller]
    pub(crate) fn mount_again(&self) {
        let gone = finish(Command::new("umount").arg(&self.mounted));
        assert_eq!(gone.code, 0, "{}", gone.stderr);
        assert!(self.mount_image(), "it was mounted before");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let mut command = Command::new("umount");
        drop(command.arg("-l").arg(&self.mounted).status());
    }
}

fn mount_point() -> Option<(TempDir, PathBuf)> {
    if !is_root() {
        skip("only root can mount a file system");
        return None;
    }
    let folder = folder();
    let mounted = folder.path().join("disk");
    fs::create_dir(&mounted).expect("the folder is ours");
    Some((folder, mounted))
}
