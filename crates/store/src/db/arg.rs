//! What is handed to a statement.

use billing_domain::ledger::Hash;
use billing_domain::{
    ApiKeyId, CardId, CardRef, CardSetupId, Currency, CustomerRef, Date, DisputeRef, FraudWarningRef, HoldId,
    LeaseOwner, LinkId, Money, NoticeId, OrganizationId, OrganizationMark, PaymentRef, ProviderEventId, RefundId,
    RefundRef, RequestId, SetupRef, Timestamp, TopUpId, TopUpMark, TransactionId, UserId,
};
use sqlx::postgres::{PgArguments, Postgres};
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments};
use sqlx::{Arguments, SqlStr};

use crate::{Result, StoreError};

/// A value on its way into the database. All columns are BIGINT or TEXT.
#[derive(Clone, Debug)]
pub(crate) enum Arg<'a> {
    Int(Option<i64>),
    Text(Option<&'a str>),
    Owned(String),
}

/// `args![a, b]`: a slice of [`Arg`] from anything that can become one.
macro_rules! args {
    ($($value:expr),* $(,)?) => { &[$($crate::db::Arg::from($value)),*] };
}
pub(crate) use args;

macro_rules! binding {
    ($name:ident, $database:ty, $arguments:ty) => {
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
                }
                .map_err(sqlx::Error::Encode)?;
            }
            Ok(sqlx::query_with(sql, arguments))
        }
    };
}
binding!(sqlite, Sqlite, SqliteArguments);
binding!(postgres, Postgres, PgArguments);

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
        Self::Owned(value.to_string())
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
    HoldId,
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
    TransactionId,
    UserId,
);
texts!(new: OrganizationMark, TopUpMark);
