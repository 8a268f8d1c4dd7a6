//! What Stripe's own packages judge (tests/stripe-oracles): the signatures that its SDK made, and the bodies that we send,
//! written down so that its types can be held against them.

use std::path::PathBuf;

use billing_domain::{Currency, Timestamp};
use billing_payments::{
    CheckoutPurpose, CheckoutRequest, PaymentProvider as _, Presence, Reference, RefundRequest, SetupRequest,
    WebhookError, signature,
};
use serde_json::{Value, json};

use super::StripeBench;
use crate::bench::{Kind, NOW, TestBank as _, charge, connect, customer};

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/stripe-oracles").join(name)
}

fn read(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(file(name)).unwrap()).unwrap()
}

#[test]
fn signatures_of_stripes_own_sdk_are_taken_or_refused_as_it_would() {
    let all = read("signatures.json");
    let now = Timestamp::from_seconds(all["now"].as_i64().unwrap());
    let secrets: Vec<String> = serde_json::from_value(all["secrets"].clone()).unwrap();
    let cases = all["cases"].as_array().unwrap();
    assert!(cases.len() >= 14);
    for case in cases {
        let (header, body) = (case["header"].as_str().unwrap(), case["body"].as_str().unwrap());
        let verdict = match signature::verify_signature(&secrets, header, body.as_bytes(), now) {
            Ok(()) => "ok",
            Err(WebhookError::Stale) => "stale",
            Err(_) => "bad",
        };
        assert_eq!(verdict, case["expected"], "{}", case["name"]);
    }
}

/// Every kind of request once, in one order.
async fn everything(bench: &StripeBench) {
    let stripe = &bench.stripe;
    let card = connect(bench, Kind::Good).await;
    let challenged = connect(bench, Kind::ConfirmedEveryTime).await;
    let by_form = SetupRequest { reference: Reference::setup("form"), customer: customer(), card: None };
    stripe.start_setup(&by_form).await.unwrap();
    stripe.cancel_setup(&by_form).await.unwrap();
    stripe
        .start_setup(&bench.setup(
            &Reference::setup("refused"),
            &customer(),
            Kind::RefusedAtSetup(billing_domain::charge::DeclineCode::GenericDecline),
        ))
        .await
        .unwrap();
    let paid = charge(&card, "paid");
    let name = stripe.charge(&paid).await.unwrap().provider_ref;
    let absent = billing_payments::ChargeRequest { presence: Presence::OffSession, ..charge(&challenged, "absent") };
    stripe.charge(&absent).await.unwrap();
    stripe.cancel_charge(&absent, None).await.unwrap();
    let refusing = connect(bench, Kind::RefusesEveryCharge).await;
    stripe.charge(&charge(&refusing, "refusing")).await.unwrap();
    stripe.cancel_charge(&charge(&card, "closed"), None).await.unwrap();
    let refund = RefundRequest {
        reference: Reference::refund("r", 1),
        charge: paid.reference.clone(),
        charge_provider_ref: name,
        amount_minor: 1_000,
        currency: Currency::Usd,
    };
    stripe.refund(&refund).await.unwrap();
    for (reference, purpose) in [
        (Reference::setup("hosted"), CheckoutPurpose::Connect),
        (
            Reference::top_up("hosted", 1),
            CheckoutPurpose::Pay {
                amount_minor: 2_500,
                currency: Currency::Usd,
                description: "Wallet of Acme".to_owned(),
                connects: true,
            },
        ),
    ] {
        let request = CheckoutRequest {
            reference,
            customer: customer(),
            purpose,
            success_url: "https://billing.example/pay?done={CHECKOUT_SESSION_ID}".to_owned(),
            cancel_url: "https://billing.example/pay".to_owned(),
            expires_at: NOW.plus_seconds(3_600),
        };
        let page = stripe.create_checkout(&request).await.unwrap();
        stripe.expire_checkout(&page.provider_ref).await.unwrap();
    }
    stripe.forget_card(&customer(), &card.provider_ref).await.unwrap();
}

#[tokio::test]
async fn what_we_send_is_what_stripes_types_are_held_against() {
    let bench = StripeBench::start().await;
    everything(&bench).await;
    let recorded: Vec<Value> = {
        let bank = bench.fake.bank();
        bank.recorded.iter().map(|request| json!({"path": request.path, "parameters": request.parameters})).collect()
    };
    let mut different: Vec<Value> = Vec::new();
    for request in recorded {
        if !different.contains(&request) {
            different.push(request);
        }
    }
    let text = format!("{}\n", serde_json::to_string_pretty(&different).unwrap());
    if std::env::var_os("NEXIS_BILLING_WRITE_REQUESTS").is_some() {
        std::fs::write(file("requests.json"), &text).unwrap();
    }
    let known = std::fs::read_to_string(file("requests.json")).unwrap_or_default();
    assert!(
        known == text,
        "tests/stripe-oracles/requests.json is not what we send: NEXIS_BILLING_WRITE_REQUESTS=1 writes it"
    );
}

/// The values of enumerations that we send, by Stripe's documentation.
#[test]
fn enumerations_have_values_that_stripe_knows() {
    let known: [(&str, &[&str]); 6] = [
        ("usage", &["off_session", "on_session"]),
        ("allowed_payment_method_types[]", &["card"]),
        ("reason", &["duplicate", "fraudulent", "requested_by_customer"]),
        ("cancellation_reason", &["abandoned", "duplicate", "fraudulent", "requested_by_customer"]),
        ("mode", &["payment", "setup", "subscription"]),
        ("payment_intent_data[setup_future_usage]", &["off_session", "on_session"]),
    ];
    let mut seen = 0;
    for request in read("requests.json").as_array().unwrap() {
        for parameter in request["parameters"].as_array().unwrap() {
            let (name, value) = (parameter[0].as_str().unwrap(), parameter[1].as_str().unwrap());
            if let Some((_, values)) = known.iter().find(|(known, _)| *known == name) {
                assert!(values.contains(&value), "{name}={value}");
                seen += 1;
            }
        }
    }
    assert!(seen >= 10, "{seen}");
}
