//! Of several servers one makes the demo.

use std::time::{Duration, Instant};

use super::DemoError;
use crate::state::AppState;
use billing_domain::LeaseOwner;

/// Of several servers one makes the demo; the lease of one that was killed runs out soon.
const LEASE: &str = "demo";
const LEASE_SECONDS: i64 = 5;
const LEASE_RENEWAL: Duration = Duration::from_secs(1);
const LEASE_WAIT: Duration = Duration::from_millis(250);

/// The right to make the demo, alone among several servers.
pub(super) struct Lease {
    owner: LeaseOwner,
    renewed: Instant,
}

impl Lease {
    /// Waits until no other server makes the demo.
    pub(super) async fn acquire(state: &AppState) -> Result<Self, DemoError> {
        let mut lease = Self { owner: state.new_id()?, renewed: Instant::now() };
        while !lease.take(state).await? {
            tracing::info!("another server is making the demo organization, or was stopped while it did");
            tokio::time::sleep(LEASE_WAIT).await;
        }
        Ok(lease)
    }

    async fn take(&mut self, state: &AppState) -> Result<bool, DemoError> {
        let now = state.clock.now();
        self.renewed = Instant::now();
        Ok(state.store.acquire_lease(LEASE, &self.owner, now.plus_seconds(LEASE_SECONDS), now).await?)
    }

    /// To be called often: prolongs it when it is time.
    pub(super) async fn keep(&mut self, state: &AppState) -> Result<(), DemoError> {
        if self.renewed.elapsed() >= LEASE_RENEWAL && !self.take(state).await? {
            return Err(DemoError::Service("another server has taken over making it".to_owned()));
        }
        Ok(())
    }

    /// Another server may go on.
    pub(super) async fn release(&self, state: &AppState) -> Result<(), DemoError> {
        Ok(state.store.release_lease(LEASE, &self.owner).await?)
    }
}
