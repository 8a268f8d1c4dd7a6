//! What is handed to a statement.

use billing_domain::ledger::Hash;
use billing_domain::{
    ApiKeyId, CardId, CardRef, CardSetupId, Currency, CustomerRef, Date, DisputeRef, FraudWarningRef, HoldId,
    InvitationId, LeaseOwner, LinkId, Money, NoticeId, OrganizationId, OrganizationMark, PaymentRef, ProviderEventId,
    RefundId, RefundRef, RequestId, SetupRef, Timestamp, TopUpId, TopUpMark, TransactionId, UserId,
};
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArguments, Postgres};
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments};
use sqlx::{Arguments, SqlStr};

use crate::wallet_id::WalletId;
use crate::{Result, StoreError};

/// A value on its way into the database. Columns are whole numbers, TEXT or BYTEA.
#[derive(Clone, Debug)]
pub(crate) enum Arg<'a> {
    Int(Option<i64>),
    Text(Option<&'a str>),
    Owned(String),
    Bytes(Vec<u8>),
    /// The 32 bytes of a hash.
    Hash([u8; 32]),
    /// A UUID as people write it, which is stored in 16 bytes. `Unstorable` when it is none.
    Uuid(&'a str),
    /// One column of many rows; PostgreSQL alone takes them.
    Many(Many<'a>),
}

/// A column of many rows, for `UNNEST`.
#[derive(Clone, Debug)]
pub(crate) enum Many<'a> {
    Ints(Vec<Option<i64>>),
    Texts(Vec<Option<&'a str>>),
    Hashes(Vec<[u8; 32]>),
    Uuids(Vec<&'a str>),
}

/// `args![a, b]`: a slice of [`Arg`] from anything that can become one.
macro_rules! args {
    ($($value:expr),* $(,)?) => { &[$($crate::db::Arg::from($value)),*] };
}
pub(crate) use args;

macro_rules! binding {
    ($name:ident, $database:ty, $arguments:ty, $many:ident) => {
        pub(super) fn $name<'q>(sql: SqlStr, args: &[Arg<'_>]) -> Result<Query<'q, $database, $arguments>> {
            let mut arguments = <$arguments>::default();
            // Reserved at once: a batch binds some ten thousand values.
            arguments.reserve(args.len(), args.len() * 16);
            for arg in args {
                match arg {
                    Arg::Int(value) => arguments.add(*value),
                    // Checked here, where every text passes.
                    Arg::Text(text) => arguments.add(text.map(check_storable).transpose()?),
                    Arg::Owned(text) => arguments.add(check_storable(text)?),
                    Arg::Bytes(bytes) => arguments.add(bytes.as_slice()),
                    Arg::Hash(bytes) => arguments.add(bytes.as_slice()),
                    Arg::Uuid(text) => arguments.add(uuid_bytes(text)?.as_slice()),
                    Arg::Many(column) => $many(&mut arguments, column)?,
                }
                .map_err(sqlx::Error::Encode)?;
            }
            Ok(sqlx::query_with(sql, arguments))
        }
    };
}
binding!(sqlite, Sqlite, SqliteArguments, refuse_many);
binding!(postgres, Postgres, PgArguments, add_many);

type Added = std::result::Result<(), BoxDynError>;

fn refuse_many(_: &mut SqliteArguments, _: &Many<'_>) -> Result<Added> {
    Err(sqlx::Error::Encode("SQLite takes no arrays".into()).into())
}

fn add_many(arguments: &mut PgArguments, column: &Many<'_>) -> Result<Added> {
    Ok(match column {
        Many::Ints(values) => arguments.add(values),
        Many::Texts(texts) => {
            texts.iter().flatten().try_for_each(|text| check_storable(text).map(drop))?;
            arguments.add(texts)
        }
        Many::Hashes(hashes) => arguments.add(hashes.iter().map(<[u8; 32]>::as_slice).collect::<Vec<_>>()),
        Many::Uuids(texts) => {
            let uuids = texts.iter().map(|text| uuid_bytes(text)).collect::<Result<Vec<_>>>()?;
            arguments.add(uuids.iter().map(<[u8; 16]>::as_slice).collect::<Vec<_>>())
        }
    })
}

/// The bytes of a UUID in its usual form.
pub(super) fn uuid_bytes(text: &str) -> Result<[u8; 16]> {
    let mut digits = [0; 32];
    let mut places = digits.iter_mut();
    for byte in text.bytes().filter(|byte| *byte != b'-') {
        *places.next().ok_or(StoreError::Unstorable)? = byte;
    }
    let mut bytes = [0; 16];
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| StoreError::Unstorable)?;
    Ok(bytes)
}

/// A UUID in its usual form.
pub(super) fn uuid_text(bytes: &[u8]) -> Option<String> {
    let bytes: &[u8; 16] = bytes.try_into().ok()?;
    let mut digits = [0; 32];
    hex::encode_to_slice(bytes, &mut digits).ok()?;
    let mut text = String::with_capacity(36);
    for (place, digit) in digits.into_iter().enumerate() {
        if matches!(place, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(char::from(digit));
    }
    Some(text)
}

/// PostgreSQL cannot hold NUL in text, so neither database may.
fn check_storable(text: &str) -> Result<&str> {
    if text.contains('\0') { Err(StoreError::Unstorable) } else { Ok(text) }
}

impl From<i64> for Arg<'_> {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<u32> for Arg<'_> {
    fn from(value: u32) -> Self {
        Self::Int(Some(i64::from(value)))
    }
}

impl From<WalletId> for Arg<'_> {
    fn from(id: WalletId) -> Self {
        Self::Int(Some(i64::from(id.number())))
    }
}

impl From<bool> for Arg<'_> {
    fn from(value: bool) -> Self {
        Self::Int(Some(i64::from(value)))
    }
}

impl From<Option<i64>> for Arg<'_> {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<Money> for Arg<'_> {
    fn from(value: Money) -> Self {
        Self::Int(Some(value.micros()))
    }
}

impl From<Option<Money>> for Arg<'_> {
    fn from(value: Option<Money>) -> Self {
        Self::Int(value.map(Money::micros))
    }
}

impl From<Timestamp> for Arg<'_> {
    fn from(value: Timestamp) -> Self {
        Self::Int(Some(value.micros()))
    }
}

impl From<Option<Timestamp>> for Arg<'_> {
    fn from(value: Option<Timestamp>) -> Self {
        Self::Int(value.map(Timestamp::micros))
    }
}

impl From<Date> for Arg<'_> {
    fn from(value: Date) -> Self {
        Self::Int(Some(i64::from(value.days())))
    }
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(Some(value))
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(Some(value))
    }
}

impl<'a> From<Option<&'a str>> for Arg<'a> {
    fn from(value: Option<&'a str>) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a Option<String>> for Arg<'a> {
    fn from(value: &'a Option<String>) -> Self {
        Self::Text(value.as_deref())
    }
}

impl From<String> for Arg<'_> {
    fn from(value: String) -> Self {
        Self::Owned(value)
    }
}

impl From<Hash> for Arg<'_> {
    fn from(value: Hash) -> Self {
        Self::Hash(value.to_bytes())
    }
}

impl From<Currency> for Arg<'_> {
    fn from(value: Currency) -> Self {
        Self::Text(Some(value.code()))
    }
}

macro_rules! texts {
    ($read:ident: $($name:ident),+ $(,)?) => {$(
        impl<'a> From<&'a $name> for Arg<'a> {
            fn from(value: &'a $name) -> Self {
                Self::Text(Some(value.as_str()))
            }
        }

        impl<'a> From<Option<&'a $name>> for Arg<'a> {
            fn from(value: Option<&'a $name>) -> Self {
                Self::Text(value.map($name::as_str))
            }
        }

        impl<'a> From<&'a Option<$name>> for Arg<'a> {
            fn from(value: &'a Option<$name>) -> Self {
                Self::from(value.as_ref())
            }
        }

        impl $crate::db::Column<'_> for $name {
            type Stored = String;

            fn from_stored(stored: String) -> std::result::Result<Self, String> {
                Ok(Self::$read(stored))
            }
        }
    )+};
}
texts!(
    from_trusted: ApiKeyId,
    CardId,
    CardRef,
    CardSetupId,
    CustomerRef,
    DisputeRef,
    FraudWarningRef,
    InvitationId,
    LeaseOwner,
    LinkId,
    NoticeId,
    OrganizationId,
    PaymentRef,
    ProviderEventId,
    RefundId,
    RefundRef,
    RequestId,
    SetupRef,
    TopUpId,
    UserId,
);
texts!(new: OrganizationMark, TopUpMark);

/// Ids that are stored in 16 bytes.
macro_rules! uuids {
    ($($name:ident),+ $(,)?) => {$(
        impl<'a> From<&'a $name> for Arg<'a> {
            fn from(value: &'a $name) -> Self {
                Self::Uuid(value.as_str())
            }
        }

        impl<'r> $crate::db::Column<'r> for $name {
            type Stored = &'r [u8];

            fn from_stored(stored: &'r [u8]) -> std::result::Result<Self, String> {
                uuid_text(stored).map(Self::from_trusted).ok_or_else(|| format!("an id of {} bytes", stored.len()))
            }
        }
    )+};
}
uuids!(HoldId, TransactionId);
