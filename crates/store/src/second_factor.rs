//! The second factor of people with accounts: a sealed secret, codes that count once, and a way back without the device.

use billing_domain::{Timestamp, UserId};

use crate::audit::{append_entry, new_entry};
use crate::db::{args, columns, retrying};
use crate::{Actor, Result, Store, StoreError};

columns!(factor_columns, SecondFactor { sealed_secret = "secret", recovery, last_step, confirmed_at });

/// A person's second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondFactor {
    /// The secret, sealed with a key that is not in the database.
    pub sealed_secret: String,
    /// SHA-256 of the recovery codes that are left, hex, with blanks between them.
    recovery: String,
    /// The step of the last code that was taken: it and all before it count no more.
    pub last_step: i64,
    /// When the person proved by a code that they have the secret; without, it is not asked for.
    pub confirmed_at: Option<Timestamp>,
}

impl SecondFactor {
    /// How many recovery codes are left.
    pub fn recovery_left(&self) -> usize {
        self.recovery.split_whitespace().count()
    }
}

impl Store {
    /// A person's second factor, also one that is not confirmed yet.
    pub async fn second_factor(&self, user_id: &UserId) -> Result<Option<SecondFactor>> {
        let sql = concat!("SELECT ", factor_columns!(), " FROM second_factors WHERE user_id = $1");
        self.db.first(sql, args![user_id]).await?.as_ref().map(SecondFactor::read).transpose()
    }

    /// Writes a secret down that is not asked for yet; one begun before is replaced. `Conflict`: there is a confirmed one.
    pub async fn begin_second_factor(
        &self,
        user_id: &UserId,
        sealed_secret: &str,
        by: &Actor,
        now: Timestamp,
    ) -> Result<()> {
        retrying!("begin_second_factor", self.begin_second_factor_once(user_id, sealed_secret, by, now))
    }

    /// From now on the secret is asked for; `recovery`: SHA-256 of the recovery codes, hex. `step`: of the code that proved
    /// it. `NotFound` without this secret, or when it is confirmed already.
    pub async fn confirm_second_factor(
        &self,
        user_id: &UserId,
        sealed_secret: &str,
        step: i64,
        recovery: &[String],
        by: &Actor,
        now: Timestamp,
    ) -> Result<()> {
        retrying!(
            "confirm_second_factor",
            self.confirm_second_factor_once(user_id, sealed_secret, step, recovery, by, now)
        )
    }

    /// Takes the code of this step, of which there is one: whether it was not taken before, nor a later one.
    pub async fn take_factor_step(&self, user_id: &UserId, step: i64) -> Result<bool> {
        let sql = "UPDATE second_factors SET last_step = $2
            WHERE user_id = $1 AND last_step < $2 AND confirmed_at IS NOT NULL";
        Ok(self.db.execute(sql, args![user_id, step]).await? == 1)
    }

    /// Uses a recovery code up: whether there was such a one.
    pub async fn use_recovery_code(
        &self,
        user_id: &UserId,
        code_hash: &str,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool> {
        retrying!("use_recovery_code", self.use_recovery_code_once(user_id, code_hash, by, now))
    }

    /// Forgets a person's second factor, also one that is not confirmed yet; whether there was one.
    pub async fn remove_second_factor(&self, user_id: &UserId, by: &Actor, now: Timestamp) -> Result<bool> {
        retrying!("remove_second_factor", self.remove_second_factor_once(user_id, by, now))
    }
}

impl Store {
    async fn begin_second_factor_once(
        &self,
        user_id: &UserId,
        sealed_secret: &str,
        by: &Actor,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let sql = "INSERT INTO second_factors (user_id, secret, recovery, last_step) VALUES ($1, $2, '', 0)
            ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret WHERE second_factors.confirmed_at IS NULL";
        if tx.execute(sql, args![user_id, sealed_secret]).await? == 0 {
            tx.rollback().await?;
            return Err(StoreError::Conflict("second factor"));
        }
        append_entry(&mut tx, None, by, &new_entry("second_factor.begin", user_id, [], []), now).await?;
        tx.commit().await
    }

    async fn confirm_second_factor_once(
        &self,
        user_id: &UserId,
        sealed_secret: &str,
        step: i64,
        recovery: &[String],
        by: &Actor,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let sql = "UPDATE second_factors SET confirmed_at = $3, last_step = $4, recovery = $5
            WHERE user_id = $1 AND secret = $2 AND confirmed_at IS NULL";
        if tx.execute(sql, args![user_id, sealed_secret, now, step, recovery.join(" ")]).await? == 0 {
            return Err(StoreError::NotFound);
        }
        append_entry(&mut tx, None, by, &new_entry("second_factor.enable", user_id, [], []), now).await?;
        tx.commit().await
    }

    async fn use_recovery_code_once(
        &self,
        user_id: &UserId,
        code_hash: &str,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool> {
        let mut tx = self.db.begin().await?;
        let sql = concat!(
            "SELECT ",
            factor_columns!(),
            " FROM second_factors WHERE user_id = $1 AND confirmed_at IS NOT NULL"
        );
        let Some(row) = tx.first(sql, args![user_id]).await? else {
            return tx.rollback().await.map(|()| false);
        };
        let present = SecondFactor::read(&row)?.recovery;
        let left: Vec<_> = present.split_whitespace().filter(|stored| *stored != code_hash).collect();
        let left = left.join(" ");
        // Only from the codes that were read: of two who come with the same one at once, one finds it gone.
        let sql = "UPDATE second_factors SET recovery = $3 WHERE user_id = $1 AND recovery = $2";
        if left == present || tx.execute(sql, args![user_id, &present, &left]).await? == 0 {
            return tx.rollback().await.map(|()| false);
        }
        let count = left.split_whitespace().count().to_string();
        let entry = new_entry("second_factor.use_recovery_code", user_id, [], [("left", count.as_str())]);
        append_entry(&mut tx, None, by, &entry, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn remove_second_factor_once(&self, user_id: &UserId, by: &Actor, now: Timestamp) -> Result<bool> {
        let mut tx = self.db.begin().await?;
        if tx.execute("DELETE FROM second_factors WHERE user_id = $1", args![user_id]).await? == 0 {
            return tx.rollback().await.map(|()| false);
        }
        append_entry(&mut tx, None, by, &new_entry("second_factor.disable", user_id, [], []), now).await?;
        tx.commit().await?;
        Ok(true)
    }
}
