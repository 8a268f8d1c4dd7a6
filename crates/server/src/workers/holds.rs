//! What time ends: holds that nobody has captured or released are given back, payment links are over for good.

use std::time::Duration;

use super::repeat_turns;
use crate::events::Topic;
use crate::state::AppState;

const PAUSE: Duration = Duration::from_secs(5);
const AT_ONCE: u32 = 500;

/// Runs until the server stops. Money that comes back can only raise a wallet, so nothing is charged for it.
pub(super) async fn expire_when_due(state: AppState) {
    repeat_turns(state, "expiry", PAUSE, |state| async move { expire_due(&state).await }).await;
}

async fn expire_due(state: &AppState) {
    match state.store.expire_holds(state.clock.now(), AT_ONCE).await {
        Ok(wallets) => {
            for wallet in wallets {
                // Published here and not by the store, which knows nobody who watches.
                state.events.publish(&wallet.organization_id, Topic::Wallet);
            }
        }
        Err(error) => tracing::warn!(%error, "expired holds could not be given back"),
    }
    if let Err(error) = state.store.expire_links(state.clock.now()).await {
        tracing::warn!(%error, "it could not be written down which payment links are over");
    }
}
