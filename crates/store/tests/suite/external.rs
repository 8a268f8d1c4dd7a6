//! Organizations and members as the host names them: however many put one at the same time, it is made once.

use billing_domain::{Currency, OrganizationId, OrganizationRef, Role, UserRef};
use billing_store::{
    Actor, MemberFacts, MemberPut, OrganizationFacts, OrganizationPut, PutMember, Removal, StoreError,
};

use crate::bench::{NOW, TestBank, at_once, id, on_both, usage_line};

on_both![
    fifty_puts_at_once_make_one_organization,
    fifty_puts_at_once_make_one_member,
    a_currency_that_is_used_stays_while_it_is_put_and_used_at_once,
    organizations_and_members_are_found_by_their_own_names_alone,
];

fn facts(name: &str, currency: Currency) -> OrganizationFacts {
    OrganizationFacts {
        name: name.to_owned(),
        time_zone: "UTC".to_owned(),
        currency,
        address: None,
        tax_id: None,
        locale: None,
        plan: None,
        policy: None,
        metadata: None,
    }
}

fn external(name: &str) -> OrganizationRef {
    OrganizationRef::External(name.parse().unwrap())
}

async fn put(bench: &TestBank, name: &str, facts: &OrganizationFacts) -> OrganizationPut {
    bench.store.put_organization(&external(name), facts, &id(), false, &Actor::system("test"), NOW).await.unwrap()
}

async fn made(bench: &TestBank, name: &str) -> OrganizationId {
    match put(bench, name, &facts(name, Currency::Usd)).await {
        OrganizationPut::Created(organization) => organization.id,
        other => panic!("not made: {other:?}"),
    }
}

async fn audited(bench: &TestBank, organization: &OrganizationId) -> i64 {
    let trail = bench.store.verify_audit(Some(organization)).await.unwrap();
    assert_eq!(trail.broken, None);
    trail.lines
}

async fn fifty_puts_at_once_make_one_organization(bench: TestBank) {
    let answers = at_once(50, |_| {
        let store = bench.store.clone();
        async move {
            let (named, facts) = (external("acct_42"), facts("Northwind", Currency::Eur));
            store.put_organization(&named, &facts, &id(), false, &Actor::system("test"), NOW).await.unwrap()
        }
    })
    .await;
    let (mut created, mut ids) = (0, Vec::new());
    for answer in answers {
        match answer {
            OrganizationPut::Created(organization) => {
                created += 1;
                ids.push(organization.id);
            }
            OrganizationPut::Same(organization) => ids.push(organization.id),
            other => panic!("{other:?}"),
        }
    }
    ids.dedup();
    assert_eq!((created, ids.len()), (1, 1));
    assert_eq!(audited(&bench, &ids[0]).await, 1);
    for table in ["organizations", "wallets", "auto_pay"] {
        assert_eq!(bench.count(table).await, 1, "{table}");
    }
}

async fn fifty_puts_at_once_make_one_member(bench: TestBank) {
    let organization = made(&bench, "acct_42").await;
    let answers = at_once(50, |_| {
        let (store, organization) = (bench.store.clone(), organization.clone());
        async move {
            let named = UserRef::External("u_7".parse().unwrap());
            let facts = MemberFacts { email: "uma@acct.test".to_owned(), name: "Uma".to_owned(), role: Role::Admin };
            let (organization_id, new_id) = (&organization, &id());
            let put = MemberPut { organization_id, named: &named, new_id, facts: &facts, only_here: false };
            store.put_member(&put, &Actor::system("test"), NOW).await.unwrap()
        }
    })
    .await;
    let (mut created, mut ids) = (0, Vec::new());
    for answer in answers {
        match answer {
            PutMember::Created(member) => {
                created += 1;
                ids.push(member.user_id);
            }
            PutMember::Same(member) => ids.push(member.user_id),
            other => panic!("{other:?}"),
        }
    }
    ids.dedup();
    assert_eq!((created, ids.len()), (1, 1));
    assert_eq!((bench.count("users").await, bench.count("members").await), (1, 1));
    assert_eq!(audited(&bench, &organization).await, 2);
}

async fn a_currency_that_is_used_stays_while_it_is_put_and_used_at_once(bench: TestBank) {
    for round in 0..10 {
        let name = format!("acct_{round}");
        let organization = made(&bench, &name).await;
        let answers = at_once(2, |number| {
            let (store, organization, name) = (bench.store.clone(), organization.clone(), name.clone());
            async move {
                if number == 0 {
                    store.post(&organization, vec![usage_line("call", "1")], NOW).await.unwrap();
                    return None;
                }
                let facts = facts("Yen", Currency::Jpy);
                Some(
                    store
                        .put_organization(&external(&name), &facts, &id(), false, &Actor::system("test"), NOW)
                        .await
                        .unwrap(),
                )
            }
        })
        .await;
        let changed = answers.iter().flatten().any(|put| matches!(put, OrganizationPut::Changed { .. }));
        let expected = if changed { Currency::Jpy } else { Currency::Usd };
        assert_eq!(bench.store.organization(&organization).await.unwrap().currency, expected);
        let lines = bench.store.lines_after(&organization, 0, 10).await.unwrap();
        assert_eq!(lines.iter().map(|line| line.line.currency).collect::<Vec<_>>(), [expected]);
        bench.assert_whole(&organization).await;
    }
}

async fn organizations_and_members_are_found_by_their_own_names_alone(bench: TestBank) {
    let (mine, theirs) = (made(&bench, "mine").await, made(&bench, "theirs").await);
    let named = UserRef::External("u_7".parse().unwrap());
    let facts = MemberFacts { email: "uma@acct.test".to_owned(), name: "Uma".to_owned(), role: Role::Owner };
    let (organization_id, new_id) = (&theirs, &id());
    let put = MemberPut { organization_id, named: &named, new_id, facts: &facts, only_here: false };
    bench.store.put_member(&put, &Actor::system("test"), NOW).await.unwrap();
    let found = bench.store.find_organization(&external("mine")).await.unwrap().unwrap();
    assert_eq!(found.id, mine);
    for unknown in ["min", "mine ", "MINE", "%"] {
        assert_eq!(bench.store.find_organization(&external(unknown)).await.unwrap(), None, "{unknown}");
    }
    assert_eq!(bench.store.find_organization(&OrganizationRef::Id(id())).await.unwrap(), None);
    let actor = Actor::system("test");
    let removed = bench.store.remove_member(&mine, &named, true, &actor, NOW).await;
    assert!(matches!(removed, Err(StoreError::NotFound)), "{removed:?}");
    assert_eq!(bench.store.members(&mine).await.unwrap(), []);
    let last = bench.store.remove_member(&theirs, &named, true, &actor, NOW).await.unwrap();
    assert_eq!(last, Removal::LastOwner);
    assert_eq!(bench.store.members(&theirs).await.unwrap().len(), 1);
}
