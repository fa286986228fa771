//! What a process is, by what the loader mapped into it and by how it was started.
//!
//! Reading `maps`, `cmdline` and `environ` takes the memory lock of the process, and where that
//! is stuck, waits for ever. So this is found out once, when a process has become old enough to
//! be asked, on a thread that nobody waits for without a limit, and kept for its life. Names
//! prove nothing: a program may be called `java`, and one that is not may hold a virtual machine.

use super::hsperf::Counters;
use crate::source::numbers::lines;
use afterimage_format::process::Pid;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, ResolveFlags, openat, openat2, statat};
use std::fs;
use std::io::Read as _;

/// So much of a file is read; a process with more than 100,000 mappings is none to be asked.
const MOST_BYTES: u64 = 16 << 20;
/// hsperfdata has 32 KB unless it was told otherwise.
const MOST_COUNTERS: u64 = 1 << 20;

/// What a process is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Nature {
    /// A HotSpot virtual machine.
    HotSpot(HotSpot),
    /// An OpenJ9 virtual machine.
    OpenJ9,
    /// No Java virtual machine that is known.
    Other,
    /// It could not be told.
    Unknown(String),
}

/// What decides how a HotSpot virtual machine is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct HotSpot {
    /// Why it may not be made to listen, if so.
    pub(super) never_signal: Option<String>,
    /// Its version: 8, 11, 17, ...; absent when it keeps no counters.
    pub(super) feature: Option<u32>,
    /// In words.
    pub(super) vm: Option<String>,
}

/// Finds out what a process is.
pub(super) fn of(pid: Pid, uid: u32, nspid: i32) -> Nature {
    let maps = match read(&format!("/proc/{}/maps", pid.0)) {
        Ok(maps) => maps,
        Err(error) => return Nature::Unknown(format!("its mappings cannot be read: {error}")),
    };
    match from_maps(&maps) {
        Nature::HotSpot(_) => Nature::HotSpot(hotspot(pid, uid, nspid)),
        other => other,
    }
}

fn read(path: &str) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?
        .take(MOST_BYTES)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// By the files that are mapped executable.
fn from_maps(maps: &[u8]) -> Nature {
    let mut found = Nature::Other;
    for line in lines(maps) {
        let mut parts = line.splitn(6, |byte| *byte == b' ');
        let may = parts.nth(1).unwrap_or_default();
        let path = parts.nth(3).unwrap_or_default().trim_ascii();
        // A package may have been upgraded since.
        let path = path.strip_suffix(b" (deleted)").unwrap_or(path);
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        if may.get(2) != Some(&b'x') || !path.starts_with(b"/") {
            continue;
        }
        if name.starts_with(b"libj9vm") && name.ends_with(b".so") {
            return Nature::OpenJ9;
        }
        if name == b"libjvm.so" {
            found = Nature::HotSpot(HotSpot::default());
        }
    }
    found
}

fn hotspot(pid: Pid, uid: u32, nspid: i32) -> HotSpot {
    let file = |name: &str| read(&format!("/proc/{}/{name}", pid.0)).ok();
    let (line, environment) = (file("cmdline"), file("environ"));
    let counters = Hsperf::open(pid, uid, nspid).and_then(|hsperf| hsperf.read());
    let counters = counters.as_deref().and_then(Counters::parse);
    let text = |name: &str| counters.and_then(|counters| counters.text(name));
    let given = ["java.rt.vmArgs", "java.rt.vmFlags"].map(text);
    let said = Said {
        line: line.as_deref(),
        environment: environment.as_deref(),
        counters: &given,
    };
    let name = text("java.property.java.vm.name");
    let version = text("java.property.java.vm.version");
    let spec = text("java.property.java.vm.specification.version");
    HotSpot {
        never_signal: said.why_never(),
        feature: spec.as_deref().and_then(feature),
        vm: name
            .zip(version)
            .map(|(name, version)| format!("{name} ({version})")),
    }
}

/// `1.8` is 8, `17` is 17.
fn feature(spec: &str) -> Option<u32> {
    spec.strip_prefix("1.").unwrap_or(spec).parse().ok()
}

/// How it was started, as far as it can be read.
#[derive(Debug)]
struct Said<'a> {
    line: Option<&'a [u8]>,
    environment: Option<&'a [u8]>,
    /// Arguments and flags, as the virtual machine itself tells them.
    counters: &'a [Option<String>; 2],
}

impl Said<'_> {
    /// Why it may never be sent SIGQUIT: it would print a dump into its own log.
    fn why_never(&self) -> Option<String> {
        const OFF: &str = "-XX:+DisableAttachMechanism";
        let holds = |bytes: Option<&[u8]>| {
            bytes.is_some_and(|bytes| bytes.windows(OFF.len()).any(|part| part == OFF.as_bytes()))
        };
        let mut counters = self.counters.iter().flatten();
        let is_off = counters.any(|text| text.contains(OFF) || text.contains(&OFF[4..]));
        if is_off || holds(self.line) || holds(self.environment) {
            return Some(format!("it was started with {OFF}"));
        }
        if self.counters[0].is_some() {
            return None;
        }
        // Without its own word, what is not seen may have been said in a file of arguments.
        let Some(line) = self.line else {
            return Some("neither its counters nor its command line can be read".to_owned());
        };
        let mut arguments = line.split(|byte| *byte == 0);
        let hides = |argument: &[u8]| {
            argument.starts_with(b"@")
                || argument.starts_with(b"-XX:Flags=")
                || argument.starts_with(b"-XX:VMOptionsFile=")
        };
        arguments.any(hides).then(|| {
            "it keeps no counters and takes arguments from a file: whether it lets itself be \
             attached to is not known"
                .to_owned()
        })
    }
}

/// The file of counters of one virtual machine.
#[derive(Debug)]
pub(super) struct Hsperf(OwnedFd);

impl Hsperf {
    /// Looks for it in the `/tmp` that the process sees. The owner must be the process's own.
    pub(super) fn open(pid: Pid, uid: u32, nspid: i32) -> Option<Self> {
        let tmp = tmp_of(pid).ok()?;
        let folders = fs::read_dir(format!("/proc/self/fd/{}", raw(&tmp))).ok()?;
        let name = nspid.to_string();
        for folder in folders.flatten().take(10_000) {
            let folder = folder.file_name();
            if !folder.as_encoded_bytes().starts_with(b"hsperfdata_") {
                continue;
            }
            let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let Ok(folder) = openat(&tmp, &folder, flags, Mode::empty()) else {
                continue;
            };
            let owner = statat(&folder, &name, AtFlags::SYMLINK_NOFOLLOW);
            if !owner
                .is_ok_and(|found| found.st_uid == uid && found.st_mode & 0o170_000 == 0o100_000)
            {
                continue;
            }
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            if let Ok(file) = openat(&folder, &name, flags, Mode::empty()) {
                return Some(Self(file));
            }
        }
        None
    }

    /// Everything in it, as it is now.
    pub(super) fn read(&self) -> Option<Vec<u8>> {
        let length = rustix::fs::fstat(&self.0).ok()?.st_size;
        let length = u64::try_from(length).ok()?.min(MOST_COUNTERS);
        let mut bytes = vec![0; usize::try_from(length).ok()?];
        let read = rustix::io::pread(&self.0, &mut bytes, 0).ok()?;
        bytes.truncate(read);
        Some(bytes)
    }

    /// How long it has stood still for safepoints so far.
    pub(super) fn safepoint_time(&self) -> Option<std::time::Duration> {
        let bytes = self.read()?;
        let counters = Counters::parse(&bytes)?;
        let ticks = u128::try_from(counters.number("sun.rt.safepointTime")?).ok()?;
        let rate = u128::try_from(counters.number("sun.os.hrt.frequency")?).ok()?;
        let nanos = (ticks * 1_000_000_000).checked_div(rate)?;
        Some(std::time::Duration::from_nanos(u64::try_from(nanos).ok()?))
    }
}

fn raw(file: &OwnedFd) -> i32 {
    use std::os::fd::AsRawFd as _;
    file.as_raw_fd()
}

/// The `/tmp` that a process sees. A link in its root leads within its root.
pub(super) fn tmp_of(pid: Pid) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = openat(CWD, format!("/proc/{}/root", pid.0), flags, Mode::empty())?;
    openat2(
        &root,
        "tmp",
        OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
        ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIB: &str = "7f0000-7f1000 r-xp 00000000 08:01 131 ";

    fn of_maps(lines: &[&str]) -> &'static str {
        match from_maps(lines.join("\n").as_bytes()) {
            Nature::HotSpot(_) => "hotspot",
            Nature::OpenJ9 => "openj9",
            Nature::Other => "other",
            Nature::Unknown(_) => "unknown",
        }
    }

    #[test]
    fn only_an_executable_mapping_of_exactly_libjvm_is_a_virtual_machine() {
        let jvm = format!("{LIB}                 /usr/lib/jvm/lib/server/libjvm.so");
        assert_eq!(
            of_maps(&["55-56 r-xp 0 08:01 1 /usr/bin/java", &jvm]),
            "hotspot"
        );
        assert_eq!(of_maps(&[&format!("{jvm} (deleted)")]), "hotspot");
        assert_eq!(of_maps(&[&jvm.replace("r-xp", "r--p")]), "other");
        assert_eq!(of_maps(&[&jvm.replace("libjvm", "mylibjvm")]), "other");
        assert_eq!(of_maps(&[&format!("{jvm}.1")]), "other");
        assert_eq!(of_maps(&[&format!("{LIB}/tmp/libjvm.so/x")]), "other");
        assert_eq!(of_maps(&[&format!("{LIB}[anon:/libjvm.so]")]), "other");
        assert_eq!(of_maps(&[&format!("{LIB}/opt/a b/libjvm.so")]), "hotspot");
        let j9 = format!("{LIB}/opt/lib/default/libj9vm29.so");
        assert_eq!(of_maps(&[&jvm, &j9]), "openj9");
        assert_eq!(of_maps(&[]), "other");
    }

    fn why(line: Option<&str>, environment: &str, counters: Option<&str>) -> Option<String> {
        let line = line.map(|line| line.replace(' ', "\0"));
        let counters = [counters.map(str::to_owned), None];
        let said = Said {
            line: line.as_deref().map(str::as_bytes),
            environment: Some(environment.as_bytes()),
            counters: &counters,
        };
        said.why_never()
    }

    #[test]
    fn one_that_may_not_be_attached_to_is_never_signalled_wherever_it_was_said() {
        let off = "-XX:+DisableAttachMechanism";
        let plain = Some("java -jar a.jar");
        assert_eq!(why(plain, "A=b", Some("-Xmx1g")), None);
        assert!(why(plain, "A=b", Some(off)).is_some());
        assert!(why(Some("java -XX:+DisableAttachMechanism A"), "", None).is_some());
        assert!(why(plain, &format!("JAVA_TOOL_OPTIONS={off}"), Some("")).is_some());
    }

    #[test]
    fn what_could_have_been_said_out_of_sight_counts_as_said() {
        assert_eq!(why(Some("java -jar a.jar"), "", None), None);
        assert!(why(Some("java @opts -jar a.jar"), "", None).is_some());
        assert!(why(None, "", None).is_some());
        assert_eq!(why(Some("java @opts -jar a.jar"), "", Some("")), None);
    }

    #[test]
    fn the_version_is_the_one_people_call_it_by() {
        assert_eq!(
            [feature("1.8"), feature("17"), feature("x")],
            [Some(8), Some(17), None]
        );
    }
}
