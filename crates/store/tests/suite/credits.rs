//! Credit and corrections: posted once, never against money that is spent, and taken back once when credit ends.

use billing_domain::kind::CreditKind;
use billing_domain::status::OrganizationStatus;
use billing_domain::{Money, OrganizationId, TextMap, TransactionKind};
use billing_store::{
    Actor, Authorization, Created, CreditLine, CreditRefusal, DueCredit, NewCredit, NewHold, PostedLine, SettledCredit,
    StoreError,
};

use crate::bench::{NOW, TestBank, at_once, day, id, key, money, on_both, usage_line};

on_both![
    credit_is_given_once_for_a_key,
    a_correction_takes_out_what_is_available_and_no_more,
    nothing_is_given_to_a_closed_organization,
    what_usage_has_left_is_taken_back,
    the_credit_that_ends_first_is_consumed_first,
    credit_that_paid_a_debt_is_spent,
    held_money_is_not_taken_back,
    credit_is_settled_once_however_many_try,
    credit_of_another_organization_is_not_found,
];

fn credit_line(description: &str) -> CreditLine {
    CreditLine {
        id: id(),
        day: day("2026-11-24"),
        description: description.to_owned(),
        source: "Operator".to_owned(),
        details: TextMap::default(),
    }
}

fn credit(kind: CreditKind, amount: &str, ends_in: Option<i64>) -> NewCredit {
    let expires_at = ends_in.map(|seconds| NOW.plus_seconds(seconds));
    NewCredit { kind, amount: money(amount), line: credit_line("Welcome"), expires_at }
}

async fn give(
    bench: &TestBank,
    organization: &OrganizationId,
    new: &NewCredit,
) -> Result<Created<PostedLine>, CreditRefusal> {
    let key = key(&new.line.id, "credit");
    bench.store.post_credit(organization, new, &key, &Actor::system("test"), NOW).await.unwrap()
}

/// A promo that ends; the line that gave it.
async fn promo(bench: &TestBank, organization: &OrganizationId, amount: &str, ends_in: i64) -> PostedLine {
    match give(bench, organization, &credit(CreditKind::Promo, amount, Some(ends_in))).await {
        Ok(Created::New(line)) => line,
        other => panic!("not given: {other:?}"),
    }
}

async fn spend(bench: &TestBank, organization: &OrganizationId, cost: &str) {
    bench.post(organization, usage_line(&crate::bench::uuid(), cost)).await;
}

async fn settle(bench: &TestBank, organization: &OrganizationId, seq: i64, after: i64) -> SettledCredit {
    let due = DueCredit { organization_id: organization.clone(), seq };
    let (line, at) = (credit_line("Credit expired"), NOW.plus_seconds(after));
    bench.store.settle_credit(&due, &line, &Actor::system("credits"), at).await.unwrap()
}

fn taken(settled: &SettledCredit) -> Money {
    match settled {
        SettledCredit::TakenBack(line) => line.line.amount.checked_neg().unwrap(),
        SettledCredit::UsedUp | SettledCredit::NotDue => Money::ZERO,
    }
}

async fn balance(bench: &TestBank, organization: &OrganizationId) -> Money {
    bench.store.wallet(organization).await.unwrap().balance
}

async fn audited(bench: &TestBank, organization: &OrganizationId) -> i64 {
    let trail = bench.store.verify_audit(Some(organization)).await.unwrap();
    assert_eq!(trail.broken, None);
    trail.lines
}

async fn credit_is_given_once_for_a_key(bench: TestBank) {
    let organization = bench.organization().await;
    let answers = at_once(10, |_| {
        let (store, organization) = (bench.store.clone(), organization.clone());
        async move {
            let new = credit(CreditKind::Promo, "40", Some(60));
            store.post_credit(&organization, &new, &key("k", "credit"), &Actor::system("test"), NOW).await.unwrap()
        }
    })
    .await;
    let new = answers.iter().filter(|answer| matches!(answer, Ok(Created::New(_)))).count();
    let lines: Vec<_> = answers
        .iter()
        .map(|answer| match answer {
            Ok(Created::New(line) | Created::Replay(line)) => line,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(new == 1 && lines.iter().all(|line| *line == lines[0]), "{lines:?}");
    assert_eq!((lines[0].line.kind, lines[0].line.contra.as_str()), (TransactionKind::Promo, "promo"));
    assert_eq!((balance(&bench, &organization).await, audited(&bench, &organization).await), (money("40"), 1));
    assert_eq!(bench.count("credit_expiries").await, 1);
    let other = credit(CreditKind::Promo, "41", None);
    let reused =
        bench.store.post_credit(&organization, &other, &key("k", "other"), &Actor::system("test"), NOW).await.unwrap();
    assert_eq!(reused, Ok(Created::Reused));
    bench.assert_whole(&organization).await;
}

async fn a_correction_takes_out_what_is_available_and_no_more(bench: TestBank) {
    let organization = bench.organization().await;
    bench.fund(&organization, "10").await;
    let hold = NewHold {
        id: id(),
        kind: billing_domain::UsageKind::AiTask,
        amount: money("4"),
        expires_at: NOW.plus_seconds(60),
    };
    bench.store.authorize(&organization, &hold, Money::ZERO, NOW).await.unwrap();
    let refused = give(&bench, &organization, &credit(CreditKind::Adjustment, "-6.01", None)).await;
    assert_eq!(refused, Err(CreditRefusal::MoreThanUnspent(money("6"))));
    assert_eq!((balance(&bench, &organization).await, audited(&bench, &organization).await), (money("10"), 0));
    let Ok(Created::New(line)) = give(&bench, &organization, &credit(CreditKind::Adjustment, "-6", None)).await else {
        panic!("it is available");
    };
    assert_eq!((line.line.kind, line.line.balance_after), (TransactionKind::Adjustment, money("4")));
    give(&bench, &organization, &credit(CreditKind::Adjustment, "1.50", None)).await.unwrap();
    assert_eq!((balance(&bench, &organization).await, audited(&bench, &organization).await), (money("5.5"), 2));
}

async fn nothing_is_given_to_a_closed_organization(bench: TestBank) {
    let organization = bench.organization().await;
    let actor = Actor::system("test");
    let before = credit(CreditKind::Promo, "5", None);
    give(&bench, &organization, &before).await.unwrap();
    for (status, expected) in [(OrganizationStatus::Suspended, true), (OrganizationStatus::Closed, false)] {
        bench.store.set_organization_status(&organization, status, "", &actor, NOW).await.unwrap();
        let answer = give(&bench, &organization, &credit(CreditKind::Promo, "5", None)).await;
        assert_eq!(answer.is_ok(), expected, "{status:?}: {answer:?}");
    }
    assert!(matches!(give(&bench, &organization, &before).await, Ok(Created::Replay(_))), "it was given before");
    assert_eq!(balance(&bench, &organization).await, money("10"));
}

async fn what_usage_has_left_is_taken_back(bench: TestBank) {
    let organization = bench.organization().await;
    bench.fund(&organization, "60").await;
    spend(&bench, &organization, "20").await;
    let given = promo(&bench, &organization, "40", 100).await;
    spend(&bench, &organization, "15").await;
    assert_eq!(bench.store.due_credits(NOW.plus_seconds(99), 10).await.unwrap(), []);
    assert_eq!(settle(&bench, &organization, given.line.seq, 99).await, SettledCredit::NotDue);
    let due = bench.store.due_credits(NOW.plus_seconds(100), 10).await.unwrap();
    assert_eq!(due, [DueCredit { organization_id: organization.clone(), seq: given.line.seq }]);
    let SettledCredit::TakenBack(line) = settle(&bench, &organization, given.line.seq, 100).await else {
        panic!("25 are left");
    };
    assert_eq!((line.line.kind, line.line.amount), (TransactionKind::Promo, money("-25")));
    assert_eq!((line.line.corrects, line.line.balance_after), (Some(given.line.seq), money("40")));
    assert_eq!(settle(&bench, &organization, given.line.seq, 101).await, SettledCredit::NotDue);
    assert_eq!(bench.store.due_credits(NOW.plus_seconds(101), 10).await.unwrap(), []);
    assert_eq!(audited(&bench, &organization).await, 2);
    bench.assert_whole(&organization).await;
}

async fn the_credit_that_ends_first_is_consumed_first(bench: TestBank) {
    let organization = bench.organization().await;
    let late = promo(&bench, &organization, "40", 300).await;
    let early = promo(&bench, &organization, "10", 100).await;
    let middle = promo(&bench, &organization, "20", 200).await;
    spend(&bench, &organization, "15").await;
    // The early one is used up, 5 of the middle one.
    assert_eq!(settle(&bench, &organization, early.line.seq, 100).await, SettledCredit::UsedUp);
    spend(&bench, &organization, "3").await;
    assert_eq!(taken(&settle(&bench, &organization, middle.line.seq, 200).await), money("12"));
    // Given after the early one was over, and ended before the late one: it shares nothing with the former.
    let last = promo(&bench, &organization, "5", 250).await;
    spend(&bench, &organization, "7").await;
    assert_eq!(settle(&bench, &organization, last.line.seq, 250).await, SettledCredit::UsedUp);
    bench.fund(&organization, "100").await;
    assert_eq!(taken(&settle(&bench, &organization, late.line.seq, 300).await), money("38"));
    assert_eq!(balance(&bench, &organization).await, money("100"));
    bench.assert_whole(&organization).await;
}

async fn credit_that_paid_a_debt_is_spent(bench: TestBank) {
    let organization = bench.organization().await;
    spend(&bench, &organization, "10").await;
    let given = promo(&bench, &organization, "40", 100).await;
    bench.fund(&organization, "100").await;
    assert_eq!(taken(&settle(&bench, &organization, given.line.seq, 100).await), money("30"));
    assert_eq!(balance(&bench, &organization).await, money("100"), "what was paid stays");
}

async fn held_money_is_not_taken_back(bench: TestBank) {
    let organization = bench.organization().await;
    let given = promo(&bench, &organization, "40", 100).await;
    let hold = NewHold {
        id: id(),
        kind: billing_domain::UsageKind::AiTask,
        amount: money("30"),
        expires_at: NOW.plus_seconds(600),
    };
    let answer = bench.store.authorize(&organization, &hold, Money::ZERO, NOW).await.unwrap();
    assert!(matches!(answer, Authorization::Granted { .. }), "{answer:?}");
    assert_eq!(taken(&settle(&bench, &organization, given.line.seq, 100).await), money("10"));
    let wallet = bench.store.wallet(&organization).await.unwrap();
    assert_eq!((wallet.balance, wallet.available()), (money("30"), Money::ZERO));
    // The work goes on; what comes later is not counted for the credit that is over.
    let next = promo(&bench, &organization, "5", 200).await;
    let captured = billing_store::NewLine { hold_id: Some(hold.id), ..usage_line("held", "30") };
    bench.post(&organization, captured).await;
    assert_eq!(balance(&bench, &organization).await, money("5"));
    assert_eq!(settle(&bench, &organization, next.line.seq, 200).await, SettledCredit::UsedUp);
}

async fn credit_is_settled_once_however_many_try(bench: TestBank) {
    for _ in 0..5 {
        let organization = bench.organization().await;
        bench.fund(&organization, "60").await;
        let given = promo(&bench, &organization, "40", 100).await;
        // Others use up the wallet at the same time.
        let answers = at_once(20, |number| {
            let (store, organization, seq) = (bench.store.clone(), organization.clone(), given.line.seq);
            async move {
                if number % 2 == 0 {
                    store.post(&organization, vec![usage_line(&crate::bench::uuid(), "1.5")], NOW).await.unwrap();
                    return Money::ZERO;
                }
                let due = DueCredit { organization_id: organization, seq };
                let (line, at) = (credit_line("Credit expired"), NOW.plus_seconds(100));
                taken(&store.settle_credit(&due, &line, &Actor::system("credits"), at).await.unwrap())
            }
        })
        .await;
        let taken: Vec<_> = answers.into_iter().filter(|taken| taken.is_positive()).collect();
        assert_eq!(taken.len(), 1, "{taken:?}");
        assert!(taken[0] >= money("25") && taken[0] <= money("40"), "{taken:?}");
        let expected = money("85").checked_sub(taken[0]).unwrap();
        assert_eq!(balance(&bench, &organization).await, expected);
        assert_eq!(audited(&bench, &organization).await, 2);
        bench.assert_whole(&organization).await;
    }
}

async fn credit_of_another_organization_is_not_found(bench: TestBank) {
    let (mine, theirs) = (bench.organization().await, bench.organization().await);
    let given = promo(&bench, &theirs, "40", 100).await;
    let due = DueCredit { organization_id: mine, seq: given.line.seq };
    let (line, at) = (credit_line("Credit expired"), NOW.plus_seconds(100));
    let settled = bench.store.settle_credit(&due, &line, &Actor::system("credits"), at).await;
    assert!(matches!(settled, Err(StoreError::NotFound)), "{settled:?}");
    assert_eq!(balance(&bench, &theirs).await, money("40"));
}
