//! What sockets share a row, so that a host with many of them has no more rows than a reader can
//! look at and a capture can keep.
//!
//! In: each socket with its owner. Out: rows, each with the sums of its sockets. As long as they are
//! few, each has a row of its own. Then those that are ordinary are put together by local port and
//! peer, and later all; [`Level`] says how far that goes. Sockets that listen, whose peer has
//! closed and they have not, that wait for an answer, or whose queue does not become empty stay
//! alone as long as possible.

use super::name::{Address, End};
use super::owner::Owner;
use std::collections::HashMap;

/// Rows there may be: what a capture can keep at each tick.
const MOST_ROWS: usize = 1500;
/// Above so many sockets, ordinary ones are put together.
const MOST_ALONE: usize = 1000;
/// Above so many that are new since the listing before, too: each row that comes and goes costs
/// as much as a hundred that stay.
const MOST_NEW: usize = 100;
/// So many listings in a row have to be calm before rows are taken apart again.
const CALM: u32 = 60;

/// TCP or UDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Protocol {
    Tcp,
    Udp,
}

/// How far sockets are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    /// Each alone.
    Alone,
    /// Ordinary ones by local address and port and by the peer's address, or, at the side that
    /// connected, by local address and by the peer's address and port.
    ByPeer,
    /// The same for all but those that listen.
    AllByPeer,
    /// By local address and port, or, at the side that connected, by the peer's address and port.
    ByService,
    /// By state and process.
    ByProcess,
    /// By state.
    ByState,
}

impl Level {
    const ALL: [Self; 6] = [
        Self::Alone,
        Self::ByPeer,
        Self::AllByPeer,
        Self::ByService,
        Self::ByProcess,
        Self::ByState,
    ];

    fn next(self) -> Self {
        let next = Self::ALL.into_iter().find(|level| *level > self);
        next.unwrap_or(Self::ByState)
    }

    fn previous(self) -> Self {
        let before = Self::ALL.into_iter().rev().find(|level| *level < self);
        before.unwrap_or(Self::Alone)
    }
}

/// One socket, and what is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) key: RowKey,
    pub(super) queues: [u32; 2],
    pub(super) retransmits: Option<u32>,
    /// When it was first seen in its state, in microseconds since boot; negative when it may have
    /// been in it before that.
    pub(super) since: i64,
    pub(super) uid: Option<u32>,
    pub(super) inode: u32,
    /// It is at the side that was connected to.
    pub(super) is_served: bool,
    /// It stays alone as long as possible.
    pub(super) is_special: bool,
    pub(super) listens: bool,
}

/// What makes a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct RowKey {
    pub(super) protocol: Protocol,
    pub(super) state: u8,
    pub(super) local: End,
    pub(super) peer: End,
    pub(super) owner: Owner,
}

/// The sockets of a row together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) count: u64,
    pub(super) queues: [u64; 2],
    /// None where the kernel counts none, as of sockets in TIME-WAIT.
    pub(super) retransmits: Option<u64>,
    /// Of the oldest; negative as in [`Known`].
    pub(super) since: i64,
    /// None where it is not known, or not the same for all.
    pub(super) uid: Option<u32>,
    /// Of the oldest that has one, else 0.
    pub(super) inode: u32,
    inode_since: i64,
}

/// Puts sockets together, as far as it takes.
#[derive(Debug)]
pub(super) struct Grouping {
    level: Level,
    /// Listings in a row at which less would have sufficed, as far as their number tells.
    calm: u32,
    places: HashMap<RowKey, usize>,
    rows: Vec<(RowKey, Sums)>,
}

impl Grouping {
    pub(super) fn new() -> Self {
        Self {
            level: Level::Alone,
            calm: 0,
            places: HashMap::new(),
            rows: Vec::new(),
        }
    }

    /// The rows of these sockets, so many of which are new since the listing before.
    pub(super) fn rows(&mut self, sockets: &[Known], new: usize) -> &[(RowKey, Sums)] {
        let least = if sockets.len() > MOST_ALONE || new > MOST_NEW {
            Level::ByPeer
        } else {
            Level::Alone
        };
        self.calm = if self.level > least { self.calm + 1 } else { 0 };
        if self.calm >= CALM {
            (self.level, self.calm) = (self.level.previous(), 0);
        }
        self.level = self.level.max(least);
        while !self.put_together(sockets) {
            self.level = self.level.next();
        }
        &self.rows
    }

    /// Whether the rows of this level are few enough; those of the last one always are.
    fn put_together(&mut self, sockets: &[Known]) -> bool {
        self.places.clear();
        self.rows.clear();
        for socket in sockets {
            let key = row_of(socket, self.level);
            let next = self.rows.len();
            let place = *self.places.entry(key).or_insert(next);
            if place < next {
                self.rows[place].1.add(socket);
            } else if next < MOST_ROWS || self.level == Level::ByState {
                self.rows.push((key, Sums::of(socket)));
            } else {
                return false;
            }
        }
        true
    }
}

/// The row that a socket belongs to.
fn row_of(socket: &Known, level: Level) -> RowKey {
    let mut key = socket.key;
    let is_alone = match level {
        Level::Alone => true,
        Level::ByPeer => socket.is_special,
        Level::AllByPeer | Level::ByService => socket.listens,
        Level::ByProcess | Level::ByState => false,
    };
    if is_alone {
        return key;
    }
    if socket.is_served {
        key.peer.port = None;
    } else {
        key.local.port = None;
    }
    if level >= Level::ByService {
        let other = if socket.is_served {
            &mut key.peer
        } else {
            &mut key.local
        };
        other.address = Address::Any;
    }
    if level >= Level::ByProcess {
        (key.local, key.peer) = (End::ANY, End::ANY);
    }
    if level >= Level::ByState {
        key.owner = Owner::NotFound;
    }
    key
}

impl Sums {
    fn of(socket: &Known) -> Self {
        Self {
            count: 1,
            queues: socket.queues.map(u64::from),
            retransmits: socket.retransmits.map(u64::from),
            since: socket.since,
            uid: socket.uid,
            inode: socket.inode,
            inode_since: socket.since,
        }
    }

    fn add(&mut self, socket: &Known) {
        self.count += 1;
        for (sum, queue) in self.queues.iter_mut().zip(socket.queues) {
            *sum += u64::from(queue);
        }
        let counted = socket.retransmits.map(u64::from);
        self.retransmits = match (self.retransmits, counted) {
            (Some(sum), Some(more)) => Some(sum + more),
            (sum, more) => sum.or(more),
        };
        self.uid = self.uid.filter(|uid| socket.uid == Some(*uid));
        let is_older = |since: i64| order(socket.since) < order(since);
        if socket.inode != 0 && (self.inode == 0 || is_older(self.inode_since)) {
            (self.inode, self.inode_since) = (socket.inode, socket.since);
        }
        if is_older(self.since) {
            self.since = socket.since;
        }
    }
}

/// Of two that were seen first at the same time, the one that may have been there before is older.
fn order(since: i64) -> (i64, bool) {
    (since.saturating_abs(), since >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};

    const ESTABLISHED: u8 = 1;
    const CLOSE_WAIT: u8 = 8;

    fn end(host: u8, port: u16) -> End {
        End {
            address: Address::Ip(IpAddr::V4(Ipv4Addr::new(10, 0, 0, host))),
            interface: 0,
            port: Some(port),
        }
    }

    fn served(state: u8, client: (u8, u16)) -> Known {
        Known {
            key: RowKey {
                protocol: Protocol::Tcp,
                state,
                local: end(1, 80),
                peer: end(client.0, client.1),
                owner: Owner::Process(7),
            },
            queues: [1, 2],
            retransmits: Some(3),
            since: 500,
            uid: Some(33),
            inode: 90,
            is_served: true,
            is_special: state == CLOSE_WAIT,
            listens: false,
        }
    }

    #[test]
    fn a_few_have_a_row_each() {
        let sockets = [
            served(ESTABLISHED, (2, 1000)),
            served(ESTABLISHED, (2, 1001)),
        ];
        let mut grouping = Grouping::new();
        let rows = grouping.rows(&sockets, 2);
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[1].0, sockets[1].key);
    }

    #[test]
    fn many_clients_share_a_row_and_those_that_were_never_closed_do_not() {
        let clients = (0..1000).map(|port| served(ESTABLISHED, (2, port)));
        let never_closed = (0..400).map(|port| served(CLOSE_WAIT, (3, port)));
        let sockets: Vec<Known> = clients.chain(never_closed).collect();
        let mut grouping = Grouping::new();
        let rows = grouping.rows(&sockets, 0);
        assert_eq!(rows.len(), 401);
        let (key, sums) = rows[0];
        assert_eq!((key.peer.port, key.local.port), (None, Some(80)));
        assert_eq!((sums.count, sums.queues), (1000, [1000, 2000]));
        assert_eq!((sums.retransmits, sums.uid), (Some(3000), Some(33)));
        assert!(rows[1..].iter().all(|(_, sums)| sums.count == 1));
    }

    #[test]
    fn whoever_connects_is_put_together_by_where_it_connects_to() {
        let client = |port| Known {
            is_served: false,
            ..served(ESTABLISHED, (9, port))
        };
        let swapped = (0..1001).map(|port| {
            let mut socket = client(port);
            std::mem::swap(&mut socket.key.local, &mut socket.key.peer);
            socket
        });
        let mut grouping = Grouping::new();
        let rows = grouping.rows(&swapped.collect::<Vec<_>>(), 0);
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].0.peer, end(1, 80));
        assert_eq!(rows[0].0.local.port, None);
    }

    #[test]
    fn however_many_there_are_the_rows_are_few_and_none_is_lost() {
        let sockets: Vec<Known> = (0..20_000_u16)
            .map(|n| {
                let mut socket = served(CLOSE_WAIT, (u8::try_from(n % 250).unwrap(), n));
                socket.key.local.port = Some(n);
                socket.key.owner = Owner::Process(n.into());
                socket
            })
            .collect();
        let mut grouping = Grouping::new();
        let rows = grouping.rows(&sockets, 0);
        assert!(rows.len() <= MOST_ROWS);
        let all: u64 = rows.iter().map(|(_, sums)| sums.count).sum();
        assert_eq!(all, 20_000);
    }

    #[test]
    fn many_new_ones_put_them_together_until_it_has_been_calm() {
        let sockets = [
            served(ESTABLISHED, (2, 1000)),
            served(ESTABLISHED, (2, 1001)),
        ];
        let mut grouping = Grouping::new();
        assert_eq!(grouping.rows(&sockets, MOST_NEW + 1).len(), 1);
        for _ in 1..CALM {
            assert_eq!(grouping.rows(&sockets, 0).len(), 1);
        }
        assert_eq!(grouping.rows(&sockets, 0).len(), 2);
    }

    #[test]
    fn the_oldest_one_tells_the_age_and_the_inode() {
        let mut sums = Sums::of(&served(ESTABLISHED, (2, 1)));
        let at_least = Known {
            since: -500,
            inode: 91,
            uid: Some(34),
            ..served(ESTABLISHED, (2, 2))
        };
        sums.add(&at_least);
        assert_eq!((sums.since, sums.inode, sums.uid), (-500, 91, None));
        sums.add(&served(ESTABLISHED, (2, 3)));
        assert_eq!((sums.since, sums.inode), (-500, 91));
    }
}
