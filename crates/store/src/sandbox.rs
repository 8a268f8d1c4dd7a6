//! The books of the sandbox bank: tables of its own beside the wallet's, which the wallet never joins.

use crate::db::{args, columns};
use crate::{Result, Store};

/// A record of the bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SandboxRecord {
    /// From 1, one more with every write.
    pub version: i64,
    /// The record as JSON.
    pub body: String,
}

/// Which record: both are the bank's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SandboxKey<'a> {
    /// The kind of records.
    pub drawer: &'a str,
    /// Its name among them.
    pub key: &'a str,
}

columns!(record_columns, SandboxRecord { version, body });

impl Store {
    /// A record, if there is one.
    pub async fn sandbox_read(&self, SandboxKey { drawer, key }: SandboxKey<'_>) -> Result<Option<SandboxRecord>> {
        let sql = concat!("SELECT ", record_columns!(), " FROM sandbox_records WHERE drawer = $1 AND key = $2");
        let row = self.db.first(sql, args![drawer, key]).await?;
        row.as_ref().map(SandboxRecord::read).transpose()
    }

    /// Writes `body` if the record still has version `expected` (0: if there is none yet). `false`: somebody else was
    /// first, and nothing was written.
    pub async fn sandbox_write(&self, named: SandboxKey<'_>, expected: i64, body: &str) -> Result<bool> {
        let SandboxKey { drawer, key } = named;
        let written = if expected == 0 {
            self.db
                .execute(
                    "INSERT INTO sandbox_records (drawer, key, position, version, body)
                    SELECT $1, $2, COALESCE(MAX(position), 0) + 1, 1, $3 FROM sandbox_records WHERE drawer = $1
                    ON CONFLICT (drawer, key) DO NOTHING",
                    args![drawer, key, body],
                )
                .await?
        } else {
            // Compare and swap: the version is the lock.
            self.db
                .execute(
                    "UPDATE sandbox_records SET version = version + 1, body = $4
                    WHERE drawer = $1 AND key = $2 AND version = $3",
                    args![drawer, key, expected, body],
                )
                .await?
        };
        Ok(written == 1)
    }

    /// All records of a drawer, in the order in which they were first written.
    pub async fn sandbox_all(&self, drawer: &str) -> Result<Vec<SandboxRecord>> {
        let sql =
            concat!("SELECT ", record_columns!(), " FROM sandbox_records WHERE drawer = $1 ORDER BY position, key");
        let rows = self.db.all(sql, args![drawer]).await?;
        rows.iter().map(SandboxRecord::read).collect()
    }
}
