//! Postings: no gap, no double, no lost cent.

use std::collections::BTreeSet;
use std::sync::Arc;

use billing_domain::ledger::Hash;
use billing_domain::{HoldId, Money, OrganizationId, TransactionKind, UsageKind, pricing};
use billing_store::{Batch, LineOutcome, NewHold, NewLine, Origin, Release, StoreError};

use crate::bench::{NOW, TestBank, at_once, id, money, on_both, usage_line};

on_both![
    fifty_parallel_posts_leave_no_gap,
    fifty_parallel_posts_of_one_line_post_it_once,
    the_same_line_is_a_duplicate_and_another_content_a_conflict,
    a_reference_posts_once_for_each_origin_and_organization,
    a_thousand_lines_in_one_posting_are_chained_in_their_order,
    what_is_read_is_what_was_posted,
    an_overflow_is_refused_and_leaves_nothing_behind,
    a_debt_so_deep_that_the_available_amount_overflows_is_refused,
    a_refused_ledger_does_not_hinder_the_others_of_the_batch,
    two_batches_over_the_same_wallets_in_opposite_order_do_not_deadlock,
    a_posting_captures_its_hold_once_and_only_its_own,
    the_wallet_remembers_since_when_it_is_exhausted,
    a_text_that_postgres_cannot_hold_is_refused_everywhere,
    the_ledger_cannot_be_changed_or_deleted,
    parts_of_a_micro_unit_are_carried_whoever_races,
];

async fn fifty_parallel_posts_leave_no_gap(bench: TestBank) {
    let organization = bench.organization().await;
    let postings = at_once(50, |task| {
        let (store, organization) = (bench.store.clone(), organization.clone());
        async move {
            let lines = (0..4).map(|line| usage_line(&format!("call-{task}-{line}"), "0.1")).collect();
            store.post(&organization, lines, NOW).await.unwrap()
        }
    })
    .await;
    let mut seqs = BTreeSet::new();
    for outcome in postings.into_iter().flat_map(|posting| posting.outcomes) {
        let LineOutcome::Posted(line) = outcome else { panic!("{outcome:?}") };
        assert!(seqs.insert(line.line.seq), "given out twice: {}", line.line.seq);
    }
    assert_eq!(seqs, (1..=200).collect());
    let wallet = bench.store.wallet(&organization).await.unwrap();
    assert_eq!((wallet.balance, wallet.last_seq), (money("-20"), 200));
    let lines = bench.store.lines_after(&organization, 0, 1000).await.unwrap();
    let mut balance = Money::ZERO;
    for (line, seq) in lines.iter().zip(1..) {
        balance = balance.checked_add(line.line.amount).unwrap();
        assert_eq!((line.line.seq, line.line.balance_after), (seq, balance));
    }
    assert_eq!(lines.len(), 200);
    bench.assert_whole(&organization).await;
}

async fn fifty_parallel_posts_of_one_line_post_it_once(bench: TestBank) {
    let organization = bench.organization().await;
    let outcomes = at_once(50, |_| {
        let (store, organization) = (bench.store.clone(), organization.clone());
        async move { store.post(&organization, vec![usage_line("call-1", "3")], NOW).await.unwrap().outcomes.remove(0) }
    })
    .await;
    let posted = outcomes.iter().filter(|outcome| matches!(outcome, LineOutcome::Posted(_))).count();
    let duplicates =
        outcomes.iter().filter(|outcome| **outcome == LineOutcome::Duplicate { seq: 1, amount: money("-3") }).count();
    assert_eq!((posted, duplicates), (1, 49));
    assert_eq!(bench.store.wallet(&organization).await.unwrap().balance, money("-3"));
    bench.assert_whole(&organization).await;
}

async fn the_same_line_is_a_duplicate_and_another_content_a_conflict(bench: TestBank) {
    let organization = bench.organization().await;
    bench.post(&organization, usage_line("call-1", "1")).await;
    let changed: [fn(&mut NewLine); 10] = [
        |line| line.amount = money("-1.000001"),
        |line| line.kind = TransactionKind::InboundCall,
        |line| line.occurred_at = NOW.plus_seconds(1),
        |line| line.description.push('.'),
        |line| line.source.push('!'),
        |line| line.quantity = Some("96".to_owned()),
        |line| line.contra.push('!'),
        |line| line.corrects = Some(1),
        |line| line.unit = None,
        |line| line.unit_price = None,
    ];
    let mut lines: Vec<_> = changed
        .iter()
        .map(|change| {
            let mut line = usage_line("call-1", "1");
            change(&mut line);
            line
        })
        .collect();
    // Inside one posting too: the second and third "call-2" meet the first.
    lines.extend([usage_line("call-1", "1"), usage_line("call-2", "2"), usage_line("call-2", "2")]);
    lines.push(usage_line("call-2", "5"));
    let posting = bench.store.post(&organization, lines, NOW).await.unwrap();
    assert_eq!(posting.outcomes[..10], vec![LineOutcome::Conflict { seq: 1 }; 10]);
    assert_eq!(posting.outcomes[10], LineOutcome::Duplicate { seq: 1, amount: money("-1") });
    assert!(matches!(&posting.outcomes[11], LineOutcome::Posted(line) if line.line.seq == 2));
    assert_eq!(posting.outcomes[12], LineOutcome::Duplicate { seq: 2, amount: money("-2") });
    assert_eq!(posting.outcomes[13], LineOutcome::Conflict { seq: 2 });
    assert_eq!((posting.wallet.balance, posting.wallet.last_seq), (money("-3"), 2));
    bench.assert_whole(&organization).await;
}

async fn a_reference_posts_once_for_each_origin_and_organization(bench: TestBank) {
    let (first, second) = (bench.organization().await, bench.organization().await);
    bench.post(&first, usage_line("1", "1")).await;
    bench.post(&second, usage_line("1", "1")).await;
    let refund = NewLine { kind: TransactionKind::Refund, origin: Origin::Refund, ..usage_line("1", "1") };
    assert_eq!(bench.post(&first, refund.clone()).await.line.seq, 2);
    let again = bench.store.post(&first, vec![NewLine { id: id(), ..refund }], NOW).await.unwrap();
    assert!(matches!(again.outcomes[..], [LineOutcome::Duplicate { seq: 2, .. }]));
    bench.assert_whole(&first).await;
    bench.assert_whole(&second).await;
}

async fn a_thousand_lines_in_one_posting_are_chained_in_their_order(bench: TestBank) {
    let organization = bench.organization().await;
    let lines = (0..1000).map(|line| usage_line(&format!("call-{line}"), "0.000001")).collect();
    let posting = bench.store.post(&organization, lines, NOW).await.unwrap();
    let mut hash = Hash::GENESIS;
    for (line, number) in bench.store.lines_after(&organization, 0, 2000).await.unwrap().into_iter().zip(0..) {
        assert_eq!(line.line.reference, format!("call-{number}"));
        assert_eq!(posting.outcomes[number], LineOutcome::Posted(Arc::new(line.clone())));
        assert_eq!(line.hash, line.line.hash_after(hash));
        hash = line.hash;
    }
    assert_eq!((posting.wallet.last_hash, posting.wallet.balance), (hash, money("-0.001")));
    bench.assert_whole(&organization).await;
}

async fn what_is_read_is_what_was_posted(bench: TestBank) {
    let organization = bench.organization().await;
    let mut new = NewLine { corrects: Some(7), ..usage_line("call-„1“ \u{1F4B8}'--", "1.234567") };
    new.details.insert("note".to_owned(), "zero \0 and \"quotes\"".to_owned());
    let posted = bench.post(&organization, new.clone()).await;
    let line = &posted.line;
    assert_eq!(bench.store.lines_after(&organization, 0, 10).await.unwrap(), vec![posted.clone()]);
    assert_eq!((&line.id, &line.reference, &line.details), (&new.id, &new.reference, &new.details));
    assert_eq!((line.quantity.as_deref(), line.corrects, line.posted_at), (Some("95"), Some(7), NOW));
    bench.assert_whole(&organization).await;
}

async fn an_overflow_is_refused_and_leaves_nothing_behind(bench: TestBank) {
    let organization = bench.organization().await;
    bench.fund(&organization, "9223372036854.775807").await;
    let before = bench.store.wallet(&organization).await.unwrap();
    let one_more = NewLine { amount: money("0.000001"), ..usage_line("more", "0") };
    for lines in [vec![one_more.clone()], vec![usage_line("first", "0"), one_more]] {
        let refused = bench.store.post(&organization, lines, NOW).await;
        assert!(matches!(refused, Err(StoreError::Overflow)), "{refused:?}");
    }
    assert_eq!(bench.store.wallet(&organization).await.unwrap(), before);
    assert_eq!(bench.count("ledger").await, 1);
    bench.assert_whole(&organization).await;
}

async fn a_debt_so_deep_that_the_available_amount_overflows_is_refused(bench: TestBank) {
    let organization = bench.organization().await;
    bench.fund(&organization, "1").await;
    let hold = NewHold {
        id: id(),
        kind: billing_domain::UsageKind::OutboundCall,
        amount: money("1"),
        expires_at: NOW.plus_seconds(60),
    };
    bench.store.authorize(&organization, &hold, Money::ZERO, NOW).await.unwrap();
    let take = |amount: &str| NewLine {
        kind: TransactionKind::Adjustment,
        origin: Origin::Adjustment,
        amount: money(amount),
        ..usage_line(amount, "0")
    };
    bench.post(&organization, take("-9223372036854.775808")).await;
    let before = bench.store.wallet(&organization).await.unwrap();
    assert_eq!(before.available(), Money::from_micros(i64::MIN));
    let refused = bench.store.post(&organization, vec![take("-0.000001")], NOW).await;
    assert!(matches!(refused, Err(StoreError::Overflow)), "{refused:?}");
    assert_eq!(bench.store.wallet(&organization).await.unwrap(), before);
    bench.assert_whole(&organization).await;
}

async fn a_refused_ledger_does_not_hinder_the_others_of_the_batch(bench: TestBank) {
    let (full, other) = (bench.organization().await, bench.organization().await);
    bench.fund(&full, "9223372036854.775807").await;
    let batch = |organization_id: &OrganizationId, line: NewLine| Batch {
        organization_id: organization_id.to_owned(),
        lines: vec![line],
    };
    let too_much = NewLine { amount: money("1"), ..usage_line("1", "0") };
    let results = bench
        .store
        .post_many(
            &[
                batch(&other, usage_line("1", "1")),
                batch(&full, too_much),
                batch(&id(), usage_line("1", "1")),
                batch(&other, usage_line("2", "2")),
            ],
            NOW,
        )
        .await
        .unwrap();
    assert!(matches!(results[1], Err(StoreError::Overflow)));
    assert!(matches!(results[2], Err(StoreError::NotFound)));
    assert_eq!(results[0].as_ref().unwrap().wallet.balance, money("-1"));
    assert_eq!(results[3].as_ref().unwrap().wallet.balance, money("-3"));
    bench.assert_whole(&full).await;
    bench.assert_whole(&other).await;
}

async fn two_batches_over_the_same_wallets_in_opposite_order_do_not_deadlock(bench: TestBank) {
    let (first, second) = (bench.organization().await, bench.organization().await);
    at_once(20, |task| {
        let store = bench.store.clone();
        let mut organizations = [first.clone(), second.clone()];
        if task % 2 == 1 {
            organizations.reverse();
        }
        async move {
            let batches = organizations.map(|organization_id| Batch {
                organization_id,
                lines: vec![usage_line(&format!("call-{task}"), "1")],
            });
            let results = store.post_many(&batches, NOW).await.unwrap();
            assert!(results.iter().all(Result::is_ok));
        }
    })
    .await;
    for organization in [&first, &second] {
        assert_eq!(bench.store.wallet(organization).await.unwrap().balance, money("-20"));
        bench.assert_whole(organization).await;
    }
}

async fn a_posting_captures_its_hold_once_and_only_its_own(bench: TestBank) {
    let (organization, other) = (bench.organization().await, bench.organization().await);
    let mut holds = Vec::new();
    for organization in [&organization, &other] {
        bench.fund(organization, "10").await;
        let hold = NewHold {
            id: id(),
            kind: billing_domain::UsageKind::OutboundCall,
            amount: money("4"),
            expires_at: NOW.plus_seconds(60),
        };
        bench.store.authorize(organization, &hold, Money::ZERO, NOW).await.unwrap();
        holds.push(hold.id);
    }
    let line = |reference, hold: &HoldId| NewLine { hold_id: Some(hold.clone()), ..usage_line(reference, "1") };
    let lines = vec![line("1", &holds[0]), line("2", &holds[0]), line("3", &holds[1]), line("4", &id())];
    let posting = bench.store.post(&organization, lines, NOW).await.unwrap();
    assert_eq!((posting.wallet.balance, posting.wallet.held), (money("6"), Money::ZERO));
    assert_eq!(bench.store.wallet(&other).await.unwrap().held, money("4"));
    let release = bench.store.release_hold(&holds[0], NOW).await.unwrap();
    assert_eq!(release, Release::Closed(billing_store::HoldState::Captured));
    bench.assert_whole(&organization).await;
    bench.assert_whole(&other).await;
}

async fn the_wallet_remembers_since_when_it_is_exhausted(bench: TestBank) {
    let organization = bench.organization().await;
    let since = async || bench.store.wallet(&organization).await.unwrap().exhausted_since;
    let spend = async |reference: &str, cost: &str, seconds: i64| {
        let lines = vec![usage_line(reference, cost)];
        bench.store.post(&organization, lines, NOW.plus_seconds(seconds)).await.unwrap();
    };
    assert_eq!(since().await, None, "a wallet that never had money has no grace");
    spend("0", "1", 5).await;
    assert_eq!(since().await, None, "nor does it get one by owing");
    bench.fund(&organization, "11").await;
    spend("1", "10", 10).await;
    assert_eq!(since().await, Some(NOW.plus_seconds(10)), "exactly zero is exhausted");
    spend("2", "1", 20).await;
    assert_eq!(since().await, Some(NOW.plus_seconds(10)), "owing more does not begin a new grace");
    bench.fund(&organization, "1").await;
    assert_eq!(since().await, Some(NOW.plus_seconds(10)), "back to zero is not above it");
    bench.fund(&organization, "1").await;
    assert_eq!(since().await, None);
}

async fn a_text_that_postgres_cannot_hold_is_refused_everywhere(bench: TestBank) {
    let (organization, other) = (bench.organization().await, bench.organization().await);
    let bad = NewLine { description: "a\0b".to_owned(), ..usage_line("bad", "1") };
    let batches = vec![
        Batch { organization_id: organization.clone(), lines: vec![bad] },
        Batch { organization_id: other.clone(), lines: vec![usage_line("good", "1")] },
    ];
    let results = bench.store.post_many(&batches, NOW).await.unwrap();
    assert!(matches!(results[0], Err(StoreError::Unstorable)));
    assert!(results[1].is_ok());
    assert!(matches!(bench.store.set_meta("a", "\0").await, Err(StoreError::Unstorable)));
}

async fn the_ledger_cannot_be_changed_or_deleted(bench: TestBank) {
    let organization = bench.organization().await;
    bench.post(&organization, usage_line("1", "1")).await;
    for sql in ["UPDATE ledger SET amount = 0", "UPDATE ledger SET description = description", "DELETE FROM ledger"] {
        let error = bench.raw(sql).await.unwrap_err();
        assert!(error.to_string().contains("append-only"), "{sql}: {error}");
    }
    assert_eq!(bench.count("ledger").await, 1);
    bench.assert_whole(&organization).await;
}

/// A line of `quantity` tokens, of which a million cost 0.0375.
fn tokens(reference: &str, kind: UsageKind, quantity: i64) -> NewLine {
    let (quantity, price) = (quantity.to_string(), "0.0000000375");
    let cost = pricing::compute_cost(pricing::parse_quantity(&quantity).unwrap(), pricing::parse_price(price).unwrap())
        .unwrap();
    NewLine {
        kind: kind.into(),
        contra: format!("revenue:{kind}"),
        amount: cost.whole.checked_neg().unwrap(),
        part: cost.part,
        quantity: Some(quantity),
        unit_price: Some(price.to_owned()),
        ..usage_line(reference, "0")
    }
}

async fn parts_of_a_micro_unit_are_carried_whoever_races(bench: TestBank) {
    let organization = bench.organization().await;
    // Twenty senders, each line by two of them, all at once.
    at_once(20, |task| {
        let (store, organization) = (bench.store.clone(), organization.clone());
        async move {
            let line = |number: i64| tokens(&format!("{}-{number}", task / 2), UsageKind::AiTask, number + 1);
            store.post(&organization, (0..30).map(line).collect(), NOW).await.unwrap()
        }
    })
    .await;
    let calls = (0..20).map(|number| tokens(&format!("call-{number}"), UsageKind::OutboundCall, 1)).collect();
    bench.store.post(&organization, calls, NOW).await.unwrap();
    let lines = bench.store.lines_after(&organization, 0, 1_000).await.unwrap();
    assert_eq!(lines.len(), 320);
    let (mut exact, mut posted) = (0, 0);
    for line in lines.iter().map(|line| &line.line).filter(|line| line.kind == UsageKind::AiTask.into()) {
        // In ten-thousandths of a micro-unit.
        exact += line.quantity.as_deref().unwrap().parse::<i64>().unwrap() * 375;
        posted -= line.amount.micros();
        assert!((exact - posted * 10_000).abs() <= 5_000, "after line {}: {exact} and {posted}", line.seq);
    }
    assert_eq!(exact, 10 * 465 * 375);
    let calls: i64 = lines
        .iter()
        .filter(|line| line.line.kind == UsageKind::OutboundCall.into())
        .map(|line| -line.line.amount.micros())
        .sum();
    assert_eq!(calls, 1, "0.75 micro-units, of this kind alone");
    bench.assert_whole(&organization).await;
}
