//! Stripe by its stand-in on the bench, and its own cases: the form in the browser, closed keys, lies, lost answers.

mod browser;
mod line;
mod money_back;
mod oracles;
mod stripe_live;

use std::sync::Arc;

use async_trait::async_trait;
use billing_domain::{OrganizationId, Timestamp};
use billing_payments::stripe::MemoryBook;
use billing_payments::{CardToken, PaymentProvider, Reference, SetupRequest, Stripe, StripeConfig, signature};
use fake_stripe::{CARDS, Fake, Fault, Step};
use serde_json::json;

use crate::bench::{Kind, NOW, TestBank, Trouble};

const SECRET: &str = "whsec_of_the_suite";

pub(crate) struct StripeBench {
    fake: Fake,
    stripe: Stripe,
}

/// A line to a stand-in.
fn connect_to(fake: &Fake) -> Stripe {
    // Plain HTTP here, yet the client wants to know whose TLS it would use.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = StripeConfig {
        base: fake.origin().to_owned(),
        secret_key: "sk_test_suite".to_owned(),
        webhook_secrets: vec!["whsec_older".to_owned(), SECRET.to_owned()],
    };
    Stripe::new(config, Arc::new(MemoryBook::default())).unwrap()
}

impl StripeBench {
    pub(crate) async fn start() -> Self {
        let fake = Fake::start(([127, 0, 0, 1], 0).into()).await.unwrap();
        fake.bank().set_now(NOW.seconds());
        let stripe = connect_to(&fake);
        Self { fake, stripe }
    }

    /// The card that the last refusal of a payment of ours named.
    fn last_card(&self, reference: &Reference) -> Option<String> {
        let bank = self.fake.bank();
        let ours = bank
            .all("payment_intent")
            .into_iter()
            .find(|intent| intent["metadata"]["reference"] == reference.as_str())?;
        ours["last_payment_error"]["payment_method"]["id"].as_str().map(str::to_owned)
    }

    /// The secret with which the browser would go on with an intent of ours.
    fn client_secret(&self, reference: &Reference) -> Option<String> {
        let bank = self.fake.bank();
        let intents = [bank.all("payment_intent"), bank.all("setup_intent")].concat();
        let ours = intents.into_iter().find(|intent| intent["metadata"]["reference"] == reference.as_str())?;
        ours["client_secret"].as_str().map(str::to_owned)
    }
}

#[async_trait]
impl TestBank for StripeBench {
    fn provider(&self) -> &dyn PaymentProvider {
        &self.stripe
    }

    fn setup(&self, reference: &Reference, customer: &OrganizationId, kind: Kind) -> SetupRequest {
        let token = match kind {
            Kind::Good => "pm_card_visa",
            Kind::OtherGood => "pm_card_mastercard",
            Kind::RefusedAtSetup(code) => {
                let refused = Step::Decline(code.as_str());
                CARDS.iter().find(|card| card.setup == refused).expect("a card for the code").token
            }
            Kind::RefusesEveryCharge => "pm_card_chargeCustomerFail",
            Kind::ConfirmedAtSetup => "pm_card_authenticationRequiredOnSetup",
            Kind::ConfirmedEveryTime => "pm_card_authenticationRequired",
            Kind::ConfirmedWhenPresent => "pm_card_authenticationRequiredSetupForOffSession",
            Kind::ConfirmedThenInsufficient => "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
            Kind::Slow => fake_stripe::SLOW,
            Kind::Silent => fake_stripe::SILENT,
        };
        let card = Some(CardToken { token: token.to_owned(), exp_month: 12, exp_year: 2034 });
        SetupRequest { reference: reference.clone(), customer: customer.clone(), card }
    }

    fn trouble(&self, trouble: Trouble) {
        self.fake.next(match trouble {
            Trouble::RequestLost => Fault::Drop,
            Trouble::AnswerLost => Fault::ActThenDrop,
            Trouble::Pending => Fault::Processing,
            Trouble::Busy => Fault::Busy,
            Trouble::Decline(code) => Fault::Decline(code.as_str().to_owned()),
        });
    }

    async fn cardholder_answers(&self, reference: &Reference, approve: bool) {
        if let Some(secret) = self.client_secret(reference) {
            // A charge that waits is confirmed anew with its card, as the page does; one that is under way refuses that. An
            // intent that is closed by now says so, and the case looks at what came of it.
            if let Some(card) = self.last_card(reference) {
                let _ = self.fake.confirm_again(&secret, &card);
            }
            let _ = self.fake.authenticate(&secret, approve);
        }
    }

    async fn taken(&self, reference: &Reference) -> (i64, usize) {
        self.fake.bank().taken(reference.as_str())
    }

    fn event_about(&self, reference: &Reference, now: Timestamp) -> (String, Vec<u8>) {
        let intent = json!({"id": "pi_1", "object": "payment_intent", "metadata": {"reference": reference.as_str()}});
        let event = json!({"id": "evt_1", "object": "event", "type": "payment_intent.succeeded", "livemode": false,
            "data": {"object": intent}});
        let body = event.to_string().into_bytes();
        (signature::sign_body(SECRET, &body, now), body)
    }
}
