//! Authorizations that wait to be granted together, and who waits for the answer.

use billing_store::{Authorization, HoldRequest};
use tokio::sync::oneshot;

use super::group::Queues;
use crate::problem::Problem;

/// Authorizations of one commit.
const MAX_BATCH: usize = 500;
/// Authorizations that may wait in a queue; whoever comes then is asked to come again.
const MAX_WAITING: usize = 20_000;

/// One request for a hold.
#[derive(Debug)]
pub(crate) struct QueuedAuthorization {
    /// The hold, and how far down it may take the wallet.
    pub(crate) wanted: HoldRequest,
    /// Answered after the commit.
    pub(crate) reply: oneshot::Sender<Result<Authorization, Problem>>,
}

/// The queues of authorizations: `count` is how many commits the database can use at once.
pub(crate) fn new_queues(count: usize) -> Queues<QueuedAuthorization> {
    Queues::new(count, MAX_BATCH, MAX_WAITING)
}
