//! A line that breaks, stalls, lies and repeats: what moved money is found, what is not known is not guessed.

use billing_payments::{
    ChargeOutcome, ChargeRequest, PaymentProvider as _, ProviderError, Reference, Stripe, StripeConfig,
};
use fake_stripe::Fault;

use super::StripeBench;
use crate::bench::{Kind, NOW, TestBank as _, charge, connect};

const SETTLED: ChargeOutcome = ChargeOutcome::Settled { received_minor: 2_500 };

#[tokio::test]
async fn whatever_breaks_after_the_charge_it_is_found_and_charged_once() {
    for fault in [Fault::ActThenDrop, Fault::ActThenFail, Fault::Garbage] {
        let bench = StripeBench::start().await;
        let card = connect(&bench, Kind::Good).await;
        let request = charge(&card, "broken");
        bench.fake.next(fault.clone());
        assert_eq!(bench.stripe.charge(&request).await, Err(ProviderError::NoAnswer), "{fault:?}");
        // Stripe stores even a 500 and gives it again; the list knows better.
        let repeated = bench.stripe.charge(&request).await;
        assert_eq!(repeated.is_err(), fault == Fault::ActThenFail, "{fault:?} {repeated:?}");
        assert_eq!(bench.stripe.look_up_charge(&request, None).await.unwrap().unwrap().outcome, SETTLED, "{fault:?}");
        assert_eq!(bench.stripe.cancel_charge(&request, None).await.unwrap().outcome, SETTLED, "{fault:?}");
        assert_eq!(bench.taken(&request.reference).await, (2_500, 1), "{fault:?}");
    }
}

#[tokio::test]
async fn a_500_before_anything_happened_is_repeated_under_the_same_key() {
    let bench = StripeBench::start().await;
    let card = connect(&bench, Kind::Good).await;
    let request = charge(&card, "again");
    for _ in 0..3 {
        bench.fake.next(Fault::Fail);
    }
    assert_eq!(bench.stripe.charge(&request).await, Err(ProviderError::NoAnswer), "three times are enough");
    bench.fake.next(Fault::Fail);
    assert_eq!(bench.stripe.charge(&request).await.unwrap().outcome, SETTLED);
    assert_eq!(bench.taken(&request.reference).await, (2_500, 1));
}

#[tokio::test]
async fn an_answer_about_something_else_is_no_answer() {
    for field in ["amount", "amount_received", "currency", "customer", "livemode", "metadata"] {
        let bench = StripeBench::start().await;
        let card = connect(&bench, Kind::Good).await;
        let request = charge(&card, field);
        bench.fake.next(Fault::Lie(field.to_owned()));
        assert_eq!(bench.stripe.charge(&request).await, Err(ProviderError::NoAnswer), "{field}");
        assert_eq!(bench.stripe.look_up_charge(&request, None).await.unwrap().unwrap().outcome, SETTLED, "{field}");
    }
}

#[tokio::test]
async fn a_charge_behind_many_others_is_found() {
    let bench = StripeBench::start().await;
    let card = connect(&bench, Kind::Good).await;
    let wanted = charge(&card, "wanted");
    bench.stripe.charge(&wanted).await.unwrap();
    for number in 0..120 {
        bench.stripe.charge(&charge(&card, &format!("other-{number}"))).await.unwrap();
    }
    assert_eq!(bench.stripe.look_up_charge(&wanted, None).await.unwrap().unwrap().outcome, SETTLED);
    let later = ChargeRequest { created_at: NOW.plus_seconds(30 * 24 * 3_600), ..wanted };
    assert_eq!(
        bench.stripe.look_up_charge(&later, None).await,
        Ok(None),
        "only the time in which it can be is searched"
    );
}

#[tokio::test]
async fn closing_ends_a_request_that_arrives_late_and_spares_one_that_came_first() {
    let bench = StripeBench::start().await;
    let card = connect(&bench, Kind::Good).await;
    let request = charge(&card, "closed");
    assert_eq!(bench.stripe.cancel_charge(&request, None).await.unwrap().outcome, ChargeOutcome::Cancelled);
    assert_eq!(bench.stripe.charge(&request).await.unwrap().outcome, ChargeOutcome::Cancelled);
    assert_eq!(bench.stripe.look_up_charge(&request, None).await.unwrap().unwrap().outcome, ChargeOutcome::Cancelled);
    // Racing each other, one of both wins, and everybody hears the same.
    for number in 0..10 {
        let request = charge(&card, &format!("race-{number}"));
        let (charged, closed) = tokio::join!(bench.stripe.charge(&request), bench.stripe.cancel_charge(&request, None));
        let truth = bench.stripe.look_up_charge(&request, None).await.unwrap().unwrap().outcome;
        for heard in [charged, closed].into_iter().flatten() {
            assert_eq!(heard.outcome, truth);
        }
        let taken = bench.taken(&request.reference).await;
        assert_eq!(taken, if truth == SETTLED { (2_500, 1) } else { (0, 0) });
    }
}

#[tokio::test]
async fn a_refusal_that_is_stored_under_the_key_closes_it() {
    let bench = StripeBench::start().await;
    let card = connect(&bench, Kind::Good).await;
    let request = charge(&card, "refused");
    bench.fake.next(Fault::Refuse);
    assert!(matches!(bench.stripe.charge(&request).await, Err(ProviderError::Refused(_))));
    assert_eq!(bench.stripe.cancel_charge(&request, None).await.unwrap().outcome, ChargeOutcome::Cancelled);
    assert!(matches!(bench.stripe.charge(&request).await, Err(ProviderError::Refused(_))));
    assert_eq!(bench.taken(&request.reference).await, (0, 0));
}

#[tokio::test]
async fn a_wrong_key_is_a_refusal_that_does_not_show_it() {
    let bench = StripeBench::start().await;
    let config = StripeConfig {
        base: bench.fake.origin().to_owned(),
        secret_key: "sk_test_wrong_and_secret".to_owned(),
        webhook_secrets: Vec::new(),
    };
    assert!(!format!("{config:?}").contains("wrong_and_secret"));
    let stripe = Stripe::new(config, std::sync::Arc::new(billing_payments::stripe::MemoryBook::default())).unwrap();
    let Err(ProviderError::Refused(reason)) = stripe.account().await else { panic!("a wrong key was taken") };
    assert!(reason.contains("401") && !reason.contains("wrong_and_secret"), "{reason}");
    assert!(!format!("{stripe:?}").contains("wrong_and_secret"));
}

#[tokio::test]
async fn every_changing_request_has_a_key_and_none_has_the_parameter_that_stripe_removed() {
    let bench = StripeBench::start().await;
    let card = connect(&bench, Kind::Good).await;
    let refused = connect(&bench, Kind::RefusesEveryCharge).await;
    let request = charge(&card, "keys");
    bench.stripe.charge(&request).await.unwrap();
    bench.stripe.charge(&charge(&refused, "refused")).await.unwrap();
    let bank = bench.fake.bank();
    assert!(bank.recorded.len() >= 6);
    for recorded in &bank.recorded {
        assert!(recorded.key.as_ref().is_some_and(|key| key.len() <= 255), "{recorded:?}");
        assert!(!recorded.parameters.iter().any(|(name, _)| name.starts_with("payment_method_types")), "{recorded:?}");
    }
    let keys: Vec<_> = bank.recorded.iter().filter_map(|recorded| recorded.key.as_deref()).collect();
    assert!(keys.contains(&request.reference.as_str()) && keys.iter().any(|key| key.starts_with("cus:")), "{keys:?}");
    assert!(Reference::read(request.reference.as_str()).is_some());
}
