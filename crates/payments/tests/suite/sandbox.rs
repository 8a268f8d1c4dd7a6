//! The sandbox bank on the bench, and what only the sandbox promises: every test card of the table.

use std::sync::Arc;

use async_trait::async_trait;
use billing_domain::charge::DeclineCode;
use billing_domain::sandbox_cards::{CARDS, Step, by_token};
use billing_domain::{OrganizationId, Timestamp};
use billing_payments::sandbox::{MemoryVault, SandboxConfig, Scripted, State};
use billing_payments::{
    CardToken, ChargeOutcome, ChargeRequest, PaymentProvider, Presence, Reference, Sandbox, SetupOutcome, SetupRequest,
};

use crate::bench::{Kind, TestBank, Trouble, charge, customer};

pub(crate) struct SandboxBench {
    bank: Sandbox,
}

impl SandboxBench {
    pub(crate) fn new() -> Self {
        Self { bank: Sandbox::new(Arc::new(MemoryVault::default()), SandboxConfig::default()) }
    }
}

fn setup_with(reference: &Reference, customer: &OrganizationId, token: &str) -> SetupRequest {
    SetupRequest {
        reference: reference.clone(),
        customer: customer.clone(),
        card: Some(CardToken { token: token.to_owned(), exp_month: 12, exp_year: 2034 }),
    }
}

#[async_trait]
impl TestBank for SandboxBench {
    fn provider(&self) -> &dyn PaymentProvider {
        &self.bank
    }

    fn setup(&self, reference: &Reference, customer: &OrganizationId, kind: Kind) -> SetupRequest {
        let token = match kind {
            Kind::Good => "pm_card_visa",
            Kind::OtherGood => "pm_card_mastercard",
            Kind::RefusedAtSetup(code) => {
                CARDS.iter().find(|card| card.setup == Step::Decline(code)).expect("a card for the code").token
            }
            Kind::RefusesEveryCharge => "pm_card_chargeCustomerFail",
            Kind::ConfirmedAtSetup => "pm_card_authenticationRequiredOnSetup",
            Kind::ConfirmedEveryTime => "pm_card_authenticationRequired",
            Kind::ConfirmedWhenPresent => "pm_card_authenticationRequiredSetupForOffSession",
            Kind::ConfirmedThenInsufficient => "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
            Kind::Slow => "pm_card_slowAnswer",
            Kind::Silent => "pm_card_noAnswer",
        };
        setup_with(reference, customer, token)
    }

    fn trouble(&self, trouble: Trouble) {
        self.bank.script(match trouble {
            Trouble::RequestLost => Scripted::RequestLost,
            Trouble::AnswerLost => Scripted::NoAnswer,
            Trouble::Pending => Scripted::Processing,
            Trouble::Busy => Scripted::Busy,
            Trouble::Decline(code) => Scripted::Decline(code),
        });
    }

    async fn cardholder_answers(&self, reference: &Reference, approve: bool) {
        let charge = self.bank.answer_charge(reference, approve).await.unwrap();
        let setup = self.bank.answer_setup(reference, approve).await.unwrap();
        assert!(charge.is_none() || setup.is_none());
    }

    async fn taken(&self, reference: &Reference) -> (i64, usize) {
        let charges = self.bank.charges().await.unwrap();
        let settled = charges.iter().filter(|c| c.request.reference == *reference && c.state == State::Done);
        settled.fold((0, 0), |(sum, count), c| (sum + c.request.amount_minor - c.refunded_minor(), count + 1))
    }

    fn event_about(&self, reference: &Reference, now: Timestamp) -> (String, Vec<u8>) {
        let body = format!(r#"{{"id":"evt_1","type":"charge","reference":"{reference}"}}"#).into_bytes();
        (self.bank.sign_webhook(&body, now), body)
    }
}

/// How each test card behaves, written independently of the product's table: token, connects, present, absent.
const TABLE: [(&str, &str, &str, &str); 18] = [
    ("pm_card_visa", "ok", "ok", "ok"),
    ("pm_card_mastercard", "ok", "ok", "ok"),
    ("pm_card_amex", "ok", "ok", "ok"),
    ("pm_card_visa_chargeDeclined", "generic_decline", "", ""),
    ("pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds", "", ""),
    ("pm_card_visa_chargeDeclinedLostCard", "lost_card", "", ""),
    ("pm_card_visa_chargeDeclinedStolenCard", "stolen_card", "", ""),
    ("pm_card_chargeDeclinedExpiredCard", "expired_card", "", ""),
    ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "", ""),
    ("pm_card_chargeDeclinedProcessingError", "processing_error", "", ""),
    ("pm_card_chargeCustomerFail", "ok", "generic_decline", "generic_decline"),
    ("pm_card_authenticationRequiredOnSetup", "3ds ok", "ok", "ok"),
    ("pm_card_authenticationRequired", "3ds ok", "3ds ok", "3ds ok"),
    ("pm_card_authenticationRequiredSetupForOffSession", "ok", "3ds ok", "ok"),
    (
        "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
        "3ds ok",
        "3ds insufficient_funds",
        "insufficient_funds",
    ),
    ("pm_card_threeDSecure2Required", "3ds ok", "3ds ok", "3ds ok"),
    ("pm_card_threeDSecureRequiredChargeDeclined", "3ds generic_decline", "", ""),
    ("pm_card_createDispute", "ok", "ok", "ok"),
];

#[tokio::test(start_paused = true)]
async fn every_test_card_behaves_as_the_table_says() {
    for (token, connects, present, absent) in TABLE {
        let bench = SandboxBench::new();
        let (story, card) = connect_story(&bench, token).await;
        assert_eq!(story, connects, "{token} when connected");
        let Some(card) = card else { continue };
        for (presence, expected) in [(Presence::OnSession, present), (Presence::OffSession, absent)] {
            let request = ChargeRequest { presence, ..charge(&card, &format!("{presence:?}")) };
            assert_eq!(charge_story(&bench, &request).await, expected, "{token} {presence:?}");
        }
        let disputed = bench.bank.charges().await.unwrap().iter().filter(|charge| charge.disputed).count();
        assert_eq!(disputed, if token == "pm_card_createDispute" { 2 } else { 0 }, "{token}");
    }
    let untold: Vec<_> = CARDS.iter().filter(|card| !TABLE.iter().any(|row| row.0 == card.token)).collect();
    let ours: Vec<_> = untold.iter().map(|card| card.on_session).collect();
    assert_eq!(ours, [Step::Slow, Step::Silent], "only our own two cards are outside the table");
}

async fn connect_story(bench: &SandboxBench, token: &str) -> (String, Option<billing_payments::CardFacts>) {
    let reference = Reference::setup(token);
    let request = setup_with(&reference, &customer(), token);
    let mut answer = bench.bank.start_setup(&request).await.unwrap();
    let mut story = String::new();
    if matches!(answer.outcome, SetupOutcome::ActionRequired(_)) {
        story.push_str("3ds ");
        bench.cardholder_answers(&reference, true).await;
        answer = bench.bank.look_up_setup(&request, None).await.unwrap().unwrap();
    }
    match answer.outcome {
        SetupOutcome::Connected(facts) => (story + "ok", Some(facts)),
        SetupOutcome::Declined(decline) => (story + decline.code.as_str(), None),
        other => panic!("{token}: {other:?}"),
    }
}

async fn charge_story(bench: &SandboxBench, request: &ChargeRequest) -> String {
    let mut answer = bench.bank.charge(request).await.unwrap();
    let mut story = String::new();
    if matches!(answer.outcome, ChargeOutcome::ActionRequired(_)) {
        story.push_str("3ds ");
        bench.cardholder_answers(&request.reference, true).await;
        answer = bench.bank.look_up_charge(request, None).await.unwrap().unwrap();
    }
    match answer.outcome {
        ChargeOutcome::Settled { .. } => story + "ok",
        ChargeOutcome::Declined(decline) => story + decline.code.as_str(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_script_is_read_as_written_or_refused() {
    assert_eq!("no_answer".parse(), Ok(Scripted::NoAnswer));
    assert_eq!("decline:lost_card".parse(), Ok(Scripted::Decline(DeclineCode::LostCard)));
    for wrong in ["", "decline:", "decline:rude", "No_Answer"] {
        assert!(wrong.parse::<Scripted>().is_err(), "{wrong}");
    }
    assert!(by_token("pm_card_unknown").is_none());
}

#[tokio::test(start_paused = true)]
async fn the_books_survive_the_bank() {
    let vault = Arc::new(MemoryVault::default());
    let bank = Sandbox::new(vault.clone(), SandboxConfig::default());
    let setup = setup_with(&Reference::setup("s"), &customer(), "pm_card_noAnswer");
    let SetupOutcome::Connected(card) = bank.start_setup(&setup).await.unwrap().outcome else { panic!("no card") };
    let request = charge(&card, "crash");
    let silent = tokio::spawn({
        let (bank, request) = (bank.clone(), request.clone());
        async move { bank.charge(&request).await }
    });
    while bank.charges().await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    silent.abort();
    let reopened = Sandbox::new(vault, SandboxConfig::default());
    let found = reopened.look_up_charge(&request, None).await.unwrap().unwrap();
    assert_eq!(found.outcome, ChargeOutcome::Settled { received_minor: 2_500 });
}
