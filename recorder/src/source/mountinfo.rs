//! `/proc/self/mountinfo`: what is mounted where.
//!
//! In: its text. Out: the mounts, in the kernel's order, without those file systems that are the
//! kernel's own; and which of them are asked for their space: one of each device, as `df` does.

use super::numbers::{Words, count, lines};

/// File systems that hold no data, but speak of the kernel.
pub(crate) const OF_THE_KERNEL: [&str; 19] = [
    "autofs",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "cpuset",
    "debugfs",
    "devpts",
    "fusectl",
    "hugetlbfs",
    "mqueue",
    "nsfs",
    "proc",
    "pstore",
    "rpc_pipefs",
    "securityfs",
    "sysfs",
    "tracefs",
];

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mount {
    /// Field 1: a number that no other mount has as long as it is there.
    pub(crate) id: u64,
    /// Field 3, `major:minor`: the same for all mounts of one file system.
    device_number: Box<[u8]>,
    /// Field 4: what of the file system is mounted.
    root: Box<[u8]>,
    /// Field 5: where.
    pub(crate) point: Box<[u8]>,
    /// Field 6: its options.
    pub(crate) options: Box<[u8]>,
    /// The type, behind the hyphen.
    pub(crate) kind: Box<[u8]>,
    /// What is mounted, behind the type.
    pub(crate) source: Box<[u8]>,
    /// Nothing may be written: by its own options, or by those of the file system behind them.
    pub(crate) is_read_only: bool,
}

impl Mount {
    /// Whether asking for its space may ask another host, or a program.
    pub(crate) fn is_remote(&self) -> bool {
        let kinds: [&[u8]; 12] = [
            b"nfs",
            b"nfs4",
            b"cifs",
            b"smb3",
            b"smbfs",
            b"ceph",
            b"9p",
            b"afs",
            b"lustre",
            b"gfs2",
            b"ocfs2",
            b"glusterfs",
        ];
        kinds.contains(&&*self.kind) || self.kind.starts_with(b"fuse")
    }

    /// Whether both are of one file system. Subvolumes of btrfs have one number, and space of
    /// their own.
    fn is_same(&self, other: &Self) -> bool {
        let subvolume = &*self.kind == b"btrfs" && self.root != other.root;
        self.device_number == other.device_number && !subvolume
    }

    /// Whether `df` would rather show this than another mount of the same file system.
    fn goes_before(&self, other: &Self) -> bool {
        let is_path = |mount: &Self| mount.source.contains(&b'/');
        let nearer = self.point.len() < other.point.len();
        // With a part of it mounted elsewhere, the whole is what is shown.
        let is_part = other.root.len() < self.root.len();
        (is_path(self) && !is_path(other))
            || (nearer && !is_part)
            || (self.source != other.source && self.point == other.point)
    }
}

/// `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`.
fn line(text: &[u8]) -> Option<Mount> {
    let mut words = Words(text);
    let id = count(words.word()?).ok()?;
    let _parent = words.word()?;
    let device_number = words.word()?.into();
    let (root, point) = (unescaped(words.word()?), unescaped(words.word()?));
    let options = words.word()?;
    while words.word()? != b"-" {}
    let kind = words.word()?.into();
    let source = unescaped(words.word().unwrap_or(b"none"));
    let of_all = words.word().unwrap_or_default();
    let forbids = |options: &[u8]| {
        options
            .split(|byte| *byte == b',')
            .any(|word| word == b"ro")
    };
    Some(Mount {
        id,
        device_number,
        root,
        point,
        options: options.into(),
        kind,
        source,
        is_read_only: forbids(options) || forbids(of_all),
    })
}

/// The kernel writes blanks, tabs, line ends, `\` and `#` as three octal digits.
fn unescaped(word: &[u8]) -> Box<[u8]> {
    let mut plain = Vec::with_capacity(word.len());
    let mut rest = word;
    while let [first, tail @ ..] = rest {
        let digits = tail.get(..3).filter(|_| *first == b'\\');
        let code = digits.and_then(|digits| {
            let digits = str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 8).ok()
        });
        (plain, rest) = match code {
            Some(code) => (pushed(plain, code), &tail[3..]),
            None => (pushed(plain, *first), tail),
        };
    }
    plain.into()
}

fn pushed(mut bytes: Vec<u8>, byte: u8) -> Vec<u8> {
    bytes.push(byte);
    bytes
}

/// Every mount but the kernel's own; of those at one place the last, which hides the others.
pub(crate) fn parse(text: &[u8]) -> Vec<Mount> {
    let mut mounts: Vec<Mount> = Vec::new();
    for mount in lines(text).filter_map(line) {
        mounts.retain(|known| known.point != mount.point);
        mounts.push(mount);
    }
    mounts.retain(|mount| {
        !OF_THE_KERNEL
            .iter()
            .any(|kind| kind.as_bytes() == &*mount.kind)
    });
    mounts
}

/// One mount of each file system: that which `df` shows. The kernel's order is kept.
pub(crate) fn one_of_each(mounts: &[Mount]) -> Vec<Mount> {
    let mut shown: Vec<&Mount> = Vec::new();
    for mount in mounts {
        match shown.iter_mut().find(|known| known.is_same(mount)) {
            None => shown.push(mount),
            // Mounts of other hosts are shown though they be of one file system.
            Some(known) if mount.is_remote() && known.source != mount.source => shown.push(mount),
            Some(known) if mount.goes_before(known) => *known = mount,
            Some(_) => {}
        }
    }
    shown.into_iter().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"22 27 0:21 / /proc rw,relatime - proc proc rw\n\
        27 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda rw,discard\n\
        30 27 254:0 /srv /mnt/a\\040b rw - ext4 /dev/vda rw\n\
        31 27 0:30 / /tmp rw - tmpfs tmp rw\n\
        32 31 0:31 / /tmp rw - tmpfs over rw\n\
        33 27 0:40 /@home /home rw - btrfs /dev/vdb rw\n\
        34 27 0:40 /@ /pool rw - btrfs /dev/vdb rw\n\
        35 27 0:50 / /net/x rw - nfs4 host:/x rw\n\
        36 27 0:50 / /net/y rw - nfs4 host:/y rw\n\
        nonsense\n37 27 0:60 / /cut rw\n";

    fn points(mounts: &[Mount]) -> Vec<String> {
        let points = mounts.iter();
        points
            .map(|mount| String::from_utf8_lossy(&mount.point).into_owned())
            .collect()
    }

    #[test]
    fn what_is_the_kernels_own_or_hidden_or_cut_off_is_no_mount() {
        let mounts = parse(TEXT);
        let expected = [
            "/", "/mnt/a b", "/tmp", "/home", "/pool", "/net/x", "/net/y",
        ];
        assert_eq!(points(&mounts), expected);
        let tmp = &mounts[2];
        assert_eq!(
            (tmp.id, &*tmp.source, &*tmp.options),
            (32, &b"over"[..], &b"rw"[..])
        );
        assert_eq!(&*mounts[0].kind, b"ext4");
        let turned = b"1 0 8:1 / /a rw - ext4 /dev/sda1 ro,errors=remount-ro\n2 0 8:2 / /b rw - ext4 /dev/sda2 errors=ro\n";
        let read_only: Vec<_> = parse(turned)
            .iter()
            .map(|mount| mount.is_read_only)
            .collect();
        assert_eq!(read_only, [true, false]);
    }

    #[test]
    fn one_mount_of_each_file_system_is_asked_and_each_subvolume_and_each_share() {
        let expected = ["/", "/tmp", "/home", "/pool", "/net/x", "/net/y"];
        assert_eq!(points(&one_of_each(&parse(TEXT))), expected);
        // Nearer to the root of the host, but only a part of it.
        let part =
            b"1 0 8:1 /part /a rw - ext4 /dev/sda1 rw\n2 0 8:1 / /whole rw - ext4 /dev/sda1 rw\n\
            3 0 8:2 / /longer rw - ext4 /dev/sda2 rw\n4 0 8:2 / /short rw - ext4 /dev/sda2 rw\n";
        assert_eq!(points(&one_of_each(&parse(part))), ["/a", "/short"]);
    }

    #[test]
    fn escapes_that_are_cut_off_stay_as_they_are() {
        assert_eq!(&*unescaped(b"a\\040b\\134c"), b"a b\\c");
        assert_eq!(&*unescaped(b"a\\04"), b"a\\04");
        assert_eq!(&*unescaped(b"\\999\\"), b"\\999\\");
    }
}
