//! Bad days of the database: a full disk, a file that may not grow, connections that are cut, a standby that only reads.
//! While it lasts, writes answer 503 and never 500; afterwards they go on without a restart, and nothing is lost.

mod disk;
mod line;
mod postgres;

use std::sync::LazyLock;

use billing_domain::Timestamp;
use serde_json::json;

use crate::client::Answer;
use crate::fixture::{World, new_id, now};
use crate::money::eventually;
use crate::wallets::{usage, usage_at};

/// When all of them happened: a line that comes again must say the same.
static OCCURRED_AT: LazyLock<Timestamp> = LazyLock::new(now);

/// Reports one line; under the same id again it is the same line.
async fn report(world: &World, id: &str) -> Answer {
    let event = usage_at(usage(id, &world.acme.id, "ai_task", "0.01"), *OCCURRED_AT, "Agent Ava");
    let events = json!({"events": [event]});
    world.platform().post("/api/v1/metering/events", &events).await
}

/// Reports lines until one is refused, which must say when to come again; the ids, the refused one last.
async fn report_until_refused(world: &World) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..10_000 {
        ids.push(new_id());
        let answer = report(world, ids.last().unwrap()).await;
        if answer.status != 200 {
            assert_out_of_reach(&answer);
            return ids;
        }
    }
    panic!("the disk does not get full");
}

fn assert_out_of_reach(answer: &Answer) {
    assert_eq!((answer.status, answer.problem().as_str()), (503, "unavailable"), "{}", answer.text());
    assert!(answer.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().unwrap() > 0));
}

/// Waits until the program says of itself that it can work again.
async fn ready_again(world: &World) {
    eventually("the program is ready", || async {
        (world.anonymous().get("/readyz").await.status == 200).then_some(())
    })
    .await;
}

/// The same report again is taken by now, and each is in the ledger once.
async fn assert_all_in_the_ledger(world: &World, ids: &[String]) {
    for id in ids {
        let answer = report(world, id).await.expect(200).json();
        assert!(["posted", "duplicate"].contains(&answer["results"][0]["status"].as_str().unwrap()), "{answer}");
    }
    let mut known: Vec<_> =
        crate::wallets::lines(world, &world.acme.id).await.into_iter().map(|line| line.line.reference).collect();
    let mut expected = ids.to_vec();
    known.sort();
    expected.sort();
    assert_eq!(known, expected);
    crate::wallets::assert_whole(world, &world.acme.id).await;
}
