//! Payment links: used once, by one of many, each step whole, and never more connected or charged than was agreed to.

use billing_domain::auto_pay::{Refill, Settings};
use billing_domain::charge::{DeclineCode, Outcome, TopUpStatus};
use billing_domain::link::{LinkPurpose, LinkState, MAX_DECLINES, MAX_TRIES};
use billing_domain::{Money, OrganizationId, Role, SetupRef};
use billing_store::{
    CardSetup, Created, ExpectedCharge, LinkApplied, LinkCharge, LinkRefusal, NewCardSetup, NewLink, PaymentLink,
    SetupResult, SetupStatus, StoreError, TopUp,
};

use crate::bench::{NOW, TestBank, actor, at_once, id, key, money, new_card, on_both, uuid};
use crate::top_ups::{credit, update};

on_both![
    a_link_is_found_by_the_hash_of_its_token_alone,
    a_link_lives_from_created_over_opened_to_its_end,
    a_link_that_was_seen_expired_stays_so_when_the_clock_goes_back,
    a_card_is_connected_and_automatic_payments_are_switched_on_in_one_step,
    the_first_automatic_payment_is_the_one_that_was_seen,
    settings_that_somebody_switched_on_meanwhile_stay,
    a_payment_keeps_the_card_only_where_that_was_agreed_to,
    of_twenty_people_with_one_link_one_begins,
    a_link_that_was_taken_back_connects_nothing,
    money_that_arrives_after_a_link_was_taken_back_is_kept,
    too_many_declined_cards_end_a_link,
    too_many_tries_end_a_link,
    a_word_heard_twenty_times_at_once_counts_once,
    no_more_links_are_alive_than_may_be_and_each_of_them_is_listed,
];

fn settings() -> Settings {
    Settings { threshold: money("20"), refill: Refill::Target { balance: money("100") }, monthly_cap: money("500") }
}

async fn made(
    bench: &TestBank,
    organization: &OrganizationId,
    purpose: LinkPurpose,
    settings: Option<Settings>,
) -> PaymentLink {
    let new = NewLink {
        id: id(),
        token_hash: uuid(),
        purpose,
        amount: purpose.pays().then(|| money("100")),
        settings,
        note: "For November".to_owned(),
        created_by: bench.member(organization, "Olive", Role::Owner).await,
        expires_at: NOW.plus_seconds(3600),
    };
    bench.store.create_link(organization, &new, &actor(), NOW).await.unwrap()
}

async fn a_link_that_was_seen_expired_stays_so_when_the_clock_goes_back(bench: TestBank) {
    let organization = bench.organization().await;
    let link = made(&bench, &organization, LinkPurpose::Pay, None).await;
    let later = link.expires_at.plus_seconds(1);
    assert_eq!(bench.store.expire_links(NOW).await.unwrap(), 0);
    assert_eq!(bench.store.expire_links(later).await.unwrap(), 1);
    assert_eq!(bench.store.expire_links(later).await.unwrap(), 0, "once");
    let seen = bench.store.link(&organization, &link.id).await.unwrap();
    // A day before it was made.
    for now in [NOW.plus_seconds(-86_400), NOW, later] {
        assert_eq!(seen.state(now), LinkState::Expired, "{now}");
    }
    assert_eq!(begin(&bench, &link).await.unwrap_err(), LinkRefusal::Dead);
    let revoked = bench.store.revoke_link(&organization, &link.id, &actor(), NOW).await.unwrap();
    assert_eq!(revoked.state(NOW), LinkState::Expired, "what is over is not taken back");
}

/// The payer has seen what the link itself asks for, and nothing else is due.
fn as_asked(link: &PaymentLink) -> ExpectedCharge {
    ExpectedCharge { seen: link.amount, due: link.amount }
}

fn new_setup() -> NewCardSetup {
    NewCardSetup { id: id(), user_id: None, provider: "sandbox".to_owned(), request: "{}".to_owned() }
}

async fn begin(bench: &TestBank, link: &PaymentLink) -> Result<Created<CardSetup>, LinkRefusal> {
    let new = new_setup();
    bench.store.begin_link_attempt(link, &new, &key(&new.id, "f"), as_asked(link), NOW).await.unwrap()
}

async fn begun(bench: &TestBank, link: &PaymentLink) -> CardSetup {
    match begin(bench, link).await {
        Ok(Created::New(setup)) => setup,
        other => panic!("{other:?}"),
    }
}

async fn apply(bench: &TestBank, setup: &CardSetup, word: &SetupResult) -> LinkApplied {
    let charge = LinkCharge { top_up_id: id(), next_check_at: NOW.plus_seconds(10) };
    bench.store.apply_link_setup(&setup.organization_id, &setup.id, word, &charge, NOW).await.unwrap()
}

fn connected() -> SetupResult {
    SetupResult::Succeeded { provider_ref: Some(SetupRef::from_trusted("seti_1")), card: new_card() }
}

async fn charged(bench: &TestBank, top_up: &TopUp, outcome: Outcome) {
    let (organization, id) = (&top_up.organization_id, &top_up.id);
    bench.store.apply_top_up(organization, id, &update(outcome), &credit(), NOW).await.unwrap();
}

async fn now_of(bench: &TestBank, link: &PaymentLink) -> PaymentLink {
    bench.store.link(&link.organization_id, &link.id).await.unwrap()
}

async fn a_link_is_found_by_the_hash_of_its_token_alone(bench: TestBank) {
    let (mine, theirs) = (bench.organization().await, bench.organization().await);
    let user = bench.member(&mine, "Olive", Role::Owner).await;
    let new = NewLink {
        id: id(),
        token_hash: "the-hash".to_owned(),
        purpose: LinkPurpose::PayAndConnect,
        amount: Some(money("12.5")),
        settings: Some(settings()),
        note: "Bitte".to_owned(),
        created_by: user.clone(),
        expires_at: NOW.plus_seconds(3600),
    };
    let link = bench.store.create_link(&mine, &new, &actor(), NOW).await.unwrap();
    assert_eq!((link.amount, link.settings), (Some(money("12.5")), Some(settings())));
    assert_eq!((link.created_by_name.as_str(), link.note.as_str()), ("Olive", "Bitte"));
    assert_eq!(bench.store.link_by_token("the-hash").await.unwrap(), link);
    assert!(matches!(bench.store.link_by_token("another").await, Err(StoreError::NotFound)));
    assert!(matches!(bench.store.link(&theirs, &link.id).await, Err(StoreError::NotFound)));
    assert!(matches!(bench.store.revoke_link(&theirs, &link.id, &actor(), NOW).await, Err(StoreError::NotFound)));
    assert_eq!(bench.store.links(&theirs, 10, NOW).await.unwrap(), []);
    assert_eq!(bench.store.links(&mine, 10, NOW).await.unwrap(), [link]);
    let twice = NewLink { id: id(), ..new };
    assert!(matches!(bench.store.create_link(&mine, &twice, &actor(), NOW).await, Err(StoreError::Conflict(_))));
}

async fn a_link_lives_from_created_over_opened_to_its_end(bench: TestBank) {
    let organization = bench.organization().await;
    let link = made(&bench, &organization, LinkPurpose::Connect, None).await;
    assert_eq!(link.state(NOW), LinkState::Created);
    assert_eq!(link.state(NOW.plus_seconds(3600)), LinkState::Expired);
    assert!(bench.store.open_link(&link.id, NOW).await.unwrap());
    assert!(!bench.store.open_link(&link.id, NOW.plus_seconds(5)).await.unwrap());
    let opened = now_of(&bench, &link).await;
    assert_eq!((opened.state(NOW), opened.opened_at), (LinkState::Opened, Some(NOW)));
    // One that is over cannot be taken back any more.
    let late = bench.store.revoke_link(&organization, &link.id, &actor(), NOW.plus_seconds(3600)).await.unwrap();
    assert_eq!(late.revoked_at, None);
    let revoked = bench.store.revoke_link(&organization, &link.id, &actor(), NOW).await.unwrap();
    assert_eq!(revoked.state(NOW), LinkState::Revoked);
    assert_eq!(begin(&bench, &link).await, Err(LinkRefusal::Dead));
}

async fn a_card_is_connected_and_automatic_payments_are_switched_on_in_one_step(bench: TestBank) {
    let organization = bench.organization().await;
    let link = made(&bench, &organization, LinkPurpose::Connect, Some(settings())).await;
    let setup = begun(&bench, &link).await;
    let applied = apply(&bench, &setup, &connected()).await;
    let card = applied.connected.unwrap();
    assert!(card.is_default && applied.top_up.is_none() && applied.setup.status == SetupStatus::Succeeded);
    let done = now_of(&bench, &link).await;
    assert_eq!((done.state(NOW), done.card_id.as_ref()), (LinkState::Completed, Some(&card.id)));
    let auto_pay = bench.store.auto_pay(&organization).await.unwrap();
    assert_eq!((auto_pay.enabled, auto_pay.settings, auto_pay.card_id), (true, Some(settings()), Some(card.id)));
    assert_eq!(auto_pay.updated_by, Some(link.created_by.clone()));
    assert_eq!(begin(&bench, &link).await, Err(LinkRefusal::Dead));
}

async fn the_first_automatic_payment_is_the_one_that_was_seen(bench: TestBank) {
    let organization = bench.organization().await;
    let link = made(&bench, &organization, LinkPurpose::Connect, Some(settings())).await;
    let attempt = async |seen: Option<&str>, due: Option<&str>| {
        let (new, charge) = (new_setup(), ExpectedCharge { seen: seen.map(money), due: due.map(money) });
        bench.store.begin_link_attempt(&link, &new, &key(&new.id, "f"), charge, NOW).await.unwrap()
    };
    for (seen, due) in [(None, Some("50")), (Some("50"), None), (Some("50"), Some("60"))] {
        assert_eq!(attempt(seen, due).await, Err(LinkRefusal::ChargeChanged));
    }
    assert_eq!(now_of(&bench, &link).await.tries, 0, "a refusal counts no try");
    let Ok(Created::New(setup)) = attempt(Some("50"), Some("50")).await else { panic!() };
    assert_eq!(setup.charge, Some(money("50")));
    let applied = apply(&bench, &setup, &connected()).await;
    let top_up = applied.top_up.unwrap();
    assert_eq!((top_up.amount, applied.connected), (money("50"), None));
    assert!(!bench.store.auto_pay(&organization).await.unwrap().enabled, "not before it is paid");
    charged(&bench, &top_up, Outcome::Settled).await;
    let auto_pay = bench.store.auto_pay(&organization).await.unwrap();
    assert_eq!((auto_pay.enabled, auto_pay.health.last_charge_at), (true, Some(NOW)));
    let spent = bench.store.auto_spent(&organization, NOW, NOW.plus_seconds(1)).await.unwrap();
    assert_eq!(spent.settled, money("50"), "it counts for the month's cap");
    bench.assert_whole(&organization).await;
}

async fn settings_that_somebody_switched_on_meanwhile_stay(bench: TestBank) {
    let organization = bench.organization().await;
    let link = made(&bench, &organization, LinkPurpose::Connect, Some(settings())).await;
    let own = bench.card(&organization).await;
    let present = crate::auto_pay::switch_on(&bench, &organization).await;
    let setup = begun(&bench, &link).await;
    apply(&bench, &setup, &connected()).await;
    let after = bench.store.auto_pay(&organization).await.unwrap();
    assert_eq!((after.version, after.settings), (present.version, present.settings));
    let cards = bench.store.cards(&organization).await.unwrap();
    assert_eq!((cards.len(), &cards[0].id), (2, &own.id));
}

async fn a_payment_keeps_the_card_only_where_that_was_agreed_to(bench: TestBank) {
    for (purpose, kept) in [(LinkPurpose::Pay, 0), (LinkPurpose::PayAndConnect, 1)] {
        let organization = bench.organization().await;
        let link = made(&bench, &organization, purpose, None).await;
        let setup = begun(&bench, &link).await;
        let applied = apply(&bench, &setup, &connected()).await;
        let top_up = applied.top_up.unwrap();
        assert_eq!((top_up.amount, top_up.link_id.as_ref()), (money("100"), Some(&link.id)));
        assert_eq!(bench.store.top_up_of_setup(&applied.setup).await.unwrap().as_ref(), Some(&top_up));
        // Until it has paid, nobody else can see or charge the card, and nobody else can use the link.
        assert_eq!(bench.store.cards(&organization).await.unwrap(), []);
        assert_eq!(begin(&bench, &link).await, Err(LinkRefusal::Busy));
        charged(&bench, &top_up, Outcome::NoAnswer).await;
        assert_eq!(begin(&bench, &link).await, Err(LinkRefusal::Busy));
        charged(&bench, &top_up, Outcome::Settled).await;
        let done = now_of(&bench, &link).await;
        assert_eq!((done.state(NOW), done.top_up_id.as_ref()), (LinkState::Completed, Some(&top_up.id)));
        assert_eq!(bench.store.cards(&organization).await.unwrap().len(), kept, "{purpose}");
        assert_eq!(bench.store.wallet(&organization).await.unwrap().balance, money("100"));
        assert_eq!(bench.store.wallet(&organization).await.unwrap().card_connected, kept == 1);
        assert_eq!(begin(&bench, &link).await, Err(LinkRefusal::Dead));
        bench.assert_whole(&organization).await;
    }
}

async fn of_twenty_people_with_one_link_one_begins(bench: TestBank) {
    let organization = bench.organization().await;
    let link = made(&bench, &organization, LinkPurpose::Pay, None).await;
    let answers = at_once(20, |_| {
        let (store, link) = (bench.store.clone(), link.clone());
        async move {
            let new = new_setup();
            store.begin_link_attempt(&link, &new, &key(&new.id, "f"), as_asked(&link), NOW).await.unwrap()
        }
    })
    .await;
    let begun = answers.iter().filter(|answer| matches!(answer, Ok(Created::New(_)))).count();
    let busy = answers.iter().filter(|answer| matches!(answer, Err(LinkRefusal::Busy))).count();
    assert_eq!((begun, busy), (1, 19));
    assert_eq!(now_of(&bench, &link).await.tries, 1);
}

async fn a_link_that_was_taken_back_connects_nothing(bench: TestBank) {
    for purpose in LinkPurpose::ALL {
        let organization = bench.organization().await;
        let link = made(&bench, &organization, *purpose, None).await;
        let setup = begun(&bench, &link).await;
        bench.store.revoke_link(&organization, &link.id, &actor(), NOW).await.unwrap();
        let applied = apply(&bench, &setup, &connected()).await;
        assert_eq!((applied.setup.status, applied.setup.decline_code), (SetupStatus::Failed, None));
        assert!(applied.connected.is_none() && applied.top_up.is_none() && applied.forget.is_some());
        assert_eq!(bench.store.cards(&organization).await.unwrap(), []);
        assert_eq!(now_of(&bench, &link).await.state(NOW), LinkState::Revoked);
    }
}

async fn money_that_arrives_after_a_link_was_taken_back_is_kept(bench: TestBank) {
    let organization = bench.organization().await;
    let link = made(&bench, &organization, LinkPurpose::PayAndConnect, Some(settings())).await;
    let setup = begun(&bench, &link).await;
    let top_up = apply(&bench, &setup, &connected()).await.top_up.unwrap();
    bench.store.revoke_link(&organization, &link.id, &actor(), NOW).await.unwrap();
    charged(&bench, &top_up, Outcome::Settled).await;
    assert_eq!(bench.store.wallet(&organization).await.unwrap().balance, money("100"));
    assert_eq!(now_of(&bench, &link).await.state(NOW), LinkState::Completed);
    assert_eq!(bench.store.cards(&organization).await.unwrap(), []);
    assert!(!bench.store.auto_pay(&organization).await.unwrap().enabled);
}

async fn too_many_declined_cards_end_a_link(bench: TestBank) {
    let organization = bench.organization().await;
    let link = made(&bench, &organization, LinkPurpose::Pay, None).await;
    for number in 1..=MAX_DECLINES {
        let setup = begun(&bench, &link).await;
        // Half of them are refused when they are connected, the others when they are charged.
        if number % 2 == 0 {
            apply(&bench, &setup, &SetupResult::Failed { decline_code: Some(DeclineCode::LostCard) }).await;
        } else {
            let top_up = apply(&bench, &setup, &connected()).await.top_up.unwrap();
            charged(&bench, &top_up, Outcome::Declined).await;
            let declined = bench.store.top_up(&organization, &top_up.id).await.unwrap();
            assert_eq!(declined.status, TopUpStatus::Declined);
        }
        assert_eq!(now_of(&bench, &link).await.declines, number);
    }
    assert_eq!(now_of(&bench, &link).await.state(NOW), LinkState::Revoked);
    assert_eq!(begin(&bench, &link).await, Err(LinkRefusal::Dead));
    assert_eq!(bench.store.wallet(&organization).await.unwrap().balance, Money::ZERO);
}

async fn too_many_tries_end_a_link(bench: TestBank) {
    let organization = bench.organization().await;
    let link = made(&bench, &organization, LinkPurpose::Connect, None).await;
    for _ in 0..MAX_TRIES {
        let setup = begun(&bench, &link).await;
        // Nobody confirmed: that is no declined card.
        apply(&bench, &setup, &SetupResult::Failed { decline_code: None }).await;
    }
    assert_eq!(now_of(&bench, &link).await.declines, 0);
    assert_eq!(begin(&bench, &link).await, Err(LinkRefusal::Dead));
    assert_eq!(now_of(&bench, &link).await.state(NOW), LinkState::Revoked);
}

async fn a_word_heard_twenty_times_at_once_counts_once(bench: TestBank) {
    let organization = bench.organization().await;
    let link = made(&bench, &organization, LinkPurpose::PayAndConnect, Some(settings())).await;
    let setup = begun(&bench, &link).await;
    let applied = at_once(20, |_| {
        let (store, setup) = (bench.store.clone(), setup.clone());
        async move {
            let charge = LinkCharge { top_up_id: id(), next_check_at: NOW };
            store.apply_link_setup(&setup.organization_id, &setup.id, &connected(), &charge, NOW).await.unwrap()
        }
    })
    .await;
    assert_eq!(applied.iter().filter(|applied| applied.top_up.is_some()).count(), 1);
    assert_eq!(bench.store.open_top_ups(&organization).await.unwrap().len(), 1);
}

async fn no_more_links_are_alive_than_may_be_and_each_of_them_is_listed(bench: TestBank) {
    let organization = bench.organization().await;
    let user = bench.member(&organization, "Olive", Role::Owner).await;
    let new = |expires_at| NewLink {
        id: id(),
        token_hash: uuid(),
        purpose: LinkPurpose::Connect,
        amount: None,
        settings: None,
        note: String::new(),
        created_by: user.clone(),
        expires_at,
    };
    let answers = at_once(40, |_| {
        let (store, organization, new) = (bench.store.clone(), organization.clone(), new(NOW.plus_seconds(3600)));
        async move { store.create_link(&organization, &new, &actor(), NOW).await }
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 20);
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Err(StoreError::LimitReached(20)))).count(), 20);
    assert_eq!(
        bench.store.links(&organization, 5, NOW).await.unwrap().len(),
        20,
        "those that can be used are all there"
    );
    // Those that have expired do not count, and of them only the latest are listed.
    let later = NOW.plus_seconds(3600);
    assert_eq!(bench.store.links(&organization, 5, later).await.unwrap().len(), 5);
    let link = bench.store.create_link(&organization, &new(later.plus_seconds(3600)), &actor(), later).await.unwrap();
    assert_eq!(bench.store.links(&organization, 5, later).await.unwrap()[0], link);
}
