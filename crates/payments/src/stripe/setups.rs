//! Connecting cards through `SetupIntents`.

use super::Stripe;
use super::charges::{client_secret_action, is_closed};
use super::client::Reply;
use super::form::Form;
use super::intents::{Intent, Refusal, encode_segment, end_of, of_reply};
use super::object::Object;
use crate::card::{CardFacts, SetupAnswer, SetupOutcome, SetupRequest};
use crate::provider::ProviderError;
use billing_domain::{CardRef, CustomerRef, OrganizationId, SetupRef};

impl Stripe {
    pub(super) async fn start_setup(&self, request: &SetupRequest) -> Result<SetupAnswer, ProviderError> {
        let customer = self.customer(&request.customer).await?;
        let form = common_form(request, &customer);
        let form = match &request.card {
            Some(card) => form.with("payment_method", &card.token).with("confirm", true).with("use_stripe_sdk", true),
            None => form,
        };
        let form = form.with("expand[]", "payment_method");
        match self.client.post(Intent::Setup.path(), &form, request.reference.as_str()).await {
            Ok(reply) => {
                let (intent, replayed) = of_reply(Intent::Setup, reply)?;
                let intent = if replayed {
                    self.intent(Intent::Setup, intent.id()).await?.ok_or(ProviderError::NoAnswer)?
                } else {
                    intent
                };
                self.setup_answer(request, &customer, intent).await
            }
            Err(ProviderError::ReferenceReused) => match self.find_setup(request, &customer).await? {
                Some(intent) if is_closed(&intent) => self.setup_answer(request, &customer, intent).await,
                _ => Err(ProviderError::ReferenceReused),
            },
            Err(error) => Err(error),
        }
    }

    pub(super) async fn look_up_setup(
        &self,
        request: &SetupRequest,
        provider_ref: Option<&SetupRef>,
    ) -> Result<Option<SetupAnswer>, ProviderError> {
        let customer = self.customer(&request.customer).await?;
        let named = match provider_ref {
            Some(id) => self.intent(Intent::Setup, id.as_str()).await?,
            None => None,
        };
        let found = match named {
            Some(intent) => Some(intent),
            None => self.find_setup(request, &customer).await?,
        };
        match found {
            Some(intent) => self.setup_answer(request, &customer, intent).await.map(Some),
            None => Ok(None),
        }
    }

    pub(super) async fn cancel_setup(&self, request: &SetupRequest) -> Result<SetupAnswer, ProviderError> {
        let customer = self.customer(&request.customer).await?;
        let intent = match self.find_setup(request, &customer).await? {
            Some(intent) => intent,
            None => self.use_up_setup(request, &customer).await?,
        };
        let closed = match intent.text("status") {
            Some("succeeded" | "canceled") => intent,
            _ => self.close(Intent::Setup, intent.id()).await?,
        };
        self.setup_answer(request, &customer, closed).await
    }

    /// As with charges: afterwards a request that arrives late finds its key used.
    async fn use_up_setup(&self, request: &SetupRequest, customer: &CustomerRef) -> Result<Object, ProviderError> {
        let form = common_form(request, customer).with("metadata[closed]", true);
        match self.client.post(Intent::Setup.path(), &form, request.reference.as_str()).await {
            Ok(reply) => of_reply(Intent::Setup, reply).map(|(intent, _)| intent),
            Err(ProviderError::ReferenceReused) => {
                self.find_setup(request, customer).await?.ok_or(ProviderError::NoAnswer)
            }
            Err(error) => Err(error),
        }
    }

    /// Takes a card off its customer, after which it cannot be charged. One that is off already stays off.
    pub(super) async fn detach(&self, card_ref: &CardRef) -> Result<(), ProviderError> {
        let path = format!("/v1/payment_methods/{}/detach", encode_segment(card_ref.as_str()));
        match self.client.post(&path, &Form::default(), &format!("detach:{card_ref}")).await {
            Ok(Reply::Object { .. }) => Ok(()),
            Ok(Reply::CardError { .. }) => Err(ProviderError::NoAnswer),
            Err(ProviderError::Refused(reason)) => {
                let card = self
                    .client
                    .get(&format!("/v1/payment_methods/{}", encode_segment(card_ref.as_str())), &Form::default())
                    .await?;
                match card.and_then(|card| card.id_of("customer").map(str::to_owned)) {
                    None => Ok(()),
                    Some(_) => Err(ProviderError::Refused(reason)),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// A payment method as Stripe knows it now. One that was taken off its customer is no card of ours any more.
    pub(super) async fn look_up_card(
        &self,
        customer: &OrganizationId,
        card_ref: &CardRef,
    ) -> Result<Option<CardFacts>, ProviderError> {
        let customer = self.customer(customer).await?;
        let path = format!("/v1/payment_methods/{}", encode_segment(card_ref.as_str()));
        let found = self.client.get(&path, &Form::default()).await?;
        let ours =
            found.filter(|method| method.id() == card_ref.as_str() && method.flag("livemode") == Some(self.live));
        Ok(ours.and_then(|method| card_of(&method, &customer)))
    }

    async fn find_setup(
        &self,
        request: &SetupRequest,
        customer: &CustomerRef,
    ) -> Result<Option<Object>, ProviderError> {
        let query = Form::default().with("customer", customer).with("expand[]", "data.payment_method");
        let mut found = self.marked(Intent::Setup, &query, &request.reference).await?;
        found.sort_by_key(is_closed);
        Ok(found.into_iter().next())
    }

    async fn setup_answer(
        &self,
        request: &SetupRequest,
        customer: &CustomerRef,
        mut intent: Object,
    ) -> Result<SetupAnswer, ProviderError> {
        for _ in 0..2 {
            if !self.is_setup_of(&intent, request, customer) {
                return Err(mismatch_error(request, &intent));
            }
            let outcome = match intent.text_or_empty("status") {
                "succeeded" => SetupOutcome::Connected(read_card_facts(request, customer, &intent)?),
                "canceled" => end_of(&intent).map_or(SetupOutcome::Cancelled, SetupOutcome::Declined),
                // A card that came with the request was refused: that is the end of it.
                "requires_payment_method" if request.card.is_some() => {
                    match self.refused(Intent::Setup, &intent).await? {
                        Refusal::Declined(decline) => SetupOutcome::Declined(decline),
                        Refusal::Cancelled => SetupOutcome::Cancelled,
                        Refusal::MovedOn(present) => {
                            intent = present;
                            continue;
                        }
                    }
                }
                "requires_payment_method" | "requires_confirmation" | "requires_action" | "processing" => {
                    SetupOutcome::ActionRequired(client_secret_action(&intent)?)
                }
                other => {
                    tracing::error!(status = other, setup = %request.reference, "a set-up is in no state that we know");
                    return Err(ProviderError::NoAnswer);
                }
            };
            return Ok(SetupAnswer { provider_ref: Some(intent.own_reference()?), outcome });
        }
        Err(ProviderError::NoAnswer)
    }

    fn is_setup_of(&self, intent: &Object, request: &SetupRequest, customer: &CustomerRef) -> bool {
        intent.text("object") == Some("setup_intent")
            && intent.flag("livemode") == Some(self.live)
            && intent.id_of("customer") == Some(customer.as_str())
            && intent.metadata("reference") == Some(request.reference.as_str())
            && intent.text("usage") == Some("off_session")
    }
}

fn common_form(request: &SetupRequest, customer: &CustomerRef) -> Form {
    Form::default()
        .with("customer", customer)
        .with("usage", "off_session")
        .with("allowed_payment_method_types[]", "card")
        .with("metadata[reference]", &request.reference)
        .with("metadata[organization_id]", &request.customer)
}

/// The card behind a set-up that succeeded. It is our customer's, or it is none.
fn read_card_facts(
    request: &SetupRequest,
    customer: &CustomerRef,
    intent: &Object,
) -> Result<CardFacts, ProviderError> {
    let card = intent.object("payment_method").and_then(|method| card_of(&method, customer));
    card.ok_or_else(|| mismatch_error(request, intent))
}

/// A payment method of our customer's that is a card.
fn card_of(method: &Object, customer: &CustomerRef) -> Option<CardFacts> {
    card_facts(method).filter(|_| method.id_of("customer") == Some(customer.as_str()))
}

/// A payment method that is a card, whoever's it is by now: one that was removed is nobody's.
pub(super) fn card_facts(method: &Object) -> Option<CardFacts> {
    let card = method.object("card")?;
    let last4 = card.text("last4").filter(|digits| digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()))?;
    Some(CardFacts {
        provider_ref: method.reference("id")?,
        brand: card.text_or_empty("brand").to_ascii_lowercase(),
        last4: last4.to_owned(),
        exp_month: u8::try_from(card.integer("exp_month")?).ok().filter(|month| (1..=12).contains(month))?,
        exp_year: u16::try_from(card.integer("exp_year")?).ok()?,
        fingerprint: card.text_or_empty("fingerprint").to_owned(),
    })
}

fn mismatch_error(request: &SetupRequest, intent: &Object) -> ProviderError {
    tracing::error!(
        setup = %request.reference, intent = intent.id(),
        "the payment provider's answer is not about what was asked: customer, mode, mark or card differ"
    );
    ProviderError::NoAnswer
}
