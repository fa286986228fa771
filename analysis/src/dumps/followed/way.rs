//! Over what a thread waits for another process, and what for.

use afterimage_format::kernel_view::OtherEnd;

/// What a thread waits for, that another process does or has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// An answer: it reads from a connection that it made.
    Reply,
    /// What it was connected for: it reads from a connection that was made to it.
    Request,
    /// Something to read, where neither side made a connection to the other: a pipe or a pair of sockets.
    Data,
    /// That the other side reads: it writes to a connection or a pipe.
    Write,
    /// That its child ends.
    Child,
}

impl Over {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Request => "request",
            Self::Data => "data",
            Self::Write => "write",
            Self::Child => "child",
        }
    }
}

/// What is between the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// A TCP connection, by its addresses.
    Tcp {
        /// The thread's own end.
        local: String,
        /// The other.
        remote: String,
    },
    /// UNIX sockets, by the names that they have.
    Unix {
        /// The thread's own end.
        local: Option<String>,
        /// The other.
        remote: Option<String>,
    },
    /// A pipe.
    Pipe,
}

impl Way {
    /// That of a pipe or UNIX socket.
    pub(super) fn of(end: &OtherEnd) -> Self {
        let name = |name: &String| Some(name.clone()).filter(|name| !name.is_empty());
        match &end.names {
            None => Self::Pipe,
            Some([local, remote]) => Self::Unix {
                local: name(local),
                remote: name(remote),
            },
        }
    }

    /// The word for it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Tcp { .. } => "tcp",
            Self::Unix { .. } => "unix",
            Self::Pipe => "pipe",
        }
    }

    /// What the thread's own end is called.
    pub fn local(&self) -> Option<&str> {
        match self {
            Self::Tcp { local, .. } => Some(local),
            Self::Unix { local, .. } => local.as_deref(),
            Self::Pipe => None,
        }
    }

    /// What the other end is called.
    pub fn remote(&self) -> Option<&str> {
        match self {
            Self::Tcp { remote, .. } => Some(remote),
            Self::Unix { remote, .. } => remote.as_deref(),
            Self::Pipe => None,
        }
    }

    /// What somebody who reads there waits for. Only the end that was connected to has a name.
    pub(super) fn read(&self) -> Over {
        match (self.local(), self.remote()) {
            (None, Some(_)) => Over::Reply,
            (Some(_), None) => Over::Request,
            _ => Over::Data,
        }
    }

    /// ` on /run/postgresql/.s.PGSQL.5432`, ` over a pipe`.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Pipe => " over a pipe".to_owned(),
            // Of a UNIX socket both ends are told by the name that one of them has.
            Self::Unix { local, remote } => match remote.as_ref().or(local.as_ref()) {
                Some(name) => format!(" on {name}"),
                None => " over a UNIX socket".to_owned(),
            },
            Self::Tcp { remote, .. } => format!(" on {remote}"),
        }
    }
}
