//! Ending access: whose sessions end, who is left alone, and that open pages notice.

use billing_domain::{OrganizationId, Role, UserId};
use billing_store::{NewSession, SessionsOf};

use crate::bench::{NOW, TestBank, at_once, on_both};
use crate::sessions::session;

on_both![
    each_way_ends_the_sessions_that_it_names,
    wallets_that_somebody_leaves_are_noticed,
    ending_at_once_ends_each_session_once,
    what_has_ended_is_remembered_for_a_day,
];

/// Ada and Bob in two organizations, each with a session named after person and organization: `a1`, `a2`, `b1`, `b2`.
struct People {
    organizations: [OrganizationId; 2],
    ada: UserId,
    bob: UserId,
}

async fn people(bench: &TestBank) -> People {
    let organizations = [bench.organization().await, bench.organization().await];
    let ada = bench.member(&organizations[0], "Ada", Role::Admin).await;
    let bob = bench.member(&organizations[0], "Bob", Role::Member).await;
    for (letter, user) in [("a", &ada), ("b", &bob)] {
        bench.store.add_member(&organizations[1], user, Role::Member, NOW).await.unwrap();
        for (number, organization) in ["1", "2"].into_iter().zip(&organizations) {
            let new = NewSession {
                portal_session_id: Some(format!("portal {number}")),
                ..session(&format!("{letter}{number}"), user, organization)
            };
            bench.store.create_session(&new, NOW).await.unwrap();
        }
    }
    People { organizations, ada, bob }
}

impl People {
    async fn versions(&self, bench: &TestBank) -> [i64; 2] {
        let [first, second] = &self.organizations;
        let version = async |id| bench.store.wallet(id).await.unwrap().access_version;
        [version(first).await, version(second).await]
    }
}

/// The names of the sessions that live.
async fn alive(bench: &TestBank) -> Vec<&'static str> {
    let mut alive = Vec::new();
    for token in ["a1", "a2", "b1", "b2"] {
        if bench.store.session(token, NOW).await.unwrap().is_some() {
            alive.push(token);
        }
    }
    alive
}

async fn each_way_ends_the_sessions_that_it_names(bench: TestBank) {
    let people = people(&bench).await;
    let end = async |which| {
        let mut ended = bench.store.end_sessions(which, NOW).await.unwrap();
        ended.sort();
        ended
    };
    let [first, second] = &people.organizations;
    assert_eq!(end(SessionsOf::Token("b2")).await, ["b2"]);
    assert_eq!(end(SessionsOf::Token("b2")).await, Vec::<String>::new(), "gone already is no error");
    assert_eq!(end(SessionsOf::Member { organization_id: second, user_id: &people.bob }).await, Vec::<String>::new());
    assert_eq!(end(SessionsOf::UserExcept { user_id: &people.ada, token_hash: "a1" }).await, ["a2"]);
    assert_eq!(alive(&bench).await, ["a1", "b1"]);
    assert_eq!(end(SessionsOf::Member { organization_id: first, user_id: &people.bob }).await, ["b1"]);
    assert_eq!(end(SessionsOf::User(&people.ada)).await, ["a1"]);
    assert_eq!(bench.count("sessions").await, 0);
}

async fn wallets_that_somebody_leaves_are_noticed(bench: TestBank) {
    let people = people(&bench).await;
    bench.store.end_sessions(SessionsOf::Portal("portal 2"), NOW).await.unwrap();
    assert_eq!(alive(&bench).await, ["a1", "b1"]);
    assert_eq!(people.versions(&bench).await, [0, 1]);
    bench.store.end_sessions(SessionsOf::Portal("portal 2"), NOW).await.unwrap();
    assert_eq!(people.versions(&bench).await, [0, 1], "nobody left");
    bench.store.end_sessions(SessionsOf::User(&people.ada), NOW).await.unwrap();
    assert_eq!(people.versions(&bench).await, [1, 1]);
}

async fn ending_at_once_ends_each_session_once(bench: TestBank) {
    let people = people(&bench).await;
    let ended = at_once(8, |index| {
        let (store, user) = (bench.store.clone(), [&people.ada, &people.bob][index % 2].clone());
        async move {
            let by_user = store.end_sessions(SessionsOf::User(&user), NOW).await.unwrap();
            let by_portal = store.end_sessions(SessionsOf::Portal("portal 1"), NOW).await.unwrap();
            [by_user, by_portal].concat()
        }
    })
    .await;
    let mut ended = ended.concat();
    ended.sort();
    assert_eq!(ended, ["a1", "a2", "b1", "b2"]);
    assert_eq!(bench.count("ended_sessions").await, 4);
}

async fn what_has_ended_is_remembered_for_a_day(bench: TestBank) {
    people(&bench).await;
    bench.store.end_sessions(SessionsOf::Token("a1"), NOW).await.unwrap();
    let day = 24 * 3600;
    bench.store.purge_sessions(NOW.plus_seconds(day - 1)).await.unwrap();
    assert_eq!(bench.count("ended_sessions WHERE token_hash = 'a1'").await, 1);
    assert_eq!(bench.count("ended_sessions").await, 1, "what ran out was not ended by anybody");
    bench.store.purge_sessions(NOW.plus_seconds(day)).await.unwrap();
    assert_eq!(bench.count("ended_sessions").await, 0);
}
