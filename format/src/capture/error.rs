//! What can go wrong with a capture, and what the reader can do about it.

use std::path::{Path, PathBuf};

/// A read or a write of the disk failed. (`ErrorKind` has no name for it.)
const EIO: i32 = 5;

/// Why one frame could not be used. The frames around it still can.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameFault {
    /// It ends before it should.
    #[error("it ends too early")]
    Short,
    /// It does not begin as a frame does.
    #[error("it is not a frame")]
    Foreign,
    /// Its check does not match: it was damaged, or belongs to another capture.
    #[error("its checksum does not match")]
    Check,
    /// It is sound, but not the frame that belongs here.
    #[error("it belongs to another place in the capture")]
    Misplaced,
    /// It was written in a form this version does not know.
    #[error("it has frame version {0}, which this program does not know")]
    Version(u8),
    /// A number in it cannot be right.
    #[error("it holds an impossible number ({0})")]
    Number(u64),
    /// There is none where there should be one.
    #[error("it is not there")]
    Absent,
    /// SQLite cannot read the pages that it, and what follows it, lies on.
    #[error("the pages of the database from there on are damaged")]
    Torn,
    /// It could not be compressed or unpacked.
    #[error("zstd: {0}")]
    Zstd(String),
}

/// Why a capture could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The file is not there, or may not be read.
    #[error("cannot open {path}")]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// It is no capture at all.
    #[error("{path} is not an afterimage capture: {why}")]
    NotACapture {
        /// The file.
        path: PathBuf,
        /// How that was seen.
        why: String,
    },
    /// It is a capture, but not as this program writes one: what `SQLite` would do with it is
    /// not known.
    #[error("{path} was altered: {why}")]
    Altered {
        /// The file.
        path: PathBuf,
        /// What was.
        why: String,
    },
    /// What its first bytes say of it is not what it holds.
    #[error("{path} is damaged: {why}")]
    Header {
        /// The file.
        path: PathBuf,
        /// What they say.
        why: String,
    },
    /// It was written in another version of the format.
    #[error(
        "{path} was written in capture format 0.{found}; this program reads format 0.{ours}: {advice}"
    )]
    OtherFormat {
        /// The file.
        path: PathBuf,
        /// The version in the file.
        found: i32,
        /// The version of this program.
        ours: i32,
        /// Which of the two to change.
        advice: &'static str,
    },
    /// It is a capture of another host.
    #[error("{path} is a capture of the host {found}, not of {ours}: choose another file with -o")]
    OtherHost {
        /// The file.
        path: PathBuf,
        /// The host in the file.
        found: String,
        /// This host.
        ours: String,
    },
    /// SQLite could not do what was asked.
    #[error("{path}: {doing}")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What SQLite said.
        #[source]
        source: rusqlite::Error,
    },
    /// A frame that was asked for is damaged.
    #[error("{path}: the data from tick {seq} on is damaged")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The first tick of the frame.
        seq: u64,
        /// What is wrong with it.
        #[source]
        fault: FrameFault,
    },
    /// What was written last still lies beside it.
    #[error(
        "{path} was not ended cleanly, and nothing can be added to it: add to a copy (`afterimage copy {path} NEW`)"
    )]
    Unfinished {
        /// The file.
        path: PathBuf,
    },
    /// So much of it is damaged that nothing more may be recorded into it.
    #[error("{path} is damaged (`afterimage check` says where) and stays as it is")]
    Unsound {
        /// The file.
        path: PathBuf,
    },
    /// Nobody waits for it any more: see [`Watch`](super::watch::Watch).
    #[error("{path}: cancelled")]
    Cancelled {
        /// The file.
        path: PathBuf,
    },
    /// The capture holds no tick at all, or none where it was asked for.
    #[error("{path} holds no sample {place}")]
    NoSample {
        /// The file.
        path: PathBuf,
        /// Where one was looked for.
        place: String,
    },
}

impl CaptureError {
    /// Says of which file, and while doing what, `SQLite` failed.
    pub(crate) fn sqlite(
        path: &Path,
        doing: &'static str,
    ) -> impl FnOnce(rusqlite::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Sqlite {
            path,
            doing,
            source,
        }
    }

    /// Says of a frame what is wrong with it.
    pub(crate) fn damaged(path: &Path, seq: u64, fault: FrameFault) -> Self {
        let path = path.to_owned();
        Self::Damaged { path, seq, fault }
    }

    /// Whether it says that the disk is full.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Sqlite { source, .. }
            if source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull))
    }

    /// Whether what failed may go well on the same connection later: the disk is full, or somebody
    /// else is at the file.
    pub fn will_pass(&self) -> bool {
        use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked, DiskFull};
        matches!(self, Self::Sqlite { source, .. } if source
            .sqlite_error_code()
            .is_some_and(|code| [DiskFull, DatabaseBusy, DatabaseLocked].contains(&code)))
    }

    /// Whether it is the disk that cannot be written, and not the file that is not as it should be.
    pub fn is_storage_trouble(&self) -> bool {
        use rusqlite::ErrorCode::{DiskFull, ReadOnly, SystemIoFailure};
        match self {
            Self::Sqlite { source, .. } => source
                .sqlite_error_code()
                .is_some_and(|code| [DiskFull, ReadOnly, SystemIoFailure].contains(&code)),
            Self::Open { source, .. } => is_of_the_disk(source),
            _ => false,
        }
    }

    /// Whether it says that the file is damaged, and not that something else went wrong with it.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Damaged { .. }
            | Self::Unsound { .. }
            | Self::Altered { .. }
            | Self::Header { .. } => true,
            Self::Sqlite { source, .. } => is_torn(source),
            _ => false,
        }
    }
}

/// Whether the system refused a file because of the disk that it is, or would be, on.
pub(crate) fn is_of_the_disk(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let failed = error.raw_os_error() == Some(EIO);
    failed || [StorageFull, QuotaExceeded, ReadOnlyFilesystem].contains(&error.kind())
}

/// Whether `SQLite` says that the file itself is damaged, and not that something else went wrong.
/// What takes more work than a file of its size can give is damaged: its pages lead in a circle.
pub(crate) fn is_torn(error: &rusqlite::Error) -> bool {
    let damage = [
        rusqlite::ErrorCode::DatabaseCorrupt,
        rusqlite::ErrorCode::NotADatabase,
        rusqlite::ErrorCode::OperationInterrupted,
    ];
    error
        .sqlite_error_code()
        .is_some_and(|code| damage.contains(&code))
}
