//! Holds: the same money is never promised twice.

use billing_domain::status::Refusal;
use billing_domain::{Money, OrganizationId, UsageKind};
use billing_store::{Authorization, HoldRequest, HoldState, NewHold, Release, StoreError};

use crate::bench::{NOW, TestBank, at_once, id, money, on_both};

on_both![
    a_thousand_parallel_holds_cannot_overdraw,
    expired_holds_are_given_back_before_money_is_refused,
    a_commit_of_many_wallets_decides_each_in_order,
    a_hold_is_given_back_once,
    the_sweep_frees_every_organization_once,
    grace_reaches_down_to_its_floor_and_no_further,
    a_hold_that_takes_the_last_money_begins_exhaustion,
];

fn hold(amount: &str, seconds: i64) -> NewHold {
    NewHold { id: id(), kind: UsageKind::OutboundCall, amount: money(amount), expires_at: NOW.plus_seconds(seconds) }
}

fn granted(authorization: &Authorization) -> bool {
    matches!(authorization, Authorization::Granted { .. })
}

async fn a_thousand_parallel_holds_cannot_overdraw(bench: TestBank) {
    let organization = bench.organization().await;
    bench.fund(&organization, "100").await;
    let answers = at_once(1000, |_| {
        let (store, organization) = (bench.store.clone(), organization.clone());
        let hold = hold("0.37", 60);
        async move {
            loop {
                match store.authorize(&organization, &hold, Money::ZERO, NOW).await {
                    // A thousand wait for a few connections; on a busy machine the last give up before they began.
                    Err(StoreError::Unavailable(_)) => {}
                    answer => return answer.unwrap(),
                }
            }
        }
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| granted(answer)).count(), 270);
    let wallet = bench.store.wallet(&organization).await.unwrap();
    assert_eq!((wallet.held, wallet.available()), (money("99.9"), money("0.1")));
    assert_eq!(bench.count("holds").await, 270);
    bench.assert_whole(&organization).await;
}

async fn expired_holds_are_given_back_before_money_is_refused(bench: TestBank) {
    let organization = bench.organization().await;
    bench.fund(&organization, "10").await;
    let first = hold("10", 60);
    assert!(granted(&bench.store.authorize(&organization, &first, Money::ZERO, NOW).await.unwrap()));
    let (later, second) = (NOW.plus_seconds(59), hold("10", 600));
    assert!(!granted(&bench.store.authorize(&organization, &second, Money::ZERO, later).await.unwrap()));
    let later = NOW.plus_seconds(60);
    let answer = bench.store.authorize(&organization, &second, Money::ZERO, later).await.unwrap();
    let Authorization::Granted { hold, wallet, .. } = answer else { panic!("{answer:?}") };
    assert_eq!((wallet.held, hold.created_at, hold.state), (money("10"), later, HoldState::Open));
    assert_eq!(bench.store.hold(&first.id).await.unwrap().state, HoldState::Expired);
    assert_eq!(bench.store.hold(&second.id).await.unwrap(), hold);
    bench.assert_whole(&organization).await;
}

async fn a_commit_of_many_wallets_decides_each_in_order(bench: TestBank) {
    let mut organizations = Vec::new();
    for _ in 0..7 {
        let organization = bench.organization().await;
        bench.fund(&organization, "2").await;
        organizations.push(organization);
    }
    // What has expired is somebody's next hold.
    bench.store.authorize(&organizations[3], &hold("2", 10), Money::ZERO, NOW).await.unwrap();
    let request = |organization_id: &OrganizationId| HoldRequest {
        organization_id: organization_id.clone(),
        hold: hold("1", 60),
    };
    // Three of each, in turn, and one of an organization that is not there.
    let mut wanted: Vec<_> = (0..21).map(|number| request(&organizations[number % 7])).collect();
    wanted.insert(5, request(&id()));
    let refused = organizations[6].clone();
    let later = NOW.plus_seconds(10);
    let admission = |payer: &billing_store::Payer, wallet: &billing_store::Wallet, _: UsageKind| {
        assert_eq!(payer.policy, billing_store::OrganizationPolicy::default());
        if wallet.organization_id == refused { Err(Refusal::Paused) } else { Ok(Money::ZERO) }
    };
    let mut answers = bench.store.authorize_many(&wanted, &admission, later).await.unwrap();
    assert!(matches!(answers.remove(5), Err(StoreError::NotFound)));
    for (number, answer) in answers.into_iter().enumerate() {
        match answer.unwrap() {
            Authorization::Granted { wallet, .. } => {
                assert!(number < 14 && number % 7 != 6, "{number}");
                assert_eq!(wallet.held, money(if number < 7 { "1" } else { "2" }));
            }
            Authorization::Refused { reason, .. } if number % 7 == 6 => assert_eq!(reason, Refusal::Paused),
            Authorization::Refused { reason, .. } => {
                assert_eq!((reason, number >= 14), (Refusal::Insufficient, true), "{number}");
            }
        }
    }
    for organization in &organizations {
        bench.assert_whole(organization).await;
    }
    assert_eq!(bench.count("holds").await, 13);
}

async fn a_hold_is_given_back_once(bench: TestBank) {
    let organization = bench.organization().await;
    bench.fund(&organization, "10").await;
    let new = hold("4", 60);
    bench.store.authorize(&organization, &new, Money::ZERO, NOW).await.unwrap();
    let again = bench.store.authorize(&organization, &new, Money::ZERO, NOW).await;
    assert!(matches!(again, Err(StoreError::Conflict("hold"))), "{again:?}");
    assert_eq!(bench.store.wallet(&organization).await.unwrap().held, money("4"), "the refused one held nothing");
    let releases = at_once(10, |_| {
        let (store, id) = (bench.store.clone(), new.id.clone());
        async move { store.release_hold(&id, NOW).await.unwrap() }
    })
    .await;
    let freed = releases.iter().filter(|release| matches!(release, Release::Released(_))).count();
    let closed = releases.iter().filter(|release| **release == Release::Closed(HoldState::Released)).count();
    assert_eq!((freed, closed), (1, 9));
    assert_eq!(bench.store.wallet(&organization).await.unwrap().held, Money::ZERO);
    assert!(matches!(bench.store.release_hold(&id(), NOW).await, Err(StoreError::NotFound)));
    bench.assert_whole(&organization).await;
}

async fn the_sweep_frees_every_organization_once(bench: TestBank) {
    let organizations = [bench.organization().await, bench.organization().await];
    for organization in &organizations {
        bench.fund(organization, "10").await;
        for seconds in [10, 20, 60] {
            bench.store.authorize(organization, &hold("1", seconds), Money::ZERO, NOW).await.unwrap();
        }
    }
    let later = NOW.plus_seconds(20);
    let mut swept = bench.store.expire_holds(later, 100).await.unwrap();
    swept.sort_by(|a, b| a.organization_id.cmp(&b.organization_id));
    assert_eq!(swept.iter().map(|wallet| wallet.organization_id.clone()).collect::<Vec<_>>(), organizations);
    assert!(swept.iter().all(|wallet| wallet.held == money("1")));
    assert_eq!(bench.store.expire_holds(later, 100).await.unwrap(), []);
    bench.assert_whole(&organizations[0]).await;
}

async fn grace_reaches_down_to_its_floor_and_no_further(bench: TestBank) {
    let organization = bench.organization().await;
    bench.fund(&organization, "1").await;
    let floor = money("-5");
    assert!(granted(&bench.store.authorize(&organization, &hold("6", 60), floor, NOW).await.unwrap()));
    let refused = bench.store.authorize(&organization, &hold("0.000001", 60), floor, NOW).await.unwrap();
    let Authorization::Refused { wallet, .. } = refused else { panic!("{refused:?}") };
    assert_eq!(wallet.available(), floor);
    let enormous = NewHold { amount: Money::from_micros(i64::MAX), ..hold("0", 60) };
    let answer = bench.store.authorize(&organization, &enormous, floor, NOW).await;
    assert!(!answer.is_ok_and(|answer| granted(&answer)));
    bench.assert_whole(&organization).await;
}

async fn a_hold_that_takes_the_last_money_begins_exhaustion(bench: TestBank) {
    let organization = bench.organization().await;
    bench.fund(&organization, "5").await;
    let all = hold("5", 60);
    let answer = bench.store.authorize(&organization, &all, Money::ZERO, NOW).await.unwrap();
    let Authorization::Granted { wallet, .. } = answer else { panic!("{answer:?}") };
    assert_eq!(wallet.exhausted_since, Some(NOW));
    let release = bench.store.release_hold(&all.id, NOW).await.unwrap();
    let Release::Released(wallet) = release else { panic!("{release:?}") };
    assert_eq!(wallet.exhausted_since, None);
}
