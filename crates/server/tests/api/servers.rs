//! Two programs on one database: together they are exactly as right as one.

use billing_domain::OrganizationId;
use futures_util::future::join_all;
use serde_json::json;

use crate::client::{Client, send};
use crate::fixture::{SERVICE_KEY, Server, World, new_id};
use crate::money::{agreed, charges, connect, eventually, pay};
use crate::stream::Stream;
use crate::wallets::{assert_whole, lines, usage};

on_both_databases!(
    a_threshold_crossed_at_two_programs_is_one_recharge,
    a_stream_cut_two_hundred_times_over_two_programs_is_the_ledger,
);

async fn report(platform: &Client, organization_id: &OrganizationId, cost: &str) {
    let events = json!({"events": [usage(&new_id(), organization_id, "ai_task", cost)]});
    let answer = platform.post("/api/v1/metering/events", &events).await.expect(200).json();
    assert_eq!(answer["results"][0]["status"], "posted", "{answer}");
}

async fn a_threshold_crossed_at_two_programs_is_one_recharge(world: World) {
    let acme = &world.acme.id;
    let owner = world.sign_in(&world.acme.owner).await;
    connect(&owner, "pm_card_visa").await;
    pay(&owner, "k-1", "100.00").await.expect(201);
    let form =
        json!({"enabled": true, "threshold": "60", "refill": {"kind": "fixed", "amount": "50"}, "monthly_cap": "500"});
    send(owner.request("PUT", "/api/v1/auto-pay").header("if-match", "*").json(&form)).await.expect(200);
    let second = Server::start(world.database_url(), &[]).await;
    let platforms = [world.platform(), Client::new(second.origin()).with_bearer(SERVICE_KEY)];
    // Most of the five hundred find the wallet below the threshold.
    join_all((0..500).map(|number| report(&platforms[number % 2], acme, "0.1"))).await;
    eventually("the wallet is refilled", || async {
        let wallet = owner.get("/api/v1/wallet").await.expect(200).json();
        (wallet["balance"] == "100.00").then_some(())
    })
    .await;
    assert_eq!(agreed(&world, &owner, acme).await.into_values().sum::<i64>(), 10_000 + 5_000);
    assert_eq!(charges(&world, acme).await.len(), 2, "one by hand and one automatic");
    assert_whole(&world, acme).await;
}

async fn a_stream_cut_two_hundred_times_over_two_programs_is_the_ledger(mut world: World) {
    const STREAMS: usize = 200;
    let acme = world.acme.id.clone();
    let owner = world.sign_in(&world.acme.owner).await;
    let second = Server::start(world.database_url(), &[]).await;
    let platform = Client::new(second.origin()).with_bearer(SERVICE_KEY);
    let writer = tokio::spawn({
        let acme = acme.clone();
        async move {
            for _ in 0..STREAMS * 2 {
                report(&platform, &acme, "0.01").await;
            }
        }
    });
    let (mut told, mut last) = (Vec::new(), "0".to_owned());
    for number in 0..STREAMS {
        if number == STREAMS / 2 {
            world.restart().await;
        }
        let origin = if number % 2 == 0 { world.server.origin() } else { second.origin() };
        let client = Client::new(origin).with_cookie(owner.cookie());
        let mut stream = Stream::open(&client, &format!("?after={last}"), None).await;
        // One or two lines, then the line is cut.
        for _ in 0..=number % 3 / 2 {
            let event = stream.next_of("transaction").await;
            told.push(event.data["seq"].as_i64().unwrap());
            last = event.id.unwrap();
        }
    }
    writer.await.unwrap();
    let known: Vec<_> = lines(&world, &acme).await.iter().map(|line| line.line.seq).collect();
    assert_eq!(told, known[..told.len()], "every line once, in order");
    assert!(told.len() > STREAMS);
}
