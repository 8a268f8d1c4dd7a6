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

use crate::config::AnswerDelay;
use crate::random::Random;

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
pub(crate) fn delay_answer<S>(router: Router<S>, delay: Option<AnswerDelay>) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let Some(AnswerDelay { longest_ms, seed }) = delay else { return router };
    // From the seed, so that a run that failed can be repeated.
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
            // Never before the event in front of it: a stream keeps its order.
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

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::response::sse::{Event, Sse};
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    const LONGEST_MS: u32 = 1500;

    fn router(seed: u64) -> Router {
        let numbers = || async {
            Sse::new(tokio_stream::iter(
                (0..20).map(|number| Ok::<_, Infallible>(Event::default().data(number.to_string()))),
            ))
        };
        let routes = Router::new()
            .route("/api/v1/wallet", get(|| async { "an answer" }))
            .route("/api/v1/events", get(numbers))
            .route("/index.html", get(|| async { "a file" }));
        delay_answer(routes, Some(AnswerDelay { longest_ms: LONGEST_MS, seed }))
    }

    async fn ask(router: &Router, path: &str, browser: bool) -> (Response, Duration) {
        let mut request = Request::builder().uri(path);
        if browser {
            request = request.header(OF_A_BROWSER, "cors");
        }
        let began = Instant::now();
        let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        (response, began.elapsed())
    }

    async fn delays(seed: u64) -> Vec<Duration> {
        let router = router(seed);
        let mut delays = Vec::new();
        for _ in 0..20 {
            delays.push(ask(&router, "/api/v1/wallet", true).await.1);
        }
        delays
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_seed_gives_the_same_delays_within_the_bound() {
        let first = delays(7).await;
        assert_eq!(first, delays(7).await);
        assert_ne!(first, delays(8).await);
        // The timer's own step is a millisecond.
        let longest = Duration::from_millis(u64::from(LONGEST_MS) + 1);
        assert!(first.iter().all(|delay| *delay <= longest), "{first:?}");
        assert!(first.iter().any(|delay| *delay > longest / 2), "{first:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn files_and_requests_that_come_from_no_page_are_answered_at_once() {
        let router = router(7);
        assert_eq!(ask(&router, "/index.html", true).await.1, Duration::ZERO);
        assert_eq!(ask(&router, "/api/v1/wallet", false).await.1, Duration::ZERO);
        let (response, took) = ask(&delay_answer(Router::new(), None), "/api/v1/wallet", true).await;
        assert_eq!((response.status().as_u16(), took), (404, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn events_are_late_and_stay_in_order() {
        let (response, _) = ask(&router(7), "/api/v1/events", true).await;
        let began = Instant::now();
        let mut events = response.into_body().into_data_stream();
        let mut text = String::new();
        while let Some(event) = events.next().await {
            text.push_str(std::str::from_utf8(&event.unwrap()).unwrap());
        }
        let numbers: Vec<_> = text.split("data: ").skip(1).map(str::trim).collect();
        assert_eq!(numbers, (0..20).map(|number| number.to_string()).collect::<Vec<_>>());
        assert!(began.elapsed() > Duration::from_millis(200), "{:?}", began.elapsed());
        assert!(began.elapsed() <= Duration::from_millis(u64::from(LONGEST_MS) + 1), "{:?}", began.elapsed());
    }
}
