//! Cards: one default while there is a card, and a set-up connects once.

use billing_domain::charge::DeclineCode;
use billing_domain::{CardSetupId, OrganizationId, SetupRef};
use billing_store::{Created, NewCard, NewCardSetup, SetupResult, SetupStatus, StoreError};

use crate::bench::{NOW, TestBank, actor, at_once, id, key, new_card, on_both};

on_both![
    there_is_one_default_while_there_is_a_card,
    ten_cards_connected_at_once_have_one_default,
    the_same_card_of_the_provider_is_connected_once,
    a_setup_that_succeeds_ten_times_connects_one_card,
    a_finished_setup_stays_as_it_is,
    an_unfinished_setup_is_found_again,
];

async fn there_is_one_default_while_there_is_a_card(bench: TestBank) {
    let organization = bench.organization().await;
    assert!(!bench.store.wallet(&organization).await.unwrap().card_connected);
    let first = bench.card(&organization).await;
    let second = bench.store.add_card(&organization, &new_card(), NOW.plus_seconds(1)).await.unwrap();
    let third = bench.store.add_card(&organization, &new_card(), NOW.plus_seconds(2)).await.unwrap();
    assert_eq!((first.is_default, second.is_default, third.is_default), (true, false, false));
    assert!(bench.store.set_default_card(&organization, &third.id, &actor(), NOW).await.unwrap().is_default);
    let listed: Vec<_> = bench.store.cards(&organization).await.unwrap().into_iter().map(|card| card.id).collect();
    assert_eq!(listed, [third.id.clone(), first.id.clone(), second.id.clone()]);
    let default = bench.store.remove_card(&organization, &second.id, &actor(), NOW).await.unwrap().unwrap();
    assert_eq!(default.id, third.id, "removing another one changes nothing");
    let default = bench.store.remove_card(&organization, &third.id, &actor(), NOW).await.unwrap().unwrap();
    assert_eq!((default.id.as_str(), default.is_default), (first.id.as_str(), true));
    assert!(matches!(bench.store.card(&organization, &third.id).await, Err(StoreError::NotFound)));
    assert!(matches!(
        bench.store.set_default_card(&organization, &third.id, &actor(), NOW).await,
        Err(StoreError::NotFound)
    ));
    assert_eq!(bench.store.remove_card(&organization, &first.id, &actor(), NOW).await.unwrap(), None);
    assert!(matches!(
        bench.store.remove_card(&organization, &first.id, &actor(), NOW).await,
        Err(StoreError::NotFound)
    ));
    assert!(!bench.store.wallet(&organization).await.unwrap().card_connected);
}

async fn ten_cards_connected_at_once_have_one_default(bench: TestBank) {
    let organization = bench.organization().await;
    let cards = at_once(10, |_| {
        let (store, organization) = (bench.store.clone(), organization.clone());
        async move { store.add_card(&organization, &new_card(), NOW).await.unwrap() }
    })
    .await;
    assert_eq!(cards.iter().filter(|card| card.is_default).count(), 1);
    at_once(10, |index| {
        let (store, organization, id) = (bench.store.clone(), organization.clone(), cards[index].id.clone());
        async move { store.set_default_card(&organization, &id, &actor(), NOW).await.unwrap() }
    })
    .await;
    let cards = bench.store.cards(&organization).await.unwrap();
    assert_eq!((cards.len(), cards.iter().filter(|card| card.is_default).count()), (10, 1));
}

async fn the_same_card_of_the_provider_is_connected_once(bench: TestBank) {
    let (organization, other) = (bench.organization().await, bench.organization().await);
    let new = new_card();
    let card = bench.store.add_card(&organization, &new, NOW).await.unwrap();
    let again = NewCard { id: id(), ..new.clone() };
    assert_eq!(bench.store.add_card(&organization, &again, NOW).await.unwrap(), card);
    let theirs = bench.store.add_card(&other, &NewCard { id: id(), ..new.clone() }, NOW).await.unwrap();
    assert_ne!(theirs.id, card.id);
    bench.store.remove_card(&organization, &card.id, &actor(), NOW).await.unwrap();
    let back = bench.store.add_card(&organization, &NewCard { id: id(), ..new }, NOW).await.unwrap();
    assert!(back.id != card.id && back.is_default);
}

async fn setup(bench: &TestBank, organization: &OrganizationId) -> CardSetupId {
    let new = NewCardSetup {
        id: id(),
        user_id: None,
        provider: "sandbox".to_owned(),
        request: r#"{"token":"pm_card_visa"}"#.to_owned(),
    };
    let same = key(&new.id, "body");
    let created = bench.store.create_card_setup(organization, &new, Some(&same), NOW).await.unwrap();
    let Created::New(setup) = created else { panic!("{created:?}") };
    let again = NewCardSetup { id: id(), ..new.clone() };
    let replay = bench.store.create_card_setup(organization, &again, Some(&same), NOW).await.unwrap();
    assert_eq!(replay, Created::Replay(setup.clone()));
    let other = key(&new.id, "other body");
    let reused = bench.store.create_card_setup(organization, &again, Some(&other), NOW).await.unwrap();
    assert_eq!(reused, Created::Reused);
    setup.id
}

async fn a_setup_that_succeeds_ten_times_connects_one_card(bench: TestBank) {
    let organization = bench.organization().await;
    let setup_id = setup(&bench, &organization).await;
    let answers = at_once(10, |_| {
        let (store, organization, setup_id) = (bench.store.clone(), organization.clone(), setup_id.clone());
        let word = SetupResult::Succeeded { provider_ref: Some(SetupRef::from_trusted("si_1")), card: new_card() };
        async move { store.apply_card_setup(&organization, &setup_id, &word, NOW).await.unwrap() }
    })
    .await;
    let cards = bench.store.cards(&organization).await.unwrap();
    assert_eq!(cards.len(), 1);
    for (setup, card) in answers {
        assert_eq!((setup.status, setup.card_id.as_ref()), (SetupStatus::Succeeded, Some(&cards[0].id)));
        assert_eq!(card.as_ref(), cards.first());
    }
}

async fn a_finished_setup_stays_as_it_is(bench: TestBank) {
    let organization = bench.organization().await;
    let id = setup(&bench, &organization).await;
    let failed = SetupResult::Failed { decline_code: Some(DeclineCode::IncorrectCvc) };
    let (failed, _) = bench.store.apply_card_setup(&organization, &id, &failed, NOW).await.unwrap();
    let late = SetupResult::Succeeded { provider_ref: None, card: new_card() };
    assert_eq!(bench.store.apply_card_setup(&organization, &id, &late, NOW).await.unwrap(), (failed, None));
    assert_eq!(bench.store.cards(&organization).await.unwrap(), []);
}

async fn an_unfinished_setup_is_found_again(bench: TestBank) {
    let organization = bench.organization().await;
    let waiting = setup(&bench, &organization).await;
    let asked = SetupResult::ActionRequired {
        provider_ref: Some(SetupRef::from_trusted("si_1")),
        next_action: "{}".to_owned(),
    };
    let (asked, _) = bench.store.apply_card_setup(&organization, &waiting, &asked, NOW).await.unwrap();
    assert_eq!((asked.status, asked.next_action.as_deref()), (SetupStatus::ActionRequired, Some("{}")));
    let done = setup(&bench, &organization).await;
    bench.store.apply_card_setup(&organization, &done, &SetupResult::Failed { decline_code: None }, NOW).await.unwrap();
    assert_eq!(bench.store.open_card_setups(NOW, 10).await.unwrap(), []);
    assert_eq!(bench.store.open_card_setups(NOW.plus_seconds(1), 10).await.unwrap(), vec![asked.clone()]);
    let worked = SetupResult::Pending { provider_ref: None };
    let (worked, _) = bench.store.apply_card_setup(&organization, &waiting, &worked, NOW).await.unwrap();
    assert_eq!((worked.provider_ref, worked.next_action), (Some(SetupRef::from_trusted("si_1")), None));
}
