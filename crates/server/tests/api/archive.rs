//! `nexis-billing archive` beside a running server: statement, CSV and `verify` read the files, and nothing is lost however
//! often the command is killed.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use billing_domain::pricing::Remainder;
use billing_domain::{Money, TextMap, Timestamp, TransactionKind};
use billing_store::{LineOutcome, NewLine, Origin};

use crate::fixture::server::program;
use crate::fixture::{Server, World, new_id, now};

on_both_databases!(
    an_archived_month_is_read_from_its_file_and_a_missing_one_is_named,
    a_killed_archive_leaves_rows_or_file_and_goes_on,
    a_month_that_is_not_over_stays,
);

/// More than a run of lines, which is what leaves the database at a time.
const LINES: u32 = 8_500;

fn call(number: u32, at: Timestamp) -> NewLine {
    NewLine {
        id: new_id().parse().unwrap(),
        kind: TransactionKind::OutboundCall,
        origin: Origin::Usage,
        reference: format!("call-{number}"),
        contra: "revenue:outbound_call".to_owned(),
        amount: Money::from_micros(-114_000),
        part: Remainder::ZERO,
        occurred_at: at,
        day: at.utc_date(),
        description: "Call to +1 555 0100".to_owned(),
        source: "Agent Ava".to_owned(),
        quantity: None,
        unit: None,
        unit_price: None,
        corrects: None,
        details: TextMap::default(),
        hold_id: None,
    }
}

/// Lines of a month that is over for more than a year, and one of today.
async fn long_past(world: &World) -> Timestamp {
    let then = now().plus_seconds(-450 * 86_400);
    let first: Vec<_> = (0..LINES / 2).map(|number| call(number, then)).collect();
    world.store.post(&world.acme.id, first, then).await.unwrap();
    world
        .store
        .post(&world.acme.id, (LINES / 2..LINES).map(|number| call(number, then)).collect(), then)
        .await
        .unwrap();
    world.store.post(&world.acme.id, vec![call(LINES, now())], now()).await.unwrap();
    then
}

async fn run(world: &World, words: &[&str], folder: &Path) -> (Option<i32>, String) {
    let mut command = program();
    command.args(words).args(["--database", world.database_url(), "--archive-dir"]).arg(folder);
    let output = command.output().await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

async fn an_archived_month_is_read_from_its_file_and_a_missing_one_is_named(mut world: World) {
    let then = long_past(&world).await;
    let month = &then.to_string()[..7].to_owned();
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    world.server = Server::start(world.database_url(), &["--archive-dir", dir]).await;
    let client = world.sign_in(&world.acme.owner).await;
    let read = async || client.get("/api/v1/transactions.csv").await.expect(200).text();
    let before = read().await;
    let (code, said) = run(&world, &["archive", "--dry-run"], folder.path()).await;
    assert!(code == Some(0) && said.contains(&format!("{month}: lines 1 to {LINES} would be archived")), "{said}");
    let (code, said) = run(&world, &["archive"], folder.path()).await;
    let file = format!("ledger-{}-{month}.jsonl.zst", world.acme.id);
    assert!(code == Some(0) && said.contains(&file), "{said}");
    let mode = folder.path().join(&file).metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "others can read it");
    assert_eq!(world.store.wallet(&world.acme.id).await.unwrap().archived_seq, 8_192);
    assert!(read().await == before, "the table is another one");
    let statement = client.get(&format!("/api/v1/statement?month={month}")).await.expect(200).json();
    assert_eq!(statement["money_out"], "969.00", "{statement}");
    let (code, said) = run(&world, &["verify"], folder.path()).await;
    assert!(code == Some(0) && said.contains(&format!("{} lines right, 0 ledgers broken", LINES + 1)), "{said}");

    let (code, said) = run(&world, &["archive", "--organization", world.acme.id.as_str()], folder.path()).await;
    assert_eq!((code, said.as_str()), (Some(0), ""), "there is nothing more to do");
    std::fs::remove_file(folder.path().join(&file)).unwrap();
    world.server = Server::start(world.database_url(), &["--archive-dir", dir]).await;
    let client = world.anonymous().with_cookie(client.cookie());
    client.get("/api/v1/transactions.csv").await.expect(503);
    client.get("/api/v1/wallet").await.expect(200);
    client.get("/api/v1/transactions").await.expect(200);
    let (code, said) = run(&world, &["verify"], folder.path()).await;
    assert!(code == Some(1) && said.contains(&file) && said.contains("1 ledgers broken"), "{said}");
}

async fn a_killed_archive_leaves_rows_or_file_and_goes_on(world: World) {
    let then = long_past(&world).await;
    let before = world.store.lines_after(&world.acme.id, 0, 20_000).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = world.store.with_archive(Some(folder.path().to_owned()));
    // From before the file is begun to after the rows are gone, until the command comes to its end.
    for milliseconds in (1..).map(|turn| turn * turn * 15) {
        let mut command = program();
        command.args(["archive", "--database", world.database_url(), "--into"]).arg(folder.path());
        let mut child = command.stdout(Stdio::null()).spawn().unwrap();
        let ended = tokio::time::timeout(Duration::from_millis(milliseconds), child.wait()).await;
        // `kill -9`; what it leaves of its lease lasts half an hour.
        child.kill().await.unwrap();
        world.database.tamper("DELETE FROM leases", "DELETE FROM leases").await;
        assert!(store.lines_after(&world.acme.id, 0, 20_000).await.unwrap() == before, "after {milliseconds} ms");
        let again = store.post(&world.acme.id, vec![call(7, then), call(8_400, then)], now()).await.unwrap();
        assert!(again.outcomes.iter().all(|outcome| matches!(outcome, LineOutcome::Duplicate { .. })), "{again:?}");
        if ended.is_ok_and(|status| status.unwrap().success()) {
            break;
        }
    }
    assert_eq!(store.wallet(&world.acme.id).await.unwrap().archived_seq, 8_192);
    assert_eq!(store.verify(&world.acme.id).await.unwrap().broken, None);
}

async fn a_month_that_is_not_over_stays(world: World) {
    long_past(&world).await;
    let folder = tempfile::tempdir().unwrap();
    let month = now().to_string()[..7].to_owned();
    let next = month.parse::<billing_domain::Month>().unwrap().next().to_string();
    let (code, said) = run(&world, &["archive", "--until", &next], folder.path()).await;
    assert!(code == Some(1) && said.contains("is not over"), "{said}");
    let (code, said) = run(&world, &["archive", "--into", "/no/such/folder"], folder.path()).await;
    assert!(code == Some(1) && said.contains("no folder"), "{said}");
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    let owner = new_id().parse().unwrap();
    world.store.acquire_lease("archive", &owner, now().plus_seconds(600), now()).await.unwrap();
    let (code, said) = run(&world, &["archive"], folder.path()).await;
    assert!(code == Some(1) && said.contains("another archive command"), "{said}");
}
