//! So many at a time of one key: open streams, or costly reads, which wait for each other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Slots of each key. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Slots {
    lines: Arc<Mutex<HashMap<String, KeyQueue>>>,
    at_once: usize,
    most_present: usize,
}

#[derive(Debug)]
struct KeyQueue {
    slots: Arc<Semaphore>,
    /// Those that have a slot or wait for one.
    present: usize,
}

/// A slot; free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    // Dropped in this order: the next one gets the slot before the place is given up.
    _permit: OwnedSemaphorePermit,
    _place: QueuedPlace,
}

#[derive(Debug)]
struct QueuedPlace {
    lines: Arc<Mutex<HashMap<String, KeyQueue>>>,
    key: String,
}

/// All slots of the key are taken, and enough wait already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SlotsFull;

impl Slots {
    /// `at_once` slots of each key, for which `most_waiting` others may wait.
    pub(crate) fn new(at_once: usize, most_waiting: usize) -> Self {
        Self { lines: Arc::default(), at_once, most_present: at_once + most_waiting }
    }

    /// Takes a slot, waits for it, or is refused at once.
    pub(crate) async fn take(&self, key: &str) -> Result<Slot, SlotsFull> {
        let (slots, place) = self.enter(key)?;
        // Nobody closes it.
        let permit = slots.acquire_owned().await.map_err(|_| SlotsFull)?;
        Ok(Slot { _permit: permit, _place: place })
    }

    fn enter(&self, key: &str) -> Result<(Arc<Semaphore>, QueuedPlace), SlotsFull> {
        let mut lines = lock_slots(&self.lines);
        let new = || KeyQueue { slots: Arc::new(Semaphore::new(self.at_once)), present: 0 };
        let line = lines.entry(key.to_owned()).or_insert_with(new);
        if line.present >= self.most_present {
            return Err(SlotsFull);
        }
        line.present += 1;
        // The place is taken under the lock, the slot is waited for without it.
        Ok((Arc::clone(&line.slots), QueuedPlace { lines: Arc::clone(&self.lines), key: key.to_owned() }))
    }
}

impl Drop for QueuedPlace {
    fn drop(&mut self) {
        let mut lines = lock_slots(&self.lines);
        if let Some(line) = lines.get_mut(&self.key) {
            line.present -= 1;
            if line.present == 0 {
                // Removed when nobody is there, or every session that ever came would stay.
                lines.remove(&self.key);
            }
        }
    }
}

fn lock_slots(lines: &Mutex<HashMap<String, KeyQueue>>) -> MutexGuard<'_, HashMap<String, KeyQueue>> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn two_work_one_waits_and_the_next_is_refused() {
        let slots = Slots::new(2, 1);
        let (first, _second) = (slots.take("a").await.unwrap(), slots.take("a").await.unwrap());
        let mut third = Box::pin(slots.take("a"));
        assert!((&mut third).now_or_never().is_none());
        assert_eq!(slots.take("a").now_or_never().unwrap().unwrap_err(), SlotsFull);
        assert!(slots.take("b").now_or_never().is_some_and(|slot| slot.is_ok()), "another key has its own");
        drop(first);
        drop(timeout(Duration::from_secs(5), third).await.unwrap().unwrap());
        assert!(slots.take("a").now_or_never().is_some_and(|slot| slot.is_ok()));
    }

    #[tokio::test]
    async fn who_gives_up_waiting_leaves_nothing_behind() {
        let slots = Slots::new(1, 1);
        let first = slots.take("a").await.unwrap();
        assert!(slots.take("a").now_or_never().is_none());
        let mut again = Box::pin(slots.take("a"));
        assert!((&mut again).now_or_never().is_none());
        drop(again);
        drop(first);
        assert!(lock_slots(&slots.lines).is_empty());
    }
}
