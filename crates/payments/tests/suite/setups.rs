//! Connecting cards.

use billing_domain::CardRef;
use billing_domain::charge::DeclineCode;
use billing_payments::{Decline, ProviderError, Reference, SetupOutcome};

use crate::bench::{Kind, TestBank, charge, connect, customer, stranger};

pub(crate) async fn a_good_card_connects_and_only_harmless_facts_come_back(bench: &dyn TestBank) {
    let facts = connect(bench, Kind::Good).await;
    assert_eq!((facts.brand.as_str(), facts.last4.as_str()), ("visa", "4242"));
    assert_eq!((facts.exp_month, facts.exp_year), (12, 2034));
    let everything = serde_json::to_string(&facts).unwrap();
    assert!(!billing_domain::free_text::contains_card_number(&everything), "{everything}");
}

pub(crate) async fn the_same_reference_connects_once(bench: &dyn TestBank) {
    let request = bench.setup(&Reference::setup("once"), &customer(), Kind::Good);
    let first = bench.provider().start_setup(&request).await.unwrap();
    assert_eq!(bench.provider().start_setup(&request).await.unwrap(), first);
    let other = bench.setup(&Reference::setup("twice"), &customer(), Kind::Good);
    let second = bench.provider().start_setup(&other).await.unwrap();
    let (SetupOutcome::Connected(first), SetupOutcome::Connected(second)) = (first.outcome, second.outcome) else {
        panic!("a good card did not connect");
    };
    assert_ne!(first.provider_ref, second.provider_ref);
    assert_eq!(first.fingerprint, second.fingerprint, "the same card is recognized");
}

pub(crate) async fn the_same_reference_with_another_card_is_refused(bench: &dyn TestBank) {
    let reference = Reference::setup("reused");
    bench.provider().start_setup(&bench.setup(&reference, &customer(), Kind::Good)).await.unwrap();
    let other = bench.setup(&reference, &customer(), Kind::OtherGood);
    assert_eq!(bench.provider().start_setup(&other).await, Err(ProviderError::ReferenceReused));
}

pub(crate) async fn a_refused_card_never_connects(bench: &dyn TestBank) {
    for code in [DeclineCode::GenericDecline, DeclineCode::InsufficientFunds, DeclineCode::ExpiredCard] {
        let reference = Reference::setup(code.as_str());
        let request = bench.setup(&reference, &customer(), Kind::RefusedAtSetup(code));
        let answer = bench.provider().start_setup(&request).await.unwrap();
        assert_eq!(answer.outcome, SetupOutcome::Declined(Decline { code }));
        let later = bench.provider().look_up_setup(&request, answer.provider_ref.as_ref()).await.unwrap();
        assert_eq!(later, Some(answer));
    }
}

pub(crate) async fn a_challenge_decides_and_only_the_provider_is_believed(bench: &dyn TestBank) {
    for (id, approve) in [("yes", true), ("no", false)] {
        let reference = Reference::setup(id);
        let request = bench.setup(&reference, &customer(), Kind::ConfirmedAtSetup);
        let answer = bench.provider().start_setup(&request).await.unwrap();
        assert!(matches!(answer.outcome, SetupOutcome::ActionRequired(_)));
        let waiting = bench.provider().look_up_setup(&request, None).await.unwrap().unwrap();
        assert!(matches!(waiting.outcome, SetupOutcome::ActionRequired(_)), "nothing happens by looking");
        bench.cardholder_answers(&reference, approve).await;
        let decided = bench.provider().look_up_setup(&request, None).await.unwrap().unwrap();
        match decided.outcome {
            SetupOutcome::Connected(_) => assert!(approve),
            SetupOutcome::Declined(decline) => {
                assert!(!approve);
                assert_eq!(decline.code, DeclineCode::AuthenticationFailed);
            }
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) async fn an_abandoned_set_up_never_connects(bench: &dyn TestBank) {
    let reference = Reference::setup("abandoned");
    let request = bench.setup(&reference, &customer(), Kind::ConfirmedAtSetup);
    bench.provider().start_setup(&request).await.unwrap();
    assert_eq!(bench.provider().cancel_setup(&request).await.unwrap().outcome, SetupOutcome::Cancelled);
    bench.cardholder_answers(&reference, true).await;
    let later = bench.provider().look_up_setup(&request, None).await.unwrap().unwrap();
    assert_eq!(later.outcome, SetupOutcome::Cancelled);
    let finished = bench.setup(&Reference::setup("finished"), &customer(), Kind::Good);
    bench.provider().start_setup(&finished).await.unwrap();
    let answer = bench.provider().cancel_setup(&finished).await.unwrap();
    assert!(matches!(answer.outcome, SetupOutcome::Connected(_)), "a connected card is not lost by giving up");
}

pub(crate) async fn a_forgotten_card_cannot_be_charged(bench: &dyn TestBank) {
    let card = connect(bench, Kind::Good).await;
    bench.provider().forget_card(&customer(), &card.provider_ref).await.unwrap();
    bench.provider().forget_card(&customer(), &card.provider_ref).await.unwrap();
    let request = charge(&card, "forgotten");
    assert!(matches!(bench.provider().charge(&request).await, Err(ProviderError::Refused(_))));
    assert_eq!(bench.taken(&request.reference).await, (0, 0));
}

pub(crate) async fn a_connected_card_is_looked_up_and_nobody_elses(bench: &dyn TestBank) {
    let card = connect(bench, Kind::Good).await;
    let provider = bench.provider();
    assert_eq!(provider.look_up_card(&customer(), &card.provider_ref).await, Ok(Some(card.clone())));
    assert_eq!(provider.look_up_card(&stranger(), &card.provider_ref).await, Ok(None));
    assert_eq!(provider.look_up_card(&customer(), &CardRef::from_trusted("card_unknown")).await, Ok(None));
    provider.forget_card(&customer(), &card.provider_ref).await.unwrap();
    assert_eq!(provider.look_up_card(&customer(), &card.provider_ref).await, Ok(None));
}
