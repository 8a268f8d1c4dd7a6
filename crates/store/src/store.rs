//! Opening a database by its address.

mod address;
mod files;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use billing_domain::Timestamp;
use sqlx::Connection as _;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use crate::archive::ArchiveFolder;
use crate::db::{DatabaseHealth, Db, PgDb};
use crate::segment::SegmentCache;
use crate::version::{DatabaseVersion, VersionWatch};
use crate::{Result, StoreError, migration};

/// How long a costly read may take before it is broken off, unless the caller says otherwise.
pub const COSTLY_READ_TIME: Duration = Duration::from_secs(10);
/// How long an operation waits for a free connection, and on SQLite for another process that writes.
const PATIENCE: Duration = Duration::from_secs(10);
/// Readers beside the one writer of SQLite: for the page, for what must never wait for it, for costly reads.
const SQLITE_READERS: u32 = 4;
const SQLITE_RESERVED_READERS: u32 = 4;
const SQLITE_COSTLY_READERS: u32 = 2;
/// Instructions of SQLite's machine between two looks at the clock: a fraction of a millisecond.
const SQLITE_PROGRESS: i32 = 10_000;
/// Of the writer and of each reader, in KiB as SQLite wants it (negative).
const SQLITE_CACHE: &str = "-65536";
const SQLITE_READER_CACHE: &str = "-8192";
/// Pages (32 MB) of the write-ahead log before it is folded into the file: the same index pages change in every batch, and
/// each is then written once instead of once every few batches.
const SQLITE_CHECKPOINT_PAGES: &str = "8000";
/// Prepared statements that a connection keeps: batches have one for each of many sizes.
const STATEMENTS: usize = 400;
const DEFAULT_POSTGRES_CONNECTIONS: u32 = 16;
/// Of the connections to PostgreSQL, so many in a hundred are kept for what must never wait, and for costly reads.
const POSTGRES_RESERVED: u32 = 50;
const POSTGRES_COSTLY: u32 = 15;
/// Whoever asks whether writes work wants to know it now.
const PROBE_TIME: Duration = Duration::from_secs(3);
/// What a probe writes: on SQLite as much as a small transaction does, so that the last free page of a disk does not
/// answer for it.
const PROBE: &str = "write_probe";
const SQLITE_PROBE_LENGTH: usize = 16 * 1024;

/// A database of the product. Cheap to clone; all clones share their connections.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) db: Db,
    pools: Arc<Pools>,
    /// What is known of whole runs of lines.
    pub(crate) segments: Arc<SegmentCache>,
    /// Where the files of archived months are.
    pub(crate) archive: Arc<ArchiveFolder>,
}

/// The same database by connections for each purpose.
#[derive(Debug)]
struct Pools {
    page: Db,
    reserved: Db,
    costly: Db,
    /// Tells whether anything was committed.
    watch: VersionWatch,
}

/// How many connections a store keeps, and how long they work on one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// To PostgreSQL, in all; at least 3.
    pub postgres: u32,
    /// How long a costly read may take.
    pub costly_read_time: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self { postgres: DEFAULT_POSTGRES_CONNECTIONS, costly_read_time: COSTLY_READ_TIME }
    }
}

/// Few, so that batches are large, and fewer than connections.
const POSTGRES_WRITERS: usize = 4;

impl Store {
    /// Opens `sqlite:PATH` (made if it is not there) or `postgres://…` and brings its schema up to date. Several servers
    /// may do this at once. An unknown scheme is `UnknownScheme`; a schema of a newer program is `Schema`.
    pub async fn connect(url: &str) -> Result<Self> {
        Self::connect_with(url, ConnectionLimits::default()).await
    }

    /// Like [`Store::connect`], with these connections.
    pub async fn connect_with(url: &str, connections: ConnectionLimits) -> Result<Self> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            // Before SQLite makes the file: it must never be readable by others, not even for a moment.
            files::keep_private(Path::new(sqlite_path(path)?))?;
        }
        let store = Self::open(url, connections).await?;
        migration::migrate_schema(&store.db).await?;
        Ok(store)
    }

    fn of(pools: Pools) -> Self {
        Self { db: pools.page.clone(), pools: Arc::new(pools), segments: Arc::default(), archive: Arc::default() }
    }

    /// What the database holds at this moment, as a number that is another one after any commit, by whatever process. Read
    /// after the call began; calls that come together share one read.
    /// See docs/decisions/0105-answers-of-a-version.md.
    pub async fn database_version(&self) -> Result<DatabaseVersion> {
        self.pools.watch.read_version().await
    }

    /// The same database by connections that nothing else uses: for what must never wait for anybody's reading, like "may
    /// this call start?" and who a request comes from.
    /// See docs/decisions/0052-budgets.md.
    #[must_use]
    pub fn reserved(&self) -> Self {
        Self { db: self.pools.reserved.clone(), ..self.clone() }
    }

    /// The same database by a few connections that break off what takes too long (`TimedOut`): for reads whose cost is
    /// whatever people ask for.
    #[must_use]
    pub fn costly(&self) -> Self {
        Self { db: self.pools.costly.clone(), ..self.clone() }
    }

    /// The same database, with the folder of its archive.
    #[must_use]
    pub fn with_archive(&self, folder: Option<PathBuf>) -> Self {
        Self { archive: Arc::new(ArchiveFolder::new(folder)), ..self.clone() }
    }

    async fn open(url: &str, connections: ConnectionLimits) -> Result<Self> {
        match url.split_once(':') {
            Some(("sqlite", path)) => open_sqlite(sqlite_path(path)?, connections.costly_read_time).await,
            Some(("postgres" | "postgresql", _)) => open_postgres(url, connections).await,
            // Not the whole address: it may hold a password.
            Some((scheme, _)) => Err(StoreError::UnknownScheme(format!("{scheme}:…"))),
            None => Err(StoreError::UnknownScheme(url.to_owned())),
        }
    }

    /// Whether the database answers: for `/readyz`.
    pub async fn ping(&self) -> Result<()> {
        self.db.all("SELECT 1", &[]).await.map(drop)
    }

    /// Whether the database takes writes: for `/readyz`. Mostly known from the last write; otherwise a row is written, once
    /// a second at most, however often somebody asks.
    /// See docs/decisions/0060-faulty-connections.md.
    pub async fn check_writes(&self, now: Timestamp) -> Result<()> {
        let health = self.db.health();
        if let Some(known) = health.known() {
            return known;
        }
        let _alone = health.probing.lock().await;
        // Somebody else may have found out meanwhile.
        if let Some(known) = health.known() {
            return known;
        }
        let length = if matches!(self.db, Db::Sqlite { .. }) { SQLITE_PROBE_LENGTH } else { 0 };
        let value = format!("{now}{:.<length$}", "");
        // With a limit of its own: a probe that waits for ten seconds answers nobody's question.
        let probed = tokio::time::timeout(PROBE_TIME, self.set_meta(PROBE, &value)).await.unwrap_or_else(|_| {
            let cause = format!("no write was done in {} seconds", PROBE_TIME.as_secs());
            health.note_failure(&cause);
            Err(StoreError::Unavailable(cause))
        });
        health.probed();
        probed
    }

    /// Opens a database that is there, for looking at it: nothing is made and no step of the schema applied.
    /// `NotThere`: no such file; `Schema`: it holds no wallet, or one of another version.
    /// See docs/decisions/0055-operator-commands.md.
    pub async fn open_existing(url: &str) -> Result<Self> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = sqlite_path(path)?;
            if !Path::new(path).is_file() {
                return Err(StoreError::NotThere(path.to_owned()));
            }
        }
        let store = Self::open(url, ConnectionLimits::default()).await?;
        migration::expect_current(&store.db).await?;
        Ok(store)
    }

    /// How many transactions can write side by side without waiting for each other, given different wallets.
    pub const fn write_concurrency(&self) -> usize {
        match &self.db {
            Db::Sqlite { .. } => 1,
            Db::Postgres(_) => POSTGRES_WRITERS,
        }
    }

    /// Copies the whole SQLite database as it is at one moment into a new file, while others read and write it.
    /// `NotOnPostgres` there.
    pub async fn copy_to(&self, file: &Path) -> Result<()> {
        let Db::Sqlite { readers, .. } = &self.db else { return Err(StoreError::NotOnPostgres) };
        let mut connection = readers.acquire().await?;
        // A reader may not write, not even another file.
        sqlx::raw_sql("PRAGMA query_only = OFF").execute(&mut *connection).await?;
        files::keep_private(file)?;
        let path = file.to_string_lossy().into_owned();
        let copied = sqlx::query("VACUUM INTO ?1").bind(path).execute(&mut *connection).await;
        sqlx::raw_sql("PRAGMA query_only = ON").execute(&mut *connection).await?;
        copied?;
        // Synced by us: VACUUM INTO leaves the copy in the cache of the system.
        std::fs::File::open(file)
            .and_then(|copy| copy.sync_all())
            .map_err(|error| StoreError::Unavailable(error.to_string()))
    }

    /// Closes all connections once their work is done.
    pub async fn close(&self) {
        let Pools { page, reserved, costly, watch } = &*self.pools;
        watch.close().await;
        for db in [costly, reserved, page] {
            match db {
                Db::Sqlite { readers, .. } => readers.close().await,
                Db::Postgres(db) => db.pool.close().await,
            }
        }
        if let Db::Sqlite { writer, .. } = &self.db {
            // Last: its closing folds the write-ahead log into the file.
            writer.close().await;
        }
    }
}

/// `sqlite:FILE` and `sqlite://FILE` mean the same; what is no file is `UnknownScheme`.
fn sqlite_path(rest: &str) -> Result<&str> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    // A database in memory or with options of its own would be a different one in every connection.
    if path.is_empty() || path.starts_with(":memory:") || path.contains('?') {
        return Err(StoreError::UnknownScheme(format!("sqlite:{path}")));
    }
    Ok(path)
}

async fn open_sqlite(path: &str, costly_read_time: Duration) -> Result<Store> {
    let options = SqliteConnectOptions::new()
        .filename(Path::new(path))
        .create_if_missing(true)
        // WAL: readers never wait for the writer, nor it for them.
        .journal_mode(SqliteJournalMode::Wal)
        // FULL: a commit that was answered must survive a loss of power.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // REPLACE must not get around the triggers of the ledger.
        .pragma("recursive_triggers", "ON")
        // Indexes are entered at random places: those pages should not be read from the file again each time.
        .pragma("cache_size", SQLITE_CACHE)
        .pragma("wal_autocheckpoint", SQLITE_CHECKPOINT_PAGES)
        .statement_cache_capacity(STATEMENTS)
        .busy_timeout(PATIENCE);
    // Never closed for age: a connection to a file does not wear out, and a new one begins with a cold cache.
    // Nor asked whether it is there before each use, which is one more message to its thread.
    let pool = || {
        let options = SqlitePoolOptions::new().acquire_timeout(PATIENCE).idle_timeout(None).max_lifetime(None);
        options.test_before_acquire(false)
    };
    let health = Arc::new(DatabaseHealth::default());
    let writing = || {
        let health = Arc::clone(&health);
        // One writer, since SQLite has one: waiting for it in the pool is in order, waiting in SQLite is not.
        pool().max_connections(1).before_acquire(move |connection, connected| {
            let usable = is_usable(connection) && health.trusts(connected.age);
            Box::pin(async move { Ok(usable) })
        })
    };
    let writer = open_patiently(|| writing().connect_with(options.clone())).await?;
    // Readers are kept from writing by SQLite itself.
    let options = options.pragma("query_only", "ON").pragma("cache_size", SQLITE_READER_CACHE);
    let reading = |most| {
        pool().max_connections(most).before_acquire(|connection, _| {
            let usable = is_usable(connection);
            Box::pin(async move { Ok(usable) })
        })
    };
    let watching = options.clone();
    let readers = open_patiently(|| reading(SQLITE_READERS).connect_with(options.clone())).await?;
    // Lazily: whoever never uses them opens no connections.
    let reserved = reading(SQLITE_RESERVED_READERS).connect_lazy_with(options.clone());
    let costly = limit_pool(pool().max_connections(SQLITE_COSTLY_READERS), costly_read_time).connect_lazy_with(options);
    let references = Arc::default();
    let db = |readers| Db::Sqlite {
        writer: writer.clone(),
        readers,
        health: Arc::clone(&health),
        references: Arc::clone(&references),
    };
    let watch = VersionWatch::of_sqlite(Path::new(path), pool().max_connections(1).connect_lazy_with(watching));
    Ok(Store::of(Pools { page: db(readers), reserved: db(reserved), costly: db(costly), watch }))
}

/// Every use of a connection ends after this time: SQLite itself looks at the clock while it works.
fn limit_pool(pool: SqlitePoolOptions, time: Duration) -> SqlitePoolOptions {
    async fn limit(connection: &mut SqliteConnection, time: Duration) -> sqlx::Result<()> {
        let until = Instant::now() + time;
        let mut handle = connection.lock_handle().await?;
        handle.set_progress_handler(SQLITE_PROGRESS, move || Instant::now() < until);
        Ok(())
    }
    pool.after_connect(move |connection, _| Box::pin(limit(connection, time))).before_acquire(move |connection, _| {
        Box::pin(async move { Ok(is_usable(connection) && limit(connection, time).await.is_ok()) })
    })
}

/// Whether no transaction is open on a connection that nobody uses. SQLite ends one by itself when the disk is full or
/// fails; the driver then cannot roll it back, and goes on counting it as open.
fn is_usable(connection: &SqliteConnection) -> bool {
    !connection.is_in_transaction()
}

/// Opens a file, again while another process is switching it to WAL: SQLite answers "busy" to that at once, without the
/// patience that it has otherwise.
async fn open_patiently<F>(open: impl Fn() -> F) -> Result<SqlitePool>
where
    F: Future<Output = sqlx::Result<SqlitePool>>,
{
    const PAUSE: Duration = Duration::from_millis(20);
    let mut patience = PATIENCE;
    loop {
        match open().await {
            Err(sqlx::Error::Database(error)) if is_busy(error.code().as_deref()) && !patience.is_zero() => {
                tokio::time::sleep(PAUSE).await;
                patience = patience.saturating_sub(PAUSE);
            }
            result => return Ok(result?),
        }
    }
}

/// `SQLITE_BUSY` or one of its extended codes, whose low byte it is.
fn is_busy(code: Option<&str>) -> bool {
    code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 5)
}

async fn open_postgres(url: &str, connections: ConnectionLimits) -> Result<Store> {
    // A row lock that lasts longer than this is a fault; it must not hold up everybody else.
    let options = address::parse_postgres(url)?
        .application_name("nexis-billing")
        .statement_cache_capacity(STATEMENTS)
        .options([("lock_timeout", "10s")]);
    let health = Arc::new(DatabaseHealth::default());
    let pool = |most: u32| {
        let health = Arc::clone(&health);
        let options = PgPoolOptions::new().max_connections(most.max(1)).acquire_timeout(PATIENCE);
        options.before_acquire(move |_, connected| {
            let trusted = health.trusts(connected.age);
            Box::pin(async move { Ok(trusted) })
        })
    };
    // At least one each, however few connections the operator allows.
    let share = |percent: u32| (connections.postgres * percent / 100).max(1);
    let (for_reserved, for_costly) = (share(POSTGRES_RESERVED), share(POSTGRES_COSTLY));
    let page = pool(connections.postgres.saturating_sub(for_reserved + for_costly));
    let page = page.connect_with(options.clone()).await?;
    let reserved = pool(for_reserved).connect_lazy_with(options.clone());
    let time = connections.costly_read_time.as_millis().to_string();
    // PostgreSQL breaks off by itself, so that a forgotten query does not go on.
    let costly = pool(for_costly).connect_lazy_with(options.options([("statement_timeout", time)]));
    let references = Arc::default();
    let db = |pool| Db::Postgres(PgDb { pool, health: Arc::clone(&health), references: Arc::clone(&references) });
    let watch = VersionWatch::of_postgres(reserved.clone());
    Ok(Store::of(Pools { page: db(page), reserved: db(reserved), costly: db(costly), watch }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_sqlite_connection_syncs_fully_and_checks_foreign_keys() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::connect(&format!("sqlite:{}", folder.path().join("billing.db").display())).await.unwrap();
        let Db::Sqlite { writer, readers, .. } = &store.db else { panic!("this is SQLite") };
        for pool in [writer, readers] {
            let mut connection = pool.acquire().await.unwrap();
            for (pragma, expected) in [
                ("PRAGMA synchronous", "2"),
                ("PRAGMA foreign_keys", "1"),
                ("PRAGMA journal_mode", "wal"),
                ("PRAGMA recursive_triggers", "1"),
            ] {
                let row = sqlx::query(pragma).fetch_one(&mut *connection).await.unwrap();
                let value: String = sqlx::Row::try_get_unchecked(&row, 0).unwrap();
                assert_eq!(value, expected, "{pragma}");
            }
        }
        let mut reader = readers.acquire().await.unwrap();
        assert!(sqlx::query("DELETE FROM meta").execute(&mut *reader).await.is_err(), "readers cannot write");
    }

    #[tokio::test]
    async fn what_must_not_wait_does_not_wait_for_readers() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::connect(&format!("sqlite:{}", folder.path().join("billing.db").display())).await.unwrap();
        let mut taken = Vec::new();
        for (db, count) in [(&store.db, SQLITE_READERS), (&store.pools.costly, SQLITE_COSTLY_READERS)] {
            let Db::Sqlite { readers, .. } = db else { panic!("this is SQLite") };
            for _ in 0..count {
                taken.push(readers.acquire().await.unwrap());
            }
        }
        let asked = tokio::time::timeout(PATIENCE / 2, store.reserved().ping()).await;
        asked.expect("it waited for somebody's reading").unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(50), store.ping()).await.is_err(), "all readers are taken");
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_told_at_once() {
        let began = std::time::Instant::now();
        let error = Store::connect("sqlite:/no/such/folder/billing.db").await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
        assert!(began.elapsed() < PATIENCE / 2, "it waited for what cannot come");
    }

    #[tokio::test]
    async fn an_address_of_no_known_database_is_named_without_its_password() {
        let error = Store::connect("mysql://root:secret@host/db").await.unwrap_err();
        assert!(matches!(error, StoreError::UnknownScheme(_)));
        assert!(error.to_string().contains("mysql") && !error.to_string().contains("secret"), "{error}");
        for address in ["billing.db", "sqlite:", "sqlite::memory:", "sqlite:a.db?mode=memory"] {
            let error = Store::connect(address).await.unwrap_err();
            assert!(matches!(error, StoreError::UnknownScheme(_)), "{address}: {error}");
        }
    }
}
