//! The schema: made once, by whoever comes first, and never guessed at.

use billing_store::{Store, StoreError};

use crate::bench::{Place, TestBank, few, on_both};

on_both![
    opening_again_keeps_everything,
    servers_that_start_at_once_share_one_schema,
    a_database_of_a_newer_program_is_left_alone,
    a_step_with_other_contents_is_refused,
    the_file_is_in_wal_mode,
    notices_of_an_older_schema_keep_their_deliveries,
    requests_stay_when_the_schema_lets_their_people_leave,
    what_was_there_before_moving_in_is_as_it_was,
    a_database_of_step_38_moves_in_with_all_it_has,
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
    bench.raw("INSERT INTO schema_migrations VALUES (999, 'future', 'x')").await.unwrap();
    let error = Store::connect_with(&bench.url, few(5)).await.unwrap_err();
    assert!(matches!(&error, StoreError::Schema(reason) if reason.contains("newer")), "{error}");
}

async fn a_step_with_other_contents_is_refused(bench: TestBank) {
    bench.raw("UPDATE schema_migrations SET checksum = 'x' WHERE version = 1").await.unwrap();
    let error = Store::connect_with(&bench.url, few(5)).await.unwrap_err();
    assert!(matches!(&error, StoreError::Schema(reason) if reason.contains("other contents")), "{error}");
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

/// Takes the last step back by hand, so that it is applied to a database with something in it.
async fn notices_of_an_older_schema_keep_their_deliveries(bench: TestBank) {
    let organization = bench.organization().await;
    bench
        .raw(&format!(
            "INSERT INTO notices VALUES ('n-1', '{organization}', 'low_balance', '{{\"a\":\"b\"}}', 7);
        INSERT INTO deliveries VALUES ('n-1', 'webhook', 'operator', 'dead', 3, 8, NULL, NULL, 'why', 9);
        DROP TABLE fraud_warnings; DROP INDEX cards_by_reference; DELETE FROM schema_migrations WHERE version = 6"
        ))
        .await
        .unwrap();
    let again = Store::connect_with(&bench.url, few(5)).await.unwrap();
    let told = again.notices(&organization, 9).await.unwrap();
    assert_eq!((told.len(), told[0].facts["a"].as_str()), (1, "b"));
    let dead = again.deliveries(billing_store::DeliveryState::Dead, 9).await.unwrap();
    assert_eq!((dead.len(), dead[0].tries, dead[0].last_error.as_deref()), (1, 3, Some("why")));
    again.close().await;
    for (kind, taken) in [("card_added", true), ("fraud_warning", true), ("gossip", false)] {
        let sql = format!("INSERT INTO notices VALUES ('n-{kind}', '{organization}', '{kind}', '{{}}', 7)");
        assert_eq!(bench.raw(&sql).await.is_ok(), taken, "{kind}");
    }
    let orphan = "INSERT INTO deliveries VALUES ('nobody', 'email', 'a', 'pending', 0, 0, NULL, NULL, NULL, 0)";
    assert!(bench.raw(orphan).await.is_err(), "a delivery belongs to a notice");
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
    let request = bench.store.create_request(&organization, &new, crate::bench::NOW).await.unwrap();
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

/// Applies the steps up to `last` as the release of that time did.
async fn apply_steps_until(bench: &TestBank, url: &str, last: i64) {
    use sha2::{Digest as _, Sha256};
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let (ending, clause) = match bench.place {
        Place::Sqlite(_) => ("sqlite", "WITHOUT ROWID"),
        Place::Postgres { .. } => ("postgres", "/*WITHOUT ROWID*/"),
    };
    bench
        .raw_at(
            url,
            "CREATE TABLE schema_migrations (
        version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL)",
        )
        .await
        .unwrap();
    let files = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut steps: Vec<String> = files
        .filter_map(|file| file.strip_suffix(".sql").filter(|name| !name.contains('.')).map(str::to_owned))
        .collect();
    steps.sort();
    for step in steps {
        let version: i64 = step[..4].parse().unwrap();
        if version > last {
            break;
        }
        let both = std::fs::read_to_string(folder.join(format!("{step}.sql"))).unwrap();
        let own = std::fs::read_to_string(folder.join(format!("{step}.{ending}.sql"))).unwrap_or_default();
        let sql = format!("{}\n{own}", both.replace("/*WITHOUT ROWID*/", clause));
        let checksum = hex::encode(Sha256::digest(&sql));
        bench.raw_at(url, sql).await.unwrap();
        let row = format!("INSERT INTO schema_migrations VALUES ({version}, '{step}', '{checksum}')");
        bench.raw_at(url, row).await.unwrap();
    }
}

async fn a_database_of_step_38_moves_in_with_all_it_has(bench: TestBank) {
    let url = empty_database(&bench).await;
    apply_steps_until(&bench, &url, 38).await;
    let genesis = billing_domain::ledger::Hash::GENESIS;
    let rows = format!(
        "INSERT INTO organizations (id, name, address, tax_id, time_zone, currency, made_by_demo, version, created_at)
            VALUES ('o', 'Acme', '', '', 'UTC', 'USD', 0, 1, 7);
        INSERT INTO wallets (organization_id, currency, balance, held, last_seq, last_hash)
            VALUES ('o', 'USD', 0, 0, 0, '{genesis}');
        INSERT INTO users (id, email, email_key, name, password_hash, created_at)
            VALUES ('u', 'A@a.test', 'a@a.test', 'Ada', 'hash', 7);
        INSERT INTO members (organization_id, user_id, role, joined_at) VALUES ('o', 'u', 'member', 7);
        INSERT INTO sessions (token_hash, user_id, organization_id, created_at, last_seen_at, expires_at,
                absolute_expires_at, confirmed_at) VALUES ('t', 'u', 'o', 7, 7, 99, 99, 7);
        INSERT INTO requests (id, organization_id, user_id, amount, reason, state, answer, decided_by, created_at, decided_at)
            VALUES ('r1', 'o', 'u', 5, 'because', 'declined', 'no', 'u', 7, 8),
                ('r2', 'o', 'u', 6, '', 'open', NULL, NULL, 8, NULL)"
    );
    bench.raw_at(&url, rows).await.unwrap();
    let store = Store::connect_with(&url, few(5)).await.unwrap();
    let id = billing_domain::OrganizationId::from_trusted("o");
    let requests = store.requests(&id, None, 9).await.unwrap();
    assert_eq!(requests.iter().map(|request| request.id.as_str()).collect::<Vec<_>>(), ["r2", "r1"]);
    assert_eq!((requests[1].answer.as_deref(), requests[1].amount.micros()), (Some("no"), 5));
    let session = store.session("t", billing_domain::Timestamp::from_micros(9)).await.unwrap().unwrap();
    assert_eq!((session.kind, session.idle_seconds), (billing_domain::SessionKind::Password, 12 * 3600));
    assert_eq!((session.can, session.address.as_str(), session.user_name.as_str()), (None, "", "Ada"));
    assert_eq!(session.organization, store.organization(&id).await.unwrap());
    assert_eq!(store.user_by_email("a@A.test").await.unwrap().unwrap().password_hash, "hash");
    assert_eq!(store.verify(&id).await.unwrap().broken, None);
    store.close().await;
}
