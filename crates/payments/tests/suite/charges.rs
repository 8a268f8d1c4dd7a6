//! Charging cards: double charges, declines, challenges, lost requests and lost answers.

use billing_domain::CardRef;
use billing_domain::charge::DeclineCode;
use billing_payments::{CardFacts, ChargeOutcome, ChargeRequest, Decline, Presence, ProviderError, Reference};

use crate::bench::{Kind, TestBank, Trouble, charge, connect, stranger};

fn declined(code: DeclineCode) -> ChargeOutcome {
    ChargeOutcome::Declined(Decline { code })
}

const SETTLED: ChargeOutcome = ChargeOutcome::Settled { received_minor: 2_500 };

pub(crate) async fn a_charge_settles_for_exactly_what_was_asked(bench: &dyn TestBank) {
    let card = connect(bench, Kind::Good).await;
    for presence in [Presence::OnSession, Presence::OffSession] {
        let request = ChargeRequest { presence, ..charge(&card, &format!("{presence:?}")) };
        let answer = bench.provider().charge(&request).await.unwrap();
        assert_eq!(answer.outcome, SETTLED);
        let found = bench.provider().look_up_charge(&request, answer.provider_ref.as_ref()).await.unwrap();
        assert_eq!(found, Some(answer));
        assert_eq!(bench.taken(&request.reference).await, (2_500, 1));
    }
}

pub(crate) async fn fifty_at_once_under_one_reference_charge_once(bench: &dyn TestBank) {
    let card = connect(bench, Kind::Good).await;
    let request = charge(&card, "fifty");
    let calls = (0..50).map(|_| bench.provider().charge(&request));
    for answer in futures_util::future::join_all(calls).await {
        assert_eq!(answer.unwrap().outcome, SETTLED);
    }
    assert_eq!(bench.taken(&request.reference).await, (2_500, 1));
}

pub(crate) async fn a_reference_with_another_amount_is_refused_and_moves_nothing(bench: &dyn TestBank) {
    let card = connect(bench, Kind::Good).await;
    let request = charge(&card, "reused");
    bench.provider().charge(&request).await.unwrap();
    let other = ChargeRequest { amount_minor: 2_501, ..request.clone() };
    assert_eq!(bench.provider().charge(&other).await, Err(ProviderError::ReferenceReused));
    assert_eq!(bench.taken(&request.reference).await, (2_500, 1));
}

pub(crate) async fn each_reason_for_a_decline_arrives_and_stays(bench: &dyn TestBank) {
    let refusing = connect(bench, Kind::RefusesEveryCharge).await;
    let request = charge(&refusing, "refusing");
    assert_eq!(bench.provider().charge(&request).await.unwrap().outcome, declined(DeclineCode::GenericDecline));
    let good = connect(bench, Kind::Good).await;
    for code in [DeclineCode::InsufficientFunds, DeclineCode::LostCard, DeclineCode::ProcessingError] {
        bench.trouble(Trouble::Decline(code));
        let request = charge(&good, code.as_str());
        assert_eq!(bench.provider().charge(&request).await.unwrap().outcome, declined(code));
        // The card is fine again, yet the same attempt stays declined: a new attempt needs a new reference.
        assert_eq!(bench.provider().charge(&request).await.unwrap().outcome, declined(code));
        assert_eq!(bench.taken(&request.reference).await, (0, 0));
    }
}

pub(crate) async fn a_challenge_holds_the_money_until_the_cardholder_decides(bench: &dyn TestBank) {
    let card = connect(bench, Kind::ConfirmedEveryTime).await;
    for (id, approve, expected) in [("yes", true, SETTLED), ("no", false, declined(DeclineCode::AuthenticationFailed))]
    {
        let request = charge(&card, id);
        let answer = bench.provider().charge(&request).await.unwrap();
        assert!(matches!(answer.outcome, ChargeOutcome::ActionRequired(_)));
        assert_eq!(bench.taken(&request.reference).await, (0, 0));
        bench.cardholder_answers(&request.reference, approve).await;
        let decided = bench.provider().look_up_charge(&request, None).await.unwrap().unwrap();
        assert_eq!(decided.outcome, expected);
    }
}

fn absent(card: &CardFacts, id: &str) -> ChargeRequest {
    ChargeRequest { presence: Presence::OffSession, ..charge(card, id) }
}

pub(crate) async fn an_absent_cardholder_is_asked_only_where_the_card_wants_it(bench: &dyn TestBank) {
    for (kind, expected) in [
        (Kind::ConfirmedEveryTime, None),
        (Kind::ConfirmedAtSetup, Some(SETTLED)),
        (Kind::ConfirmedWhenPresent, Some(SETTLED)),
        (Kind::ConfirmedThenInsufficient, Some(declined(DeclineCode::InsufficientFunds))),
    ] {
        let card = connect(bench, kind).await;
        let request = absent(&card, &format!("{kind:?}"));
        match (bench.provider().charge(&request).await.unwrap().outcome, expected) {
            (ChargeOutcome::ActionRequired(_), None) => assert_eq!(bench.taken(&request.reference).await, (0, 0)),
            (heard, expected) => assert_eq!(Some(heard), expected, "{kind:?}"),
        }
    }
    let card = connect(bench, Kind::ConfirmedWhenPresent).await;
    let answer = bench.provider().charge(&charge(&card, "present")).await.unwrap();
    assert!(matches!(answer.outcome, ChargeOutcome::ActionRequired(_)));
}

pub(crate) async fn an_absent_cardholder_confirms_the_very_same_charge_later(bench: &dyn TestBank) {
    let card = connect(bench, Kind::ConfirmedEveryTime).await;
    for (id, approve, expected) in [("yes", true, SETTLED), ("no", false, declined(DeclineCode::AuthenticationFailed))]
    {
        let request = absent(&card, id);
        let waiting = bench.provider().charge(&request).await.unwrap();
        assert!(matches!(waiting.outcome, ChargeOutcome::ActionRequired(_)), "{waiting:?}");
        assert_eq!(bench.provider().charge(&request).await.unwrap(), waiting, "asked again it is the same charge");
        let found = bench.provider().look_up_charge(&request, None).await.unwrap();
        assert_eq!(found, Some(waiting.clone()), "and found by our reference");
        bench.cardholder_answers(&request.reference, approve).await;
        let decided = bench.provider().look_up_charge(&request, waiting.provider_ref.as_ref()).await.unwrap().unwrap();
        assert_eq!((decided.provider_ref, decided.outcome), (waiting.provider_ref, expected));
        let taken = if approve { (2_500, 1) } else { (0, 0) };
        assert_eq!(bench.taken(&request.reference).await, taken);
    }
}

pub(crate) async fn a_charge_that_waited_in_vain_is_closed_for_good(bench: &dyn TestBank) {
    let card = connect(bench, Kind::ConfirmedEveryTime).await;
    let request = absent(&card, "in-vain");
    let waiting = bench.provider().charge(&request).await.unwrap();
    let closed = bench.provider().cancel_charge(&request, waiting.provider_ref.as_ref()).await.unwrap();
    assert_eq!(closed.outcome, ChargeOutcome::Cancelled);
    bench.cardholder_answers(&request.reference, true).await;
    let found = bench.provider().look_up_charge(&request, waiting.provider_ref.as_ref()).await.unwrap().unwrap();
    assert_eq!(found.outcome, ChargeOutcome::Cancelled);
    assert_eq!(bench.taken(&request.reference).await, (0, 0));
    let confirmed = absent(&card, "in-time");
    bench.provider().charge(&confirmed).await.unwrap();
    bench.cardholder_answers(&confirmed.reference, true).await;
    assert_eq!(bench.provider().cancel_charge(&confirmed, None).await.unwrap().outcome, SETTLED, "it was paid first");
    assert_eq!(bench.taken(&confirmed.reference).await, (2_500, 1));
}

pub(crate) async fn a_confirmed_charge_can_still_be_declined(bench: &dyn TestBank) {
    let card = connect(bench, Kind::ConfirmedThenInsufficient).await;
    let request = charge(&card, "confirmed");
    bench.provider().charge(&request).await.unwrap();
    bench.cardholder_answers(&request.reference, true).await;
    let decided = bench.provider().look_up_charge(&request, None).await.unwrap().unwrap();
    assert_eq!(decided.outcome, declined(DeclineCode::InsufficientFunds));
    assert_eq!(bench.taken(&request.reference).await, (0, 0));
}

pub(crate) async fn a_lost_answer_is_unknown_and_the_look_up_finds_the_charge(bench: &dyn TestBank) {
    let silent = connect(bench, Kind::Silent).await;
    let good = connect(bench, Kind::Good).await;
    bench.trouble(Trouble::AnswerLost);
    for (card, id) in [(&good, "scripted"), (&silent, "silent")] {
        let request = charge(card, id);
        assert_eq!(bench.provider().charge(&request).await, Err(ProviderError::NoAnswer));
        assert_eq!(bench.taken(&request.reference).await, (2_500, 1), "the bank did charge");
        let found = bench.provider().look_up_charge(&request, None).await.unwrap().unwrap();
        assert_eq!(found.outcome, SETTLED);
        assert_eq!(bench.provider().charge(&request).await.unwrap().outcome, SETTLED, "repeating is safe");
        assert_eq!(bench.taken(&request.reference).await, (2_500, 1));
    }
}

pub(crate) async fn a_lost_request_is_found_to_be_nothing_and_can_be_closed(bench: &dyn TestBank) {
    let card = connect(bench, Kind::Good).await;
    bench.trouble(Trouble::RequestLost);
    let request = charge(&card, "lost");
    assert_eq!(bench.provider().charge(&request).await, Err(ProviderError::NoAnswer));
    assert_eq!(bench.provider().look_up_charge(&request, None).await, Ok(None));
    assert_eq!(bench.provider().cancel_charge(&request, None).await.unwrap().outcome, ChargeOutcome::Cancelled);
    assert_eq!(bench.taken(&request.reference).await, (0, 0));
}

pub(crate) async fn a_closed_reference_never_charges_later(bench: &dyn TestBank) {
    let card = connect(bench, Kind::Good).await;
    let late = charge(&card, "late");
    bench.provider().cancel_charge(&late, None).await.unwrap();
    assert_eq!(bench.provider().charge(&late).await.unwrap().outcome, ChargeOutcome::Cancelled);
    let card = connect(bench, Kind::ConfirmedEveryTime).await;
    let waiting = charge(&card, "waiting");
    bench.provider().charge(&waiting).await.unwrap();
    bench.provider().cancel_charge(&waiting, None).await.unwrap();
    bench.cardholder_answers(&waiting.reference, true).await;
    let found = bench.provider().look_up_charge(&waiting, None).await.unwrap().unwrap();
    assert_eq!(found.outcome, ChargeOutcome::Cancelled);
    for request in [late, waiting] {
        assert_eq!(bench.taken(&request.reference).await, (0, 0));
    }
}

pub(crate) async fn closing_a_settled_charge_tells_the_truth(bench: &dyn TestBank) {
    let card = connect(bench, Kind::Good).await;
    let request = charge(&card, "settled");
    bench.provider().charge(&request).await.unwrap();
    assert_eq!(bench.provider().cancel_charge(&request, None).await.unwrap().outcome, SETTLED);
    assert_eq!(bench.taken(&request.reference).await, (2_500, 1));
}

pub(crate) async fn a_slow_charge_is_visible_before_its_answer(bench: &dyn TestBank) {
    let card = connect(bench, Kind::Slow).await;
    let request = charge(&card, "slow");
    let begun = tokio::time::Instant::now();
    let answer = bench.provider().charge(&request).await.unwrap();
    assert_eq!(answer.outcome, SETTLED);
    assert!(begun.elapsed() >= std::time::Duration::from_secs(5));
    // Whoever gave up waiting finds it all the same.
    let abandoned = charge(&card, "abandoned");
    let given_up = tokio::time::timeout(std::time::Duration::from_secs(1), bench.provider().charge(&abandoned)).await;
    assert!(given_up.is_err());
    let found = bench.provider().look_up_charge(&abandoned, None).await.unwrap().unwrap();
    assert_eq!(found.outcome, SETTLED);
}

pub(crate) async fn a_pending_charge_settles_later(bench: &dyn TestBank) {
    let card = connect(bench, Kind::Good).await;
    bench.trouble(Trouble::Pending);
    let request = charge(&card, "pending");
    assert_eq!(bench.provider().charge(&request).await.unwrap().outcome, ChargeOutcome::Processing);
    let found = bench.provider().look_up_charge(&request, None).await.unwrap().unwrap();
    assert_eq!(found.outcome, SETTLED);
    assert_eq!(bench.taken(&request.reference).await, (2_500, 1));
}

pub(crate) async fn a_busy_provider_did_nothing(bench: &dyn TestBank) {
    let card = connect(bench, Kind::Good).await;
    bench.trouble(Trouble::Busy);
    let request = charge(&card, "busy");
    assert_eq!(bench.provider().charge(&request).await, Err(ProviderError::Busy));
    assert_eq!(bench.taken(&request.reference).await, (0, 0));
    assert_eq!(bench.provider().charge(&request).await.unwrap().outcome, SETTLED);
}

pub(crate) async fn somebody_elses_card_cannot_be_charged(bench: &dyn TestBank) {
    let card = connect(bench, Kind::Good).await;
    let request = ChargeRequest { customer: stranger(), ..charge(&card, "stranger") };
    assert!(matches!(bench.provider().charge(&request).await, Err(ProviderError::Refused(_))));
    let unknown = ChargeRequest { card_ref: CardRef::from_trusted("card_unknown"), ..charge(&card, "unknown") };
    assert!(matches!(bench.provider().charge(&unknown).await, Err(ProviderError::Refused(_))));
    assert_eq!(bench.taken(&Reference::top_up("stranger", 1)).await, (0, 0));
}
