//! Refunds over HTTP: the operator's program gives money back, the wallet shows it, and no outcome is guessed.

use serde_json::{Value, json};

use crate::client::{Answer, send};
use crate::fixture::{World, new_id};
use crate::money::{charges, connect, eventually, ledger, pay};
use crate::wallets::spend;

on_both_databases!(
    a_top_up_is_refunded_in_part_and_then_the_rest,
    more_than_is_left_is_refused_with_what_is_left,
    a_refund_is_made_once_for_a_key,
    only_the_operator_refunds_and_only_what_was_paid,
);

async fn refund(world: &World, key: &str, form: &Value) -> Answer {
    send(world.platform().request("POST", "/api/v1/refunds").header("idempotency-key", key).json(form)).await
}

/// A paid top-up of 100; its id.
async fn paid(world: &World) -> String {
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_visa").await;
    pay(&client, "k-paid", "100.00").await.expect(201).json()["id"].as_str().unwrap().to_owned()
}

fn form(world: &World, top_up: &str, amount: Option<&str>) -> Value {
    let mut form = json!({"organization_id": world.acme.id, "top_up_id": top_up, "reason": "Double booking"});
    if let Some(amount) = amount {
        form["amount"] = json!(amount);
    }
    form
}

async fn a_top_up_is_refunded_in_part_and_then_the_rest(world: World) {
    let top_up = paid(&world).await;
    let part = refund(&world, "r-1", &form(&world, &top_up, Some("40.00"))).await.expect(201).json();
    assert_eq!((&part["status"], &part["amount"]), (&json!("succeeded"), &json!("40.00")));
    let again = world.platform().get(&format!("/api/v1/refunds/{}", part["id"].as_str().unwrap())).await;
    assert_eq!(again.expect(200).json(), part);
    let rest = refund(&world, "r-2", &form(&world, &top_up, None)).await.expect(201).json();
    assert_eq!(rest["amount"], "60.00");
    let bank = charges(&world, &world.acme.id).await;
    assert_eq!(bank[0]["refunded_minor"], 10_000);
    let lines = ledger(&world, &world.acme.id).await;
    let amounts: Vec<_> =
        lines.iter().map(|line| (line["kind"].as_str().unwrap(), line["amount"].as_str().unwrap())).collect();
    assert_eq!(amounts, [("top_up", "100.00"), ("refund", "-40.00"), ("refund", "-60.00")]);
    assert_eq!(lines[1]["details"]["reason"], "Double booking");
    // The owner sees it where everything else is.
    let client = world.sign_in(&world.acme.owner).await;
    let shown = client.get("/api/v1/transactions?kind=refund").await.expect(200).json();
    assert_eq!(shown["items"].as_array().unwrap().len(), 2);
    let translation = json!({"code": "ledger_refund", "params": {"card": "Visa •• 4242"}});
    assert_eq!(shown["items"][0]["translation"], translation);
    assert_eq!(shown["items"][0]["source_translation"], json!({"code": "source_operator"}));
}

async fn more_than_is_left_is_refused_with_what_is_left(world: World) {
    let top_up = paid(&world).await;
    spend(&world, &world.acme.id, "30").await;
    let code = |answer: Answer| answer.json()["errors"][0]["code"].as_str().unwrap().to_owned();
    let unspent = refund(&world, "r-1", &form(&world, &top_up, None)).await.expect(422);
    assert!(unspent.text().contains("70"), "{}", unspent.text());
    assert_eq!(code(unspent), "more_than_unspent");
    assert_eq!(code(refund(&world, "r-2", &form(&world, &top_up, Some("100.01"))).await.expect(422)), "more_than_paid");
    for (amount, expected) in
        [("0", "below_minimum"), ("-1", "below_minimum"), ("1.001", "too_precise"), ("1e2", "not_a_decimal")]
    {
        assert_eq!(
            code(refund(&world, "r-3", &form(&world, &top_up, Some(amount))).await.expect(422)),
            expected,
            "{amount}"
        );
    }
    assert_eq!(ledger(&world, &world.acme.id).await.len(), 2, "nothing was posted for a refusal");
    refund(&world, "r-4", &form(&world, &top_up, Some("70"))).await.expect(201);
}

async fn a_refund_is_made_once_for_a_key(world: World) {
    let top_up = paid(&world).await;
    let wanted = form(&world, &top_up, Some("10"));
    let racing = futures_util::future::join_all((0..10).map(|_| refund(&world, "r-1", &wanted))).await;
    let first = racing.iter().filter(|answer| answer.header("idempotency-replayed").is_none()).count();
    assert!(first == 1 && racing.iter().all(|answer| answer.status == 201), "{racing:?}");
    let other = refund(&world, "r-1", &form(&world, &top_up, Some("11"))).await.expect(422);
    assert_eq!(other.problem(), "idempotency_key_reused");
    let missing = world.platform().post("/api/v1/refunds", &wanted).await.expect(400);
    assert_eq!(missing.problem(), "idempotency_key_missing");
    eventually("the bank gave it back once", || async {
        (charges(&world, &world.acme.id).await[0]["refunded_minor"] == 1_000).then_some(())
    })
    .await;
}

async fn only_the_operator_refunds_and_only_what_was_paid(world: World) {
    let top_up = paid(&world).await;
    let wanted = form(&world, &top_up, None);
    let owner = world.sign_in(&world.acme.owner).await;
    send(owner.request("POST", "/api/v1/refunds").header("idempotency-key", "r").json(&wanted)).await.expect(401);
    let mut theirs = wanted.clone();
    theirs["organization_id"] = json!(world.other.id);
    refund(&world, "r-1", &theirs).await.expect(404);
    let mut unknown = wanted;
    unknown["top_up_id"] = json!(new_id());
    refund(&world, "r-2", &unknown).await.expect(404);
    crate::money::script(&world, "decline:lost_card").await;
    let declined = pay(&owner, "k-declined", "20.00").await.expect(402).json();
    let never_paid = form(&world, declined["top_up_id"].as_str().unwrap(), None);
    assert_eq!(refund(&world, "r-3", &never_paid).await.expect(409).problem(), "conflict");
}
