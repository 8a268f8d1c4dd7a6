//! Giving money back. A refund may be on its way for days, longer than its key is kept: it is looked for first.

use super::Stripe;
use super::charges::is_currency;
use super::client::Reply;
use super::form::Form;
use super::intents::encode_segment;
use super::object::Object;
use crate::charge::{Reference, Subject};
use crate::provider::ProviderError;
use crate::refund::{ExternalRefund, RefundAnswer, RefundOutcome, RefundRequest};
use billing_domain::{PaymentRef, RefundRef};

impl Stripe {
    pub(super) async fn refund(&self, request: &RefundRequest) -> Result<RefundAnswer, ProviderError> {
        let Some(payment) = request.charge_provider_ref.as_ref().filter(|_| request.amount_minor > 0) else {
            return Err(ProviderError::Refused("no such charge, or nothing to give back".to_owned()));
        };
        if let Some(answer) = self.look_up_refund(request).await? {
            return Ok(answer);
        }
        let form = Form::default()
            .with("payment_intent", payment)
            .with("amount", request.amount_minor)
            .with("reason", "requested_by_customer")
            .with("metadata[reference]", &request.reference)
            .with("metadata[charge]", &request.charge);
        match self.client.post("/v1/refunds", &form, request.reference.as_str()).await? {
            Reply::Object { object, replayed: false } => read_answer(request, &object),
            // The stored answer is older than the look above, which did not see it yet.
            Reply::Object { replayed: true, .. } => self.look_up_refund(request).await?.ok_or(ProviderError::NoAnswer),
            Reply::CardError { error, .. } => Err(ProviderError::Refused(error.text_or_empty("message").to_owned())),
        }
    }

    pub(super) async fn look_up_refund(&self, request: &RefundRequest) -> Result<Option<RefundAnswer>, ProviderError> {
        let Some(payment) = &request.charge_provider_ref else { return Ok(None) };
        let query = Form::default().with("payment_intent", payment);
        let all = self.search("/v1/refunds", &query).await?;
        let found = all.iter().find(|refund| refund.metadata("reference") == Some(request.reference.as_str()));
        found.map(|refund| read_answer(request, refund)).transpose()
    }

    pub(super) async fn look_up_external_refund(
        &self,
        provider_ref: &RefundRef,
    ) -> Result<Option<ExternalRefund>, ProviderError> {
        let expand = Form::default().with("expand[]", "payment_intent");
        let path = format!("/v1/refunds/{}", encode_segment(provider_ref.as_str()));
        let Some(refund) = self.client.get(&path, &expand).await? else { return Ok(None) };
        let intent = refund.object("payment_intent");
        let marked = intent.as_ref().and_then(|intent| intent.metadata("reference")).and_then(Reference::read);
        // A charge of the same account that this product did not make.
        let Some(charge) = marked.filter(|charge| matches!(charge.subject(), Some(Subject::TopUp { .. }))) else {
            return Ok(None);
        };
        let live = intent.as_ref().and_then(|intent| intent.flag("livemode"));
        if refund.id() != provider_ref.as_str() || live != Some(self.live) {
            tracing::error!(refund = %provider_ref, "the payment provider's answer is about another refund");
            return Err(ProviderError::NoAnswer);
        }
        let currency = refund.text_or_empty("currency").to_ascii_uppercase().parse();
        let (Ok(currency), Some(amount_minor)) = (currency, refund.integer("amount").filter(|amount| *amount > 0))
        else {
            tracing::error!(refund = %provider_ref, "a refund has no amount that we can read");
            return Err(ProviderError::NoAnswer);
        };
        Ok(Some(ExternalRefund {
            provider_ref: provider_ref.to_owned(),
            charge,
            amount_minor,
            currency,
            reason: refund.text_or_empty("reason").chars().take(100).collect(),
            outcome: read_outcome(&refund)?,
        }))
    }
}

fn read_answer(request: &RefundRequest, refund: &Object) -> Result<RefundAnswer, ProviderError> {
    let ours = refund.metadata("reference") == Some(request.reference.as_str())
        && refund.id_of("payment_intent") == request.charge_provider_ref.as_ref().map(PaymentRef::as_str)
        && is_currency(refund, request.currency);
    if !ours {
        tracing::error!(refund = %request.reference, "the payment provider's answer is about another refund");
        return Err(ProviderError::NoAnswer);
    }
    if refund.integer("amount") != Some(request.amount_minor) {
        return Err(ProviderError::ReferenceReused);
    }
    Ok(RefundAnswer { provider_ref: refund.own_reference()?, outcome: read_outcome(refund)? })
}

fn read_outcome(refund: &Object) -> Result<RefundOutcome, ProviderError> {
    match refund.text_or_empty("status") {
        "succeeded" => Ok(RefundOutcome::Succeeded),
        "failed" | "canceled" => Ok(RefundOutcome::Failed),
        "pending" | "requires_action" => Ok(RefundOutcome::Pending),
        other => {
            tracing::error!(status = other, refund = refund.id(), "a refund is in no state that we know");
            Err(ProviderError::NoAnswer)
        }
    }
}
