//! Stripe: a thin client of the few endpoints that a wallet needs (docs/stripe.md lists them with their parameters).
//!
//! Stripe's answer is compared with what we asked for before it is used: another amount, currency, customer or mode
//! is no answer. What is found again is found by our reference, which stands in the metadata of everything we make.

mod account;
mod charges;
mod checkouts;
mod client;
mod closing;
mod customers;
mod declines;
mod disputes;
mod events;
mod form;
mod fraud;
mod intents;
mod object;
mod payments;
mod refunds;
mod setups;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use billing_domain::{
    CardRef, CheckoutRef, DisputeRef, FraudWarningRef, OrganizationId, PaymentRef, RefundRef, SetupRef, Timestamp,
};

pub use self::account::Account;
pub use self::client::API_VERSION;
use self::client::Client;
pub use self::customers::{BookError, CustomerBook, MemoryBook};
use crate::card::{CardFacts, SetupAnswer, SetupRequest};
use crate::charge::{ChargeAnswer, ChargeRequest};
use crate::checkout::{Checkout, CheckoutRequest};
use crate::dispute::DisputeAnswer;
use crate::fraud::FraudWarning;
use crate::payment::ReceivedPayment;
use crate::provider::{PaymentProvider, ProviderError};
use crate::refund::{ExternalRefund, RefundAnswer, RefundRequest};
use crate::webhook::{WebhookError, WebhookEvent};

/// The provider's name, and the end of its contra account `processor:stripe`.
pub const NAME: &str = "stripe";

/// Where Stripe's API is, unless a test says otherwise.
pub const API: &str = "https://api.stripe.com";

/// How to speak to Stripe.
#[derive(Clone)]
pub struct StripeConfig {
    /// [`API`], or a fake on this machine (`http://127.0.0.1:…`).
    pub base: String,
    /// `sk_test_…`, `sk_live_…`, or a restricted key `rk_…`.
    pub secret_key: String,
    /// `whsec_…`; several while they are rotated.
    pub webhook_secrets: Vec<String>,
}

impl fmt::Debug for StripeConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StripeConfig").field("base", &self.base).finish_non_exhaustive()
    }
}

impl StripeConfig {
    /// Whether the key moves real money; `None` when it is no secret key of Stripe's.
    pub fn is_live(&self) -> Option<bool> {
        let rest = self.secret_key.strip_prefix("sk_").or_else(|| self.secret_key.strip_prefix("rk_"))?;
        if rest.starts_with("live_") {
            Some(true)
        } else if rest.starts_with("test_") {
            Some(false)
        } else {
            None
        }
    }
}

/// Stripe as a payment provider, by its intents for payments and set-ups.
#[derive(Clone)]
pub struct Stripe {
    client: Arc<Client>,
    book: Arc<dyn CustomerBook>,
    webhook_secrets: Arc<Vec<String>>,
    live: bool,
}

impl fmt::Debug for Stripe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stripe").field("client", &self.client).field("live", &self.live).finish_non_exhaustive()
    }
}

impl Stripe {
    /// A line to Stripe; nothing is sent yet. The error is a sentence for the operator.
    pub fn new(config: StripeConfig, book: Arc<dyn CustomerBook>) -> Result<Self, String> {
        let live = config.is_live().ok_or("the secret key must begin with sk_test_, sk_live_, rk_test_ or rk_live_")?;
        let client = Client::new(&config.base, &config.secret_key)?;
        Ok(Self { client: Arc::new(client), book, webhook_secrets: Arc::new(config.webhook_secrets), live })
    }

    /// Whether real money moves.
    pub const fn is_live(&self) -> bool {
        self.live
    }
}

#[async_trait]
impl PaymentProvider for Stripe {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn start_setup(&self, request: &SetupRequest) -> Result<SetupAnswer, ProviderError> {
        self.start_setup(request).await
    }

    async fn look_up_setup(
        &self,
        request: &SetupRequest,
        provider_ref: Option<&SetupRef>,
    ) -> Result<Option<SetupAnswer>, ProviderError> {
        self.look_up_setup(request, provider_ref).await
    }

    async fn cancel_setup(&self, request: &SetupRequest) -> Result<SetupAnswer, ProviderError> {
        self.cancel_setup(request).await
    }

    async fn forget_card(&self, _customer: &OrganizationId, card_ref: &CardRef) -> Result<(), ProviderError> {
        self.detach(card_ref).await
    }

    async fn look_up_card(
        &self,
        customer: &OrganizationId,
        card_ref: &CardRef,
    ) -> Result<Option<CardFacts>, ProviderError> {
        self.look_up_card(customer, card_ref).await
    }

    async fn look_up_fraud_warning(
        &self,
        provider_ref: &FraudWarningRef,
    ) -> Result<Option<FraudWarning>, ProviderError> {
        self.look_up_fraud_warning(provider_ref).await
    }

    async fn charge(&self, request: &ChargeRequest) -> Result<ChargeAnswer, ProviderError> {
        self.charge(request).await
    }

    async fn look_up_charge(
        &self,
        request: &ChargeRequest,
        provider_ref: Option<&PaymentRef>,
    ) -> Result<Option<ChargeAnswer>, ProviderError> {
        self.look_up_charge(request, provider_ref).await
    }

    async fn cancel_charge(
        &self,
        request: &ChargeRequest,
        provider_ref: Option<&PaymentRef>,
    ) -> Result<ChargeAnswer, ProviderError> {
        self.cancel_charge(request, provider_ref).await
    }

    async fn refund(&self, request: &RefundRequest) -> Result<RefundAnswer, ProviderError> {
        self.refund(request).await
    }

    async fn look_up_refund(&self, request: &RefundRequest) -> Result<Option<RefundAnswer>, ProviderError> {
        self.look_up_refund(request).await
    }

    async fn look_up_external_refund(&self, provider_ref: &RefundRef) -> Result<Option<ExternalRefund>, ProviderError> {
        self.look_up_external_refund(provider_ref).await
    }

    async fn look_up_dispute(&self, provider_ref: &DisputeRef) -> Result<Option<DisputeAnswer>, ProviderError> {
        self.look_up_dispute(provider_ref).await
    }

    async fn look_up_payment(&self, provider_ref: &PaymentRef) -> Result<Option<ReceivedPayment>, ProviderError> {
        self.look_up_payment(provider_ref).await
    }

    async fn create_checkout(&self, request: &CheckoutRequest) -> Result<Checkout, ProviderError> {
        self.create_checkout(request).await
    }

    async fn expire_checkout(&self, provider_ref: &CheckoutRef) -> Result<(), ProviderError> {
        self.expire_checkout(provider_ref).await
    }

    async fn events_between(&self, from: Timestamp, to: Timestamp) -> Result<Vec<WebhookEvent>, ProviderError> {
        self.events_between(from, to).await
    }

    fn read_webhook(&self, header: &str, body: &[u8], now: Timestamp) -> Result<WebhookEvent, WebhookError> {
        self.read_webhook(header, body, now)
    }
}
