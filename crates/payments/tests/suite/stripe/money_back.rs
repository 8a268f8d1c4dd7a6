//! Refunds that take days, disputes by their entries, and events of what was missed.

use billing_domain::{Currency, DisputeRef, RefundRef};
use billing_payments::{
    DisputeOutcome, PaymentProvider as _, Reference, RefundOutcome, RefundRequest, WebhookError, WebhookKind, signature,
};
use fake_stripe::Fault;
use serde_json::json;

use super::{SECRET, StripeBench};
use crate::bench::{Kind, NOW, TestBank as _, charge, connect};

#[tokio::test]
async fn a_refund_that_takes_days_is_found_after_its_key_is_forgotten() {
    let bench = StripeBench::start().await;
    let card = connect(&bench, Kind::Good).await;
    let charged = charge(&card, "slow-refund");
    let name = bench.stripe.charge(&charged).await.unwrap().provider_ref;
    let request = RefundRequest {
        reference: Reference::refund("slow", 1),
        charge: charged.reference.clone(),
        charge_provider_ref: name,
        amount_minor: 1_000,
        currency: Currency::Usd,
    };
    bench.fake.next(Fault::Pending);
    let pending = bench.stripe.refund(&request).await.unwrap();
    assert_eq!(pending.outcome, RefundOutcome::Pending);
    bench.fake.bank().keys.forget();
    bench.fake.bank().advance(3 * 24 * 3_600);
    assert_eq!(bench.stripe.refund(&request).await.unwrap(), pending);
    assert_eq!(bench.taken(&charged.reference).await, (1_500, 1), "given back once");
}

#[tokio::test]
async fn a_refund_of_the_dashboard_is_heard_of_and_names_our_charge() {
    let bench = StripeBench::start().await;
    let card = connect(&bench, Kind::Good).await;
    let charged = charge(&card, "dashboard");
    let intent = bench.stripe.charge(&charged).await.unwrap().provider_ref;
    bench.fake.refund_in_dashboard(intent.unwrap().as_str(), Some(700)).unwrap();
    let events = bench.stripe.events_between(NOW, NOW.plus_seconds(3_600)).await.unwrap();
    let told = events.iter().find_map(|event| match &event.kind {
        WebhookKind::Refund { provider_ref, reference: None } => Some(provider_ref.clone()),
        _ => None,
    });
    let told = told.unwrap_or_else(|| panic!("no refund: {events:?}"));
    let refund = bench.stripe.look_up_external_refund(&told).await.unwrap().unwrap();
    assert_eq!(
        (&refund.charge, refund.amount_minor, refund.currency, refund.outcome),
        (&charged.reference, 700, Currency::Usd, RefundOutcome::Succeeded)
    );
    assert_eq!(bench.stripe.look_up_external_refund(&RefundRef::from_trusted("re_unknown")).await, Ok(None));
}

#[tokio::test]
async fn a_dispute_names_our_charge_and_where_the_money_is() {
    let bench = StripeBench::start().await;
    let reference = Reference::setup("disputes");
    let token = billing_payments::CardToken { token: fake_stripe::DISPUTED.to_owned(), exp_month: 12, exp_year: 2034 };
    let request = billing_payments::SetupRequest {
        card: Some(token),
        ..bench.setup(&reference, &crate::bench::customer(), Kind::Good)
    };
    let billing_payments::SetupOutcome::Connected(card) = bench.stripe.start_setup(&request).await.unwrap().outcome
    else {
        panic!("no card");
    };
    let charged = charge(&card, "disputed");
    bench.stripe.charge(&charged).await.unwrap();
    let events = bench.stripe.events_between(NOW, NOW.plus_seconds(3_600)).await.unwrap();
    let disputes: Vec<_> = events
        .iter()
        .filter_map(|event| match &event.kind {
            WebhookKind::Dispute { provider_ref } => Some(provider_ref.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(disputes.len(), 3, "created, funds_withdrawn, updated: {events:?}");
    let dispute = bench.stripe.look_up_dispute(&disputes[0]).await.unwrap().unwrap();
    assert_eq!(
        (&dispute.charge, dispute.amount_minor, dispute.outcome),
        (&charged.reference, 2_500, DisputeOutcome::Withdrawn)
    );
    assert_eq!(bench.stripe.look_up_dispute(&DisputeRef::from_trusted("dp_unknown")).await, Ok(None));
    let told = events.iter().filter(|event| event.kind == WebhookKind::Charge(charged.reference.clone())).count();
    assert_eq!(told, 1, "payment_intent.succeeded: {events:?}");
    let later = bench.stripe.events_between(NOW.plus_seconds(3_600), NOW.plus_seconds(7_200)).await;
    assert_eq!(later, Ok(Vec::new()));
}

#[tokio::test]
async fn an_event_of_the_other_mode_or_without_shape_is_refused_and_an_unknown_one_is_no_concern() {
    let bench = StripeBench::start().await;
    let read = |event: serde_json::Value| {
        let body = event.to_string().into_bytes();
        bench.stripe.read_webhook(&signature::sign_body(SECRET, &body, NOW), &body, NOW)
    };
    let event = json!({"id": "evt_1", "object": "event", "type": "payment_intent.succeeded", "livemode": false,
        "data": {"object": {"id": "pi_1", "metadata": {"reference": "topup:a:1"}}}});
    assert_eq!(read(event.clone()).unwrap().kind, WebhookKind::Charge(Reference::top_up("a", 1)));
    let with = |pointer: &str, value: serde_json::Value| {
        let mut changed = event.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        read(changed)
    };
    assert_eq!(with("/livemode", json!(true)), Err(WebhookError::WrongMode));
    assert_eq!(with("/livemode", json!(null)), Err(WebhookError::WrongMode));
    assert_eq!(with("/data", json!(7)), Err(WebhookError::Unreadable));
    assert_eq!(read(json!([1])), Err(WebhookError::Unreadable));
    assert_eq!(with("/type", json!("invoice.paid")).unwrap().kind, WebhookKind::Other);
    assert_eq!(with("/data/object/metadata/reference", json!("hello")).unwrap().kind, WebhookKind::Other);
}
