//! Charging through `PaymentIntents`: created and confirmed in one request, under our reference as the key.

use super::Stripe;
use super::form::Form;
use super::intents::{Intent, Refusal, end_of, of_reply, wants_cardholder};
use super::object::Object;
use crate::charge::{ChargeAnswer, ChargeOutcome, ChargeRequest, NextAction, Presence};
use crate::provider::ProviderError;
use billing_domain::{CustomerRef, PaymentRef};

/// Clocks here and there may differ by so much.
const CLOCK_SECONDS: i64 = 3_600;
/// No request of ours arrives later than this after it was written down: the service closes it long before.
const WINDOW_SECONDS: i64 = 25 * 3_600;

impl Stripe {
    pub(super) async fn charge(&self, request: &ChargeRequest) -> Result<ChargeAnswer, ProviderError> {
        let customer = self.customer(&request.customer).await?;
        let form = complete_form(request, &customer)?;
        match self.client.post(Intent::Payment.path(), &form, request.reference.as_str()).await {
            Ok(reply) => {
                let (intent, replayed) = of_reply(Intent::Payment, reply)?;
                // Compared with what was asked: an answer about something else must not credit anything.
                if !self.is_of(&intent, request, &customer) {
                    return Err(mismatch_error(request, &intent));
                }
                let intent = if replayed {
                    // A stored answer is what was true then.
                    self.intent(Intent::Payment, intent.id()).await?.ok_or(ProviderError::NoAnswer)?
                } else {
                    intent
                };
                self.charge_answer(request, &customer, intent).await
            }
            // Either it was closed before it came, or this is another charge under an old name.
            Err(ProviderError::ReferenceReused) => match self.find_intent(request, &customer).await? {
                Some(intent) if is_closed(&intent) => self.charge_answer(request, &customer, intent).await,
                _ => Err(ProviderError::ReferenceReused),
            },
            Err(error) => Err(error),
        }
    }

    pub(super) async fn look_up_charge(
        &self,
        request: &ChargeRequest,
        provider_ref: Option<&PaymentRef>,
    ) -> Result<Option<ChargeAnswer>, ProviderError> {
        let customer = self.customer(&request.customer).await?;
        let named = match provider_ref {
            Some(id) => self.intent(Intent::Payment, id.as_str()).await?,
            None => None,
        };
        // By its name first, which is one read; the list is for when the name never reached us.
        let found = match named {
            Some(intent) => Some(intent),
            None => self.find_intent(request, &customer).await?,
        };
        match found {
            Some(intent) => self.charge_answer(request, &customer, intent).await.map(Some),
            None => Ok(None),
        }
    }

    /// The intent of a charge by our reference in the customer's list (not by search, which lags behind). Where there are
    /// two, one of which was only made to close the reference, the other one counts.
    pub(super) async fn find_intent(
        &self,
        request: &ChargeRequest,
        customer: &CustomerRef,
    ) -> Result<Option<Object>, ProviderError> {
        // A span of time, so that the list stays short however many charges a customer has.
        let query = Form::default()
            .with("customer", customer)
            .with("created[gte]", request.created_at.seconds() - CLOCK_SECONDS)
            .with("created[lt]", request.created_at.seconds() + WINDOW_SECONDS);
        let mut found = self.marked(Intent::Payment, &query, &request.reference).await?;
        found.sort_by_key(is_closed);
        Ok(found.into_iter().next())
    }

    /// What the state of an intent means, after it was compared with what we asked for.
    pub(super) async fn charge_answer(
        &self,
        request: &ChargeRequest,
        customer: &CustomerRef,
        mut intent: Object,
    ) -> Result<ChargeAnswer, ProviderError> {
        // An intent that was refused is closed, and may have moved on before that.
        for _ in 0..2 {
            if !self.is_of(&intent, request, customer) {
                return Err(mismatch_error(request, &intent));
            }
            let outcome = match intent.text_or_empty("status") {
                "succeeded" => settled_outcome(request, &intent)?,
                "processing" => ChargeOutcome::Processing,
                "requires_action" => ChargeOutcome::ActionRequired(client_secret_action(&intent)?),
                "requires_payment_method" if request.presence == Presence::OffSession && wants_cardholder(&intent) => {
                    ChargeOutcome::ActionRequired(confirmation_action(request, &intent)?)
                }
                "canceled" => end_of(&intent).map_or(ChargeOutcome::Cancelled, ChargeOutcome::Declined),
                "requires_payment_method" | "requires_confirmation" => {
                    match self.refused(Intent::Payment, &intent).await? {
                        Refusal::Declined(decline) => ChargeOutcome::Declined(decline),
                        Refusal::Cancelled => ChargeOutcome::Cancelled,
                        Refusal::MovedOn(present) => {
                            intent = present;
                            continue;
                        }
                    }
                }
                other => {
                    // A state of a newer version of Stripe's: undecided, and loud in the log.
                    tracing::error!(status = other, charge = %request.reference, "a charge is in no state that we know");
                    return Err(ProviderError::NoAnswer);
                }
            };
            return Ok(ChargeAnswer { provider_ref: Some(intent.own_reference()?), outcome });
        }
        // Moved on twice in this moment: asked again later.
        Err(ProviderError::NoAnswer)
    }

    fn is_of(&self, intent: &Object, request: &ChargeRequest, customer: &CustomerRef) -> bool {
        intent.text("object") == Some("payment_intent")
            && intent.flag("livemode") == Some(self.live)
            && intent.id_of("customer") == Some(customer.as_str())
            && intent.metadata("reference") == Some(request.reference.as_str())
            && intent.integer("amount") == Some(request.amount_minor)
            && is_currency(intent, request.currency)
    }
}

/// Create and confirm at once.
pub(super) fn complete_form(request: &ChargeRequest, customer: &CustomerRef) -> Result<Form, ProviderError> {
    let form = common_form(request, customer)?.with("payment_method", &request.card_ref).with("confirm", true);
    let form = match request.presence {
        // Stripe's script in the page takes over what the bank asks.
        Presence::OnSession => form.with("use_stripe_sdk", true),
        // Nobody is there: Stripe is informed, so that it hands the charge to the bank as such.
        Presence::OffSession => form.with("off_session", true),
    };
    Ok(form.with("expand[]", "payment_method"))
}

/// What every intent of this charge says.
pub(super) fn common_form(request: &ChargeRequest, customer: &CustomerRef) -> Result<Form, ProviderError> {
    if request.amount_minor <= 0 {
        return Err(ProviderError::Refused("the amount is not positive".to_owned()));
    }
    // Stripe takes three decimal digits, the last of which must be 0.
    if request.currency.exponent() == 3 && request.amount_minor % 10 != 0 {
        return Err(ProviderError::Refused("the last of three decimal digits must be 0".to_owned()));
    }
    Ok(Form::default()
        .with("amount", request.amount_minor)
        .with("currency", request.currency.code().to_ascii_lowercase())
        .with("customer", customer)
        // Cards only: other methods may settle, or fail, days later.
        .with("allowed_payment_method_types[]", "card")
        .with("metadata[reference]", &request.reference)
        // Named twice, here and by the customer: after a restored backup both have to agree.
        .with("metadata[organization_id]", &request.customer))
}

/// Made only to close a reference.
pub(super) fn is_closed(intent: &Object) -> bool {
    intent.metadata("closed") == Some("true")
}

pub(super) fn is_currency(object: &Object, currency: billing_domain::Currency) -> bool {
    object.text("currency").is_some_and(|code| code.eq_ignore_ascii_case(currency.code()))
}

fn settled_outcome(request: &ChargeRequest, intent: &Object) -> Result<ChargeOutcome, ProviderError> {
    match intent.integer("amount_received") {
        // Never more than was asked for: that would be another payment's.
        Some(received_minor) if received_minor > 0 && received_minor <= request.amount_minor => {
            Ok(ChargeOutcome::Settled { received_minor })
        }
        _ => Err(mismatch_error(request, intent)),
    }
}

pub(super) fn client_secret_action(intent: &Object) -> Result<NextAction, ProviderError> {
    let secret = intent.text("client_secret").filter(|secret| !secret.is_empty());
    secret
        .map(|secret| NextAction::BrowserScript { client_secret: secret.to_owned(), payment_method: None })
        .ok_or(ProviderError::NoAnswer)
}

/// A charge with nobody there that the bank wants confirmed: its intent lets go of the card, so the browser names it anew.
fn confirmation_action(request: &ChargeRequest, intent: &Object) -> Result<NextAction, ProviderError> {
    match client_secret_action(intent)? {
        NextAction::BrowserScript { client_secret, .. } => {
            Ok(NextAction::BrowserScript { client_secret, payment_method: Some(request.card_ref.clone()) })
        }
        other => Ok(other),
    }
}

fn mismatch_error(request: &ChargeRequest, intent: &Object) -> ProviderError {
    tracing::error!(
        charge = %request.reference, intent = intent.id(),
        "the payment provider's answer is not about what was asked: amount, currency, customer, mode or mark differ"
    );
    // No answer rather than a refusal: something may have been charged.
    ProviderError::NoAnswer
}
