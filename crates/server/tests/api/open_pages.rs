//! Many open pages of one organization: each change is read once for all of them, and reaches all of them.

use serde_json::json;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::client::send;
use crate::fixture::{Server, World, new_id};
use crate::stream::Stream;
use crate::wallets::{report, usage};

on_both_databases!(two_hundred_pages_read_the_ledger_like_one);

const PAGES: usize = 200;
/// So many one session may have.
const OF_A_SESSION: usize = 10;
const REPORTS: usize = 10;
/// Requests with their end, and every statement.
const LOG: &str = "nexis_billing=info,tower_http::trace=debug,sqlx::query=debug";
const MARK: &str = "/api/v1/pay/resolve";

/// What the program has asked the database.
#[derive(Debug, Default)]
struct Statements {
    all: usize,
    /// Reads of lines after a `seq`.
    lines: usize,
}

/// The statements up to now: a request stands in the log as the last thing.
async fn take_statements(world: &World, log: &mut UnboundedReceiver<String>) -> Statements {
    send(world.anonymous().request("POST", MARK).json(&json!({"token": "A".repeat(43)}))).await;
    let mut found = Statements::default();
    loop {
        let line = log.recv().await.expect("the program goes on");
        if line.contains(MARK) && line.contains("finished processing request") {
            return found;
        }
        if !line.contains("summary=") {
            continue;
        }
        found.all += 1;
        // However the log breaks and indents a statement.
        let text: String = line.replace("\\n", "").chars().filter(|letter| !letter.is_whitespace()).collect();
        found.lines += usize::from(text.contains("seq>$2ORDERBYseqLIMIT$3"));
    }
}

/// Reports lines one by one, each when the one before has reached all pages.
async fn report_to_all(world: &World, pages: &mut [Stream]) {
    for _ in 0..REPORTS {
        let event = usage(&new_id(), &world.acme.id, "ai_task", "0.01");
        let seq = report(world, &[event]).await[0]["seq"].clone();
        for page in &mut *pages {
            assert_eq!(page.next_of("transaction").await.data["seq"], seq);
        }
    }
}

async fn two_hundred_pages_read_the_ledger_like_one(mut world: World) {
    let flags = ["--log", LOG, "--max-connections-per-address", "1000"];
    let (server, mut log) = Server::start_logged(world.database_url(), &flags).await;
    world.server = server;
    let (mut pages, mut taken) = (Vec::new(), Vec::new());
    for count in [1, PAGES] {
        let mut owner = world.sign_in(&world.acme.owner).await;
        while pages.len() < count {
            if pages.len() % OF_A_SESSION == 0 {
                owner = world.sign_in(&world.acme.owner).await;
            }
            let mut page = Stream::open(&owner, "", None).await;
            // The last thing that a new page is sent.
            page.next_of("auto_pay").await;
            pages.push(page);
        }
        take_statements(&world, &mut log).await;
        report_to_all(&world, &mut pages).await;
        taken.push(take_statements(&world, &mut log).await);
    }
    let [one, many] = [&taken[0], &taken[1]];
    assert!((1..=2 * REPORTS).contains(&one.lines), "the measure itself: {one:?}");
    // Twice for a change at most: whoever asks while a read is on its way is answered by the next one.
    assert!(many.lines <= 2 * REPORTS, "{many:?}, and one page {one:?}");
    assert!(many.all < PAGES * REPORTS / 2, "less than half a statement for a page and report: {many:?}, {one:?}");
    eprintln!("{REPORTS} reports, one page {one:?}, {PAGES} pages {many:?}");
}
