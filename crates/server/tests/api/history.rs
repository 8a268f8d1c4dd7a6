//! What moved the wallet, as the page replays it: exact to the micro-unit, and quick over a long ledger.

use std::time::{Duration, Instant};

use billing_contract::history::WalletHistory;
use billing_domain::Money;
use billing_domain::auto_pay::history::STEP_SECONDS;
use serde_json::json;

use crate::client::Client;
use crate::fixture::World;
use crate::money::{connect, eventually, pay};
use crate::wallets::{amount, fund, lines, money, report, spend, usage};

const PATH: &str = "/api/v1/wallet/history";

on_both_databases!(
    the_steps_and_the_opening_balance_are_the_ledger,
    a_young_wallet_has_a_short_history,
    only_a_number_of_days_is_taken,
    a_long_ledger_is_read_by_its_steps,
);

async fn history(client: &Client, query: &str) -> WalletHistory {
    serde_json::from_value(client.get(&format!("{PATH}{query}")).await.expect(200).json()).unwrap()
}

/// The balance where the last step ends.
fn closing(history: &WalletHistory) -> Money {
    let moved = history.steps.iter().flat_map(|step| [step.by_hand, step.automatic, step.usage.checked_neg().unwrap()]);
    Money::checked_sum(moved.chain([history.opening])).unwrap()
}

async fn the_steps_and_the_opening_balance_are_the_ledger(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    connect(&owner, "pm_card_visa").await;
    pay(&owner, "k-1", "100.00").await.expect(201);
    spend(&world, &world.acme.id, "1.234567").await;
    world.advance(2 * 3600).await;
    spend(&world, &world.acme.id, "75").await;
    let settings =
        json!({"enabled": true, "threshold": "30", "refill": {"kind": "fixed", "amount": "50"}, "monthly_cap": "500"});
    let present = owner.get("/api/v1/auto-pay").await.expect(200);
    let request = owner.request("PUT", "/api/v1/auto-pay").header("if-match", present.header("etag").unwrap());
    crate::client::send(request.json(&settings)).await.expect(200);
    // The charge is made by a worker.
    eventually("the refill", || async { (lines(&world, &world.acme.id).await.len() == 4).then_some(()) }).await;
    world.advance(2 * STEP_SECONDS).await;
    let read = history(&owner, "").await;
    assert_eq!((read.step_seconds, read.from.seconds() % STEP_SECONDS, read.opening), (STEP_SECONDS, 0, Money::ZERO));
    let wallet = owner.get("/api/v1/wallet").await.expect(200).json();
    assert_eq!(closing(&read), money(&wallet["balance"]));
    let sum = |of: fn(&billing_contract::history::HistoryStep) -> Money| {
        Money::checked_sum(read.steps.iter().map(of)).unwrap()
    };
    assert_eq!(sum(|step| step.usage), amount("76.234567"));
    assert_eq!((sum(|step| step.by_hand), sum(|step| step.automatic)), (amount("100"), amount("50")));
    assert!(read.months.first() <= Some(&read.from) && read.months.last() > Some(&read.to));
    // A day later the wallet's whole past lies before the span.
    world.advance(2 * 86_400).await;
    let owner = world.sign_in(&world.acme.owner).await;
    let later = history(&owner, "?days=1").await;
    assert_eq!((later.opening, later.steps.len()), (closing(&read), 0));
    assert_eq!(later.to.seconds_since(later.from), 86_400);
    let replayable = read.without_automatic().unwrap();
    assert_eq!(i64::try_from(replayable.steps.len()).unwrap() * STEP_SECONDS, read.to.seconds_since(read.from));
}

async fn a_young_wallet_has_a_short_history(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let empty = history(&owner, "").await;
    assert_eq!((empty.from, empty.steps.len(), empty.opening), (empty.to, 0, Money::ZERO));
    fund(&world, &world.acme.id, Money::from_major(10)).await;
    // The step of now is not over.
    assert_eq!(history(&owner, "").await.steps, []);
    world.advance(STEP_SECONDS).await;
    let young = history(&owner, "?days=30").await;
    assert!((1..=2).contains(&(young.to.seconds_since(young.from) / STEP_SECONDS)));
    assert_eq!(closing(&young), Money::from_major(10));
    let stranger = world.sign_in(&world.other.owner).await;
    assert_eq!(history(&stranger, "").await.steps, []);
}

async fn only_a_number_of_days_is_taken(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    for query in ["?days=0", "?days=93", "?days=-1", "?days=x", "?days=", "?days=1.5"] {
        let answer = owner.get(&format!("{PATH}{query}")).await.expect(422).json();
        assert_eq!(answer["errors"][0]["pointer"], "/days", "{query}");
    }
    owner.get(&format!("{PATH}?months=1")).await.expect(422);
    assert_eq!(history(&owner, "?days=92").await.steps, []);
}

async fn a_long_ledger_is_read_by_its_steps(world: World) {
    const LINES: usize = 20_000;
    let owner = world.sign_in(&world.acme.owner).await;
    for batch in 0..LINES / 1000 {
        let events: Vec<_> =
            (0..1000).map(|line| usage(&format!("{batch}-{line}"), &world.acme.id, "ai_task", "0.001")).collect();
        let results = report(&world, &events).await;
        assert!(results.iter().all(|result| result["status"] == "posted"));
    }
    world.advance(STEP_SECONDS).await;
    let begun = Instant::now();
    let read = history(&owner, "").await;
    let took = begun.elapsed();
    assert_eq!(closing(&read), amount("-20"));
    assert!(read.steps.len() <= 3, "{} rows for {LINES} lines", read.steps.len());
    // Reading the lines themselves takes many times as long; a busy machine is forgiven.
    assert!(took < Duration::from_millis(500), "{took:?}");
}
