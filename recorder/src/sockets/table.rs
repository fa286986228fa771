//! The rows of one listing, on their way to the sampler.
//!
//! In: names and values. Out: the same, in memory that is used again at the next listing.

use afterimage_format::group::SocketField as F;
use afterimage_format::reading::{Missing, Reading};

/// The columns of a row that its listing tells, in the order of their fields.
pub(super) type Values = [Reading<i64>; F::ReadAt as usize];

/// The rows of one listing. Their names lie one behind the other.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// The tick that asked for it.
    pub(super) tick: u64,
    /// Why there are no rows of TCP and UDP sockets.
    pub(super) missing: Option<Missing>,
    /// How many TCP and UDP sockets there are.
    pub(super) sockets: usize,
    /// How many processes refuse to show their descriptors, and how many were looked at.
    pub(super) refused: Option<(u64, u64)>,
    names: Vec<u8>,
    rows: Vec<(usize, Values)>,
    /// How many of the rows are of all sockets of a protocol; they come first.
    totals: usize,
}

impl Table {
    /// One that says why nothing was listed.
    pub(super) fn missing(tick: u64, missing: Missing) -> Self {
        let mut table = Self::default();
        table.fail(tick, missing);
        table
    }

    /// Name and values of each row, and whether it is of all sockets of a protocol.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&[u8], &Values, bool)> {
        let ends = self.rows.iter().map(|(end, _)| *end);
        let begins = std::iter::once(0).chain(ends);
        let rows = self.rows.iter().zip(begins).enumerate();
        rows.map(|(place, ((end, values), begin))| {
            (&self.names[begin..*end], values, place < self.totals)
        })
    }

    pub(super) fn clear(&mut self, tick: u64) {
        self.names.clear();
        self.rows.clear();
        (self.tick, self.totals, self.sockets) = (tick, 0, 0);
        (self.missing, self.refused) = (None, None);
    }

    pub(super) fn fail(&mut self, tick: u64, missing: Missing) {
        self.clear(tick);
        self.missing = Some(missing);
        for protocol in ["tcp", "udp", "unix"] {
            self.total(protocol, Err(missing));
        }
    }

    pub(super) fn total(&mut self, protocol: &str, count: Reading<usize>) {
        let mut values = [Err(Missing::NotRead); F::ReadAt as usize];
        values[F::Count.column()] = count.map(|count| i64::try_from(count).unwrap_or(i64::MAX));
        let rest = if protocol == "unix" { "* *" } else { "*:* *:*" };
        self.row(values, |name| {
            name.extend(
                [protocol, " * ", rest, " -"]
                    .into_iter()
                    .flat_map(str::bytes),
            );
        });
        self.totals += 1;
    }

    pub(super) fn row(&mut self, values: Values, name: impl FnOnce(&mut Vec<u8>)) {
        name(&mut self.names);
        self.rows.push((self.names.len(), values));
    }
}
