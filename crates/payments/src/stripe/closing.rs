//! Closing the reference of a charge: afterwards no request under it moves money, even one that is still on its way.
//!
//! The reference is the idempotency key, so closing uses it up: an intent without a card is made under it and canceled.
//! Whatever arrives later under the same key has other parameters and is refused by Stripe. If the key was used before,
//! Stripe says so, and then the charge is there to be found.

use super::Stripe;
use super::charges::{common_form, complete_form};
use super::form::Form;
use super::intents::{Intent, of_reply};
use super::object::Object;
use crate::charge::{ChargeAnswer, ChargeOutcome, ChargeRequest};
use crate::provider::ProviderError;
use billing_domain::{CustomerRef, PaymentRef};

impl Stripe {
    pub(super) async fn cancel_charge(
        &self,
        request: &ChargeRequest,
        provider_ref: Option<&PaymentRef>,
    ) -> Result<ChargeAnswer, ProviderError> {
        let customer = self.customer(&request.customer).await?;
        let known = match provider_ref {
            Some(id) => self.intent(Intent::Payment, id.as_str()).await?,
            None => None,
        };
        // From the cheapest look-up to the one that changes something.
        let intent = match known {
            Some(intent) => intent,
            None => match self.find_intent(request, &customer).await? {
                Some(intent) => intent,
                None => match self.use_up(request, &customer).await? {
                    Some(intent) => intent,
                    None => return Ok(ChargeAnswer { provider_ref: None, outcome: ChargeOutcome::Cancelled }),
                },
            },
        };
        let answer = self.charge_answer(request, &customer, intent).await?;
        match (&answer.outcome, &answer.provider_ref) {
            // Not final, so it is closed; what it settled to just before is read from the answer.
            (ChargeOutcome::Processing | ChargeOutcome::ActionRequired(_), Some(id)) => {
                let closed = self.close(Intent::Payment, id.as_str()).await?;
                self.charge_answer(request, &customer, closed).await
            }
            _ => Ok(answer),
        }
    }

    /// An intent that stands for the key, or `None` when the key is used up by a refusal.
    /// See docs/decisions/0017-close-a-silent-charge.md.
    async fn use_up(&self, request: &ChargeRequest, customer: &CustomerRef) -> Result<Option<Object>, ProviderError> {
        let form: Form = common_form(request, customer)?.with("metadata[closed]", true);
        match self.client.post(Intent::Payment.path(), &form, request.reference.as_str()).await {
            Ok(reply) => {
                let (intent, _) = of_reply(Intent::Payment, reply)?;
                self.close(Intent::Payment, intent.id()).await.map(Some)
            }
            // The charge came first after all.
            Err(ProviderError::ReferenceReused) => match self.find_intent(request, customer).await? {
                Some(intent) => Ok(Some(intent)),
                // Used, but not in the list yet or refused before it became an intent.
                None => self.stored(request, customer).await,
            },
            Err(error) => Err(error),
        }
    }

    /// What is stored under a key that is known to be used, for a charge of which nothing is found: repeating the very
    /// same request answers it and begins nothing. A stored refusal proves that nothing happened; a stored failure of
    /// Stripe's own is undecided, and asked again until the key is forgotten there.
    async fn stored(&self, request: &ChargeRequest, customer: &CustomerRef) -> Result<Option<Object>, ProviderError> {
        let form = complete_form(request, customer)?;
        match self.client.post(Intent::Payment.path(), &form, request.reference.as_str()).await {
            Ok(reply) => {
                let (intent, _) = of_reply(Intent::Payment, reply)?;
                self.intent(Intent::Payment, intent.id()).await
            }
            Err(ProviderError::Refused(reason)) => {
                tracing::info!(charge = %request.reference, reason, "a charge was refused before it began");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
