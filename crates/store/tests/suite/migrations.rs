//! The schema: made once, by whoever comes first, and never guessed at.

use billing_store::{Store, StoreError};

use crate::bench::{Place, TestBank, few, on_both};

on_both![
    opening_again_keeps_everything,
    servers_that_start_at_once_share_one_schema,
    a_database_of_a_newer_program_is_left_alone,
    servers_of_two_releases_work_side_by_side,
    a_step_with_other_contents_is_refused,
    the_file_is_in_wal_mode,
    every_key_holds_the_organization_or_its_wallet,
    a_notice_is_of_a_known_kind_and_a_delivery_of_a_notice,
    requests_stay_when_the_schema_lets_their_people_leave,
    what_was_there_before_moving_in_is_as_it_was,
];

async fn opening_again_keeps_everything(bench: TestBank) {
    let organization = bench.organization().await;
    bench.fund(&organization, "10").await;
    bench.store.close().await;
    assert!(matches!(bench.store.ping().await, Err(StoreError::Unavailable(_))));
    let again = Store::connect_with(&bench.url, few(5)).await.unwrap();
    again.ping().await.unwrap();
    assert_eq!(again.wallet(&organization).await.unwrap().balance, crate::bench::money("10"));
    again.close().await;
}

/// The address of a database with nothing in it.
async fn empty_database(bench: &TestBank) -> String {
    match &bench.place {
        Place::Sqlite(folder) => format!("sqlite:{}", folder.path().join("empty.db").display()),
        Place::Postgres { .. } => {
            bench.raw("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await.unwrap();
            bench.url.clone()
        }
    }
}

async fn servers_that_start_at_once_share_one_schema(bench: TestBank) {
    let empty = empty_database(&bench).await;
    let servers = crate::bench::at_once(8, |_| {
        let url = empty.clone();
        async move { Store::connect_with(&url, few(5)).await.unwrap() }
    })
    .await;
    for server in servers {
        assert_eq!(server.organization_ids().await.unwrap(), Vec::new());
        server.close().await;
    }
}

async fn a_database_of_a_newer_program_is_left_alone(bench: TestBank) {
    bench.raw("INSERT INTO schema_migrations VALUES (999, 'future', 'x', 1)").await.unwrap();
    let error = Store::connect_with(&bench.url, few(5)).await.unwrap_err();
    assert!(matches!(&error, StoreError::Schema(reason) if reason.contains("newer")), "{error}");
}

/// The newer release has added a column and an index; the older one starts all the same, and both post.
async fn servers_of_two_releases_work_side_by_side(bench: TestBank) {
    let organization = bench.organization().await;
    bench.fund(&organization, "10").await;
    let expand = "INSERT INTO schema_migrations VALUES (998, 'future', 'x', 0);
        ALTER TABLE wallets ADD COLUMN remark TEXT; CREATE INDEX wallets_remark ON wallets (organization_id, remark)";
    bench.raw(expand).await.unwrap();
    let older = Store::connect_with(&bench.url, few(5)).await.unwrap();
    for (store, reference) in [(&older, "old"), (&bench.store, "new"), (&older, "new")] {
        store.post(&organization, vec![crate::bench::usage_line(reference, "1")], crate::bench::NOW).await.unwrap();
    }
    assert_eq!(older.wallet(&organization).await.unwrap().balance, crate::bench::money("8"));
    older.close().await;
    bench.assert_whole(&organization).await;
    let looked = Store::open_existing(&bench.url).await.unwrap();
    looked.close().await;
}

async fn a_step_with_other_contents_is_refused(bench: TestBank) {
    bench.raw("UPDATE schema_migrations SET checksum = 'x' WHERE version = 1").await.unwrap();
    let error = Store::connect_with(&bench.url, few(5)).await.unwrap_err();
    let told =
        matches!(&error, StoreError::Schema(reason) if reason.contains("other contents") && reason.contains("begin"));
    assert!(told, "{error}");
}

async fn the_file_is_in_wal_mode(bench: TestBank) {
    let Place::Sqlite(folder) = &bench.place else {
        // On PostgreSQL the counterpart is the server's own setting: a commit waits for the disk.
        assert_eq!(bench.count("pg_settings WHERE name = 'synchronous_commit' AND setting = 'on'").await, 1);
        return;
    };
    // Bytes 18 and 19 of a SQLite file are 2 in WAL mode (file format, 1.3.3).
    let header = std::fs::read(folder.path().join("billing.db")).unwrap();
    assert_eq!(header[18..20], [2, 2]);
    assert!(folder.path().join("billing.db-wal").exists());
}

async fn a_notice_is_of_a_known_kind_and_a_delivery_of_a_notice(bench: TestBank) {
    let organization = bench.organization().await;
    for (kind, taken) in [("card_added", true), ("fraud_warning", true), ("gossip", false)] {
        let sql = format!("INSERT INTO notices VALUES ('{organization}', 'n-{kind}', '{kind}', '{{}}', 7)");
        assert_eq!(bench.raw(&sql).await.is_ok(), taken, "{kind}");
    }
    let delivery = |notice: &str| {
        format!(
            "INSERT INTO deliveries VALUES ('{organization}', '{notice}', 'email', 'a', 'pending', 0, 0, NULL, NULL, NULL, 0)"
        )
    };
    assert!(bench.raw(delivery("n-card_added")).await.is_ok());
    assert!(bench.raw(delivery("nobody")).await.is_err(), "a delivery belongs to a notice");
}

async fn requests_stay_when_the_schema_lets_their_people_leave(bench: TestBank) {
    let organization = bench.organization().await;
    let user = bench.member(&organization, "Ada", billing_domain::Role::Member).await;
    let new = billing_store::NewRequest {
        id: crate::bench::id(),
        user_id: user.clone(),
        amount: crate::bench::money("1"),
        reason: "because".to_owned(),
    };
    let request =
        bench.store.create_request(&organization, &new, &crate::bench::actor(), crate::bench::NOW).await.unwrap();
    bench.raw(format!("DELETE FROM members WHERE user_id = '{user}'")).await.unwrap();
    assert_eq!(bench.store.request(&organization, &request.id).await.unwrap(), request);
    assert!(bench.raw(format!("DELETE FROM users WHERE id = '{user}'")).await.is_err(), "a request names its person");
    let nobody = format!("UPDATE requests SET user_id = 'nobody' WHERE id = '{}'", request.id);
    assert!(bench.raw(nobody).await.is_err(), "a request is of somebody");
}

async fn what_was_there_before_moving_in_is_as_it_was(bench: TestBank) {
    let id = bench.organization().await;
    let organization = bench.store.organization(&id).await.unwrap();
    assert_eq!((organization.external_id, organization.status_reason.as_str()), (None, ""));
    assert_eq!(organization.status, billing_domain::status::OrganizationStatus::Active);
    assert_eq!(organization.policy, billing_store::OrganizationPolicy::default());
    assert_eq!((organization.locale, organization.plan, organization.metadata.len()), (None, None, 0));
    assert_eq!(bench.store.wallet(&id).await.unwrap().access_version, 0);
    let sql = format!(
        "UPDATE organizations SET external_id = 'acct 42', status = 'closed', status_reason = 'left', locale = 'de',
            plan = 'pro', policy = '{{\"grace_amount\":\"2.50\",\"grace_seconds\":60}}', metadata = '{{\"a\":\"b\"}}'
        WHERE id = '{id}'"
    );
    bench.raw(sql).await.unwrap();
    let changed = bench.store.organization(&id).await.unwrap();
    assert_eq!(changed.external_id.unwrap().as_str(), "acct 42");
    assert_eq!(changed.policy.grace_amount, Some(crate::bench::money("2.50")));
    assert_eq!((changed.policy.grace_seconds, changed.policy.require_card), (Some(60), None));
    assert_eq!((changed.locale.as_deref(), changed.plan.as_deref()), (Some("de"), Some("pro")));
    assert_eq!((changed.status_reason.as_str(), changed.metadata["a"].as_str()), ("left", "b"));
}

/// What belongs to the installation and to no organization: its people and how they come in, what the provider says before it
/// is known of whom, series of numbers, the sandbox's own records, and the program's.
const OF_THE_INSTALLATION: [&str; 19] = [
    "organizations",
    "users",
    "sessions",
    "ended_sessions",
    "api_keys",
    "user_tokens",
    "second_factors",
    "oidc_logins",
    "oidc_identities",
    "used_tokens",
    "provider_events",
    "early_events",
    "unknown_payments",
    "papers",
    "paper_series",
    "sandbox_records",
    "meta",
    "leases",
    "schema_migrations",
];

/// So that organizations can be spread over databases: docs/decisions/0101-keys-hold-the-organization.md.
async fn every_key_holds_the_organization_or_its_wallet(bench: TestBank) {
    let exempt = OF_THE_INSTALLATION.map(|table| format!("'{table}'")).join(", ");
    let keys = "('organization_id', 'wallet_id')";
    let conditions = match &bench.place {
        Place::Sqlite(_) => vec![
            format!(
                "sqlite_schema AS t WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name NOT IN ({exempt})
                AND NOT EXISTS (SELECT 1 FROM pragma_table_info(t.name) AS c WHERE c.pk > 0 AND c.name IN {keys})"
            ),
            format!(
                "sqlite_schema AS t, pragma_index_list(t.name) AS i WHERE t.type = 'table' AND t.name NOT IN ({exempt})
                AND i.\"unique\" = 1
                AND NOT EXISTS (SELECT 1 FROM pragma_index_info(i.name) AS c WHERE c.name IN {keys})"
            ),
        ],
        Place::Postgres { .. } => vec![format!(
            "pg_index AS i JOIN pg_class AS t ON t.oid = i.indrelid
            WHERE t.relnamespace = 'public'::regnamespace AND i.indisunique AND t.relname NOT IN ({exempt})
            AND NOT EXISTS (SELECT 1 FROM pg_attribute AS c
                WHERE c.attrelid = t.oid AND c.attnum = ANY (i.indkey) AND c.attname IN {keys})"
        )],
    };
    for condition in &conditions {
        assert_eq!(bench.count(condition).await, 0, "{condition}");
    }
    // It can fail.
    bench.raw("CREATE TABLE strange (id BIGINT NOT NULL PRIMARY KEY)").await.unwrap();
    assert_eq!(bench.count(&conditions[0]).await, 1);
}
