//! Signing in by an identity provider: one that others have certified, and one of ours that lies as it is told.

mod attacks;
mod browser;
mod judge;
mod stand_in;

use serde_json::{Value, json};
use tempfile::NamedTempFile;

use self::browser::Browser;
use self::stand_in::StandIn;
use crate::client::Answer;
use crate::fixture::{Database, World};

/// A world whose settings know one provider under the name `acme`.
async fn world_with(database: Database, issuer: &str, more: &str) -> World {
    let file = NamedTempFile::new().unwrap();
    let table = format!(
        "[oidc.acme]\nlabel = \"Acme ID\"\nissuer = {issuer:?}\nclient_id = \"billing\"\nclient_secret = \"a secret of the client\"\n\
         scopes = [\"openid\", \"email\", \"profile\", \"org\"]\norganization_claim = \"org\"\nrole_claim = \"groups\"\n{more}\n\
         [oidc.acme.role_map]\nbilling-owners = \"owner\"\nbilling-admins = \"admin\"\n"
    );
    std::fs::write(file.path(), table).unwrap();
    World::start_with(database, &["--config", file.path().to_str().unwrap()]).await
}

/// What the operator says besides: whoever comes becomes a member.
const OPEN: &str = "default_role = \"member\"\ncreate_members = true";

impl World {
    /// A browser that nobody has signed in with.
    fn browser(&self) -> Browser {
        Browser::new(self.server.origin())
    }

    /// What a provider says of somebody in this organization.
    fn ada(&self) -> Value {
        json!({"sub": "ada", "name": "Ada Lovelace", "email": "ada@acme.test", "email_verified": true, "org": self.acme.id})
    }
}

/// What an answer sends the browser to.
fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").unwrap().to_owned()
}

/// Signs in with these claims; what the browser is sent to.
async fn sign_in(browser: &mut Browser, stand_in: &StandIn, claims: Value) -> String {
    let login = browser.begin("/auth/acme/start").await;
    stand_in.say(login.claims(claims));
    location(&browser.come_back(&login).await)
}

/// What the audit log of the organization says was done, oldest first, once nothing in it was altered.
async fn actions(world: &World) -> Vec<String> {
    assert_eq!(world.store.verify_audit(Some(&world.acme.id)).await.unwrap().broken, None);
    let entries = world.store.page_audit(Some(&world.acme.id), None, 200).await.unwrap();
    entries.into_iter().rev().map(|written| written.entry.action).collect()
}

async fn session_of(browser: &mut Browser) -> Value {
    browser.get("/api/v1/session").await.expect(200).json()
}

async fn a_provider_says_who_is_a_member_and_as_what(database: Database) {
    let stand_in = StandIn::start().await;
    let world = world_with(database, stand_in.issuer(), OPEN).await;
    let offered = world.anonymous().get("/api/v1/bootstrap").await.json()["service"]["sign_in_providers"].clone();
    assert_eq!(offered, json!([{"name": "acme", "label": "Acme ID"}]));

    let mut browser = world.browser();
    let with = |name: &str, value: Value| {
        let mut claims = world.ada();
        claims[name] = value;
        claims
    };
    assert_eq!(sign_in(&mut browser, &stand_in, with("groups", json!(["x", "billing-admins"]))).await, "/");
    let session = session_of(&mut browser).await;
    assert_eq!((&session["kind"], &session["role"]), (&json!("oidc"), &json!("admin")), "{session}");
    assert_eq!(session["organization"]["id"], json!(world.acme.id));
    assert_eq!(
        (&session["user"]["name"], &session["user"]["email"]),
        (&json!("Ada Lovelace"), &json!("ada@acme.test"))
    );
    assert_eq!(session["sign_in_provider"], "acme");
    let ada = session["user"]["id"].clone();

    // Another role, another name, elsewhere: the same person, and the open page learns of it.
    let mut elsewhere = world.browser();
    let mut changed = with("groups", json!("billing-owners"));
    changed["name"] = json!("Ada King");
    sign_in(&mut elsewhere, &stand_in, changed).await;
    let session = session_of(&mut browser).await;
    assert_eq!((&session["user"]["id"], &session["role"]), (&ada, &json!("owner")));
    assert_eq!(session["user"]["name"], "Ada King");
    // Without a group that is known, what the operator says.
    sign_in(&mut elsewhere, &stand_in, with("groups", json!(["nothing known"]))).await;
    assert_eq!(session_of(&mut browser).await["role"], "member");

    // By the host's own id of an organization; whom the provider no longer names as one of theirs is out there.
    let put = json!({"name": "Borealis", "time_zone": "UTC", "currency": "EUR"});
    world.platform().put("/api/v1/organizations/ext:acct_42", &put).await.expect(201);
    sign_in(&mut elsewhere, &stand_in, with("org", json!(["unknown", "acct_42"]))).await;
    assert_eq!(session_of(&mut elsewhere).await["organization"]["name"], "Borealis");
    browser.get("/api/v1/session").await.expect(401);
    let came = ["member.add", "session.start"];
    let changed = ["member.change_role", "session.start"];
    let expected = [came.as_slice(), &changed, &changed, &["session.end", "member.remove"]].concat();
    assert_eq!(actions(&world).await, expected);
    let owner = world.sign_in(&world.acme.owner).await;
    let members = owner.get("/api/v1/members").await.json()["items"].clone();
    assert!(members.as_array().unwrap().iter().all(|member| member["id"] != ada), "{members}");
}

async fn who_belongs_nowhere_gets_no_session(database: Database) {
    let stand_in = StandIn::start().await;
    let world = world_with(database, stand_in.issuer(), "create_members = true").await;
    let mut browser = world.browser();
    let refused = "/sign-in?problem=no_access&provider=acme";
    // No role without a group, no organization that there is, none at all.
    let mut claims = world.ada();
    assert_eq!(sign_in(&mut browser, &stand_in, claims.clone()).await, refused);
    claims["groups"] = json!("billing-admins");
    for org in [json!("unknown"), json!(7), Value::Null, json!([])] {
        claims["org"] = org;
        assert_eq!(sign_in(&mut browser, &stand_in, claims.clone()).await, refused);
    }
    browser.get("/api/v1/session").await.expect(401);
    claims["org"] = json!(world.acme.id);
    assert_eq!(sign_in(&mut browser, &stand_in, claims).await, "/");
}

async fn nobody_becomes_a_member_unless_the_operator_wants_it(database: Database) {
    let stand_in = StandIn::start().await;
    let world = world_with(database, stand_in.issuer(), "default_role = \"member\"").await;
    let mut browser = world.browser();
    let claims = world.ada();
    assert_eq!(sign_in(&mut browser, &stand_in, claims).await, "/sign-in?problem=no_access&provider=acme");
}

async fn only_a_verified_address_of_an_allowed_domain_lets_in(database: Database) {
    let stand_in = StandIn::start().await;
    let domains = format!("{OPEN}\nallowed_domains = [\"acme.test\"]");
    let world = world_with(database, stand_in.issuer(), &domains).await;
    let mut browser = world.browser();
    for (email, verified, expected) in [
        (json!("ada@acme.test"), json!(false), false),
        (json!("ada@acme.test"), Value::Null, false),
        (json!("ada@evil.test"), json!(true), false),
        (json!("ada@sub.acme.test"), json!(true), false),
        (json!("acme.test"), json!(true), false),
        (Value::Null, json!(true), false),
        (json!("ada@ACME.test"), json!(true), true),
    ] {
        let mut claims = world.ada();
        claims["email"] = email.clone();
        claims["email_verified"] = verified;
        let came = sign_in(&mut browser, &stand_in, claims).await;
        assert_eq!(came, if expected { "/" } else { "/sign-in?problem=no_access&provider=acme" }, "{email}");
    }
}

async fn a_provider_that_is_down_leaves_the_password(database: Database) {
    let stand_in = StandIn::start().await;
    let world = world_with(database, stand_in.issuer(), OPEN).await;
    stand_in.stop();
    let mut browser = world.browser();
    let answer = browser.get("/auth/acme/start?return=/settings/billing").await;
    assert_eq!(location(&answer), "/sign-in?problem=unavailable&provider=acme");
    browser.get("/auth/other/start").await.expect(404);
    world.sign_in(&world.acme.owner).await.get("/api/v1/session").await.expect(200);
}

async fn signing_out_leads_to_the_provider(database: Database) {
    let stand_in = StandIn::start().await;
    let world = world_with(database, stand_in.issuer(), OPEN).await;
    let mut browser = world.browser();
    let claims = world.ada();
    sign_in(&mut browser, &stand_in, claims).await;
    let url = browser.send("DELETE", "/api/v1/session", None).await.expect(200).json()["end_session_url"].clone();
    let origin = world.server.origin().replace(':', "%3A").replace('/', "%2F");
    let expected =
        format!("{}/logout?client_id=billing&post_logout_redirect_uri={origin}%2Fsign-in", stand_in.issuer());
    assert_eq!(url, json!(expected));
    browser.get("/api/v1/session").await.expect(401);
    world.sign_in(&world.acme.owner).await.delete("/api/v1/session").await.expect(204);
}

async fn signing_in_anew_confirms_the_session(database: Database) {
    let stand_in = StandIn::start().await;
    let world = world_with(database, stand_in.issuer(), OPEN).await;
    let mut browser = world.browser();
    let mut claims = world.ada();
    claims["groups"] = json!("billing-owners");
    sign_in(&mut browser, &stand_in, claims.clone()).await;
    let session = session_of(&mut browser).await["id"].clone();
    let link = json!({"purpose": "connect"});
    // The provider may have known the person from an hour ago: that is no proof that it is them.
    let refused = browser.send("POST", "/api/v1/payment-links", Some(&link)).await.expect(403);
    assert_eq!(refused.problem(), "confirmation_required");
    let password = json!({"password": "correct horse"});
    browser.send("POST", "/api/v1/session/confirmation", Some(&password)).await.expect(422);

    let login = browser.begin("/auth/acme/start?prompt=login&return=/settings/billing").await;
    assert!(login.location.contains("&prompt=login&max_age=0"), "{}", login.location);
    // Somebody else proves nothing.
    let mut other = claims.clone();
    other["sub"] = json!("bob");
    stand_in.say(login.claims(other));
    assert_eq!(location(&browser.come_back(&login).await), "/sign-in?problem=refused&provider=acme");
    // Nor does a proof from long ago.
    for (age, proved) in [(3_600, false), (0, true)] {
        let login = browser.begin("/auth/acme/start?prompt=login&return=/settings/billing").await;
        claims["auth_time"] = json!(stand_in::now() - age);
        stand_in.say(login.claims(claims.clone()));
        assert_eq!(location(&browser.come_back(&login).await), "/settings/billing");
        let status = browser.send("POST", "/api/v1/payment-links", Some(&link)).await.status;
        assert_eq!(status, if proved { 201 } else { 403 });
    }
    assert_eq!(session_of(&mut browser).await["id"], session, "the page goes on in its session");
    let actions = actions(&world).await;
    assert_eq!(actions.iter().filter(|action| *action == "session.confirm").count(), 1, "{actions:?}");
}

async fn the_provider_ends_the_sessions_that_it_names(database: Database) {
    let stand_in = StandIn::start().await;
    let world = world_with(database, stand_in.issuer(), OPEN).await;
    let (mut first, mut second, mut other) = (world.browser(), world.browser(), world.browser());
    let with = |sub: &str, sid: &str| {
        let mut claims = world.ada();
        (claims["sub"], claims["sid"]) = (json!(sub), json!(sid));
        claims
    };
    sign_in(&mut first, &stand_in, with("ada", "s1")).await;
    sign_in(&mut second, &stand_in, with("ada", "s2")).await;
    sign_in(&mut other, &stand_in, with("bob", "s3")).await;
    let report = async |token: &str| {
        // As a provider sends it: a form, without our origin.
        let request = browser::http().post(format!("{}/auth/acme/backchannel-logout", world.server.origin()));
        let form = format!("logout_token={token}");
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        crate::client::send(request).await
    };
    let statement = |more: Value| stand_in.logout_token(&more);

    let token = statement(json!({"sub": "ada", "sid": "s1"}));
    let answer = report(&token).await.expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let refused = first.get("/api/v1/session").await.expect(401);
    assert_eq!(refused.header("nexis-session-state"), Some("ended"));
    second.get("/api/v1/session").await.expect(200);
    // It counts once.
    assert_eq!(report(&token).await.expect(400).problem(), "malformed");
    for (name, value) in [
        ("nonce", json!("n")),
        ("events", json!({})),
        ("iss", json!("http://127.0.0.1:1")),
        ("aud", json!("another client")),
        ("iat", json!(stand_in::now() - 3_600)),
        ("exp", json!(stand_in::now() - 3_600)),
        ("sub", Value::Null),
        ("jti", Value::Null),
    ] {
        let mut claims = json!({"sub": "ada"});
        claims[name] = value;
        report(&statement(claims.clone())).await.expect(400);
        second.get("/api/v1/session").await.expect(200);
    }
    report("").await.expect(400);
    report("e30.e30.e30").await.expect(400);
    // By the person: all of theirs, and nobody else's.
    report(&statement(json!({"sub": "ada"}))).await.expect(200);
    second.get("/api/v1/session").await.expect(401);
    other.get("/api/v1/session").await.expect(200);
    report(&statement(json!({"sub": null, "sid": "s3"}))).await.expect(200);
    other.get("/api/v1/session").await.expect(401);
    let expected = ["member.add", "session.start", "session.start", "member.add", "session.start"];
    assert_eq!(actions(&world).await, [expected.as_slice(), &["session.end"; 3]].concat());
}

async fn what_the_token_does_not_say_the_provider_is_asked_for(database: Database) {
    let stand_in = StandIn::start().await;
    let world = world_with(database, stand_in.issuer(), OPEN).await;
    let mut browser = world.browser();
    let ada = world.ada();
    stand_in.say_in_userinfo(ada.clone());
    assert_eq!(sign_in(&mut browser, &stand_in, json!({"sub": "ada"})).await, "/");
    assert_eq!(session_of(&mut browser).await["user"]["email"], "ada@acme.test");
    // Of somebody else it says nothing.
    assert_eq!(sign_in(&mut browser, &stand_in, json!({"sub": "bob"})).await, "/sign-in?problem=refused&provider=acme");
}

on_databases_of_their_own!(
    a_provider_says_who_is_a_member_and_as_what,
    who_belongs_nowhere_gets_no_session,
    nobody_becomes_a_member_unless_the_operator_wants_it,
    only_a_verified_address_of_an_allowed_domain_lets_in,
    a_provider_that_is_down_leaves_the_password,
    signing_out_leads_to_the_provider,
    signing_in_anew_confirms_the_session,
    the_provider_ends_the_sessions_that_it_names,
    what_the_token_does_not_say_the_provider_is_asked_for,
);
