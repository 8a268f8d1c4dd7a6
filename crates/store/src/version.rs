//! Whether anything was committed since: what was read at a version of the database is right for as long as that lasts.

mod log_index;

use std::path::Path;
use std::sync::Arc;

use sqlx::Sqlite;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgPool;
use sqlx::sqlite::SqlitePool;
use tokio::sync::Mutex;

use self::log_index::LogIndex;
use crate::db::retrying;
use crate::error::on_connect;
use crate::{Result, SharedRead};

/// What the database held at a moment. Two that are equal hold the same: nothing was committed in between, by any process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseVersion(Version);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Version {
    /// The header of SQLite's index of its log, which every commit changes.
    SqliteLog([u8; log_index::HEADER]),
    /// SQLite's own count of other connections' commits, as one connection sees it.
    Sqlite { connection: u64, commits: i64 },
    /// Which transactions are seen, of which run of the server.
    Postgres(Arc<str>),
}

/// Reads the version, once for all who ask at a time.
#[derive(Debug)]
pub(crate) struct VersionWatch {
    source: Source,
    shared: SharedRead<DatabaseVersion>,
}

#[derive(Debug)]
enum Source {
    Sqlite(Option<LogIndex>, SqlitePool, Mutex<Watching>),
    Postgres(PgPool),
}

/// The one connection by which SQLite's count means anything, which therefore is kept.
#[derive(Debug, Default)]
struct Watching {
    connection: Option<PoolConnection<Sqlite>>,
    /// Another number for each connection.
    number: u64,
}

impl VersionWatch {
    /// Of a database that is open, by the file beside it, or else by the only connection of a pool on which nobody writes.
    pub(crate) fn of_sqlite(file: &Path, pool: SqlitePool) -> Self {
        let source = Source::Sqlite(LogIndex::open(file), pool, Mutex::default());
        Self { source, shared: SharedRead::default() }
    }

    /// By any connection to the server.
    pub(crate) fn of_postgres(pool: PgPool) -> Self {
        Self { source: Source::Postgres(pool), shared: SharedRead::default() }
    }

    /// The version at a moment after the call.
    pub(crate) async fn read_version(&self) -> Result<DatabaseVersion> {
        if let Source::Sqlite(Some(index), ..) = &self.source
            && let Some(header) = index.read_header()
        {
            return Ok(DatabaseVersion(Version::SqliteLog(header)));
        }
        // On the heap: mostly the header says it.
        let version = Box::pin(self.shared.get(async || match &self.source {
            Source::Sqlite(_, pool, watching) => watching.lock().await.read_version(pool).await,
            Source::Postgres(pool) => retrying!(read_snapshot(pool)),
        }));
        version.await
    }

    /// Lets go of its connection.
    pub(crate) async fn close(&self) {
        if let Source::Sqlite(_, pool, watching) = &self.source {
            watching.lock().await.connection = None;
            pool.close().await;
        }
    }
}

impl Watching {
    async fn read_version(&mut self, pool: &SqlitePool) -> Result<DatabaseVersion> {
        let mut connection = if let Some(connection) = self.connection.take() {
            connection
        } else {
            // What another connection counted says nothing about this one's.
            self.number += 1;
            pool.acquire().await.map_err(on_connect)?
        };
        // Taken out until it has answered: whoever breaks off in the middle leaves none behind.
        let commits = sqlx::query_scalar("PRAGMA data_version").fetch_one(&mut *connection).await?;
        self.connection = Some(connection);
        Ok(DatabaseVersion(Version::Sqlite { connection: self.number, commits }))
    }
}

/// The set of transactions that a reader sees. Not the position in the log: a commit is written there before it is seen.
async fn read_snapshot(pool: &PgPool) -> Result<DatabaseVersion> {
    // With the start of the server: after a failover the same numbers are other transactions.
    let sql = "SELECT pg_current_snapshot()::text || ' ' || pg_postmaster_start_time()::text";
    let mut connection = pool.acquire().await.map_err(on_connect)?;
    let seen: String = sqlx::query_scalar(sql).fetch_one(&mut *connection).await?;
    Ok(DatabaseVersion(Version::Postgres(seen.into())))
}

#[cfg(test)]
mod tests {
    use crate::Store;

    #[tokio::test]
    async fn the_version_changes_with_every_commit_of_any_process_and_with_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("billing.db").display());
        let (store, other) = (Store::connect(&url).await.unwrap(), Store::connect(&url).await.unwrap());
        let mut before = store.database_version().await.unwrap();
        assert!(matches!(before.0, super::Version::SqliteLog(_)), "{before:?}");
        for number in 0..300 {
            let writer = if number % 2 == 0 { &store } else { &other };
            writer.set_meta("number", &number.to_string()).await.unwrap();
            let after = store.database_version().await.unwrap();
            assert_ne!(before, after, "{number}");
            store.meta("number").await.unwrap();
            assert_eq!(after, store.database_version().await.unwrap(), "nothing was written");
            assert_eq!(after, other.database_version().await.unwrap(), "both see the same");
            before = after;
        }
        let mut tx = store.db.begin().await.unwrap();
        tx.execute("UPDATE meta SET value = 'none'", &[]).await.unwrap();
        assert_eq!(before, store.database_version().await.unwrap(), "not before its commit");
        tx.rollback().await.unwrap();
        assert_eq!(before, store.database_version().await.unwrap(), "nor if it comes to nothing");
    }

    #[tokio::test]
    async fn without_its_file_the_count_of_commits_says_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("billing.db");
        let store = Store::connect(&format!("sqlite:{}", file.display())).await.unwrap();
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file);
        let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).connect_lazy_with(options);
        let watch = super::VersionWatch::of_sqlite(&folder.path().join("none.db"), pool);
        let before = watch.read_version().await.unwrap();
        assert_eq!(before, watch.read_version().await.unwrap());
        store.set_meta("any", "thing").await.unwrap();
        assert_ne!(before, watch.read_version().await.unwrap());
        watch.close().await;
    }
}
