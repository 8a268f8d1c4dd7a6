//! What a line of the ledger takes on disk, with all that is written because of it.

use anyhow::{Context as _, Result};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, Row as _};

/// Bytes that a database holds and has logged.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sizes {
    /// All tables with all indexes.
    pub(crate) data: u64,
    /// The ledger and its indexes alone; 0 where the database does not know.
    pub(crate) ledger: u64,
    /// Written to the log since the database was made; 0 where the database does not count it.
    pub(crate) log: u64,
}

/// Reads them; whatever waits in SQLite's log is brought into the file first.
pub(crate) async fn read_sizes(url: &str) -> Result<Sizes> {
    match url.strip_prefix("sqlite:") {
        Some(file) => read_sqlite(file).await,
        None => read_postgres(url).await,
    }
}

async fn read_sqlite(file: &str) -> Result<Sizes> {
    let mut connection = sqlx::SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(file)).await?;
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await?;
    let pages = "SELECT (page_count - freelist_count) * page_size AS data
        FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()";
    let data: i64 = sqlx::query(pages).fetch_one(&mut connection).await?.try_get("data")?;
    connection.close().await?;
    Ok(Sizes { data: u64::try_from(data)?, ..Sizes::default() })
}

async fn read_postgres(url: &str) -> Result<Sizes> {
    let mut connection = sqlx::PgConnection::connect(url).await?;
    let sql = "SELECT pg_database_size(current_database()) AS data, pg_total_relation_size('ledger') AS ledger,
        CAST(pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS BIGINT) AS log";
    let row = sqlx::query(sql).fetch_one(&mut connection).await?;
    connection.close().await?;
    let bytes = |name: &str| -> Result<u64> { u64::try_from(row.try_get::<i64, _>(name)?).context("a negative size") };
    Ok(Sizes { data: bytes("data")?, ledger: bytes("ledger")?, log: bytes("log")? })
}
