//! One HTTP request with a time limit, aborted when nobody waits for it any more.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Headers, RequestInit, Response as JsResponse};

use super::timers;

/// What to send. Cookies of the own origin go along by themselves.
pub(crate) struct Request<'a> {
    /// `GET`, `POST` …
    pub(crate) method: &'static str,
    /// Path with its query.
    pub(crate) address: &'a str,
    /// By name.
    pub(crate) headers: &'a [(&'static str, &'a str)],
    /// Text to send.
    pub(crate) body: Option<&'a str>,
    /// Afterwards it is given up.
    pub(crate) limit_milliseconds: i32,
}

/// What came back, whatever its status says.
pub(crate) struct Response {
    /// HTTP status.
    pub(crate) status: u16,
    /// The body.
    pub(crate) text: String,
}

/// Why nothing came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FetchError {
    /// No connection, or it broke.
    Network,
    /// No whole answer within the limit.
    Timeout,
}

/// Aborts what is still under way when its future is dropped; without effect afterwards.
struct AbortOnDrop(AbortController);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Sends it and reads the whole answer.
pub(crate) async fn send(request: Request<'_>) -> Result<Response, FetchError> {
    let controller = AbortController::new().map_err(|_| FetchError::Network)?;
    let too_late = Rc::new(Cell::new(false));
    let _timer = timers::after(request.limit_milliseconds, {
        let (controller, too_late) = (controller.clone(), Rc::clone(&too_late));
        move || {
            too_late.set(true);
            controller.abort();
        }
    });
    let guard = AbortOnDrop(controller);
    let answer = exchange(&request, &guard.0).await;
    answer.map_err(|_| if too_late.get() { FetchError::Timeout } else { FetchError::Network })
}

async fn exchange(request: &Request<'_>, controller: &AbortController) -> Result<Response, JsValue> {
    let window = web_sys::window().ok_or(JsValue::UNDEFINED)?;
    let headers = Headers::new()?;
    for (name, value) in request.headers {
        headers.set(name, value)?;
    }
    let init = RequestInit::new();
    init.set_method(request.method);
    init.set_headers(&headers);
    init.set_signal(Some(&controller.signal()));
    if let Some(body) = request.body {
        init.set_body(&JsValue::from_str(body));
    }
    let response: JsResponse =
        JsFuture::from(window.fetch_with_str_and_init(request.address, &init)).await?.dyn_into()?;
    let text = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
    Ok(Response { status: response.status(), text })
}
