//! The audit log: chained without gaps, whoever writes at once, and never changed.

use billing_domain::OrganizationId;
use billing_store::{Actor, AuditFacts, NewAudit};

use crate::bench::{NOW, Place, TestBank, at_once, id, on_both};

on_both![
    fifty_writers_make_one_chain,
    every_organization_and_the_installation_have_chains_of_their_own,
    the_log_is_append_only,
    whatever_is_altered_is_found,
    a_change_of_role_leaves_one_entry,
    pages_are_read_newest_first_and_each_entry_once,
];

fn entry(subject: &str) -> NewAudit {
    NewAudit {
        action: "member.change_role",
        subject: subject.to_owned(),
        before: AuditFacts::from([("role".to_owned(), "member".to_owned())]),
        after: AuditFacts::from([("role".to_owned(), "owner \"o\" \u{e4}".to_owned())]),
    }
}

async fn append(bench: &TestBank, organization_id: Option<&OrganizationId>, subject: &str) {
    bench.store.append_audit(organization_id, &Actor::user(&id(), "Ada"), &entry(subject), NOW).await.unwrap();
}

async fn assert_whole(bench: &TestBank, organization_id: Option<&OrganizationId>, entries: i64) {
    let found = bench.store.verify_audit(organization_id).await.unwrap();
    assert_eq!((found.lines, found.broken), (entries, None));
}

async fn fifty_writers_make_one_chain(bench: TestBank) {
    let organization = bench.organization().await;
    at_once(50, |index| {
        let (store, organization) = (bench.store.clone(), organization.clone());
        async move {
            let actor = Actor { address: format!("192.0.2.{index}"), ..Actor::system("test") };
            store.append_audit(Some(&organization), &actor, &entry(&index.to_string()), NOW).await.unwrap();
        }
    })
    .await;
    assert_whole(&bench, Some(&organization), 50).await;
    assert_eq!(bench.count("(SELECT DISTINCT subject FROM audit) AS subjects").await, 50);
}

async fn every_organization_and_the_installation_have_chains_of_their_own(bench: TestBank) {
    let (mine, theirs) = (bench.organization().await, bench.organization().await);
    assert_whole(&bench, Some(&mine), 0).await;
    for (chain, entries) in [(Some(&mine), 3), (Some(&theirs), 2), (None, 1)] {
        for _ in 0..entries {
            append(&bench, chain, "subject").await;
        }
    }
    for (chain, entries) in [(Some(&mine), 3), (Some(&theirs), 2), (None, 1)] {
        assert_whole(&bench, chain, entries).await;
    }
}

async fn the_log_is_append_only(bench: TestBank) {
    append(&bench, None, "subject").await;
    let mut forbidden = vec!["UPDATE audit SET subject = 'other'", "DELETE FROM audit"];
    if matches!(bench.place, Place::Postgres { .. }) {
        forbidden.push("TRUNCATE audit");
    }
    for sql in forbidden {
        let refused = bench.raw(sql).await.unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{sql}: {refused}");
    }
    assert_whole(&bench, None, 1).await;
}

/// As by an attacker with all rights.
async fn whatever_is_altered_is_found(bench: TestBank) {
    for sql in match &bench.place {
        Place::Sqlite(_) => ["DROP TRIGGER audit_is_append_only_update", "DROP TRIGGER audit_is_append_only_delete"],
        Place::Postgres { .. } => ["ALTER TABLE audit DISABLE TRIGGER USER", "SELECT 1"],
    } {
        bench.raw(sql).await.unwrap();
    }
    for (change, at) in [
        ("UPDATE audit SET subject = 'other' WHERE seq = 2 AND", 2),
        ("UPDATE audit SET actor_name = 'Eve' WHERE seq = 1 AND", 1),
        ("UPDATE audit SET actor_kind = 'key' WHERE seq = 1 AND", 1),
        ("UPDATE audit SET after_text = '{}' WHERE seq = 3 AND", 3),
        ("UPDATE audit SET before_text = 'no JSON' WHERE seq = 3 AND", 3),
        ("UPDATE audit SET at = at + 1 WHERE seq = 1 AND", 1),
        ("DELETE FROM audit WHERE seq = 2 AND", 3),
        ("DELETE FROM audit WHERE seq = 3 AND", 2),
        ("DELETE FROM audit WHERE", 0),
    ] {
        let organization = bench.organization().await;
        for subject in ["a", "b", "c"] {
            append(&bench, Some(&organization), subject).await;
        }
        assert_whole(&bench, Some(&organization), 3).await;
        bench.raw(format!("{change} organization_id = '{organization}'")).await.unwrap();
        let broken = bench.store.verify_audit(Some(&organization)).await.unwrap().broken;
        assert_eq!(broken.map(|broken| broken.seq), Some(at), "{change}");
    }
}

async fn a_change_of_role_leaves_one_entry(bench: TestBank) {
    use billing_domain::Role;
    let organization = bench.organization().await;
    let owner = bench.member(&organization, "Olive", Role::Owner).await;
    let member = bench.member(&organization, "Max", Role::Member).await;
    let actor = Actor { session: "s".to_owned(), address: "192.0.2.7".to_owned(), ..Actor::user(&owner, "Olive") };
    for (user, role) in [(&member, Role::Admin), (&member, Role::Admin), (&owner, Role::Member)] {
        bench.store.change_role(&organization, user, role, &actor, NOW).await.unwrap();
    }
    assert_whole(&bench, Some(&organization), 1).await;
    let written = format!(
        "audit WHERE organization_id = '{organization}' AND actor_kind = 'user' AND actor_id = '{owner}'
            AND actor_name = 'Olive' AND session = 's' AND address = '192.0.2.7' AND action = 'member.change_role'
            AND subject = '{member}' AND before_text LIKE '%\"role\":\"member\"%' AND after_text LIKE '%\"role\":\"admin\"%'"
    );
    assert_eq!(bench.count(&written).await, 1);
    let wallet = bench.store.wallet(&organization).await.unwrap();
    assert_eq!(wallet.access_version, 1, "what changes nothing wakes nobody");
}

async fn pages_are_read_newest_first_and_each_entry_once(bench: TestBank) {
    let (mine, theirs) = (bench.organization().await, bench.organization().await);
    let person = bench.member(&mine, "Max", billing_domain::Role::Member).await;
    let actor = Actor::system("test");
    // Several of one moment, in several chains.
    for second in [0, 0, 0, 1, 1, 2] {
        for chain in [Some(&mine), Some(&theirs), None] {
            let subject = if second == 2 { person.to_string() } else { format!("{second}") };
            bench.store.append_audit(chain, &actor, &entry(&subject), NOW.plus_seconds(second)).await.unwrap();
        }
    }
    for (whose, entries) in [(Some(&mine), 6), (Some(&theirs), 6), (None, 18)] {
        let (mut before, mut read) = (None, Vec::new());
        loop {
            let page = bench.store.page_audit(whose, before.as_ref(), 4).await.unwrap();
            let Some(last) = page.last() else { break };
            before = Some(last.place());
            read.extend(page);
        }
        let places: Vec<_> = read.iter().map(billing_store::WrittenAudit::place).collect();
        assert_eq!(places.len(), entries, "{whose:?}");
        let order = |place: &billing_store::AuditPlace| (place.at, place.organization_id.clone(), place.seq);
        assert!(places.windows(2).all(|two| order(&two[0]) > order(&two[1])), "{places:?}");
        if let Some(whose) = whose {
            assert!(places.iter().all(|place| place.organization_id.as_ref() == Some(whose)));
            assert_eq!((places[0].seq, places[5].seq), (6, 1));
        }
        assert_eq!(read[0].subject_name.as_deref(), Some("Max"));
        assert_eq!(read.last().unwrap().subject_name, None);
    }
}
