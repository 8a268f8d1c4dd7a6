//! Sessions: the role is read now, and what is over opens nothing.

use billing_domain::{Capability, OrganizationId, Role, SessionKind, UserId};
use billing_store::{Actor, NewSession, SessionsOf, StoreError};

use crate::bench::{NOW, TestBank, on_both};

on_both![
    a_changed_role_acts_on_the_next_request,
    a_session_ends_at_either_limit,
    sign_out_everywhere_leaves_nothing,
    strangers_get_no_session,
    a_session_keeps_how_it_came_in,
];

pub(crate) fn session(token: &str, user_id: &UserId, organization_id: &OrganizationId) -> NewSession {
    NewSession {
        token_hash: token.to_owned(),
        user_id: user_id.to_owned(),
        organization_id: organization_id.to_owned(),
        kind: SessionKind::Password,
        idle_seconds: 100,
        portal_session_id: None,
        can: None,
        address: "192.0.2.7".to_owned(),
        browser: "Firefox".to_owned(),
        expires_at: NOW.plus_seconds(100),
        absolute_expires_at: NOW.plus_seconds(250),
    }
}

async fn a_changed_role_acts_on_the_next_request(bench: TestBank) {
    let organization = bench.organization().await;
    let user = bench.member(&organization, "Ada", Role::Admin).await;
    bench.store.create_session(&session("t", &user, &organization), NOW).await.unwrap();
    let found = bench.store.session("t", NOW).await.unwrap().unwrap();
    assert_eq!((found.role, found.user_name.as_str()), (Role::Admin, "Ada"));
    assert_eq!(found.organization, bench.store.organization(&organization).await.unwrap());
    bench.store.change_role(&organization, &user, Role::Member, &Actor::user(&user, "Ada"), NOW).await.unwrap();
    assert_eq!(bench.store.session("t", NOW).await.unwrap().unwrap().role, Role::Member);
    assert_eq!(bench.store.session("T", NOW).await.unwrap(), None);
}

async fn a_session_ends_at_either_limit(bench: TestBank) {
    let organization = bench.organization().await;
    let user = bench.member(&organization, "Ada", Role::Admin).await;
    bench.store.create_session(&session("t", &user, &organization), NOW).await.unwrap();
    let alive = async |seconds: i64| bench.store.session("t", NOW.plus_seconds(seconds)).await.unwrap().is_some();
    let touch = async |seconds: i64| {
        let now = NOW.plus_seconds(seconds);
        bench.store.touch_session("t", now.plus_seconds(100), now).await.unwrap();
    };
    assert!(alive(99).await && !alive(100).await);
    touch(100).await;
    assert!(!alive(100).await, "what is over is not revived");
    touch(90).await;
    assert!(alive(189).await && !alive(190).await);
    touch(180).await;
    assert!(alive(249).await && !alive(250).await, "never beyond the absolute limit");
    assert_eq!(bench.store.purge_sessions(NOW.plus_seconds(249)).await.unwrap(), 0);
    assert_eq!(bench.store.purge_sessions(NOW.plus_seconds(250)).await.unwrap(), 1);
}

async fn sign_out_everywhere_leaves_nothing(bench: TestBank) {
    let organization = bench.organization().await;
    let (ada, bob) =
        (bench.member(&organization, "Ada", Role::Admin).await, bench.member(&organization, "Bob", Role::Member).await);
    for (token, user) in [("a1", &ada), ("a2", &ada), ("a3", &ada), ("b1", &bob)] {
        bench.store.create_session(&session(token, user, &organization), NOW).await.unwrap();
    }
    assert_eq!(bench.store.end_sessions(SessionsOf::User(&ada), NOW).await.unwrap().len(), 3);
    assert_eq!(bench.store.session("a1", NOW).await.unwrap(), None);
    assert!(bench.store.session("b1", NOW).await.unwrap().is_some());
}

async fn strangers_get_no_session(bench: TestBank) {
    let (organization, other) = (bench.organization().await, bench.organization().await);
    let user = bench.member(&other, "Eve", Role::Owner).await;
    let answer = bench.store.create_session(&session("t", &user, &organization), NOW).await;
    assert!(matches!(answer, Err(StoreError::NotFound)), "{answer:?}");
}

async fn a_session_keeps_how_it_came_in(bench: TestBank) {
    let organization = bench.organization().await;
    let user = bench.member(&organization, "Ada", Role::Admin).await;
    for (index, can) in [None, Some(vec![]), Some(Capability::ALL.to_vec())].into_iter().enumerate() {
        let token = format!("t{index}");
        let new = NewSession {
            kind: SessionKind::Portal,
            portal_session_id: Some("p".to_owned()),
            can,
            ..session(&token, &user, &organization)
        };
        bench.store.create_session(&new, NOW).await.unwrap();
        let found = bench.store.session(&token, NOW).await.unwrap().unwrap();
        assert_eq!((found.kind, found.idle_seconds, found.can), (new.kind, new.idle_seconds, new.can));
        assert_eq!(
            (found.portal_session_id, found.address, found.browser),
            (new.portal_session_id, new.address, new.browser)
        );
    }
}
