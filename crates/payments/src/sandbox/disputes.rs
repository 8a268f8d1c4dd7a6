//! Disputes at the sandbox bank: the cardholder of one test card disputes every payment, and the money is taken at once.

use billing_domain::{DisputeRef, ProviderEventId, Timestamp};

use super::Sandbox;
use super::records::{ChargeRecord, State};
use super::vault::Drawer;
use crate::charge::Reference;
use crate::dispute::{DisputeAnswer, DisputeOutcome};
use crate::provider::ProviderError;
use crate::webhook::{WebhookEvent, WebhookKind};

const PREFIX: &str = "dispute_";

/// The bank's name for the dispute of a charge.
pub(super) fn dispute_reference(charge: &Reference) -> DisputeRef {
    DisputeRef::from_trusted(format!("{PREFIX}{charge}"))
}

impl Sandbox {
    pub(super) async fn look_up_dispute(
        &self,
        provider_ref: &DisputeRef,
    ) -> Result<Option<DisputeAnswer>, ProviderError> {
        let Some(key) = provider_ref.as_str().strip_prefix(PREFIX) else { return Ok(None) };
        let Some((_, record)) = self.read::<ChargeRecord>(Drawer::Charges, key).await? else { return Ok(None) };
        Ok(is_disputed(&record).then(|| DisputeAnswer {
            provider_ref: provider_ref.to_owned(),
            charge: record.request.reference.clone(),
            amount_minor: record.request.amount_minor,
            currency: record.request.currency,
            reason: "fraudulent".to_owned(),
            outcome: DisputeOutcome::Withdrawn,
        }))
    }

    // See docs/decisions/0025-sandbox-disputes.md.
    pub(super) async fn disputes_between(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<WebhookEvent>, ProviderError> {
        let charges = self.charges().await?;
        let disputed =
            charges.iter().filter(|charge| (from..to).contains(&charge.request.created_at) && is_disputed(charge));
        Ok(disputed
            .map(|charge| {
                let provider_ref = dispute_reference(&charge.request.reference);
                WebhookEvent {
                    id: ProviderEventId::from_trusted(format!("evt_{provider_ref}")),
                    kind: WebhookKind::Dispute { provider_ref },
                    payment_ref: None,
                }
            })
            .collect())
    }
}

/// A charge that was given back whole cannot be disputed any more.
fn is_disputed(charge: &ChargeRecord) -> bool {
    charge.disputed && charge.state == State::Done && charge.refunded_minor() < charge.request.amount_minor
}
