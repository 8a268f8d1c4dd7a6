//! One person's stream of requests: what was answered, as it is answered. It carries nothing else of the wallet.

use std::time::Duration;

use billing_contract::event::SessionState;
use billing_contract::request::FundsRequest;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use super::{list, request};
use crate::app::AppState;
use crate::events::{Subscription, Topic};
use crate::service::feed::{End, hand_over};
use crate::service::sessions::{self, Member};

/// Messages that wait for a reader.
const BUFFER: usize = 16;
/// A session that another server has ended is noticed after this at the latest; then the stream shows that it is alive.
pub(crate) const PULSE_SECONDS: u32 = 4;
const PULSE: Duration = Duration::from_secs(PULSE_SECONDS as u64);

/// What a watcher is told.
#[derive(Clone, Debug)]
pub(crate) enum Word {
    /// A request as it is now.
    Request(Box<FundsRequest>),
    /// The last word.
    Session(SessionState),
    /// The stream is alive.
    Heartbeat,
}

/// Opens a stream. It begins with every request that this person sees, oldest first, so that whoever comes back has
/// missed nothing, and ends when the receiver is dropped or too slow, the session ends, the role changes, or the
/// server stops.
/// See docs/decisions/0048-funds-requests.md.
pub(crate) fn watch(state: &AppState, member: Member) -> mpsc::Receiver<Word> {
    let (out, receiver) = mpsc::channel(BUFFER);
    // First subscribe, then read: nothing falls in between.
    let subscription = state.events.subscribe(&member.organization.id);
    let mut watcher = Watcher { state: state.clone(), member, subscription, out };
    state.tasks.spawn(async move {
        if let Err(End::Failed(problem)) = watcher.run().await {
            tracing::warn!(problem = problem.document().detail, "a stream of requests was cut; its reader comes back");
        }
    });
    receiver
}

struct Watcher {
    state: AppState,
    member: Member,
    subscription: Subscription,
    out: mpsc::Sender<Word>,
}

impl Watcher {
    async fn run(&mut self) -> Result<(), End> {
        self.check_session().await?;
        self.send_all().await?;
        let mut pulse = interval(PULSE);
        pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.state.shutdown.cancelled() => return Err(End::Over),
                () = self.out.closed() => return Err(End::Over),
                topic = self.subscription.recv() => match topic {
                    Ok(topic) => self.hear(topic).await?,
                    Err(RecvError::Lagged(_)) => self.send_all().await?,
                    Err(RecvError::Closed) => return Err(End::Over),
                },
                _ = pulse.tick() => {
                    self.check_session().await?;
                    self.send(Word::Heartbeat).await?;
                }
            }
        }
    }

    async fn hear(&self, topic: Topic) -> Result<(), End> {
        match topic {
            Topic::Request(id) => match request(&self.state, &self.member, &id).await {
                Ok(request) => self.send(Word::Request(Box::new(request))).await,
                // Somebody else's.
                Err(problem) if problem.document().status == 404 => Ok(()),
                Err(problem) => Err(problem.into()),
            },
            Topic::Everything => self.send_all().await,
            Topic::SessionEnded(_) | Topic::RoleChanged(_) => self.check_session().await,
            _ => Ok(()),
        }
    }

    async fn send_all(&self) -> Result<(), End> {
        for request in list(&self.state, &self.member).await?.items.into_iter().rev() {
            self.send(Word::Request(Box::new(request))).await?;
        }
        Ok(())
    }

    /// The session must live, with the role that the stream was opened with.
    async fn check_session(&self) -> Result<(), End> {
        let Err(word) = sessions::standing(&self.state, &self.member).await? else { return Ok(()) };
        self.send(Word::Session(word)).await?;
        Err(End::Over)
    }

    async fn send(&self, word: Word) -> Result<(), End> {
        hand_over(&self.out, word).await
    }
}
