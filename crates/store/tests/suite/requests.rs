//! Requests: one answer each.

use billing_domain::charge::Outcome;
use billing_domain::{OrganizationId, RequestId, Role, UserId};
use billing_store::{
    Applied, Created, CreditLine, Decision, NewRequest, NewTopUp, ProviderUpdate, RequestState, StoreError, TopUp,
};

use crate::bench::{NOW, TestBank, actor, at_once, id, key, money, on_both};

on_both![
    two_admins_who_answer_at_once_give_one_answer,
    members_see_their_own_and_admins_all,
    a_request_is_approved_by_the_money_and_not_before,
    a_request_is_paid_once_and_not_declined_meanwhile,
    no_more_requests_of_one_person_are_open_than_may_be,
];

async fn ask(bench: &TestBank, organization: &OrganizationId, user_id: &UserId) -> RequestId {
    let new = NewRequest { id: id(), user_id: user_id.to_owned(), amount: money("50"), reason: "Campaign".to_owned() };
    bench.store.create_request(organization, &new, &actor(), NOW).await.unwrap().id
}

async fn two_admins_who_answer_at_once_give_one_answer(bench: TestBank) {
    let organization = bench.organization().await;
    let user = bench.member(&organization, "Max", Role::Member).await;
    let request = ask(&bench, &organization, &user).await;
    let answers = at_once(2, |admin| {
        let (store, organization, request) = (bench.store.clone(), organization.clone(), request.clone());
        let decision = Decision {
            approved: admin == 0,
            answer: Some(format!("says {admin}")),
            decided_by: UserId::from_trusted(format!("admin {admin}")),
            top_up_id: None,
        };
        async move { store.decide_request(&organization, &request, &decision, &actor(), NOW).await }
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Err(StoreError::Stale))).count(), 1);
    let decided = answers.into_iter().find_map(Result::ok).unwrap();
    assert_eq!(bench.store.request(&organization, &request).await.unwrap(), decided);
    assert_eq!((decided.state == RequestState::Open, decided.decided_at), (false, Some(NOW)));
    assert_eq!(decided.user_name, "Max");
}

async fn members_see_their_own_and_admins_all(bench: TestBank) {
    let organization = bench.organization().await;
    let (max, moe) = (
        bench.member(&organization, "Max", Role::Member).await,
        bench.member(&organization, "Moe", Role::Member).await,
    );
    let stranger = bench.member(&bench.organization().await, "Eve", Role::Owner).await;
    let (first, second) = (ask(&bench, &organization, &max).await, ask(&bench, &organization, &moe).await);
    let ids = async |user: Option<&UserId>| -> Vec<RequestId> {
        let requests = bench.store.requests(&organization, user, 100).await.unwrap();
        requests.into_iter().map(|request| request.id).collect()
    };
    assert_eq!(ids(None).await, [second.clone(), first.clone()]);
    assert_eq!(ids(Some(&max)).await, [first]);
    assert_eq!(ids(Some(&stranger)).await, Vec::new());
    let new = NewRequest { id: id(), user_id: stranger, amount: money("1"), reason: String::new() };
    assert!(matches!(bench.store.create_request(&organization, &new, &actor(), NOW).await, Err(StoreError::NotFound)));
}

/// A top-up for the request, not settled yet.
async fn paying(bench: &TestBank, organization: &OrganizationId, request: &RequestId) -> Result<TopUp, StoreError> {
    let new = crate::top_ups::new_top_up(bench, organization, "50").await;
    let admin = bench.member(organization, "Ada", Role::Admin).await;
    let new = NewTopUp { requested_by: Some(admin), ..new };
    let created =
        bench.store.create_top_up_for_request(organization, &new, request, &key(&new.id, "same"), NOW).await?;
    match created {
        Created::New(top_up) => Ok(top_up),
        other => panic!("{other:?}"),
    }
}

async fn apply(bench: &TestBank, organization: &OrganizationId, top_up: &TopUp, outcome: Outcome) -> Applied {
    let word = ProviderUpdate {
        outcome,
        provider_ref: None,
        decline_code: None,
        next_action: None,
        received: None,
        next_check_at: NOW,
    };
    let credit = CreditLine {
        id: id(),
        day: NOW.utc_date(),
        description: String::new(),
        source: String::new(),
        details: Default::default(),
    };
    bench.store.apply_top_up(organization, &top_up.id, &word, &credit, NOW).await.unwrap()
}

async fn a_request_is_approved_by_the_money_and_not_before(bench: TestBank) {
    let organization = bench.organization().await;
    let user = bench.member(&organization, "Max", Role::Member).await;
    let request = ask(&bench, &organization, &user).await;
    let state = async || bench.store.request(&organization, &request).await.unwrap();
    let refused = paying(&bench, &organization, &request).await.unwrap();
    assert_eq!(apply(&bench, &organization, &refused, Outcome::Declined).await.approved_request, None);
    assert_eq!(state().await.state, RequestState::Open);
    let paid = paying(&bench, &organization, &request).await.unwrap();
    assert_eq!(state().await.state, RequestState::Open, "written down is not paid");
    assert_eq!(apply(&bench, &organization, &paid, Outcome::Settled).await.approved_request, Some(request.clone()));
    let approved = state().await;
    assert_eq!((approved.state, approved.decided_at), (RequestState::Approved, Some(NOW)));
    assert_eq!((approved.top_up_id, approved.decided_by), (Some(paid.id.clone()), paid.requested_by.clone()));
    assert_eq!(apply(&bench, &organization, &paid, Outcome::Settled).await.approved_request, None);
}

async fn a_request_is_paid_once_and_not_declined_meanwhile(bench: TestBank) {
    let organization = bench.organization().await;
    let user = bench.member(&organization, "Max", Role::Member).await;
    let request = ask(&bench, &organization, &user).await;
    let paying_now = paying(&bench, &organization, &request).await.unwrap();
    assert!(matches!(paying(&bench, &organization, &request).await, Err(StoreError::Conflict("request"))));
    let decision = Decision { approved: false, answer: None, decided_by: user.clone(), top_up_id: None };
    let declined = bench.store.decide_request(&organization, &request, &decision, &actor(), NOW).await;
    assert!(matches!(declined, Err(StoreError::Stale)));
    apply(&bench, &organization, &paying_now, Outcome::Settled).await;
    assert!(matches!(paying(&bench, &organization, &request).await, Err(StoreError::Conflict("request"))));
    // Nothing of what was refused was written down.
    assert_eq!(bench.count("top_ups").await, 1);
    let other = bench.organization().await;
    bench.card(&other).await;
    let open = ask(&bench, &organization, &user).await;
    assert!(matches!(paying(&bench, &other, &open).await, Err(StoreError::Conflict("request"))));
}

async fn no_more_requests_of_one_person_are_open_than_may_be(bench: TestBank) {
    let organization = bench.organization().await;
    let user = bench.member(&organization, "Max", Role::Member).await;
    let other = bench.member(&organization, "Moe", Role::Member).await;
    let answers = at_once(30, |_| {
        let (store, organization) = (bench.store.clone(), organization.clone());
        let new = NewRequest { id: id(), user_id: user.clone(), amount: money("50"), reason: "Calls".to_owned() };
        async move { store.create_request(&organization, &new, &actor(), NOW).await }
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 10);
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Err(StoreError::LimitReached(10)))).count(), 20);
    ask(&bench, &organization, &other).await;
}
