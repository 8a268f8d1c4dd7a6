//! A bounded queue for costly work in which everybody has their own line: who brings much waits for themselves, not
//! others for them.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// Hands out turns, to one key after the other.
#[derive(Debug)]
pub(crate) struct Turns<K: Hash + Eq + Clone> {
    lines: Arc<Mutex<Lines<K>>>,
    most_waiting: usize,
    most_of_one: usize,
}

#[derive(Debug)]
struct Lines<K: Hash + Eq + Clone> {
    free: usize,
    count: usize,
    waiting: HashMap<K, VecDeque<oneshot::Sender<Turn<K>>>>,
    /// Each key that waits, once, in the order in which they are served.
    order: VecDeque<K>,
}

/// Somebody's turn; the next one's when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn<K: Hash + Eq + Clone> {
    lines: Option<Arc<Mutex<Lines<K>>>>,
}

/// Too many wait already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QueueFull;

impl<K: Hash + Eq + Clone> Turns<K> {
    /// `at_once` turns at a time; at most `most_waiting` wait for one, of them `most_of_one` with one key.
    pub(crate) fn new(at_once: usize, most_waiting: usize, most_of_one: usize) -> Self {
        let lines = Lines { free: at_once, count: 0, waiting: HashMap::new(), order: VecDeque::new() };
        Self { lines: Arc::new(Mutex::new(lines)), most_waiting, most_of_one }
    }

    /// Waits for a turn.
    pub(crate) async fn wait(&self, key: K) -> Result<Turn<K>, QueueFull> {
        let (sender, receiver) = oneshot::channel();
        {
            let mut lines = lock_turns(&self.lines);
            if lines.free > 0 {
                lines.free -= 1;
                return Ok(Turn { lines: Some(Arc::clone(&self.lines)) });
            }
            let own = lines.waiting.get(&key).map_or(0, VecDeque::len);
            // Turned away at once rather than served late: the browser shows when to try again.
            if lines.count >= self.most_waiting || own >= self.most_of_one {
                return Err(QueueFull);
            }
            lines.join(key, sender);
        }
        receiver.await.map_err(|_| QueueFull)
    }
}

impl<K: Hash + Eq + Clone> Lines<K> {
    fn join(&mut self, key: K, sender: oneshot::Sender<Turn<K>>) {
        let line = self.waiting.entry(key.clone()).or_default();
        // In the order once, however many of one key wait: that is what makes it fair.
        if line.is_empty() {
            self.order.push_back(key);
        }
        line.push_back(sender);
        self.count += 1;
    }

    /// The first of the key whose turn it is; its next one comes after all other keys.
    fn next(&mut self) -> Option<oneshot::Sender<Turn<K>>> {
        let key = self.order.pop_front()?;
        let line = self.waiting.get_mut(&key)?;
        let next = line.pop_front();
        if line.is_empty() {
            self.waiting.remove(&key);
        } else {
            self.order.push_back(key);
        }
        self.count -= usize::from(next.is_some());
        next
    }
}

impl<K: Hash + Eq + Clone> Drop for Turn<K> {
    fn drop(&mut self) {
        let Some(shared) = self.lines.take() else { return };
        loop {
            // The lock is released before the turn is handed on: a receiver that is gone drops it, which locks again.
            let mut lines = lock_turns(&shared);
            let Some(next) = lines.next() else {
                lines.free += 1;
                return;
            };
            drop(lines);
            // Who has gone away meanwhile is passed over.
            match next.send(Self { lines: Some(Arc::clone(&shared)) }) {
                Ok(()) => return,
                // Emptied, so that dropping it does not begin this loop once more.
                Err(mut unwanted) => unwanted.lines = None,
            }
        }
    }
}

fn lock_turns<K: Hash + Eq + Clone>(lines: &Mutex<Lines<K>>) -> MutexGuard<'_, Lines<K>> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn whoever_brings_much_waits_for_themselves() {
        let turns = Turns::new(1, 100, 100);
        let running = turns.wait("flood").await.unwrap();
        let mut flood: Vec<_> = (0..50).map(|_| Box::pin(turns.wait("flood"))).collect();
        assert!(flood.iter_mut().all(|one| one.now_or_never().is_none()));
        let mut other = Box::pin(turns.wait("other"));
        assert!((&mut other).now_or_never().is_none());
        drop(running);
        let first = flood.remove(0).await.unwrap();
        drop(first);
        // Of 51 who wait the other one is the second.
        timeout(Duration::from_secs(5), other).await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_full_queue_says_so_at_once() {
        let turns = Turns::new(1, 3, 2);
        let running = turns.wait("a").await.unwrap();
        let mut waiting: Vec<_> = ["a", "a", "b"].into_iter().map(|key| Box::pin(turns.wait(key))).collect();
        assert!((&mut waiting[0]).now_or_never().is_none() && (&mut waiting[1]).now_or_never().is_none());
        assert!(matches!(turns.wait("a").now_or_never(), Some(Err(QueueFull))), "two of one key wait already");
        assert!((&mut waiting[2]).now_or_never().is_none());
        assert!(matches!(turns.wait("c").now_or_never(), Some(Err(QueueFull))), "three wait already");
        // Those who go away leave their place.
        drop(waiting);
        drop(running);
        assert!(turns.wait("c").now_or_never().is_some_and(|turn| turn.is_ok()));
    }

    #[tokio::test]
    async fn a_turn_that_nobody_takes_is_the_next_ones() {
        let turns = Turns::new(1, 10, 10);
        let running = turns.wait("a").await.unwrap();
        let (mut gone, mut there) = (Box::pin(turns.wait("b")), Box::pin(turns.wait("c")));
        assert!((&mut gone).now_or_never().is_none() && (&mut there).now_or_never().is_none());
        drop(running);
        // It was handed over and never taken.
        drop(gone);
        timeout(Duration::from_secs(5), there).await.unwrap().unwrap();
    }
}
