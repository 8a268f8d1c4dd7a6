//! The books of the sandbox bank: tables of its own beside the wallet's, which the wallet never joins.

use crate::{Result, Store};

/// A record of the bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SandboxRecord {
    /// From 1, one more with every write.
    pub version: i64,
    /// JSON.
    pub body: String,
}

impl Store {
    /// A record of a drawer, if there is one.
    pub async fn sandbox_read(&self, drawer: &str, key: &str) -> Result<Option<SandboxRecord>> {
        todo!()
    }

    /// Writes `body` if the record still has version `expected` (0: if there is none yet). `false`: somebody else was
    /// first, and nothing was written.
    pub async fn sandbox_write(&self, drawer: &str, key: &str, expected: i64, body: &str) -> Result<bool> {
        todo!()
    }

    /// All records of a drawer, in the order in which they were first written.
    pub async fn sandbox_all(&self, drawer: &str) -> Result<Vec<SandboxRecord>> {
        todo!()
    }
}
