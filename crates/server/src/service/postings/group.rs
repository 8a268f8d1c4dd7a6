//! Group commit: lines of many requests wait together while a commit is on its way, and the next one takes all of them.
//! A hot wallet costs one balance change and one fsync a batch instead of one a request.

use std::collections::BTreeMap;

use billing_contract::ProblemCode;
use billing_domain::OrganizationId;
use billing_store::{Batch, NewLine, Posting};
use tokio::sync::oneshot;

use super::{Report, post_batches, prepare_batch, publish_posting};
use crate::problem::{Detail, Problem};
use crate::queue::group::Enqueued;
use crate::queue::postings::{PostResult, PostingReply, QueuedPosting};
use crate::state::AppState;

/// Posts the lines of a request together with those of others. Answers after the commit, in the order of the reports;
/// the posting goes on when this is dropped.
pub(crate) async fn post_together(state: &AppState, reports: Vec<Report>) -> Result<Vec<Vec<PostResult>>, Problem> {
    // Made ready here, where many requests can do it side by side, and not in the queue.
    let batches = reports.into_iter().map(|report| prepare_batch(state, report)).collect::<Result<Vec<_>, _>>()?;
    // All of them before the first is awaited, or each wallet would be a transaction of its own.
    let waiting: Vec<_> = batches.into_iter().map(|batch| enqueue_batch(state, batch)).collect();
    let mut answers = Vec::with_capacity(waiting.len());
    for answer in waiting {
        answers.push(answer.await.map_err(|_| Problem::internal("a posting was broken off"))??);
    }
    Ok(answers)
}

fn enqueue_batch(state: &AppState, batch: Batch) -> oneshot::Receiver<Result<Vec<PostResult>, Problem>> {
    let (reply, answer) = oneshot::channel();
    let (organization_id, lines) = (batch.organization_id.clone(), batch.lines.len());
    // Counted by lines, not by requests: lines are what fills memory and transactions.
    match state.postings.enqueue(&organization_id, lines, QueuedPosting { batch, reply }) {
        Enqueued::Waiting => {}
        Enqueued::First(queue) => {
            let state = state.clone();
            state.tasks.clone().spawn(async move { drain_queue(&state, queue).await });
        }
        // Answered at once: waiting in a full queue helps nobody, and the platform reports again.
        Enqueued::Full(queued) => {
            let _ = queued.reply.send(Err(too_busy()));
        }
    }
    answer
}

fn too_busy() -> Problem {
    let detail = Detail::general("More is reported than can be posted. Report it again.");
    Problem::retry_later(ProblemCode::Unavailable, detail, 1)
}

/// Posts until nothing waits any more.
async fn drain_queue(state: &AppState, queue: usize) {
    let task = state.postings.task(queue);
    while let Some(queued) = task.take() {
        commit_batches(state, queued).await;
    }
}

/// Whose lines in a batch are whose: how many of them, one request after the other.
type Shares = Vec<(usize, PostingReply)>;

#[tracing::instrument(level = "debug", skip_all, fields(requests = queued.len()))]
async fn commit_batches(state: &AppState, queued: Vec<QueuedPosting>) {
    // By wallet, in the order of ids: several requests for one wallet are one batch.
    let mut wallets: BTreeMap<OrganizationId, (Vec<NewLine>, Shares)> = BTreeMap::new();
    for QueuedPosting { batch, reply } in queued {
        let (lines, shares) = wallets.entry(batch.organization_id).or_default();
        shares.push((batch.lines.len(), reply));
        lines.extend(batch.lines);
    }
    let (batches, shares): (Vec<_>, Vec<_>) = wallets
        .into_iter()
        .map(|(organization_id, (lines, shares))| (Batch { organization_id, lines }, shares))
        .unzip();
    match state.store.post_many(&batches, state.clock.now()).await.map_err(Problem::from) {
        Ok(postings) => {
            for ((batch, shares), posting) in batches.into_iter().zip(shares).zip(postings) {
                match posting {
                    Ok(posting) => hand_out(state, &batch.organization_id, shares, posting),
                    // The balance would leave its range, or there is no such wallet: each request by itself.
                    Err(_) => post_alone(state, batch, shares).await,
                }
            }
        }
        // Nothing was written. Who is out of reach now is so for everybody.
        Err(problem) if problem.document().code == ProblemCode::Unavailable => {
            for (_, reply) in shares.into_iter().flatten() {
                let _ = reply.send(Err(problem.clone()));
            }
        }
        // One of them may be at fault: it must not spoil the others.
        Err(_) => {
            for (batch, shares) in batches.into_iter().zip(shares) {
                post_alone(state, batch, shares).await;
            }
        }
    }
}

/// Gives every request its own outcomes.
fn hand_out(state: &AppState, organization_id: &OrganizationId, shares: Shares, posting: Posting) {
    publish_posting(state, organization_id);
    let mut outcomes = posting.outcomes.into_iter().map(Ok);
    for (lines, reply) in shares {
        let own = outcomes.by_ref().take(lines).collect();
        // Whoever asked may have gone; the lines are posted all the same.
        let _ = reply.send(Ok(own));
    }
}

async fn post_alone(state: &AppState, batch: Batch, shares: Shares) {
    let Batch { organization_id, lines } = batch;
    let mut lines = lines.into_iter();
    // One after the other, in the order in which they came, so that `seq` follows it.
    for (count, reply) in shares {
        let own = Batch { organization_id: organization_id.clone(), lines: lines.by_ref().take(count).collect() };
        let _ = reply.send(post_batches(state, vec![own]).await.map(|mut answers| answers.pop().unwrap_or_default()));
    }
}
