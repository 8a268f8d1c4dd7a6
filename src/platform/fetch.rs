//! HTTP requests through gloo-net: each with a time limit, aborted when nobody waits for the answer any more.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

pub(crate) use gloo_net::http::Method;
use gloo_net::http::{RequestBuilder, Response as OpenResponse};
use web_sys::AbortController;

use super::timers::{self, Timer};

/// Whether a file is there is answered at once or not worth waiting for.
const GONE_LIMIT_MILLISECONDS: i32 = 10_000;

/// What to send. Cookies of the own origin go along by themselves.
pub(crate) struct HttpRequest<'a> {
    pub(crate) method: Method,
    /// Path with its query.
    pub(crate) address: &'a str,
    /// Header names with their values.
    pub(crate) headers: &'a [(&'static str, &'a str)],
    pub(crate) body: Option<&'a str>,
    /// Afterwards it is given up.
    pub(crate) limit_milliseconds: i32,
}

/// What came back, whatever its status says.
pub(crate) struct HttpResponse {
    /// The HTTP status code, 100 to 599.
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl HttpResponse {
    /// Reads the rest of an answer as text.
    pub(super) async fn read(open: OpenResponse) -> Result<Self, gloo_net::Error> {
        Ok(Self { status: open.status(), text: open.text().await? })
    }
}

/// Why nothing came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FetchError {
    /// No connection, or it broke.
    Network,
    /// No whole answer within the limit.
    Timeout,
}

/// The time limit of one request, which is aborted when it has passed and when this is dropped.
/// See docs/decisions/0061-gloo-net.md.
pub(super) struct TimeLimit {
    controller: AbortController,
    milliseconds: i32,
    passed: Rc<Cell<bool>>,
    timer: RefCell<Option<Timer>>,
}

impl TimeLimit {
    /// Runs from now on.
    pub(super) fn start(milliseconds: i32) -> Result<Self, FetchError> {
        // Without it a request could not be given up, so none is sent.
        let controller = AbortController::new().map_err(|_| FetchError::Network)?;
        let limit = Self { controller, milliseconds, passed: Rc::default(), timer: RefCell::default() };
        limit.restart();
        Ok(limit)
    }

    /// Runs from the beginning again.
    pub(super) fn restart(&self) {
        let (controller, passed) = (self.controller.clone(), Rc::clone(&self.passed));
        self.timer.replace(Some(timers::run_after(self.milliseconds, move || {
            passed.set(true);
            controller.abort();
        })));
    }

    /// Why a request with this limit failed.
    pub(super) fn failure(&self) -> FetchError {
        if self.passed.get() { FetchError::Timeout } else { FetchError::Network }
    }
}

impl Drop for TimeLimit {
    fn drop(&mut self) {
        // Without effect once the whole answer is there.
        self.controller.abort();
    }
}

/// Sends it and reads the whole answer.
pub(crate) async fn send_request(request: HttpRequest<'_>) -> Result<HttpResponse, FetchError> {
    let limit = TimeLimit::start(request.limit_milliseconds)?;
    let exchange = async { HttpResponse::read(open_request(&request, &limit).await?).await };
    exchange.await.map_err(|_| limit.failure())
}

/// Whether the server says that nothing is at this address any more, whatever the browser has kept of it.
pub(super) async fn is_gone(address: &str) -> bool {
    let Ok(limit) = TimeLimit::start(GONE_LIMIT_MILLISECONDS) else { return false };
    // Past the browser's cache, which would go on answering for a file that is gone.
    let request = RequestBuilder::new(address).method(Method::HEAD).cache(web_sys::RequestCache::NoStore);
    let Ok(request) = request.abort_signal(Some(&limit.controller.signal())).build() else { return false };
    // Only a clear 404: a server that is away says nothing about the file.
    request.send().await.is_ok_and(|answer| answer.status() == 404)
}

/// Sends it; the answer as soon as its headers are there.
pub(super) async fn open_request(
    request: &HttpRequest<'_>,
    limit: &TimeLimit,
) -> Result<OpenResponse, gloo_net::Error> {
    let mut builder = RequestBuilder::new(request.address)
        .method(request.method.clone())
        .abort_signal(Some(&limit.controller.signal()));
    for (name, value) in request.headers {
        builder = builder.header(name, value);
    }
    let request = match request.body {
        Some(body) => builder.body(body)?,
        None => builder.build()?,
    };
    request.send().await
}
