//! Whose page may change things, and what every answer tells the browser.

use futures_util::StreamExt as _;
use serde_json::json;

use crate::client::{Client, send};
use crate::fixture::{PASSWORD, SERVICE_KEY, World, new_id, page};

async fn a_change_from_another_site_is_refused(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let attempt = |headers: &'static [(&'static str, &'static str)]| {
        let mut request =
            crate::client::http().delete(format!("{}/api/v1/session", owner.origin())).header("cookie", owner.cookie());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        send(request)
    };
    for headers in [
        &[][..],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
        &[("referer", "http://127.0.0.1/")],
    ] {
        let answer = attempt(headers).await;
        assert_eq!(answer.status, 403, "{headers:?}");
        assert_eq!(answer.problem(), "forbidden");
    }
    owner.get("/api/v1/session").await.expect(200);
    attempt(&[("sec-fetch-site", "same-origin")]).await.expect(204);
}

async fn a_body_that_a_form_could_send_is_refused(world: World) {
    let form = json!({"email": world.acme.owner.email, "password": PASSWORD}).to_string();
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let request = world.anonymous().request("POST", "/api/v1/session").header("content-type", content_type);
        let answer = send(request.body(form.clone())).await.expect(415);
        assert_eq!(answer.problem(), "unsupported_media_type");
    }
    let untyped = world.anonymous().request("POST", "/api/v1/session").body(form);
    send(untyped).await.expect(415);
}

async fn every_answer_carries_the_security_headers(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let script = format!("/{}", page::SCRIPT);
    for path in [
        "/",
        "/settings/billing",
        &script,
        "/no/such.file",
        "/healthz",
        "/api/docs",
        "/api/v1/session",
        "/api/v1/nothing",
    ] {
        let answer = owner.get(path).await;
        let policy = answer.header("content-security-policy").unwrap();
        for rule in [
            "default-src 'none'",
            "script-src 'self' 'wasm-unsafe-eval'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "object-src 'none'",
        ] {
            assert!(policy.contains(rule), "{path}: {rule} is not in {policy}");
        }
        assert!(
            !policy.contains("unsafe-inline") && !policy.contains(" 'unsafe-eval'") && !policy.contains('*'),
            "{policy}"
        );
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
        assert_eq!(answer.header("strict-transport-security"), None, "{path}: this server is not reached over https");
    }
}

async fn nothing_behind_a_session_is_kept_by_a_cache(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    for path in
        ["/api/v1/session", "/api/v1/bootstrap", "/api/v1/members", "/api/v1/organization", "/", "/settings/billing"]
    {
        assert_eq!(owner.get(path).await.expect(200).header("cache-control"), Some("no-store"), "{path}");
    }
    assert_eq!(world.anonymous().get("/api/v1/session").await.header("cache-control"), Some("no-store"));
}

async fn other_sites_get_no_leave_to_read(world: World) {
    let request = world.anonymous().request("OPTIONS", "/api/v1/session");
    let answer =
        send(request.header("origin", "https://evil.example").header("access-control-request-method", "POST")).await;
    assert!(answer.header("access-control-allow-origin").is_none());
    assert!(answer.header("access-control-allow-methods").is_none());
}

async fn a_flood_of_one_session_is_slowed_down_and_others_are_not(world: World) {
    let (flood, other) = (world.sign_in(&world.acme.owner).await, world.sign_in(&world.acme.admin).await);
    // Fewer at a time than one address may have connections.
    let requests = futures_util::stream::iter((0..400).map(|_| flood.get("/api/v1/session")));
    let answers: Vec<_> = requests.buffer_unordered(100).collect().await;
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert!(answers.iter().filter(|answer| answer.status == 200).count() >= 200, "a burst of 200 is free");
    assert!(!refused.is_empty());
    assert!(refused[0].header("retry-after").is_some());
    other.get("/api/v1/session").await.expect(200);
}

async fn without_the_service_key_metering_is_closed(world: World) {
    let body = json!({"events": []});
    let owner = world.sign_in(&world.acme.owner).await;
    let clients: [Client; 4] = [
        world.anonymous(),
        owner,
        world.anonymous().with_bearer(&SERVICE_KEY[..SERVICE_KEY.len() - 1]),
        world.anonymous().with_bearer(""),
    ];
    for client in clients {
        assert_eq!(client.post("/api/v1/metering/events", &body).await.expect(401).problem(), "unauthenticated");
    }
}

async fn a_host_that_is_not_ours_is_misdirected(world: World) {
    let asked = |path: &str, host: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let client = world.anonymous();
        async move { client.raw(&request).await }
    };
    let port = world.server.origin().rsplit_once(':').unwrap().1;
    for host in ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "192.0.2.7"] {
        for path in ["/", "/settings/billing", "/api/v1/bootstrap", "/api/openapi.json", "/outbox"] {
            let answer = asked(path, host).await;
            assert!(answer.starts_with("HTTP/1.1 421"), "{host}{path}: {answer}");
            assert!(answer.contains("\"misdirected\"") && answer.contains("--public-url"), "{answer}");
        }
        // A load balancer asks by address.
        assert!(asked("/readyz", host).await.starts_with("HTTP/1.1 200"), "{host}");
    }
    for host in [format!("localhost:{port}"), format!("127.0.0.1:{port}"), "[::1]".to_owned()] {
        assert!(asked("/", &host).await.starts_with("HTTP/1.1 200"), "{host}");
    }
}

async fn a_program_with_the_service_key_needs_no_origin_unless_it_has_a_cookie(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let refund = json!({"organization_id": world.acme.id, "top_up_id": new_id(), "amount": "1", "reason": "x"});
    let request = || {
        let request = crate::client::http().post(format!("{}/api/v1/refunds", world.server.origin()));
        request.header("idempotency-key", "k-1").json(&refund)
    };
    // There is no such top-up: the request got as far as that.
    let known = send(request().bearer_auth(SERVICE_KEY)).await.expect(404);
    assert_eq!(known.problem(), "not_found");
    let elsewhere = request().bearer_auth(SERVICE_KEY).header("host", "billing.internal:8080");
    send(elsewhere).await.expect(404);
    send(request().bearer_auth("another key")).await.expect(401);
    for request in [request(), request().bearer_auth(SERVICE_KEY).header("cookie", owner.cookie())] {
        assert_eq!(send(request).await.expect(403).problem(), "forbidden");
    }
    // A key is no session, and opens nothing that one does.
    let top_up = crate::client::http().post(format!("{}/api/v1/top-ups", world.server.origin()));
    let top_up = top_up.bearer_auth(SERVICE_KEY).header("idempotency-key", "k-1").json(&json!({"amount": "10"}));
    assert_eq!(send(top_up).await.expect(401).problem(), "unauthenticated");
}

on_both_databases!(
    a_host_that_is_not_ours_is_misdirected,
    a_program_with_the_service_key_needs_no_origin_unless_it_has_a_cookie,
    a_change_from_another_site_is_refused,
    a_body_that_a_form_could_send_is_refused,
    every_answer_carries_the_security_headers,
    nothing_behind_a_session_is_kept_by_a_cache,
    other_sites_get_no_leave_to_read,
    a_flood_of_one_session_is_slowed_down_and_others_are_not,
    without_the_service_key_metering_is_closed,
);

mod https {
    use super::{PASSWORD, World, json, send};
    use crate::fixture::Database;

    /// Behind a proxy that takes the TLS off: what counts is the address that people see.
    async fn https_makes_the_cookie_secure_and_remembers_the_site(database: Database) {
        let world = World::start_with(database, &["--public-url", "https://billing.example"]).await;
        let sign_in = |origin: &str| {
            let request = crate::client::http().post(format!("{}/api/v1/session", world.server.origin()));
            let form = json!({"email": world.acme.owner.email, "password": PASSWORD});
            send(request.header("origin", origin).json(&form))
        };
        sign_in(world.server.origin()).await.expect(403);
        let answer = sign_in("https://billing.example").await.expect(200);
        let cookie = answer.header("set-cookie").unwrap();
        assert!(cookie.starts_with("__Host-nexis_session=") && cookie.contains("; Secure"), "{cookie}");
        assert!(answer.header("strict-transport-security").unwrap().contains("max-age=63072000"));
        let client = world.anonymous().with_cookie(cookie.split(';').next().unwrap());
        client.get("/api/v1/session").await.expect(200);
        let plain = client.cookie().replace("__Host-", "");
        world.anonymous().with_cookie(&plain).get("/api/v1/session").await.expect(401);
    }

    mod sqlite {
        #[tokio::test]
        async fn https_makes_the_cookie_secure_and_remembers_the_site() {
            super::https_makes_the_cookie_secure_and_remembers_the_site(super::Database::Sqlite).await;
        }
    }

    mod postgres {
        #[tokio::test]
        async fn https_makes_the_cookie_secure_and_remembers_the_site() {
            super::https_makes_the_cookie_secure_and_remembers_the_site(super::Database::Postgres).await;
        }
    }
}
