//! Group commit: lines of many requests wait together while a commit is on its way, and the next one takes all of them.
//! A hot wallet costs one balance change and one fsync a batch instead of one a request.

use std::collections::BTreeMap;

use billing_contract::ProblemCode;
use billing_store::{Batch, Posting, StoreError};
use tokio::sync::oneshot;

use super::{Posted, Report, UsageLine, batch, post, tell};
use crate::app::AppState;
use crate::problem::Problem;
use crate::service::lanes::{Brought, Lanes};

/// Lines of one commit: more would keep those behind them waiting for longer than they gain.
const LINES_AT_ONCE: usize = 2_000;
/// Lines that may wait in a lane; whoever comes then is told to come again.
const LINES_WAITING: usize = 100_000;

/// One organisation's lines of one request.
#[derive(Debug)]
pub(crate) struct Part {
    report: Report,
    reply: oneshot::Sender<Answer>,
}

type Answer = Result<Vec<Posted>, Problem>;

/// The lanes of postings, as many as the database can use at once.
pub(crate) fn lanes(count: usize) -> Lanes<Part> {
    Lanes::new(count, LINES_AT_ONCE, LINES_WAITING)
}

/// Posts the lines of a request together with those of others. Answers after the commit, in the order of the reports;
/// the posting goes on when this is dropped.
pub(crate) async fn post_together(state: &AppState, reports: Vec<Report>) -> Result<Vec<Vec<Posted>>, Problem> {
    let waiting: Vec<_> = reports.into_iter().map(|report| enqueue(state, report)).collect();
    let mut answers = Vec::with_capacity(waiting.len());
    for answer in waiting {
        answers.push(answer.await.map_err(|_| Problem::internal("a posting was broken off"))??);
    }
    Ok(answers)
}

fn enqueue(state: &AppState, report: Report) -> oneshot::Receiver<Answer> {
    let (reply, answer) = oneshot::channel();
    let (organization_id, lines) = (report.organization.id.clone(), report.lines.len());
    match state.postings.bring(&organization_id, lines, Part { report, reply }) {
        Brought::Waiting => {}
        Brought::First(lane) => {
            let state = state.clone();
            state.tasks.clone().spawn(async move { drain(&state, lane).await });
        }
        Brought::Full(part) => {
            let _ = part.reply.send(Err(too_busy()));
        }
    }
    answer
}

fn too_busy() -> Problem {
    Problem::retry_later(ProblemCode::Unavailable, "More is reported than can be posted. Report it again.", 1)
}

/// Posts until nothing waits any more.
async fn drain(state: &AppState, lane: usize) {
    let task = state.postings.task(lane);
    while let Some(parts) = task.take() {
        commit(state, parts).await;
    }
}

async fn commit(state: &AppState, parts: Vec<Part>) {
    let mut wallets: BTreeMap<String, Vec<Part>> = BTreeMap::new();
    for part in parts {
        wallets.entry(part.report.organization.id.clone()).or_default().push(part);
    }
    let wallets: Vec<Vec<Part>> = wallets.into_values().collect();
    match together(state, &wallets).await {
        Ok(postings) => {
            for (parts, posting) in wallets.into_iter().zip(postings) {
                match posting {
                    Ok(posting) => hand_out(state, parts, posting),
                    // The balance would leave its range, or there is no such wallet: each request by itself.
                    Err(_) => alone(state, parts).await,
                }
            }
        }
        // Nothing was written. Who is out of reach now is so for everybody.
        Err(problem) if problem.document().code == ProblemCode::Unavailable => {
            for part in wallets.into_iter().flatten() {
                let _ = part.reply.send(Err(problem.clone()));
            }
        }
        // One of them may be at fault: it must not spoil the others.
        Err(_) => alone(state, wallets.into_iter().flatten()).await,
    }
}

async fn together(state: &AppState, wallets: &[Vec<Part>]) -> Result<Vec<Result<Posting, StoreError>>, Problem> {
    let mut batches: Vec<Batch> = Vec::with_capacity(wallets.len());
    for parts in wallets {
        let Some(first) = parts.first() else { continue };
        let lines = parts.iter().flat_map(|part| &part.report.lines).collect::<Vec<&UsageLine>>();
        batches.push(batch(state, &first.report, &lines)?);
    }
    Ok(state.store.post_many(batches, state.clock.now()).await?)
}

/// Gives every request its own outcomes.
fn hand_out(state: &AppState, parts: Vec<Part>, posting: Posting) {
    if let Some(part) = parts.first() {
        tell(state, &part.report.organization.id);
    }
    let mut outcomes = posting.outcomes.into_iter().map(Ok);
    for part in parts {
        let own = outcomes.by_ref().take(part.report.lines.len()).collect();
        // Whoever asked may have gone; the lines are posted all the same.
        let _ = part.reply.send(Ok(own));
    }
}

async fn alone(state: &AppState, parts: impl IntoIterator<Item = Part>) {
    for part in parts {
        let answer = post(state, std::slice::from_ref(&part.report)).await;
        let _ = part.reply.send(answer.map(|mut answers| answers.pop().unwrap_or_default()));
    }
}
