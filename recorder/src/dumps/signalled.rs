//! Which virtual machines have been sent SIGQUIT: each at most once in its life, also when
//! the recorder is started again, or two of them run.
//!
//! In a file that does not outlast the boot, a line each: pid and start. It is written before the
//! signal goes out; where it cannot be, none does.

use afterimage_format::process::ProcessKey;
use anyhow::{Context as _, bail};
use rustix::fs::{FlockOperation, Mode, OFlags, flock, fstat, open};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Lines of dead processes are dropped beyond this.
const MOST_BYTES: usize = 1 << 20;

/// Where the file is: beside the control socket.
pub(super) fn usual_path() -> PathBuf {
    let socket = crate::control::default_path();
    let mut name = socket.file_name().unwrap_or_default().to_owned();
    name.push("-signalled");
    socket.with_file_name(name)
}

/// Whether it could be noted there.
pub(super) fn is_usable(path: &Path) -> Result<(), rustix::io::Errno> {
    use rustix::fs::{Access, AtFlags, CWD, accessat};
    let effective = AtFlags::EACCESS;
    match accessat(CWD, path, Access::WRITE_OK, effective) {
        Err(rustix::io::Errno::NOENT) => {}
        usable => return usable,
    }
    // The folder is made when it is needed.
    let folders = path.ancestors().skip(1).take(2);
    let mut usable = folders.map(|folder| accessat(CWD, folder, Access::WRITE_OK, effective));
    let missing = Err(rustix::io::Errno::NOENT);
    usable.find(|usable| *usable != missing).unwrap_or(missing)
}

/// Notes that this process will be signalled; an error when it has been before, or when that
/// cannot be told.
pub(super) fn note(path: &Path, key: ProcessKey) -> anyhow::Result<()> {
    let opened = || {
        if let Some(folder) = path.parent() {
            drop(std::fs::create_dir(folder));
        }
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = open(path, flags, Mode::RUSR | Mode::WUSR)?;
        flock(&file, FlockOperation::LockExclusive)?;
        let owner = fstat(&file)?.st_uid;
        Ok::<_, rustix::io::Errno>((File::from(file), owner))
    };
    let (mut file, owner) = opened().with_context(|| {
        format!(
            "who was signalled cannot be remembered in {}",
            path.display()
        )
    })?;
    if owner != rustix::process::geteuid().as_raw() {
        bail!(
            "{} belongs to uid {owner}, and not to the recorder",
            path.display()
        );
    }
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let line = format!("{} {}", key.pid.0, key.started.0);
    if text.lines().any(|known| known == line) {
        bail!("it was signalled before, and did not listen: never twice in a life");
    }
    if text.len() > MOST_BYTES {
        bail!("{} has grown too large", path.display());
    }
    writeln!(file, "{line}")?;
    file.sync_data()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterimage_format::process::Pid;
    use afterimage_format::units::Ticks;

    #[test]
    fn a_life_is_noted_once_and_the_next_of_its_pid_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("control-signalled");
        let key = |pid, started| ProcessKey {
            pid: Pid(pid),
            started: Ticks(started),
        };
        note(&path, key(7, 100)).unwrap();
        note(&path, key(7, 101)).unwrap();
        note(&path, key(77, 100)).unwrap();
        assert!(note(&path, key(7, 100)).is_err());
        assert!(note(&path, key(77, 100)).is_err());
    }

    #[test]
    fn where_it_cannot_be_noted_nobody_is_signalled() {
        let folder = tempfile::tempdir().unwrap();
        let key = ProcessKey {
            pid: Pid(7),
            started: Ticks(1),
        };
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("/dev/null", &link).unwrap();
        assert!(note(&link, key).is_err());
        assert!(note(Path::new("/proc/none/at-all"), key).is_err());
    }
}
