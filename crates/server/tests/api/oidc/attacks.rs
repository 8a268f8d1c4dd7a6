//! What somebody could try who wants to be somebody else.

use serde_json::{Value, json};

use super::browser::{Browser, http};
use super::stand_in::{self, Signature, StandIn};
use super::{OPEN, location, session_of, sign_in, world_with};
use crate::fixture::Database;

const REFUSED: &str = "/sign-in?problem=refused&provider=acme";
const EXPIRED: &str = "/sign-in?problem=expired&provider=acme";

async fn what_is_wrong_about_a_token_is_refused(database: Database) {
    let stand_in = StandIn::start().await;
    let world = world_with(database, stand_in.issuer(), OPEN).await;
    let mut browser = world.browser();
    let past = stand_in::now() - 3_600;
    for (name, value) in [
        ("nonce", json!("of another login")),
        ("nonce", Value::Null),
        ("iss", json!("http://127.0.0.1:1")),
        ("aud", json!("another client")),
        ("aud", json!(["billing", "another client"])),
        ("azp", json!("another client")),
        ("exp", json!(past)),
        ("exp", Value::Null),
        ("iat", json!(stand_in::now() + 3_600)),
        ("sub", Value::Null),
        ("sub", json!("")),
    ] {
        let login = browser.begin("/auth/acme/start").await;
        let mut claims = login.claims(world.ada());
        claims[name] = value.clone();
        stand_in.say(claims);
        assert_eq!(location(&browser.come_back(&login).await), REFUSED, "{name} {value}");
    }
    for signature in
        [Signature::None, Signature::PublicKeyAsSecret, Signature::Forged, Signature::UnknownKey, Signature::Broken]
    {
        stand_in.sign(signature);
        assert_eq!(sign_in(&mut browser, &stand_in, world.ada()).await, REFUSED, "{signature:?}");
    }
    browser.get("/api/v1/session").await.expect(401);
    stand_in.sign(Signature::Good);
    assert_eq!(sign_in(&mut browser, &stand_in, world.ada()).await, "/");
}

async fn a_login_is_of_one_browser_and_counts_once(database: Database) {
    let stand_in = StandIn::start().await;
    let world = world_with(database, stand_in.issuer(), OPEN).await;
    let mut browser = world.browser();
    let login = browser.begin("/auth/acme/start").await;
    stand_in.say(login.claims(world.ada()));
    // Somebody else's browser, with and without a login of its own: an attacker's login is not put upon the person.
    let mut other = world.browser();
    assert_eq!(location(&other.come_back(&login).await), EXPIRED);
    other.begin("/auth/acme/start").await;
    assert_eq!(location(&other.come_back(&login).await), EXPIRED);
    // Another state.
    for state in ["", "0", &"0".repeat(64)] {
        assert_eq!(location(&browser.get(&format!("/auth/acme/callback?code=a&state={state}")).await), EXPIRED);
    }
    assert_eq!(location(&browser.get("/auth/acme/callback").await), EXPIRED);
    assert!(stand_in.tokens_asked().is_empty(), "no code goes to the provider for nobody's login");
    assert_eq!(location(&browser.come_back(&login).await), "/");
    assert_eq!(location(&browser.come_back(&login).await), EXPIRED);
    session_of(&mut browser).await;
    // The person says no.
    let login = browser.begin("/auth/acme/start").await;
    let no = format!("/auth/acme/callback?error=access_denied&state={}", login.state);
    assert_eq!(location(&browser.get(&no).await), REFUSED);
    // An answer of another provider.
    let login = browser.begin("/auth/acme/start").await;
    stand_in.say(login.claims(world.ada()));
    let mixed = format!("/auth/acme/callback?code=a&state={}&iss=http%3A%2F%2F127.0.0.1%3A1", login.state);
    assert_eq!(location(&browser.get(&mixed).await), REFUSED);
    // Ten minutes later.
    let login = browser.begin("/auth/acme/start").await;
    world.advance_unconfirmed(601).await;
    assert_eq!(location(&browser.come_back(&login).await), EXPIRED);
}

async fn two_logins_of_one_browser_do_not_disturb_each_other(database: Database) {
    let stand_in = StandIn::start().await;
    let world = world_with(database, stand_in.issuer(), OPEN).await;
    let mut browser = world.browser();
    let first = browser.begin("/auth/acme/start?return=/settings/members").await;
    let second = browser.begin("/auth/acme/start?return=/settings/billing").await;
    assert_ne!((&first.state, &first.nonce), (&second.state, &second.nonce));
    for (login, expected) in [(&first, "/settings/members"), (&second, "/settings/billing")] {
        stand_in.say(login.claims(world.ada()));
        assert_eq!(location(&browser.come_back(login).await), expected);
    }
}

async fn the_same_address_is_another_person(database: Database) {
    let stand_in = StandIn::start().await;
    let world = world_with(database, stand_in.issuer(), OPEN).await;
    let owner = world.sign_in(&world.acme.owner).await;
    for (sub, verified) in [("mallory", false), ("eve", true)] {
        let mut browser = world.browser();
        let mut claims = world.ada();
        claims["sub"] = json!(sub);
        claims["email"] = json!(world.acme.owner.email);
        claims["email_verified"] = json!(verified);
        assert_eq!(sign_in(&mut browser, &stand_in, claims).await, "/");
        let session = session_of(&mut browser).await;
        assert_ne!(session["user"]["id"], json!(world.acme.owner.id), "{sub}");
        assert_eq!(session["role"], "member");
    }
    // The owner signs in as before, and by the password alone.
    owner.get("/api/v1/session").await.expect(200);
    world.sign_in(&world.acme.owner).await;
}

async fn nobody_is_led_to_another_site(database: Database) {
    let stand_in = StandIn::start().await;
    let world = world_with(database, stand_in.issuer(), OPEN).await;
    for wanted in
        ["//evil.example", "https://evil.example/", "/%5Cevil.example", "%2F%2Fevil.example", "/auth/acme/start"]
    {
        let mut browser = world.browser();
        let login = browser.begin(&format!("/auth/acme/start?return={wanted}")).await;
        stand_in.say(login.claims(world.ada()));
        assert_eq!(location(&browser.come_back(&login).await), "/", "{wanted}");
    }
    // Nor does our own client follow the provider to another address.
    stand_in.redirect_tokens(true);
    stand_in.say_in_userinfo(json!({"id_token": "a.b.c"}));
    let mut browser = world.browser();
    let came = sign_in(&mut browser, &stand_in, world.ada()).await;
    assert_eq!(came, "/sign-in?problem=unavailable&provider=acme");
}

async fn a_key_that_is_not_known_is_asked_for_once_a_minute(database: Database) {
    let stand_in = StandIn::start().await;
    let world = world_with(database, stand_in.issuer(), OPEN).await;
    let mut browser = world.browser();
    sign_in(&mut browser, &stand_in, world.ada()).await;
    assert_eq!(stand_in.keys_read(), 1);
    stand_in.sign(Signature::UnknownKey);
    for _ in 0..5 {
        assert_eq!(sign_in(&mut browser, &stand_in, world.ada()).await, REFUSED);
    }
    assert_eq!(stand_in.keys_read(), 1);
}

async fn a_copy_of_the_database_finishes_no_login(database: Database) {
    let stand_in = StandIn::start().await;
    let world = world_with(database, stand_in.issuer(), OPEN).await;
    let mut browser = world.browser();
    let login = browser.begin("/auth/acme/start").await;
    let cookie = browser.cookies().split_once('=').unwrap().1.to_owned();
    let dump = world.database.dump().await;
    for secret in [&login.state, &login.nonce, &cookie] {
        assert!(secret.len() > 40 && !dump.contains(secret.as_str()), "{secret}");
    }
    // What the database has is not what the provider wants.
    stand_in.say(login.claims(world.ada()));
    assert_eq!(location(&browser.come_back(&login).await), "/");
    let sent = stand_in.tokens_asked().pop().unwrap();
    let verifier = sent.split('&').find_map(|pair| pair.strip_prefix("code_verifier=")).unwrap();
    assert!(verifier.len() == 43 && !dump.contains(verifier), "{sent}");
}

async fn signing_in_leaves_no_session_behind(database: Database) {
    let stand_in = StandIn::start().await;
    let world = world_with(database, stand_in.issuer(), OPEN).await;
    let mut browser = world.browser();
    sign_in(&mut browser, &stand_in, world.ada()).await;
    let mut before = Browser::with_cookies_of(&browser);
    sign_in(&mut browser, &stand_in, world.ada()).await;
    before.get("/api/v1/session").await.expect(401);
    session_of(&mut browser).await;
    // Another site's page cannot make a browser do anything but begin.
    let request = http().post(format!("{}/auth/acme/callback", world.server.origin()));
    assert_eq!(crate::client::send(request).await.status, 403);
}

on_databases_of_their_own!(
    what_is_wrong_about_a_token_is_refused,
    a_login_is_of_one_browser_and_counts_once,
    two_logins_of_one_browser_do_not_disturb_each_other,
    the_same_address_is_another_person,
    nobody_is_led_to_another_site,
    a_key_that_is_not_known_is_asked_for_once_a_minute,
    a_copy_of_the_database_finishes_no_login,
    signing_in_leaves_no_session_behind,
);
