//! Both sides of the books: what the wallet says, what the bank did, and whether they agree.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::{Duration, Instant};

use billing_domain::OrganizationId;
use serde_json::{Value, json};

use crate::client::{Answer, Client, send};
use crate::fixture::World;

/// Within a minute: what is still open by then has failed.
const PATIENCE: Duration = Duration::from_mins(1);

/// Connects a card by its token and answers its challenge; the card's id.
pub(crate) async fn connect(client: &Client, token: &str) -> String {
    let setup = set_up(client, token).await;
    let setup = if setup["status"] == "action_required" {
        let path = format!("/api/v1/cards/setups/{}/challenge", setup["id"].as_str().unwrap());
        client.post(&path, &json!({"approve": true})).await.expect(200).json()
    } else {
        setup
    };
    assert_eq!(setup["status"], "succeeded", "{setup}");
    setup["card"]["id"].as_str().unwrap().to_owned()
}

/// Starts connecting a card and says where it stands.
pub(crate) async fn set_up(client: &Client, token: &str) -> Value {
    let form = json!({"token": token, "exp_month": 12, "exp_year": 2034, "consent": "cards-2026-11"});
    client.post("/api/v1/cards/setups", &form).await.expect(201).json()
}

/// `POST /top-ups`, whatever comes of it.
pub(crate) async fn top_up(client: &Client, key: &str, body: &Value) -> Answer {
    send(client.request("POST", "/api/v1/top-ups").header("idempotency-key", key).json(body)).await
}

/// One more charge of this amount with the default card.
pub(crate) async fn pay(client: &Client, key: &str, amount: &str) -> Answer {
    top_up(client, key, &json!({"amount": amount})).await
}

/// Says how the bank behaves next.
pub(crate) async fn script(world: &World, next: &str) {
    world.anonymous().post("/api/v1/test/sandbox", &json!({"next": next})).await.expect(204);
}

/// The organization's ledger, oldest line first.
pub(crate) async fn ledger(world: &World, organization_id: &OrganizationId) -> Vec<Value> {
    let answer = world.anonymous().get(&format!("/api/v1/test/ledger/{organization_id}")).await.expect(200);
    answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What the bank knows of the organization's charges, oldest first.
pub(crate) async fn charges(world: &World, organization_id: &OrganizationId) -> Vec<Value> {
    let all = world.anonymous().get("/api/v1/test/sandbox/charges").await.expect(200).json();
    let ours = all.as_array().unwrap().iter().filter(|charge| charge["organization_id"] == organization_id.as_str());
    ours.cloned().collect()
}

/// Charges that took money, by top-up, in minor units.
pub(crate) async fn taken(world: &World, organization_id: &OrganizationId) -> BTreeMap<String, i64> {
    let charges = charges(world, organization_id).await;
    let done = charges.iter().filter(|charge| charge["status"] == "done");
    done.map(|charge| {
        let reference = charge["reference"].as_str().unwrap();
        let top_up = reference.split(':').nth(1).unwrap().to_owned();
        (top_up, charge["request"]["amount_minor"].as_i64().unwrap())
    })
    .collect()
}

/// Credits in the ledger, by top-up, in minor units; a top-up that was credited twice fails here.
pub(crate) async fn credited(world: &World, organization_id: &OrganizationId) -> BTreeMap<String, i64> {
    let mut credits = BTreeMap::new();
    for line in ledger(world, organization_id).await {
        if ["top_up", "auto_top_up"].contains(&line["kind"].as_str().unwrap()) {
            let minor = line["amount"].as_str().unwrap().replace('.', "").parse::<i64>().unwrap();
            let before = credits.insert(line["reference"].as_str().unwrap().to_owned(), minor);
            assert!(before.is_none(), "credited twice: {line}");
        }
    }
    credits
}

/// Waits until bank and ledger name the same top-ups with the same amounts and nothing is open any more; answers them.
pub(crate) async fn agreed(world: &World, client: &Client, organization_id: &OrganizationId) -> BTreeMap<String, i64> {
    eventually("bank and ledger agree", || async {
        let open = client.get("/api/v1/billing").await.expect(200).json();
        let open = open["open_top_ups"].as_array().unwrap().len();
        let (taken, credited) = (taken(world, organization_id).await, credited(world, organization_id).await);
        (open == 0 && taken == credited).then_some(taken)
    })
    .await
}

/// Asks again and again until there is an answer, a minute at most.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "not within a minute: {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The top-up once it has this status.
pub(crate) async fn reaches(client: &Client, id: &str, status: &str) -> Value {
    let path = format!("/api/v1/top-ups/{id}");
    eventually(status, || async {
        let top_up = client.get(&path).await.expect(200).json();
        (top_up["status"] == status).then_some(top_up)
    })
    .await
}
