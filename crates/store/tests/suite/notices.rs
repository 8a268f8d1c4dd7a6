//! Notices: written with what they tell, once; delivered by one server at a time; a low balance told once a crossing.

use billing_domain::auto_pay::health::{Health, PauseReason};
use billing_domain::charge::DeclineCode;
use billing_domain::{OrganizationId, Role};
use billing_store::{Channel, DeliveryResult, DeliveryState, LowBalance, NoticeFacts, NoticeKind, User};

use crate::bench::{NOW, TestBank, id, on_both, owner};

on_both!(
    a_first_decline_and_a_pause_are_told_and_nothing_else,
    everybody_who_manages_billing_is_told_and_the_operator,
    a_delivery_is_one_owners_until_its_lease_ends,
    what_nobody_takes_is_dead_and_can_be_tried_again,
    a_low_balance_is_told_once_a_crossing_and_at_most_weekly,
    of_racing_looks_one_tells,
);

pub(crate) fn resting(failures: i64) -> Health {
    Health {
        decline_code: Some(DeclineCode::InsufficientFunds),
        failures,
        attempt: failures + 1,
        first_attempt_at: Some(NOW),
        next_attempt_at: Some(NOW.plus_seconds(3600)),
        ..Health::default()
    }
}

async fn kinds(bench: &TestBank, organization: &OrganizationId) -> Vec<NoticeKind> {
    bench.store.notices(organization, 10).await.unwrap().iter().map(|notice| notice.kind).collect()
}

async fn a_first_decline_and_a_pause_are_told_and_nothing_else(bench: TestBank) {
    let organization = bench.organization().await;
    let paused = |reason, code| Health {
        paused_reason: Some(reason),
        decline_code: Some(code),
        next_attempt_at: None,
        ..resting(4)
    };
    let states = [
        Health::default(),
        resting(1),
        resting(2),
        paused(PauseReason::AwaitsCardholder, DeclineCode::AuthenticationRequired),
        paused(PauseReason::NotConfirmed, DeclineCode::AuthenticationFailed),
        Health::default(),
    ];
    for (step, pair) in states.windows(2).enumerate() {
        let at = NOW.plus_seconds(i64::try_from(step).unwrap());
        bench.store.record_auto_pay_health(&organization, &pair[0], &pair[1], at).await.unwrap();
    }
    let told = bench.store.notices(&organization, 10).await.unwrap();
    let kinds: Vec<_> = told.iter().map(|notice| notice.kind).collect();
    let paused = NoticeKind::AutomaticPaymentsPaused;
    assert_eq!(kinds, [paused, paused, NoticeKind::PaymentDeclined], "newest first");
    assert_eq!(told[0].facts["reason"], "not_confirmed", "another reason is news");
    assert_eq!(told[1].facts["reason"], "authentication_required", "a person is asked");
    assert_eq!(told[2].facts["decline_code"], "insufficient_funds");
    assert_eq!(told[2].facts["next_attempt_at"], NOW.plus_seconds(3600).to_string());
}

async fn everybody_who_manages_billing_is_told_and_the_operator(bench: TestBank) {
    let (organization, other) = (bench.organization().await, bench.organization().await);
    for (place, role) in [
        (&organization, Role::Owner),
        (&organization, Role::Admin),
        (&organization, Role::Member),
        (&other, Role::Owner),
    ] {
        let id = id();
        let user = User { email: format!("{role}-{id}@a.test"), name: String::new(), password_hash: String::new(), id };
        bench.store.create_user(&user, NOW).await.unwrap();
        bench.store.add_member(place, &user.id, role, NOW).await.unwrap();
    }
    bench.store.record_auto_pay_health(&organization, &Health::default(), &resting(1), NOW).await.unwrap();
    let due = bench.store.lease_due_deliveries(&owner("me"), NOW.plus_seconds(60), NOW, 10).await.unwrap();
    let mut told: Vec<_> = due
        .iter()
        .map(|one| format!("{} {}", one.channel.as_str(), one.recipient.split('-').next().unwrap()))
        .collect();
    told.sort();
    assert_eq!(told, ["email admin", "email owner", "webhook operator"]);
    assert!(due.iter().all(|one| one.notice.organization_id == organization));
    assert!(kinds(&bench, &other).await.is_empty());
}

async fn a_delivery_is_one_owners_until_its_lease_ends(bench: TestBank) {
    let organization = bench.organization().await;
    bench.store.record_auto_pay_health(&organization, &Health::default(), &resting(1), NOW).await.unwrap();
    let until = NOW.plus_seconds(60);
    let (one, two) = (owner("a"), owner("b"));
    let (a, b) = tokio::join!(
        bench.store.lease_due_deliveries(&one, until, NOW, 10),
        bench.store.lease_due_deliveries(&two, until, NOW, 10),
    );
    let (a, b) = (a.unwrap(), b.unwrap());
    assert_eq!(a.len() + b.len(), 1, "one of them has it");
    let first = if a.is_empty() { "b" } else { "a" };
    let delivery = a.into_iter().chain(b).next().unwrap();
    assert!(bench.store.lease_due_deliveries(&owner("c"), until, NOW.plus_seconds(59), 10).await.unwrap().is_empty());
    let later = NOW.plus_seconds(61);
    let taken_over = bench.store.lease_due_deliveries(&owner("c"), later.plus_seconds(60), later, 10).await.unwrap();
    assert_eq!(taken_over.len(), 1, "whoever had it has died");
    // The first one was only slow: its word does not count any more.
    bench.store.record_delivery(&delivery, &owner(first), &DeliveryResult::Delivered, later).await.unwrap();
    assert!(bench.store.deliveries(DeliveryState::Delivered, 10).await.unwrap().is_empty());
    bench.store.record_delivery(&taken_over[0], &owner("c"), &DeliveryResult::Kept, later).await.unwrap();
    let kept = bench.store.deliveries(DeliveryState::Kept, 10).await.unwrap();
    assert_eq!((kept.len(), kept[0].tries, kept[0].channel), (1, 0, Channel::Webhook));
}

async fn what_nobody_takes_is_dead_and_can_be_tried_again(bench: TestBank) {
    let organization = bench.organization().await;
    bench.store.record_auto_pay_health(&organization, &Health::default(), &resting(1), NOW).await.unwrap();
    let take = async |now| bench.store.lease_due_deliveries(&owner("me"), now, now, 10).await.unwrap();
    let failed = |again_at| DeliveryResult::Failed { error: "503".to_owned(), again_at };
    let soon = NOW.plus_seconds(5);
    bench.store.record_delivery(&take(NOW).await[0], &owner("me"), &failed(Some(soon)), NOW).await.unwrap();
    assert!(take(NOW.plus_seconds(4)).await.is_empty());
    let again = take(soon).await;
    assert_eq!((again[0].tries, again[0].last_error.as_deref()), (1, Some("503")));
    bench.store.record_delivery(&again[0], &owner("me"), &failed(None), soon).await.unwrap();
    assert!(take(soon.plus_seconds(1_000_000)).await.is_empty());
    let dead = bench.store.deliveries(DeliveryState::Dead, 10).await.unwrap();
    assert_eq!((dead.len(), dead[0].tries), (1, 2));
    assert_eq!(bench.store.revive_deliveries(soon).await.unwrap(), 1);
    assert_eq!(take(soon).await[0].tries, 0);
}

async fn a_low_balance_is_told_once_a_crossing_and_at_most_weekly(bench: TestBank) {
    const DAY: i64 = 24 * 3600;
    let organization = bench.organization().await;
    let facts = NoticeFacts::from([("available".to_owned(), "4".to_owned())]);
    for (day, is_low, expected) in [
        (0, false, LowBalance::Unchanged),
        (1, true, LowBalance::Notified),
        (1, true, LowBalance::Unchanged),
        (2, false, LowBalance::Recovered),
        (3, true, LowBalance::Quiet),
        (9, true, LowBalance::Unchanged),
        (9, false, LowBalance::Recovered),
        (9, true, LowBalance::Notified),
    ] {
        let look = bench.store.watch_low_balance(&organization, is_low, &facts, NOW.plus_seconds(day * DAY)).await;
        assert_eq!(look.unwrap(), expected, "day {day}");
    }
    assert_eq!(kinds(&bench, &organization).await, [NoticeKind::LowBalance; 2]);
}

async fn of_racing_looks_one_tells(bench: TestBank) {
    let organization = bench.organization().await;
    let looks = (0..20).map(|_| {
        let (store, organization) = (bench.store.clone(), organization.clone());
        tokio::spawn(
            async move { store.watch_low_balance(&organization, true, &NoticeFacts::new(), NOW).await.unwrap() },
        )
    });
    let mut told = 0;
    for look in looks.collect::<Vec<_>>() {
        told += i32::from(look.await.unwrap() == LowBalance::Notified);
    }
    assert_eq!(told, 1);
    assert_eq!(kinds(&bench, &organization).await.len(), 1);
}
