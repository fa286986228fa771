//! Which of the kernel's two interfaces can be listened to here, and why another cannot.

use crate::source::connector::{Connector, Refused, Wanted};
use crate::source::taskstats::Taskstats;
use afterimage_format::capture::writer::Record;
use afterimage_format::facts::Source;
use rustix::io::Errno;
use std::fs;

/// Room for what comes between two looks: some 5,000 ends.
const ROOM: usize = 4 << 20;
/// The inodes of the first pid and user namespace, which are the kernel's own numbers.
const FIRST_PID_NAMESPACE: &str = "pid:[4026531836]";
const FIRST_USER_NAMESPACE: &str = "user:[4026531837]";

/// What a sandbox does.
pub(crate) const NO_NETLINK: &str =
    "sockets of AF_NETLINK are forbidden here (RestrictAddressFamilies= of the unit)";

/// What can be listened to.
#[derive(Debug)]
pub(crate) struct Reach {
    pub(crate) connector: Result<Connector, Refused>,
    pub(crate) taskstats: Result<Taskstats, Errno>,
    /// How both fare, as the capture has it.
    pub(crate) sources: [(&'static str, Source); 2],
}

/// Tries both.
pub(crate) fn reach() -> Reach {
    let elsewhere = elsewhere(&own_namespace);
    // Who listens there hears what others have asked for, of pids that are not its own.
    let (connector, taskstats) = match elsewhere {
        Some(_) => (Err(Refused::NoAnswer), Err(Errno::INVAL)),
        None => (Connector::listen(Wanted::All, ROOM), taskstats()),
    };
    let unanswered = elsewhere.unwrap_or("the kernel does not answer");
    let why = |why: Option<(&'static str, String)>| {
        why.map(|(state, detail)| {
            let detail = if detail.is_empty() {
                unanswered.to_owned()
            } else {
                detail
            };
            (state, detail)
        })
    };
    let sources = [
        (
            "connector",
            why(connector.as_ref().err().copied().map(why_no_connector)),
        ),
        (
            "taskstats",
            why(taskstats.as_ref().err().copied().map(why_no_taskstats)),
        ),
    ]
    .map(|(name, why)| (name, source(name, why)));
    Reach {
        connector,
        taskstats,
        sources,
    }
}

fn taskstats() -> Result<Taskstats, Errno> {
    let cpus = fs::read_to_string("/sys/devices/system/cpu/possible");
    let cpus = cpus.unwrap_or_else(|_unreadable| {
        let cpus = std::thread::available_parallelism().map_or(1, usize::from);
        format!("0-{}", cpus - 1)
    });
    Taskstats::listen(cpus.trim(), ROOM)
}

/// One of them has stopped.
pub(super) fn ended(name: &str, errno: Errno) -> Record {
    let why = ("unreadable", format!("it stopped: {errno}"));
    Record::Source(source(name, Some(why)))
}

fn source(name: &str, why: Option<(&'static str, String)>) -> Source {
    let (state, detail) = why.unwrap_or(("ok", String::new()));
    Source {
        name: name.to_owned(),
        state: state.to_owned(),
        detail,
    }
}

fn why_no_connector(refused: Refused) -> (&'static str, String) {
    match refused {
        Refused::Errno(Errno::PERM | Errno::ACCESS) => ("denied", denied()),
        Refused::Errno(Errno::PROTONOSUPPORT | Errno::CONNREFUSED | Errno::NOENT) => (
            "absent",
            "the kernel has no process connector (CONFIG_PROC_EVENTS), or not in this network namespace"
                .to_owned(),
        ),
        Refused::Errno(Errno::AFNOSUPPORT) => ("denied", NO_NETLINK.to_owned()),
        Refused::Errno(errno) => ("absent", errno.to_string()),
        Refused::NoAnswer => ("absent", String::new()),
    }
}

fn why_no_taskstats(errno: Errno) -> (&'static str, String) {
    match errno {
        Errno::PERM | Errno::ACCESS => ("denied", denied()),
        Errno::NOENT | Errno::PROTONOSUPPORT | Errno::CONNREFUSED => (
            "absent",
            "the kernel has no taskstats (CONFIG_TASKSTATS), or not in this network namespace"
                .to_owned(),
        ),
        Errno::AFNOSUPPORT => ("denied", NO_NETLINK.to_owned()),
        Errno::INVAL => ("absent", String::new()),
        errno => ("absent", errno.to_string()),
    }
}

fn denied() -> String {
    "CAP_NET_ADMIN is missing; `afterimage doctor` says more".to_owned()
}

/// Why the kernel tells us nothing, or nothing that is meant for us: it speaks to its first
/// namespaces. `None` within them, and where that cannot be seen.
fn elsewhere(namespace: &dyn Fn(&str) -> Option<String>) -> Option<&'static str> {
    let is_another = |name: &str, first: &str| namespace(name).is_some_and(|own| own != first);
    if is_another("pid", FIRST_PID_NAMESPACE) {
        return Some(
            "the recorder is in a pid namespace of its own, and the kernel speaks of the host's pids",
        );
    }
    is_another("user", FIRST_USER_NAMESPACE)
        .then_some("the recorder is in a user namespace of its own")
}

fn own_namespace(name: &str) -> Option<String> {
    let link = fs::read_link(format!("/proc/thread-self/ns/{name}")).ok()?;
    Some(link.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_in_the_first_namespaces_the_kernel_speaks_to_us() {
        let told = |pid: &'static str, user: &'static str| {
            let namespace = move |name: &str| {
                let own = if name == "pid" { pid } else { user };
                (!own.is_empty()).then(|| own.to_owned())
            };
            elsewhere(&namespace)
        };
        assert_eq!(told(FIRST_PID_NAMESPACE, FIRST_USER_NAMESPACE), None);
        assert_eq!(told("", ""), None);
        let why = told("pid:[4026532250]", "user:[4026532249]").unwrap();
        assert!(why.contains("pid namespace"), "{why}");
        let why = told(FIRST_PID_NAMESPACE, "user:[4026532249]").unwrap();
        assert!(why.contains("user namespace"), "{why}");
    }
}
