//! What stands beside the product on the same disk: what one would write by hand, and what others have written.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use axum::Router;
use axum::http::header;
use axum::routing::get;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use tokio::net::TcpListener;

use crate::BenchPaths;
use crate::load::REPORT;
use crate::rate::Rate;

/// A balance change and a line, one commit each, as durable as ours (WAL, `synchronous=FULL`).
pub(crate) async fn sqlite_one_commit_a_line(file: &Path, time: Duration) -> Result<Rate> {
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
    while started.elapsed() < time {
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
pub(crate) fn run_pgbench(places: &BenchPaths, time: Duration) -> Result<Rate> {
    let program = places.postgres_programs.join("pgbench");
    let run = |arguments: &[&str]| -> Result<String> {
        let output = Command::new(&program).args(arguments).arg(&places.postgres_url).output()?;
        if !output.status.success() {
            bail!("pgbench: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    run(&["--initialize", "--scale=1", "--quiet"])?;
    let seconds = time.as_secs().max(1).to_string();
    let output = run(&["--client=16", "--jobs=2", "--time", &seconds, "--no-vacuum"])?;
    let count = output.lines().find_map(|line| line.strip_prefix("number of transactions actually processed: "));
    let count = count.and_then(|text| text.split('/').next()).context("pgbench counts nothing")?;
    Ok(Rate { count: count.trim().parse()?, time })
}

/// `TigerBeetle`'s own benchmark in batches as large as our reports, in transfers a second; `None` where its program is
/// not on the path.
pub(crate) fn run_tigerbeetle(transfers: u64) -> Result<Option<u64>> {
    let mut command = Command::new("tigerbeetle");
    command.arg("benchmark").arg(format!("--transfer-count={transfers}"));
    command.arg(format!("--transfer-batch-size={REPORT}"));
    let output = match command.output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        output => output?,
    };
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let rate = text.lines().find_map(|line| line.split_once("load accepted = ")?.1.split(' ').next());
    Ok(Some(rate.with_context(|| format!("tigerbeetle counts nothing: {text}"))?.parse()?))
}

/// Serves the contents of a file as JSON until it is killed: as little as an axum program can do for an answer.
#[expect(clippy::print_stdout, reason = "whoever started it reads the address there")]
pub(crate) async fn serve_bare_axum(answer: &Path) -> Result<()> {
    let answer = std::fs::read_to_string(answer)?;
    let handler = move || {
        let answer = answer.clone();
        async { ([(header::CONTENT_TYPE, "application/json")], answer) }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let app = Router::new().route("/api/v1/wallet", get(handler));
    axum::serve(listener, app).await?;
    Ok(())
}

/// An empty database on the server, or the one of that name that was kept; its address.
pub(crate) async fn find_or_create_database(places: &BenchPaths, name: &str) -> Result<String> {
    let mut connection = sqlx::PgConnection::connect(&places.postgres_url).await?;
    let found = sqlx::query("SELECT 1 FROM pg_database WHERE datname = $1").bind(name);
    if found.fetch_optional(&mut connection).await?.is_none() {
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut connection).await?;
    }
    connection.close().await?;
    let (server, _) = places.postgres_url.rsplit_once('/').context("an address without a database")?;
    Ok(format!("{server}/{name}"))
}

/// An empty database, whatever has stood there.
pub(crate) async fn fresh_database(places: &BenchPaths, name: &str) -> Result<String> {
    let mut connection = sqlx::PgConnection::connect(&places.postgres_url).await?;
    let drop = AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
    sqlx::raw_sql(drop).execute(&mut connection).await?;
    connection.close().await?;
    find_or_create_database(places, name).await
}
