//! Keys of the host: written once, rotated with overlap, revoked for ever, each step in the audit log.

use billing_domain::{ApiKeyId, OrganizationId, Scope};
use billing_store::{Actor, ApiKey, KeyRotation, NewApiKey, StoreError};

use crate::bench::{NOW, TestBank, id, on_both};

on_both![
    a_key_is_written_down_and_found_by_its_id,
    rotation_keeps_the_old_secret_for_as_long_as_it_says,
    a_revoked_key_is_found_and_cannot_be_changed,
    keys_of_an_organization_are_a_list_of_their_own,
];

fn new_key(name: &str, organization_id: Option<&OrganizationId>) -> NewApiKey {
    NewApiKey {
        id: ApiKeyId::from_trusted(format!("{name:0>12}")),
        name: name.to_owned(),
        scopes: vec![Scope::MeteringWrite, Scope::OrganizationsRead],
        organization_id: organization_id.cloned(),
        secret_hash: format!("hash of {name}"),
        last4: "last".to_owned(),
        expires_at: Some(NOW.plus_seconds(60)),
    }
}

async fn create(bench: &TestBank, name: &str, organization_id: Option<&OrganizationId>) -> ApiKey {
    bench.store.create_key(&new_key(name, organization_id), &Actor::system("test"), NOW).await.unwrap()
}

async fn audited(bench: &TestBank, organization_id: Option<&OrganizationId>) -> i64 {
    let trail = bench.store.verify_audit(organization_id).await.unwrap();
    assert_eq!(trail.broken, None);
    trail.lines
}

async fn a_key_is_written_down_and_found_by_its_id(bench: TestBank) {
    let key = create(&bench, "a", None).await;
    assert_eq!(bench.store.find_key(&key.id).await.unwrap(), Some(key.clone()));
    assert_eq!((key.scopes.as_slice(), key.last_used_at), (&new_key("a", None).scopes[..], None));
    assert_eq!((key.created_by.as_str(), key.expires_at), ("test", Some(NOW.plus_seconds(60))));
    let taken = bench.store.create_key(&new_key("a", None), &Actor::system("test"), NOW).await;
    assert!(matches!(taken, Err(StoreError::Conflict(_))), "{taken:?}");
    let nowhere = bench.store.create_key(&new_key("b", Some(&id())), &Actor::system("test"), NOW).await;
    assert!(matches!(nowhere, Err(StoreError::NotFound)), "{nowhere:?}");
    assert_eq!(audited(&bench, None).await, 1, "what was refused is no entry");

    bench.store.note_key_use(&key.id, NOW.plus_seconds(9)).await.unwrap();
    bench.store.note_key_use(&key.id, NOW.plus_seconds(5)).await.unwrap();
    let used = bench.store.key(&key.id, None).await.unwrap().last_used_at;
    assert_eq!(used, Some(NOW.plus_seconds(9)), "never back in time");
}

async fn rotation_keeps_the_old_secret_for_as_long_as_it_says(bench: TestBank) {
    let key = create(&bench, "a", None).await;
    let rotation = |name: &str, seconds: Option<i64>| KeyRotation {
        secret_hash: format!("hash of {name}"),
        last4: name.to_owned(),
        old_valid_until: seconds.map(|seconds| NOW.plus_seconds(seconds)),
    };
    let actor = Actor::system("test");
    let rotated = bench.store.rotate_key(&key.id, None, &rotation("b", Some(100)), &actor, NOW).await.unwrap();
    assert_eq!((rotated.secret_hash.as_str(), rotated.last4.as_str()), ("hash of b", "b"));
    assert_eq!(rotated.old_secret_hash.as_deref(), Some("hash of a"));
    assert_eq!(rotated.old_valid_until, Some(NOW.plus_seconds(100)));
    let rotated = bench.store.rotate_key(&key.id, None, &rotation("c", None), &actor, NOW).await.unwrap();
    assert_eq!((rotated.old_secret_hash, rotated.old_valid_until), (None, None), "none of the former ones is left");
    assert_eq!(audited(&bench, None).await, 3);
}

async fn a_revoked_key_is_found_and_cannot_be_changed(bench: TestBank) {
    let key = create(&bench, "a", None).await;
    let actor = Actor::system("test");
    bench.store.revoke_key(&key.id, None, &actor, NOW).await.unwrap();
    assert_eq!(bench.store.find_key(&key.id).await.unwrap().unwrap().revoked_at, Some(NOW));
    assert_eq!(bench.store.keys(None).await.unwrap(), []);
    let again = bench.store.revoke_key(&key.id, None, &actor, NOW).await;
    assert!(matches!(again, Err(StoreError::NotFound)), "{again:?}");
    let rotation = KeyRotation { secret_hash: "x".to_owned(), last4: "x".to_owned(), old_valid_until: None };
    let rotated = bench.store.rotate_key(&key.id, None, &rotation, &actor, NOW).await;
    assert!(matches!(rotated, Err(StoreError::NotFound)), "{rotated:?}");
    assert_eq!(audited(&bench, None).await, 2);
}

async fn keys_of_an_organization_are_a_list_of_their_own(bench: TestBank) {
    let (mine, theirs) = (bench.organization().await, bench.organization().await);
    let everywhere = create(&bench, "a", None).await;
    let (own, other) = (create(&bench, "b", Some(&mine)).await, create(&bench, "c", Some(&theirs)).await);
    assert_eq!(bench.store.keys(Some(&mine)).await.unwrap(), std::slice::from_ref(&own));
    assert_eq!(bench.store.keys(None).await.unwrap(), [everywhere.clone(), own, other.clone()]);
    let actor = Actor::system("test");
    for key in [&everywhere, &other] {
        let revoked = bench.store.revoke_key(&key.id, Some(&mine), &actor, NOW).await;
        assert!(matches!(revoked, Err(StoreError::NotFound)), "{revoked:?}");
        assert!(matches!(bench.store.key(&key.id, Some(&mine)).await, Err(StoreError::NotFound)));
    }
    assert_eq!((audited(&bench, Some(&mine)).await, audited(&bench, None).await), (1, 1));
}
