//! What one would write by hand, on the same disk and the same server.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use crate::BenchPaths;
use crate::rate::Rate;

const TIME: Duration = Duration::from_secs(8);

/// A balance change and a line, one commit each, as durable as ours (WAL, `synchronous=FULL`).
pub(crate) async fn sqlite_one_commit_a_line(file: &Path) -> Result<Rate> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut connection = options.connect().await?;
    sqlx::raw_sql(
        "CREATE TABLE wallet (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL);
        CREATE TABLE line (id INTEGER PRIMARY KEY, wallet_id INTEGER NOT NULL, amount INTEGER NOT NULL, text TEXT NOT NULL);
        INSERT INTO wallet VALUES (1, 0)",
    )
    .execute(&mut connection)
    .await?;
    let started = Instant::now();
    let mut count = 0;
    while started.elapsed() < TIME {
        let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("UPDATE wallet SET balance = balance - 114000 WHERE id = 1").execute(&mut *tx).await?;
        sqlx::query("INSERT INTO line (wallet_id, amount, text) VALUES (1, -114000, 'A call of Agent Ava')")
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        count += 1;
    }
    Ok(Rate { count, time: started.elapsed() })
}

/// pgbench's own TPC-B-like transaction (a balance update and a history insert among it), sixteen clients, one branch.
pub(crate) fn run_pgbench(places: &BenchPaths) -> Result<Rate> {
    let program = places.postgres_programs.join("pgbench");
    let run = |arguments: &[&str]| -> Result<String> {
        let output = Command::new(&program).args(arguments).arg(&places.postgres_url).output()?;
        if !output.status.success() {
            bail!("pgbench: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    run(&["--initialize", "--scale=1", "--quiet"])?;
    let seconds = TIME.as_secs().to_string();
    let said = run(&["--client=16", "--jobs=2", "--time", &seconds, "--no-vacuum"])?;
    let count = said.lines().find_map(|line| line.strip_prefix("number of transactions actually processed: "));
    let count = count.and_then(|text| text.split('/').next()).context("pgbench counts nothing")?;
    Ok(Rate { count: count.trim().parse()?, time: TIME })
}

/// An empty database on the server; its address.
pub(crate) async fn fresh_database(places: &BenchPaths, name: &str) -> Result<String> {
    let mut connection = sqlx::PgConnection::connect(&places.postgres_url).await?;
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut connection).await?;
    connection.close().await?;
    let (server, _) = places.postgres_url.rsplit_once('/').context("an address without a database")?;
    Ok(format!("{server}/{name}"))
}
