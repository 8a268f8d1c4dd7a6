//! Events, pushed as webhooks or read from the list of the last 30 days: each is only a hint at what to look up again.

use std::str::FromStr;

use billing_domain::Timestamp;

use super::Stripe;
use super::form::Form;
use super::object::Object;
use crate::charge::{Reference, Subject};
use crate::provider::ProviderError;
use crate::signature;
use crate::webhook::{WebhookError, WebhookEvent, WebhookKind};

/// What the webhook endpoint is to be subscribed to (docs/stripe.md), at most 20.
const TYPES: [&str; 18] = [
    "payment_intent.succeeded",
    "payment_intent.processing",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "setup_intent.succeeded",
    "setup_intent.setup_failed",
    "checkout.session.completed",
    "checkout.session.expired",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "charge.dispute.closed",
    FRAUD_WARNING,
    CARD_UPDATED,
];

const FRAUD_WARNING: &str = "radar.early_fraud_warning.created";
const CARD_UPDATED: &str = "payment_method.automatically_updated";

impl Stripe {
    pub(super) fn read_webhook(&self, header: &str, body: &[u8], now: Timestamp) -> Result<WebhookEvent, WebhookError> {
        signature::verify_signature(&self.webhook_secrets, header, body, now)?;
        let event = serde_json::from_slice(body).map(Object).map_err(|_| WebhookError::Unreadable)?;
        self.event(&event)
    }

    pub(super) async fn events_between(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<WebhookEvent>, ProviderError> {
        let query = Form::default().with("created[gte]", from.seconds()).with("created[lt]", to.seconds());
        // Whatever else the account is used for need not be read.
        let query = TYPES.into_iter().fold(query, |query, name| query.with("types[]", name));
        let mut events = self.search("/v1/events", &query).await?;
        // Stripe lists the newest first.
        events.reverse();
        let read = |event: &Object| {
            let read = self.event(event);
            read.inspect_err(|error| tracing::error!(event = event.id(), %error, "a listed event is passed over")).ok()
        };
        Ok(events.iter().filter_map(read).collect())
    }

    fn event(&self, event: &Object) -> Result<WebhookEvent, WebhookError> {
        let about = event.object("data").and_then(|data| data.object("object"));
        let (Some("event"), Some(id), Some(kind), Some(about)) =
            (event.text("object"), event.reference("id"), event.text("type"), about)
        else {
            return Err(WebhookError::Unreadable);
        };
        if event.flag("livemode") != Some(self.live) {
            return Err(WebhookError::WrongMode);
        }
        // A page of Stripe's own and a refund name the payment that came of it, a payment is one itself.
        let payment = match about.text("object") {
            Some("payment_intent") => about.text("id"),
            _ => about.id_of("payment_intent"),
        };
        let payment_ref = payment.map(str::parse).transpose().map_err(|_| WebhookError::Unreadable)?;
        Ok(WebhookEvent { id, kind: kind_of(kind, &about)?, payment_ref })
    }
}

fn kind_of(kind: &str, about: &Object) -> Result<WebhookKind, WebhookError> {
    const OURS: [&str; 3] = ["payment_intent.", "setup_intent.", "checkout.session."];
    if kind.starts_with("charge.dispute.") {
        return kind_about(about, |provider_ref| WebhookKind::Dispute { provider_ref });
    }
    let reference = about.metadata("reference").and_then(Reference::read);
    if kind.starts_with("refund.") {
        // Without our reference it was made in the dashboard, and the wallet does not know of it yet.
        let reference = reference.filter(|reference| matches!(reference.subject(), Some(Subject::Refund { .. })));
        return kind_about(about, |provider_ref| WebhookKind::Refund { provider_ref, reference });
    }
    match kind {
        FRAUD_WARNING => return kind_about(about, |provider_ref| WebhookKind::FraudWarning { provider_ref }),
        CARD_UPDATED => return kind_about(about, |provider_ref| WebhookKind::Card { provider_ref }),
        _ => {}
    }
    if !OURS.iter().any(|prefix| kind.starts_with(prefix)) {
        return Ok(WebhookKind::Other);
    }
    let Some(reference) = reference else { return Ok(WebhookKind::Other) };
    Ok(match reference.subject() {
        Some(Subject::TopUp { .. }) => WebhookKind::Charge(reference),
        Some(Subject::Setup { .. }) => WebhookKind::Setup(reference),
        Some(Subject::Refund { .. }) | None => WebhookKind::Other,
    })
}

/// About an object that has a name; one that cannot be read must come again rather than be taken for handled.
fn kind_about<T: FromStr>(about: &Object, make: impl FnOnce(T) -> WebhookKind) -> Result<WebhookKind, WebhookError> {
    match about.text("id").map(str::parse) {
        Some(Ok(name)) => Ok(make(name)),
        Some(Err(_)) => Err(WebhookError::Unreadable),
        None => Ok(WebhookKind::Other),
    }
}
