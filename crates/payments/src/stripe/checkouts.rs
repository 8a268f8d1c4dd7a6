//! Hosted Checkout: Stripe's own page behind a payment link. What comes of it bears our reference and is looked up as
//! any set-up or charge.

use super::Stripe;
use super::client::Reply;
use super::form::Form;
use super::intents::encode_segment;
use crate::checkout::{Checkout, CheckoutPurpose, CheckoutRequest};
use crate::provider::ProviderError;
use billing_domain::CheckoutRef;

impl Stripe {
    pub(super) async fn create_checkout(&self, request: &CheckoutRequest) -> Result<Checkout, ProviderError> {
        let customer = self.customer(&request.customer).await?;
        let form = Form::default()
            .with("customer", &customer)
            .with("allowed_payment_method_types[]", "card")
            .with("client_reference_id", &request.reference)
            .with("metadata[reference]", &request.reference)
            .with("success_url", &request.success_url)
            .with("cancel_url", &request.cancel_url)
            .with("expires_at", request.expires_at.seconds())
            // Link, Stripe's own wallet, would pay with something else than the entered card.
            .with("wallet_options[link][display]", "never");
        let form = add_purpose(form, request)?;
        let reply =
            // A prefix, because the charge that comes of the page uses the reference itself.
            self.client.post("/v1/checkout/sessions", &form, &format!("checkout:{}", request.reference)).await?;
        let Reply::Object { object, .. } = reply else { return Err(ProviderError::NoAnswer) };
        // The page is shown to people, so whose it is is checked before its address is used.
        let ours = object.flag("livemode") == Some(self.live)
            && object.id_of("customer") == Some(customer.as_str())
            && object.metadata("reference") == Some(request.reference.as_str());
        match object.text("url").filter(|_| ours) {
            Some(url) => Ok(Checkout {
                provider_ref: object.own_reference()?,
                setup_ref: object.reference_of("setup_intent"),
                url: url.to_owned(),
            }),
            None => Err(ProviderError::NoAnswer),
        }
    }

    /// One that is complete or over answers 400, which is as good.
    pub(super) async fn expire_checkout(&self, provider_ref: &CheckoutRef) -> Result<(), ProviderError> {
        let path = format!("/v1/checkout/sessions/{}/expire", encode_segment(provider_ref.as_str()));
        match self.client.post(&path, &Form::default(), &format!("expire:{provider_ref}")).await {
            Ok(_) => Ok(()),
            Err(ProviderError::Refused(reason)) => {
                let path = format!("/v1/checkout/sessions/{}", encode_segment(provider_ref.as_str()));
                let session = self.client.get(&path, &Form::default()).await?;
                match session.as_ref().and_then(|session| session.text("status")) {
                    // Still open: it could still be paid on, so that is an error.
                    Some("open") => Err(ProviderError::Refused(reason)),
                    _ => Ok(()),
                }
            }
            Err(error) => Err(error),
        }
    }
}

fn add_purpose(form: Form, request: &CheckoutRequest) -> Result<Form, ProviderError> {
    let marks = |form: Form, name: &str| {
        form.with(&format!("{name}[metadata][reference]"), &request.reference)
            .with(&format!("{name}[metadata][organization_id]"), &request.customer)
    };
    match &request.purpose {
        CheckoutPurpose::Connect => Ok(marks(form.with("mode", "setup"), "setup_intent_data")),
        CheckoutPurpose::Pay { amount_minor, .. } if *amount_minor <= 0 => {
            Err(ProviderError::Refused("the amount is not positive".to_owned()))
        }
        CheckoutPurpose::Pay { amount_minor, currency, description, connects } => {
            let form = form
                .with("mode", "payment")
                .with("line_items[0][quantity]", 1)
                .with("line_items[0][price_data][currency]", currency.code().to_ascii_lowercase())
                .with("line_items[0][price_data][unit_amount]", amount_minor)
                .with("line_items[0][price_data][product_data][name]", description);
            let later = connects.then_some("off_session");
            Ok(marks(form.with_some("payment_intent_data[setup_future_usage]", later), "payment_intent_data"))
        }
    }
}
