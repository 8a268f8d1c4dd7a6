//! A number of tries that are free, and one more each so often: taken before the work is done, so that those who come at
//! once are counted too, and given back for work that does not count.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The generic cell rate algorithm (ITU-T I.371), as `governor` has it; that one cannot give anything back.
#[derive(Debug)]
pub(crate) struct Allowance<K> {
    /// How far ahead of now a key may be used up and still take one more.
    tolerance: Duration,
    one_more_each: Duration,
    used_until: Mutex<HashMap<K, Instant>>,
}

impl<K: Hash + Eq> Allowance<K> {
    /// `free` tries at once, then one more for each `one_more_each`.
    pub(crate) fn new(free: u32, one_more_each: Duration) -> Self {
        // One less: the first try is free in any case.
        let tolerance = one_more_each.saturating_mul(free.saturating_sub(1));
        Self { tolerance, one_more_each, used_until: Mutex::default() }
    }

    /// Takes one try; or how long this key has to wait for the next one.
    pub(crate) fn take(&self, key: K) -> Result<(), Duration> {
        self.take_at(key, Instant::now())
    }

    fn take_at(&self, key: K, now: Instant) -> Result<(), Duration> {
        let mut all = self.lock();
        // What lies in the past is all there again.
        let until = all.get(&key).copied().unwrap_or(now).max(now);
        match until.duration_since(now).checked_sub(self.tolerance) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                // Moved forward by one try; no timer and no queue.
                all.insert(key, until + self.one_more_each);
                Ok(())
            }
        }
    }

    /// Gives a try back that was taken.
    pub(crate) fn give_back(&self, key: &K) {
        if let Some(until) = self.lock().get_mut(key)
            && let Some(earlier) = until.checked_sub(self.one_more_each)
        {
            *until = earlier;
        }
    }

    /// Forgets whoever has all of it again.
    pub(crate) fn tidy(&self) {
        let now = Instant::now();
        // A key with nothing used up is the same as an unknown one.
        self.lock().retain(|_, until| *until > now);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Instant>> {
        self.used_until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn so_many_are_free_and_then_one_each_so_often() {
        let (allowance, now) = (Allowance::new(10, 30 * SECOND), Instant::now());
        assert!((0..10).all(|_| allowance.take_at("ann", now).is_ok()));
        assert_eq!(allowance.take_at("ann", now), Err(30 * SECOND));
        assert_eq!(allowance.take_at("bob", now), Ok(()), "another key has its own");
        assert_eq!(allowance.take_at("ann", now + 29 * SECOND), Err(SECOND));
        assert_eq!(allowance.take_at("ann", now + 30 * SECOND), Ok(()));
        assert_eq!(allowance.take_at("ann", now + 30 * SECOND), Err(30 * SECOND), "two a minute");
        // After a long rest no more than the free ones are there.
        let later = now + 3600 * SECOND;
        assert_eq!((0..20).filter(|_| allowance.take_at("ann", later).is_ok()).count(), 10);
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let (allowance, now) = (Allowance::new(1, SECOND), Instant::now());
        for _ in 0..5 {
            assert_eq!(allowance.take_at("ann", now), Ok(()));
            assert!(allowance.take_at("ann", now).is_err());
            allowance.give_back(&"ann");
        }
    }
}
