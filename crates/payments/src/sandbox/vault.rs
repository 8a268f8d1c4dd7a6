//! Where the sandbox bank keeps its books: apart from the wallet's, so that a crash of the wallet never rewrites what
//! the bank did.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

/// The kinds of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Drawer {
    /// Connected cards, by the bank's name.
    Cards,
    /// Set-ups, by our reference.
    Setups,
    /// Charges with their refunds, by our reference.
    Charges,
}

impl Drawer {
    /// The name in a database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cards => "cards",
            Self::Setups => "setups",
            Self::Charges => "charges",
        }
    }
}

/// A record as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// From 1, one more with every write.
    pub version: i64,
    /// The record as JSON.
    pub body: String,
}

/// The books cannot be read or written just now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sandbox bank's books are out of reach: {0}")]
pub struct VaultError(pub String);

/// The bank's books: records under compare-and-swap.
#[async_trait]
pub trait SandboxVault: Send + Sync {
    /// The record, if there is one.
    async fn read(&self, drawer: Drawer, key: &str) -> Result<Option<Record>, VaultError>;

    /// Writes `body` durably if the record still has version `expected` (0: if there is none yet). `false`: somebody
    /// else was first, and nothing was written.
    async fn write(&self, drawer: Drawer, key: &str, expected: i64, body: &str) -> Result<bool, VaultError>;

    /// All records of a drawer, in the order in which they were first written.
    async fn all(&self, drawer: Drawer) -> Result<Vec<Record>, VaultError>;
}

/// Books in memory, for tests.
#[derive(Debug, Default)]
pub struct MemoryVault {
    books: Mutex<Books>,
}

#[derive(Debug, Default)]
struct Books {
    records: BTreeMap<(Drawer, String), (usize, Record)>,
}

#[async_trait]
impl SandboxVault for MemoryVault {
    async fn read(&self, drawer: Drawer, key: &str) -> Result<Option<Record>, VaultError> {
        // Lets others in between, as a database would: otherwise no test ever races.
        tokio::task::yield_now().await;
        let books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(books.records.get(&(drawer, key.to_owned())).map(|(_, record)| record.clone()))
    }

    async fn write(&self, drawer: Drawer, key: &str, expected: i64, body: &str) -> Result<bool, VaultError> {
        tokio::task::yield_now().await;
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        let position = books.records.len();
        let (position, version) = match books.records.get(&(drawer, key.to_owned())) {
            Some((position, record)) => (*position, record.version),
            None => (position, 0),
        };
        if version != expected {
            return Ok(false);
        }
        let record = Record { version: version.saturating_add(1), body: body.to_owned() };
        books.records.insert((drawer, key.to_owned()), (position, record));
        Ok(true)
    }

    async fn all(&self, drawer: Drawer) -> Result<Vec<Record>, VaultError> {
        let books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<_> = books.records.iter().filter(|((other, _), _)| *other == drawer).collect();
        found.sort_by_key(|(_, (position, _))| *position);
        Ok(found.into_iter().map(|(_, (_, record))| record.clone()).collect())
    }
}
