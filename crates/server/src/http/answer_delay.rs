//! Holds answers back by random times, for tests only: what depends on the order of answers shows on a fast machine too.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use billing_contract::paths;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::UnboundedReceiverStream;

use crate::config::{AnswerDelay, Config};
use crate::demo::random::Random;

/// Every browser sends it. Requests that a test makes itself are arrangement: they have none, and need not wait.
const OF_A_BROWSER: &str = "sec-fetch-mode";

/// The delays of one server, in the order of its requests.
struct Delays {
    longest_ms: u32,
    random: Mutex<Random>,
}

impl Delays {
    fn next(&self) -> Duration {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        Duration::from_millis(random.between(0, self.longest_ms).into())
    }
}

/// The router with its answers held back, where the settings ask for that.
pub(crate) fn around<S: Clone + Send + Sync + 'static>(router: Router<S>, config: &Config) -> Router<S> {
    let Some(AnswerDelay { longest_ms, seed }) = config.answer_delay else { return router };
    let delays = Arc::new(Delays { longest_ms, random: Mutex::new(Random::seeded(seed)) });
    router.layer(from_fn_with_state(delays, hold_back))
}

/// The request is carried out at once; only what it answers is late.
async fn hold_back(State(delays): State<Arc<Delays>>, request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with(paths::BASE) || !request.headers().contains_key(OF_A_BROWSER) {
        return next.run(request).await;
    }
    let delay = delays.next();
    let response = next.run(request).await;
    sleep(delay).await;
    if is_event_stream(&response) { response.map(|body| hold_events_back(body, delays)) } else { response }
}

fn is_event_stream(response: &Response) -> bool {
    response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

/// Each event is late by a time of its own, and none overtakes another.
fn hold_events_back(body: Body, delays: Arc<Delays>) -> Body {
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut events = body.into_data_stream();
        let mut due = Instant::now();
        loop {
            let event = tokio::select! {
                () = sender.closed() => break,
                event = events.next() => event,
            };
            let Some(event) = event else { break };
            due = due.max(Instant::now() + delays.next());
            if sender.send((due, event)).is_err() {
                break;
            }
        }
    });
    Body::from_stream(UnboundedReceiverStream::new(receiver).then(|(due, event)| async move {
        sleep_until(due).await;
        event
    }))
}
