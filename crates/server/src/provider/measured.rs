//! A provider whose calls are counted and timed.

use std::sync::Arc;

use async_trait::async_trait;
use billing_domain::Timestamp;
use billing_payments::{
    CardFacts, ChargeAnswer, ChargeRequest, Checkout, CheckoutRequest, DisputeAnswer, ExternalRefund, FraudWarning,
    PaymentProvider, ProviderError, ReceivedPayment, RefundAnswer, RefundRequest, SetupAnswer, SetupRequest,
    WebhookError, WebhookEvent,
};

use crate::metrics::Metrics;

type Answer<T> = Result<T, ProviderError>;

/// Hands everything on to the provider inside.
pub(crate) struct Measured {
    inner: Arc<dyn PaymentProvider>,
    metrics: Arc<Metrics>,
}

impl Measured {
    /// Counts the calls to `inner`.
    pub(crate) fn new(inner: Arc<dyn PaymentProvider>, metrics: Arc<Metrics>) -> Self {
        Self { inner, metrics }
    }
}

#[async_trait]
impl PaymentProvider for Measured {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    async fn start_setup(&self, request: &SetupRequest) -> Answer<SetupAnswer> {
        self.metrics.call("start_setup", self.inner.start_setup(request)).await
    }

    async fn look_up_setup(&self, request: &SetupRequest, provider_ref: Option<&str>) -> Answer<Option<SetupAnswer>> {
        self.metrics.call("look_up_setup", self.inner.look_up_setup(request, provider_ref)).await
    }

    async fn cancel_setup(&self, request: &SetupRequest) -> Answer<SetupAnswer> {
        self.metrics.call("cancel_setup", self.inner.cancel_setup(request)).await
    }

    async fn forget_card(&self, customer: &str, card_ref: &str) -> Answer<()> {
        self.metrics.call("forget_card", self.inner.forget_card(customer, card_ref)).await
    }

    async fn look_up_card(&self, customer: &str, card_ref: &str) -> Answer<Option<CardFacts>> {
        self.metrics.call("look_up_card", self.inner.look_up_card(customer, card_ref)).await
    }

    async fn charge(&self, request: &ChargeRequest) -> Answer<ChargeAnswer> {
        self.metrics.call("charge", self.inner.charge(request)).await
    }

    async fn look_up_charge(
        &self,
        request: &ChargeRequest,
        provider_ref: Option<&str>,
    ) -> Answer<Option<ChargeAnswer>> {
        self.metrics.call("look_up_charge", self.inner.look_up_charge(request, provider_ref)).await
    }

    async fn cancel_charge(&self, request: &ChargeRequest, provider_ref: Option<&str>) -> Answer<ChargeAnswer> {
        self.metrics.call("cancel_charge", self.inner.cancel_charge(request, provider_ref)).await
    }

    async fn refund(&self, request: &RefundRequest) -> Answer<RefundAnswer> {
        self.metrics.call("refund", self.inner.refund(request)).await
    }

    async fn look_up_refund(&self, request: &RefundRequest) -> Answer<Option<RefundAnswer>> {
        self.metrics.call("look_up_refund", self.inner.look_up_refund(request)).await
    }

    async fn look_up_external_refund(&self, provider_ref: &str) -> Answer<Option<ExternalRefund>> {
        self.metrics.call("look_up_external_refund", self.inner.look_up_external_refund(provider_ref)).await
    }

    async fn look_up_dispute(&self, provider_ref: &str) -> Answer<Option<DisputeAnswer>> {
        self.metrics.call("look_up_dispute", self.inner.look_up_dispute(provider_ref)).await
    }

    async fn look_up_fraud_warning(&self, provider_ref: &str) -> Answer<Option<FraudWarning>> {
        self.metrics.call("look_up_fraud_warning", self.inner.look_up_fraud_warning(provider_ref)).await
    }

    async fn look_up_payment(&self, provider_ref: &str) -> Answer<Option<ReceivedPayment>> {
        self.metrics.call("look_up_payment", self.inner.look_up_payment(provider_ref)).await
    }

    async fn create_checkout(&self, request: &CheckoutRequest) -> Answer<Checkout> {
        self.metrics.call("create_checkout", self.inner.create_checkout(request)).await
    }

    async fn expire_checkout(&self, provider_ref: &str) -> Answer<()> {
        self.metrics.call("expire_checkout", self.inner.expire_checkout(provider_ref)).await
    }

    async fn events_between(&self, from: Timestamp, to: Timestamp) -> Answer<Vec<WebhookEvent>> {
        self.metrics.call("events_between", self.inner.events_between(from, to)).await
    }

    fn read_webhook(&self, signature: &str, body: &[u8], now: Timestamp) -> Result<WebhookEvent, WebhookError> {
        self.inner.read_webhook(signature, body, now)
    }
}
