//! The whole way at a provider that others have written and certified (tests/oidc-judge).

use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::browser::{Browser, http};
use super::{OPEN, session_of, world_with};
use crate::client::send;
use crate::fixture::Database;

/// It ends with this value.
struct Judge {
    _child: Child,
    issuer: String,
}

impl Judge {
    async fn start() -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/oidc-judge");
        assert!(folder.join("node_modules").is_dir(), "run `npm ci` in tests/oidc-judge; `cargo xtask test` does it");
        let mut command = Command::new("node");
        command.arg("judge.js").current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.stderr(Stdio::null()).spawn().expect("there is no node");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let issuer = loop {
            let line = lines.next_line().await.unwrap().expect("the judge ended before it listened");
            if let Some(issuer) = line.strip_prefix("listening on ") {
                break issuer.to_owned();
            }
        };
        // Whatever it says later must not fill the pipe.
        tokio::spawn(async move { lines.into_inner().read_to_end(&mut Vec::new()).await });
        Self { _child: child, issuer }
    }

    async fn put(&self, path: &str, body: &Value) {
        send(http().put(format!("{}/judge/{path}", self.issuer)).json(body)).await.expect(204);
    }
}

/// The value of an attribute of the first element that has this text before it.
fn attribute<'a>(html: &'a str, before: &str, name: &str) -> &'a str {
    let rest = html.split_once(before).unwrap_or_else(|| panic!("no {before} in {html}")).1;
    let value = rest.split_once(&format!("{name}=\"")).unwrap().1;
    value.split('"').next().unwrap()
}

async fn the_judge_signs_somebody_in_and_out(database: Database) {
    let judge = Judge::start().await;
    let world = world_with(database, &judge.issuer, OPEN).await;
    let origin = world.server.origin().to_owned();
    let client = json!({
        "client_id": "billing",
        "client_secret": "a secret of the client",
        "redirect_uris": [format!("{origin}/auth/acme/callback")],
        "post_logout_redirect_uris": [format!("{origin}/sign-in")],
        "backchannel_logout_uri": format!("{origin}/auth/acme/backchannel-logout"),
        "backchannel_logout_session_required": true,
        "scope": "openid email profile org",
    });
    judge.put("clients/billing", &client).await;
    let ada = json!({
        "name": "Ada Lovelace", "email": "ada@acme.test", "email_verified": true, "org": world.acme.id,
        "groups": ["billing-admins"],
    });
    judge.put("people/ada", &ada).await;

    let mut browser = world.browser();
    let (form, page) = browser.follow("/auth/acme/start?return=/settings/members").await;
    assert!(form.starts_with(&judge.issuer) && page.text().contains("Sign in at the judge"), "{form}: {}", page.text());
    let answer = browser.post_form(&form, &[("login", "ada")]).await;
    let (came, page) = browser.follow(answer.header("location").unwrap()).await;
    assert_eq!((came.as_str(), page.status), (format!("{origin}/settings/members").as_str(), 200), "{}", page.text());
    let session = session_of(&mut browser).await;
    assert_eq!((&session["user"]["name"], &session["role"]), (&json!("Ada Lovelace"), &json!("admin")), "{session}");

    // The judge knows them now; asked to prove it once more they do, and the session stays.
    let (form, _) = browser.follow("/auth/acme/start?prompt=login&return=/settings/billing").await;
    assert!(form.starts_with(&judge.issuer), "{form}");
    let answer = browser.post_form(&form, &[("login", "ada")]).await;
    let (came, _) = browser.follow(answer.header("location").unwrap()).await;
    assert_eq!(came, format!("{origin}/settings/billing"));
    assert_eq!(session_of(&mut browser).await["id"], session["id"]);
    let link = json!({"purpose": "connect"});
    browser.send("POST", "/api/v1/payment-links", Some(&link)).await.expect(201);

    // Another browser of the same person, which is signed out at the judge: it tells us.
    let mut other = Browser::with_cookies_of(&browser);
    let end = browser.send("DELETE", "/api/v1/session", None).await.expect(200).json();
    let (again, _) = other.follow("/auth/acme/start").await;
    assert!(again.starts_with(&origin), "{again}");
    session_of(&mut other).await;
    let (confirm, page) = other.follow(end["end_session_url"].as_str().unwrap()).await;
    assert_eq!(page.status, 200, "{confirm}: {}", page.text());
    let html = page.text();
    let (action, xsrf) = (attribute(&html, "<form", "action"), attribute(&html, "name=\"xsrf\"", "value"));
    let answer = other.post_form(action, &[("xsrf", xsrf), ("logout", "yes")]).await;
    assert!(answer.header("location").unwrap().starts_with(&format!("{origin}/sign-in")), "{}", answer.text());
    let refused = other.get("/api/v1/session").await.expect(401);
    assert_eq!(refused.header("nexis-session-state"), Some("ended"));
}

on_databases_of_their_own!(the_judge_signs_somebody_in_and_out,);
