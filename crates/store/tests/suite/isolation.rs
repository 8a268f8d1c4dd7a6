//! Every id of another organization is unknown here.

use std::fmt::Debug;

use billing_domain::charge::Outcome;
use billing_domain::{Role, Scope, TransactionKind};
use billing_store::{
    Actor, Created, Decision, NewApiKey, NewCardSetup, NewInvitation, NewRequest, OrganizationUpdate,
    PortalSessionFilter, SetupResult, StoreError, TransactionFilter,
};

use crate::bench::{NOW, TestBank, actor, day, id, money, new_card, on_both, owner, usage_line};
use crate::top_ups::{credit, manual, update};

on_both![
    ids_of_another_organization_are_not_found_and_untouched,
    lists_hold_nothing_of_another_organization,
    an_unknown_organization_has_nothing,
    settings_of_the_organization_change_by_version,
    what_programs_and_invitations_make_stays_where_it_belongs,
];

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "one `&` less at each of thirty calls")]
fn assert_not_found<T: Debug>(answer: Result<T, StoreError>) {
    assert!(matches!(answer, Err(StoreError::NotFound)), "{answer:?}");
}

async fn ids_of_another_organization_are_not_found_and_untouched(bench: TestBank) {
    let (mine, theirs) = (bench.organization().await, bench.organization().await);
    let store = &bench.store;
    let user = bench.member(&theirs, "Tess", Role::Member).await;
    let card = bench.card(&theirs).await;
    let top_up = manual(&bench, &theirs, "10").await;
    let request = NewRequest { id: id(), user_id: user.clone(), amount: money("1"), reason: String::new() };
    let request = store.create_request(&theirs, &request, &actor(), NOW).await.unwrap();
    let setup = NewCardSetup { id: id(), user_id: None, provider: "sandbox".to_owned(), request: "{}".to_owned() };
    let Created::New(setup) = store.create_card_setup(&theirs, &setup, None, NOW).await.unwrap() else { panic!() };

    assert_not_found(store.member(&mine, &user).await);
    assert_not_found(store.change_role(&mine, &user, Role::Owner, &Actor::system("test"), NOW).await);
    assert_not_found(store.card(&mine, &card.id).await);
    assert_not_found(store.set_default_card(&mine, &card.id, &actor(), NOW).await);
    assert_not_found(store.remove_card(&mine, &card.id, &actor(), NOW).await);
    assert_not_found(store.card_setup(&mine, &setup.id).await);
    let word_on_setup = SetupResult::Succeeded { provider_ref: None, card: new_card() };
    assert_not_found(store.apply_card_setup(&mine, &setup.id, &word_on_setup, NOW).await);
    assert_not_found(store.top_up(&mine, &top_up.id).await);
    assert_not_found(store.apply_top_up(&mine, &top_up.id, &update(Outcome::Settled), &credit(), NOW).await);
    let lease = store.lease_top_up(&mine, &top_up.id, &owner("me"), NOW.plus_seconds(60), NOW).await.unwrap();
    assert_eq!(lease, None);
    assert_not_found(store.request(&mine, &request.id).await);
    let decision = Decision { approved: true, answer: None, decided_by: id(), top_up_id: None };
    assert_not_found(store.decide_request(&mine, &request.id, &decision, &actor(), NOW).await);

    assert_eq!(store.member(&theirs, &user).await.unwrap().role, Role::Member);
    assert_eq!(store.card(&theirs, &card.id).await.unwrap(), card);
    assert_eq!(store.card_setup(&theirs, &setup.id).await.unwrap(), setup);
    assert_eq!(store.top_up(&theirs, &top_up.id).await.unwrap(), top_up);
    assert_eq!(store.request(&theirs, &request.id).await.unwrap(), request);
    assert_eq!(store.cards(&mine).await.unwrap(), []);
    assert_eq!(bench.count("ledger").await, 0);
}

async fn lists_hold_nothing_of_another_organization(bench: TestBank) {
    let (mine, theirs) = (bench.organization().await, bench.organization().await);
    let store = &bench.store;
    let user = bench.member(&theirs, "Tess", Role::Owner).await;
    bench.post(&theirs, usage_line("call-1", "1")).await;
    manual(&bench, &theirs, "10").await;
    let request = NewRequest { id: id(), user_id: user, amount: money("1"), reason: String::new() };
    store.create_request(&theirs, &request, &actor(), NOW).await.unwrap();
    let filter = TransactionFilter {
        kinds: vec![TransactionKind::OutboundCall],
        from: Some(NOW.plus_seconds(-1)),
        to: Some(NOW.plus_seconds(1)),
        query: Some("call".to_owned()),
    };
    assert_eq!(store.transactions(&theirs, &filter, Some(99), 10).await.unwrap().len(), 1);
    assert_eq!(store.transactions(&mine, &filter, Some(99), 10).await.unwrap(), []);
    assert_eq!(store.lines_after(&mine, 0, 10).await.unwrap(), []);
    assert_eq!(store.usage(&mine, day("2026-01-01"), day("2026-12-31")).await.unwrap(), []);
    assert_eq!(store.usage_by_kind(&mine, day("2026-01-01"), day("2026-12-31")).await.unwrap(), []);
    assert_eq!(store.cards(&mine).await.unwrap(), []);
    assert_eq!(store.open_top_ups(&mine).await.unwrap(), []);
    assert_eq!(store.pending_credit(&mine).await.unwrap().in_flight, money("0"));
    assert_eq!(store.requests(&mine, None, 10).await.unwrap(), []);
    assert_eq!(store.members(&mine).await.unwrap(), []);
    assert_eq!(store.admin_names(&mine).await.unwrap(), Vec::<String>::new());
    assert!(!store.wallet(&mine).await.unwrap().card_connected);
}

async fn an_unknown_organization_has_nothing(bench: TestBank) {
    let none = id();
    assert_not_found(bench.store.organization(&none).await);
    assert_not_found(bench.store.wallet(&none).await);
    assert_not_found(bench.store.auto_pay(&none).await);
    assert_not_found(bench.store.verify(&none).await);
    assert_not_found(bench.store.add_card(&none, &new_card(), NOW).await);
    assert_not_found(bench.store.post(&none, vec![usage_line("1", "1")], NOW).await);
    assert_not_found(bench.store.rebuild_usage_days(&none, billing_domain::Timestamp::utc_date).await);
}

async fn what_programs_and_invitations_make_stays_where_it_belongs(bench: TestBank) {
    let (mine, theirs) = (bench.organization().await, bench.organization().await);
    let (store, by) = (&bench.store, actor());
    let key = NewApiKey {
        id: id(),
        name: "meter".to_owned(),
        scopes: vec![Scope::MeteringWrite],
        organization_id: Some(theirs.clone()),
        secret_hash: "hash of the key".to_owned(),
        last4: "last".to_owned(),
        expires_at: None,
    };
    store.create_key(&key, &by, NOW).await.unwrap();
    let owner = bench.member(&theirs, "Tess", Role::Owner).await;
    let invitation = NewInvitation {
        id: &id(),
        organization_id: &theirs,
        email: "new@theirs.test",
        role: Role::Member,
        token_hash: "hash of the token",
        invited_by: &owner,
        expires_at: NOW.plus_seconds(60),
    };
    store.create_invitation(&invitation, &by, NOW).await.unwrap();

    assert_eq!(store.keys(Some(&mine)).await.unwrap(), []);
    assert_not_found(store.key(&key.id, Some(&mine)).await);
    assert_not_found(store.revoke_key(&key.id, Some(&mine), &by, NOW).await);
    assert_eq!(store.open_invitations(&mine).await.unwrap(), []);
    assert_not_found(store.open_invitation(&mine, invitation.id).await);
    assert_not_found(store.revoke_invitation(&mine, invitation.id, &by, NOW).await);
    let filter = PortalSessionFilter { organization_id: Some(mine.clone()), ..PortalSessionFilter::default() };
    assert_eq!(store.end_portal_sessions(&filter, &by, NOW).await.unwrap(), []);
    assert_eq!(store.page_audit(Some(&mine), None, 10).await.unwrap(), []);

    assert_eq!(store.keys(Some(&theirs)).await.unwrap().len(), 1);
    assert_eq!(store.open_invitations(&theirs).await.unwrap().len(), 1);
    assert_eq!(store.page_audit(Some(&theirs), None, 10).await.unwrap().len(), 2);
}

async fn settings_of_the_organization_change_by_version(bench: TestBank) {
    let organization = bench.organization().await;
    let update = OrganizationUpdate {
        name: "Northwind".to_owned(),
        address: "2 Side St".to_owned(),
        tax_id: "DE1".to_owned(),
        time_zone: "UTC".to_owned(),
    };
    let changed = bench.store.update_organization(&organization, 1, &update, &actor(), NOW).await.unwrap();
    assert_eq!((changed.version, changed.name.as_str()), (2, "Northwind"));
    assert_eq!(bench.store.organization(&organization).await.unwrap(), changed);
    let stale = bench.store.update_organization(&organization, 1, &update, &actor(), NOW).await;
    assert!(matches!(stale, Err(StoreError::Stale)), "{stale:?}");
    assert_not_found(bench.store.update_organization(&id(), 1, &update, &actor(), NOW).await);
    assert_eq!(bench.store.organization_ids().await.unwrap(), [organization]);
}
