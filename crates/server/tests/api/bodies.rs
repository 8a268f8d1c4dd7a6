//! Bodies that are too large, no JSON, broken, or hold what nobody asked for.

use serde_json::{Value, json};

use crate::client::send;
use crate::fixture::World;

async fn an_unknown_field_is_refused_by_name(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let member = world.sign_in(&world.acme.member).await;
    let role = format!("/api/v1/members/{}/role", world.acme.member.id);
    let organization = json!({"name": "A", "address": "", "tax_id": "", "time_zone": "UTC", "currency": "EUR"});
    for (client, method, path, body, pointer) in [
        (&owner, "POST", "/api/v1/session", json!({"email": "a", "password": "b", "remember": true}), "/remember"),
        (&owner, "PUT", "/api/v1/organization", organization, "/currency"),
        (&owner, "PUT", role.as_str(), json!({"role": "admin", "also": 1}), "/also"),
        (&member, "POST", "/api/v1/requests", json!({"amount": "50", "reason": "x", "state": "approved"}), "/state"),
    ] {
        let answer = send(client.request(method, path).header("if-match", "\"1\"").json(&body)).await.expect(422);
        assert_eq!(answer.problem(), "invalid");
        let error = &answer.json()["errors"][0];
        assert_eq!(
            (&error["pointer"], &error["code"]),
            (&Value::from(pointer), &Value::from("unknown_field")),
            "{path}"
        );
    }
}

async fn a_body_over_the_limit_is_refused(world: World) {
    let form = |size: usize| json!({"email": "a@b.test", "password": "x".repeat(size)}).to_string();
    let post = |body: String| {
        send(world.anonymous().request("POST", "/api/v1/session").header("content-type", "application/json").body(body))
    };
    assert_eq!(post(form(16 * 1024)).await.expect(413).problem(), "too_large");
    // Just below the limit it is read and judged.
    let judged = post(form(16 * 1024 - 200)).await.expect(422);
    assert_eq!(
        (&judged.json()["errors"][0]["pointer"], &judged.json()["errors"][0]["code"]),
        (&json!("/password"), &json!("too_long"))
    );
    post(form(1024)).await.expect(401);
    let long = json!({"email": format!("{}@b.test", "a".repeat(248)), "password": "x"}).to_string();
    assert_eq!(post(long).await.expect(422).json()["errors"][0]["pointer"], "/email");
    let longest = json!({"email": format!("{}@b.test", "a".repeat(247)), "password": "x"}).to_string();
    post(longest).await.expect(401);
}

async fn the_platform_may_send_more_and_not_without_end(world: World) {
    let post = |size: usize| {
        let body = format!("{{\"events\":[],\"padding\":\"{}\"}}", "x".repeat(size));
        let request = world.platform().request("POST", "/api/v1/metering/events");
        send(request.header("content-type", "application/json").body(body))
    };
    // Read, and refused for what it says.
    post(3 * 1024 * 1024).await.expect(422);
    assert_eq!(post(4 * 1024 * 1024).await.expect(413).problem(), "too_large");
}

async fn broken_json_is_malformed_and_the_wrong_shape_is_invalid(world: World) {
    for (body, status, code) in [
        ("", 400, "malformed"),
        ("{", 400, "malformed"),
        ("{\"email\":\"a\",\"password\":\"b\"}}", 400, "malformed"),
        ("{\"email\":\"\u{1}\",\"password\":\"b\"}", 400, "malformed"),
        ("null", 422, "invalid"),
        ("[]", 422, "invalid"),
        ("{\"email\":\"a\"}", 422, "invalid"),
        ("{\"email\":5,\"password\":\"b\"}", 422, "invalid"),
    ] {
        let request = world.anonymous().request("POST", "/api/v1/session").header("content-type", "application/json");
        let answer = send(request.body(body)).await;
        assert_eq!((answer.status, answer.problem().as_str()), (status, code), "{body}");
    }
}

async fn nesting_without_end_does_not_hurt(world: World) {
    for (client, path, depth) in
        [(world.anonymous(), "/api/v1/session", 16_000), (world.platform(), "/api/v1/metering/events", 500_000)]
    {
        let request = client.request("POST", path).header("content-type", "application/json");
        let answer = send(request.body("[".repeat(depth))).await;
        assert!([400, 422].contains(&answer.status), "{}", answer.status);
    }
    world.anonymous().get("/healthz").await.expect(200);
}

async fn an_id_that_is_none_is_not_found(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let upper = world.acme.member.id.as_str().to_uppercase();
    for id in ["0", "me", "%2e%2e", "a%2Fb", "%FF", upper.as_str(), "00000000-0000-0000-0000-000000000000"] {
        let answer = owner.put(&format!("/api/v1/members/{id}/role"), &json!({"role": "admin"})).await;
        assert_eq!((answer.status, answer.problem().as_str()), (404, "not_found"), "{id}");
    }
}

on_both_databases!(
    an_unknown_field_is_refused_by_name,
    a_body_over_the_limit_is_refused,
    the_platform_may_send_more_and_not_without_end,
    broken_json_is_malformed_and_the_wrong_shape_is_invalid,
    nesting_without_end_does_not_hurt,
    an_id_that_is_none_is_not_found,
);
