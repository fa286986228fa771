//! What a counter did between two readings: the one place where they are subtracted.

/// What happened to a counter between two readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It rose by this much, or stood still.
    Rose(u64),
    /// It fell: the device or process behind it was replaced, so there is no rate.
    Restarted,
}

impl Change {
    /// The rise, unless the counter restarted.
    pub const fn rise(self) -> Option<u64> {
        match self {
            Self::Rose(by) => Some(by),
            Self::Restarted => None,
        }
    }
}

/// Compares two readings of a counter that only ever rises.
pub fn change(earlier: u64, later: u64) -> Change {
    later
        .checked_sub(earlier)
        .map_or(Change::Restarted, Change::Rose)
}

/// The sum of what counters say; more than any counter holds is as much as one does.
pub fn total(parts: impl IntoIterator<Item = u64>) -> u64 {
    parts.into_iter().fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fall_is_a_restart_and_not_a_huge_rise() {
        assert_eq!(change(10, 4), Change::Restarted);
        assert_eq!(change(10, 14).rise(), Some(4));
    }
}
