//! What comes back from a statement. A row that does not fit is an error, never a panic.

use std::str::FromStr;

use billing_domain::{Date, Money, Timestamp};
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{ColumnIndex, Decode, Type};

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
    };
}
pub(crate) use stored_name;

/// A row of either database.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

pub(super) fn sqlite(rows: Vec<SqliteRow>) -> Vec<Row> {
    rows.into_iter().map(Row::Sqlite).collect()
}

pub(super) fn postgres(rows: Vec<PgRow>) -> Vec<Row> {
    rows.into_iter().map(Row::Postgres).collect()
}

impl Row {
    /// Its columns from the first on.
    pub(crate) const fn fields(&self) -> Fields<'_> {
        Fields { row: self, next: 0 }
    }
}

/// Reads the columns of a row one after the other, in the order in which the statement names them.
pub(crate) struct Fields<'r> {
    row: &'r Row,
    next: usize,
}

impl<'r> Fields<'r> {
    fn take<T>(&mut self) -> Result<T>
    where
        T: Decode<'r, sqlx::Sqlite> + Type<sqlx::Sqlite> + Decode<'r, sqlx::Postgres> + Type<sqlx::Postgres>,
        usize: ColumnIndex<SqliteRow> + ColumnIndex<PgRow>,
    {
        let index = self.next;
        self.next += 1;
        Ok(match self.row {
            Row::Sqlite(row) => sqlx::Row::try_get(row, index)?,
            Row::Postgres(row) => sqlx::Row::try_get(row, index)?,
        })
    }

    pub(crate) fn int(&mut self) -> Result<i64> {
        self.take()
    }

    pub(crate) fn opt_int(&mut self) -> Result<Option<i64>> {
        self.take()
    }

    pub(crate) fn text(&mut self) -> Result<String> {
        self.take()
    }

    pub(crate) fn opt_text(&mut self) -> Result<Option<String>> {
        self.take()
    }

    /// 0 or 1.
    pub(crate) fn flag(&mut self) -> Result<bool> {
        match self.int()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(StoreError::Corrupt(format!("{other} is no flag"))),
        }
    }

    pub(crate) fn money(&mut self) -> Result<Money> {
        self.int().map(Money::from_micros)
    }

    pub(crate) fn opt_money(&mut self) -> Result<Option<Money>> {
        Ok(self.opt_int()?.map(Money::from_micros))
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp> {
        self.int().map(Timestamp::from_micros)
    }

    pub(crate) fn opt_time(&mut self) -> Result<Option<Timestamp>> {
        Ok(self.opt_int()?.map(Timestamp::from_micros))
    }

    pub(crate) fn date(&mut self) -> Result<Date> {
        self.opt_date()?.ok_or_else(|| StoreError::Corrupt("no day".to_owned()))
    }

    pub(crate) fn opt_date(&mut self) -> Result<Option<Date>> {
        let Some(days) = self.opt_int()? else { return Ok(None) };
        let days = i32::try_from(days).map_err(|_| StoreError::Corrupt(format!("{days} is no day")))?;
        Ok(Some(Date::from_days(days)))
    }

    /// A text with a meaning: a kind, a status, a currency, a hash.
    pub(crate) fn name<T: FromStr>(&mut self) -> Result<T> {
        let text = self.take::<&'r str>()?;
        text.parse().map_err(|_| StoreError::Corrupt(format!("unknown name `{text}`")))
    }

    pub(crate) fn opt_name<T: FromStr>(&mut self) -> Result<Option<T>> {
        let Some(text) = self.take::<Option<&'r str>>()? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| StoreError::Corrupt(format!("unknown name `{text}`")))
    }
}
