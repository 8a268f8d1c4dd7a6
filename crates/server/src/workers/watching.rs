//! Looks, for all open pages at once, whether the database has changed by what nobody has published here.

use std::collections::HashMap;
use std::time::Duration;

use billing_store::{DatabaseVersion, StoreError};

use crate::events::WatchedFigures;
use crate::state::AppState;

/// What ends somebody's access is to show within a second, also by another server.
const POLL: Duration = Duration::from_millis(500);

/// Runs until the server stops.
pub(super) async fn watch_database(state: AppState) {
    let mut seen = None;
    loop {
        tokio::select! {
            () = state.shutdown.cancelled() => return,
            () = tokio::time::sleep(POLL) => {}
        }
        if let Err(error) = poll_database(&state, &mut seen).await {
            tracing::warn!(%error, "it is unknown whether anything has changed for open pages");
            seen = None;
            for organization in state.events.watched_organizations() {
                // What comes back may be another ledger.
                organization.forget_lines();
            }
        }
    }
}

async fn poll_database(state: &AppState, seen: &mut Option<DatabaseVersion>) -> Result<(), StoreError> {
    let mut watched = state.events.watched_organizations();
    if watched.is_empty() {
        return Ok(());
    }
    // Before the figures: what is committed in between shows the next time.
    let version = state.store.database_version().await?;
    if seen.as_ref() == Some(&version) {
        watched.retain(|organization| organization.is_unknown());
    }
    let watched: HashMap<_, _> =
        watched.into_iter().map(|organization| (organization.id.clone(), organization)).collect();
    let ids: Vec<_> = watched.keys().cloned().collect();
    // By reserved connections: what ends somebody's access must be known even while costly reads hold the others.
    for (wallet, auto_pay) in state.store.reserved().watched_wallets(&ids).await? {
        if let Some(organization) = watched.get(&wallet.organization_id) {
            organization.update_figures(WatchedFigures { wallet, auto_pay });
        }
    }
    *seen = Some(version);
    Ok(())
}
