//! The people of the organization and their roles.

use billing_domain::UserId;
use serde_json::{Value, json};

use crate::fixture::World;

fn role_of(id: &UserId) -> String {
    format!("/api/v1/members/{id}/role")
}

async fn managers_see_everybody_of_their_own_by_name(world: World) {
    let admin = world.sign_in(&world.acme.admin).await;
    let list = admin.get("/api/v1/members").await.expect(200).json();
    let names: Vec<_> = list["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Acme admin", "Acme member", "Acme owner"]);
}

async fn an_owner_changes_roles_and_nobody_else_does(world: World) {
    let (owner, admin) = (world.sign_in(&world.acme.owner).await, world.sign_in(&world.acme.admin).await);
    let path = role_of(&world.acme.member.id);
    assert_eq!(admin.put(&path, &json!({"role": "owner"})).await.expect(403).problem(), "forbidden");
    let changed = owner.put(&path, &json!({"role": "admin"})).await.expect(200).json();
    assert_eq!(
        (&changed["id"], &changed["role"]),
        (&Value::from(world.acme.member.id.as_str()), &Value::from("admin"))
    );
    let promoted = world.sign_in(&world.acme.member).await;
    promoted.get("/api/v1/members").await.expect(200);
    let trail = world.store.verify_audit(Some(&world.acme.id)).await.unwrap();
    assert_eq!((trail.lines, trail.broken), (4, None), "three sign-ins and the change, and nothing that was refused");
    assert_eq!(owner.put(&path, &json!({"role": "king"})).await.expect(422).problem(), "invalid");
}

async fn the_last_owner_stays_one_even_when_two_step_down_at_once(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let own = role_of(&world.acme.owner.id);
    let refused = owner.put(&own, &json!({"role": "member"})).await.expect(409);
    assert_eq!(refused.problem(), "conflict");
    assert!(refused.json()["detail"].as_str().unwrap().contains("owner"), "{}", refused.text());

    owner.put(&role_of(&world.acme.admin.id), &json!({"role": "owner"})).await.expect(200);
    let second = world.sign_in(&world.acme.admin).await;
    let admin_role = json!({"role": "admin"});
    let (own, others) = (own, role_of(&world.acme.admin.id));
    let (first, other) = tokio::join!(owner.put(&own, &admin_role), second.put(&others, &admin_role));
    let mut statuses = [first.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}

async fn a_member_learns_whom_to_ask_and_nothing_of_the_wallet(world: World) {
    let member = world.sign_in(&world.acme.member).await;
    let admins = member.get("/api/v1/admins").await.expect(200).json();
    assert_eq!(admins, json!({"admins": ["Acme admin", "Acme owner"]}));
    member.get("/api/v1/members").await.expect(200);
    for closed in ["/api/v1/wallet", "/api/v1/billing", "/api/v1/transactions"] {
        assert_eq!(member.get(closed).await.expect(403).problem(), "forbidden", "{closed}");
    }
}

on_both_databases!(
    managers_see_everybody_of_their_own_by_name,
    an_owner_changes_roles_and_nobody_else_does,
    the_last_owner_stays_one_even_when_two_step_down_at_once,
    a_member_learns_whom_to_ask_and_nothing_of_the_wallet,
);
