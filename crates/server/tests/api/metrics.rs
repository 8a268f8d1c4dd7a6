//! What the operator's monitoring reads: what happens is counted, what waits is seen, and nobody is named.

use serde_json::json;

use crate::client::{Answer, Client};
use crate::fixture::{Server, World};
use crate::money::{connect, eventually, pay, reaches, script};
use crate::stream::Stream;
use crate::wallets::{amount, fund, report, usage};

on_both_databases!(
    what_happens_is_counted_and_nobody_is_named,
    a_charge_whose_answer_is_lost_waits_in_sight_until_it_is_settled,
    an_open_page_is_counted_while_it_listens,
);

/// The same world, whose program shows its metrics; where.
async fn watched(world: &mut World) -> Client {
    world.server = Server::start(world.database_url(), &["--admin-listen", "127.0.0.1:0"]).await;
    let announced = &world.server.announced;
    let address = announced.lines().find_map(|line| line.strip_prefix("metrics at ")).expect(announced);
    Client::new(address.strip_suffix("/metrics").unwrap())
}

async fn text(monitoring: &Client) -> String {
    monitoring.get("/metrics").await.expect(200).text()
}

/// What stands behind these labels. The order of labels is not promised, so each is looked for by itself.
fn value(text: &str, name: &str, labels: &[&str]) -> Option<i64> {
    let line = text.lines().find(|line| {
        let named = line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']));
        named && labels.iter().all(|label| line.contains(label))
    })?;
    line.rsplit_once(' ')?.1.parse().ok()
}

async fn what_happens_is_counted_and_nobody_is_named(mut world: World) {
    let monitoring = watched(&mut world).await;
    fund(&world, &world.acme.id, amount("1")).await;
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_visa").await;
    pay(&client, "a", "25").await;
    pay(&client, "a", "25").await;
    let ask = async |estimate: &str| {
        let form = json!({
            "organization_id": world.acme.id, "kind": "outbound_call", "estimate": estimate, "ttl_seconds": 60,
        });
        world.platform().post("/api/v1/metering/authorizations", &form).await.expect(200);
    };
    for estimate in ["0.50", "0.25", "1000"] {
        ask(estimate).await;
    }
    let line = usage("one", &world.acme.id, "ai_task", "0.02");
    report(&world, &[line.clone(), line, json!(7)]).await;
    world.platform().get("/api/v1/billing").await.expect(401);
    // Nobody else's words become labels.
    let anonymous = world.anonymous();
    let odd = anonymous.request("BREW", "/no/such/page?who=olive").send().await.unwrap();
    assert!(odd.status().is_client_error(), "{}", odd.status());

    let text = eventually("the top-up has come to its end", || async {
        let text = text(&monitoring).await;
        value(&text, "nexis_billing_top_ups_total", &[]).map(|_| text)
    })
    .await;
    let route = |path: &str| format!("route=\"{path}\"");
    let authorizations = route("/api/v1/metering/authorizations");
    for (name, labels, expected) in [
        ("nexis_billing_authorizations_total", &[r#"kind="outbound_call""#, r#"outcome="allowed""#][..], 2),
        ("nexis_billing_authorizations_total", &[r#"kind="outbound_call""#, r#"outcome="insufficient""#], 1),
        ("nexis_billing_usage_events_total", &[r#"outcome="posted""#], 1),
        ("nexis_billing_usage_events_total", &[r#"outcome="duplicate""#], 1),
        ("nexis_billing_usage_events_total", &[r#"outcome="rejected""#], 1),
        ("nexis_billing_top_ups_total", &[r#"kind="manual""#, r#"outcome="succeeded""#], 1),
        ("nexis_billing_provider_calls_total", &[r#"kind="charge""#, r#"outcome="answered""#], 1),
        ("nexis_billing_provider_call_duration_seconds_count", &[r#"call="charge""#], 1),
        ("nexis_billing_http_requests_total", &[r#"method="POST""#, &authorizations, r#"status="200""#], 3),
        ("nexis_billing_http_request_duration_seconds_count", &[r#"method="POST""#, &authorizations], 3),
        ("nexis_billing_http_requests_total", &[&route("/api/v1/billing"), r#"status="401""#], 1),
        ("nexis_billing_http_requests_total", &[r#"method="other""#, r#"route="files""#], 1),
        ("nexis_billing_database_up", &[], 1),
    ] {
        assert_eq!(value(&text, name, labels), Some(expected), "{name} {labels:?} in\n{text}");
    }
    for secret in [world.acme.id.as_str(), "olive", "Acme", "pm_card_visa", "BREW", "no/such/page", "25.00"] {
        assert!(!text.contains(secret), "{secret} in\n{text}");
    }
    assert_readable(&text);
    let answer: Answer = monitoring.get("/metrics").await;
    assert!(answer.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
    // Nothing else is there, and the product does not have it.
    monitoring.get("/api/v1/session").await.expect(404);
    assert!(!world.anonymous().get("/metrics").await.text().contains("nexis_billing_"));
}

/// Every family says what it is before its samples, and every sample is a name, labels and a number.
fn assert_readable(text: &str) {
    let mut family = "";
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            family = rest.split(' ').next().unwrap();
        } else if !line.starts_with('#') {
            assert!(line.starts_with(family) && !family.is_empty(), "{line} is none of {family}");
            let (_, number) = line.rsplit_once(' ').unwrap();
            assert!(number.parse::<f64>().is_ok(), "{line}");
        }
    }
    assert!(text.ends_with('\n'));
}

async fn a_charge_whose_answer_is_lost_waits_in_sight_until_it_is_settled(mut world: World) {
    let monitoring = watched(&mut world).await;
    let client = world.sign_in(&world.acme.owner).await;
    connect(&client, "pm_card_visa").await;
    let name = "nexis_billing_backlog";
    let labels = [r#"kind="top_up""#, r#"state="unknown""#];
    assert_eq!(value(&text(&monitoring).await, name, &labels), None);
    script(&world, "no_answer").await;
    let unknown = pay(&client, "a", "25").await.expect(201).json();
    assert_eq!(unknown["status"], "unknown");
    let waiting = text(&monitoring).await;
    assert_eq!(value(&waiting, name, &labels), Some(1), "{waiting}");
    assert!(value(&waiting, "nexis_billing_backlog_age_seconds", &labels).is_some(), "{waiting}");
    let id = unknown["id"].as_str().unwrap();
    world.advance(60).await;
    reaches(&client, id, "succeeded").await;
    let done = text(&monitoring).await;
    assert_eq!(value(&done, name, &labels), None, "{done}");
    let lost = [r#"kind="charge""#, r#"outcome="no_answer""#];
    assert_eq!(value(&done, "nexis_billing_provider_calls_total", &lost), Some(1), "{done}");
}

async fn an_open_page_is_counted_while_it_listens(mut world: World) {
    let monitoring = watched(&mut world).await;
    let client = world.sign_in(&world.acme.owner).await;
    let open = async |count: i64| {
        eventually("pages that listen", || async {
            (value(&text(&monitoring).await, "nexis_billing_event_streams", &[]) == Some(count)).then_some(())
        })
        .await;
    };
    open(0).await;
    let stream = Stream::open(&client, "", None).await;
    open(1).await;
    drop(stream);
    open(0).await;
}
