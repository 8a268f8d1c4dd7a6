//! What a provider's test double must be able to do besides being the provider.

use async_trait::async_trait;
use billing_domain::charge::DeclineCode;
use billing_domain::{Currency, OrganizationId, Timestamp};
use billing_payments::{CardFacts, ChargeRequest, PaymentProvider, Presence, Reference, SetupOutcome, SetupRequest};

/// A card by what it does, not by its token: each provider has its own names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Good,
    OtherGood,
    RefusedAtSetup(DeclineCode),
    RefusesEveryCharge,
    ConfirmedAtSetup,
    ConfirmedEveryTime,
    ConfirmedWhenPresent,
    ConfirmedThenInsufficient,
    Slow,
    Silent,
}

/// How the line or the provider fails at the next charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    RequestLost,
    AnswerLost,
    Pending,
    Busy,
    Decline(DeclineCode),
}

#[async_trait]
pub(crate) trait TestBank: Send + Sync {
    fn provider(&self) -> &dyn PaymentProvider;

    /// The request that connects such a card.
    fn setup(&self, reference: &Reference, customer: &OrganizationId, kind: Kind) -> SetupRequest;

    /// The next charge runs into this.
    fn trouble(&self, trouble: Trouble);

    /// The cardholder answers in the browser.
    async fn cardholder_answers(&self, reference: &Reference, approve: bool);

    /// How much the provider has really taken from cards under this reference, minor units, and in how many charges.
    async fn taken(&self, reference: &Reference) -> (i64, usize);

    /// A genuine event about a charge: header and body.
    fn event_about(&self, reference: &Reference, now: Timestamp) -> (String, Vec<u8>);
}

/// The usual customer.
pub(crate) fn customer() -> OrganizationId {
    OrganizationId::from_trusted("0198a0de-0000-7000-8000-000000000001")
}

/// Another one.
pub(crate) fn stranger() -> OrganizationId {
    OrganizationId::from_trusted("0198a0de-0000-7000-8000-000000000002")
}

pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

/// A connected card of the usual customer, with its challenge answered.
pub(crate) async fn connect(bench: &dyn TestBank, kind: Kind) -> CardFacts {
    let reference = Reference::setup(&format!("connect-{kind:?}"));
    let request = bench.setup(&reference, &customer(), kind);
    let answer = bench.provider().start_setup(&request).await.unwrap();
    if matches!(answer.outcome, SetupOutcome::ActionRequired(_)) {
        bench.cardholder_answers(&reference, true).await;
    }
    let answer = bench.provider().look_up_setup(&request, answer.provider_ref.as_ref()).await.unwrap().unwrap();
    match answer.outcome {
        SetupOutcome::Connected(facts) => facts,
        other => panic!("{kind:?} did not connect: {other:?}"),
    }
}

/// A charge of 25.00 with the cardholder present.
pub(crate) fn charge(card: &CardFacts, id: &str) -> ChargeRequest {
    ChargeRequest {
        reference: Reference::top_up(id, 1),
        customer: customer(),
        card_ref: card.provider_ref.clone(),
        amount_minor: 2_500,
        currency: Currency::Usd,
        presence: Presence::OnSession,
        created_at: NOW,
    }
}
