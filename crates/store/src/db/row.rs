//! What comes back from a statement, read by the names of its columns. A row that does not fit is an error, never a panic.

use std::collections::BTreeMap;

use billing_domain::auto_pay::health::PauseReason;
use billing_domain::charge::{DeclineCode, DisputeState, RefundStatus, TopUpKind, TopUpStatus};
use billing_domain::kind::Unit;
use billing_domain::ledger::Hash;
use billing_domain::link::LinkPurpose;
use billing_domain::pricing::Remainder;
use billing_domain::status::OrganizationStatus;
use billing_domain::{
    ActorKind, Capability, Currency, Date, ExternalId, MemberSource, Money, PortalView, Role, Scope, SessionKind,
    TextMap, Timestamp, TransactionKind, UsageKind,
};
use sqlx::postgres::{PgRow, Postgres};
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{Decode, Type};

use crate::wallet_id::WalletId;
use crate::{Result, StoreError};

/// The names under which the values of an enum are stored.
macro_rules! stored_name {
    ($name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        impl $name {
            /// The name in the database.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = billing_domain::kind::UnknownName;

            fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(billing_domain::kind::UnknownName),
                }
            }
        }

        $crate::db::parsed_columns!($name);
    };
}
pub(crate) use stored_name;

/// A value that is stored as a number, see `stored_code!`.
pub(crate) trait StoredCode {
    /// Its number.
    fn code(self) -> i64;
}

/// The numbers under which the values of an enum are stored. They are frozen.
macro_rules! stored_code {
    ($name:ty { $($variant:ident = $code:literal),+ $(,)? }) => {
        impl $crate::db::StoredCode for $name {
            fn code(self) -> i64 {
                match self {
                    $(Self::$variant => $code),+
                }
            }
        }

        impl From<$name> for $crate::db::Arg<'_> {
            fn from(value: $name) -> Self {
                Self::Int(Some($crate::db::StoredCode::code(value)))
            }
        }

        impl From<Option<$name>> for $crate::db::Arg<'_> {
            fn from(value: Option<$name>) -> Self {
                Self::Int(value.map($crate::db::StoredCode::code))
            }
        }

        impl<'r> $crate::db::Column<'r> for $name {
            type Stored = i16;

            fn from_stored(stored: i16) -> std::result::Result<Self, String> {
                match stored {
                    $($code => Ok(Self::$variant),)+
                    other => Err(format!("unknown code {other}")),
                }
            }
        }
    };
}
pub(crate) use stored_code;

/// One item of a SELECT list: a column, or an expression under the name of a field.
macro_rules! selected {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident = $sql:expr) => {
        concat!($sql, " AS ", stringify!($field))
    };
}
pub(crate) use selected;

/// Makes the SELECT list of a struct and its reader from one list of fields, so that the two cannot disagree. A field is
/// the column of its name, or an expression: `name = "users.name"`.
macro_rules! columns {
    ($list:ident, $row:ident { $first:ident $(= $first_sql:expr)? $(, $field:ident $(= $sql:expr)?)* $(,)? }) => {
        macro_rules! $list {
            () => {
                concat!(
                    $crate::db::selected!($first $(= $first_sql)?)
                    $(, ", ", $crate::db::selected!($field $(= $sql)?))*
                )
            };
        }

        impl $row {
            pub(crate) fn read(row: &$crate::db::Row) -> $crate::Result<Self> {
                Ok(Self {
                    $first: row.get(stringify!($first))?,
                    $($field: row.get(stringify!($field))?),*
                })
            }
        }
    };
}
pub(crate) use columns;

/// A row of either database.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

pub(super) fn from_sqlite(rows: Vec<SqliteRow>) -> Vec<Row> {
    rows.into_iter().map(Row::Sqlite).collect()
}

pub(super) fn from_postgres(rows: Vec<PgRow>) -> Vec<Row> {
    rows.into_iter().map(Row::Postgres).collect()
}

impl Row {
    /// The value of a column, by its name in the statement. `Corrupt` where the column holds what this program cannot have
    /// written.
    pub(crate) fn get<'r, T: FromColumn<'r>>(&'r self, column: &str) -> Result<T> {
        T::from_column(self, column)
    }

    fn decode<'r, T: Stored<'r>>(&'r self, column: &str) -> Result<T> {
        Ok(match self {
            Self::Sqlite(row) => sqlx::Row::try_get(row, column)?,
            Self::Postgres(row) => sqlx::Row::try_get(row, column)?,
        })
    }
}

/// What both databases hold: whole numbers, TEXT and BYTEA.
pub(crate) trait Stored<'r>: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres> {}

impl<'r, T: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres>> Stored<'r> for T {}

/// A value with a meaning, from what is stored.
pub(crate) trait Column<'r>: Sized {
    /// A whole number as wide as the column, `&str`, `String` or `&[u8]`.
    type Stored: Stored<'r>;

    /// The text of the error says what is wrong, without the column's name.
    fn from_stored(stored: Self::Stored) -> std::result::Result<Self, String>;
}

/// A [`Column`], or an optional one where NULL is allowed.
pub(crate) trait FromColumn<'r>: Sized {
    /// See [`Row::get`].
    fn from_column(row: &'r Row, column: &str) -> Result<Self>;
}

impl<'r, T: Column<'r>> FromColumn<'r> for T
where
    Option<T::Stored>: Stored<'r>,
{
    fn from_column(row: &'r Row, column: &str) -> Result<Self> {
        // Never without the `Option`: SQLite's driver reads NULL as zero and as an empty text.
        row.get::<Option<T>>(column)?.ok_or_else(|| StoreError::Corrupt(format!("{column}: no value")))
    }
}

impl<'r, T: Column<'r>> FromColumn<'r> for Option<T>
where
    Option<T::Stored>: Stored<'r>,
{
    fn from_column(row: &'r Row, column: &str) -> Result<Self> {
        let Some(stored) = row.decode::<Option<T::Stored>>(column)? else { return Ok(None) };
        T::from_stored(stored).map(Some).map_err(|fault| StoreError::Corrupt(format!("{column}: {fault}")))
    }
}

macro_rules! stored_as {
    ($($name:ty: $stored:ty = $read:expr),+ $(,)?) => {$(
        impl<'r> $crate::db::Column<'r> for $name {
            type Stored = $stored;

            fn from_stored(stored: $stored) -> std::result::Result<Self, String> {
                $read(stored)
            }
        }
    )+};
}

/// Columns of text with a form: a kind, a status, a currency, a hash.
macro_rules! parsed_columns {
    ($($name:ty),+ $(,)?) => {$(
        impl<'r> $crate::db::Column<'r> for $name {
            type Stored = &'r str;

            fn from_stored(stored: &'r str) -> std::result::Result<Self, String> {
                stored.parse().map_err(|_| format!("unknown name `{stored}`"))
            }
        }
    )+};
}
pub(crate) use parsed_columns;

stored_as! {
    i64: i64 = Ok,
    WalletId: i32 = |number| Ok(Self::from_number(number)),
    String: String = Ok,
    Vec<u8>: Vec<u8> = Ok,
    bool: i64 = read_flag,
    Money: i64 = |micros| Ok(Self::from_micros(micros)),
    Timestamp: i64 = |micros| Ok(Self::from_micros(micros)),
    Date: i64 = read_date,
    TextMap: &'r str = |text| serde_json::from_str(text).map_err(|error| error.to_string()),
    Vec<Capability>: &'r str = read_names,
    Vec<Scope>: &'r str = read_names,
    Hash: &'r [u8] = |bytes: &'r [u8]| {
        bytes.try_into().map(Self::from_bytes).map_err(|_| format!("a hash of {} bytes", bytes.len()))
    },
    BTreeMap<String, String>: &'r str = |text| serde_json::from_str(text).map_err(|error| error.to_string()),
}

parsed_columns!(
    ActorKind,
    Currency,
    DeclineCode,
    DisputeState,
    ExternalId,
    LinkPurpose,
    MemberSource,
    OrganizationStatus,
    PauseReason,
    PortalView,
    RefundStatus,
    Remainder,
    Role,
    SessionKind,
    TopUpKind,
    TopUpStatus,
);

// 1 to 3 are usage, for which `ledger_money` has no entries.
stored_code!(TransactionKind {
    OutboundCall = 1,
    InboundCall = 2,
    AiTask = 3,
    TopUp = 4,
    AutoTopUp = 5,
    Refund = 6,
    Dispute = 7,
    Promo = 8,
    Adjustment = 9,
});
stored_code!(UsageKind { OutboundCall = 1, InboundCall = 2, AiTask = 3 });
stored_code!(Unit { Second = 1, Minute = 2, Token = 3, Task = 4 });

fn read_flag(stored: i64) -> std::result::Result<bool, String> {
    match stored {
        0 => Ok(false),
        1 => Ok(true),
        // Anything but 0 and 1 was not written by this program.
        other => Err(format!("{other} is no flag")),
    }
}

/// Names between spaces, none at all too.
fn read_names<T: std::str::FromStr>(stored: &str) -> std::result::Result<Vec<T>, String> {
    let read = |name: &str| name.parse().map_err(|_| format!("unknown name `{name}`"));
    stored.split_ascii_whitespace().map(read).collect()
}

/// As `Vec<Capability>` is read from a column.
pub(crate) fn write_names(names: impl IntoIterator<Item = &'static str>) -> String {
    names.into_iter().collect::<Vec<_>>().join(" ")
}

fn read_date(days: i64) -> std::result::Result<Date, String> {
    i32::try_from(days).map(Date::from_days).map_err(|_| format!("{days} is no day"))
}

#[cfg(test)]
mod tests;
