//! The card is entered in Stripe's own form, in the page or on the hosted page.

use billing_domain::Currency;
use billing_payments::{
    ChargeOutcome, CheckoutPurpose, CheckoutRequest, NextAction, PaymentProvider as _, Presence, ProviderError,
    Reference, SetupOutcome, SetupRequest,
};

use super::StripeBench;
use crate::bench::{Kind, NOW, TestBank as _, charge, connect, customer};

fn by_form(id: &str) -> SetupRequest {
    SetupRequest { reference: Reference::setup(id), customer: customer(), card: None }
}

#[tokio::test]
async fn the_form_may_be_tried_with_one_card_after_another_until_one_connects() {
    let bench = StripeBench::start().await;
    let request = by_form("form");
    let answer = bench.stripe.start_setup(&request).await.unwrap();
    let SetupOutcome::ActionRequired(NextAction::BrowserScript { client_secret, .. }) = &answer.outcome else {
        panic!("the form needs a secret: {answer:?}");
    };
    bench.fake.confirm_in_browser(client_secret, "pm_card_visa_chargeDeclined").unwrap_err();
    let waiting = bench.stripe.start_setup(&request).await.unwrap();
    assert_eq!(waiting, answer, "a refused card is not the end, and asking again starts nothing new");
    let challenged = bench.fake.confirm_in_browser(client_secret, "pm_card_authenticationRequired").unwrap();
    assert_eq!(challenged["status"], "requires_action");
    bench.fake.authenticate(client_secret, true).unwrap();
    let connected = bench.stripe.start_setup(&request).await.unwrap();
    let SetupOutcome::Connected(card) = connected.outcome else { panic!("{connected:?}") };
    let absent = billing_payments::ChargeRequest { presence: Presence::OffSession, ..charge(&card, "absent") };
    let ChargeOutcome::ActionRequired(NextAction::BrowserScript { payment_method, .. }) =
        bench.stripe.charge(&absent).await.unwrap().outcome
    else {
        panic!("it waits for the cardholder");
    };
    assert_eq!(payment_method, Some(card.provider_ref), "the script is told with which card it goes on");
}

#[tokio::test]
async fn a_form_that_was_given_up_connects_nothing_later() {
    let bench = StripeBench::start().await;
    let request = by_form("given-up");
    bench.stripe.start_setup(&request).await.unwrap();
    assert_eq!(bench.stripe.cancel_setup(&request).await.unwrap().outcome, SetupOutcome::Cancelled);
    let secret = bench.client_secret(&request.reference).unwrap();
    bench.fake.confirm_in_browser(&secret, "pm_card_visa").unwrap_err();
    let never = by_form("never-begun");
    assert_eq!(bench.stripe.cancel_setup(&never).await.unwrap().outcome, SetupOutcome::Cancelled);
    assert_eq!(
        bench.stripe.start_setup(&never).await.unwrap().outcome,
        SetupOutcome::Cancelled,
        "its request came late"
    );
}

#[tokio::test]
async fn a_refused_charge_cannot_be_paid_with_the_secret_that_the_page_still_holds() {
    let bench = StripeBench::start().await;
    let card = connect(&bench, Kind::ConfirmedEveryTime).await;
    let request = charge(&card, "secret");
    bench.stripe.charge(&request).await.unwrap();
    bench.cardholder_answers(&request.reference, false).await;
    let refused = bench.stripe.look_up_charge(&request, None).await.unwrap().unwrap();
    assert!(matches!(refused.outcome, ChargeOutcome::Declined(_)), "{refused:?}");
    let secret = bench.client_secret(&request.reference).unwrap();
    bench.fake.confirm_in_browser(&secret, "pm_card_visa").unwrap_err();
    assert_eq!(bench.taken(&request.reference).await, (0, 0));
}

#[tokio::test]
async fn a_charge_that_waits_and_is_confirmed_halfway_goes_on_with_the_challenge_alone() {
    let bench = StripeBench::start().await;
    let card = connect(&bench, Kind::ConfirmedEveryTime).await;
    let request = billing_payments::ChargeRequest { presence: Presence::OffSession, ..charge(&card, "halfway") };
    bench.stripe.charge(&request).await.unwrap();
    let secret = bench.client_secret(&request.reference).unwrap();
    let under_way = bench.fake.confirm_again(&secret, card.provider_ref.as_str()).unwrap();
    assert_eq!(under_way["status"], "requires_action");
    let halfway = bench.stripe.look_up_charge(&request, None).await.unwrap().unwrap();
    let action = NextAction::BrowserScript { client_secret: secret.clone(), payment_method: None };
    assert_eq!(halfway.outcome, ChargeOutcome::ActionRequired(action));
    bench.fake.authenticate(&secret, true).unwrap();
    let paid = bench.stripe.look_up_charge(&request, None).await.unwrap().unwrap();
    assert_eq!(paid.outcome, ChargeOutcome::Settled { received_minor: 2_500 });
    assert_eq!(bench.fake.bank().all("payment_intent").len(), 1, "one intent from the beginning to the end");
}

#[tokio::test]
async fn a_hosted_page_ends_in_a_set_up_or_a_charge_under_our_reference() {
    let bench = StripeBench::start().await;
    let page = |reference: Reference, purpose: CheckoutPurpose| CheckoutRequest {
        reference,
        customer: customer(),
        purpose,
        success_url: "https://billing.example/pay?done={CHECKOUT_SESSION_ID}".to_owned(),
        cancel_url: "https://billing.example/pay".to_owned(),
        expires_at: NOW.plus_seconds(3_600),
    };
    let connects = page(Reference::setup("hosted"), CheckoutPurpose::Connect);
    let opened = bench.stripe.create_checkout(&connects).await.unwrap();
    assert_eq!(bench.stripe.create_checkout(&connects).await.unwrap(), opened, "once for a reference");
    let went = submit(&opened.url, "4242 4242 4242 4242").await;
    assert_eq!(went, format!("https://billing.example/pay?done={}", opened.provider_ref));
    let setup = bench.stripe.look_up_setup(&by_form("hosted"), None).await.unwrap().unwrap();
    let SetupOutcome::Connected(card) = setup.outcome else { panic!("{setup:?}") };

    let pay = CheckoutPurpose::Pay {
        amount_minor: 2_500,
        currency: Currency::Usd,
        description: "Wallet of Acme".to_owned(),
        connects: true,
    };
    let pays = page(Reference::top_up("hosted", 1), pay);
    let opened = bench.stripe.create_checkout(&pays).await.unwrap();
    submit(&opened.url, "5555555555554444").await;
    let found = bench.stripe.look_up_charge(&charge(&card, "hosted"), None).await.unwrap().unwrap();
    assert_eq!(found.outcome, ChargeOutcome::Settled { received_minor: 2_500 });

    let closed = page(Reference::setup("closed"), CheckoutPurpose::Connect);
    let opened = bench.stripe.create_checkout(&closed).await.unwrap();
    bench.stripe.expire_checkout(&opened.provider_ref).await.unwrap();
    bench.stripe.expire_checkout(&opened.provider_ref).await.unwrap();
    let late = CheckoutRequest {
        expires_at: NOW.plus_seconds(60),
        ..page(Reference::setup("late"), CheckoutPurpose::Connect)
    };
    assert!(matches!(bench.stripe.create_checkout(&late).await, Err(ProviderError::Refused(_))));
}

/// Fills in the page; where the browser goes.
async fn submit(url: &str, number: &str) -> String {
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let form = format!("number={}", number.replace(' ', "+"));
    let answer = client.post(url).body(form).send().await.unwrap();
    answer.headers()["location"].to_str().unwrap().to_owned()
}
