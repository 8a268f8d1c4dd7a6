//! One person's stream of requests: what was answered, as it is answered. It carries nothing else of the wallet.

use std::time::Duration;

use billing_contract::event::SessionState;
use billing_contract::request::FundsRequest;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use crate::events::{Change, Subscription, Topic};
use crate::problem::Problem;
use crate::service::requests::{get_request, list_requests};
use crate::service::sessions::{self, SessionStanding, SignedInMember};
use crate::state::AppState;
use crate::stream::{StreamEnd, send_to_reader};

/// Messages that wait for a reader.
const BUFFER: usize = 16;
/// After this a session is noticed whose time has run out; then the stream shows that it is alive.
pub(crate) const PULSE_SECONDS: u32 = 4;
const PULSE: Duration = Duration::from_secs(PULSE_SECONDS as u64);

/// What a watcher is sent.
#[derive(Clone, Debug)]
pub(crate) enum RequestPush {
    /// A request as it is now.
    Request(Box<FundsRequest>),
    /// The stream ends with it.
    Session(SessionState),
    /// The stream is alive.
    Heartbeat,
}

/// Opens a stream. It begins with every request that this person sees, oldest first, so that whoever comes back has
/// missed nothing, and ends when the receiver is dropped or too slow, the session ends, the role changes, or the
/// server stops.
/// See docs/decisions/0048-funds-requests.md.
pub(crate) fn open_stream(state: &AppState, member: SignedInMember) -> mpsc::Receiver<RequestPush> {
    let (out, receiver) = mpsc::channel(BUFFER);
    // First subscribe, then read: nothing falls in between.
    let subscription = state.events.subscribe(&member.organization.id);
    let mut stream = RequestStream { state: state.clone(), member, subscription, out };
    state.tasks.spawn(async move {
        if let Err(StreamEnd::Failed(problem)) = stream.run().await {
            tracing::warn!(problem = problem.document().detail, "a stream of requests was cut; its reader comes back");
        }
    });
    receiver
}

struct RequestStream {
    state: AppState,
    member: SignedInMember,
    subscription: Subscription,
    out: mpsc::Sender<RequestPush>,
}

impl RequestStream {
    async fn run(&mut self) -> Result<(), StreamEnd> {
        let mut access_version = self.read_access_version().await?;
        // Again, since the role may have changed since the request was let in.
        self.check_session().await?;
        self.send_all().await?;
        let mut pulse = interval(PULSE);
        pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.state.shutdown.cancelled() => return Err(StreamEnd::Over),
                () = self.out.closed() => return Err(StreamEnd::Over),
                change = self.subscription.recv() => match change {
                    Ok(Change::Topic(topic)) => self.receive(topic).await?,
                    // Somebody has lost their access or has another role, by another server perhaps.
                    Ok(Change::Figures(figures)) => {
                        let found = figures.wallet.access_version;
                        if std::mem::replace(&mut access_version, found) != found {
                            self.check_session().await?;
                        }
                    }
                    // Missed topics are no loss: all requests are sent again.
                    Err(RecvError::Lagged(_)) => self.send_all().await?,
                    Err(RecvError::Closed) => return Err(StreamEnd::Over),
                },
                _ = pulse.tick() => {
                    self.check_session().await?;
                    self.send(RequestPush::Heartbeat).await?;
                }
            }
        }
    }

    async fn receive(&self, topic: Topic) -> Result<(), StreamEnd> {
        match topic {
            Topic::Request(id) => match get_request(&self.state, &self.member, &id).await {
                Ok(request) => self.send(RequestPush::Request(Box::new(request))).await,
                // Somebody else's.
                Err(problem) if problem.document().status == 404 => Ok(()),
                Err(problem) => Err(problem.into()),
            },
            Topic::Everything => self.send_all().await,
            Topic::SessionEnded(_) | Topic::RoleChanged(_) => self.check_session().await,
            _ => Ok(()),
        }
    }

    async fn send_all(&self) -> Result<(), StreamEnd> {
        for request in list_requests(&self.state, &self.member).await?.items.into_iter().rev() {
            self.send(RequestPush::Request(Box::new(request))).await?;
        }
        Ok(())
    }

    async fn read_access_version(&self) -> Result<i64, StreamEnd> {
        Ok(self.state.store.access_version(&self.member.organization.id).await.map_err(Problem::from)?)
    }

    /// The session must live, with the role that the stream was opened with.
    async fn check_session(&self) -> Result<(), StreamEnd> {
        match sessions::session_standing(&self.state, &self.member).await? {
            SessionStanding::Open(_) => return Ok(()),
            SessionStanding::Over(state) => self.send(RequestPush::Session(state)).await?,
            SessionStanding::RunOut => {}
        }
        Err(StreamEnd::Over)
    }

    async fn send(&self, push: RequestPush) -> Result<(), StreamEnd> {
        send_to_reader(&self.out, push).await
    }
}
