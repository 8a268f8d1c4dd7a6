//! Members: an organization never loses its last owner.

use billing_domain::{Role, UserId};
use billing_store::{Actor, RoleChange, StoreError, User};

use crate::bench::{NOW, TestBank, at_once, id, on_both};

on_both![
    the_last_owner_stays_one,
    two_owners_who_demote_each_other_at_once_leave_one,
    addresses_are_unique_without_regard_to_case,
    admins_are_named_in_order,
];

async fn the_last_owner_stays_one(bench: TestBank) {
    let organization = bench.organization().await;
    let owner = bench.member(&organization, "Olive", Role::Owner).await;
    let member = bench.member(&organization, "Max", Role::Member).await;
    let olive = Actor::user(&owner, "Olive");
    let change =
        async |user: &UserId, role| bench.store.change_role(&organization, user, role, &olive, NOW).await.unwrap();
    assert_eq!(change(&owner, Role::Admin).await, RoleChange::LastOwner);
    assert_eq!(change(&owner, Role::Member).await, RoleChange::LastOwner);
    assert!(matches!(change(&owner, Role::Owner).await, RoleChange::Changed(_)), "no change is no loss");
    let RoleChange::Changed(promoted) = change(&member, Role::Owner).await else { panic!("anybody may rise") };
    assert_eq!((promoted.role, promoted.name.as_str()), (Role::Owner, "Max"));
    assert!(matches!(change(&owner, Role::Member).await, RoleChange::Changed(_)));
    assert_eq!(change(&member, Role::Admin).await, RoleChange::LastOwner);
    assert_eq!(bench.store.member(&organization, &owner).await.unwrap().role, Role::Member);
}

async fn two_owners_who_demote_each_other_at_once_leave_one(bench: TestBank) {
    for _ in 0..10 {
        let organization = bench.organization().await;
        let mut owners = Vec::new();
        for name in ["A", "B", "C"] {
            owners.push(bench.member(&organization, name, Role::Owner).await);
        }
        let answers =
            at_once(3, |index| {
                let (store, organization, user) = (bench.store.clone(), organization.clone(), owners[index].clone());
                async move {
                    store.change_role(&organization, &user, Role::Member, &Actor::user(&user, ""), NOW).await.unwrap()
                }
            })
            .await;
        assert_eq!(answers.iter().filter(|answer| **answer == RoleChange::LastOwner).count(), 1);
        let members = bench.store.members(&organization).await.unwrap();
        assert_eq!(members.iter().filter(|member| member.role == Role::Owner).count(), 1);
    }
}

async fn addresses_are_unique_without_regard_to_case(bench: TestBank) {
    let user = |email: &str| User {
        id: id(),
        email: email.to_owned(),
        name: "Jörg".to_owned(),
        password_hash: "hash".to_owned(),
    };
    let first = user("Jörg@Example.test");
    bench.store.create_user(&first, NOW).await.unwrap();
    for email in ["jörg@example.test", "JÖRG@EXAMPLE.TEST"] {
        assert!(matches!(bench.store.create_user(&user(email), NOW).await, Err(StoreError::Conflict("user"))));
        assert_eq!(bench.store.user_by_email(email).await.unwrap(), Some(first.clone()));
    }
    assert_eq!(bench.store.user_by_email("jorg@example.test").await.unwrap(), None);
    assert_eq!(bench.store.user_by_email("%").await.unwrap(), None);
}

async fn admins_are_named_in_order(bench: TestBank) {
    let organization = bench.organization().await;
    for (name, role) in [("zoe", Role::Owner), ("Max", Role::Member), ("Änne", Role::Admin), ("Bea", Role::Admin)] {
        bench.member(&organization, name, role).await;
    }
    assert_eq!(bench.store.admin_names(&organization).await.unwrap(), ["Bea", "zoe", "Änne"]);
    let user = bench.member(&bench.organization().await, "Guest", Role::Member).await;
    bench.store.add_member(&organization, &user, Role::Admin, NOW.plus_seconds(1)).await.unwrap();
    let twice = bench.store.add_member(&organization, &user, Role::Owner, NOW).await;
    assert!(matches!(twice, Err(StoreError::Conflict("member"))));
    let memberships = bench.store.memberships(&user).await.unwrap();
    assert_eq!(memberships.iter().map(|membership| membership.role).collect::<Vec<_>>(), [Role::Member, Role::Admin]);
}
