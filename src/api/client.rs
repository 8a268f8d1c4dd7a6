//! Sends a request and reads its answer: limits, headers and errors in one place, generic only in the last line.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use billing_contract::session::SESSION_HEADER;
use billing_contract::{Problem, ProblemCode, paths};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ApiError;
use super::session_end::SessionEnd;
use crate::platform::fetch::{self, FetchError, HttpRequest, HttpResponse};
use crate::platform::json::decode_json;
use crate::platform::transfer::{self, TransferFailure};
use crate::platform::{connection, timers, version};

pub(super) use crate::platform::fetch::Method;
pub(crate) use crate::platform::transfer::Progress;

/// Reading is over in a second or something is wrong.
const READ_LIMIT_MILLISECONDS: i32 = 15_000;
/// A charge waits for the bank.
const WRITE_LIMIT_MILLISECONDS: i32 = 30_000;
/// A file may take as long as it likes, but not without anything new for so long.
const SILENCE_LIMIT_MILLISECONDS: i32 = 30_000;
/// A connection that broke, as phones break them between two masts, is back after this.
const AGAIN_MILLISECONDS: i32 = 400;

/// What a server answers to requests of another shape than it knows.
const NOT_UNDERSTOOD: [ProblemCode; 2] = [ProblemCode::Malformed, ProblemCode::MethodNotAllowed];
/// Called when the session of this document is over.
type OnSessionEnd = Rc<dyn Fn(SessionEnd)>;

thread_local! {
    static ON_OVER: RefCell<Option<OnSessionEnd>> = const { RefCell::new(None) };
    static CLOSED: Cell<bool> = const { Cell::new(false) };
    static UNCONFIRMED: RefCell<Option<ConfirmIdentity>> = const { RefCell::new(None) };
    static CHANGED: RefCell<Option<Rc<dyn Fn()>>> = const { RefCell::new(None) };
    static SESSION: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// The session that this document was drawn for, by its public id.
pub(crate) fn use_session(id: &str) {
    SESSION.set(Some(id.to_owned()));
}

/// The public id of the session that this document was drawn for.
pub(super) fn session_id() -> Option<String> {
    SESSION.with_borrow(Clone::clone)
}

/// The address of what is asked for without headers, a stream or a file: the session stands in its query.
pub(crate) fn resource_address(path: &str, id: &str, query: &[(&str, &str)]) -> String {
    let session = session_id();
    let session = session.as_deref().map(|own| ("session", own));
    let mut address = paths::fill_id(path, id);
    for (index, (name, value)) in query.iter().copied().chain(session).enumerate() {
        address.push(if index == 0 { '?' } else { '&' });
        address.push_str(name);
        address.push('=');
        paths::push_encoded(&mut address, value);
    }
    address
}

/// From now on `run` is called whenever the server has carried out a change: it can be reached again.
pub(super) fn when_changed(run: impl Fn() + 'static) {
    CHANGED.set(Some(Rc::new(run)));
}

/// From now on `run` is called whenever the server says that the session of this document is over.
pub(super) fn when_over(run: impl Fn(SessionEnd) + 'static) {
    ON_OVER.set(Some(Rc::new(run)));
}

/// Nothing more is sent from this document.
pub(crate) fn stop_sending() {
    CLOSED.set(true);
}

/// The session of this document goes on after all.
pub(super) fn resume_sending() {
    CLOSED.set(false);
}

/// Whoever listens hears that the session of this document is over.
pub(super) fn report_end(why: SessionEnd) {
    if let Some(run) = ON_OVER.with_borrow(Clone::clone) {
        run(why);
    }
}

/// Asks the person for their password; whether they gave it.
type ConfirmIdentity = Rc<dyn Fn() -> Pin<Box<dyn Future<Output = bool>>>>;

/// From now on `ask` is called whenever the server wants the person's password before it does something; the same request is
/// sent again once they gave it.
pub(crate) fn when_unconfirmed(ask: impl Fn() -> Pin<Box<dyn Future<Output = bool>>> + 'static) {
    UNCONFIRMED.set(Some(Rc::new(ask)));
}

/// A request in the making.
pub(super) struct ApiCall {
    method: Method,
    address: String,
    headers: Vec<(&'static str, String)>,
    body: Option<String>,
}

impl ApiCall {
    /// To the endpoint at this path of [`paths`], whose `{id}` is `id`.
    pub(super) fn new(method: Method, path: &str, id: &str) -> Self {
        // Under another session than the one that the page was drawn for nothing is done.
        let headers = session_id().map(|id| (SESSION_HEADER, id)).into_iter().collect();
        Self { method, address: paths::fill_id(path, id), headers, body: None }
    }

    /// With a query, without its `?`.
    pub(super) fn query(mut self, query: &str) -> Self {
        if !query.is_empty() {
            self.address.push('?');
            self.address.push_str(query);
        }
        self
    }

    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// With a JSON body.
    pub(super) fn json<T: Serialize>(mut self, body: &T) -> Self {
        // The contract's types have nothing that cannot be written; an empty body would be refused by the server.
        self.body = Some(serde_json::to_string(body).unwrap_or_default());
        self.header("content-type", "application/json")
    }

    /// Sends it; the text of a good answer.
    pub(super) async fn text(self) -> Result<String, ApiError> {
        // A page whose session is over must not send in another person's name.
        refuse_when_closed()?;
        let headers = self.headers();
        let reading = self.method == Method::GET;
        let limit = if reading { READ_LIMIT_MILLISECONDS } else { WRITE_LIMIT_MILLISECONDS };
        let send = || fetch::send_request(self.request(&headers, limit));
        let mut answer = send().await;
        // Reading changes nothing, so it may be asked twice; whatever changes something is repeated by its own rule.
        if reading && matches!(answer, Err(FetchError::Network)) {
            // Once, and soon: a second failure is shown.
            timers::sleep(AGAIN_MILLISECONDS).await;
            answer = send().await;
        }
        // Nothing was done: the same, with the same idempotency key, is done once the person has proved that it is them.
        if answer.as_ref().is_ok_and(wants_confirmation)
            && let Some(ask) = UNCONFIRMED.with_borrow(Clone::clone)
            && ask().await
        {
            answer = send().await;
        }
        // Any answer will do, even a refusal: the server can be reached.
        connection::set_answered(answer.is_ok());
        match answer {
            Ok(answer) if (200..300).contains(&answer.status) => {
                if !reading {
                    let on_change = CHANGED.with_borrow(Clone::clone);
                    on_change.inspect(|run| run());
                }
                Ok(answer.text)
            }
            Ok(answer) => Err(read_refusal(&answer)),
            Err(error) => Err(error.into()),
        }
    }

    /// Sends it and saves a good answer as a file of the name that the server gives it, else of this one, saying how far it
    /// has come; answers the name too.
    pub(super) async fn save(self, name: &str, on_progress: impl Fn(Progress)) -> Result<(Progress, String), ApiError> {
        refuse_when_closed()?;
        let headers = self.headers();
        // No limit on the whole: a large export may take minutes, but not without news.
        let request = self.request(&headers, SILENCE_LIMIT_MILLISECONDS);
        transfer::save_answer(request, name, on_progress).await.map_err(|failure| match failure {
            TransferFailure::Refused(answer) => read_refusal(&answer),
            TransferFailure::Broken(error) => error.into(),
        })
    }

    fn headers(&self) -> Vec<(&'static str, &str)> {
        self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    fn request<'a>(&'a self, headers: &'a [(&'static str, &'a str)], limit_milliseconds: i32) -> HttpRequest<'a> {
        let (method, body) = (self.method.clone(), self.body.as_deref());
        HttpRequest { method, address: &self.address, headers, body, limit_milliseconds }
    }

    /// Boxed, so that the whole exchange is not compiled into each kind of answer.
    fn boxed_text(self) -> Pin<Box<dyn Future<Output = Result<String, ApiError>>>> {
        Box::pin(self.text())
    }

    /// Sends it; the resource in a good answer.
    pub(super) async fn answer<T: DeserializeOwned>(self) -> Result<T, ApiError> {
        decode_json(&self.boxed_text().await?).ok_or_else(report_unreadable)
    }
}

impl From<FetchError> for ApiError {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Network => Self::Network,
            FetchError::Timeout => Self::Timeout,
        }
    }
}

fn wants_confirmation(answer: &HttpResponse) -> bool {
    answer.status == 403 && ApiError::from_text(&answer.text).code() == Some(ProblemCode::ConfirmationRequired)
}

/// What an answer says that is not a good one.
fn read_refusal(answer: &HttpResponse) -> ApiError {
    let error = ApiError::from_text(&answer.text);
    // By code first: a session that was replaced also comes as 409, not as 401.
    let over = match error.code() {
        Some(ProblemCode::SessionChanged) => Some(SessionEnd::Replaced),
        _ if answer.status == 401 => Some(SessionEnd::SignedOut),
        _ => None,
    };
    if let Some(over) = over {
        report_end(over);
    }
    // An older page meets a newer server: docs/decisions/0082-old-tabs.md.
    if matches!(error, ApiError::Unreadable) || error.code().is_some_and(|code| NOT_UNDERSTOOD.contains(&code)) {
        version::check_version();
    }
    error
}

/// A good answer of another shape than this page knows.
fn report_unreadable() -> ApiError {
    version::check_version();
    ApiError::Unreadable
}

fn refuse_when_closed() -> Result<(), ApiError> {
    if CLOSED.get() {
        return Err(ApiError::Problem(Arc::new(Problem::new(ProblemCode::SessionChanged, String::new()))));
    }
    Ok(())
}

/// `GET` of a path of [`paths`] without `{id}`.
pub(super) fn get(path: &str) -> ApiCall {
    ApiCall::new(Method::GET, path, "")
}

/// `POST` to a path of [`paths`] without `{id}`.
pub(super) fn post(path: &str) -> ApiCall {
    ApiCall::new(Method::POST, path, "")
}

#[cfg(test)]
mod tests {
    use billing_contract::auto_pay::AutoPay;
    use billing_contract::transaction::TransactionPage;

    use super::*;

    const LINE: &str = r#"{"seq":1,"id":"a","kind":"outbound_call","contra":"revenue:outbound_call","amount":"-0.114",
        "balance_after":"1.00","currency":"USD","occurred_at":"2026-11-24T10:00:00Z","posted_at":"2026-11-24T10:00:01Z",
        "description":"d","source":"s","quantity":"95","unit":"second","unit_price":null,"reference":"r","corrects":null,
        "details":{"a":"b"},"hash":"0000000000000000000000000000000000000000000000000000000000000000","new_field":[1,{}]}"#;

    #[test]
    fn what_serde_reads_is_read_the_same() {
        let page = format!(r#"{{"items":[{LINE},{LINE}],"next_cursor":"x"}}"#);
        assert_eq!(decode_json::<TransactionPage>(&page), serde_json::from_str(&page).ok());
        assert!(decode_json::<TransactionPage>(&page).is_some());
        let auto_pay = r#"{"enabled":true,"currency":"USD","threshold":"20.00","refill":{"kind":"target","balance":"100.00"},
            "monthly_cap":"500.00","card_id":null,"health":{"state":"armed","next_charge_at":null,"attempt":2,"reason":null},
            "month":{"spent":"0.00","in_flight":"0.00","left":"500.00","resets_at":"2026-12-01T05:00:00Z"},"etag":"e"}"#;
        assert_eq!(decode_json::<AutoPay>(auto_pay), serde_json::from_str(auto_pay).ok());
        assert!(decode_json::<AutoPay>(auto_pay).is_some());
    }

    #[test]
    fn what_was_not_promised_is_nothing() {
        for text in
            ["", "{}", "[]", "null", r#"{"items":[],"next_cursor":null} x"#, r#"{"items":[[]],"next_cursor":null}"#]
        {
            assert_eq!(decode_json::<TransactionPage>(text), None, "{text}");
        }
    }
}
