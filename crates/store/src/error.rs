//! What can go wrong between the server and its database, in the words the server needs.

/// The result of every operation of the store.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Why an operation was not done. Nothing was written, unless an operation says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No such row in this organization.
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
    /// More than this at this pace is not done for a person; it is again from then on.
    #[error("too much or too often in a short time")]
    TooFast {
        /// The first moment at which it may fit.
        again_at: billing_domain::Timestamp,
    },
    /// The person has to prove first that it is them.
    #[error("the person has not confirmed that it is them")]
    Unconfirmed,
    /// A sum leaves the range of 64 bits of micro-units.
    #[error("an amount is too large for the ledger")]
    Overflow,
    /// The database is busy, full or out of reach; trying again later may help.
    #[error("the database is out of reach: {0}")]
    Unavailable(String),
    /// It took longer than such a read may take, and was broken off.
    #[error("it took too long and was broken off")]
    TimedOut,
    /// The database broke off before anything was written; the same again may succeed.
    #[error("the database broke off: {0}")]
    Interrupted(String),
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
    /// A connection over the network that anybody on the way could read.
    #[error("{0}")]
    Plaintext(String),
    /// PostgreSQL has tools of its own for this.
    #[error("this is for SQLite only")]
    NotOnPostgres,
    /// A file of archived lines is missing, damaged or altered.
    #[error("the archive file {file}: {reason}")]
    Archive {
        /// Its path.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The schema of the database does not belong to this program.
    #[error("the database's schema does not fit: {0}")]
    Schema(String),
    /// Anything else that the database said.
    #[error(transparent)]
    Database(sqlx::Error),
}

impl StoreError {
    /// The connection was lost, or the server cannot write just now, before anything was written.
    pub(crate) const fn is_interruption(&self) -> bool {
        matches!(self, Self::Interrupted(_))
    }

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
        // Several ways, because SQLite names the columns of an index and PostgreSQL the index.
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
            sqlx::Error::Database(inner) => match error_kind(inner.code().as_deref(), inner.message()) {
                Kind::Overflow => Self::Overflow,
                Kind::Unavailable => Self::Unavailable(error.to_string()),
                Kind::TimedOut => Self::TimedOut,
                Kind::Interrupted => Self::Interrupted(error.to_string()),
                Kind::Other => Self::Database(error),
            },
            sqlx::Error::Io(_)
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed
            | sqlx::Error::InvalidSavePointStatement => Self::Interrupted(error.to_string()),
            sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
                Self::Unavailable(error.to_string())
            }
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Self::Corrupt(error.to_string()),
            _ => Self::Database(error),
        }
    }
}

/// What an error means that came when a transaction was to be made durable: only of what the server refused to do is it
/// certain that it was not done. Everything else must not be repeated by itself.
pub(crate) fn on_commit(error: sqlx::Error) -> StoreError {
    let refused = matches!(code_of(&error).as_deref(), Some("25006" | "57P03" | "08001" | "08004"));
    match StoreError::from(error) {
        StoreError::Interrupted(cause) if !refused => StoreError::Unavailable(cause),
        other => other,
    }
}

/// What an error means that came instead of a connection: whatever the server has against us, nothing was written.
pub(crate) fn on_connect(error: sqlx::Error) -> StoreError {
    match StoreError::from(error) {
        StoreError::Database(error) => StoreError::Unavailable(error.to_string()),
        other => other,
    }
}

/// Whether the connection is better closed than used again. SQLite rolls back by itself when it cannot write, of which
/// the driver's count of open transactions knows nothing; and a PostgreSQL that may only read is a standby, while behind
/// the same name there may be a primary by now.
pub(crate) fn may_have_broken_the_connection(error: &sqlx::Error) -> bool {
    match (error, code_of(error)) {
        (sqlx::Error::InvalidSavePointStatement | sqlx::Error::BeginFailed | sqlx::Error::WorkerCrashed, _) => true,
        (_, Some(code)) if is_sqlstate(&code) => code == "25006",
        // NOMEM, READONLY, IOERR, FULL, CANTOPEN, PROTOCOL
        (_, Some(code)) => matches!(primary_code(&code), Some(7 | 8 | 10 | 13 | 14 | 15)),
        _ => false,
    }
}

fn code_of(error: &sqlx::Error) -> Option<String> {
    let sqlx::Error::Database(error) = error else { return None };
    error.code().map(std::borrow::Cow::into_owned)
}

/// PostgreSQL's have five characters, SQLite's at most four digits.
fn is_sqlstate(code: &str) -> bool {
    code.len() == 5
}

/// SQLite's primary result code: the low byte of the extended one.
fn primary_code(code: &str) -> Option<u32> {
    code.parse::<u32>().ok().map(|code| code & 0xff)
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Overflow,
    /// The database is busy or away: the same again later may succeed.
    Unavailable,
    TimedOut,
    /// Nothing was written: at once, on another connection.
    Interrupted,
    Other,
}

/// Reads SQLSTATE (PostgreSQL) or the extended result code (SQLite, a decimal number).
fn error_kind(code: Option<&str>, message: &str) -> Kind {
    let Some(code) = code else { return Kind::Other };
    if is_sqlstate(code) {
        return match code {
            // numeric_value_out_of_range
            "22003" => Kind::Overflow,
            // query_canceled, by the statement's time limit
            "57014" => Kind::TimedOut,
            // Lock not available, idle or long transaction ended.
            "55P03" | "25P03" | "25P04" => Kind::Unavailable,
            // Only reads are allowed here: a standby, or a primary whose disk is full.
            "25006" => Kind::Interrupted,
            // Connection lost; shutting down, crashed, starting up.
            _ if code.starts_with("08") || code.starts_with("57P") => Kind::Interrupted,
            // Too many connections, out of space or memory; errors of its system.
            _ if code.starts_with("53") || code.starts_with("58") => Kind::Unavailable,
            _ => Kind::Other,
        };
    }
    match primary_code(code) {
        // INTERRUPT, by the time limit
        Some(9) => Kind::TimedOut,
        // BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN, PROTOCOL
        Some(5..=8 | 10 | 13..=15) => Kind::Unavailable,
        Some(_) if message.contains("integer overflow") => Kind::Overflow,
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_never_taken_for_a_fault_of_ours() {
        for code in ["25006", "57P01", "57P02", "57P03", "08000", "08003", "08006", "08001", "08004"] {
            assert_eq!(error_kind(Some(code), ""), Kind::Interrupted, "{code}");
        }
        for code in ["53100", "53300", "55P03", "58030", "5", "8", "266", "778", "13", "14"] {
            assert_eq!(error_kind(Some(code), ""), Kind::Unavailable, "{code}");
        }
        for code in ["57014", "9"] {
            assert_eq!(error_kind(Some(code), ""), Kind::TimedOut, "{code}");
        }
        for code in ["23505", "42601", "1", "11", "2067"] {
            assert_eq!(error_kind(Some(code), ""), Kind::Other, "{code}");
        }
    }

    #[test]
    fn a_connection_lost_at_the_commit_is_not_tried_again() {
        let lost = || sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into());
        assert!(StoreError::from(lost()).is_interruption());
        assert!(matches!(on_commit(lost()), StoreError::Unavailable(_)));
    }
}
