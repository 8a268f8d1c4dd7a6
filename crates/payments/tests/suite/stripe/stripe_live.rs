//! The same steps at Stripe itself, for owners of a test key: `STRIPE_SECRET_KEY=sk_test_… cargo test -p billing-payments
//! --test suite stripe_live -- --ignored`. Makes a customer, two cards, a few charges and a refund in its test mode.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use billing_domain::charge::DeclineCode;
use billing_domain::{Currency, OrganizationId, Timestamp};
use billing_payments::stripe::{API, MemoryBook};
use billing_payments::{
    CardFacts, CardToken, ChargeOutcome, ChargeRequest, Decline, PaymentProvider as _, Presence, Reference,
    RefundOutcome, RefundRequest, SetupOutcome, SetupRequest, Stripe, StripeConfig,
};

struct Live {
    stripe: Stripe,
    /// Makes everything of this run its own.
    run: String,
    customer: OrganizationId,
    now: Timestamp,
}

impl Live {
    fn open() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let secret_key = std::env::var("STRIPE_SECRET_KEY").expect("STRIPE_SECRET_KEY=sk_test_…");
        let config = StripeConfig { base: API.to_owned(), secret_key, webhook_secrets: Vec::new() };
        assert_eq!(config.is_live(), Some(false), "a test key, never a live one");
        let seconds = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
        let stripe = Stripe::new(config, Arc::new(MemoryBook::default())).unwrap();
        Self {
            stripe,
            run: format!("live-{seconds}"),
            customer: OrganizationId::from_trusted(format!("live-{seconds}")),
            now: Timestamp::from_seconds(seconds),
        }
    }

    async fn connect(&self, token: &str) -> CardFacts {
        let request = SetupRequest {
            reference: Reference::setup(&format!("{}-{token}", self.run)),
            customer: self.customer.clone(),
            card: Some(CardToken { token: token.to_owned(), exp_month: 12, exp_year: 2034 }),
        };
        match self.stripe.start_setup(&request).await.unwrap().outcome {
            SetupOutcome::Connected(facts) => facts,
            other => panic!("{token}: {other:?}"),
        }
    }

    fn charge(&self, card: &CardFacts, id: &str) -> ChargeRequest {
        ChargeRequest {
            reference: Reference::top_up(&format!("{}-{id}", self.run), 1),
            customer: self.customer.clone(),
            card_ref: card.provider_ref.clone(),
            amount_minor: 2_500,
            currency: Currency::Usd,
            presence: Presence::OffSession,
            created_at: self.now,
        }
    }
}

#[tokio::test]
#[ignore = "needs a test key of Stripe's and the network"]
async fn a_card_pays_is_found_refunded_refused_and_closed() {
    const SETTLED: ChargeOutcome = ChargeOutcome::Settled { received_minor: 2_500 };
    let live = Live::open();
    assert!(live.stripe.account().await.unwrap().charges_enabled);
    let card = live.connect("pm_card_visa").await;
    let paid = live.charge(&card, "paid");
    let answer = live.stripe.charge(&paid).await.unwrap();
    assert_eq!(answer.outcome, SETTLED);
    assert_eq!(live.stripe.charge(&paid).await.unwrap(), answer, "the same key is the same charge");
    assert_eq!(live.stripe.look_up_charge(&paid, None).await.unwrap().unwrap(), answer);
    let refund = RefundRequest {
        reference: Reference::refund(&live.run, 1),
        charge: paid.reference.clone(),
        charge_provider_ref: answer.provider_ref,
        amount_minor: 1_000,
        currency: Currency::Usd,
    };
    assert_ne!(live.stripe.refund(&refund).await.unwrap().outcome, RefundOutcome::Failed);
    let closed = live.charge(&card, "closed");
    assert_eq!(live.stripe.cancel_charge(&closed, None).await.unwrap().outcome, ChargeOutcome::Cancelled);
    assert_eq!(live.stripe.charge(&closed).await.unwrap().outcome, ChargeOutcome::Cancelled, "its key is used up");
    let refusing = live.connect("pm_card_chargeCustomerFail").await;
    let refused = live.charge(&refusing, "refused");
    let declined = ChargeOutcome::Declined(Decline { code: DeclineCode::GenericDecline });
    assert_eq!(live.stripe.charge(&refused).await.unwrap().outcome, declined);
    assert_eq!(live.stripe.look_up_charge(&refused, None).await.unwrap().unwrap().outcome, declined);
    live.stripe.forget_card(&live.customer, &card.provider_ref).await.unwrap();
}
