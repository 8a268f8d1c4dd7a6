//! Bytes of requests that are in memory, of one address and in all: counted as they arrive, until the request is answered.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The bytes in flight. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Bytes {
    held: Arc<Mutex<ByteCounts>>,
    most: usize,
    most_of_one: usize,
}

#[derive(Debug, Default)]
struct ByteCounts {
    all: usize,
    of_address: HashMap<IpAddr, usize>,
}

/// One request's bytes; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    bytes: Bytes,
    address: IpAddr,
    own: Mutex<usize>,
}

/// There is no room for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more bytes arrive than there is room for")]
pub(crate) struct NoRoom;

impl Bytes {
    /// At most `most`, of them `most_of_one` of one address.
    pub(crate) fn new(most: usize, most_of_one: usize) -> Self {
        Self { held: Arc::default(), most, most_of_one }
    }

    /// Nothing yet, for a request of this address.
    pub(crate) fn begin(&self, address: IpAddr) -> Held {
        Held { bytes: self.clone(), address, own: Mutex::default() }
    }
}

impl Held {
    /// So many have arrived.
    pub(crate) fn add(&self, count: usize) -> Result<(), NoRoom> {
        // Both sums under one lock, so that parallel requests cannot pass the limit together.
        let mut sums = lock_usage(&self.bytes.held);
        let all = sums.all.saturating_add(count);
        let of_address = sums.of_address.get(&self.address).map_or(count, |sum| sum.saturating_add(count));
        if all > self.bytes.most || of_address > self.bytes.most_of_one {
            return Err(NoRoom);
        }
        sums.all = all;
        sums.of_address.insert(self.address, of_address);
        *self.own.lock().unwrap_or_else(PoisonError::into_inner) += count;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let own = *self.own.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sums = lock_usage(&self.bytes.held);
        sums.all -= own;
        if let Some(sum) = sums.of_address.get_mut(&self.address) {
            *sum -= own;
            // Removed at zero, or every address that ever came would stay.
            if *sum == 0 {
                sums.of_address.remove(&self.address);
            }
        }
    }
}

fn lock_usage(held: &Mutex<ByteCounts>) -> MutexGuard<'_, ByteCounts> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_leaves_room_for_the_others_and_all_of_it_comes_back() {
        let bytes = Bytes::new(100, 60);
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let (first, second) = (bytes.begin(one), bytes.begin(one));
        assert_eq!((first.add(40), second.add(20), second.add(1)), (Ok(()), Ok(()), Err(NoRoom)));
        let third = bytes.begin(other);
        assert_eq!((third.add(40), third.add(1)), (Ok(()), Err(NoRoom)));
        drop(first);
        assert_eq!((second.add(40), third.add(1)), (Ok(()), Err(NoRoom)));
        drop(second);
        drop(third);
        let sums = lock_usage(&bytes.held);
        assert_eq!((sums.all, sums.of_address.len()), (0, 0));
    }
}
