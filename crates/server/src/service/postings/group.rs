//! Group commit: lines of many requests wait together while a commit is on its way, and the next one takes all of them.
//! A hot wallet costs one balance change and one fsync a batch instead of one a request.
//!
//! Every organisation has its lane, in which one batch is posted after the other: its postings never wait for each
//! other's row lock. SQLite has one writer, so there all share one lane.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use billing_contract::ProblemCode;
use billing_store::{Batch, Posting, StoreError};
use tokio::sync::oneshot;

use super::{Posted, Report, UsageLine, batch, post, tell};
use crate::app::AppState;
use crate::problem::Problem;

/// Lines of one commit: more would keep those behind them waiting for longer than they gain.
const LINES_AT_ONCE: usize = 2_000;
/// Lines that may wait in a lane; whoever comes then is told to come again.
const LINES_WAITING: usize = 100_000;

/// The lanes of this server.
#[derive(Debug)]
pub(crate) struct Lanes(Vec<Mutex<Lane>>);

#[derive(Debug, Default)]
struct Lane {
    waiting: VecDeque<Part>,
    /// How many lines that is.
    lines: usize,
    /// A task is posting.
    running: bool,
}

/// One organisation's lines of one request.
#[derive(Debug)]
struct Part {
    report: Report,
    reply: oneshot::Sender<Answer>,
}

type Answer = Result<Vec<Posted>, Problem>;

impl Lanes {
    /// As many as the database can use at once.
    pub(crate) fn new(count: usize) -> Self {
        Self((0..count.max(1)).map(|_| Mutex::default()).collect())
    }

    fn of(&self, organization_id: &str) -> usize {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(organization_id);
        usize::try_from(hash % u64::try_from(self.0.len()).unwrap_or(1)).unwrap_or_default()
    }

    fn lock(&self, index: usize) -> MutexGuard<'_, Lane> {
        self.0[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
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
    let index = state.lanes.of(&report.organization.id);
    let mut lane = state.lanes.lock(index);
    if lane.lines >= LINES_WAITING {
        let _ = reply.send(Err(too_busy()));
        return answer;
    }
    lane.lines += report.lines.len();
    lane.waiting.push_back(Part { report, reply });
    if !std::mem::replace(&mut lane.running, true) {
        let state = state.clone();
        state.tasks.clone().spawn(async move { drain(&state, index).await });
    }
    answer
}

fn too_busy() -> Problem {
    Problem::retry_later(ProblemCode::Unavailable, "More is reported than can be posted. Report it again.", 1)
}

/// Posts until nothing waits any more.
async fn drain(state: &AppState, index: usize) {
    let running = Running { state, index };
    while let Some(parts) = running.take() {
        commit(state, parts).await;
    }
}

/// That a task is posting; the lane is free again when it ends, even by a panic.
struct Running<'a> {
    state: &'a AppState,
    index: usize,
}

impl Running<'_> {
    /// What is posted next; `None` when nothing waits, and then this task is done: both are decided under one lock.
    fn take(&self) -> Option<Vec<Part>> {
        let mut lane = self.state.lanes.lock(self.index);
        let (mut parts, mut lines) = (Vec::new(), 0);
        while let Some(next) = lane.waiting.front()
            && (parts.is_empty() || lines + next.report.lines.len() <= LINES_AT_ONCE)
        {
            lines += next.report.lines.len();
            parts.extend(lane.waiting.pop_front());
        }
        lane.lines -= lines;
        lane.running = !parts.is_empty();
        lane.running.then_some(parts)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.state.lanes.lock(self.index).running = false;
        }
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
