//! A value the kernel gave us, or the reason it did not.

/// One value of one source at one instant.
///
/// An absent value is never stored as zero: "no swap" and "could not read swap"
/// lead an investigation to opposite places.
pub type Reading<T> = Result<T, Missing>;

/// Why a value is absent. Stored in the capture beside the values, one code a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Missing {
    /// This kernel does not have the file or the line.
    #[error("this kernel does not report it")]
    NotSupported,
    /// The recorder was not allowed to read it.
    #[error("the recorder was not allowed to read it")]
    PermissionDenied,
    /// The process or device went away while it was being read.
    #[error("it went away while it was being read")]
    Gone,
    /// The text was not in the form we know; the `source` table keeps an example.
    #[error("the kernel's text was not in a form this version knows")]
    Malformed,
    /// The kernel refused for another reason; the `source` table keeps its words.
    #[error("the kernel refused to give it")]
    Unreadable,
    /// The read did not come back in time.
    #[error("reading it did not come back in time")]
    Blocked,
    /// Left out to keep within the recorder's budget.
    #[error("left out to stay within the recorder's budget")]
    Shed,
    /// Not read yet, or only read in another state (a wait channel of a running task).
    #[error("not read at that moment")]
    NotRead,
    /// Written by a recorder that knew a reason this version does not.
    #[error("absent for a reason this version does not know")]
    Unknown,
}

impl Missing {
    /// The code stored in a capture; 0 means present, so none of these is 0.
    pub const fn code(self) -> u8 {
        match self {
            Self::NotSupported => 1,
            Self::PermissionDenied => 2,
            Self::Gone => 3,
            Self::Malformed => 4,
            Self::Unreadable => 5,
            Self::Blocked => 6,
            Self::Shed => 7,
            Self::NotRead => 8,
            Self::Unknown => 255,
        }
    }

    /// The reason behind a stored code; `None` for 0, which means present.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => None,
            1 => Some(Self::NotSupported),
            2 => Some(Self::PermissionDenied),
            3 => Some(Self::Gone),
            4 => Some(Self::Malformed),
            5 => Some(Self::Unreadable),
            6 => Some(Self::Blocked),
            7 => Some(Self::Shed),
            8 => Some(Self::NotRead),
            _ => Some(Self::Unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_comes_back_as_its_reason() {
        for code in 1..=8 {
            assert_eq!(Missing::from_code(code).map(Missing::code), Some(code));
        }
        assert_eq!(Missing::from_code(0), None);
        assert_eq!(Missing::from_code(77), Some(Missing::Unknown));
    }
}
