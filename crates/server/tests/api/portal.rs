//! Portal sessions: a host's code buys one session, in a frame or in a tab, and whatever the host changes acts at once.

use std::time::{Duration, Instant};

use billing_domain::{Capability, PortalView, Role, TextMap, UserId};
use billing_store::{Actor, NewPortalSession, PortalSessionFilter};
use serde_json::{Value, json};
use sha2::Digest as _;

use crate::client::{Answer, Client, send};
use crate::fixture::{Database, OwnDatabase, Person, Server, World, new_id, now};
use crate::stream::Stream;

const EXCHANGE: &str = "/api/v1/portal/exchange";
/// A site that may show the page in a frame.
const HOST: &str = "http://127.0.0.1:4000";
const FLAGS: [&str; 2] = ["--embed-origins", HOST];
const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
/// "Within a second", and what a loaded machine adds.
const AT_ONCE: Duration = Duration::from_millis(2_500);

fn new_portal_session(world: &World, person: &Person, code: &str) -> NewPortalSession {
    NewPortalSession {
        id: new_id(),
        code_hash: hex::encode(sha2::Sha256::digest(code)),
        organization_id: world.acme.id.clone(),
        user_id: person.id.clone(),
        can: None,
        view: PortalView::Billing,
        locale: None,
        theme: None,
        return_url: None,
        embed_origin: None,
        tag: None,
        session_seconds: 12 * HOUR,
        created_by: "test".to_owned(),
        code_expires_at: now().plus_seconds(5 * MINUTE),
    }
}

/// A code for this person, as a host would have it made.
async fn code(world: &World, person: &Person, change: impl FnOnce(&mut NewPortalSession)) -> String {
    let code = format!("code {}", new_id());
    let mut new = new_portal_session(world, person, &code);
    change(&mut new);
    world.store.create_portal_session(&new, &Actor::system("test"), now()).await.unwrap();
    code
}

async fn exchange(client: &Client, code: &str, parent: Option<&str>) -> Answer {
    let mut form = json!({"code": code});
    if let Some(parent) = parent {
        form["parent_origin"] = json!(parent);
    }
    client.post(EXCHANGE, &form).await
}

/// Somebody in a frame of the host's.
async fn open_frame(world: &World, person: &Person, change: impl FnOnce(&mut NewPortalSession)) -> Client {
    let code = code(world, person, change).await;
    let answer = exchange(&world.anonymous(), &code, Some(HOST)).await.expect(200).json();
    world.anonymous().with_bearer(answer["token"].as_str().unwrap())
}

fn everything(_: &mut NewPortalSession) {}

async fn start_framable(database: Database) -> World {
    World::start_with(database, &FLAGS).await
}

async fn in_a_frame_a_code_buys_a_token_and_no_cookie(database: Database) {
    let world = start_framable(database).await;
    let mut theme = TextMap::default();
    theme.insert("accent".to_owned(), "#0a6c4b".to_owned());
    let code = code(&world, &world.acme.owner, |new| {
        new.view = PortalView::AutoPay;
        new.locale = Some("de".to_owned());
        new.theme = Some(theme);
        new.embed_origin = Some(HOST.to_owned());
    })
    .await;
    let answer = exchange(&world.anonymous(), &code, Some(HOST)).await.expect(200);
    assert_eq!((answer.header("set-cookie"), answer.header("cache-control")), (None, Some("no-store")));
    let opened = answer.json();
    let session = &opened["session"];
    assert_eq!(
        (&session["kind"], &session["role"], &session["user"]["id"]),
        (&json!("portal"), &json!("owner"), &json!(world.acme.owner.id))
    );
    assert_eq!(
        (&session["view"], &session["locale"], &session["theme"]),
        (&json!("auto_pay"), &json!("de"), &json!({"accent": "#0a6c4b"}))
    );
    assert_eq!((&opened["billing"]["wallet"]["balance"], &opened["admins"]), (&json!("0.00"), &Value::Null));
    assert!(opened["service"]["provider"].is_string());
    let token = opened["token"].as_str().unwrap();
    assert!(token.starts_with("nbs_") && token.len() == 68, "{token}");
    let frame = world.anonymous().with_bearer(token);
    assert_eq!(frame.get("/api/v1/session").await.expect(200).json(), *session);
    // Somebody else's cookie in the same browser counts for nothing beside it, on reads and changes.
    let stranger = world.sign_in(&world.other.owner).await;
    let both = frame.clone().with_cookie(stranger.cookie());
    assert_eq!(both.get("/api/v1/session").await.expect(200).json()["id"], session["id"]);
    let form = json!({"purpose": "connect"});
    let link = both.request("POST", "/api/v1/payment-links").header("sec-fetch-site", "cross-site").json(&form);
    assert_eq!(send(link).await.expect(201).json()["link"]["created_by"], json!(world.acme.owner.name));
    // A token works where it belongs and nowhere else.
    for wrong in [
        world.anonymous().with_cookie(&format!("nexis_session={token}")),
        world.anonymous().with_bearer(stranger.cookie().split_once('=').unwrap().1),
        world.anonymous().with_bearer("nbs_"),
    ] {
        wrong.get("/api/v1/session").await.expect(401);
    }
    frame.delete("/api/v1/session").await.expect(204);
    assert_eq!(frame.get("/api/v1/session").await.expect(401).header("nexis-session-state"), Some("ended"));
    both.get("/api/v1/session").await.expect(401);
    stranger.get("/api/v1/session").await.expect(200);
}

async fn at_top_level_a_code_buys_a_cookie(database: Database) {
    let world = start_framable(database).await;
    let before = world.sign_in(&world.acme.admin).await;
    let code =
        code(&world, &world.acme.member, |new| new.return_url = Some("https://app.example.com/".to_owned())).await;
    let answer = exchange(&before, &code, None).await.expect(200);
    let cookie = answer.header("set-cookie").unwrap().to_owned();
    assert!(cookie.contains("HttpOnly; SameSite=Lax") && cookie.contains("Max-Age=43"), "{cookie}");
    let opened = answer.json();
    assert!(opened.get("token").is_none() && opened["billing"].is_null(), "{opened}");
    assert_eq!(opened["admins"], json!({"admins": [world.acme.admin.name, world.acme.owner.name]}));
    assert_eq!(opened["session"]["return_url"], "https://app.example.com/");
    let tab = world.anonymous().with_cookie(cookie.split(';').next().unwrap());
    assert_eq!(tab.get("/api/v1/bootstrap").await.expect(200).json()["session"], opened["session"]);
    before.get("/api/v1/session").await.expect(401);
}

async fn a_code_is_worth_nothing_twice_later_or_elsewhere(database: Database) {
    let world = start_framable(database).await;
    let owner = &world.acme.owner;
    let gone = async |code: &str, parent: Option<&str>| {
        let answer = exchange(&world.anonymous(), code, parent).await.expect(410);
        assert_eq!((answer.problem().as_str(), answer.header("set-cookie")), ("gone", None));
    };
    let used = code(&world, owner, everything).await;
    exchange(&world.anonymous(), &used, Some(HOST)).await.expect(200);
    gone(&used, Some(HOST)).await;
    gone(&used, None).await;
    gone("none", None).await;
    // Not from a site that may not frame us, nor at another one than it was made for; and then nowhere.
    for (asked, parent) in [
        (None, Some("https://evil.example")),
        (None, Some("null")),
        (None, Some("")),
        (Some(HOST), Some("http://127.0.0.1:4001")),
        (Some(HOST), None),
    ] {
        let code = code(&world, owner, |new| new.embed_origin = asked.map(str::to_owned)).await;
        gone(&code, parent).await;
        gone(&code, Some(HOST)).await;
    }
    let late = code(&world, owner, everything).await;
    world.advance(5 * MINUTE + 1).await;
    gone(&late, Some(HOST)).await;
    // Thirty wrong ones are free.
    for _ in 0..30 {
        exchange(&world.anonymous(), "none", None).await;
    }
    assert_eq!(exchange(&world.anonymous(), "none", None).await.expect(429).problem(), "too_many_requests");
}

async fn what_the_host_does_not_open_is_closed(database: Database) {
    let world = start_framable(database).await;
    let frame =
        open_frame(&world, &world.acme.owner, |new| new.can = Some(vec![Capability::View, Capability::Links])).await;
    assert_eq!(frame.get("/api/v1/session").await.expect(200).json()["can"], json!(["view", "links"]));
    frame.get("/api/v1/billing").await.expect(200);
    Stream::open(&frame, "", None).await.next_of("wallet").await;
    frame.post("/api/v1/payment-links", &json!({"purpose": "connect"})).await.expect(201);
    let pay = frame.request("POST", "/api/v1/top-ups").header("idempotency-key", "k").json(&json!({"amount": "50.00"}));
    let refused = send(pay).await.expect(403);
    assert_eq!((refused.problem().as_str(), refused.header("nexis-session-state")), ("forbidden", None));
    for path in ["/api/v1/transactions.csv", "/api/v1/members"] {
        assert_eq!(frame.get(path).await.expect(403).problem(), "forbidden", "{path}");
    }
    // It only narrows: a member manages nothing, whatever is opened.
    let frame = open_frame(&world, &world.acme.member, |new| new.can = Some(Capability::ALL.to_vec())).await;
    frame.get("/api/v1/billing").await.expect(403);
}

async fn a_session_ends_an_hour_after_its_use_and_a_fresh_code_is_welcome(database: Database) {
    let world = start_framable(database).await;
    let frame = open_frame(&world, &world.acme.owner, |new| new.session_seconds = 3 * HOUR).await;
    for _ in 0..3 {
        world.advance_unconfirmed(HOUR - MINUTE).await;
        frame.get("/api/v1/session").await.expect(200);
    }
    world.advance_unconfirmed(3 * MINUTE).await;
    // The absolute limit; nobody has ended it, so the page asks its host.
    assert_eq!(frame.get("/api/v1/session").await.expect(401).header("nexis-session-state"), None);
    let idle = open_frame_later(&world, 3 * HOUR).await;
    world.advance_unconfirmed(HOUR + 1).await;
    assert_eq!(idle.get("/api/v1/session").await.expect(401).header("nexis-session-state"), None);
}

/// A frame of the owner's on a program whose clock has been moved.
async fn open_frame_later(world: &World, moved: i64) -> Client {
    let code = format!("code {}", new_id());
    let at = now().plus_seconds(moved);
    let mut new = new_portal_session(world, &world.acme.owner, &code);
    new.code_expires_at = at.plus_seconds(5 * MINUTE);
    world.store.create_portal_session(&new, &Actor::system("test"), at).await.unwrap();
    let answer = exchange(&world.anonymous(), &code, Some(HOST)).await.expect(200).json();
    world.anonymous().with_bearer(answer["token"].as_str().unwrap())
}

async fn power_over_money_wants_a_fresh_code(database: Database) {
    let world = start_framable(database).await;
    let frame = open_frame(&world, &world.acme.owner, everything).await;
    let path = format!("/api/v1/members/{}/role", world.acme.member.id);
    let change = async || frame.put(&path, &json!({"role": "admin"})).await;
    change().await.expect(200);
    world.advance_unconfirmed(5 * MINUTE + 1).await;
    assert_eq!(change().await.expect(403).problem(), "confirmation_required");
    let confirm = async |form: Value| frame.post("/api/v1/session/confirmation", &form).await;
    let fresh = |person: &Person| {
        let code = format!("code {}", new_id());
        let mut new = new_portal_session(&world, person, &code);
        let at = now().plus_seconds(5 * MINUTE + 1);
        new.code_expires_at = at.plus_seconds(5 * MINUTE);
        (code, new, at)
    };
    let (theirs, new, at) = fresh(&world.acme.admin);
    world.store.create_portal_session(&new, &Actor::system("test"), at).await.unwrap();
    for wrong in [json!({"code": "none"}), json!({"code": theirs}), json!({"password": "correct horse"}), json!({})] {
        let refused = confirm(wrong.clone()).await.expect(422).json();
        assert_eq!(refused["errors"][0]["pointer"], "/code", "{wrong}");
    }
    change().await.expect(403);
    let (own, new, at) = fresh(&world.acme.owner);
    world.store.create_portal_session(&new, &Actor::system("test"), at).await.unwrap();
    confirm(json!({"code": own})).await.expect(204);
    change().await.expect(200);
    confirm(json!({"code": own})).await.expect(422);
    // Whoever has a password of ours gives that.
    let owner = world.sign_in(&world.acme.owner).await;
    owner.post("/api/v1/session/confirmation", &json!({"code": theirs})).await.expect(422);
}

/// Beside the program, as another server or a command would: this one's hub hears nothing.
async fn demote(world: &World, user: &UserId) {
    world.store.change_role(&world.acme.id, user, Role::Member, &Actor::system("test"), now()).await.unwrap();
}

async fn what_the_host_changes_acts_within_a_second_on_open_streams(database: Database) {
    let world = start_framable(database).await;
    let second = Server::start(world.database_url(), &FLAGS).await;
    let frame = open_frame(&world, &world.acme.admin, everything).await;
    let (token, stays) = (frame.bearer().to_owned(), world.sign_in(&world.acme.owner).await);
    let elsewhere = Client::new(second.origin()).with_bearer(&token);
    let mut streams = [
        Stream::open(&frame, "", None).await,
        Stream::open(&elsewhere, "", None).await,
        Stream::requests(&elsewhere).await,
    ];
    let mut others = Stream::open(&stays, "", None).await;
    others.next_of("wallet").await;
    for stream in &mut streams {
        stream.next_of("heartbeat").await;
    }
    let begun = Instant::now();
    demote(&world, &world.acme.admin.id).await;
    for stream in &mut streams {
        assert_eq!(stream.next_of("session").await.data, json!({"state": "role_changed"}));
        assert!(stream.next().await.is_none());
    }
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    // The session goes on, with the role of this moment.
    assert_eq!(frame.get("/api/v1/session").await.expect(200).json()["role"], "member");
    frame.get("/api/v1/billing").await.expect(403);

    let mut streams = [Stream::requests(&frame).await, Stream::requests(&elsewhere).await];
    for stream in &mut streams {
        stream.next_of("heartbeat").await;
    }
    let begun = Instant::now();
    let filter = PortalSessionFilter {
        organization_id: Some(world.acme.id.clone()),
        user: Some(billing_domain::external_id::UserRef::Id(world.acme.admin.id.clone())),
        tag: None,
    };
    assert_eq!(world.store.end_portal_sessions(&filter, &Actor::system("test"), now()).await.unwrap().len(), 1);
    for stream in &mut streams {
        assert_eq!(stream.next_of("session").await.data, json!({"state": "ended"}));
        assert!(stream.next().await.is_none());
    }
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    for client in [&frame, &elsewhere] {
        assert_eq!(client.get("/api/v1/session").await.expect(401).header("nexis-session-state"), Some("ended"));
    }
    crate::wallets::fund(&world, &world.acme.id, billing_domain::Money::from_major(5)).await;
    assert_eq!(others.next_of("transaction").await.data["seq"], 1, "whoever was not meant goes on");
}

async fn a_stream_whose_time_has_run_out_says_nothing_and_the_page_asks_its_host(database: Database) {
    let world = start_framable(database).await;
    let frame = open_frame(&world, &world.acme.owner, everything).await;
    let mut stream = Stream::open(&frame, "", None).await;
    stream.next_of("wallet").await;
    world.advance_unconfirmed(HOUR + 1).await;
    while let Some(event) = stream.next().await {
        assert_ne!(event.name, "session", "{event:?}");
    }
    frame.get("/api/v1/session").await.expect(401);
}

async fn a_code_and_a_token_are_in_no_log_and_no_column(database: Database) {
    let own = OwnDatabase::create(database).await;
    let world = World::start_on(own, &FLAGS).await;
    let flags = [FLAGS.as_slice(), &["--log", "debug"]].concat();
    let (server, mut log) = Server::start_logged(world.database_url(), &flags).await;
    let client = Client::new(server.origin());
    let code = code(&world, &world.acme.owner, everything).await;
    let answer = exchange(&client, &code, Some(HOST)).await.expect(200).json();
    let token = answer["token"].as_str().unwrap();
    client.clone().with_bearer(token).get("/api/v1/wallet").await.expect(200);
    exchange(&client, &code, Some(HOST)).await.expect(410);
    let mut lines = Vec::new();
    while let Ok(Some(line)) = tokio::time::timeout(Duration::from_secs(1), log.recv()).await {
        lines.push(line);
    }
    assert!(lines.iter().any(|line| line.contains("code refused")), "{lines:?}");
    for secret in [code.as_str(), token, token.strip_prefix("nbs_").unwrap()] {
        assert!(lines.iter().all(|line| !line.contains(secret)), "a secret is in the log");
        assert!(!world.database.dump().await.contains(secret), "a secret is in the database");
    }
    assert!(world.database.dump().await.contains(&hex::encode(sha2::Sha256::digest(&code))), "the dump is blind");
}

mod minting;

on_databases_of_their_own!(
    in_a_frame_a_code_buys_a_token_and_no_cookie,
    at_top_level_a_code_buys_a_cookie,
    a_code_is_worth_nothing_twice_later_or_elsewhere,
    what_the_host_does_not_open_is_closed,
    a_session_ends_an_hour_after_its_use_and_a_fresh_code_is_welcome,
    power_over_money_wants_a_fresh_code,
    what_the_host_changes_acts_within_a_second_on_open_streams,
    a_stream_whose_time_has_run_out_says_nothing_and_the_page_asks_its_host,
    a_code_and_a_token_are_in_no_log_and_no_column,
);
