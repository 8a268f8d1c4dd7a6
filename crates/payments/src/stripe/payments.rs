//! Payments by Stripe's own name, and whose they are: by the marks on the payment and on the customer that paid.

use billing_domain::{CustomerRef, OrganizationMark, PaymentRef, Timestamp};

use super::Stripe;
use super::form::Form;
use super::intents::{Intent, encode_segment};
use super::object::Object;
use super::setups::card_facts;
use crate::charge::{Reference, Subject};
use crate::payment::ReceivedPayment;
use crate::provider::ProviderError;

impl Stripe {
    pub(super) async fn look_up_payment(
        &self,
        provider_ref: &PaymentRef,
    ) -> Result<Option<ReceivedPayment>, ProviderError> {
        let Some(intent) = self.intent(Intent::Payment, provider_ref.as_str()).await? else { return Ok(None) };
        let ours = intent.text("object") == Some("payment_intent") && intent.flag("livemode") == Some(self.live);
        let reference = intent.metadata("reference").and_then(Reference::read);
        let is_charge = |reference: &Reference| matches!(reference.subject(), Some(Subject::TopUp { .. }));
        let Some(reference) = reference.filter(is_charge) else { return Ok(None) };
        let (Some("succeeded"), Some(amount_minor), Some(received_minor), Some(created)) = (
            intent.text("status").filter(|_| ours),
            intent.integer("amount"),
            intent.integer("amount_received"),
            intent.integer("created"),
        ) else {
            return Ok(None);
        };
        let organization = intent.metadata("organization_id").map(OrganizationMark::new);
        let owner_is_certain = match (&organization, intent.reference_of("customer")) {
            (Some(organization), Some(customer)) => self.stands_for(&customer, organization).await?,
            _ => false,
        };
        let currency_code = intent.text_or_empty("currency").to_ascii_uppercase();
        let card = intent.object("payment_method").as_ref().and_then(card_facts);
        Ok(Some(ReceivedPayment {
            provider_ref: intent.own_reference()?,
            reference,
            organization,
            owner_is_certain,
            amount_minor,
            received_minor,
            currency: currency_code.parse().ok(),
            currency_code,
            created_at: Timestamp::from_seconds(created),
            card,
        }))
    }

    /// Whether a customer was made for this organization. If it was and the book has none, it is noted: the book was
    /// restored with the rest.
    async fn stands_for(&self, customer: &CustomerRef, organization: &OrganizationMark) -> Result<bool, ProviderError> {
        let path = format!("/v1/customers/{}", encode_segment(customer.as_str()));
        let found: Option<Object> = self.client.get(&path, &Form::default()).await?;
        let certain = found.is_some_and(|found| {
            found.id() == customer.as_str()
                && found.flag("livemode") == Some(self.live)
                && found.metadata("organization_id") == Some(organization.as_str())
        });
        if certain
            && let Some(organization) = organization.id()
            && let Err(error) = self.book.keep(&organization, customer).await
        {
            // Such as of an organization that is not here.
            tracing::debug!(%error, "a customer could not be noted");
        }
        Ok(certain)
    }
}
