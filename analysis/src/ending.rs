//! How a process ended, in the words of a shell and of `lastcomm`.

use afterimage_format::facts::{Exited, FORKED, SUPERUSER};
use std::fmt::{self, Display, Formatter};

/// How a process ended, as of `wait(2)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It called `exit` with this status, or returned it.
    Exited(u8),
    /// A signal killed it.
    Killed {
        /// Its number.
        signal: u8,
        /// It left a core.
        core: bool,
    },
}

impl Ending {
    /// What a wait status says.
    pub fn from_wait_status(status: i32) -> Self {
        let [low, high, ..] = status.to_le_bytes();
        match low & 0x7f {
            0 => Self::Exited(high),
            signal => Self::Killed {
                signal,
                core: low & 0x80 != 0,
            },
        }
    }

    /// The exit status, if there was one.
    pub fn status(self) -> Option<u8> {
        match self {
            Self::Exited(status) => Some(status),
            Self::Killed { .. } => None,
        }
    }

    /// The name of the signal, if one killed it.
    pub fn signal(self) -> Option<String> {
        match self {
            Self::Exited(_) => None,
            Self::Killed { signal, .. } => Some(signal_name(signal)),
        }
    }
}

/// `0`, `SIGKILL`, `SIGSEGV (core)`.
impl Display for Ending {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(status) => write!(f, "{status}"),
            Self::Killed { signal, core } => {
                let core = if *core { " (core)" } else { "" };
                write!(f, "{}{core}", signal_name(*signal))
            }
        }
    }
}

/// The flags of `lastcomm(1)`: F forked and never called `exec`, S used privileges of the
/// superuser, D left a core, X was killed by a signal; `?` when nobody told of F and S. `None` when
/// nobody told of any.
pub fn flags(exited: &Exited) -> Option<String> {
    let ending = exited.wait_status.map(Ending::from_wait_status);
    if exited.flags.is_none() && ending.is_none() {
        return None;
    }
    let told = |flag| exited.flags.is_some_and(|flags| flags & flag != 0);
    let killed = matches!(ending, Some(Ending::Killed { .. }));
    let core = matches!(ending, Some(Ending::Killed { core: true, .. }));
    let flags = [
        ('S', told(SUPERUSER)),
        ('F', told(FORKED)),
        ('?', exited.flags.is_none()),
        ('D', core),
        ('X', killed),
    ];
    let set = flags.into_iter().filter(|(_, is_set)| *is_set);
    Some(set.map(|(flag, _)| flag).collect())
}

/// The kernel's numbers on x86 and ARM, as `kill -l` names them.
fn signal_name(signal: u8) -> String {
    const NAMES: [&str; 31] = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
        "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
        "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "POLL", "PWR", "SYS",
    ];
    let name = usize::from(signal)
        .checked_sub(1)
        .and_then(|place| NAMES.get(place));
    match name {
        Some(name) => format!("SIG{name}"),
        None => format!("signal {signal}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_status_is_an_exit_status_or_a_signal() {
        assert_eq!(Ending::from_wait_status(3 << 8).to_string(), "3");
        assert_eq!(Ending::from_wait_status(255 << 8).status(), Some(255));
        assert_eq!(Ending::from_wait_status(9).to_string(), "SIGKILL");
        assert_eq!(
            Ending::from_wait_status(15).signal().as_deref(),
            Some("SIGTERM")
        );
        let dumped = Ending::from_wait_status(0x8b);
        assert_eq!(
            dumped,
            Ending::Killed {
                signal: 11,
                core: true
            }
        );
        assert_eq!(dumped.to_string(), "SIGSEGV (core)");
        assert_eq!(Ending::from_wait_status(34).to_string(), "signal 34");
    }
}
