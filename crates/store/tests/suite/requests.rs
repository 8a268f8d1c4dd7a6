//! Requests: one answer each.

use billing_domain::Role;
use billing_store::{Decision, NewRequest, RequestState, StoreError};

use crate::bench::{Bench, NOW, at_once, id, money, on_both};

on_both![two_admins_who_answer_at_once_give_one_answer, members_see_their_own_and_admins_all];

async fn ask(bench: &Bench, organization: &str, user_id: &str) -> String {
    let new = NewRequest { id: id(), user_id: user_id.to_owned(), amount: money("50"), reason: "Campaign".to_owned() };
    bench.store.create_request(organization, &new, NOW).await.unwrap().id
}

async fn two_admins_who_answer_at_once_give_one_answer(bench: Bench) {
    let organization = bench.organization().await;
    let user = bench.member(&organization, "Max", Role::Member).await;
    let request = ask(&bench, &organization, &user).await;
    let answers = at_once(2, |admin| {
        let (store, organization, request) = (bench.store.clone(), organization.clone(), request.clone());
        let decision = Decision {
            approved: admin == 0,
            answer: Some(format!("says {admin}")),
            decided_by: format!("admin {admin}"),
            top_up_id: None,
        };
        async move { store.decide_request(&organization, &request, &decision, NOW).await }
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Err(StoreError::Stale))).count(), 1);
    let decided = answers.into_iter().find_map(Result::ok).unwrap();
    assert_eq!(bench.store.request(&organization, &request).await.unwrap(), decided);
    assert_eq!((decided.state == RequestState::Open, decided.decided_at), (false, Some(NOW)));
    assert_eq!(decided.user_name, "Max");
}

async fn members_see_their_own_and_admins_all(bench: Bench) {
    let organization = bench.organization().await;
    let (max, moe) = (
        bench.member(&organization, "Max", Role::Member).await,
        bench.member(&organization, "Moe", Role::Member).await,
    );
    let stranger = bench.member(&bench.organization().await, "Eve", Role::Owner).await;
    let (first, second) = (ask(&bench, &organization, &max).await, ask(&bench, &organization, &moe).await);
    let ids = async |user: Option<&str>| -> Vec<String> {
        let requests = bench.store.requests(&organization, user, 100).await.unwrap();
        requests.into_iter().map(|request| request.id).collect()
    };
    assert_eq!(ids(None).await, [second.clone(), first.clone()]);
    assert_eq!(ids(Some(&max)).await, [first]);
    assert_eq!(ids(Some(&stranger)).await, Vec::<String>::new());
    let new = NewRequest { id: id(), user_id: stranger, amount: money("1"), reason: String::new() };
    assert!(matches!(bench.store.create_request(&organization, &new, NOW).await, Err(StoreError::NotFound)));
}
