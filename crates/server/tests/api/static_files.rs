//! The built page: packed as the browser likes, cached as its name allows, and nothing from beside it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::client::{Answer, Client, send};
use crate::fixture::{World, page};

async fn get_packed(client: &Client, path: &str, accepted: &str) -> Answer {
    send(client.request("GET", path).header("accept-encoding", accepted)).await
}

async fn a_file_is_sent_as_the_browser_can_unpack_it(world: World) {
    let (client, script) = (world.anonymous(), format!("/{}", page::SCRIPT));
    let plain = page::SCRIPT_TEXT.as_bytes();
    for (accepted, encoding, body) in [
        ("gzip, deflate, br", Some("br"), page::SCRIPT_BROTLI),
        ("gzip", Some("gzip"), page::SCRIPT_GZIP),
        ("br;q=0.2, gzip;q=0.9", Some("gzip"), page::SCRIPT_GZIP),
        ("br;q=0, gzip;q=0", None, plain),
        ("zstd", None, plain),
    ] {
        let answer = get_packed(&client, &script, accepted).await.expect(200);
        assert_eq!((answer.header("content-encoding"), &answer.body[..]), (encoding, body), "{accepted}");
        assert_eq!(answer.header("vary"), Some("Accept-Encoding"), "{accepted}");
        assert_eq!(answer.header("content-type"), Some("text/javascript; charset=utf-8"));
    }
    let wasm = client.get(&format!("/{}", page::WASM)).await.expect(200);
    assert_eq!(wasm.header("content-type"), Some("application/wasm"), "anything else is compiled twice as slowly");
}

async fn a_hashed_name_is_kept_for_ever_and_a_plain_one_is_asked_for_again(world: World) {
    let client = world.anonymous();
    let script = client.get(&format!("/{}", page::SCRIPT)).await;
    assert_eq!(script.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(client.get("/favicon.svg").await.header("cache-control"), Some("no-cache"));
    assert_eq!(client.get("/").await.header("cache-control"), Some("no-cache"));
}

async fn an_unchanged_file_is_not_sent_again(world: World) {
    let (client, script) = (world.anonymous(), format!("/{}", page::SCRIPT));
    let packed = get_packed(&client, &script, "br").await;
    let plain = client.get(&script).await;
    let (packed_tag, plain_tag) = (packed.header("etag").unwrap(), plain.header("etag").unwrap());
    assert_ne!(packed_tag, plain_tag, "two forms of a file are two representations");
    let again = client.request("GET", &script).header("accept-encoding", "br").header("if-none-match", packed_tag);
    let answer = send(again).await.expect(304);
    assert!(answer.body.is_empty() && answer.header("etag") == Some(packed_tag));
    assert!(answer.header("cache-control").is_some() && answer.header("vary").is_some());
    send(client.request("GET", &script).header("if-none-match", packed_tag)).await.expect(200);
}

async fn head_says_the_same_without_the_body(world: World) {
    let (client, script) = (world.anonymous(), format!("/{}", page::SCRIPT));
    let answer = send(client.request("HEAD", &script)).await.expect(200);
    assert_eq!(answer.header("content-length"), Some(page::SCRIPT_TEXT.len().to_string().as_str()));
    assert!(answer.body.is_empty());
    let page = client.get("/settings/billing").await.expect(200);
    let head = send(client.request("HEAD", "/settings/billing")).await.expect(200);
    assert_eq!(head.header("content-length"), Some(page.body.len().to_string().as_str()));
    assert!(head.body.is_empty());
    assert_eq!(
        send(client.request("POST", &script).json(&Value::Null)).await.expect(405).problem(),
        "method_not_allowed"
    );
}

async fn a_page_of_the_app_is_the_index_and_a_missing_file_is_missing(world: World) {
    let client = world.anonymous();
    for path in ["/", "/settings/billing", "/settings/billing?kind=top_up", "/no/such/page", "/index.html"] {
        let answer = client.get(path).await.expect(200);
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
        assert!(answer.text().contains("<title>Billing</title>"), "{path}");
    }
    for path in [
        "/old-0123456789abcdef.js",
        "/robots.txt",
        "/favicon.svg/x.js",
        "/index.html.br",
        &format!("/{}.br", page::SCRIPT),
    ] {
        assert_eq!(client.get(path).await.expect(404).problem(), "not_found", "{path}");
    }
    for path in ["/api", "/api/", "/api/v1", "/api/v1/nothing", "/api/v2/wallet", "/api/v1/settings.js"] {
        assert_eq!(client.get(path).await.expect(404).problem(), "not_found", "{path}");
    }
    assert_eq!(client.delete("/api/v1/members").await.expect(405).problem(), "method_not_allowed");
}

async fn no_path_leads_out_of_the_page(world: World) {
    let client = world.anonymous();
    for path in [
        "/../../../../../../etc/passwd",
        "/..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/....//....//etc/passwd",
        "//etc/passwd",
        "/.built-from",
        "/./.built-from",
        "/..\\..\\etc\\passwd",
        "/%00",
    ] {
        let answer = client.raw(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 "), "{path}: {answer}");
        assert!(!answer.contains("root:") && !answer.contains("a stamp of the build"), "{path}: {answer}");
    }
}

fn bootstrap(html: &str) -> Value {
    let (_, rest) =
        html.split_once("<script type=\"application/json\" id=\"bootstrap\">").expect("no data in the page");
    let (json, _) = rest.split_once("</script>").unwrap();
    serde_json::from_str(json).unwrap()
}

async fn the_first_screen_is_in_the_page_and_only_for_its_own_session(world: World) {
    let nobody = bootstrap(&world.anonymous().get("/").await.expect(200).text());
    assert_eq!((&nobody["session"], &nobody["billing"], &nobody["admins"]), (&Value::Null, &Value::Null, &Value::Null));
    assert_eq!(nobody["service"]["sandbox"], true);

    let member = world.sign_in(&world.acme.member).await;
    let page = bootstrap(&member.get("/settings/billing").await.expect(200).text());
    assert_eq!((&page["session"]["role"], &page["billing"]), (&Value::from("member"), &Value::Null));
    assert_eq!(page["admins"]["admins"], serde_json::json!([world.acme.admin.name, world.acme.owner.name]));

    let owner = world.sign_in(&world.acme.owner).await;
    let page = bootstrap(&owner.get("/settings/billing").await.expect(200).text());
    assert_eq!(page["session"]["user"]["name"], world.acme.owner.name);
    assert_eq!(page["billing"]["wallet"]["balance"], "0.00");
    let answer = owner.get("/api/v1/bootstrap").await.expect(200).json();
    assert_eq!(page["billing"]["cards"], answer["billing"]["cards"]);
    assert_eq!(page["session"], answer["session"]);
}

async fn the_first_view_is_drawn_for_its_reader_and_in_their_language(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let html = owner.get("/settings/billing").await.expect(200).text();
    assert!(html.contains("<html lang=\"en\">") && !html.contains("<p>Loading</p>"), "{html}");
    let (_, view) = html.split_once("<div id=\"first-view\">").unwrap();
    for part in ["Wallet Balance", "$0<span class=\"figure-minor\">.00</span>", &world.acme.owner.name] {
        assert!(view.contains(part), "{part}: {view}");
    }
    // The content policy lets no attribute set a style.
    assert!(!view.contains(" style=\""), "{view}");
    for (accepted, cookie, root, figure) in [
        ("de-AT,en;q=0.5", "", "<html lang=\"de\">", "$\u{a0}0<span class=\"figure-minor\">,00</span>"),
        ("en", "nexis-language=ar", "<html lang=\"ar\" dir=\"rtl\">", "0<span class=\"figure-minor\">.00</span>"),
    ] {
        let own = owner.request("GET", "/settings/billing").header("accept-language", accepted);
        let own = if cookie.is_empty() { own } else { own.header("cookie", cookie) };
        let html = send(own).await.expect(200).text();
        assert!(html.contains(root) && html.contains(figure), "{accepted} {cookie}: {html}");
    }
    let nobody = world.anonymous().get("/settings/billing").await.expect(200);
    assert!(!nobody.text().contains("class=\"balance-figure\""), "{}", nobody.text());
    assert_eq!(nobody.header("vary"), Some("Cookie, Accept-Language"));
}

async fn the_stylesheet_stands_in_the_document_and_its_hash_in_the_policy(world: World) {
    let page = world.anonymous().get("/").await.expect(200);
    assert!(page.text().contains(&format!("<style>{}</style>", page::STYLE)), "{}", page.text());
    let hash = BASE64_STANDARD.encode(Sha256::digest(page::STYLE));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains(&format!("style-src 'self' 'sha256-{hash}';")), "{policy}");
    let link = world.anonymous().get("/pay").await.expect(200);
    assert!(!link.header("content-security-policy").unwrap().contains("sha256"));
}

async fn a_name_cannot_break_out_of_the_page(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    // As it may have been stored before such names were refused.
    let evil = "</script><script>alert(1)</script>\u{2028}<!--";
    let before = world.store.organization(&world.acme.id).await.unwrap();
    let update = billing_store::OrganizationUpdate {
        name: evil.to_owned(),
        address: before.address,
        tax_id: before.tax_id,
        time_zone: before.time_zone,
    };
    let by = billing_store::Actor::system("test");
    world.store.update_organization(&world.acme.id, before.version, &update, &by, crate::fixture::now()).await.unwrap();
    let html = owner.get("/").await.expect(200).text();
    assert_eq!(html.matches("<script").count(), 1, "{html}");
    assert!(html.contains("&lt;/script&gt;"), "it is shown as it is written: {html}");
    assert_eq!(bootstrap(&html)["session"]["organization"]["name"], evil);
}

on_both_databases!(
    a_file_is_sent_as_the_browser_can_unpack_it,
    a_hashed_name_is_kept_for_ever_and_a_plain_one_is_asked_for_again,
    an_unchanged_file_is_not_sent_again,
    head_says_the_same_without_the_body,
    a_page_of_the_app_is_the_index_and_a_missing_file_is_missing,
    no_path_leads_out_of_the_page,
    the_first_screen_is_in_the_page_and_only_for_its_own_session,
    the_first_view_is_drawn_for_its_reader_and_in_their_language,
    the_stylesheet_stands_in_the_document_and_its_hash_in_the_policy,
    a_name_cannot_break_out_of_the_page,
);
