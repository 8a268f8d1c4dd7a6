//! Archived months: nothing is lost, nothing posts twice, and whatever happens to a file is noticed.

use billing_domain::{Money, Month, OrganizationId, Timestamp, TransactionKind};
use billing_store::{Archive, ClosedMonth, LineOutcome, NewLine, Store, StoreError, TransactionFilter};

use crate::bench::{NOW, TestBank, on_both, usage_line};

on_both![
    an_archived_month_reads_as_before_and_posts_nothing_twice,
    what_was_cut_off_goes_on_and_loses_nothing,
    a_file_that_is_missing_or_altered_is_named,
    only_archived_usage_can_be_deleted,
    days_that_are_summed_anew_have_what_is_archived,
    two_commands_at_once_archive_a_month_once,
];

const LINES: i64 = 20_000;
/// In the middle of a run.
const ARCHIVED: i64 = 17_000;
/// Usage up to here leaves the database.
const TAKEN_OUT: i64 = 16_384;

fn october(last_seq: i64) -> ClosedMonth<'static> {
    ClosedMonth { month: Month::new(2026, 10).unwrap(), time_zone: "America/Chicago", last_seq }
}

/// Calls of which every twentieth is of another kind, and money now and then.
fn line(number: i64) -> NewLine {
    let kind = if number % 20 == 0 { TransactionKind::AiTask } else { TransactionKind::OutboundCall };
    NewLine { kind, contra: format!("revenue:{kind}"), ..usage_line(&format!("call-{number}"), "0.114") }
}

/// A wallet with a long ledger, and the folder of its archive.
async fn long_ledger(bench: &TestBank) -> (OrganizationId, tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = bench.store.with_archive(Some(folder.path().to_owned()));
    let organization = bench.organization().await;
    bench.fund(&organization, "100000").await;
    for first in (2..=LINES).step_by(4_000) {
        if first > 2 {
            bench.fund(&organization, "5").await;
        }
        let lines = (first..(first + 4_000).min(LINES + 1)).map(line).collect();
        store.post(&organization, lines, NOW).await.unwrap();
    }
    (organization, folder, store)
}

async fn archive(store: &Store, organization: &OrganizationId) -> Archive {
    store.archive_month(organization, october(ARCHIVED), NOW).await.unwrap().unwrap()
}

async fn an_archived_month_reads_as_before_and_posts_nothing_twice(bench: TestBank) {
    let (organization, folder, store) = long_ledger(&bench).await;
    let all = TransactionFilter::default();
    let tasks = TransactionFilter { kinds: vec![TransactionKind::AiTask], ..TransactionFilter::default() };
    let read = async || {
        (
            store.lines_after(&organization, 0, 30_000).await.unwrap(),
            store.transactions_and_archive(&organization, &all, None, 30_000).await.unwrap(),
            store.transactions_and_archive(&organization, &all, Some(TAKEN_OUT + 20), 50).await.unwrap(),
            store.transactions_and_archive(&organization, &all, Some(8_200), 50).await.unwrap(),
            store.transactions(&organization, &all, None, 30_000).await.unwrap(),
            store.find_page(&organization, &all, Some(TAKEN_OUT + 20), 50).await.unwrap(),
            store.transactions_and_archive(&organization, &tasks, None, 30_000).await.unwrap(),
            store.sums_by_kind(&organization, 3, LINES).await.unwrap(),
            store.line(&organization, 77).await.unwrap(),
            store.verify(&organization).await.unwrap(),
        )
    };
    let before = read().await;
    assert_eq!(before.9.broken, None);
    let written = archive(&store, &organization).await;
    assert_eq!((written.first_seq, written.last_seq), (1, ARCHIVED));
    assert_eq!(written.file, format!("ledger-{organization}-2026-10.jsonl.zst"));
    assert!(folder.path().join(&written.file).is_file());
    // Usage has left the database; money stays, and what is not a whole run.
    assert_eq!(bench.count(&format!("ledger WHERE seq <= {TAKEN_OUT} AND kind <= 3")).await, 0);
    let money = before.0.iter().filter(|posted| posted.line.kind.usage().is_none() && posted.line.seq <= TAKEN_OUT);
    assert_eq!(bench.count(&format!("ledger WHERE seq <= {TAKEN_OUT}")).await, i64::try_from(money.count()).unwrap());
    let after = read().await;
    assert!(before == after, "something reads otherwise");

    // From this server and from one that has just started.
    let fresh = Store::connect(&bench.url).await.unwrap().with_archive(Some(folder.path().to_owned()));
    for store in [&store, &fresh] {
        let same = store.post(&organization, vec![line(5), line(8_192), line(12_345)], NOW).await.unwrap();
        let duplicate = |outcome: &LineOutcome| matches!(outcome, LineOutcome::Duplicate { amount, .. } if *amount == Money::from_micros(-114_000));
        assert!(same.outcomes.iter().all(duplicate), "{:?}", same.outcomes);
        let other = NewLine { description: "Another call".to_owned(), ..line(5) };
        let dearer = NewLine { amount: Money::from_micros(-1), ..line(6) };
        let conflicts = store.post(&organization, vec![other, dearer], NOW).await.unwrap();
        let conflict = |outcome: &LineOutcome| matches!(outcome, LineOutcome::Conflict { .. });
        assert!(conflicts.outcomes.iter().all(conflict), "{:?}", conflicts.outcomes);
        assert!(store.has_usage(&organization, "call-5").await.unwrap());
        assert!(!store.has_usage(&organization, "call-0").await.unwrap());
    }
    assert_eq!(fresh.verify(&organization).await.unwrap(), before.9);
    // The next month follows on this one; a month without lines has no file.
    assert_eq!(store.archive_month(&organization, october(ARCHIVED), NOW).await.unwrap(), None);
    let last = before.0.last().unwrap().line.seq;
    let next = store
        .archive_month(&organization, ClosedMonth { month: october(last).month.next(), ..october(last) }, NOW)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((next.first_seq, next.last_seq), (ARCHIVED + 1, last));
    assert!(read().await == before, "something reads otherwise once all is archived");
    fresh.post(&organization, vec![usage_line("call-new", "1")], NOW).await.unwrap();
    assert_eq!(fresh.verify(&organization).await.unwrap().broken, None);
}

async fn what_was_cut_off_goes_on_and_loses_nothing(bench: TestBank) {
    let (organization, _folder, store) = long_ledger(&bench).await;
    let before = store.lines_after(&organization, 0, 30_000).await.unwrap();
    // Cut off at any place; a transaction that was under way is rolled back, as after `kill -9`.
    for milliseconds in (1..).map(|turn| turn * turn * 40) {
        let archiving = store.archive_month(&organization, october(ARCHIVED), NOW);
        let cut = tokio::time::timeout(std::time::Duration::from_millis(milliseconds), archiving).await;
        assert!(store.lines_after(&organization, 0, 30_000).await.unwrap() == before, "after {milliseconds} ms");
        let again = store.post(&organization, vec![line(100), line(9_000), line(16_000)], NOW).await.unwrap();
        assert!(again.outcomes.iter().all(|outcome| matches!(outcome, LineOutcome::Duplicate { .. })));
        if let Ok(done) = cut {
            done.unwrap();
            break;
        }
    }
    assert_eq!(store.archives(&organization).await.unwrap().len(), 1);
    assert_eq!(store.verify(&organization).await.unwrap().broken, None);
}

async fn a_file_that_is_missing_or_altered_is_named(bench: TestBank) {
    let (organization, folder, store) = long_ledger(&bench).await;
    let written = archive(&store, &organization).await;
    let path = folder.path().join(&written.file);
    let bytes = std::fs::read(&path).unwrap();
    let broken = async || {
        // Without what this store has read before.
        let store = bench.store.with_archive(Some(folder.path().to_owned()));
        let page = store.line(&organization, 77).await;
        let broken = store.verify(&organization).await.unwrap().broken.unwrap();
        assert!(broken.reason.contains(&written.file), "{}", broken.reason);
        page
    };
    for place in [40, bytes.len() / 2, bytes.len() - 3] {
        let mut altered = bytes.clone();
        altered[place] ^= 1;
        std::fs::write(&path, altered).unwrap();
        let _ = broken().await;
    }
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let error = broken().await.unwrap_err();
    assert!(matches!(&error, StoreError::Archive { file, .. } if file.contains(&written.file)), "{error}");
    std::fs::remove_file(&path).unwrap();
    assert!(broken().await.unwrap_err().to_string().contains(&written.file));
    // Nobody said where the files are.
    let error = bench.store.line(&organization, 77).await.unwrap_err();
    assert!(error.to_string().contains("archive_dir"), "{error}");
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(
        bench.store.with_archive(Some(folder.path().to_owned())).verify(&organization).await.unwrap().broken,
        None
    );
}

async fn only_archived_usage_can_be_deleted(bench: TestBank) {
    let (organization, _folder, store) = long_ledger(&bench).await;
    archive(&store, &organization).await;
    for condition in [format!("seq = {}", TAKEN_OUT + 1), "kind > 3".to_owned(), "seq > 0".to_owned()] {
        let error = bench.raw(format!("DELETE FROM ledger WHERE {condition}")).await.unwrap_err().to_string();
        assert!(error.contains("append-only"), "{error}");
    }
}

async fn days_that_are_summed_anew_have_what_is_archived(bench: TestBank) {
    let (organization, _folder, store) = long_ledger(&bench).await;
    store.rebuild_usage_days(&organization, Timestamp::utc_date).await.unwrap();
    let day = NOW.utc_date();
    let before = store.usage(&organization, day, day).await.unwrap();
    archive(&store, &organization).await;
    store.rebuild_usage_days(&organization, Timestamp::utc_date).await.unwrap();
    assert_eq!(store.usage(&organization, day, day).await.unwrap(), before);
    assert_eq!(store.verify(&organization).await.unwrap().broken, None);
}

async fn two_commands_at_once_archive_a_month_once(bench: TestBank) {
    let (organization, folder, store) = long_ledger(&bench).await;
    let before = store.lines_after(&organization, 0, 30_000).await.unwrap();
    let other = Store::connect(&bench.url).await.unwrap().with_archive(Some(folder.path().to_owned()));
    // As if a lease had ended too soon.
    let (first, second) = tokio::join!(
        store.archive_month(&organization, october(ARCHIVED), NOW),
        other.archive_month(&organization, october(ARCHIVED), NOW),
    );
    assert!([first, second].iter().any(|done| matches!(done, Ok(Some(_)))));
    assert_eq!(store.archives(&organization).await.unwrap().len(), 1);
    assert!(store.lines_after(&organization, 0, 30_000).await.unwrap() == before);
    assert_eq!(other.verify(&organization).await.unwrap().broken, None);
}
