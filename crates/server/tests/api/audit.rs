//! Who did what: each organization's owners and the host's programs read it, and nobody else's.

use billing_contract::paths;
use serde_json::{Value, json};

use crate::client::Client;
use crate::fixture::World;

const AUDIT: &str = "/api/v1/audit";
const AUDIT_CSV: &str = "/api/v1/audit.csv";

on_both_databases!(
    an_owner_reads_who_did_what_from_where,
    pages_follow_each_other_to_the_first_entry,
    nobody_reads_of_another_organization,
    a_program_reads_what_its_key_sees,
    the_table_has_every_entry_and_no_formula,
    wrong_searches_name_their_fields,
);

/// Gives the member of Acme this role.
async fn change_role(world: &World, owner: &Client, role: &str) {
    let path = paths::fill_id(paths::MEMBER_ROLE, world.acme.member.id.as_str());
    owner.put(&path, &json!({"role": role})).await.expect(200);
}

/// The entries of these actions, newest first.
async fn entries_of(client: &Client, query: &str, action: &str) -> Vec<Value> {
    let page = client.get(&format!("{AUDIT}?limit=200{query}")).await.expect(200).json();
    let items = page["items"].as_array().unwrap().iter();
    items.filter(|item| item["action"] == action).cloned().collect()
}

async fn an_owner_reads_who_did_what_from_where(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let session = owner.get("/api/v1/session").await.expect(200).json();
    change_role(&world, &owner, "admin").await;
    let entries = entries_of(&owner, "", "member.change_role").await;
    let [entry] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!(
        entry["actor"],
        json!({"kind": "user", "id": world.acme.owner.id.as_str(), "name": world.acme.owner.name})
    );
    assert_eq!((&entry["session"], &entry["address"]), (&session["id"], &json!("127.0.0.1")));
    assert_eq!(
        (&entry["subject"], &entry["subject_name"]),
        (&json!(world.acme.member.id.as_str()), &json!(world.acme.member.name))
    );
    assert_eq!((&entry["before"], &entry["after"]), (&json!({"role": "member"}), &json!({"role": "admin"})));
    assert_eq!(entry["organization_id"], world.acme.id.as_str());
    assert_eq!(entry["hash"].as_str().unwrap().len(), 64);
}

async fn pages_follow_each_other_to_the_first_entry(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    for turn in 0..7 {
        change_role(&world, &owner, if turn % 2 == 0 { "admin" } else { "member" }).await;
    }
    for (client, query) in [(&owner, String::new()), (&world.platform(), format!("&organization={}", world.acme.id))] {
        let (mut cursor, mut seqs) = (String::new(), Vec::new());
        loop {
            let page = client.get(&format!("{AUDIT}?limit=2{query}{cursor}")).await.expect(200).json();
            seqs.extend(page["items"].as_array().unwrap().iter().map(|item| item["seq"].as_i64().unwrap()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let all: Vec<i64> = (1..=seqs[0]).rev().collect();
        assert!(seqs.len() >= 7 && seqs == all, "{seqs:?}");
    }
}

async fn nobody_reads_of_another_organization(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    change_role(&world, &owner, "admin").await;
    let stranger = world.sign_in(&world.other.owner).await;
    assert_eq!(entries_of(&stranger, "", "member.change_role").await, Vec::<Value>::new());
    for named in [world.acme.id.to_string(), crate::fixture::new_id(), "ext:acme".to_owned(), "acme".to_owned()] {
        for path in [AUDIT, AUDIT_CSV] {
            let refused = stranger.get(&format!("{path}?organization={named}")).await.expect(422);
            let error = &refused.json()["errors"][0];
            assert_eq!((&error["pointer"], &error["code"]), (&json!("/organization"), &json!("not_found")));
        }
    }
    let own = format!("&organization={}", world.acme.id);
    assert_eq!(entries_of(&owner, &own, "member.change_role").await.len(), 1);
    // A cursor of elsewhere is a place in one's own log and no way out of it.
    let all = world.platform().get(&format!("{AUDIT}?limit=1")).await.expect(200).json();
    if let Some(cursor) = all["next_cursor"].as_str() {
        let page = stranger.get(&format!("{AUDIT}?cursor={cursor}")).await.expect(200).json();
        let mut items = page["items"].as_array().unwrap().iter();
        assert!(items.all(|item| item["organization_id"] == world.other.id.as_str()), "{page}");
    }
}

async fn a_program_reads_what_its_key_sees(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    change_role(&world, &owner, "admin").await;
    let facts = json!({"name": "Host", "time_zone": "UTC", "currency": "EUR"});
    world.platform().put("/api/v1/organizations/ext:acct_42", &facts).await.expect(201);
    let (reader, _) = world.key(&["organizations:read"]).await;
    assert_eq!(entries_of(&reader, "", "member.change_role").await.len(), 1);
    assert_eq!(entries_of(&reader, "&organization=ext:acct_42", "organization.create").await.len(), 1);
    assert_eq!(entries_of(&reader, "&organization=ext:acct_42", "member.change_role").await.len(), 0);
    let made = entries_of(&reader, "", "key.create").await;
    assert_eq!((&made[0]["organization_id"], &made[0]["actor"]["kind"]), (&Value::Null, &json!("key")));

    let form = json!({"name": "theirs", "scopes": ["organizations:read"], "organization": "ext:acct_42"});
    let key = world.platform().post("/api/v1/keys", &form).await.expect(201).json();
    let bound = world.anonymous().with_bearer(key["secret"].as_str().unwrap());
    let seen = bound.get(AUDIT).await.expect(200).json();
    let id = &entries_of(&reader, "&organization=ext:acct_42", "organization.create").await[0]["organization_id"];
    let items = seen["items"].as_array().unwrap();
    assert!(!items.is_empty() && items.iter().all(|item| item["organization_id"] == *id), "{seen}");
    bound.get(&format!("{AUDIT}?organization={}", world.acme.id)).await.expect(422);
    let (other, _) = world.key(&["wallets:read", "organizations:write"]).await;
    let refused = other.get(AUDIT).await.expect(403).json();
    assert!(refused["detail"].as_str().unwrap().contains("organizations:read"), "{refused}");
}

async fn the_table_has_every_entry_and_no_formula(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    for role in ["admin", "member", "admin"] {
        change_role(&world, &owner, role).await;
    }
    let facts = json!({"name": "=HYPERLINK(1)", "time_zone": "UTC", "currency": "EUR"});
    world.platform().put("/api/v1/organizations/ext:formula", &facts).await.expect(201);
    let answer = owner.get(AUDIT_CSV).await.expect(200);
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(answer.header("content-disposition").unwrap().starts_with("attachment; filename=\"activity-Acme-20"));
    let text = answer.text();
    assert!(text.starts_with("\u{feff}organization_id,seq,at,actor_kind,"), "{text}");
    let roles = text.lines().filter(|line| line.contains("member.change_role")).count();
    assert_eq!((roles, text.matches("role: member → admin").count()), (3, 2), "{text}");
    let table = world.platform().get(&format!("{AUDIT_CSV}?organization=ext:formula")).await.expect(200);
    assert!(table.text().contains("organization.create") && !table.text().contains("member.change_role"));
    assert!(!table.text().contains(",=HYPERLINK"), "{}", table.text());
    let all = world.platform().get(AUDIT_CSV).await.expect(200).text();
    assert!(all.contains("organization.create") && all.contains("member.change_role"));
}

async fn wrong_searches_name_their_fields(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    for (query, pointer, code) in [
        ("cursor=x", "/cursor", "not_a_cursor"),
        ("limit=0", "/limit", "out_of_range"),
        ("limit=%2B5", "/limit", "out_of_range"),
        ("limit=201", "/limit", "out_of_range"),
    ] {
        let error = owner.get(&format!("{AUDIT}?{query}")).await.expect(422).json()["errors"][0].clone();
        assert_eq!((&error["pointer"], &error["code"]), (&json!(pointer), &json!(code)), "{query}");
    }
    owner.get(&format!("{AUDIT}?what=1")).await.expect(422);
    owner.get(&format!("{AUDIT_CSV}?limit=1")).await.expect(422);
}
