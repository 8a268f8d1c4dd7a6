//! What an operation needs that the API and the commands of the operator share: a command has no page, no payment provider
//! and no open streams. What is open is told by whoever has them, after the operation; elsewhere it is noticed within a
//! second by the wallet's `access_version`.

use billing_store::{Actor, Store};

use crate::clock::Clock;
use crate::state::AppState;

/// Where somebody works on organizations, people and their rights.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    /// The database.
    pub(crate) store: Store,
    /// What time it is.
    pub(crate) clock: Clock,
    /// Who works there.
    pub(crate) actor: Actor,
}

impl AppState {
    /// Where `actor` works through the API.
    pub(crate) fn desk(&self, actor: Actor) -> Desk {
        Desk { store: self.store.clone(), clock: self.clock.clone(), actor }
    }
}
