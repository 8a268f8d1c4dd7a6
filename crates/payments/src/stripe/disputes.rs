//! Where the money of a dispute is, by Stripe's own book entries, not by what an event is called.

use super::Stripe;
use super::form::Form;
use super::intents::encode_segment;
use super::object::Object;
use crate::charge::{Reference, Subject};
use crate::dispute::{DisputeAnswer, DisputeOutcome};
use crate::provider::ProviderError;
use billing_domain::DisputeRef;

impl Stripe {
    pub(super) async fn look_up_dispute(
        &self,
        provider_ref: &DisputeRef,
    ) -> Result<Option<DisputeAnswer>, ProviderError> {
        let expand = Form::default().with("expand[]", "payment_intent");
        let path = format!("/v1/disputes/{}", encode_segment(provider_ref.as_str()));
        let Some(dispute) = self.client.get(&path, &expand).await? else { return Ok(None) };
        let intent = dispute.object("payment_intent");
        let marked = intent.as_ref().and_then(|intent| intent.metadata("reference")).and_then(Reference::read);
        // A charge of the same account that this product did not make.
        let Some(charge) = marked.filter(|charge| matches!(charge.subject(), Some(Subject::TopUp { .. }))) else {
            return Ok(None);
        };
        let currency = dispute.text_or_empty("currency").to_ascii_uppercase().parse();
        let (Ok(currency), Some(amount_minor)) = (currency, dispute.integer("amount").filter(|amount| *amount > 0))
        else {
            tracing::error!(dispute = %provider_ref, "a dispute has no amount that we can read");
            return Err(ProviderError::NoAnswer);
        };
        if dispute.id() != provider_ref.as_str() || dispute.flag("livemode") != Some(self.live) {
            tracing::error!(dispute = %provider_ref, "the payment provider's answer is about another dispute");
            return Err(ProviderError::NoAnswer);
        }
        Ok(Some(DisputeAnswer {
            provider_ref: provider_ref.to_owned(),
            charge,
            amount_minor,
            currency,
            reason: dispute.text_or_empty("reason").chars().take(100).collect(),
            outcome: read_outcome(&dispute),
        }))
    }
}

/// An inquiry (`warning_…`) moves no money. Else the balance transactions show it: one takes, a second one gives back.
fn read_outcome(dispute: &Object) -> DisputeOutcome {
    let status = dispute.text_or_empty("status");
    let entries = dispute.list("balance_transactions");
    let moved = |sign: i64| entries.iter().any(|entry| entry.integer("amount").is_some_and(|a| a.signum() == sign));
    if status.starts_with("warning_") {
        DisputeOutcome::NothingMoved
    } else if moved(1) || (status == "won" && moved(-1)) {
        DisputeOutcome::Returned
    } else if moved(-1) || status == "lost" {
        DisputeOutcome::Withdrawn
    } else {
        DisputeOutcome::NothingMoved
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_entries_decide_where_the_money_is() {
        for (status, entries, expected) in [
            ("warning_needs_response", json!([]), DisputeOutcome::NothingMoved),
            ("needs_response", json!([]), DisputeOutcome::NothingMoved),
            ("needs_response", json!([{"amount": -2500}]), DisputeOutcome::Withdrawn),
            ("under_review", json!([{"amount": -2500}]), DisputeOutcome::Withdrawn),
            ("lost", json!([{"amount": -2500}]), DisputeOutcome::Withdrawn),
            ("lost", json!([]), DisputeOutcome::Withdrawn),
            ("won", json!([{"amount": -2500}, {"amount": 2500}]), DisputeOutcome::Returned),
            ("won", json!([{"amount": -2500}]), DisputeOutcome::Returned),
            ("won", json!([]), DisputeOutcome::NothingMoved),
        ] {
            let dispute = Object(json!({"status": status, "balance_transactions": entries}));
            assert_eq!(read_outcome(&dispute), expected, "{dispute:?}");
        }
    }
}
