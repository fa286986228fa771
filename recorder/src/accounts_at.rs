//! User and group names as of now: `/etc/passwd` and `/etc/group`, read again when they change.

use crate::source::accounts::Accounts;
use afterimage_format::reading::{Missing, Reading};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The names, and where they come from.
#[derive(Debug)]
pub(crate) struct AccountsAt {
    root: PathBuf,
    accounts: Accounts,
    changed: Option<SystemTime>,
}

impl AccountsAt {
    /// Reads the files under `root`, which is `/` but for tests.
    pub(crate) fn new(root: PathBuf) -> Self {
        let changed = changed(&root);
        let accounts = Accounts::read(&root);
        Self {
            root,
            accounts,
            changed,
        }
    }

    /// Reads them again if they have changed. Called once a minute.
    pub(crate) fn refresh(&mut self) {
        let changed = changed(&self.root);
        if changed.is_some() && changed == self.changed {
            return;
        }
        self.changed = changed;
        self.accounts = Accounts::read(&self.root);
    }

    /// Whether there are names at all, in both files.
    pub(crate) fn state(&self) -> Reading<()> {
        let users = self.accounts.user_count();
        users.and(self.accounts.group_count()).map(drop)
    }

    pub(crate) fn user(&self, uid: i64) -> Reading<&[u8]> {
        let uid = u32::try_from(uid).map_err(|_no_id| Missing::Malformed)?;
        self.accounts.user(uid).ok_or(Missing::NotSupported)
    }

    pub(crate) fn group(&self, gid: i64) -> Reading<&[u8]> {
        let gid = u32::try_from(gid).map_err(|_no_id| Missing::Malformed)?;
        self.accounts.group(gid).ok_or(Missing::NotSupported)
    }
}

fn changed(root: &Path) -> Option<SystemTime> {
    let data = std::fs::metadata(root.join("etc/passwd")).ok()?;
    data.modified().ok()
}
