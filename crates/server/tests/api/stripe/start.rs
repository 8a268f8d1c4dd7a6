//! What the program says at its start about keys and accounts, and what the page is told.

use serde_json::Value;

use super::shop::{Shop, flags, with_stripe};
use crate::fixture::{Database, World, server};

with_stripe!(
    the_page_is_told_what_the_form_needs_and_only_the_app_may_load_it,
    a_key_that_stripe_refuses_is_told_without_showing_it,
    a_database_with_cards_of_one_provider_is_not_served_with_another,
);

async fn the_page_is_told_what_the_form_needs_and_only_the_app_may_load_it(shop: Shop) {
    let bootstrap = shop.world.anonymous().get("/api/v1/bootstrap").await.expect(200).json();
    let service = &bootstrap["service"];
    assert_eq!((&service["provider"], &service["sandbox"]), (&Value::from("stripe"), &Value::from(false)));
    assert_eq!(service["stripe"]["publishable_key"], "pk_test_shop");
    assert!(!bootstrap.to_string().contains("sk_test"), "{bootstrap}");
    let origin = shop.fake.origin();
    for (path, has) in [("/settings/billing", true), ("/pay", true), ("/api/docs", false), ("/api/v1/bootstrap", false)]
    {
        let answer = shop.world.anonymous().get(path).await;
        let policy = answer.header("content-security-policy").unwrap();
        assert_eq!(policy.contains(&format!("frame-src {origin}")), has, "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"), "{path}: {policy}");
    }
    let sandbox = World::start(Database::Sqlite).await;
    let answer = sandbox.anonymous().get("/settings/billing").await;
    let policy = answer.header("content-security-policy").unwrap();
    assert!(!policy.contains("frame-src") && !policy.contains("http"), "{policy}");
}

/// Runs the program with these flags until it ends by itself; what it said.
async fn refusal(database: &str, flags: &[String]) -> String {
    let mut command = server::program();
    let folder = tempfile::tempdir().unwrap();
    crate::fixture::page::write(folder.path());
    command.args(["serve", "--listen", "127.0.0.1:0", "--database", database, "--dist"]).arg(folder.path()).args(flags);
    let ended = tokio::time::timeout(std::time::Duration::from_mins(1), command.output()).await;
    let output = ended.expect("it does not end").unwrap();
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

async fn a_key_that_stripe_refuses_is_told_without_showing_it(shop: Shop) {
    let wrong: Vec<String> =
        flags(&shop.fake).into_iter().map(|flag| flag.replace("sk_test_shop", "sk_test_wrong_key")).collect();
    let said = refusal(shop.world.database_url(), &wrong).await;
    assert!(said.contains("stripe_secret_key") && said.contains("401"), "{said}");
    assert!(!said.contains("wrong_key"), "{said}");
    let mixed: Vec<String> = flags(&shop.fake).into_iter().map(|flag| flag.replace("pk_test_", "pk_live_")).collect();
    let said = refusal(shop.world.database_url(), &mixed).await;
    assert!(said.contains("stripe_publishable_key") && said.contains("mode"), "{said}");
}

async fn a_database_with_cards_of_one_provider_is_not_served_with_another(shop: Shop) {
    let client = shop.owner().await;
    shop.connect(&client, "pm_card_visa").await;
    let said = refusal(shop.world.database_url(), &[]).await;
    assert!(said.contains("cards of stripe"), "{said}");
}
