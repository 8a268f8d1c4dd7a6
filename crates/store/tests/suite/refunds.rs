//! Refunds: never more than was paid, never more than is unspent, debited once, and back when they fail.

use billing_domain::charge::{DisputeState, Outcome, RefundStatus};
use billing_domain::{
    Currency, DisputeRef, Money, OrganizationId, PaymentRef, RefundId, RefundRef, TopUpId, TransactionKind,
};
use billing_store::{
    Created, CreditLine, DisputeUpdate, IdempotencyKey, NewExternalRefund, NewRefund, NewTopUp, ProviderUpdate, Refund,
    RefundRefusal, RefundResult, StoreError,
};

use crate::bench::{NOW, TestBank, actor, at_once, id, money, on_both, owner, usage_line, uuid};

on_both![
    a_refund_debits_the_wallet_at_once_and_settles_once,
    a_refund_that_fails_comes_back_once,
    never_more_than_was_paid,
    never_more_than_is_unspent,
    of_fifty_racing_refunds_as_many_as_were_paid_go_through,
    a_key_makes_one_refund,
    a_refund_is_one_owners_until_its_lease_ends,
    a_payment_counts_what_the_bank_has_and_names_what_is_on_its_way,
    what_a_dispute_has_taken_is_not_there_to_be_refunded,
    racing_words_on_a_refund_of_the_provider_debit_once,
];

fn credit_line() -> CreditLine {
    CreditLine {
        id: id(),
        day: NOW.utc_date(),
        description: "Refund".to_owned(),
        source: "Operator".to_owned(),
        details: Default::default(),
    }
}

fn key(text: &(impl ToString + ?Sized)) -> IdempotencyKey {
    IdempotencyKey { key: text.to_string(), fingerprint: text.to_string() }
}

/// A paid top-up; its id.
pub(crate) async fn paid(bench: &TestBank, organization: &OrganizationId, amount: &str) -> TopUpId {
    let card = bench.card(organization).await;
    let new =
        NewTopUp { id: id(), amount: money(amount), card_id: Some(card.id), requested_by: None, next_check_at: NOW };
    bench.store.create_top_up(organization, &new, &key(&new.id), NOW).await.unwrap();
    let word = ProviderUpdate {
        outcome: Outcome::Settled,
        provider_ref: Some(PaymentRef::from_trusted("ch_1")),
        decline_code: None,
        next_action: None,
        received: None,
        next_check_at: NOW,
    };
    bench.store.apply_top_up(organization, &new.id, &word, &credit_line(), NOW).await.unwrap();
    new.id
}

async fn ask(
    bench: &TestBank,
    organization: &OrganizationId,
    top_up: &TopUpId,
    amount: Option<&str>,
    key_text: &str,
) -> Result<Created<Refund>, RefundRefusal> {
    let new = NewRefund {
        id: id(),
        top_up_id: top_up.to_owned(),
        amount: amount.map(money),
        reason: String::new(),
        next_check_at: NOW,
    };
    bench.store.create_refund(organization, &new, &credit_line(), &key(key_text), &actor(), NOW).await.unwrap()
}

/// Gives part of a top-up back.
pub(crate) async fn refunded(
    bench: &TestBank,
    organization: &OrganizationId,
    top_up: &TopUpId,
    amount: &str,
) -> Refund {
    made(ask(bench, organization, top_up, Some(amount), &uuid()).await)
}

fn made(answer: Result<Created<Refund>, RefundRefusal>) -> Refund {
    match answer {
        Ok(Created::New(refund)) => refund,
        other => panic!("{other:?}"),
    }
}

async fn apply(bench: &TestBank, refund: &Refund, status: RefundStatus) -> (Refund, bool) {
    let word = RefundResult {
        status,
        provider_ref: Some(RefundRef::from_trusted("re_1")),
        next_check_at: NOW.plus_seconds(10),
    };
    bench.store.apply_refund(&refund.organization_id, &refund.id, &word, &credit_line(), NOW).await.unwrap()
}

async fn balance(bench: &TestBank, organization: &OrganizationId) -> Money {
    bench.store.wallet(organization).await.unwrap().balance
}

async fn a_refund_debits_the_wallet_at_once_and_settles_once(bench: TestBank) {
    let organization = bench.organization().await;
    let top_up = paid(&bench, &organization, "100").await;
    let refund = made(ask(&bench, &organization, &top_up, Some("40"), "a").await);
    assert_eq!((refund.status, refund.amount), (RefundStatus::Created, money("40")));
    assert_eq!(balance(&bench, &organization).await, money("60"));
    assert_eq!(apply(&bench, &refund, RefundStatus::Unknown).await.0.status, RefundStatus::Unknown);
    let (settled, changed) = apply(&bench, &refund, RefundStatus::Succeeded).await;
    assert_eq!((settled.settled_at, settled.next_check_at, changed), (Some(NOW), None, true));
    // A word that comes late changes nothing any more.
    assert!(!apply(&bench, &refund, RefundStatus::Failed).await.1);
    assert_eq!(balance(&bench, &organization).await, money("60"));
    let lines = bench.store.lines_after(&organization, 0, 10).await.unwrap();
    assert_eq!((lines[1].line.kind, lines[1].line.amount), (TransactionKind::Refund, money("-40")));
    bench.assert_whole(&organization).await;
}

async fn a_refund_that_fails_comes_back_once(bench: TestBank) {
    let organization = bench.organization().await;
    let top_up = paid(&bench, &organization, "100").await;
    let refund = made(ask(&bench, &organization, &top_up, None, "a").await);
    assert_eq!((refund.amount, balance(&bench, &organization).await), (money("100"), Money::ZERO));
    let (a, b) =
        tokio::join!(apply(&bench, &refund, RefundStatus::Failed), apply(&bench, &refund, RefundStatus::Failed));
    assert_eq!(i32::from(a.1) + i32::from(b.1), 1);
    assert_eq!(balance(&bench, &organization).await, money("100"));
    let lines = bench.store.lines_after(&organization, 0, 10).await.unwrap();
    assert_eq!((lines.len(), lines[2].line.corrects), (3, Some(2)));
    // The money is there again, to be refunded.
    made(ask(&bench, &organization, &top_up, None, "b").await);
    bench.assert_whole(&organization).await;
}

async fn never_more_than_was_paid(bench: TestBank) {
    let (organization, other) = (bench.organization().await, bench.organization().await);
    let top_up = paid(&bench, &organization, "50").await;
    paid(&bench, &organization, "500").await;
    made(ask(&bench, &organization, &top_up, Some("20"), "a").await);
    let refused = ask(&bench, &organization, &top_up, Some("30.01"), "b").await;
    assert_eq!(refused, Err(RefundRefusal::MoreThanPaid(money("30"))));
    let rest = made(ask(&bench, &organization, &top_up, None, "c").await);
    assert_eq!(rest.amount, money("30"));
    assert_eq!(ask(&bench, &organization, &top_up, None, "d").await, Err(RefundRefusal::MoreThanPaid(Money::ZERO)));
    let new = NewRefund { id: id(), top_up_id: top_up, amount: None, reason: String::new(), next_check_at: NOW };
    let theirs = bench.store.create_refund(&other, &new, &credit_line(), &key("e"), &actor(), NOW).await;
    assert!(matches!(theirs, Err(StoreError::NotFound)), "{theirs:?}");
}

async fn never_more_than_is_unspent(bench: TestBank) {
    let organization = bench.organization().await;
    let top_up = paid(&bench, &organization, "50").await;
    bench.store.post(&organization, vec![usage_line("call", "20.5")], NOW).await.unwrap();
    let refused = ask(&bench, &organization, &top_up, None, "a").await;
    assert_eq!(refused, Err(RefundRefusal::MoreThanUnspent(money("29.5"))));
    made(ask(&bench, &organization, &top_up, Some("29.50"), "b").await);
    assert_eq!(balance(&bench, &organization).await, Money::ZERO);
}

async fn of_fifty_racing_refunds_as_many_as_were_paid_go_through(bench: TestBank) {
    let organization = bench.organization().await;
    let top_up = paid(&bench, &organization, "100").await;
    paid(&bench, &organization, "100").await;
    let answers = at_once(50, |task| {
        let (store, organization, top_up_id) = (bench.store.clone(), organization.clone(), top_up.clone());
        async move {
            let new =
                NewRefund { id: id(), top_up_id, amount: Some(money("15")), reason: String::new(), next_check_at: NOW };
            store
                .create_refund(&organization, &new, &credit_line(), &key(&task.to_string()), &actor(), NOW)
                .await
                .unwrap()
        }
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 6);
    assert_eq!(balance(&bench, &organization).await, money("110"));
    bench.assert_whole(&organization).await;
}

async fn a_key_makes_one_refund(bench: TestBank) {
    let organization = bench.organization().await;
    let top_up = paid(&bench, &organization, "100").await;
    let first = made(ask(&bench, &organization, &top_up, Some("10"), "a").await);
    assert_eq!(ask(&bench, &organization, &top_up, Some("10"), "a").await, Ok(Created::Replay(first)));
    let new = NewRefund { id: id(), top_up_id: top_up, amount: None, reason: String::new(), next_check_at: NOW };
    let other = IdempotencyKey { key: "a".to_owned(), fingerprint: "other".to_owned() };
    let reused = bench.store.create_refund(&organization, &new, &credit_line(), &other, &actor(), NOW).await.unwrap();
    assert_eq!(reused, Ok(Created::Reused));
    assert_eq!(balance(&bench, &organization).await, money("90"));
}

async fn a_refund_is_one_owners_until_its_lease_ends(bench: TestBank) {
    let organization = bench.organization().await;
    let top_up = paid(&bench, &organization, "100").await;
    let refund = made(ask(&bench, &organization, &top_up, None, "a").await);
    let lease = async |name: &str, now: billing_domain::Timestamp, id: Option<&RefundId>| {
        bench.store.lease_refunds(&owner(name), now.plus_seconds(60), now, id, 10).await.unwrap().len()
    };
    assert_eq!(lease("a", NOW, Some(&refund.id)).await, 1);
    assert_eq!(lease("b", NOW.plus_seconds(59), None).await, 0);
    assert_eq!(lease("b", NOW.plus_seconds(61), None).await, 1, "whoever had it has died");
    apply(&bench, &refund, RefundStatus::Succeeded).await;
    assert_eq!(lease("c", NOW.plus_seconds(1_000_000), None).await, 0, "it is final");
}

async fn a_payment_counts_what_the_bank_has_and_names_what_is_on_its_way(bench: TestBank) {
    let (organization, other) = (bench.organization().await, bench.organization().await);
    let top_up = paid(&bench, &organization, "100").await;
    let before = bench.store.payment(&organization, &top_up, 10).await.unwrap();
    assert_eq!((before.paid, before.refunded, before.refunds.len()), (money("100"), Money::ZERO, 0));
    for (key, amount, status) in [
        ("a", "10", RefundStatus::Succeeded),
        ("b", "20", RefundStatus::Failed),
        ("c", "5", RefundStatus::Succeeded),
        ("d", "30", RefundStatus::Unknown),
    ] {
        let refund = made(ask(&bench, &organization, &top_up, Some(amount), key).await);
        apply(&bench, &refund, status).await;
    }
    let payment = bench.store.payment(&organization, &top_up, 10).await.unwrap();
    let amounts: Vec<_> = payment.refunds.iter().map(|refund| refund.amount).collect();
    assert_eq!(amounts, ["10", "5", "30"].map(money));
    assert_eq!((payment.refunded, payment.returning), (money("15"), money("30")));
    let first = bench.store.payment(&organization, &top_up, 1).await.unwrap();
    assert_eq!((first.refunds.len(), first.refunded, first.returning), (1, money("15"), money("30")));
    let theirs = bench.store.payment(&other, &top_up, 10).await;
    assert!(matches!(theirs, Err(StoreError::NotFound)), "{theirs:?}");
}

async fn take(bench: &TestBank, organization: &OrganizationId, top_up: &TopUpId, amount: &str, state: DisputeState) {
    let word = DisputeUpdate {
        provider: "stripe".to_owned(),
        provider_ref: DisputeRef::from_trusted("dp_1"),
        top_up_id: top_up.to_owned(),
        amount: money(amount),
        currency: Currency::Usd,
        reason: String::new(),
        state,
    };
    bench.store.apply_dispute(organization, &word, &credit_line(), &credit_line(), NOW).await.unwrap();
}

async fn what_a_dispute_has_taken_is_not_there_to_be_refunded(bench: TestBank) {
    let organization = bench.organization().await;
    let top_up = paid(&bench, &organization, "100").await;
    paid(&bench, &organization, "500").await;
    made(ask(&bench, &organization, &top_up, Some("40"), "a").await);
    // The whole, although a part was given back: the bank decides what it takes.
    take(&bench, &organization, &top_up, "100", DisputeState::Withdrawn).await;
    for amount in [Some("10"), None] {
        let refused = ask(&bench, &organization, &top_up, amount, &uuid()).await;
        assert_eq!(refused, Err(RefundRefusal::MoreThanPaid(Money::ZERO)), "{amount:?}");
    }
    assert_eq!(balance(&bench, &organization).await, money("460"));
    take(&bench, &organization, &top_up, "100", DisputeState::Returned).await;
    assert_eq!(made(ask(&bench, &organization, &top_up, None, "c").await).amount, money("60"));
    bench.assert_whole(&organization).await;
}

fn external(top_up: &TopUpId, status: RefundStatus) -> NewExternalRefund {
    NewExternalRefund {
        id: id(),
        top_up_id: top_up.to_owned(),
        amount: money("70"),
        currency: Currency::Usd,
        reason: "duplicate".to_owned(),
        provider_ref: RefundRef::from_trusted("re_dashboard"),
        status,
        next_check_at: NOW.plus_seconds(10),
    }
}

async fn racing_words_on_a_refund_of_the_provider_debit_once(bench: TestBank) {
    let organization = bench.organization().await;
    let top_up = paid(&bench, &organization, "100").await;
    bench.store.post(&organization, vec![usage_line("call", "50")], NOW).await.unwrap();
    let unheard = external(&top_up, RefundStatus::Failed);
    let applied =
        bench.store.apply_external_refund(&organization, &unheard, &credit_line(), &credit_line(), NOW).await.unwrap();
    assert_eq!(applied, None, "it failed before anybody heard of it");
    at_once(20, |_| {
        let (store, organization, word) =
            (bench.store.clone(), organization.clone(), external(&top_up, RefundStatus::Processing));
        async move { store.apply_external_refund(&organization, &word, &credit_line(), &credit_line(), NOW).await.unwrap() }
    })
    .await;
    assert_eq!(balance(&bench, &organization).await, money("-20"), "the money is gone, whatever is left");
    let left = ask(&bench, &organization, &top_up, Some("30.01"), "a").await;
    assert_eq!(left, Err(RefundRefusal::MoreThanPaid(money("30"))));
    let failed = external(&top_up, RefundStatus::Failed);
    for _ in 0..2 {
        bench.store.apply_external_refund(&organization, &failed, &credit_line(), &credit_line(), NOW).await.unwrap();
    }
    assert_eq!(balance(&bench, &organization).await, money("50"));
    bench.assert_whole(&organization).await;
}
