//! The one trait between the wallet and whoever moves the money.

use async_trait::async_trait;
use billing_domain::{
    CardRef, CheckoutRef, DisputeRef, FraudWarningRef, OrganizationId, PaymentRef, RefundRef, SetupRef, Timestamp,
};

use crate::card::{CardFacts, SetupAnswer, SetupRequest};
use crate::charge::{ChargeAnswer, ChargeRequest};
use crate::checkout::{Checkout, CheckoutRequest};
use crate::dispute::DisputeAnswer;
use crate::fraud::FraudWarning;
use crate::payment::ReceivedPayment;
use crate::refund::{ExternalRefund, RefundAnswer, RefundRequest};
use crate::webhook::{WebhookError, WebhookEvent};

/// Why there is no answer about money.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// Time-out, broken connection, unreadable answer: it may or may not have happened. Ask again under the same
    /// reference; never under a new one.
    #[error("the payment provider did not answer")]
    NoAnswer,
    /// Too busy to begin; nothing happened. The same request may be repeated after a pause.
    #[error("the payment provider is busy")]
    Busy,
    /// The request itself is refused: wrong configuration or an unknown card. Nothing happened, and repeating does not
    /// help. The text is for the operator's log, never for customers.
    #[error("the payment provider refused the request: {0}")]
    Refused(String),
    /// This reference was used with other contents before: a fault of ours. Nothing new happened.
    #[error("the reference was used with other contents before")]
    ReferenceReused,
}

/// A payment provider. Every provider passes the suite in `tests/suite`.
///
/// All calls that move money are idempotent by our reference: repeating one never moves money twice, and answers what
/// became of the first. A repetition with other contents is [`ProviderError::ReferenceReused`].
#[async_trait]
pub trait PaymentProvider: Send + Sync {
    /// `sandbox` or `stripe`; the ledger's contra account is `processor:` and this.
    fn name(&self) -> &'static str;

    /// Starts connecting a card.
    async fn start_setup(&self, request: &SetupRequest) -> Result<SetupAnswer, ProviderError>;

    /// Where connecting stands, after the browser has done its part. What the browser reports is never trusted.
    /// `None`: never received.
    async fn look_up_setup(
        &self,
        request: &SetupRequest,
        provider_ref: Option<&SetupRef>,
    ) -> Result<Option<SetupAnswer>, ProviderError>;

    /// Gives up a set-up that is not finished; answers the final truth.
    async fn cancel_setup(&self, request: &SetupRequest) -> Result<SetupAnswer, ProviderError>;

    /// Forgets a card: it can no longer be charged. Forgetting twice is fine.
    async fn forget_card(&self, customer: &OrganizationId, card_ref: &CardRef) -> Result<(), ProviderError>;

    /// A connected card as the provider knows it now. `None`: there is no such card, or it is not this customer's.
    async fn look_up_card(
        &self,
        customer: &OrganizationId,
        card_ref: &CardRef,
    ) -> Result<Option<CardFacts>, ProviderError>;

    /// Charges a card; repeating the same reference returns the same charge.
    async fn charge(&self, request: &ChargeRequest) -> Result<ChargeAnswer, ProviderError>;

    /// What became of a charge, found by our reference, without ever starting one. `None`: the provider has not
    /// received it. A call that is still on its way may yet arrive, so `None` alone never proves that nothing will
    /// happen: [`Self::cancel_charge`] does.
    async fn look_up_charge(
        &self,
        request: &ChargeRequest,
        provider_ref: Option<&PaymentRef>,
    ) -> Result<Option<ChargeAnswer>, ProviderError>;

    /// Makes sure that a charge which is not final will never move money, even if its request arrives later; answers
    /// the final truth, which may be that it settled before.
    async fn cancel_charge(
        &self,
        request: &ChargeRequest,
        provider_ref: Option<&PaymentRef>,
    ) -> Result<ChargeAnswer, ProviderError>;

    /// Gives money back to the card.
    async fn refund(&self, request: &RefundRequest) -> Result<RefundAnswer, ProviderError>;

    /// What became of a refund. `None`: never received.
    async fn look_up_refund(&self, request: &RefundRequest) -> Result<Option<RefundAnswer>, ProviderError>;

    /// A refund by the provider's name for it, whoever made it. `None`: there is none, or it is about no charge of ours.
    async fn look_up_external_refund(
        &self,
        _provider_ref: &RefundRef,
    ) -> Result<Option<ExternalRefund>, ProviderError> {
        Ok(None)
    }

    /// Where a dispute stands. `None`: there is none, or it is about no charge of ours.
    async fn look_up_dispute(&self, provider_ref: &DisputeRef) -> Result<Option<DisputeAnswer>, ProviderError>;

    /// What a fraud warning says. `None`: there is none, or it is about no charge of ours.
    async fn look_up_fraud_warning(
        &self,
        _provider_ref: &FraudWarningRef,
    ) -> Result<Option<FraudWarning>, ProviderError> {
        Ok(None)
    }

    /// A payment that has arrived under a mark of ours, by the provider's name for it. `None`: there is none such, or it has
    /// not arrived. A provider whose books are in our own database has none that we do not know.
    async fn look_up_payment(&self, _provider_ref: &PaymentRef) -> Result<Option<ReceivedPayment>, ProviderError> {
        Ok(None)
    }

    /// Opens a page of the provider's own. A provider without one refuses.
    async fn create_checkout(&self, _request: &CheckoutRequest) -> Result<Checkout, ProviderError> {
        Err(ProviderError::Refused("this provider has no page of its own".to_owned()))
    }

    /// Closes such a page; one that is over already stays as it is.
    async fn expire_checkout(&self, _provider_ref: &CheckoutRef) -> Result<(), ProviderError> {
        Err(ProviderError::Refused("this provider has no page of its own".to_owned()))
    }

    /// What happened in `[from, to)`, oldest first, for whoever missed webhooks. Short spans only: an answer that would be
    /// too long is none.
    async fn events_between(&self, from: Timestamp, to: Timestamp) -> Result<Vec<WebhookEvent>, ProviderError>;

    /// Checks the signature over the raw bytes, then reads the event. It only says *what to look up again*: order is
    /// not guaranteed and duplicates happen.
    fn read_webhook(&self, signature: &str, body: &[u8], now: Timestamp) -> Result<WebhookEvent, WebhookError>;
}
