//! A provider whose calls are counted, timed and named in the log.

use std::fmt::Display;
use std::sync::Arc;

use async_trait::async_trait;
use billing_domain::{
    CardRef, CheckoutRef, DisputeRef, FraudWarningRef, OrganizationId, PaymentRef, RefundRef, SetupRef, Timestamp,
};
use billing_payments::{
    CardFacts, ChargeAnswer, ChargeRequest, Checkout, CheckoutRequest, DisputeAnswer, ExternalRefund, FraudWarning,
    PaymentProvider, ProviderError, ReceivedPayment, RefundAnswer, RefundRequest, SetupAnswer, SetupRequest,
    WebhookError, WebhookEvent,
};
use tracing::Instrument as _;

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

    /// `object`: what it is about, under our reference or the provider's name.
    async fn call<T>(
        &self,
        call: &'static str,
        object: impl Display,
        work: impl Future<Output = Answer<T>>,
    ) -> Answer<T> {
        self.metrics.call(call, work).instrument(tracing::info_span!("provider_call", call, %object)).await
    }
}

#[async_trait]
impl PaymentProvider for Measured {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    async fn start_setup(&self, request: &SetupRequest) -> Answer<SetupAnswer> {
        self.call("start_setup", &request.reference, self.inner.start_setup(request)).await
    }

    async fn look_up_setup(
        &self,
        request: &SetupRequest,
        provider_ref: Option<&SetupRef>,
    ) -> Answer<Option<SetupAnswer>> {
        self.call("look_up_setup", &request.reference, self.inner.look_up_setup(request, provider_ref)).await
    }

    async fn cancel_setup(&self, request: &SetupRequest) -> Answer<SetupAnswer> {
        self.call("cancel_setup", &request.reference, self.inner.cancel_setup(request)).await
    }

    async fn forget_card(&self, customer: &OrganizationId, card_ref: &CardRef) -> Answer<()> {
        self.call("forget_card", card_ref, self.inner.forget_card(customer, card_ref)).await
    }

    async fn look_up_card(&self, customer: &OrganizationId, card_ref: &CardRef) -> Answer<Option<CardFacts>> {
        self.call("look_up_card", card_ref, self.inner.look_up_card(customer, card_ref)).await
    }

    async fn charge(&self, request: &ChargeRequest) -> Answer<ChargeAnswer> {
        self.call("charge", &request.reference, self.inner.charge(request)).await
    }

    async fn look_up_charge(
        &self,
        request: &ChargeRequest,
        provider_ref: Option<&PaymentRef>,
    ) -> Answer<Option<ChargeAnswer>> {
        self.call("look_up_charge", &request.reference, self.inner.look_up_charge(request, provider_ref)).await
    }

    async fn cancel_charge(&self, request: &ChargeRequest, provider_ref: Option<&PaymentRef>) -> Answer<ChargeAnswer> {
        self.call("cancel_charge", &request.reference, self.inner.cancel_charge(request, provider_ref)).await
    }

    async fn refund(&self, request: &RefundRequest) -> Answer<RefundAnswer> {
        self.call("refund", &request.reference, self.inner.refund(request)).await
    }

    async fn look_up_refund(&self, request: &RefundRequest) -> Answer<Option<RefundAnswer>> {
        self.call("look_up_refund", &request.reference, self.inner.look_up_refund(request)).await
    }

    async fn look_up_external_refund(&self, provider_ref: &RefundRef) -> Answer<Option<ExternalRefund>> {
        self.call("look_up_external_refund", provider_ref, self.inner.look_up_external_refund(provider_ref)).await
    }

    async fn look_up_dispute(&self, provider_ref: &DisputeRef) -> Answer<Option<DisputeAnswer>> {
        self.call("look_up_dispute", provider_ref, self.inner.look_up_dispute(provider_ref)).await
    }

    async fn look_up_fraud_warning(&self, provider_ref: &FraudWarningRef) -> Answer<Option<FraudWarning>> {
        self.call("look_up_fraud_warning", provider_ref, self.inner.look_up_fraud_warning(provider_ref)).await
    }

    async fn look_up_payment(&self, provider_ref: &PaymentRef) -> Answer<Option<ReceivedPayment>> {
        self.call("look_up_payment", provider_ref, self.inner.look_up_payment(provider_ref)).await
    }

    async fn create_checkout(&self, request: &CheckoutRequest) -> Answer<Checkout> {
        self.call("create_checkout", &request.reference, self.inner.create_checkout(request)).await
    }

    async fn expire_checkout(&self, provider_ref: &CheckoutRef) -> Answer<()> {
        self.call("expire_checkout", provider_ref, self.inner.expire_checkout(provider_ref)).await
    }

    async fn events_between(&self, from: Timestamp, to: Timestamp) -> Answer<Vec<WebhookEvent>> {
        self.call("events_between", from, self.inner.events_between(from, to)).await
    }

    fn read_webhook(&self, signature: &str, body: &[u8], now: Timestamp) -> Result<WebhookEvent, WebhookError> {
        self.inner.read_webhook(signature, body, now)
    }
}
