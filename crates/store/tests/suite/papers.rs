//! Issued papers: numbered without a gap for each seller, whoever races, and never changed.

use billing_store::{NewDocument, PaperKind, StoreError};

use crate::bench::{NOW, TestBank, at_once, id, on_both};

on_both![
    numbers_have_no_gap_under_a_race_and_each_paper_one_number,
    sellers_and_kinds_have_series_of_their_own,
    an_issued_paper_is_never_changed,
];

fn new(seller: &str, subject: &str) -> NewDocument {
    NewDocument {
        kind: PaperKind::Receipt,
        subject: subject.to_owned(),
        seller: seller.to_owned(),
        facts: format!("{{\"subject\":\"{subject}\"}}"),
    }
}

async fn numbers_have_no_gap_under_a_race_and_each_paper_one_number(bench: TestBank) {
    let organizations = [bench.organization().await, bench.organization().await];
    // Forty papers of two organizations, each asked for three times at once.
    let issued = at_once(120, |task| {
        let (store, organization) = (bench.store.clone(), organizations[task % 2].clone());
        async move { store.issue_paper(&organization, &new("Nexis", &format!("{}", task % 40)), NOW).await.unwrap() }
    })
    .await;
    for paper in &issued {
        let same = issued.iter().filter(|other| other.subject == paper.subject);
        assert!(same.clone().count() == 3 && same.clone().all(|other| other == paper), "{paper:?}");
    }
    let mut numbers: Vec<_> = issued.iter().map(|paper| paper.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers, (1..=40).collect::<Vec<i64>>());
    // One that cannot be written uses up no number.
    let nowhere = bench.store.issue_paper(&id(), &new("Nexis", "x"), NOW).await;
    assert!(matches!(nowhere, Err(StoreError::NotFound)), "{nowhere:?}");
    assert_eq!(bench.store.issue_paper(&organizations[0], &new("Nexis", "x"), NOW).await.unwrap().number, 41);
}

async fn sellers_and_kinds_have_series_of_their_own(bench: TestBank) {
    let organization = bench.organization().await;
    let number = async |paper: NewDocument| bench.store.issue_paper(&organization, &paper, NOW).await.unwrap().number;
    assert_eq!(number(new("Nexis", "a")).await, 1);
    assert_eq!(number(new("Nexis", "b")).await, 2);
    assert_eq!(number(new("Other", "c")).await, 1);
    assert_eq!(number(NewDocument { kind: PaperKind::Statement, ..new("Nexis", "2026-10") }).await, 1);
    assert_eq!(number(new("Other", "a")).await, 1, "it was issued by the first seller");
    let other = bench.organization().await;
    assert_eq!(bench.store.paper(&other, PaperKind::Receipt, "a").await.unwrap(), None);
}

async fn an_issued_paper_is_never_changed(bench: TestBank) {
    let organization = bench.organization().await;
    let issued = bench.store.issue_paper(&organization, &new("Nexis", "a"), NOW).await.unwrap();
    for sql in ["UPDATE papers SET facts = '{}'", "DELETE FROM papers"] {
        let refused = bench.raw(sql).await.unwrap_err().to_string();
        assert!(refused.contains("never changed"), "{sql}: {refused}");
    }
    assert_eq!(bench.store.paper(&organization, PaperKind::Receipt, "a").await.unwrap(), Some(issued));
}
