//! The program itself: how it starts, what it says, how it ends.

use std::io::Write as _;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use crate::client::{read_until, send};
use crate::fixture::server::{SERVICE_KEY, program};
use crate::fixture::{World, now};

async fn it_is_alive_and_ready(world: World) {
    for path in ["/healthz", "/readyz"] {
        assert_eq!(world.anonymous().get(path).await.expect(200).json()["status"], "ok");
    }
    assert_eq!(world.server.announced.lines().count(), 1, "{}", world.server.announced);
}

async fn it_stops_when_asked_and_starts_again_on_the_same_database(mut world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    assert!(world.server.stop().await.success());
    world.restart().await;
    // Sessions are in the database: nobody has to sign in again.
    world.anonymous().with_cookie(owner.cookie()).get("/api/v1/session").await.expect(200);
}

async fn an_open_stream_does_not_keep_it_from_stopping(mut world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let mut stream = owner.request("GET", "/api/v1/events").send().await.unwrap();
    read_until(&mut stream, "event: wallet").await;
    let started = Instant::now();
    assert!(world.server.stop().await.success());
    assert!(started.elapsed() < Duration::from_secs(5), "it waited for the stream: {:?}", started.elapsed());
}

async fn a_client_that_never_finishes_its_request_does_not_keep_it_from_stopping(mut world: World) {
    let address = world.server.origin().strip_prefix("http://").unwrap().to_owned();
    let mut slow = tokio::net::TcpStream::connect(&address).await.unwrap();
    slow.write_all(b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Le").await.unwrap();
    world.anonymous().get("/healthz").await.expect(200);
    let stopping = tokio::time::timeout(Duration::from_secs(15), world.server.stop()).await;
    assert!(stopping.expect("it waits for ever").success());
}

async fn answers_are_packed_for_whoever_can_unpack_them(world: World) {
    let owner = world.sign_in(&world.acme.owner).await;
    let plain = owner.get("/api/openapi.json").await.expect(200);
    for encoding in ["br", "gzip"] {
        let packed =
            send(owner.request("GET", "/api/openapi.json").header("accept-encoding", encoding)).await.expect(200);
        assert_eq!(packed.header("content-encoding"), Some(encoding));
        assert!(packed.body.len() * 3 < plain.body.len(), "{} of {}", packed.body.len(), plain.body.len());
    }
    let stream = owner.request("GET", "/api/v1/events").header("accept-encoding", "br, gzip").send().await.unwrap();
    assert!(stream.headers().get("content-encoding").is_none(), "a packed stream arrives late");
}

async fn a_taken_port_is_said_in_a_sentence(world: World) {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output =
        program().args(["serve", "--listen", &address, "--database", world.database_url()]).output().await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains(&address) && said.contains("taken by another program") && said.contains("--listen"),
        "{said}"
    );
    assert!(output.stdout.is_empty());
}

async fn a_missing_page_is_said_in_a_sentence(world: World) {
    let output = program()
        .args(["serve", "--listen", "127.0.0.1:0", "--dist", "/no/such/folder", "--database", world.database_url()])
        .output()
        .await
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("/no/such/folder") && said.contains("cargo xtask build"), "{said}");
}

async fn the_settings_file_is_below_the_environment_and_unknown_settings_are_refused(world: World) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "listen = \"203.0.113.1:1\"\nunheard_of = true").unwrap();
    let serve = |environment: &'static [(&'static str, &'static str)]| {
        let mut command = program();
        command.args(["serve", "--dist", "/no/such/folder", "--config"]).arg(file.path());
        command.args(["--database", world.database_url()]).envs(environment.iter().copied());
        command
    };
    let refused = String::from_utf8(serve(&[]).output().await.unwrap().stderr).unwrap();
    assert!(refused.contains("unheard_of"), "{refused}");
    file.as_file().set_len("listen = \"203.0.113.1:1\"\n".len() as u64).unwrap();
    let from_file = String::from_utf8(serve(&[]).output().await.unwrap().stderr).unwrap();
    assert!(from_file.contains("203.0.113.1:1"), "{from_file}");
    let environment = &[("NEXIS_BILLING_LISTEN", "127.0.0.1:0")];
    let from_environment = String::from_utf8(serve(environment).output().await.unwrap().stderr).unwrap();
    assert!(from_environment.contains("/no/such/folder"), "it got past the port: {from_environment}");
}

async fn spend(world: &World, lines: usize) {
    let event = |index: usize| {
        json!({
            "id": format!("call-{index}"), "organization_id": world.acme.id, "kind": "outbound_call", "quantity": "95",
            "unit": "second", "unit_price": "0.0012", "occurred_at": now().to_string(), "description": "A call",
            "source": "Agent Ava",
        })
    };
    let events: Vec<_> = (0..lines).map(event).collect();
    let answer = world.platform().post("/api/v1/metering/events", &json!({"events": events})).await.expect(200).json();
    assert!(answer["results"].as_array().unwrap().iter().all(|result| result["status"] == "posted"), "{answer}");
}

async fn verify(world: &World) -> (Option<i32>, String) {
    let output = program().args(["verify", "--database", world.database_url()]).output().await.unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

async fn verify_counts_the_lines_and_finds_the_one_that_was_altered(world: World) {
    spend(&world, 5).await;
    let (code, said) = verify(&world).await;
    let right = "2 ledgers, 5 lines right, 0 ledgers broken\n3 audit logs, 0 entries right, 0 audit logs broken";
    assert_eq!((code, said.trim()), (Some(0), right));
    let sqlite = "DROP TRIGGER ledger_is_append_only_update; UPDATE ledger SET amount = amount + 1 WHERE seq = 3";
    let postgres = "ALTER TABLE ledger DISABLE TRIGGER USER; UPDATE ledger SET amount = amount + 1 WHERE seq = 3";
    world.database.tamper(sqlite, postgres).await;
    let (code, said) = verify(&world).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("organization {}: broken at line 3", world.acme.id)), "{said}");
    assert!(said.contains("1 ledgers broken"), "{said}");
}

async fn verify_names_an_organization_whose_wallet_is_damaged(world: World) {
    spend(&world, 2).await;
    let damage = "UPDATE wallets SET last_hash = 'zz' WHERE last_seq = 2";
    world.database.tamper(damage, damage).await;
    let (code, said) = verify(&world).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("organization {}: broken", world.acme.id)), "{said}");
    assert!(said.contains("1 ledgers broken"), "the others are looked at all the same: {said}");
}

async fn verify_finds_the_entry_of_the_audit_log_that_was_altered(world: World) {
    for (owner, member) in [(&world.acme.owner, &world.acme.member), (&world.other.owner, &world.other.member)] {
        let client = world.sign_in(owner).await;
        let path = billing_contract::paths::fill_id(billing_contract::paths::MEMBER_ROLE, member.id.as_str());
        client.put(&path, &json!({"role": "admin"})).await.expect(200);
    }
    world.key(&["metering:write"]).await;
    let (code, said) = verify(&world).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("3 audit logs, 5 entries right, 0 audit logs broken"), "{said}");
    let sqlite = "DROP TRIGGER audit_is_append_only_update; UPDATE audit SET actor_name = 'Eve'
        WHERE action <> 'session.start' AND organization_id IN ('', (SELECT id FROM organizations WHERE name = 'Acme'))";
    let postgres = "ALTER TABLE audit DISABLE TRIGGER USER; UPDATE audit SET actor_name = 'Eve'
        WHERE action <> 'session.start' AND organization_id IN ('', (SELECT id FROM organizations WHERE name = 'Acme'))";
    world.database.tamper(sqlite, postgres).await;
    let (code, said) = verify(&world).await;
    assert_eq!(code, Some(1), "{said}");
    let named = format!("organization {}: audit log broken at entry 2", world.acme.id);
    assert!(said.contains(&named) && said.contains("installation: audit log broken at entry 1"), "{said}");
    assert!(!said.contains(world.other.id.as_str()) && said.contains("2 audit logs broken"), "{said}");
}

async fn verify_makes_no_database(_: World) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("none.db");
    let url = format!("sqlite:{}", file.display());
    let output = program().args(["verify", "--database", &url]).output().await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("there is no database file"), "{said}");
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    std::fs::write(&file, b"").unwrap();
    let output = program().args(["verify", "--database", &url]).output().await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && said.contains("holds no wallets"), "{said}");
}

async fn export_is_the_ledger_line_by_line(world: World) {
    spend(&world, 5).await;
    let ids = ["export", "--database", world.database_url(), "--organization"];
    let output = program().args(ids).arg(world.acme.id.as_str()).output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let exported: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ledger = crate::wallets::lines(&world, &world.acme.id).await;
    assert_eq!(exported.len(), ledger.len());
    for (line, posted) in exported.iter().zip(&ledger) {
        assert_eq!((&line["seq"], &line["hash"]), (&json!(posted.line.seq), &json!(posted.hash)));
    }
    let output = program().args(ids).arg(crate::fixture::new_id()).output().await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && said.contains("there is no organization"), "{said}");
}

async fn a_backup_is_a_whole_database_made_while_the_program_runs(world: World) {
    spend(&world, 5).await;
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    let backup = || program().args(["backup", "--database", world.database_url(), "--to"]).arg(&copy).output();
    let output = backup().await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    if world.database_url().starts_with("postgres") {
        assert!(output.status.code() == Some(1) && said.contains("pg_dump"), "{said}");
        return;
    }
    assert_eq!(output.status.code(), Some(0), "{said}");
    crate::wallets::spend(&world, &world.acme.id, "0.5").await;
    let url = format!("sqlite:{}", copy.display());
    let output = program().args(["verify", "--database", &url]).output().await.unwrap();
    let verified = String::from_utf8(output.stdout).unwrap();
    assert!(
        verified.starts_with("2 ledgers, 5 lines right, 0 ledgers broken\n"),
        "what came later is in it: {verified}"
    );
    let again = backup().await.unwrap();
    let said = String::from_utf8(again.stderr).unwrap();
    assert!(again.status.code() == Some(1) && said.contains("exists already"), "{said}");
}

async fn secrets_do_not_reach_the_output(world: World) {
    let output = program()
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--dist",
            "/no/such/folder",
            "--log",
            "trace",
            "--service-key",
            SERVICE_KEY,
        ])
        .args(["--database", world.database_url()])
        .output()
        .await
        .unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(!said.contains(SERVICE_KEY), "{said}");
}

async fn secrets_come_from_files_and_from_credentials(world: World) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("database");
    std::fs::write(&file, format!("{}\n", world.database_url())).unwrap();
    let verify = || {
        let mut command = program();
        command.arg("verify").current_dir(folder.path());
        command
    };
    for mut command in [
        {
            let mut command = verify();
            command.arg("--database-file").arg(&file);
            command
        },
        {
            let mut command = verify();
            command.env("NEXIS_BILLING_DATABASE_FILE", &file);
            command
        },
        {
            let mut command = verify();
            command.env("CREDENTIALS_DIRECTORY", folder.path());
            command
        },
    ] {
        let output = command.output().await.unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(said.starts_with("2 ledgers, 0 lines right, 0 ledgers broken\n"), "{said}");
    }
    let output = verify().args(["--database-file", "/no/such/file"]).output().await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("database_file: /no/such/file cannot be read"), "{said}");
}

async fn nothing_is_served_by_leaving_something_out(world: World) {
    let refused = async |listen: &str, provider: Option<&str>, more: &[&str]| {
        let mut command = program();
        command.env_remove("NEXIS_BILLING_PROVIDER").args(["serve", "--listen", listen, "--dist", "/no/such/folder"]);
        command.args(["--database", world.database_url()]).args(more);
        if let Some(provider) = provider {
            command.args(["--provider", provider]);
        }
        let output = command.output().await.unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let said = refused("127.0.0.1:0", None, &[]).await;
    assert!(said.contains("provider") && said.contains("sandbox") && said.contains("stripe"), "{said}");
    let said = refused("0.0.0.0:0", Some("sandbox"), &[]).await;
    assert!(said.contains("0.0.0.0:0") && said.contains("--public-url"), "{said}");
    let said = refused("127.0.0.1:0", Some("sandbox"), &["--service-key", "hush-hush"]).await;
    assert!(said.contains("service_key") && said.contains("32 characters") && !said.contains("hush"), "{said}");
    // Past all of that, only the page is missing.
    for (listen, more) in [("127.0.0.1:0", &[][..]), ("0.0.0.0:0", &["--public-url", "https://billing.example"])] {
        let said = refused(listen, Some("sandbox"), more).await;
        assert!(said.contains("/no/such/folder"), "{said}");
    }
}

on_both_databases!(
    secrets_come_from_files_and_from_credentials,
    nothing_is_served_by_leaving_something_out,
    it_is_alive_and_ready,
    it_stops_when_asked_and_starts_again_on_the_same_database,
    an_open_stream_does_not_keep_it_from_stopping,
    a_client_that_never_finishes_its_request_does_not_keep_it_from_stopping,
    answers_are_packed_for_whoever_can_unpack_them,
    a_taken_port_is_said_in_a_sentence,
    a_missing_page_is_said_in_a_sentence,
    the_settings_file_is_below_the_environment_and_unknown_settings_are_refused,
    verify_counts_the_lines_and_finds_the_one_that_was_altered,
    verify_finds_the_entry_of_the_audit_log_that_was_altered,
    verify_names_an_organization_whose_wallet_is_damaged,
    verify_makes_no_database,
    export_is_the_ledger_line_by_line,
    a_backup_is_a_whole_database_made_while_the_program_runs,
    secrets_do_not_reach_the_output,
);
