//! Open connections: so many of one address and in all. Whoever comes when there is no room takes the place of the
//! connection that has been silent longest; one on which something is being answered is never closed for another.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

/// The connections of one listener. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Connections {
    open: Arc<Mutex<Open>>,
    most: usize,
    most_of_one: usize,
}

#[derive(Debug, Default)]
struct Open {
    last: u64,
    all: HashMap<u64, Connection>,
    /// Those on which nothing is being answered, those to be closed first in front.
    resting: BTreeSet<Rest>,
    of_address: HashMap<IpAddr, Share>,
}

#[derive(Debug, Default)]
struct Share {
    count: usize,
    resting: BTreeSet<Rest>,
}

#[derive(Debug)]
struct Connection {
    address: IpAddr,
    /// Since when nothing is being answered; `None` while something is.
    rest: Option<Rest>,
    closed: CancellationToken,
}

/// Silent ones (that have asked nothing yet) come before those that may ask again, and then the order in which they fell
/// silent counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rest {
    has_asked: bool,
    since: u64,
    id: u64,
}

/// A connection's place; free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    open: Arc<Mutex<Open>>,
    id: u64,
    closed: CancellationToken,
}

/// Something is being answered on the connection, until this is dropped.
#[derive(Debug)]
pub(crate) struct Busy {
    open: Arc<Mutex<Open>>,
    id: u64,
}

impl Connections {
    /// At most `most` at a time, of them `most_of_one` of one address.
    pub(crate) fn new(most: usize, most_of_one: usize) -> Self {
        Self { open: Arc::default(), most, most_of_one }
    }

    /// A place for a connection of this address, if need be that of a resting one. `None`: on all of them something is
    /// being answered.
    pub(crate) fn admit(&self, address: IpAddr) -> Option<Place> {
        let mut open = lock_places(&self.open);
        let share = open.of_address.get(&address);
        if share.is_some_and(|share| share.count >= self.most_of_one) {
            // One of its own: an address makes room for itself before others do.
            let longest = share.and_then(|share| share.resting.first())?.id;
            open.close(longest);
        }
        if open.all.len() >= self.most {
            // Nothing is being answered there: who is closed loses no answer.
            let longest = open.resting.first()?.id;
            open.close(longest);
        }
        let id = open.next();
        let closed = CancellationToken::new();
        open.all.insert(id, Connection { address, rest: None, closed: closed.clone() });
        open.of_address.entry(address).or_default().count += 1;
        // At rest from the start: who connects and says nothing is the first to go.
        open.rest(id, false);
        drop(open);
        Some(Place { open: Arc::clone(&self.open), id, closed })
    }

    /// How many are open.
    #[cfg(test)]
    fn count(&self) -> usize {
        lock_places(&self.open).all.len()
    }
}

impl Open {
    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    fn rest(&mut self, id: u64, has_asked: bool) {
        // A counter instead of a clock: it never repeats and never goes back.
        let since = self.next();
        let Some(connection) = self.all.get_mut(&id) else { return };
        let rest = Rest { has_asked, since, id };
        connection.rest = Some(rest);
        self.resting.insert(rest);
        self.of_address.entry(connection.address).or_default().resting.insert(rest);
    }

    /// Whether the connection is still open.
    fn wake(&mut self, id: u64) -> bool {
        let Some(connection) = self.all.get_mut(&id) else { return false };
        if let Some(rest) = connection.rest.take() {
            self.resting.remove(&rest);
            if let Some(share) = self.of_address.get_mut(&connection.address) {
                share.resting.remove(&rest);
            }
        }
        true
    }

    fn close(&mut self, id: u64) {
        self.wake(id);
        let Some(connection) = self.all.remove(&id) else { return };
        connection.closed.cancel();
        if let Some(share) = self.of_address.get_mut(&connection.address) {
            share.count -= 1;
            if share.count == 0 {
                self.of_address.remove(&connection.address);
            }
        }
    }
}

impl Place {
    /// Something is asked on the connection; `None` when it has just been closed for another one.
    pub(crate) fn ask(&self) -> Option<Busy> {
        // Under the lock that also closes: either it is answered, or it was closed.
        let open = lock_places(&self.open).wake(self.id);
        open.then(|| Busy { open: Arc::clone(&self.open), id: self.id })
    }

    /// Nothing has been asked yet.
    pub(crate) fn is_silent(&self) -> bool {
        let open = lock_places(&self.open);
        open.all.get(&self.id).and_then(|connection| connection.rest).is_some_and(|rest| !rest.has_asked)
    }

    /// Waits until the connection has to make room.
    pub(crate) async fn closed(&self) {
        self.closed.cancelled().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock_places(&self.open).close(self.id);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        lock_places(&self.open).rest(self.id, true);
    }
}

fn lock_places(open: &Mutex<Open>) -> MutexGuard<'_, Open> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    fn is_closed(place: &Place) -> bool {
        place.closed.is_cancelled()
    }

    #[test]
    fn silent_ones_make_room_before_those_that_have_asked_and_busy_ones_never() {
        let connections = Connections::new(3, 3);
        let busy = connections.admit(address(1)).unwrap();
        let _busy = busy.ask().unwrap();
        let rested = connections.admit(address(2)).unwrap();
        drop(rested.ask().unwrap());
        let silent = connections.admit(address(3)).unwrap();
        let fourth = connections.admit(address(4)).unwrap();
        assert!(is_closed(&silent) && !is_closed(&rested) && !is_closed(&busy));
        assert!(silent.ask().is_none(), "what it asks just then is not begun");
        let _fourth = fourth.ask().unwrap();
        let fifth = connections.admit(address(5)).unwrap();
        assert!(is_closed(&rested));
        let _fifth = fifth.ask().unwrap();
        assert!(connections.admit(address(6)).is_none(), "something is being answered on all of them");
        assert_eq!(connections.count(), 3);
    }

    #[test]
    fn one_address_makes_room_for_itself_only() {
        let connections = Connections::new(100, 2);
        let other = connections.admit(address(9)).unwrap();
        let flood: Vec<_> = (0..50).map(|_| connections.admit(address(1)).unwrap()).collect();
        assert_eq!(flood.iter().filter(|place| !is_closed(place)).count(), 2);
        assert!(!is_closed(&other));
        assert_eq!(connections.count(), 3);
        drop(flood);
        drop(other);
        assert_eq!(connections.count(), 0);
        assert!(
            lock_places(&connections.open).of_address.is_empty() && lock_places(&connections.open).resting.is_empty()
        );
    }
}
