//! What can go wrong between the server and its database, in the words the server needs.

/// The result of every operation of the store.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Why an operation was not done. Nothing was written, unless an operation says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No such row in this organisation.
    #[error("not found")]
    NotFound,
    /// The row has changed since the caller read it (`ETag`, version, state).
    #[error("the row has changed in the meantime")]
    Stale,
    /// A row that must be unique exists already; the name says which.
    #[error("already exists: {0}")]
    Conflict(&'static str),
    /// A sum leaves the range of 64 bits of micro-units.
    #[error("an amount is too large for the ledger")]
    Overflow,
    /// The database is busy, full or out of reach; trying again later may help.
    #[error("the database is out of reach: {0}")]
    Unavailable(String),
    /// A stored row that this program cannot have written.
    #[error("a stored row is damaged: {0}")]
    Corrupt(String),
    /// The address names no database that is known here.
    #[error("`{0}` is no database address; write sqlite:PATH or postgres://USER@HOST/NAME")]
    UnknownScheme(String),
    /// The schema of the database does not belong to this program.
    #[error("the database's schema does not fit: {0}")]
    Schema(String),
    /// Anything else that the database said.
    #[error(transparent)]
    Database(sqlx::Error),
}
