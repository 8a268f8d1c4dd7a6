//! What an attack comes to, in figures: not part of the tests, run by hand, on this machine's own addresses only.
//!
//! `cargo test -p billing-server --test api attack_figures -- --ignored --nocapture`, with
//! `NEXIS_BILLING_TEST_PROGRAM` for another program than the one just built.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt as _};
use serde_json::json;
use tokio::net::TcpStream;

use crate::client::{Client, try_send};
use crate::fixture::{Database, PASSWORD, World};
use crate::wallets::credit;

const GUESSES: usize = 900;
const SILENT: u64 = 8_300;
const SEARCHES: usize = 12;
const LINES: i64 = 200_000;

async fn authorize(world: &World, client: &Client) -> (Option<u16>, Duration) {
    let form = json!({"organization_id": world.acme.id, "kind": "outbound_call", "estimate": "0.1", "ttl_seconds": 60});
    let request = client.request("POST", "/api/v1/metering/authorizations").json(&form);
    let begun = Instant::now();
    let answer = tokio::time::timeout(Duration::from_secs(20), try_send(request)).await;
    (answer.ok().and_then(Result::ok).map(|answer| answer.status), begun.elapsed())
}

#[tokio::test]
#[ignore = "a measurement"]
async fn nine_hundred_guesses_at_once() {
    let world = World::start(Database::Sqlite).await;
    // Somebody else who mistypes: the check of an unknown person costs a whole hash.
    let other = json!({"email": "somebody@else.test", "password": "x"});
    let client = crate::client::http_from([127, 0, 9, 9].into());
    let sign_in = || {
        let address = format!("{}/api/v1/session", world.server.origin());
        try_send(client.post(address).header("origin", world.server.origin()).json(&other))
    };
    let quiet = Instant::now();
    sign_in().await.unwrap();
    let quiet = quiet.elapsed();
    let form = json!({"email": "nobody@acme.test", "password": PASSWORD});
    let guesses =
        join_all((0..GUESSES).map(|_| {
            let client = world.anonymous();
            let form = &form;
            async move {
                try_send(client.request("POST", "/api/v1/session").json(form)).await.map_or(0, |answer| answer.status)
            }
        }));
    let begun = Instant::now();
    let others = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let begun = Instant::now();
        let status = sign_in().await.unwrap().status;
        (status, begun.elapsed())
    };
    let (answers, (status, waited)) = tokio::join!(guesses, others);
    let evaluated = answers.iter().filter(|status| **status == 401).count();
    let refused = answers.iter().filter(|status| **status == 429).count();
    let cut = answers.iter().filter(|status| **status == 0).count();
    println!(
        "{GUESSES} guesses at once: {evaluated} evaluated, {refused} refused with 429, {cut} without an answer, in {:?}; somebody else waited \
         {waited:?} ({status}), alone {quiet:?}",
        begun.elapsed()
    );
}

#[tokio::test]
#[ignore = "a measurement"]
async fn silent_connections_beside_metering() {
    // As many as both ends may have open.
    let files = rlimit::increase_nofile_limit(u64::MAX).unwrap();
    let count = SILENT.min(files.saturating_sub(300));
    let world = World::start(Database::Sqlite).await;
    let address = world.server.origin().strip_prefix("http://").unwrap().to_owned();
    let opened: Vec<_> = stream::iter(0..count)
        .map(|_| tokio::time::timeout(Duration::from_secs(5), TcpStream::connect(address.clone())))
        .buffer_unordered(50)
        .collect()
        .await;
    let open = opened.iter().filter(|one| matches!(one, Ok(Ok(_)))).count();
    let (status, took) = authorize(&world, &world.platform()).await;
    println!("{open} of {count} silent connections: \"may this call start?\" answered {status:?} after {took:?}");
}

#[tokio::test]
#[ignore = "a measurement"]
async fn twelve_searches_beside_metering() {
    for database in [Database::Sqlite, Database::Postgres] {
        let world = World::start(database).await;
        for _ in 0..LINES / 1_000 {
            let line = |_| billing_store::NewLine {
                description: "y".repeat(120),
                ..credit(billing_domain::Money::from_major(1))
            };
            world.store.post(&world.acme.id, (0..1_000).map(line).collect(), crate::fixture::now()).await.unwrap();
        }
        let owner = world.sign_in(&world.acme.owner).await;
        let platform = world.platform();
        authorize(&world, &platform).await;
        let (_, quiet) = authorize(&world, &platform).await;
        let over = std::cell::Cell::new(false);
        let searches = async {
            let searches = (0..SEARCHES).map(|_| owner.get("/api/v1/transactions/outline?q=zzzz"));
            let begun = Instant::now();
            let answers = join_all(searches).await;
            over.set(true);
            (answers.iter().filter(|answer| answer.status == 200).count(), begun.elapsed())
        };
        let asked = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let mut times = Vec::new();
            while !over.get() {
                times.push(authorize(&world, &platform).await.1);
            }
            times.sort_unstable();
            times
        };
        let ((found, searching), times) = tokio::join!(searches, asked);
        println!(
            "{database:?}, {SEARCHES} searches over {LINES} lines: {found} answered with 200 in {searching:?}; meanwhile \"may \
             this call start?\" took {:?} (median) to {:?} ({} asked), alone {quiet:?}",
            times.get(times.len() / 2),
            times.last(),
            times.len()
        );
    }
}
