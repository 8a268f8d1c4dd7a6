//! The bank's books, facts and leases: the first writer wins, the others know it.

use billing_store::{SandboxKey, SandboxRecord};

use crate::bench::{NOW, TestBank, at_once, on_both, owner};

on_both![
    of_ten_writers_of_one_version_one_wins,
    records_stay_in_the_order_of_their_first_writing,
    facts_are_overwritten,
    a_lease_has_one_owner_at_a_time,
];

fn record<'a>(drawer: &'a str, key: &'a str) -> SandboxKey<'a> {
    SandboxKey { drawer, key }
}

async fn of_ten_writers_of_one_version_one_wins(bench: TestBank) {
    for expected in 0..3 {
        let won = at_once(10, |writer| {
            let store = bench.store.clone();
            async move {
                store.sandbox_write(record("charges", "topup:1"), expected, &format!("{{{writer}}}")).await.unwrap()
            }
        })
        .await;
        assert_eq!(won.iter().filter(|won| **won).count(), 1);
        let record = bench.store.sandbox_read(record("charges", "topup:1")).await.unwrap().unwrap();
        let winner = won.iter().position(|won| *won).unwrap();
        assert_eq!(record, SandboxRecord { version: expected + 1, body: format!("{{{winner}}}") });
    }
    assert!(!bench.store.sandbox_write(record("charges", "none"), 1, "{}").await.unwrap());
    assert_eq!(bench.store.sandbox_read(record("cards", "topup:1")).await.unwrap(), None);
}

async fn records_stay_in_the_order_of_their_first_writing(bench: TestBank) {
    for key in ["c", "a", "b"] {
        assert!(bench.store.sandbox_write(record("charges", key), 0, key).await.unwrap());
    }
    assert!(bench.store.sandbox_write(record("cards", "x"), 0, "x").await.unwrap());
    assert!(bench.store.sandbox_write(record("charges", "c"), 1, "c2").await.unwrap());
    let bodies: Vec<_> =
        bench.store.sandbox_all("charges").await.unwrap().into_iter().map(|record| record.body).collect();
    assert_eq!(bodies, ["c2", "a", "b"]);
}

async fn facts_are_overwritten(bench: TestBank) {
    assert_eq!(bench.store.meta("demo").await.unwrap(), None);
    for value in ["1", "2"] {
        bench.store.set_meta("demo", value).await.unwrap();
        assert_eq!(bench.store.meta("demo").await.unwrap().as_deref(), Some(value));
    }
}

async fn a_lease_has_one_owner_at_a_time(bench: TestBank) {
    let acquire = async |name: &str, from: i64| {
        let now = NOW.plus_seconds(from);
        bench.store.acquire_lease("sweeper", &owner(name), now.plus_seconds(10), now).await.unwrap()
    };
    assert!(acquire("a", 0).await && !acquire("b", 9).await);
    assert!(acquire("a", 9).await, "prolonged");
    assert!(!acquire("b", 18).await && acquire("b", 19).await, "run out");
    bench.store.release_lease("sweeper", &owner("a")).await.unwrap();
    assert!(!acquire("a", 20).await, "not a's to give back");
    bench.store.release_lease("sweeper", &owner("b")).await.unwrap();
    assert!(acquire("a", 20).await);
    let won = at_once(10, |worker| {
        let store = bench.store.clone();
        async move { store.acquire_lease("other", &owner(&worker.to_string()), NOW.plus_seconds(1), NOW).await.unwrap() }
    })
    .await;
    assert_eq!(won.iter().filter(|won| **won).count(), 1);
}
