//! Authentication recovery: the intent of an automatic charge stays open, and is confirmed in the browser or closed.

use fake_stripe::Fault;
use serde_json::{Value, json};

use super::shop::{Shop, with_stripe};
use crate::client::{Client, send};
use crate::money::{eventually, ledger, reaches};

with_stripe!(
    the_browser_confirms_the_same_intent_and_its_event_credits_once,
    what_was_paid_just_before_it_was_given_up_is_credited,
    a_lost_answer_ends_in_the_question_all_the_same,
    after_23_hours_the_intent_is_closed_and_its_secret_pays_nothing,
);

/// An automatic charge that waits: the owner and the top-up as they see it.
async fn waiting(shop: &Shop) -> (Client, Value) {
    let client = shop.owner().await;
    shop.connect(&client, "pm_card_authenticationRequired").await;
    switched_on(client).await
}

async fn switched_on(client: Client) -> (Client, Value) {
    let form =
        json!({"enabled": true, "threshold": "20", "refill": {"kind": "fixed", "amount": "50"}, "monthly_cap": "500"});
    send(client.request("PUT", "/api/v1/auto-pay").header("if-match", "*").json(&form)).await.expect(200);
    let top_up = eventually("it waits", || async {
        let open = client.get("/api/v1/billing").await.expect(200).json()["open_top_ups"].clone();
        (open[0]["status"] == "action_required").then(|| open[0].clone())
    })
    .await;
    (client, top_up)
}

/// What the page's script does with what the server told it, and what the cardholder then decides.
fn confirm(shop: &Shop, top_up: &Value) {
    let action = &top_up["next_action"];
    assert_eq!(action["type"], "browser_script");
    let (secret, card) = (action["client_secret"].as_str().unwrap(), action["payment_method"].as_str().unwrap());
    let under_way = shop.fake.confirm_again(secret, card).unwrap();
    assert_eq!(under_way["status"], "requires_action");
    shop.fake.authenticate(secret, true).unwrap();
}

async fn health(client: &Client) -> String {
    let auto_pay = client.get("/api/v1/auto-pay").await.expect(200).json();
    auto_pay["health"]["state"].as_str().unwrap().to_owned()
}

fn id_of(top_up: &Value) -> &str {
    top_up["id"].as_str().unwrap()
}

async fn the_browser_confirms_the_same_intent_and_its_event_credits_once(shop: Shop) {
    let (client, top_up) = waiting(&shop).await;
    assert_eq!(health(&client).await, "paused");
    confirm(&shop, &top_up);
    for (_, body) in shop.events_of(id_of(&top_up)).iter().cycle().take(20) {
        shop.deliver(shop.world.server.origin(), body).await.expect(204);
    }
    assert_eq!(reaches(&client, id_of(&top_up), "succeeded").await["automatic"], true);
    assert_eq!(shop.agreed(&client).await, [(id_of(&top_up).to_owned(), 5_000)].into());
    assert_eq!(shop.fake.bank().all("payment_intent").len(), 1, "the same intent");
    assert_eq!(health(&client).await, "armed");
}

async fn what_was_paid_just_before_it_was_given_up_is_credited(shop: Shop) {
    let (client, top_up) = waiting(&shop).await;
    confirm(&shop, &top_up);
    let answer = send(client.request("POST", &format!("/api/v1/top-ups/{}/cancel", id_of(&top_up)))).await.expect(200);
    assert_eq!(answer.json()["status"], "succeeded", "the truth, whatever was asked for");
    assert_eq!(shop.agreed(&client).await.into_values().collect::<Vec<_>>(), [5_000]);
    assert_eq!(health(&client).await, "armed");
}

async fn a_lost_answer_ends_in_the_question_all_the_same(shop: Shop) {
    let client = shop.owner().await;
    shop.connect(&client, "pm_card_authenticationRequired").await;
    shop.fake.next(Fault::ActThenDrop);
    let (client, top_up) = switched_on(client).await;
    confirm(&shop, &top_up);
    send(client.request("POST", &format!("/api/v1/top-ups/{}/check", id_of(&top_up)))).await.expect(200);
    assert_eq!(shop.agreed(&client).await.into_values().collect::<Vec<_>>(), [5_000]);
    assert_eq!(shop.fake.bank().all("payment_intent").len(), 1);
}

async fn after_23_hours_the_intent_is_closed_and_its_secret_pays_nothing(shop: Shop) {
    let (_, top_up) = waiting(&shop).await;
    shop.advance(23 * 3_600 + 60).await;
    let client = shop.owner().await;
    reaches(&client, id_of(&top_up), "expired").await;
    assert_eq!(shop.fake.bank().all("payment_intent")[0]["status"], "canceled");
    let secret = top_up["next_action"]["client_secret"].as_str().unwrap();
    shop.fake.confirm_in_browser(secret, "pm_card_visa").unwrap_err();
    assert!(ledger(&shop.world, &shop.world.acme.id).await.is_empty());
    assert_eq!(health(&client).await, "paused");
}
