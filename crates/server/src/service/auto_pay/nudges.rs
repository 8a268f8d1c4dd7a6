//! Which wallets the auto-pay worker should look at: asked for as often as anybody likes, looked at once.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

/// A set of wallets, and a bell.
#[derive(Debug, Default)]
pub(crate) struct Nudges {
    wallets: Mutex<HashSet<String>>,
    ready: Notify,
}

impl Nudges {
    /// This wallet has changed.
    pub(super) fn add(&self, organization_id: &str) {
        let mut wallets = self.wallets.lock().unwrap_or_else(PoisonError::into_inner);
        if !wallets.contains(organization_id) {
            wallets.insert(organization_id.to_owned());
            self.ready.notify_one();
        }
    }

    /// Waits until there is one, then takes all. For one worker.
    pub(crate) async fn take(&self) -> HashSet<String> {
        loop {
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
    async fn many_nudges_are_one_look_and_none_is_lost() {
        let nudges = Nudges::default();
        for organization in ["a", "b", "a", "a"] {
            nudges.add(organization);
        }
        assert_eq!(nudges.take().await.len(), 2);
        let (taken, ()) = tokio::join!(nudges.take(), async {
            tokio::task::yield_now().await;
            nudges.add("a");
        });
        assert_eq!(taken, HashSet::from(["a".to_owned()]));
    }
}
