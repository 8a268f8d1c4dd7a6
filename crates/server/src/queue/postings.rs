//! Ledger lines that wait to be posted together, and who waits for the answer.

use billing_store::{Batch, LineOutcome, StoreError};
use tokio::sync::oneshot;

use super::group::Queues;
use crate::problem::Problem;

/// Lines of one commit: more would keep those behind them waiting for longer than they gain.
/// See docs/decisions/0004-group-commit.md.
const MAX_BATCH_LINES: usize = 4_000;
/// Lines that may wait in a queue; whoever comes then is asked to come again.
const MAX_WAITING_LINES: usize = 100_000;

/// What became of a line.
pub(crate) type PostResult = Result<LineOutcome, StoreError>;

/// The lines of one request, one answer each in their order.
pub(crate) type PostingReply = oneshot::Sender<Result<Vec<PostResult>, Problem>>;

/// One organization's lines of one request.
#[derive(Debug)]
pub(crate) struct QueuedPosting {
    /// Ready to be posted.
    pub(crate) batch: Batch,
    /// Answered after the commit.
    pub(crate) reply: PostingReply,
}

/// The queues of postings: `count` is how many commits the database can use at once.
pub(crate) fn new_queues(count: usize) -> Queues<QueuedPosting> {
    Queues::new(count, MAX_BATCH_LINES, MAX_WAITING_LINES)
}
