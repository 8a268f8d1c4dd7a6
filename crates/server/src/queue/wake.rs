//! Wallets that the worker of automatic payments should look at: added as often as anybody likes, taken once.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use billing_domain::OrganizationId;
use tokio::sync::Notify;

/// A set of wallets, and a signal for the worker.
#[derive(Debug, Default)]
pub(crate) struct WakeQueue {
    wallets: Mutex<HashSet<OrganizationId>>,
    ready: Notify,
}

impl WakeQueue {
    /// This wallet has changed.
    pub(crate) fn add(&self, organization_id: &OrganizationId) {
        let mut wallets = self.wallets.lock().unwrap_or_else(PoisonError::into_inner);
        // Looked up first: a hot wallet is nearly always in the set, and then nothing is cloned.
        if !wallets.contains(organization_id) {
            wallets.insert(organization_id.to_owned());
            // A permit is kept if nobody waits at this moment.
            self.ready.notify_one();
        }
    }

    /// Waits until there is one, then takes all. For one worker.
    pub(crate) async fn take(&self) -> HashSet<OrganizationId> {
        loop {
            // All at once: wallets that change meanwhile go into the next set.
            let taken = std::mem::take(&mut *self.wallets.lock().unwrap_or_else(PoisonError::into_inner));
            if !taken.is_empty() {
                return taken;
            }
            self.ready.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn many_wakes_are_one_turn_and_none_is_lost() {
        let queue = WakeQueue::default();
        let [a, b] = ["a", "b"].map(OrganizationId::from_trusted);
        for organization in [&a, &b, &a, &a] {
            queue.add(organization);
        }
        assert_eq!(queue.take().await.len(), 2);
        let (taken, ()) = tokio::join!(queue.take(), async {
            tokio::task::yield_now().await;
            queue.add(&a);
        });
        assert_eq!(taken, HashSet::from([a]));
    }
}
