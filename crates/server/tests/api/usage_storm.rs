//! A hundred thousand usage lines from sixteen clients, many of them repeated, by two programs on one database of which
//! one after the other is killed: every id is in the ledger once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use billing_domain::{Money, OrganizationId, Timestamp};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::chance;
use crate::client::{Client, try_send};
use crate::fixture::{SERVICE_KEY, Server, World, now};
use crate::wallets::{fund, lines};

on_both_databases!(every_line_is_posted_once_whatever_is_killed);

const LINES: usize = 100_000;
const CLIENTS: usize = 16;
const REPORT: usize = 500;
const KILLS: usize = 5;
const EVENTS: &str = "/api/v1/metering/events";

/// What every client reports: its own share, in which every fifth line is one that some client reports too.
fn numbers(client: usize, seed: &mut u64) -> Vec<usize> {
    let own = (client..LINES).step_by(CLIENTS);
    own.flat_map(|number| {
        let again = (number % 4 == 0).then(|| chance::next(seed) % LINES);
        std::iter::once(number).chain(again)
    })
    .collect()
}

async fn every_line_is_posted_once_whatever_is_killed(mut world: World) {
    let seed = chance::seed(0x0B11);
    let acme = world.acme.id.clone();
    fund(&world, &acme, Money::from_major(5)).await;
    let mut second = Server::start(world.database_url(), &[]).await;
    let origins = [world.server.origin(), second.origin()].map(|origin| Arc::new(Mutex::new(Client::new(origin))));
    let at = now();
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let mut seed = seed ^ u64::try_from(client).unwrap();
        clients.spawn(report_all(Arc::clone(&origins[client % 2]), acme.clone(), numbers(client, &mut seed), at));
    }
    for kill in 1..=KILLS {
        // Spread over the whole storm, by what has arrived and not by time.
        let reached = i64::try_from(LINES * kill / (KILLS + 1)).unwrap();
        while world.store.wallet(&acme).await.unwrap().last_seq < reached {
            assert!(!clients.is_empty());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let killed = if kill % 2 == 0 { &mut world.server } else { &mut second };
        killed.kill().await;
        *killed = Server::start(world.database.url(), &[]).await;
        *origins[kill % 2].lock().unwrap() = Client::new(killed.origin());
    }
    let mut seqs = BTreeMap::new();
    for (id, seq) in clients.join_all().await.into_iter().flatten() {
        assert_eq!(*seqs.entry(id).or_insert(seq), seq, "{id} has two lines");
    }
    assert_eq!(seqs.len(), LINES);
    let ledger = lines(&world, &acme).await;
    assert_eq!(ledger.len(), LINES + 1);
    assert!(ledger.iter().zip(1..).all(|(line, seq)| line.line.seq == seq), "gapless");
    assert_eq!(world.store.verify(&acme).await.unwrap().broken, None);
    let balance = world.store.wallet(&acme).await.unwrap().balance;
    assert_eq!(balance, Money::from_micros(5_000_000 - 100 * i64::try_from(LINES).unwrap()));
}

/// Reports all of it, again until it is acknowledged, as the contract asks of the platform.
async fn report_all(
    origin: Arc<Mutex<Client>>,
    organization_id: OrganizationId,
    numbers: Vec<usize>,
    at: Timestamp,
) -> Vec<(usize, i64)> {
    let mut acknowledged = Vec::with_capacity(numbers.len());
    for chunk in numbers.chunks(REPORT) {
        let events: Vec<Value> = chunk.iter().map(|number| event(&organization_id, *number, at)).collect();
        let body = json!({"events": events});
        let results = loop {
            let client = origin.lock().unwrap().clone().with_bearer(SERVICE_KEY);
            match try_send(client.request("POST", EVENTS).json(&body)).await {
                Ok(answer) if answer.status == 200 => break answer.json()["results"].as_array().unwrap().clone(),
                Ok(answer) => assert_eq!(answer.status, 503, "{}", answer.text()),
                // Killed in the middle: nobody knows what was posted.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        for (number, result) in chunk.iter().zip(results) {
            assert!(["posted", "duplicate"].contains(&result["status"].as_str().unwrap()), "{result}");
            acknowledged.push((*number, result["seq"].as_i64().unwrap()));
        }
    }
    acknowledged
}

fn event(organization_id: &OrganizationId, number: usize, at: Timestamp) -> Value {
    json!({
        "id": format!("call-{number}"), "organization_id": organization_id, "kind": "ai_task", "quantity": "1",
        "unit": "task", "unit_price": "0.0001", "occurred_at": at, "description": "Work", "source": "Agent Ava",
    })
}
