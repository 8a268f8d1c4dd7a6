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
    /// As many of them exist already as there may be at once; nothing was made.
    #[error("there are {0} already, and no more may be made")]
    LimitReached(u32),
    /// A sum leaves the range of 64 bits of micro-units.
    #[error("an amount is too large for the ledger")]
    Overflow,
    /// The database is busy, full or out of reach; trying again later may help.
    #[error("the database is out of reach: {0}")]
    Unavailable(String),
    /// It took longer than such a read may take, and was broken off.
    #[error("it took too long and was broken off")]
    TimedOut,
    /// A text with the character NUL, which PostgreSQL cannot hold.
    #[error("a text contains the character NUL")]
    Unstorable,
    /// A stored row that this program cannot have written.
    #[error("a stored row is damaged: {0}")]
    Corrupt(String),
    /// The address names no database that is known here.
    #[error("`{0}` is no database address; write sqlite:PATH or postgres://USER@HOST/NAME")]
    UnknownScheme(String),
    /// The address names a file that does not exist.
    #[error("there is no database file {0}")]
    NotThere(String),
    /// PostgreSQL has tools of its own for this.
    #[error("this is for SQLite only")]
    NotOnPostgres,
    /// The schema of the database does not belong to this program.
    #[error("the database's schema does not fit: {0}")]
    Schema(String),
    /// Anything else that the database said.
    #[error(transparent)]
    Database(sqlx::Error),
}

impl StoreError {
    /// PostgreSQL broke the transaction off because of another one: the same again may succeed.
    pub(crate) fn is_transient(&self) -> bool {
        let Self::Database(sqlx::Error::Database(error)) = self else { return false };
        // Serialization failure, deadlock; SQLite's codes have no letters and at most four digits.
        matches!(error.code().as_deref(), Some("40001" | "40P01"))
    }

    /// A violated uniqueness becomes `Conflict(what)`, everything else stays.
    pub(crate) fn or_conflict(self, what: &'static str) -> Self {
        match self {
            Self::Database(sqlx::Error::Database(error)) if error.is_unique_violation() => Self::Conflict(what),
            other => other,
        }
    }

    /// Whether the error is about the unique index `index`, which SQLite calls by its `column` instead.
    pub(crate) fn names(&self, index: &str, column: &str) -> bool {
        let Self::Database(sqlx::Error::Database(error)) = self else { return false };
        error.constraint() == Some(index) || error.message().ends_with(column) || error.message().contains(index)
    }

    /// A row that is referred to and does not exist becomes `NotFound`, everything else stays.
    pub(crate) fn or_not_found(self) -> Self {
        match self {
            Self::Database(sqlx::Error::Database(error)) if error.is_foreign_key_violation() => Self::NotFound,
            other => other,
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(inner) => match kind(inner.code().as_deref(), inner.message()) {
                Kind::Overflow => Self::Overflow,
                Kind::Unavailable => Self::Unavailable(error.to_string()),
                Kind::TimedOut => Self::TimedOut,
                Kind::Other => Self::Database(error),
            },
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error.to_string()),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Self::Corrupt(error.to_string()),
            _ => Self::Database(error),
        }
    }
}

enum Kind {
    Overflow,
    Unavailable,
    TimedOut,
    Other,
}

/// Reads SQLSTATE (PostgreSQL, five characters) or the extended result code (SQLite, a decimal number).
fn kind(code: Option<&str>, message: &str) -> Kind {
    let Some(code) = code else { return Kind::Other };
    if code.len() == 5 {
        return match code {
            // numeric_value_out_of_range
            "22003" => Kind::Overflow,
            // query_canceled, by the statement's time limit
            "57014" => Kind::TimedOut,
            // Lock not available, too many connections, out of space, shutting down, starting up, connection lost.
            "55P03" => Kind::Unavailable,
            _ if code.starts_with("53") || code.starts_with("57P") || code.starts_with("08") => Kind::Unavailable,
            _ => Kind::Other,
        };
    }
    // The primary result code is the low byte of the extended one.
    match code.parse::<u32>().map(|code| code & 0xff) {
        // INTERRUPT, by the time limit
        Ok(9) => Kind::TimedOut,
        // BUSY, LOCKED, IOERR, FULL, CANTOPEN
        Ok(5 | 6 | 10 | 13 | 14) => Kind::Unavailable,
        Ok(_) if message.contains("integer overflow") => Kind::Overflow,
        _ => Kind::Other,
    }
}
