//! What an operation needs that the API and the commands of the operator share: a command has no page, no payment provider
//! and no open streams. What is open is notified by whoever has it, after the operation; elsewhere it is noticed within a
//! second by the wallet's `access_version`.

use billing_domain::id::Id;
use billing_store::{Actor, Store};

use crate::clock::Clock;
use crate::problem::Problem;
use crate::state::{self, AppState};

/// Where an operation on organizations, people and their rights is done, and by whom.
#[derive(Clone, Debug)]
pub(crate) struct OperationContext {
    /// The database.
    pub(crate) store: Store,
    /// What time it is.
    pub(crate) clock: Clock,
    /// Who does it.
    pub(crate) actor: Actor,
}

impl OperationContext {
    /// An id of this moment, for a new row.
    pub(crate) fn new_id<I: Id>(&self) -> Result<I, Problem> {
        state::new_id(&self.clock)
    }
}

impl AppState {
    /// For an operation that `actor` does through the API.
    pub(crate) fn operation_by(&self, actor: Actor) -> OperationContext {
        OperationContext { store: self.store.clone(), clock: self.clock.clone(), actor }
    }
}
