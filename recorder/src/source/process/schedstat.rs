//! `/proc/PID/schedstat`: the cheapest file, and so the gate before the others.
//!
//! It covers the leader thread only, and stands still for a task that was woken and starves.

use crate::source::numbers::Words;
use afterimage_format::reading::Reading;

/// Nanoseconds run, nanoseconds waited, timeslices.
pub(crate) fn parse(text: &[u8]) -> Reading<[u64; 3]> {
    let mut words = Words(text.trim_ascii_end());
    Ok([words.count()?, words.count()?, words.count()?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterimage_format::reading::Missing;

    #[test]
    fn three_numbers_or_none() {
        assert_eq!(parse(b"12 34 5\n"), Ok([12, 34, 5]));
        assert_eq!(parse(b"12 34\n"), Err(Missing::NotSupported));
        assert_eq!(parse(b"12 x 5\n"), Err(Missing::Malformed));
    }
}
