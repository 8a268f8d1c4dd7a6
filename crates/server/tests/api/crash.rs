//! `kill -9` at any moment of a top-up, and two programs on one database: the bank and the ledger agree, within a minute.

use std::time::Duration;

use crate::client::{Client, send};
use crate::fixture::{Server, World};
use crate::money::{agreed, charges, connect, eventually, pay, script, taken};

on_both_databases!(
    a_kill_after_the_charge_and_before_the_answer_credits_once,
    a_kill_while_the_outcome_is_unknown_credits_once,
    kills_at_any_moment_leave_bank_and_ledger_agreed,
    two_programs_share_a_key_and_charge_once,
    two_programs_refill_a_wallet_once,
    the_other_program_takes_over_what_a_killed_one_left,
);

/// The program again, on the same database; the session lives on.
async fn restart(world: &mut World, client: &Client) -> Client {
    world.server = Server::start(world.database_url(), &[]).await;
    world.anonymous().with_cookie(client.cookie())
}

async fn a_kill_after_the_charge_and_before_the_answer_credits_once(mut world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_visa").await;
    script(&world, "slow").await;
    let request = tokio::spawn({
        let client = client.clone();
        async move { drop(crate::client::try_send(pay_request(&client, "k-1", "25.00")).await) }
    });
    eventually("the bank has charged", || async { (taken(&world, &world.acme.id).await.len() == 1).then_some(()) })
        .await;
    world.server.kill().await;
    request.await.unwrap();
    let client = restart(&mut world, &client).await;
    assert_eq!(agreed(&world, &client, &world.acme.id).await.into_values().collect::<Vec<_>>(), [2_500]);
    let again = pay(&client, "k-1", "25.00").await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.json()["status"], "succeeded");
    assert_eq!(charges(&world, &world.acme.id).await.len(), 1);
}

async fn a_kill_while_the_outcome_is_unknown_credits_once(mut world: World) {
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_visa").await;
    script(&world, "no_answer").await;
    assert_eq!(pay(&client, "k-1", "25.00").await.expect(201).json()["status"], "unknown");
    world.server.kill().await;
    let client = restart(&mut world, &client).await;
    assert_eq!(agreed(&world, &client, &world.acme.id).await.into_values().collect::<Vec<_>>(), [2_500]);
}

async fn kills_at_any_moment_leave_bank_and_ledger_agreed(mut world: World) {
    let mut client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_visa").await;
    // Spread over the few milliseconds that a top-up takes, from before the intent is written to after the answer.
    let moments = [0, 3, 6, 10, 15, 40];
    for (round, milliseconds) in moments.into_iter().enumerate() {
        let requests: Vec<_> = (0..4)
            .map(|number| {
                let request = pay_request(&client, &format!("k-{round}-{number}"), "25.00");
                tokio::spawn(async move { drop(crate::client::try_send(request).await) })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        world.server.kill().await;
        for request in requests {
            request.await.unwrap();
        }
        client = restart(&mut world, &client).await;
    }
    let settled = agreed(&world, &client, &world.acme.id).await;
    // Every client asks again with its own key, as the page does after a reload: nothing is charged twice.
    for round in 0..moments.len() {
        for number in 0..4 {
            pay(&client, &format!("k-{round}-{number}"), "25.00").await.expect(201);
        }
    }
    let all = agreed(&world, &client, &world.acme.id).await;
    assert_eq!(all.len(), moments.len() * 4, "one charge a key; {} before asking again", settled.len());
    let balance = client.get("/api/v1/wallet").await.expect(200).json()["balance"].clone();
    assert_eq!(balance, format!("{}.00", 25 * moments.len() * 4));
}

/// A second program on the same database, and somebody signed in at both.
async fn second(world: &World) -> (Server, Client, Client) {
    let here = world.sign_in(&world.acme.owner).await;
    let server = Server::start(world.database_url(), &[]).await;
    let there = Client::new(server.origin()).with_cookie(here.cookie());
    (server, here, there)
}

async fn two_programs_share_a_key_and_charge_once(world: World) {
    let (_server, here, there) = second(&world).await;
    connect(&here, "pm_card_visa").await;
    let requests = (0..40).map(|number| pay(if number % 2 == 0 { &here } else { &there }, "k-1", "25.00"));
    let answers = futures_util::future::join_all(requests).await;
    let ids: std::collections::BTreeSet<_> = answers
        .into_iter()
        .filter(|answer| answer.status != 409)
        .map(|answer| answer.expect(201).json()["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(agreed(&world, &here, &world.acme.id).await.into_keys().collect::<Vec<_>>(), Vec::from_iter(ids));
    assert_eq!(charges(&world, &world.acme.id).await.len(), 1);
}

async fn two_programs_refill_a_wallet_once(world: World) {
    let (_server, here, there) = second(&world).await;
    connect(&here, "pm_card_visa").await;
    let form = serde_json::json!({"enabled": true, "threshold": "20", "refill": {"kind": "fixed", "amount": "50"},
        "monthly_cap": "500"});
    let version = here.get("/api/v1/auto-pay").await.expect(200).header("etag").unwrap().to_owned();
    send(here.request("PUT", "/api/v1/auto-pay").header("if-match", version).json(&form)).await.expect(200);
    let resumes = (0..20).map(|number| {
        let client = if number % 2 == 0 { &here } else { &there };
        send(client.request("POST", "/api/v1/auto-pay/resume"))
    });
    for answer in futures_util::future::join_all(resumes).await {
        assert!([200, 412].contains(&answer.status), "{}", answer.text());
    }
    assert_eq!(agreed(&world, &here, &world.acme.id).await.into_values().collect::<Vec<_>>(), [5_000]);
    assert_eq!(charges(&world, &world.acme.id).await.len(), 1);
}

async fn the_other_program_takes_over_what_a_killed_one_left(mut world: World) {
    let (server, here, there) = second(&world).await;
    connect(&here, "pm_card_slowAnswer").await;
    let request = pay_request(&here, "k-1", "25.00");
    let request = tokio::spawn(async move { drop(crate::client::try_send(request).await) });
    eventually("the bank has charged", || async { (taken(&world, &world.acme.id).await.len() == 1).then_some(()) })
        .await;
    world.server.kill().await;
    request.await.unwrap();
    world.server = server;
    assert_eq!(agreed(&world, &there, &world.acme.id).await.into_values().collect::<Vec<_>>(), [2_500]);
}

fn pay_request(client: &Client, key: &str, amount: &str) -> reqwest::RequestBuilder {
    let request = client.request("POST", "/api/v1/top-ups").header("idempotency-key", key);
    request.json(&serde_json::json!({"amount": amount}))
}
