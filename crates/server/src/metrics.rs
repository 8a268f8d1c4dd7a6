//! What an operator's monitoring reads: counts and times. No amounts (they would be floats), nobody's name or id, and
//! only labels with few values, all of them from our own code.

use std::hash::{Hash, Hasher};
use std::time::{Duration, Instant};

use axum::extract::MatchedPath;
use billing_payments::ProviderError;
use billing_store::Backlog;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry, Unit};

/// Upper bounds, seconds: from an authorization in memory to a provider that hardly answers.
const SECONDS: [f64; 13] = [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

/// A request to the API.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: RouteLabel,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Timed {
    method: &'static str,
    route: RouteLabel,
}

/// Which route a request took. Clones share their text: there is one for every request.
#[derive(Clone, Debug)]
pub(crate) enum RouteLabel {
    /// One of the page's files: their addresses are anybody's to choose.
    Files,
    /// By its pattern.
    Matched(MatchedPath),
}

impl RouteLabel {
    fn as_str(&self) -> &str {
        match self {
            Self::Files => "files",
            Self::Matched(path) => path.as_str(),
        }
    }
}

impl PartialEq for RouteLabel {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for RouteLabel {}

impl Hash for RouteLabel {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl EncodeLabelValue for RouteLabel {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
        EncodeLabelValue::encode(&self.as_str(), encoder)
    }
}

/// What something was, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    kind: &'static str,
    outcome: &'static str,
}

/// A call to the provider.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Called {
    call: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Waits {
    kind: String,
    state: String,
}

/// Everything that is counted, from the start of the program on.
/// See docs/decisions/0053-metrics.md.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    request_seconds: Times<Timed>,
    authorizations: Family<Ended, Counter>,
    usage_events: Family<Ended, Counter>,
    top_ups: Family<Ended, Counter>,
    provider_calls: Family<Ended, Counter>,
    provider_seconds: Times<Called>,
    streams: Gauge,
    database_up: Gauge,
    backlog: Family<Waits, Gauge>,
    backlog_seconds: Family<Waits, Gauge>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut all = Registry::with_prefix("nexis_billing");
        Self {
            requests: count_name(&mut all, "http_requests", "Requests by route and status"),
            request_seconds: time_name(&mut all, "http_request_duration", "Time until an answer begins"),
            authorizations: count_name(&mut all, "authorizations", "May this start, by what was answered"),
            usage_events: count_name(&mut all, "usage_events", "Reported usage, by what became of it"),
            top_ups: count_name(&mut all, "top_ups", "Top-ups that came to an end, by how"),
            provider_calls: count_name(&mut all, "provider_calls", "Calls to the payment provider, by outcome"),
            provider_seconds: time_name(&mut all, "provider_call_duration", "Time that the payment provider takes"),
            streams: count_name(&mut all, "event_streams", "Pages that listen now"),
            database_up: count_name(&mut all, "database_up", "Whether the database answered just now"),
            backlog: count_name(&mut all, "backlog", "What is begun and not at its end"),
            backlog_seconds: in_seconds(&mut all, "backlog_age", "How long the oldest of it waits", Family::default()),
            registry: all,
        }
    }
}

fn count_name<M: Metric + Clone + Default>(all: &mut Registry, name: &str, help: &str) -> M {
    let metric = M::default();
    all.register(name, help, metric.clone());
    metric
}

fn in_seconds<M: Metric + Clone>(all: &mut Registry, name: &str, help: &str, metric: M) -> M {
    all.register_with_unit(name, help, Unit::Seconds, metric.clone());
    metric
}

type Times<L> = Family<L, Histogram, fn() -> Histogram>;

fn time_name<L>(all: &mut Registry, name: &str, help: &str) -> Times<L>
where
    L: Clone + Eq + Hash,
    Times<L>: Metric,
{
    in_seconds(all, name, help, Family::new_with_constructor(|| Histogram::new(SECONDS)))
}

impl Metrics {
    /// A request was answered.
    pub(crate) fn answered(&self, method: &'static str, route: RouteLabel, status: u16, time: Duration) {
        let answered = Answered { method, route, status };
        self.requests.get_or_create(&answered).inc();
        let timed = Timed { method, route: answered.route };
        self.request_seconds.get_or_create(&timed).observe(time.as_secs_f64());
    }

    /// Work may start (`allowed`) or may not (the reason).
    pub(crate) fn authorized(&self, kind: &'static str, outcome: &'static str) {
        self.authorizations.get_or_create(&Ended { kind, outcome }).inc();
    }

    /// So many items of a report were `posted`, a `duplicate` or `rejected`.
    pub(crate) fn used(&self, outcome: &'static str, items: u64) {
        if items > 0 {
            self.usage_events.get_or_create(&Ended { kind: "usage", outcome }).inc_by(items);
        }
    }

    /// A `manual` or an `auto` top-up came to this end.
    pub(crate) fn topped_up(&self, kind: &'static str, outcome: &'static str) {
        self.top_ups.get_or_create(&Ended { kind, outcome }).inc();
    }

    /// Waits for the provider, and counts.
    pub(crate) async fn call<T>(
        &self,
        call: &'static str,
        work: impl Future<Output = Result<T, ProviderError>>,
    ) -> Result<T, ProviderError> {
        let started = Instant::now();
        let answer = work.await;
        let outcome = match &answer {
            Ok(_) => "answered",
            Err(ProviderError::NoAnswer) => "no_answer",
            Err(ProviderError::Busy) => "busy",
            Err(ProviderError::Refused(_)) => "refused",
            Err(ProviderError::ReferenceReused) => "reference_reused",
        };
        self.provider_calls.get_or_create(&Ended { kind: call, outcome }).inc();
        self.provider_seconds.get_or_create(&Called { call }).observe(started.elapsed().as_secs_f64());
        answer
    }

    /// A page listens for as long as the value lives.
    pub(crate) fn listening(&self) -> Listening {
        self.streams.inc();
        Listening(self.streams.clone())
    }

    /// In Prometheus' text format (version 0.0.4). `backlog`: what waits now, each with the age of the oldest in seconds;
    /// `None`: the database did not answer.
    pub(crate) fn text(&self, backlog: Option<Vec<(Backlog, i64)>>) -> String {
        self.database_up.set(i64::from(backlog.is_some()));
        self.backlog.clear();
        self.backlog_seconds.clear();
        for (Backlog { kind, state, count, .. }, age) in backlog.into_iter().flatten() {
            let labels = Waits { kind, state };
            self.backlog.get_or_create(&labels).set(count);
            self.backlog_seconds.get_or_create(&labels).set(age);
        }
        let mut text = String::new();
        // A string takes everything.
        let _ = prometheus_client::encoding::prometheus_text::encode(&mut text, &self.registry);
        text
    }
}

/// Counts an open stream.
#[derive(Debug)]
pub(crate) struct Listening(Gauge);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.dec();
    }
}
