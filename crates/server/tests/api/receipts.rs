//! Receipts over HTTP: what was paid and given back, for those who manage the wallet, and read back from the file.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::client::{Answer, Client, send};
use crate::fixture::World;
use crate::money::{connect, pay, script};

on_both_databases!(
    a_receipt_says_who_paid_what_to_whom_when_and_how,
    what_was_given_back_is_on_the_receipt,
    paper_follows_the_zone_or_the_wish,
    there_is_none_before_it_is_paid_and_none_for_others,
    a_name_in_any_script_comes_back,
    what_an_issued_receipt_says_stays,
    receipts_are_numbered_without_a_gap,
);

fn path(top_up: &str) -> String {
    format!("/api/v1/top-ups/{top_up}/receipt")
}

/// A top-up of 1,250 that is paid; its id.
async fn paid(client: &Client) -> String {
    connect(client, "pm_card_visa").await;
    paid_again(client, "k-paid").await
}

/// One more.
async fn paid_again(client: &Client, key: &str) -> String {
    pay(client, key, "1250.00").await.expect(201).json()["id"].as_str().unwrap().to_owned()
}

/// The number in the name of the file.
fn number(pdf: &Answer) -> String {
    let name = pdf.header("content-disposition").unwrap();
    let number = name.strip_prefix("attachment; filename=\"receipt-").and_then(|name| name.strip_suffix(".pdf\""));
    number.unwrap().to_owned()
}

async fn rename(client: &Client, form: &Value) {
    let etag = client.get("/api/v1/organization").await.expect(200).header("etag").unwrap().to_owned();
    send(client.request("PUT", "/api/v1/organization").header("if-match", etag).json(form)).await.expect(200);
}

async fn refund(world: &World, key: &str, top_up: &str, amount: &str) -> Value {
    let form =
        json!({"organization_id": world.acme.id, "top_up_id": top_up, "amount": amount, "reason": "Double booking"});
    let request = world.platform().request("POST", "/api/v1/refunds").header("idempotency-key", key);
    send(request.json(&form)).await.expect(201).json()
}

/// What a program of poppler says about the file.
async fn ask(program: &str, arguments: &[&str], pdf: &Answer) -> String {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}. Install poppler-utils; `cargo xtask test` does."));
    child.stdin.take().unwrap().write_all(&pdf.body).await.unwrap();
    String::from_utf8(child.wait_with_output().await.unwrap().stdout).unwrap()
}

/// The text with single spaces, without the marks that say which way it runs.
pub(crate) async fn text(pdf: &Answer) -> String {
    let text = ask("pdftotext", &["-layout", "-enc", "UTF-8", "-", "-"], pdf).await;
    let marks = |one: &char| !matches!(one, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}');
    text.chars().filter(marks).collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
}

async fn a_receipt_says_who_paid_what_to_whom_when_and_how(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    rename(
        &owner,
        &json!({"name": "Northwind Dental, LLC", "address": "1200 Market Street\nChicago, IL 60607", "tax_id": "US 12-3456789",
            "time_zone": "America/Chicago"}),
    )
    .await;
    let top_up = paid(&owner).await;
    let answer = owner.get(&path(&top_up)).await.expect(200);
    assert_eq!(answer.header("content-type"), Some("application/pdf"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let text = text(&answer).await;
    says(&text, &["Receipt", "Sandbox: no real money", &number(&answer), &top_up]);
    says(&text, &["Northwind Dental, LLC", "1200 Market Street", "Chicago, IL 60607", "Tax ID US 12-3456789"]);
    says(
        &text,
        &["Nexis Billing", "Wallet top-up", "1,250.00 USD", "Net paid 1,250.00 USD", "Visa •• 4242", "Status Paid"],
    );
    let settled =
        owner.get(&format!("/api/v1/top-ups/{top_up}")).await.json()["settled_at"].as_str().unwrap().to_owned();
    let settled: jiff::Timestamp = settled.parse().unwrap();
    let local =
        settled.in_tz("America/Chicago").unwrap().strftime("%-d %B %Y, %H:%M (America/Chicago, UTC−").to_string();
    says(&text, &[&local]);
    assert_eq!(owner.get(&path(&top_up)).await.body, answer.body, "the same facts make the same file");
}

async fn what_was_given_back_is_on_the_receipt(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let top_up = paid(&owner).await;
    let before = owner.get(&path(&top_up)).await.expect(200);
    refund(&world, "r-1", &top_up, "40.00").await;
    let partly = owner.get(&path(&top_up)).await.expect(200);
    assert_eq!(partly.header("content-disposition"), before.header("content-disposition"), "the number stays");
    let part = text(&partly).await;
    says(
        &part,
        &["Status Partly refunded", "Refund to Visa •• 4242 −40.00 USD", "Double booking", "Net paid 1,210.00 USD"],
    );
    refund(&world, "r-2", &top_up, "1210.00").await;
    let whole = text(&owner.get(&path(&top_up)).await.expect(200)).await;
    says(&whole, &["Status Refunded", "−40.00 USD", "−1,210.00 USD", "Net paid 0.00 USD"]);
}

async fn paper_follows_the_zone_or_the_wish(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let top_up = paid(&owner).await;
    let (a4, letter) = ("595.276 x 841.89 pts (A4)", "612 x 792 pts (letter)");
    for (query, size) in [("", letter), ("?paper=a4", a4), ("?paper=letter", letter)] {
        let pdf = owner.get(&format!("{}{query}", path(&top_up))).await.expect(200);
        says(&ask("pdfinfo", &["-"], &pdf).await, &[size]);
    }
    rename(&owner, &json!({"name": "Acme", "address": "", "tax_id": "", "time_zone": "Europe/Berlin"})).await;
    says(&ask("pdfinfo", &["-"], &owner.get(&path(&top_up)).await.expect(200)).await, &[letter]);
    let later = paid_again(&owner, "k-later").await;
    says(&ask("pdfinfo", &["-"], &owner.get(&path(&later)).await.expect(200)).await, &[a4]);
    for query in ["?paper=a5", "?paper=", "?papier=a4"] {
        assert_eq!(owner.get(&format!("{}{query}", path(&top_up))).await.expect(422).problem(), "invalid");
    }
}

async fn there_is_none_before_it_is_paid_and_none_for_others(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let top_up = paid(&owner).await;
    let stranger = world.sign_in(&world.other.owner).await;
    assert_eq!(stranger.get(&path(&top_up)).await.expect(404).problem(), "not_found");
    let member = world.sign_in(&world.acme.member).await;
    assert_eq!(member.get(&path(&top_up)).await.expect(403).problem(), "forbidden");
    assert_eq!(owner.get(&path("0")).await.expect(404).problem(), "not_found");
    script(&world, "decline:lost_card").await;
    let declined = pay(&owner, "k-declined", "20.00").await.expect(402).json();
    let none = owner.get(&path(declined["top_up_id"].as_str().unwrap())).await.expect(409);
    assert!(none.text().contains("Nothing was charged"), "{}", none.text());
    assert_eq!(none.problem(), "conflict");
}

async fn a_name_in_any_script_comes_back(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    connect(&owner, "pm_card_visa").await;
    for name in [
        "شركة النور للاتصالات",
        "חברת הצפון לטיפול שיניים",
        "नॉर्थविंड डेंटल",
        "บริษัท ทันตกรรมลมเหนือ จำกัด",
        "北风牙科有限公司",
        "株式会社ノースウィンド歯科",
        "주식회사 노스윈드 치과",
        "Северный ветер · Ελληνική",
    ] {
        rename(&owner, &json!({"name": name, "address": "", "tax_id": "", "time_zone": "UTC"})).await;
        let top_up = pay(&owner, &crate::fixture::new_id(), "10.00").await.expect(201).json();
        let top_up = top_up["id"].as_str().unwrap().to_owned();
        says(&text(&owner.get(&path(&top_up)).await.expect(200)).await, &[name]);
    }
}

async fn what_an_issued_receipt_says_stays(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let before = json!({"name": "Northwind Dental, LLC", "address": "1200 Market Street", "tax_id": "US 12-3456789",
        "time_zone": "America/Chicago"});
    rename(&owner, &before).await;
    let top_up = paid(&owner).await;
    let issued = owner.get(&path(&top_up)).await.expect(200);
    let after =
        json!({"name": "Southwind GmbH", "address": "Hauptstr. 1", "tax_id": "DE 1", "time_zone": "Asia/Tokyo"});
    rename(&owner, &after).await;
    let again = owner.get(&path(&top_up)).await.expect(200);
    assert_eq!(again.body, issued.body, "another buyer, zone or date under the same number");
    refund(&world, "r-1", &top_up, "40.00").await;
    let refunded = owner.get(&path(&top_up)).await.expect(200);
    assert_eq!(number(&refunded), number(&issued));
    let refunded = text(&refunded).await;
    says(&refunded, &["Northwind Dental, LLC", "America/Chicago", "−40.00 USD", "Net paid 1,210.00 USD"]);
    assert!(!refunded.contains("Southwind"), "{refunded}");
    let later = text(&owner.get(&path(&paid_again(&owner, "k-later").await)).await.expect(200)).await;
    says(&later, &["Southwind GmbH", "Hauptstr. 1", "Asia/Tokyo"]);
}

async fn receipts_are_numbered_without_a_gap(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let mut top_ups = vec![paid(&owner).await];
    for key in ["k-2", "k-3", "k-4"] {
        top_ups.push(paid_again(&owner, key).await);
    }
    let asked = top_ups.iter().chain(&top_ups).map(|top_up| {
        let owner = &owner;
        async move { number(&owner.get(&path(top_up)).await.expect(200)) }
    });
    let mut numbers = futures_util::future::join_all(asked).await;
    assert_eq!(numbers[..4], numbers[4..], "each has one");
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers, ["R-000001", "R-000002", "R-000003", "R-000004"]);
}
