//! `/etc/passwd` and `/etc/group`: the names behind user and group ids.
//!
//! The files are parsed and NSS is never asked: it may wait for a directory server just when the
//! host is in trouble, and a static binary has none. An id that only a directory server knows
//! stays a number.
use afterimage_format::reading::{Missing, Reading};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// A host with a hundred thousand local accounts has 7 MB of them.
const LONGEST_FILE: u64 = 16 * 1024 * 1024;
/// `LOGIN_NAME_MAX` of Linux; a longer name is not one.
const LONGEST_NAME: usize = 256;
/// `(uid_t)-1` means "no change" to system calls and is nobody's id.
const NO_ID: u32 = u32::MAX;

type Names = BTreeMap<u32, Vec<u8>>;

/// The user and group names of a host, as bytes: nothing says they are UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Accounts {
    users: Reading<Names>,
    groups: Reading<Names>,
}

impl Accounts {
    /// Reads both files of the system whose root directory this is.
    pub(crate) fn read(root: &Path) -> Self {
        Self {
            users: contents(&root.join("etc/passwd")).map(|text| names(&text)),
            groups: contents(&root.join("etc/group")).map(|text| names(&text)),
        }
    }

    /// Takes the text of `passwd(5)` and `group(5)`. A line that is not in their form is skipped.
    #[cfg(test)]
    pub(crate) fn parse(passwd: &[u8], group: &[u8]) -> Self {
        Self {
            users: Ok(names(passwd)),
            groups: Ok(names(group)),
        }
    }

    /// How many users have a name, or why none could be read.
    pub(crate) fn user_count(&self) -> Reading<usize> {
        let users = self.users.as_ref().map_err(|missing| *missing);
        users.map(BTreeMap::len)
    }

    /// How many groups have a name, or why none could be read.
    pub(crate) fn group_count(&self) -> Reading<usize> {
        let groups = self.groups.as_ref().map_err(|missing| *missing);
        groups.map(BTreeMap::len)
    }

    /// The name of a user; of several with one id, the first in the file, as `getpwuid(3)` does.
    pub(crate) fn user(&self, uid: u32) -> Option<&[u8]> {
        self.users.as_ref().ok()?.get(&uid).map(Vec::as_slice)
    }

    /// The name of a group; of several with one id, the first in the file.
    pub(crate) fn group(&self, gid: u32) -> Option<&[u8]> {
        self.groups.as_ref().ok()?.get(&gid).map(Vec::as_slice)
    }
}

/// The names of a file whose lines begin with `name:password:id:`.
fn names(text: &[u8]) -> Names {
    let mut names = Names::new();
    for (id, name) in text.split(|byte| *byte == b'\n').filter_map(entry) {
        names.entry(id).or_insert_with(|| name.to_vec());
    }
    names
}

fn entry(line: &[u8]) -> Option<(u32, &[u8])> {
    let mut fields = line.split(|byte| *byte == b':');
    let name = fields.next()?;
    let id = number(fields.nth(1)?)?;
    // The id ends with a colon: the last line of a file that was cut must not give a shorter id.
    fields.next()?;
    // A name that starts with `+` or `-` is an instruction to NIS.
    let usable =
        !name.is_empty() && name.len() <= LONGEST_NAME && !matches!(name[0], b'#' | b'+' | b'-');
    (usable && id != NO_ID).then_some((id, name))
}

/// Digits only: `str::parse` would also take `+5`.
fn number(digits: &[u8]) -> Option<u32> {
    let plain = digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits)
        .ok()
        .filter(|_| plain)?
        .parse()
        .ok()
}

/// The contents of a file, up to the longest we take. A named pipe in its place must not hold
/// the recorder up, so nothing here waits.
fn contents(path: &Path) -> Reading<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::empty()).map_err(|errno| match errno {
        Errno::NOENT | Errno::NOTDIR => Missing::NotSupported,
        Errno::ACCESS | Errno::PERM => Missing::PermissionDenied,
        _ => Missing::Unreadable,
    })?;
    let mut text = Vec::new();
    match File::from(file).take(LONGEST_FILE).read_to_end(&mut text) {
        Ok(_) => Ok(text),
        Err(_) => Err(Missing::Unreadable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PASSWD: &[u8] = b"root:x:0:0:root:/root:/bin/bash\n\
        toor:x:0:0:root again:/root:/bin/sh\n\
        postgres:x:114:120:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash\n\
        m\xfcller:x:1000:1000::/home/m:/bin/sh";
    const GROUP: &[u8] = b"root:x:0:\nadm:x:4:syslog,me\n";

    #[test]
    fn an_id_has_the_name_of_its_line() {
        let accounts = Accounts::parse(PASSWD, GROUP);
        assert_eq!(accounts.user(114), Some(&b"postgres"[..]));
        assert_eq!(accounts.group(4), Some(&b"adm"[..]));
        assert_eq!(accounts.user(4), None);
        assert_eq!(accounts.group(114), None);
    }

    #[test]
    fn the_first_of_two_names_for_one_id_wins() {
        let accounts = Accounts::parse(PASSWD, GROUP);
        assert_eq!(accounts.user(0), Some(&b"root"[..]));
        assert_eq!(accounts.users.as_ref().map(BTreeMap::len), Ok(3));
    }

    #[test]
    fn a_name_that_is_not_utf8_keeps_its_bytes() {
        assert_eq!(
            Accounts::parse(PASSWD, GROUP).user(1000),
            Some(&b"m\xfcller"[..])
        );
    }

    #[test]
    fn a_damaged_line_is_skipped_and_costs_no_other() {
        let passwd =
            b"\n:x:1:1::/:\n#old:x:2:2::/:\n+::::::\n+nis:x:3:3::/:\n-no:x:3:3::/:\nfew:x\n\
            signed:x:+4:4::/:\nempty:x::5::/:\nhuge:x:4294967296:0::/:\nnobody:x:4294967295:0::/:\n\
            spaced:x: 6:6::/:\nlast:x:7:7::/:\ncut:x:10";
        let accounts = Accounts::parse(passwd, b"");
        assert_eq!(accounts.users.as_ref().map(BTreeMap::len), Ok(1));
        assert_eq!(accounts.user(7), Some(&b"last"[..]));
    }

    #[test]
    fn a_name_longer_than_any_is_not_one() {
        let line = |length: usize| [vec![b'a'; length], b":x:1:1:".to_vec()].concat();
        assert!(Accounts::parse(&line(256), b"").user(1).is_some());
        assert!(Accounts::parse(&line(257), b"").user(1).is_none());
    }

    #[test]
    fn one_file_that_is_absent_costs_not_the_other() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("etc")).unwrap();
        std::fs::write(root.path().join("etc/group"), GROUP).unwrap();
        let accounts = Accounts::read(root.path());
        assert_eq!(accounts.user_count(), Err(Missing::NotSupported));
        assert_eq!(accounts.group_count(), Ok(2));
    }

    #[test]
    fn a_pipe_in_place_of_a_file_holds_nothing_up() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("etc")).unwrap();
        let pipe = root.path().join("etc/passwd");
        let fifo = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, fifo, Mode::RUSR, 0).unwrap();
        assert_eq!(Accounts::read(root.path()).user_count(), Ok(0));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(text in "[a-z+:0-9\n]{0,80}", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let accounts = Accounts::parse(text.as_bytes(), &bytes);
            prop_assert!(accounts.user_count().unwrap() <= text.lines().count());
        }
    }
}
