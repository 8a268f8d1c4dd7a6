//! The line to Stripe: one request, one answer, and what silence or an error means for money.

use std::fmt;
use std::time::{Duration, SystemTime};

use reqwest::redirect::Policy;
use reqwest::{Client as Http, Method, Response, Url};
use serde_json::Value;

use super::form::Form;
use super::object::Object;
use crate::provider::ProviderError;

/// The version whose parameters and answers this module speaks (docs/stripe.md).
pub const API_VERSION: &str = "2026-10-28.endive";

const CONNECT_TIME: Duration = Duration::from_secs(5);
const TOTAL_TIME: Duration = Duration::from_secs(30);
/// More than a page of a hundred events; a longer answer is not Stripe's.
const LONGEST_ANSWER: usize = 4 << 20;
/// Pauses while another request under the same key is still running there.
const IN_USE_PAUSES: [u64; 6] = [100, 200, 400, 800, 1_600, 3_200];
/// Pauses before a request that Stripe failed at is repeated. Under the same key that is safe: it is done once.
const FAILED_PAUSES: [u64; 2] = [300, 1_000];
/// So much of Stripe's own words goes to the log.
const LONGEST_REASON: usize = 300;

/// A line with its key.
pub(super) struct Client {
    http: Http,
    base: Url,
    key: String,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

/// An answer that Stripe has thought about.
#[derive(Debug)]
pub(super) enum Reply {
    /// 200: what the request made or found.
    Object {
        /// As it was when the request was first executed.
        object: Object,
        /// It was executed earlier; this is the stored answer, and the object may have moved on since.
        replayed: bool,
    },
    /// 402: the card's bank says no. The error holds the object.
    CardError {
        /// `error` of the answer.
        error: Object,
        /// It was executed earlier; this is the stored answer.
        replayed: bool,
    },
}

impl Client {
    /// `base`: `https://api.stripe.com`, or a fake on this machine.
    pub(super) fn new(base: &str, key: &str) -> Result<Self, String> {
        let base = Url::parse(base).map_err(|error| format!("the address is wrong: {error}"))?;
        let here = matches!(base.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
        // Plain http to this machine only, where the tests' stand-in listens; the key would travel in the clear.
        if base.scheme() != "https" && !(here && base.scheme() == "http") {
            return Err("the address must begin with https://".to_owned());
        }
        let builder = Http::builder()
            // What is meant for Stripe must not be carried elsewhere.
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIME)
            .timeout(TOTAL_TIME)
            .user_agent(concat!("nexis-billing/", env!("CARGO_PKG_VERSION")));
        // A proxy would not reach this machine.
        let builder = if here { builder.no_proxy() } else { builder };
        let http = builder.build().map_err(|error| error.to_string())?;
        Ok(Self { http, base, key: key.to_owned() })
    }

    /// Reads an object; `None` when there is none (404).
    pub(super) async fn get(&self, path: &str, query: &Form) -> Result<Option<Object>, ProviderError> {
        match self.send(Method::GET, path, query, None).await {
            Ok(Reply::Object { object, .. }) => Ok(Some(object)),
            // A read charges nothing, so this is no answer to it.
            Ok(Reply::CardError { .. }) => Err(ProviderError::NoAnswer),
            Err(RequestFailure::NotFound(_)) => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Asks for something under a key: repeating it does it once. Waits while the same key is at work there, and repeats
    /// what Stripe itself failed at. A broken line is not repeated here: whoever asked should know soon.
    pub(super) async fn post(&self, path: &str, form: &Form, key: &str) -> Result<Reply, ProviderError> {
        let (mut in_use, mut failed) = (IN_USE_PAUSES.iter(), FAILED_PAUSES.iter());
        loop {
            let failure = match self.send(Method::POST, path, form, Some(key)).await {
                Ok(reply) => return Ok(reply),
                Err(failure) => failure,
            };
            let pause = match failure {
                // Both are limited by their lists of pauses, so a request ends.
                RequestFailure::KeyInUse => in_use.next(),
                RequestFailure::Theirs => failed.next(),
                _ => None,
            };
            let Some(pause) = pause else { return Err(failure.into()) };
            // On top of the pause, never below it.
            tokio::time::sleep(Duration::from_millis(pause + add_jitter(*pause))).await;
        }
    }

    async fn send(&self, method: Method, path: &str, form: &Form, key: Option<&str>) -> Result<Reply, RequestFailure> {
        let mut url = self.base.clone();
        url.set_path(path);
        let reading = method == Method::GET;
        if reading {
            url.set_query(Some(&form.encoded()));
        }
        let mut request = self.http.request(method, url).bearer_auth(&self.key).header("stripe-version", API_VERSION);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if !reading {
            request = request.header("content-type", "application/x-www-form-urlencoded").body(form.encoded());
        }
        let response = request.send().await.map_err(|error| self.silent(path, &error))?;
        let status = response.status().as_u16();
        // Only the header says so: the body of a stored answer looks like a fresh one.
        let replayed = response.headers().get("idempotent-replayed").is_some_and(|value| value == "true");
        let body = self.body(path, response).await?;
        let parsed = serde_json::from_slice::<Value>(&body).ok().filter(Value::is_object).map(Object);
        match (status, parsed) {
            (200, Some(object)) => Ok(Reply::Object { object, replayed }),
            // 200 with something unreadable: it was done, but what?
            (200, None) => Err(RequestFailure::Silence),
            (402, Some(object)) => {
                let error = object.object("error").ok_or(RequestFailure::Silence)?;
                Ok(Reply::CardError { error, replayed })
            }
            (status, parsed) => Err(self.failure(path, status, parsed.and_then(|object| object.object("error")))),
        }
    }

    async fn body(&self, path: &str, mut response: Response) -> Result<Vec<u8>, RequestFailure> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.silent(path, &error))? {
            // Checked while it arrives, not by its length header, which may be missing or wrong.
            if body.len() + chunk.len() > LONGEST_ANSWER {
                tracing::warn!(path, "an answer of the payment provider is too long");
                return Err(RequestFailure::Silence);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    #[expect(clippy::unused_self, reason = "beside its sibling, which needs the key")]
    fn silent(&self, path: &str, error: &reqwest::Error) -> RequestFailure {
        let (connecting, timed_out) = (error.is_connect(), error.is_timeout());
        // Without the error's text, which may repeat the address.
        tracing::warn!(path, connecting, timed_out, "the payment provider did not answer");
        RequestFailure::Silence
    }

    fn failure(&self, path: &str, status: u16, error: Option<Object>) -> RequestFailure {
        let error = error.unwrap_or(Object(Value::Null));
        let (kind, code) = (error.text_or_empty("type"), error.text_or_empty("code"));
        // The key must never reach the log, even if Stripe's message repeats it.
        let said = error.text_or_empty("message").replace(&self.key, "[redacted]");
        let reason: String = format!("{status} {kind} {code}: {said}").chars().take(LONGEST_REASON).collect();
        match status {
            409 if code == "idempotency_key_in_use" => RequestFailure::KeyInUse,
            // Too many requests, or the object is locked there: nothing was begun.
            409 | 429 => RequestFailure::Busy,
            400 if kind == "idempotency_error" => RequestFailure::KeyReused,
            404 => RequestFailure::NotFound(reason),
            400..=499 => RequestFailure::Refused(reason),
            _ => {
                tracing::warn!(path, status, "the payment provider failed");
                // Below 500 and not understood: as good as no answer.
                if status >= 500 { RequestFailure::Theirs } else { RequestFailure::Silence }
            }
        }
    }
}

/// Why there is no reply.
#[derive(Debug)]
enum RequestFailure {
    /// It may or may not have happened.
    Silence,
    /// 5xx: it may or may not have happened.
    Theirs,
    /// 429: nothing happened; a later try may succeed.
    Busy,
    /// The same key is at work.
    KeyInUse,
    /// The key was used with other parameters.
    KeyReused,
    /// 404: Stripe has no such object in this account.
    NotFound(String),
    /// The request is wrong, or the key is.
    Refused(String),
}

impl From<RequestFailure> for ProviderError {
    fn from(failure: RequestFailure) -> Self {
        match failure {
            RequestFailure::Silence | RequestFailure::Theirs => Self::NoAnswer,
            RequestFailure::Busy | RequestFailure::KeyInUse => Self::Busy,
            RequestFailure::KeyReused => Self::ReferenceReused,
            RequestFailure::NotFound(reason) | RequestFailure::Refused(reason) => Self::Refused(reason),
        }
    }
}

/// Up to a quarter more, so that those who wait do not come back together.
fn add_jitter(pause: u64) -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::from(now.subsec_nanos()) % (pause / 4).max(1)
}
