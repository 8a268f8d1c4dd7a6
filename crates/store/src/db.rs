//! One small way to speak to two databases, so that SQL is written once: `$N` placeholders, integers and text.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgPool, Postgres};
use sqlx::sqlite::{Sqlite, SqlitePool};
use sqlx::{SqlSafeStr, SqlStr, Transaction};

use crate::Result;
use crate::error::on_connect;
use crate::references::{Committed, ReferenceFilters};

mod arg;
mod health;
mod row;

pub(crate) use arg::{Arg, Many, args};
pub(crate) use health::DatabaseHealth;
pub(crate) use row::{
    Column, FromColumn, Row, StoredCode, columns, parsed_columns, selected, stored_code, stored_name, write_names,
};

/// The open connections, of either database.
#[derive(Clone, Debug)]
pub(crate) enum Db {
    /// One connection that writes, several that read: SQLite has one writer at a time, and waiting for it in order beats
    /// an answer "busy".
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
        health: Arc<DatabaseHealth>,
        references: Arc<ReferenceFilters>,
    },
    Postgres(PgDb),
}

#[derive(Clone, Debug)]
pub(crate) struct PgDb {
    pub(crate) pool: PgPool,
    pub(crate) health: Arc<DatabaseHealth>,
    pub(crate) references: Arc<ReferenceFilters>,
}

/// An open transaction. Dropping it rolls back.
#[derive(Debug)]
pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>, Written),
    Postgres(Transaction<'static, Postgres>, Written),
}

/// Whether a transaction has written anything, and where its outcome is noted.
#[derive(Debug, Default)]
pub(crate) struct Written {
    health: Arc<DatabaseHealth>,
    references: Arc<ReferenceFilters>,
    any: bool,
    /// Entered in the filters of references once they are durable.
    posted: Vec<Committed>,
}

impl Written {
    fn begin(health: &Arc<DatabaseHealth>, references: &Arc<ReferenceFilters>) -> Self {
        Self { health: Arc::clone(health), references: Arc::clone(references), ..Self::default() }
    }

    fn enter_references(&self) {
        for posted in &self.posted {
            self.references.enter(posted);
        }
    }

    fn count(&mut self, rows: u64) -> u64 {
        self.any |= rows > 0;
        rows
    }
}

/// The attempts of a transaction that PostgreSQL breaks off (40001, 40P01) until it is given up.
const MAX_ATTEMPTS: u32 = 8;
/// The attempts while connections are lost: the pool itself waits for a server that is coming up.
const MAX_CONNECTIONS: u32 = 3;

/// Whether to try again after attempt number `attempt` (from 1) ended with `error`; waits first.
pub(crate) async fn should_retry(attempt: u32, error: &crate::StoreError) -> bool {
    // A lost connection needs a moment to come back; a transaction that lost a race only has to step aside.
    let pause = if error.is_interruption() && attempt < MAX_CONNECTIONS {
        50 * attempt
    } else if error.is_transient() && attempt < MAX_ATTEMPTS {
        // Growing by the square, so that two transactions that collided soon come at different times.
        attempt * attempt
    } else {
        return false;
    };
    tokio::time::sleep(Duration::from_millis(u64::from(pause))).await;
    true
}

/// Runs a whole transaction, again if PostgreSQL broke it off because of another one, or if the connection was lost
/// before anything was written. The expression is evaluated anew each time.
///
/// With a name, and whose wallet it is where there is one, the transaction has a span of its own in the log.
macro_rules! retrying {
    ($name:literal, $organization_id:ident => $attempt:expr) => {
        $crate::db::retrying!(
            tracing::debug_span!("transaction", name = $name, organization = %$organization_id),
            $attempt
        )
    };
    ($name:literal, $attempt:expr) => {
        $crate::db::retrying!(tracing::debug_span!("transaction", name = $name), $attempt)
    };
    ($span:expr, $attempt:expr) => {
        tracing::Instrument::instrument(async { $crate::db::retrying!($attempt) }, $span).await
    };
    ($attempt:expr) => {{
        let mut attempt = 1;
        loop {
            match $attempt.await {
                Err(error) if $crate::db::should_retry(attempt, &error).await => attempt += 1,
                result => break result,
            }
        }
    }};
}
pub(crate) use retrying;

/// How many rows or places one statement has. Few different sizes, so that nearly every statement is prepared already,
/// and few statements, since each is a message to SQLite's thread or to the server. PostgreSQL takes 65,535 arguments,
/// SQLite 32,766.
const SIZES: [usize; 5] = [500, 100, 20, 5, 1];

/// All of it, in pieces of those sizes.
pub(crate) fn split_pieces<T>(mut all: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().find(|size| *size <= all.len())?;
        let (piece, rest) = all.split_at(size);
        all = rest;
        Some(piece)
    })
}

/// Up to so many rows of an authorization are one statement, whatever their number.
pub(crate) const SHORT: usize = 16;

/// [`split_pieces`] for what mostly has a few rows: those are one piece, with a statement for each number of them.
pub(crate) fn split_short<T>(mut all: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = match all.len() {
            0 => return None,
            few @ 1..=SHORT => few,
            many => SIZES.into_iter().find(|size| *size <= many)?,
        };
        let (piece, rest) = all.split_at(size);
        all = rest;
        Some(piece)
    })
}

/// `($1, $2), ($3, $4)`: places for so many rows, numbered from `first` on; all of a statement's places must be written
/// so. SQLite looks numbered ones up by name one after the other, so there they have no number and count in the order in
/// which they stand.
/// See docs/decisions/0058-one-sql-text.md.
pub(crate) fn numbered_places(postgres: bool, first: usize, rows: usize, columns: usize) -> String {
    let mut sql = String::with_capacity(rows * columns * 7);
    for place in 0..rows * columns {
        sql.push_str(match (place, place % columns) {
            (0, _) => "(",
            (_, 0) => "), (",
            _ => ", ",
        });
        if postgres {
            // Writing to a String cannot fail.
            let _ = write!(sql, "${}", first + place);
        } else {
            sql.push('?');
        }
    }
    sql.push(')');
    sql
}

impl Db {
    /// What is known of the writing side.
    pub(crate) fn health(&self) -> &DatabaseHealth {
        match self {
            Self::Sqlite { health, .. } | Self::Postgres(PgDb { health, .. }) => health,
        }
    }

    fn references(&self) -> &Arc<ReferenceFilters> {
        match self {
            Self::Sqlite { references, .. } | Self::Postgres(PgDb { references, .. }) => references,
        }
    }

    /// Begins a transaction that will write.
    pub(crate) async fn begin(&self) -> Result<Tx> {
        retrying!(self.begin_once())
    }

    async fn begin_once(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite { writer, health, references, .. } => {
                // IMMEDIATE takes the write lock now: a deferred one could fail with "busy" in the middle of its
                // work.
                let begun = writer.begin_with("BEGIN IMMEDIATE").await;
                Tx::Sqlite(health.note_connection(begun)?, Written::begin(health, references))
            }
            Self::Postgres(PgDb { pool, health, references }) => {
                Tx::Postgres(health.note_connection(pool.begin().await)?, Written::begin(health, references))
            }
        })
    }

    /// Begins a transaction that only reads, and sees one state of the whole database.
    pub(crate) async fn snapshot(&self) -> Result<Tx> {
        retrying!(self.snapshot_once())
    }

    async fn snapshot_once(&self) -> Result<Tx> {
        // What a transaction that only reads comes to says nothing of writing.
        let written = Written { references: Arc::clone(self.references()), ..Written::default() };
        Ok(match self {
            Self::Sqlite { readers, .. } => Tx::Sqlite(readers.begin().await.map_err(on_connect)?, written),
            Self::Postgres(PgDb { pool, .. }) => {
                // One state for all statements of the transaction; READ COMMITTED would take a new one for each.
                let begun = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await;
                Tx::Postgres(begun.map_err(on_connect)?, written)
            }
        })
    }

    pub(crate) async fn all(&self, sql: impl SqlSafeStr, args: &[Arg<'_>]) -> Result<Vec<Row>> {
        let sql = sql.into_sql_str();
        retrying!(self.all_once(sql.clone(), args))
    }

    async fn all_once(&self, sql: SqlStr, args: &[Arg<'_>]) -> Result<Vec<Row>> {
        Ok(match self {
            Self::Sqlite { readers, .. } => {
                let mut connection = readers.acquire().await.map_err(on_connect)?;
                row::from_sqlite(arg::sqlite(sql, args)?.fetch_all(&mut *connection).await?)
            }
            Self::Postgres(PgDb { pool, .. }) => {
                let mut connection = pool.acquire().await.map_err(on_connect)?;
                row::from_postgres(arg::postgres(sql, args)?.fetch_all(&mut *connection).await?)
            }
        })
    }

    /// Reads one row or none.
    pub(crate) async fn first(&self, sql: impl SqlSafeStr, args: &[Arg<'_>]) -> Result<Option<Row>> {
        Ok(self.all(sql, args).await?.into_iter().next())
    }

    /// One writing statement, a transaction of its own; what it returns.
    pub(crate) async fn write(&self, sql: impl SqlSafeStr, args: &[Arg<'_>]) -> Result<Vec<Row>> {
        let sql = sql.into_sql_str();
        retrying!(self.write_once(sql.clone(), args))
    }

    async fn write_once(&self, sql: SqlStr, args: &[Arg<'_>]) -> Result<Vec<Row>> {
        // Acquired by itself: until the statement is sent, it is certain that nothing was written.
        Ok(match self {
            Self::Sqlite { writer, health, .. } => {
                let mut connection = health.note_connection(writer.acquire().await)?;
                let rows = arg::sqlite(sql, args)?.fetch_all(&mut *connection).await;
                row::from_sqlite(health.note_commit(rows, |rows| !rows.is_empty())?)
            }
            Self::Postgres(PgDb { pool, health, .. }) => {
                let mut connection = health.note_connection(pool.acquire().await)?;
                let rows = arg::postgres(sql, args)?.fetch_all(&mut *connection).await;
                row::from_postgres(health.note_commit(rows, |rows| !rows.is_empty())?)
            }
        })
    }

    /// One writing statement, a transaction of its own; how many rows it changed.
    pub(crate) async fn execute(&self, sql: impl SqlSafeStr, args: &[Arg<'_>]) -> Result<u64> {
        let sql = sql.into_sql_str();
        retrying!(self.execute_once(sql.clone(), args))
    }

    async fn execute_once(&self, sql: SqlStr, args: &[Arg<'_>]) -> Result<u64> {
        Ok(match self {
            Self::Sqlite { writer, health, .. } => {
                let mut connection = health.note_connection(writer.acquire().await)?;
                let done = arg::sqlite(sql, args)?.execute(&mut *connection).await;
                health.note_commit(done, |done| done.rows_affected() > 0)?.rows_affected()
            }
            Self::Postgres(PgDb { pool, health, .. }) => {
                let mut connection = health.note_connection(pool.acquire().await)?;
                let done = arg::postgres(sql, args)?.execute(&mut *connection).await;
                health.note_commit(done, |done| done.rows_affected() > 0)?.rows_affected()
            }
        })
    }
}

impl Tx {
    /// Reads, or writes with `RETURNING`.
    pub(crate) async fn all(&mut self, sql: impl SqlSafeStr, args: &[Arg<'_>]) -> Result<Vec<Row>> {
        let sql = sql.into_sql_str();
        Ok(match self {
            Self::Sqlite(tx, written) => {
                row::from_sqlite(written.health.note(arg::sqlite(sql, args)?.fetch_all(&mut **tx).await)?)
            }
            Self::Postgres(tx, written) => {
                row::from_postgres(written.health.note(arg::postgres(sql, args)?.fetch_all(&mut **tx).await)?)
            }
        })
    }

    /// The first row of [`Tx::all`].
    pub(crate) async fn first(&mut self, sql: impl SqlSafeStr, args: &[Arg<'_>]) -> Result<Option<Row>> {
        Ok(self.all(sql, args).await?.into_iter().next())
    }

    /// Writes; how many rows changed.
    pub(crate) async fn execute(&mut self, sql: impl SqlSafeStr, args: &[Arg<'_>]) -> Result<u64> {
        let sql = sql.into_sql_str();
        Ok(match self {
            Self::Sqlite(tx, written) => {
                let done = written.health.note(arg::sqlite(sql, args)?.execute(&mut **tx).await)?;
                written.count(done.rows_affected())
            }
            Self::Postgres(tx, written) => {
                let done = written.health.note(arg::postgres(sql, args)?.execute(&mut **tx).await)?;
                written.count(done.rows_affected())
            }
        })
    }

    /// Several statements without arguments.
    pub(crate) async fn script(&mut self, sql: impl SqlSafeStr) -> Result<()> {
        let script = sqlx::raw_sql(sql);
        match self {
            Self::Sqlite(tx, written) => written.health.note(script.execute(&mut **tx).await).map(drop)?,
            Self::Postgres(tx, written) => written.health.note(script.execute(&mut **tx).await).map(drop)?,
        }
        Ok(())
    }

    /// Makes it durable; on an error it may or may not be.
    pub(crate) async fn commit(self) -> Result<()> {
        let written = match self {
            Self::Sqlite(tx, written) => {
                written.health.note_commit(tx.commit().await, |()| written.any)?;
                written
            }
            Self::Postgres(tx, written) => {
                written.health.note_commit(tx.commit().await, |()| written.any)?;
                written
            }
        };
        written.enter_references();
        Ok(())
    }

    const fn written(&self) -> &Written {
        match self {
            Self::Sqlite(_, written) | Self::Postgres(_, written) => written,
        }
    }

    /// What is known of references.
    pub(crate) fn references(&self) -> Arc<ReferenceFilters> {
        Arc::clone(&self.written().references)
    }

    /// Notes lines whose references are to be known once they are durable.
    pub(crate) fn note_posted(&mut self, posted: Committed) {
        match self {
            Self::Sqlite(_, written) | Self::Postgres(_, written) => written.posted.push(posted),
        }
    }

    /// Ends it without effect, and waits for that.
    pub(crate) async fn rollback(self) -> Result<()> {
        match self {
            Self::Sqlite(tx, _) => tx.rollback().await?,
            Self::Postgres(tx, _) => tx.rollback().await?,
        }
        Ok(())
    }

    /// Whether the database is PostgreSQL: for the few places where the SQL differs.
    pub(crate) const fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(..))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_numbered_on_postgres_only() {
        assert_eq!(numbered_places(true, 3, 2, 2), "($3, $4), ($5, $6)");
        assert_eq!(numbered_places(false, 3, 2, 2), "(?, ?), (?, ?)");
        assert_eq!(numbered_places(true, 1, 1, 3), "($1, $2, $3)");
    }

    #[test]
    fn pieces_are_all_of_it_in_order_and_of_few_sizes() {
        for length in [0, 1, 7, 99, 500, 1234] {
            let all: Vec<usize> = (0..length).collect();
            let cut: Vec<_> = split_pieces(&all).collect();
            assert_eq!(cut.concat(), all);
            assert!(cut.iter().all(|piece| SIZES.contains(&piece.len())));
            let cut: Vec<_> = split_short(&all).collect();
            assert_eq!(cut.concat(), all);
            assert!(cut.iter().all(|piece| piece.len() <= SHORT || SIZES.contains(&piece.len())));
        }
    }
}
