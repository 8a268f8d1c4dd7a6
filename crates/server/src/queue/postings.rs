//! Ledger lines that wait to be posted together, and who waits for the answer.

use billing_store::{Batch, Outcome, StoreError};
use tokio::sync::oneshot;

use super::lanes::Lanes;
use crate::problem::Problem;

/// Lines of one commit: more would keep those behind them waiting for longer than they gain.
/// See docs/decisions/0004-group-commit.md.
const MAX_BATCH_LINES: usize = 4_000;
/// Lines that may wait in a lane; whoever comes then is told to come again.
const MAX_WAITING_LINES: usize = 100_000;

/// What became of a line.
pub(crate) type Posted = Result<Outcome, StoreError>;

/// The lines of one request, one answer each in their order.
pub(crate) type PostingReply = oneshot::Sender<Result<Vec<Posted>, Problem>>;

/// One organization's lines of one request.
#[derive(Debug)]
pub(crate) struct QueuedPosting {
    /// Ready to be posted.
    pub(crate) batch: Batch,
    /// Answered after the commit.
    pub(crate) reply: PostingReply,
}

/// The lanes of postings: `count` is how many commits the database can use at once.
pub(crate) fn new_lanes(count: usize) -> Lanes<QueuedPosting> {
    Lanes::new(count, MAX_BATCH_LINES, MAX_WAITING_LINES)
}
