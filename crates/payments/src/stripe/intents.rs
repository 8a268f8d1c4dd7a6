//! What intents to charge and intents to connect have in common: refusals are written down and closed, so that a final
//! word stays final, and a window in time is searched for one of ours.

use std::time::SystemTime;

use billing_domain::charge::DeclineCode;

use super::Stripe;
use super::client::Reply;
use super::declines;
use super::form::Form;
use super::object::Object;
use crate::charge::{Decline, Reference};
use crate::provider::ProviderError;

/// Objects a page, the most that Stripe gives.
const PAGE: usize = 100;
/// More than this in one search is not this product's traffic.
const PAGES: usize = 50;

/// One kind charges, the other connects; both move through the same states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intent {
    Payment,
    Setup,
}

impl Intent {
    /// First part of their addresses in Stripe's API.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Payment => "/v1/payment_intents",
            Self::Setup => "/v1/setup_intents",
        }
    }

    /// Under which name an error holds it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Payment => "payment_intent",
            Self::Setup => "setup_intent",
        }
    }

    const fn last_error(self) -> &'static str {
        match self {
            Self::Payment => "last_payment_error",
            Self::Setup => "last_setup_error",
        }
    }
}

/// The intent of a reply, and whether it may have moved on since.
pub(super) fn of_reply(kind: Intent, reply: Reply) -> Result<(Object, bool), ProviderError> {
    match reply {
        Reply::Object { object, replayed } => Ok((object, replayed)),
        Reply::CardError { error, replayed } => match error.object(kind.name()) {
            Some(object) => Ok((object, replayed)),
            None => Err(ProviderError::NoAnswer),
        },
    }
}

impl Stripe {
    /// An intent as it is now; `None`: no such one.
    pub(super) async fn intent(&self, kind: Intent, id: &str) -> Result<Option<Object>, ProviderError> {
        let expand = Form::default().with("expand[]", "payment_method");
        self.client.get(&format!("{}/{}", kind.path(), encode_segment(id)), &expand).await
    }

    /// All intents of a query, newest first, that bear our reference.
    pub(super) async fn marked(
        &self,
        kind: Intent,
        query: &Form,
        reference: &Reference,
    ) -> Result<Vec<Object>, ProviderError> {
        let all = self.search(kind.path(), query).await?;
        Ok(all.into_iter().filter(|object| object.metadata("reference") == Some(reference.as_str())).collect())
    }

    /// Everything of a list, page by page. A list that does not end is no answer: what is looked for may be behind it.
    pub(super) async fn search(&self, path: &str, query: &Form) -> Result<Vec<Object>, ProviderError> {
        let (mut found, mut after) = (Vec::new(), None::<String>);
        for _ in 0..PAGES {
            let page = query.clone().with("limit", PAGE).with_some("starting_after", after.as_deref());
            let list = self.client.get(path, &page).await?.ok_or(ProviderError::NoAnswer)?;
            let objects = list.list("data");
            after = objects.last().map(|last| last.id().to_owned());
            found.extend(objects);
            match list.flag("has_more") {
                Some(false) => return Ok(found),
                Some(true) if after.is_some() => {}
                _ => return Err(ProviderError::NoAnswer),
            }
        }
        tracing::error!(path, "a list of the payment provider does not end");
        Err(ProviderError::NoAnswer)
    }

    /// The reason of a refusal, once nothing can come of the intent any more. Whoever holds its secret could still pay
    /// with another card, so it is closed before the refusal is returned; the reason is noted on it first.
    /// See docs/decisions/0018-cancel-refused-intents.md.
    pub(super) async fn refused(&self, kind: Intent, intent: &Object) -> Result<Refusal, ProviderError> {
        let said = intent.object(kind.last_error()).as_ref().map(declines::read_decline);
        let noted = intent.metadata("declined").and_then(|code| code.parse().ok()).map(|code| Decline { code });
        let decline = noted.or(said);
        let path = format!("{}/{}", kind.path(), encode_segment(intent.id()));
        if let (None, Some(decline)) = (noted, decline) {
            let form = Form::default().with("metadata[declined]", decline.code);
            match self.client.post(&path, &form, &fresh_key("declined", intent.id())).await {
                Ok(_) => {}
                // It moved on meanwhile; closing it shows how.
                Err(ProviderError::Refused(reason)) => tracing::info!(reason, "a refusal could not be noted"),
                Err(error) => return Err(error),
            }
        }
        let closed = self.close(kind, intent.id()).await?;
        Ok(match (closed.text("status"), decline) {
            (Some("canceled"), Some(decline)) => Refusal::Declined(decline),
            (Some("canceled"), None) => Refusal::Cancelled,
            _ => Refusal::MovedOn(closed),
        })
    }

    /// Closes an intent if that is still possible; the intent as it then is.
    pub(super) async fn close(&self, kind: Intent, id: &str) -> Result<Object, ProviderError> {
        let path = format!("{}/{}/cancel", kind.path(), encode_segment(id));
        let form = Form::default().with("cancellation_reason", "abandoned").with("expand[]", "payment_method");
        // Closing twice does no harm, while a stored "not now" would answer for a day: the key is a new one each time.
        match self.client.post(&path, &form, &fresh_key("cancel", id)).await {
            Ok(Reply::Object { object, .. }) => Ok(object),
            Ok(Reply::CardError { .. }) | Err(ProviderError::Refused(_)) => {
                self.intent(kind, id).await?.ok_or(ProviderError::NoAnswer)
            }
            Err(error) => Err(error),
        }
    }
}

/// How closing a refused intent ended.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Closed, with the reason.
    Declined(Decline),
    /// Closed, for no reason that is known.
    Cancelled,
    /// Something else had happened to it first.
    MovedOn(Object),
}

/// The last refusal of a payment was for want of the cardholder, and nothing has been made of it since.
pub(super) fn wants_cardholder(intent: &Object) -> bool {
    let said = intent.object(Intent::Payment.last_error());
    end_of(intent).is_none()
        && said.is_some_and(|error| declines::read_decline(&error).code == DeclineCode::AuthenticationRequired)
}

/// What a closed intent says of its end.
pub(super) fn end_of(intent: &Object) -> Option<Decline> {
    intent.metadata("declined").and_then(|code| code.parse().ok()).map(|code| Decline { code })
}

/// One segment of an address, whatever somebody stored as an id.
pub(super) fn encode_segment(id: &str) -> String {
    form_urlencoded::byte_serialize(id.as_bytes()).collect()
}

/// A key that was never used: for steps that may be repeated anyway.
fn fresh_key(step: &'static str, id: &str) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("{step}:{id}:{}", now.as_nanos())
}
