//! Signing in, being somebody, signing out.

use serde_json::json;

use crate::client::{Client, read_until, send};
use crate::fixture::{PASSWORD, World};

async fn signing_in_says_who_and_where(world: World) {
    let form = json!({"email": " OWNER@acme.test ", "password": PASSWORD});
    let answer = world.anonymous().post("/api/v1/session", &form).await.expect(200);
    let session = answer.json();
    assert_eq!(session["user"]["id"], world.acme.owner.id.as_str());
    assert_eq!((session["role"].as_str(), session["organization"]["currency"].as_str()), (Some("owner"), Some("USD")));
    assert_eq!(session["organization"]["id"], world.acme.id.as_str());

    let cookie = answer.header("set-cookie").unwrap();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="] {
        assert!(cookie.contains(part), "{part} is not in {cookie}");
    }
    assert!(!cookie.contains("Secure") && !cookie.contains("Domain"), "{cookie}");
    let (_, token) = cookie.split(';').next().unwrap().split_once('=').unwrap();
    assert!(token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit()), "{cookie}");

    let again = world.anonymous().with_cookie(cookie.split(';').next().unwrap()).get("/api/v1/session").await;
    assert_eq!(again.expect(200).json(), session);
    assert_eq!((session["kind"].as_str(), session.get("can")), (Some("password"), None));
    assert_eq!(session["organization"]["status"], "active");
}

async fn a_session_knows_where_it_was_opened(world: World) {
    let form = json!({"email": world.acme.owner.email, "password": PASSWORD});
    let request =
        world.anonymous().request("POST", "/api/v1/session").header("user-agent", "x".repeat(300)).json(&form);
    let answer = request.send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    let (_, token) = cookie.split(';').next().unwrap().split_once('=').unwrap();
    let hash = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(token));
    let session = world.store.session(&hash, crate::fixture::now()).await.unwrap().unwrap();
    assert_eq!((session.address.as_str(), session.browser.len()), ("127.0.0.1", 200));
    assert_eq!((session.kind, session.idle_seconds), (billing_domain::SessionKind::Password, 12 * 3600));
}

async fn a_wrong_password_and_an_unknown_address_look_the_same(world: World) {
    let mut answers = Vec::new();
    for (email, password) in [("owner@acme.test", "wrong"), ("nobody@acme.test", PASSWORD), ("", "")] {
        let form = json!({"email": email, "password": password});
        let answer = world.anonymous().post("/api/v1/session", &form).await.expect(401);
        assert_eq!(answer.header("set-cookie"), None);
        assert_eq!(answer.problem(), "unauthenticated");
        answers.push(answer.json());
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
}

async fn signing_out_ends_the_session_wherever_its_token_is_used(world: World) {
    let here = world.sign_in(&world.acme.owner).await;
    let elsewhere = world.anonymous().with_cookie(here.cookie());
    let other_session = world.sign_in(&world.acme.owner).await;

    let answer = here.delete("/api/v1/session").await.expect(204);
    assert!(answer.header("set-cookie").unwrap().contains("Max-Age=0"));
    for client in [&here, &elsewhere] {
        assert_eq!(client.get("/api/v1/session").await.expect(401).problem(), "unauthenticated");
    }
    other_session.get("/api/v1/session").await.expect(200);
}

async fn signing_in_anew_ends_the_session_that_the_browser_had(world: World) {
    let first = world.sign_in(&world.acme.member).await;
    let form = json!({"email": world.acme.owner.email, "password": PASSWORD});
    first.post("/api/v1/session", &form).await.expect(200);
    first.get("/api/v1/session").await.expect(401);
}

async fn a_request_that_was_drawn_for_another_session_is_refused_and_does_nothing(world: World) {
    let id = async |client: &Client| {
        client.get("/api/v1/session").await.expect(200).json()["id"].as_str().unwrap().to_owned()
    };
    let (owner, admin) = (world.sign_in(&world.acme.owner).await, world.sign_in(&world.acme.admin).await);
    let (own, other) = (id(&owner).await, id(&admin).await);
    assert_ne!(own, other);
    let token = owner.cookie().split_once('=').unwrap().1;
    assert!(own.len() == 32 && !token.contains(&own), "it opens nothing: {own}");
    world.anonymous().with_cookie(&format!("nexis_session={own}")).get("/api/v1/session").await.expect(401);
    crate::money::connect(&owner, "pm_card_visa").await;

    // Under its own session a request passes, and so does one that names none.
    let named = |method: &str, path: &str, session: &str| owner.request(method, path).header("nexis-session", session);
    send(named("GET", "/api/v1/wallet", &own)).await.expect(200);
    owner.get("/api/v1/wallet").await.expect(200);
    for wrong in [other.as_str(), "", "x"] {
        let refused = send(named("GET", "/api/v1/billing", wrong)).await.expect(409);
        assert_eq!(refused.problem(), "session_changed");
        assert!(!refused.text().contains("balance"));
        let pay = named("POST", "/api/v1/top-ups", wrong).header("idempotency-key", "k").json(&json!({"amount": "50"}));
        assert_eq!(send(pay).await.expect(409).problem(), "session_changed");
        assert_eq!(send(named("DELETE", "/api/v1/session", wrong)).await.expect(409).problem(), "session_changed");
    }
    assert_eq!(crate::money::charges(&world, &world.acme.id).await.len(), 0);

    // Where no header can be sent, the address says it.
    owner.get(&format!("/api/v1/events?after=0&session={other}")).await.expect(409);
    owner.get(&format!("/api/v1/requests/events?session={other}")).await.expect(409);
    owner.get(&format!("/api/v1/top-ups/{}/receipt?session={other}", world.acme.id)).await.expect(409);
    let mut stream = crate::stream::Stream::open(&owner, &format!("?after=0&session={own}"), None).await;
    assert_eq!(stream.next_of("wallet").await.data["balance"], "0.00");

    // Signing in anew needs no leave of the session before, and everything drawn for that one is refused from then on.
    let form = json!({"email": world.acme.admin.email, "password": PASSWORD});
    let again = send(named("POST", "/api/v1/session", &other).json(&form)).await.expect(200);
    assert_ne!(again.json()["id"], json!(own));
    let browser = world.anonymous().with_cookie(again.header("set-cookie").unwrap().split(';').next().unwrap());
    send(browser.request("GET", "/api/v1/wallet").header("nexis-session", &own)).await.expect(409);
}

async fn an_invented_or_broken_cookie_is_nobody(world: World) {
    let zeros = "0".repeat(64);
    for cookie in
        ["nexis_session=", "nexis_session=x", &format!("nexis_session={zeros}"), "session=1; ;=;nexis_session"]
    {
        world.anonymous().with_cookie(cookie).get("/api/v1/session").await.expect(401);
    }
}

async fn guessing_a_password_is_slowed_down_for_that_address_only(world: World) {
    let guess = |email: &str| {
        send(world.anonymous().request("POST", "/api/v1/session").json(&json!({"email": email, "password": "guess"})))
    };
    for _ in 0..10 {
        guess("owner@acme.test").await.expect(401);
    }
    let refused = guess("owner@acme.test").await.expect(429);
    assert_eq!(refused.problem(), "too_many_requests");
    assert!(refused.header("retry-after").unwrap().parse::<u32>().unwrap() >= 1);
    // Even the right password has to wait now, else the limit would be a way to tell it.
    let right = json!({"email": "Owner@Acme.test", "password": PASSWORD});
    world.anonymous().post("/api/v1/session", &right).await.expect(429);
    world.sign_in(&world.acme.admin).await.get("/api/v1/session").await.expect(200);
}

async fn a_role_that_changes_acts_on_the_next_request(world: World) {
    let admin = world.sign_in(&world.acme.admin).await;
    admin.get("/api/v1/wallet").await.expect(200);
    let (who, by) = (&world.acme.admin.id, billing_store::Actor::user(&world.acme.owner.id, "Acme owner"));
    let role = billing_domain::Role::Member;
    world.store.change_role(&world.acme.id, who, role, &by, crate::fixture::now()).await.unwrap();
    assert_eq!(admin.get("/api/v1/wallet").await.expect(403).problem(), "forbidden");
    assert_eq!(admin.get("/api/v1/session").await.expect(200).json()["role"], "member");
}

async fn watch(client: &Client) -> reqwest::Response {
    let mut stream = client.request("GET", "/api/v1/events").send().await.unwrap();
    assert_eq!(stream.status(), 200);
    assert_eq!(stream.headers()["cache-control"], "no-store");
    read_until(&mut stream, "event: wallet").await;
    stream
}

async fn signing_out_ends_the_open_streams_of_that_session_only(world: World) {
    let (owner, admin) = (world.sign_in(&world.acme.owner).await, world.sign_in(&world.acme.admin).await);
    let (mut first, mut second, mut others) = (watch(&owner).await, watch(&owner).await, watch(&admin).await);
    owner.delete("/api/v1/session").await.expect(204);
    for stream in [&mut first, &mut second] {
        read_until(stream, r#"{"state":"ended"}"#).await;
        assert_eq!(stream.chunk().await.unwrap(), None, "the stream goes on");
    }
    // The other one lives: it hears of the next change.
    let member = world.sign_in(&world.acme.member).await;
    member.post("/api/v1/requests", &json!({"amount": "50", "reason": "still there?"})).await.expect(201);
    let heard = read_until(&mut others, "still there?").await;
    assert!(!heard.contains("event: session"), "{heard}");
}

async fn a_role_that_changes_acts_on_open_streams_too(world: World) {
    let (owner, admin) = (world.sign_in(&world.acme.owner).await, world.sign_in(&world.acme.admin).await);
    let mut stream = watch(&admin).await;
    let path = format!("/api/v1/members/{}/role", world.acme.admin.id);
    owner.put(&path, &json!({"role": "member"})).await.expect(200);
    read_until(&mut stream, r#"{"state":"role_changed"}"#).await;
    assert_eq!(stream.chunk().await.unwrap(), None, "the stream goes on");
}

on_both_databases!(
    signing_out_ends_the_open_streams_of_that_session_only,
    a_role_that_changes_acts_on_open_streams_too,
    signing_in_says_who_and_where,
    a_session_knows_where_it_was_opened,
    a_wrong_password_and_an_unknown_address_look_the_same,
    signing_out_ends_the_session_wherever_its_token_is_used,
    signing_in_anew_ends_the_session_that_the_browser_had,
    a_request_that_was_drawn_for_another_session_is_refused_and_does_nothing,
    an_invented_or_broken_cookie_is_nobody,
    guessing_a_password_is_slowed_down_for_that_address_only,
    a_role_that_changes_acts_on_the_next_request,
);

mod time {
    use super::World;

    const HOUR: i64 = 3600;

    async fn a_session_ends_12_hours_after_its_last_use(world: World) {
        let owner = world.sign_in(&world.acme.owner).await;
        for _ in 0..3 {
            world.advance(11 * HOUR).await;
            owner.get("/api/v1/session").await.expect(200);
        }
        world.advance(12 * HOUR + 1).await;
        owner.get("/api/v1/session").await.expect(401);
    }

    async fn a_session_ends_after_30_days_however_much_it_is_used(world: World) {
        let owner = world.sign_in(&world.acme.owner).await;
        for _ in 0..65 {
            world.advance(11 * HOUR).await;
            owner.get("/api/v1/session").await.expect(200);
        }
        world.advance(6 * HOUR).await;
        owner.get("/api/v1/session").await.expect(401);
    }

    on_both_databases!(
        a_session_ends_12_hours_after_its_last_use,
        a_session_ends_after_30_days_however_much_it_is_used
    );
}
