//! Low marks of wallets as they were read a moment ago.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use billing_domain::{Money, OrganizationId};

/// A wallet's low mark changes by the day; this is how long one that was read serves.
const MAX_AGE: Duration = Duration::from_secs(10);

/// Low marks that were read a moment ago, so that a wallet that changes a thousand times a second is compared with one
/// number each time.
#[derive(Debug, Default)]
pub(crate) struct LowMarkCache(Mutex<HashMap<OrganizationId, CachedMark>>);

#[derive(Clone, Copy, Debug)]
struct CachedMark {
    level: Money,
    is_low: bool,
    read: Instant,
    /// The wallet has changed since.
    passed_over: bool,
}

impl LowMarkCache {
    /// Whether the wallet is on the same side of its mark as when that was read, not long ago.
    pub(crate) fn says_nothing_new(&self, organization_id: &OrganizationId, available: Money) -> bool {
        let mut marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        marks.get_mut(organization_id).is_some_and(|mark| {
            // Within its age and on the same side: the database has nothing else to say.
            mark.passed_over = mark.read.elapsed() < MAX_AGE && mark.is_low == (available <= mark.level);
            mark.passed_over
        })
    }

    /// Wallets that were passed over and whose mark is too old by now; forgets what is old.
    pub(crate) fn due(&self) -> Vec<OrganizationId> {
        let mut marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Old ones are taken out: the next look reads the mark anew.
        let old = marks.extract_if(|_, mark| mark.read.elapsed() >= MAX_AGE);
        old.filter(|(_, mark)| mark.passed_over).map(|(organization_id, _)| organization_id).collect()
    }

    /// A mark that has just been read.
    pub(crate) fn note(&self, organization_id: &OrganizationId, level: Money, is_low: bool) {
        let mark = CachedMark { level, is_low, read: Instant::now(), passed_over: false };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(organization_id.to_owned(), mark);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_answers_only_what_has_not_changed() {
        let (marks, organization) = (LowMarkCache::default(), OrganizationId::from_trusted("o"));
        assert!(!marks.says_nothing_new(&organization, Money::from_major(9)), "nothing was read yet");
        marks.note(&organization, Money::from_major(5), false);
        assert!(marks.says_nothing_new(&organization, Money::from_major(6)));
        assert!(!marks.says_nothing_new(&organization, Money::from_major(5)), "at the mark is low");
        marks.note(&organization, Money::from_major(5), true);
        assert!(!marks.says_nothing_new(&organization, Money::from_major(6)));
    }
}
