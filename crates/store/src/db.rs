//! One small way to speak to two databases, so that SQL is written once: `$N` placeholders, integers and text.

use std::fmt::Write as _;

use sqlx::postgres::{PgPool, Postgres};
use sqlx::sqlite::{Sqlite, SqlitePool};
use sqlx::{SqlSafeStr, Transaction};

use crate::Result;

mod arg;
mod row;

pub(crate) use arg::{Arg, args};
pub(crate) use row::{Fields, Row, stored_name};

/// The open connections.
#[derive(Clone, Debug)]
pub(crate) enum Db {
    /// One connection that writes, several that read: SQLite has one writer at a time, and waiting for it in order beats
    /// being told "busy".
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres(PgPool),
}

/// An open transaction. Dropping it rolls back.
#[derive(Debug)]
pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// The attempts of a transaction that PostgreSQL breaks off (40001, 40P01) until it is given up.
const MAX_ATTEMPTS: u32 = 8;

/// Whether to try again after attempt number `attempt` (from 1) ended with `error`; waits first.
pub(crate) async fn again(attempt: u32, error: &crate::StoreError) -> bool {
    if attempt >= MAX_ATTEMPTS || !error.is_transient() {
        return false;
    }
    tokio::time::sleep(std::time::Duration::from_millis(u64::from(attempt * attempt))).await;
    true
}

/// Runs a whole transaction, again if PostgreSQL broke it off because of another one. The expression is evaluated anew
/// each time.
macro_rules! retrying {
    ($attempt:expr) => {{
        let mut attempt = 1;
        loop {
            match $attempt.await {
                Err(error) if $crate::db::again(attempt, &error).await => attempt += 1,
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
pub(crate) fn pieces<T>(mut all: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().find(|size| *size <= all.len())?;
        let (piece, rest) = all.split_at(size);
        all = rest;
        Some(piece)
    })
}

/// `($1, $2), ($3, $4)`: places for so many rows, numbered from `first` on; all of a statement's places must be written
/// so. SQLite looks numbered ones up by name one after the other, so there they have no number and count in the order in
/// which they stand.
pub(crate) fn places(postgres: bool, first: usize, rows: usize, columns: usize) -> String {
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
    /// Begins a transaction that will write.
    pub(crate) async fn begin(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Begins a transaction that only reads, and sees one state of the whole database.
    pub(crate) async fn snapshot(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite { readers, .. } => Tx::Sqlite(readers.begin().await?),
            Self::Postgres(pool) => {
                Tx::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        })
    }

    /// Reads.
    pub(crate) async fn all(&self, sql: impl SqlSafeStr, args: &[Arg<'_>]) -> Result<Vec<Row>> {
        let sql = sql.into_sql_str();
        Ok(match self {
            Self::Sqlite { readers, .. } => row::sqlite(arg::sqlite(sql, args)?.fetch_all(readers).await?),
            Self::Postgres(pool) => row::postgres(arg::postgres(sql, args)?.fetch_all(pool).await?),
        })
    }

    /// Reads one row or none.
    pub(crate) async fn first(&self, sql: impl SqlSafeStr, args: &[Arg<'_>]) -> Result<Option<Row>> {
        Ok(self.all(sql, args).await?.into_iter().next())
    }

    /// One writing statement, a transaction of its own; what it returns.
    pub(crate) async fn write(&self, sql: impl SqlSafeStr, args: &[Arg<'_>]) -> Result<Vec<Row>> {
        let sql = sql.into_sql_str();
        Ok(match self {
            Self::Sqlite { writer, .. } => row::sqlite(arg::sqlite(sql, args)?.fetch_all(writer).await?),
            Self::Postgres(pool) => row::postgres(arg::postgres(sql, args)?.fetch_all(pool).await?),
        })
    }

    /// One writing statement, a transaction of its own; how many rows it changed.
    pub(crate) async fn execute(&self, sql: impl SqlSafeStr, args: &[Arg<'_>]) -> Result<u64> {
        let sql = sql.into_sql_str();
        Ok(match self {
            Self::Sqlite { writer, .. } => arg::sqlite(sql, args)?.execute(writer).await?.rows_affected(),
            Self::Postgres(pool) => arg::postgres(sql, args)?.execute(pool).await?.rows_affected(),
        })
    }
}

impl Tx {
    /// Reads, or writes with `RETURNING`.
    pub(crate) async fn all(&mut self, sql: impl SqlSafeStr, args: &[Arg<'_>]) -> Result<Vec<Row>> {
        let sql = sql.into_sql_str();
        Ok(match self {
            Self::Sqlite(tx) => row::sqlite(arg::sqlite(sql, args)?.fetch_all(&mut **tx).await?),
            Self::Postgres(tx) => row::postgres(arg::postgres(sql, args)?.fetch_all(&mut **tx).await?),
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
            Self::Sqlite(tx) => arg::sqlite(sql, args)?.execute(&mut **tx).await?.rows_affected(),
            Self::Postgres(tx) => arg::postgres(sql, args)?.execute(&mut **tx).await?.rows_affected(),
        })
    }

    /// Several statements without arguments.
    pub(crate) async fn script(&mut self, sql: impl SqlSafeStr) -> Result<()> {
        let script = sqlx::raw_sql(sql);
        match self {
            Self::Sqlite(tx) => script.execute(&mut **tx).await.map(drop)?,
            Self::Postgres(tx) => script.execute(&mut **tx).await.map(drop)?,
        }
        Ok(())
    }

    /// Makes it durable.
    pub(crate) async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Ends it without effect, and waits for that.
    pub(crate) async fn rollback(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.rollback().await?,
            Self::Postgres(tx) => tx.rollback().await?,
        }
        Ok(())
    }

    /// Whether the database is PostgreSQL: for the few places where the SQL differs.
    pub(crate) const fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_numbered_on_postgres_only() {
        assert_eq!(places(true, 3, 2, 2), "($3, $4), ($5, $6)");
        assert_eq!(places(false, 3, 2, 2), "(?, ?), (?, ?)");
        assert_eq!(places(true, 1, 1, 3), "($1, $2, $3)");
    }

    #[test]
    fn pieces_are_all_of_it_in_order_and_of_few_sizes() {
        for length in [0, 1, 7, 99, 500, 1234] {
            let all: Vec<usize> = (0..length).collect();
            let cut: Vec<_> = pieces(&all).collect();
            assert_eq!(cut.concat(), all);
            assert!(cut.iter().all(|piece| SIZES.contains(&piece.len())));
        }
    }
}
