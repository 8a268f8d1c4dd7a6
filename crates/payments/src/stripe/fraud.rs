//! Early fraud warnings (Radar), told apart by our own mark on the payment that they are about.

use super::Stripe;
use super::form::Form;
use super::intents::encode_segment;
use crate::charge::{Reference, Subject};
use crate::fraud::FraudWarning;
use crate::provider::ProviderError;
use billing_domain::FraudWarningRef;

impl Stripe {
    pub(super) async fn look_up_fraud_warning(
        &self,
        provider_ref: &FraudWarningRef,
    ) -> Result<Option<FraudWarning>, ProviderError> {
        let expand = Form::default().with("expand[]", "payment_intent");
        let path = format!("/v1/radar/early_fraud_warnings/{}", encode_segment(provider_ref.as_str()));
        let Some(warning) = self.client.get(&path, &expand).await? else { return Ok(None) };
        let intent = warning.object("payment_intent");
        let marked = intent.as_ref().and_then(|intent| intent.metadata("reference")).and_then(Reference::read);
        // A charge of the same account that this product did not make.
        let Some(charge) = marked.filter(|charge| matches!(charge.subject(), Some(Subject::TopUp { .. }))) else {
            return Ok(None);
        };
        if warning.id() != provider_ref.as_str() || warning.flag("livemode") != Some(self.live) {
            tracing::error!(warning = %provider_ref, "the payment provider's answer is about another fraud warning");
            return Err(ProviderError::NoAnswer);
        }
        Ok(Some(FraudWarning {
            provider_ref: provider_ref.to_owned(),
            charge,
            reason: warning.text_or_empty("fraud_type").chars().take(100).collect(),
            actionable: warning.flag("actionable") == Some(true),
        }))
    }
}
