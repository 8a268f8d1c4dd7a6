//! What may stand in a frame of another site, and what another site may load: the embed, and nothing else.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha384};

use crate::client::Answer;
use crate::fixture::{Database, World, page};

const ORIGINS: &str = "https://app.example.com,https://*.example.org,http://127.0.0.1:4000";
const FRAMES: [&str; 4] = ["/embed", "/embed/", "/embed/balance", "/embed?view=billing"];

fn assert_closed(path: &str, answer: &Answer) {
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
    assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{path}");
    assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"), "{path}");
    assert!(answer.header("permissions-policy").unwrap().contains("payment=()"), "{path}");
}

async fn only_the_frames_may_be_shown_and_only_by_the_named_sites(database: Database) {
    let world = World::start_with(database, &["--embed-origins", ORIGINS]).await;
    let owner = world.sign_in(&world.acme.owner).await;
    for path in FRAMES {
        let answer = owner.get(path).await.expect(200);
        let policy = answer.header("content-security-policy").unwrap();
        let ancestors = "frame-ancestors https://app.example.com https://*.example.org http://127.0.0.1:4000;";
        assert!(policy.contains(ancestors), "{path}: {policy}");
        for rule in
            ["default-src 'none'", "script-src 'self' 'wasm-unsafe-eval';", "require-trusted-types-for 'script'"]
        {
            assert!(policy.contains(rule), "{path}: {policy}");
        }
        assert_eq!(answer.header("x-frame-options"), None, "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("cross-origin"), "{path}");
        assert_eq!(answer.header("cross-origin-opener-policy"), Some("unsafe-none"), "{path}");
        let permissions = answer.header("permissions-policy").unwrap();
        assert!(permissions.contains("payment=(self \"https://js.stripe.com\")"), "{path}: {permissions}");
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
        // Whoever has a cookie is nobody here: what a frame shows is bought with a code.
        assert!(!answer.text().contains(&world.acme.owner.email), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-cache"), "{path}");
    }
    let script = format!("/{}", page::SCRIPT);
    for path in ["/", "/settings/billing", "/portal", "/embedded", "/embed/other", "/pay", "/api/v1/session", &script] {
        assert_closed(path, &owner.get(path).await);
    }
}

async fn without_named_sites_nothing_may_be_shown(world: World) {
    for path in FRAMES.iter().chain(&["/embed/v1.js", "/"]) {
        assert_closed(path, &world.anonymous().get(path).await.expect(200));
    }
}

async fn any_host_may_load_the_element_and_pin_it_by_its_hash(world: World) {
    let client = world.anonymous();
    let release = client.get("/embed/v1.json").await.expect(200).json();
    let hash = BASE64_STANDARD.encode(Sha384::digest(page::ELEMENT_TEXT));
    assert_eq!(release["integrity"], format!("sha384-{hash}"));
    let pinned = format!("/embed/{}.js", release["version"].as_str().unwrap());
    for path in ["/embed/v1.js", &pinned] {
        let answer = client.get(path).await.expect(200);
        assert_eq!(answer.text(), page::ELEMENT_TEXT, "{path}");
        assert_eq!(answer.header("content-type"), Some("text/javascript; charset=utf-8"), "{path}");
    }
    for path in ["/embed/v1.js", &pinned, "/embed/v1.json"] {
        let answer = client.get(path).await.expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("cross-origin"), "{path}");
        // It follows the release, so that it is asked for again each time.
        assert_eq!(answer.header("cache-control"), Some("no-cache"), "{path}");
    }
    client.get("/embed/0.0.0.js").await.expect(404);
}

on_both_databases!(without_named_sites_nothing_may_be_shown, any_host_may_load_the_element_and_pin_it_by_its_hash);

mod named {
    use super::Database;

    #[tokio::test]
    async fn only_the_frames_may_be_shown_and_only_by_the_named_sites() {
        super::only_the_frames_may_be_shown_and_only_by_the_named_sites(Database::Sqlite).await;
    }
}
