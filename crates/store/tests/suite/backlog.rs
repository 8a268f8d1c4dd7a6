//! The backlog: what is open is counted, what is at its end is not.

use billing_domain::auto_pay::health::Health;
use billing_domain::charge::Outcome as Word;
use billing_store::{Backlog, DeliveryResult};

use crate::bench::{NOW, TestBank, on_both, owner};
use crate::notices::resting;
use crate::refunds::refunded;
use crate::top_ups::{apply, manual};

on_both!(what_waits_is_counted_with_its_oldest, an_idle_database_has_none);

fn waits(kind: &str, state: &str, count: i64) -> Backlog {
    Backlog { kind: kind.to_owned(), state: state.to_owned(), count, since: NOW }
}

async fn what_waits_is_counted_with_its_oldest(bench: TestBank) {
    let (one, other) = (bench.organization().await, bench.organization().await);
    let settled = manual(&bench, &one, "10").await;
    apply(&bench, &settled, Word::Settled).await;
    manual(&bench, &one, "20").await;
    for organization in [&one, &other] {
        let unknown = manual(&bench, organization, "30").await;
        apply(&bench, &unknown, Word::NoAnswer).await;
    }
    let declined = manual(&bench, &other, "40").await;
    apply(&bench, &declined, Word::Declined).await;
    refunded(&bench, &one, &settled.id, "4").await;
    bench.store.record_auto_pay_health(&one, &Health::default(), &resting(1), NOW).await.unwrap();

    let sorted = async || {
        let mut backlog = bench.store.backlog().await.unwrap();
        backlog.sort_by(|a, b| (&a.kind, &a.state).cmp(&(&b.kind, &b.state)));
        backlog
    };
    let open = vec![waits("refund", "created", 1), waits("top_up", "created", 1), waits("top_up", "unknown", 2)];
    assert_eq!(sorted().await, [vec![waits("delivery", "pending", 1)], open.clone()].concat());

    // What nobody takes stays in sight.
    let later = NOW.plus_seconds(60);
    let delivery = bench.store.lease_due_deliveries(&owner("me"), later, NOW, 10).await.unwrap().remove(0);
    let failed = DeliveryResult::Failed { error: "503".to_owned(), again_at: None };
    bench.store.record_delivery(&delivery, &owner("me"), &failed, later).await.unwrap();
    assert_eq!(sorted().await, [vec![waits("delivery", "dead", 1)], open].concat());
}

async fn an_idle_database_has_none(bench: TestBank) {
    let organization = bench.organization().await;
    apply(&bench, &manual(&bench, &organization, "10").await, Word::Settled).await;
    assert_eq!(bench.store.backlog().await.unwrap(), []);
}
